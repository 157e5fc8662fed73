"""What do reports weigh, when do they hold, and what is left of them after a decision?"""

from typing import Any

import pytest
from sqlalchemy import select

from commentsvc.actions import cases, decisions, reporting
from commentsvc.enums import Action, CaseState, Guideline, Reason, ReportReason, Status
from commentsvc.queries import people
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Case, Comment, Decision, Membership, Person, Report, Site
from tests import factories
from tests.conftest import Cast


def report(session: Any, comment: Comment, by: Person, reason: ReportReason = ReportReason.COURTESY) -> Report:
    return reporting.report(
        session, comment_id=comment.id, revision=comment.revision, reason=reason, detail="", by=by, now=now_us()
    )


def approve(session: Any, comment: Comment, by: Person) -> Decision:
    case = cases.find_latest_case(session, comment.id)
    return decisions.decide(
        session, comment, Status.PUBLISHED, action=Action.APPROVE, by=by, revision=comment.revision,
        seen=case.version if case else None, now=now_us(),
    )  # fmt: skip


def known(session: Any, cast: Cast, *, upheld: int, dismissed: int) -> Person:
    """Make a reporter of whose reports some were decided."""
    who = factories.person(session)
    membership = factories.member(session, who, cast.daily)
    membership.reports_upheld, membership.reports_dismissed = upheld, dismissed
    session.flush()
    return who


def counts_of(db: Database, who: Person, site: Site) -> tuple[int, int]:
    with db.reading() as session:
        membership = session.get_one(Membership, (who.id, site.id))
        return membership.reports_upheld, membership.reports_dismissed


@pytest.mark.parametrize(
    ("upheld", "dismissed", "weight"), [(0, 0, 0.5), (1, 0, 2 / 3), (8, 0, 0.9), (0, 8, 0.1), (3, 3, 0.5)]
)
def test_weight_is_the_mean_of_a_beta_distribution(upheld: int, dismissed: int, weight: float) -> None:
    assert people.weight_of(upheld, dismissed) == pytest.approx(weight)


def test_likelihood_of_a_case_grows_with_who_reports(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        new, right, wrong = (factories.comment(session, cast.story, cast.ada) for _ in range(3))
        report(session, new, cast.bo)
        report(session, right, known(session, cast, upheld=18, dismissed=0))
        report(session, wrong, known(session, cast, upheld=0, dismissed=18))
        likely = {case.comment_id: case.likelihood for case in session.scalars(select(Case))}

    assert likely[new.id] == pytest.approx(0.4)
    assert likely[right.id] == pytest.approx(0.8 * 0.95)
    assert likely[wrong.id] == pytest.approx(0.8 * 0.05)


def test_decisions_move_reporters_records_and_undo_moves_them_back(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        good, bad = (factories.comment(session, cast.story, cast.ada) for _ in range(2))
        report(session, good, cast.bo)
        report(session, bad, cast.bo)
        approve(session, good, cast.cam)
        rejection = factories.reject(session, bad, cast.cam)
    assert counts_of(db, cast.bo, cast.daily) == (1, 1)

    with db.writing() as session:
        decisions.undo(session, session.get_one(Decision, rejection.id), by=cast.cam, now=now_us())

    assert counts_of(db, cast.bo, cast.daily) == (0, 1)
    with db.reading() as session:
        assert session.scalar(select(Report.outcome).where(Report.comment_id == bad.id)) is None


def test_approval_is_not_for_ever_and_only_later_reports_count(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        comment = factories.comment(session, cast.story, cast.ada)
        for _ in range(3):
            report(session, comment, factories.person(session))
        approve(session, comment, cast.cam)
        assert cases.find_open_case(session, comment.id) is None

        report(session, comment, cast.bo)

        again = cases.find_open_case(session, comment.id)
        assert again is not None
        assert (again.state, again.reasons) == (CaseState.OPEN, Reason.REPORTED)
        assert again.likelihood == pytest.approx(0.4)


def test_enough_weight_holds_where_the_site_says_so(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        session.get_one(Site, cast.daily.id).policy = {"report_hold": 1.0}
        comment = factories.comment(session, cast.story, cast.ada)
        report(session, comment, cast.bo, ReportReason.SPAM)
        assert comment.status == Status.PUBLISHED
        report(session, comment, factories.person(session), ReportReason.SPAM)

    with db.reading() as session:
        held = session.get_one(Comment, comment.id)
        latest = session.scalars(select(Decision).where(Decision.comment_id == comment.id).order_by(Decision.id)).all()
        case = session.scalars(select(Case).where(Case.comment_id == comment.id)).one()
    assert held.status == Status.HELD
    assert (latest[-1].rule, latest[-1].action, latest[-1].guideline) == ("reports", Action.WITHHOLD, Guideline.SPAM)
    assert case.reasons == Reason.HELD | Reason.REPORTED


def test_reports_that_came_before_an_approval_hold_nothing_afterwards(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        session.get_one(Site, cast.daily.id).policy = {"report_hold": 1.0}
        comment = factories.comment(session, cast.story, cast.ada)
        report(session, comment, cast.bo)
        approve(session, comment, cast.cam)

        report(session, comment, factories.person(session))

        assert comment.status == Status.PUBLISHED


@pytest.mark.parametrize("policy", [{}, {"report_hold": None}, {"report_hold": 5}])
def test_reports_alone_hold_nothing_by_default(db: Database, cast: Cast, policy: dict[str, Any]) -> None:
    with db.writing() as session:
        session.get_one(Site, cast.daily.id).policy = policy
        comment = factories.comment(session, cast.story, cast.ada)
        for _ in range(6):
            report(session, comment, factories.person(session))

        assert comment.status == Status.PUBLISHED


def test_reports_do_not_hold_what_the_team_writes(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        session.get_one(Site, cast.daily.id).policy = {"report_hold": 0.5}
        comment = factories.comment(session, cast.story, cast.cam)

        report(session, comment, cast.bo)

        assert comment.status == Status.PUBLISHED
        assert cases.find_open_case(session, comment.id) is not None
