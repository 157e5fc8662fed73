"""Does the dashboard show, draw and hand out its figures, to whom it may, and nobody's speed to a colleague?"""

import csv
import io
import re
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import pytest

from commentsvc.enums import Reason, Role, Status
from commentsvc.queries.insights import DAY, SECOND
from commentsvc.store.db import Database, now_us
from commentsvc.web import insights
from commentsvc.web.insight_tables import TABLES
from tests import factories
from tests.conftest import Cast
from tests.queries.test_ledger import approve
from tests.queries.test_threads import counted
from tests.web.test_console import cam, sign_in

__all__ = ["cam", "sign_in"]

PAGE, POLICY = "/console/daily/insights", "/console/daily/policy"
NOW = now_us()
CHARTS = [name for name in TABLES if name not in {"waiting", "busiest", "troubled"}]


@pytest.fixture
def eve(cast: Cast, sign_in: Callable[[str], Any]) -> Any:
    return sign_in("eve@daily.example")


def decide(db: Database, cast: Cast, count: int, *, by: str = "cam", gap: int = 7) -> None:
    """Have somebody approve some comments, so many seconds apart, an hour ago."""
    since = NOW - 3600 * SECOND
    with db.writing() as session:
        for number in range(count):
            comment = factories.comment(session, cast.story, cast.ada, status=Status.HELD, now=since - 60 * SECOND)
            approve(session, comment, getattr(cast, by), now=since + number * gap * SECOND)


def rows(answer: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(answer.text)))


def test_page_has_every_table_with_its_chart_its_figures_and_its_file(db: Database, cast: Cast, cam: Any) -> None:
    decide(db, cast, 2)

    page = cam.get(PAGE).text

    for name in TABLES:
        assert f'id="{name}-title"' in page
        assert f"{PAGE}/{name}.csv?days=30" in page
    for name in CHARTS:
        assert f'src="{PAGE}/charts/{name}.svg?days=30"' in page
    assert all(re.findall(r'<img [^>]*alt="([^"]*)"', page))
    assert len(re.findall(r"<img ", page)) == len(CHARTS)
    assert "<style" not in page
    assert "style=" not in page


@pytest.mark.parametrize("name", CHARTS)
@pytest.mark.parametrize("look", ["", "&theme=dark&size=narrow"])
def test_a_chart_is_a_picture_that_loads_nothing(db: Database, cast: Cast, cam: Any, name: str, look: str) -> None:
    answer = cam.get(f"{PAGE}/charts/{name}.svg?days=7{look}")

    assert (answer.status_code, answer.mimetype) == (200, "image/svg+xml")
    assert ElementTree.fromstring(answer.data).tag == "{http://www.w3.org/2000/svg}svg"
    assert "<script" not in answer.text
    assert not re.search(r'(href|src)="(?!#)', answer.text)
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    ["charts/nothing.svg", "charts/busiest.svg", "charts/pace.svg?theme=pink", "charts/pace.svg?size=9", "x.csv"],
)
def test_what_is_no_chart_or_table_is_not_there(cast: Cast, cam: Any, path: str) -> None:
    assert cam.get(f"{PAGE}/{path}").status_code == 404


def test_a_file_has_one_row_a_day_and_plain_figures(db: Database, cast: Cast, cam: Any) -> None:
    decide(db, cast, 3)

    answer = cam.get(f"{PAGE}/decisions.csv?days=7")

    head, *days = rows(answer)
    assert head == ["Day", "Approved", "Rejected", "Taken down to wait"]
    assert len(days) == 7
    assert sum(int(day[1]) for day in days) == 3
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert re.fullmatch(
        r'attachment; filename="daily-decisions-\d{4}-\d\d-\d\d-\d{4}-\d\d-\d\d\.csv"',
        answer.headers["Content-Disposition"],
    )


@pytest.mark.parametrize("title", ["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "\t=1", " =1"])
def test_a_title_is_never_a_formula(db: Database, cast: Cast, cam: Any, title: str) -> None:
    with db.writing() as session:
        story = factories.article(session, cast.daily, title=title)
        factories.comment(session, story, cast.ada)

    (_, row) = rows(cam.get(f"{PAGE}/busiest.csv"))

    assert row[:3] == [f"'{title}", "–", "1"]


def test_a_range_of_ones_own_is_shown_and_kept(db: Database, cast: Cast, cam: Any) -> None:
    page = cam.get(f"{PAGE}?from=2026-01-05&to=2026-01-11").text

    assert 'value="2026-01-05"' in page
    assert f"{PAGE}/pace.csv?from=2026-01-05&amp;to=2026-01-11" in page
    assert len(rows(cam.get(f"{PAGE}/pace.csv?from=2026-01-05&to=2026-01-11"))) == 8
    assert len(rows(cam.get(f"{PAGE}/pace.csv?from=2025-01-01&to=2025-12-31"))) == 54


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("from=2026-02-01&to=2026-01-01", "The first day must come before the last."),
        ("from=yesterday&to=2026-01-01", "Give both days, as in 2026-11-05."),
        ("from=2026-02-01", "Give both days, as in 2026-11-05."),
        ("from=2020-01-01&to=2026-01-01", "A range may have 366 days at most."),
        ("from=0001-01-01&to=0001-01-02", "The first day must come before the last."),
    ],
)
def test_a_range_that_makes_no_sense_is_told_beside_the_field(cast: Cast, cam: Any, query: str, problem: str) -> None:
    page = cam.get(f"{PAGE}?{query}")

    assert page.status_code == 200
    assert problem in page.text
    assert 'aria-describedby="range-problem"' in page.text


def test_ones_own_speed_is_shown_to_oneself_alone(db: Database, cast: Cast, cam: Any, eve: Any) -> None:
    decide(db, cast, 4, gap=7)

    mine, hers = cam.get(PAGE).text, eve.get(PAGE).text
    paths = [f"{PAGE}/own.csv", f"{PAGE}/own.csv?person={cast.cam.id}", f"{PAGE}/own.csv?person_id={cast.cam.id}"]

    assert "7 s" in mine
    assert "7 s" not in hers
    assert sum(int(row[1]) for row in rows(cam.get(paths[0]))[1:]) == 4
    for path in paths:
        assert sum(int(row[1]) for row in rows(eve.get(path))[1:]) == 0
    for name in (*TABLES, "by_check", "by_label", "by_section", "shadow"):
        if name != "own":
            assert "Cam Reyes" not in eve.get(f"{PAGE}/{name}.csv").text
    assert "Cam Reyes" not in hers
    assert "Cam Reyes" not in eve.get(f"{PAGE}/trust").text


def test_figures_of_another_site_are_never_counted(db: Database, cast: Cast, sign_in: Callable[[str], Any]) -> None:
    decide(db, cast, 3)
    dee = sign_in("dee@other.example")

    for name in TABLES:
        answer = dee.get(f"/console/other/insights/{name}.csv")
        assert not any(cell not in {"0", "", "–"} for row in rows(answer)[1:] for cell in row[1:]), name
        assert dee.get(f"{PAGE}/{name}.csv").status_code == 404


def test_trust_shows_errors_with_links_and_the_audit(db: Database, cast: Cast, cam: Any) -> None:
    decide(db, cast, 1)
    with db.writing() as session:
        wrong = factories.comment(session, cast.story, cast.ada, "A remark that slipped through.", now=NOW)
        case = factories.case(session, wrong, now=NOW)
        factories.reject(session, wrong, cast.cam, now=NOW)

    page = cam.get(f"{PAGE}/trust").text

    assert "False holds: the latest 1" in page
    assert "A remark that slipped through." in page
    assert f'href="/console/daily?case={case.id}"' in page
    assert "The audit is off" in page
    assert "Admins set how many are judged blind in the policy." in page
    assert f'href="{POLICY}#' not in page
    assert "Nothing is on trial." in page
    assert "reported 1" in page


def test_trust_leads_admins_to_where_it_is_set(cast: Cast, eve: Any) -> None:
    page = eve.get(f"{PAGE}/trust").text

    assert f'<a href="{POLICY}#trust">Set how many are judged blind</a> in the policy.' in page
    assert f'<a href="{POLICY}#thresholds">Set what is on trial</a> in the policy.' in page
    assert {"trust", "thresholds"} <= set(re.findall(r'id="(\w+)"', eve.get(POLICY).text))
    assert "<code>" not in page


def test_articles_lead_to_their_pages(db: Database, cast: Cast, cam: Any) -> None:
    with db.writing() as session:
        factories.comment(session, cast.story, cast.ada, now=NOW - 3600 * SECOND)

    page = cam.get(PAGE).text

    address = f"/console/daily/articles/{cast.story.id}"
    assert f'<a href="{address}"><bdi>{cast.story.title}</bdi></a>' in page
    assert cam.get(address).status_code == 200


def test_trust_says_what_is_on_trial(db: Database, cast: Cast, cam: Any) -> None:
    with db.writing() as session:
        cast.daily.policy = {"audit_share": 0.02, "shadow": {"checks": ["links"], "thresholds": {"insult": 0.4}}}
        session.merge(cast.daily)

    page = " ".join(cam.get(f"{PAGE}/trust").text.split())

    assert "On trial: Links, insult from 0.4 on." in page
    assert "2.0 % of what rules publish" in page


@pytest.mark.parametrize("path", ["", "/trust"])
def test_a_page_costs_the_same_few_queries_for_1_and_30(
    app: Any, db: Database, cast: Cast, cam: Any, path: str
) -> None:
    costs = []
    for count in (1, 30):
        decide(db, cast, count)
        with db.writing() as session:
            for _ in range(min(count, 12)):
                wrong = factories.comment(session, cast.story, cast.ada, now=NOW - DAY)
                factories.case(session, wrong, reasons=Reason.REPORTED, now=NOW - DAY)
                factories.reject(session, wrong, cast.cam, now=NOW - DAY)
        with counted(app.extensions["commentsvc"].db) as statements:
            assert cam.get(f"{PAGE}{path}").status_code == 200
        costs.append(len(statements))

    assert costs[0] == costs[1]
    assert costs[0] <= 26


def test_safe_leaves_figures_alone() -> None:
    assert [insights._safe(cell) for cell in (-1, -0.5, "-", "a=1", None)] == [-1, -0.5, "'-", "a=1", None]


def test_managers_see_no_way_to_the_alerts(db: Database, cast: Cast, cam: Any, eve: Any) -> None:
    assert "insights/alerts" not in cam.get(PAGE).text
    assert "insights/alerts" in eve.get(PAGE).text
    with db.writing() as session:
        factories.member(session, cast.cam, cast.daily, Role.ADMIN)
    assert "insights/alerts" in cam.get(PAGE).text
