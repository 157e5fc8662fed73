"""When does a circuit breaker trip and let go, and does it stay put in between?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commentsvc.enums import BreakerAction, Mode, Unscored
from commentsvc.moderation.breaker import MINUTE_US, RELEASE, Tally, lets_go, trips, window_start
from commentsvc.moderation.policy import policy_for, policy_from_json
from commentsvc.moderation.terms import Breaker, Policy, Section

BREAKER = Breaker(share=0.4, minimum=10)


@pytest.mark.parametrize(
    ("counted", "troubled", "expected"),
    [(10, 4, True), (10, 3, False), (9, 9, False), (0, 0, False), (100, 40, True), (100, 39, False)],
)
def test_it_trips_at_the_line_when_enough_came(counted: int, troubled: int, expected: bool) -> None:
    assert trips(BREAKER, Tally(counted, troubled)) is expected


@pytest.mark.parametrize(
    ("counted", "troubled", "later", "expected"),
    [(10, 2, 0, True), (10, 3, 0, False), (10, 2, -1, False), (9, 9, 0, True), (0, 0, 0, True), (0, 0, -1, False)],
)
def test_it_lets_go_at_half_the_line_after_its_cool_down(
    counted: int, troubled: int, later: int, expected: bool
) -> None:
    assert lets_go(BREAKER, Tally(counted, troubled), until=100, now=100 + later) is expected


@given(st.floats(0.01, 1), st.integers(0, 500), st.integers(0, 500))
def test_what_lets_go_never_trips_at_once_again(share: float, counted: int, troubled: int) -> None:
    breaker, tally = Breaker(share=share), Tally(counted, min(troubled, counted))

    assert not (lets_go(breaker, tally, until=0, now=0) and trips(breaker, tally))


def test_a_share_that_wavers_around_the_line_changes_nothing_twice() -> None:
    # 39 to 41 percent and back, minute by minute, for three hours: one trip, and no way back.
    changes, tripped, until = 0, False, 0
    for minute in range(180):
        tally = Tally(100, 39 + minute % 3)
        was = tripped
        if tripped:
            tripped = not lets_go(BREAKER, tally, until=until, now=minute)
        elif trips(BREAKER, tally):
            tripped, until = True, minute + BREAKER.cool_down
        changes += was != tripped

    assert (changes, tripped) == (1, True)
    assert lets_go(BREAKER, Tally(100, int(40 * RELEASE)), until=until, now=180)


def test_what_came_before_the_last_end_counts_no_more() -> None:
    now = 1000 * MINUTE_US

    assert window_start(BREAKER, last_ended=None, now=now) == now - 60 * MINUTE_US
    assert window_start(BREAKER, last_ended=now - 5, now=now) == now - 5
    assert window_start(BREAKER, last_ended=1, now=now) == now - 60 * MINUTE_US


# What a trip, and a section, make of the policy

SITE = Policy(thresholds={"insult": 0.5, "threat": 0.3}, relevance=0.2)


def test_policy_without_a_section_is_the_sites_own() -> None:
    assert policy_for(SITE, None) == policy_for(SITE, "Sport") == SITE


def test_section_overrides_what_it_names_alone() -> None:
    sport = Section(mode=Mode.PREMODERATE, thresholds={"insult": 0.9}, slow_mode=0, hours="07:00-22:00")
    site = Policy(thresholds=SITE.thresholds, slow_mode=60, sections={"Sport": sport})

    found = policy_for(site, "Sport")

    assert (found.mode, found.slow_mode, found.hours) == (Mode.PREMODERATE, 0, "07:00-22:00")
    assert found.thresholds == {"insult": 0.9, "threat": 0.3}
    assert policy_for(site, "Sport", mode=Mode.PUBLISH).mode == Mode.PUBLISH


def test_stricter_lowers_every_threshold_and_holds_what_is_off_topic() -> None:
    found = policy_for(SITE, None, BreakerAction.STRICTER)

    assert found.thresholds == pytest.approx({"insult": 0.3, "threat": 0.18})
    assert (found.off_topic, found.hold_new_authors, found.mode) == (Unscored.HOLD, True, Mode.PUBLISH)
    assert policy_for(Policy(off_topic=Unscored.PUBLISH), None, BreakerAction.STRICTER).off_topic == Unscored.PUBLISH


def test_premoderating_never_opens_what_is_closed() -> None:
    closed = Policy(mode=Mode.CLOSED)

    assert policy_for(SITE, None, BreakerAction.PREMODERATE, mode=Mode.PUBLISH).mode == Mode.PREMODERATE
    assert policy_for(closed, None, BreakerAction.PREMODERATE).mode == Mode.CLOSED


def test_policy_json_reads_sections_and_breaker() -> None:
    found = policy_from_json(
        {
            "sections": {"Sport": {"mode": "closed", "slow_mode": 30}, "Debate": {"thresholds": {"insult": 0.8}}},
            "breaker": {"share": 0.3, "window": 30, "minimum": 5, "action": "premoderate", "cool_down": 15,
                        "measure": ["rejected"]},
        }
    )  # fmt: skip

    assert found.sections["Sport"] == Section(mode=Mode.CLOSED, slow_mode=30)
    assert found.sections["Debate"].thresholds == {"insult": 0.8}
    assert found.breaker is not None
    assert (found.breaker.action, found.breaker.cool_down) == (BreakerAction.PREMODERATE, 15)
    assert policy_from_json({"breaker": None}) == policy_from_json({})


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"sections": {"Sport": {"hours": "late"}}}, "sections.Sport.hours"),
        ({"sections": {"Sport": {"slow_mode": -1}}}, "sections.Sport.slow_mode"),
        ({"sections": {"Sport": {"colour": "red"}}}, "sections.Sport.colour"),
        ({"sections": {"": {}}}, "sections"),
        ({"breaker": {"share": 0}}, "breaker.share"),
        ({"breaker": {"measure": []}}, "breaker.measure"),
        ({"breaker": {"measure": ["rude"]}}, "breaker.measure"),
        ({"breaker": {"minimum": 1}}, "breaker.minimum"),
    ],
)
def test_policy_json_refuses_nonsense_by_its_field(data: dict[str, object], field: str) -> None:
    with pytest.raises(ValueError, match=field):
        policy_from_json(data)
