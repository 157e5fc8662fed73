"""Do managers find appeals, notices, misuse and a year's figures, and do administrators say what the site takes on?"""

import csv
import io
from html import unescape
from typing import Any

import pytest
from sqlalchemy import select, text

from commentsvc.actions import appeals, cases, decisions, duties, mailing
from commentsvc.actions.legal_notices import Given, comments_named, give_notice
from commentsvc.enums import Action, Guideline, LegalGround, MailKind, MeasureKind, SanctionKind, Status
from commentsvc.errors import Conflict, Forbidden, Invalid, NotFound
from commentsvc.queries import misuse, transparency
from commentsvc.store.db import now_us
from commentsvc.store.models import Comment, LegalNotice, Membership, OutgoingMail, Site
from tests import factories
from tests.actions.test_appeals import DAY, us
from tests.queries.test_threads import counted
from tests.web.test_accounts import submit
from tests.web.test_matrix import begin_session

SECRET = "tests-only-" + "k" * 32
BASE = "https://127.0.0.1:8000"


def browser(app: Any, person: Any) -> tuple[Any, str]:
    client = app.test_client()
    return client, begin_session(app, client, person)


def membership(session: Any, person: Any, cast: Any) -> Membership:
    return session.get_one(Membership, (person.id, cast.daily.id))


def switch_on(session: Any, cast: Any, **more: Any) -> None:
    given = {"complaints": True, "misuse": True, "transparency": True, "misuse_from": 2, "out_of_court": "", **more}
    duties.save_settings(session, membership=membership(session, cast.eve, cast), now=now_us(), **given)


def given(ground: LegalGround = LegalGround.DEFAMATION, email: str = "nia@readers.example") -> Given:
    return Given(ground, "It says what isn't true of my family.", "Nia Vale", email, in_good_faith=True)


def notify(session: Any, *comments: Comment, now: int | None = None, **more: Any) -> str:
    return give_notice(session, [one.id for one in comments], given(**more), secret=SECRET, now=now or now_us())


def settle(session: Any, comment: Comment, by: Any, action: Action, *, now: int | None = None, **more: Any) -> None:
    latest = cases.find_latest_case(session, comment.id)
    assert latest is not None
    decisions.decide(
        session, comment, decisions.target_status(action, Status(comment.status)), action=action, by=by,
        revision=comment.revision, seen=latest.version, now=now or now_us(), **more,
    )  # fmt: skip


def mails(session: Any) -> list[tuple[str, str]]:
    return [(one.kind, one.to_address) for one in session.scalars(select(OutgoingMail).order_by(OutgoingMail.id))]


@pytest.mark.parametrize(
    ("lines", "ids"),
    [
        ("", []),
        ("17", [17]),
        ("17\n 18 ", [17, 18]),
        ("https://c.example/report/19\nhttps://news.example/a?x=1#comment-20", [19, 20]),
        ("https://c.example/api/v1/comments/21?x=1 https://news.example/a?comment=22&b=1", [21, 22]),
    ],
)
def test_comments_are_named_by_number_or_address(lines: str, ids: list[int]) -> None:
    assert comments_named(lines) == ids


@pytest.mark.parametrize("line", ["https://news.example/story-17", "x", "9" * 30, "javascript:17", "report/17x"])
def test_what_names_no_comment_is_refused(line: str) -> None:
    with pytest.raises(Invalid, match="isn't the address"):
        comments_named(line)


def test_one_notice_about_three_comments_is_answered_by_one_mail(db: Any, cast: Any, client: Any) -> None:
    with db.writing() as session:
        some = [factories.comment(session, cast.story, who) for who in (cast.ada, cast.bo, cast.ada)]
        token = notify(session, *some)
        assert mails(session) == [(MailKind.NOTICE_RECEIPT, "nia@readers.example")]
        settle(session, some[0], cast.cam, Action.REJECT, guideline=Guideline.LEGAL, message="False.")
        settle(session, some[1], cast.cam, Action.APPROVE)
        assert len(mails(session)) == 1
    assert "A part of your notice is decided" in client.get(f"/report/receipt/{token}").text

    with db.writing() as session:
        settle(session, session.get_one(Comment, some[2].id), cast.eve, Action.APPROVE)
        last = session.scalars(select(OutgoingMail).order_by(OutgoingMail.id.desc())).first()
        kinds = [kind for kind, _ in mails(session)]
    page = client.get(f"/report/receipt/{token}").text

    assert kinds == [MailKind.NOTICE_RECEIPT, MailKind.NOTICE_DECIDED]
    assert [item["is_removed"] for item in last.facts["items"]] == [True, False, False]
    assert token not in str(last.facts)
    assert "Your notice is decided" in page
    assert "Complain" not in page


def test_a_notice_names_public_comments_of_one_site_only(db: Any, cast: Any) -> None:
    with db.writing() as session:
        ours = factories.comment(session, cast.story, cast.ada)
        held = factories.comment(session, cast.story, cast.ada, status=Status.HELD)
        theirs = factories.comment(session, factories.article(session, cast.other), cast.dee)
        for other in (held, theirs):
            with pytest.raises(Invalid, match="isn't public on this site"):
                notify(session, ours, other)
        with pytest.raises(NotFound):
            notify(session, held)
        with pytest.raises(Invalid, match="20 comments"):
            give_notice(session, [ours.id, *range(1000, 1020)], given(), secret=SECRET, now=now_us())
        assert session.scalars(select(LegalNotice)).all() == []


def test_a_notifier_complains_where_the_site_takes_that_on(db: Any, cast: Any, client: Any) -> None:
    with db.writing() as session:
        comment = factories.comment(session, cast.story, cast.ada)
        token = notify(session, comment)
        settle(session, comment, cast.cam, Action.APPROVE)
        (notice,) = session.scalars(select(LegalNotice)).all()
        with pytest.raises(Forbidden):
            appeals.complain(session, notice, message="Look again.", now=now_us())
        switch_on(session, cast)
    address = f"/report/receipt/{token}"
    assert "Complain about this decision" in client.get(address).text
    assert submit(client, address, notice="99999", message="Not mine.").status_code == 404

    sent = submit(client, address, notice=str(notice.id), message="Look at the second sentence.")

    assert sent.status_code == 303
    assert "waits for a community manager" in client.get(address).text
    with db.writing() as session:
        about = session.get_one(Comment, comment.id)
        with pytest.raises(Conflict, match="another manager"):
            settle(session, about, cast.cam, Action.REJECT, guideline=Guideline.LEGAL)
        settle(session, about, cast.eve, Action.REJECT, guideline=Guideline.LEGAL, message="Right.")
        assert mails(session)[-1] == (MailKind.COMPLAINT_DECIDED, "nia@readers.example")
    page = unescape(client.get(address).text)
    assert "On your complaint the comment was removed" in page
    assert "Right." in page


def test_a_complaint_can_come_for_six_months(db: Any, cast: Any) -> None:
    then = us("2026-02-10T08:00:00")
    with db.writing() as session:
        switch_on(session, cast)
        comment = factories.comment(session, cast.story, cast.ada, now=then)
        notify(session, comment, now=then)
        settle(session, comment, cast.cam, Action.APPROVE, now=then)
        (notice,) = session.scalars(select(LegalNotice)).all()
        with pytest.raises(Conflict, match="Six months"):
            appeals.complain(session, notice, message="Late.", now=us("2026-08-10T08:00:00") + 1)
        appeals.complain(session, notice, message="In time.", now=us("2026-08-10T08:00:00"))
        with pytest.raises(Conflict, match="already"):
            appeals.complain(session, notice, message="Twice.", now=us("2026-08-10T08:00:00"))


def test_a_manager_answers_an_appeal_against_a_sanction_on_its_page(app: Any, db: Any, cast: Any) -> None:
    with db.writing() as session:
        ban = factories.sanction(session, cast.ada, cast.daily, SanctionKind.BAN)
        made = appeals.appeal_sanction(
            session, ban.id, message="It was <i>my</i> brother.", by_id=cast.ada.id, site_id=cast.daily.id, now=now_us()
        )
    client, token = browser(app, cast.cam)

    page = client.get("/console/daily/law", base_url=BASE)
    path = f"/console/daily/law/appeals/{made.id}"
    fields = {"csrf_token": token, "outcome": "overturned", "answer": ""}
    headers = {"Origin": BASE, "Sec-Fetch-Site": "same-origin"}
    empty = client.post(path, data=fields, base_url=BASE, headers=headers)
    sent = client.post(path, data={**fields, "answer": "We believe you."}, base_url=BASE, headers=headers)
    again = client.post(path, data={**fields, "answer": "Twice."}, base_url=BASE, headers=headers)

    assert "It was &lt;i&gt;my&lt;/i&gt; brother." in page.text
    assert (empty.status_code, sent.status_code, again.status_code) == (422, 303, 409)
    assert "decided already" in again.text
    with db.reading() as session:
        assert session.get_one(type(ban), ban.id).lift_reason == "We believe you."


def test_misuse_is_warned_of_before_it_is_suspended_and_both_by_a_person(db: Any, cast: Any, client: Any) -> None:
    with db.writing() as session:
        switch_on(session, cast)
        cam, now = membership(session, cast.cam, cast), now_us()
        for _ in range(2):
            comment = factories.comment(session, cast.story, cast.ada)
            notify(session, comment)
            settle(session, comment, cast.cam, Action.APPROVE)
        (found,) = misuse.notifiers(session, cast.daily.id, least=2, now=now)
        assert (found.email, found.count, found.total) == ("nia@readers.example", 2, 2)
        how = {"reason": "Twice without any ground.", "days": 30, "membership": cam}
        with pytest.raises(Conflict, match="warned first"):
            duties.take_measure(session, found.email, kind=MeasureKind.SUSPEND, now=now, **how)
        with pytest.raises(NotFound):
            duties.take_measure(session, "bo@readers.example", kind=MeasureKind.WARN, now=now, **how)
        duties.take_measure(session, found.email, kind=MeasureKind.WARN, now=now, **how)
        suspended = duties.take_measure(session, found.email, kind=MeasureKind.SUSPEND, now=now, **how)
        assert [kind for kind, _ in mails(session)][-2:] == [MailKind.NOTIFIER_MEASURE] * 2

        quiet, urgent, late = (factories.comment(session, cast.story, cast.bo) for _ in range(3))
        receipt = notify(session, quiet)
        notify(session, urgent, ground=LegalGround.THREAT)
        notify(session, late, now=now + 30 * DAY)
        opened = [cases.find_open_case(session, one.id) is not None for one in (quiet, urgent, late)]
        assert opened == [False, True, True]
        duties.lift_measure(session, suspended.id, membership=cam, now=now)
        notify(session, quiet)
        assert cases.find_open_case(session, quiet.id) is not None
    assert "isn’t handled" in client.get(f"/report/receipt/{receipt}").text


def test_who_often_posts_what_is_illegal_is_listed_until_it_is_taken_back(db: Any, cast: Any) -> None:
    with db.writing() as session:
        now = now_us()
        some = [factories.comment(session, cast.story, who) for who in (cast.ada, cast.ada, cast.bo)]
        for one in some:
            factories.case(session, one)
            settle(session, one, cast.cam, Action.REJECT, guideline=Guideline.LEGAL)
        found = misuse.posters(session, cast.daily.id, least=2, now=now)
        assert [(one.membership.person_id, one.count) for one in found] == [(cast.ada.id, 2)]
        assert misuse.posters(session, cast.daily.id, least=2, now=now + 366 * DAY) == []
        latest = session.scalars(
            select(decisions.Decision)
            .where(decisions.Decision.comment_id == some[0].id)
            .order_by(decisions.Decision.id.desc())
        ).first()
        factories.undo(session, latest, cast.cam)

        assert misuse.posters(session, cast.daily.id, least=2, now=now) == []


def test_a_years_figures_are_the_same_as_page_table_and_json(app: Any, db: Any, cast: Any) -> None:
    then = us("2025-12-31T23:30:00")
    with db.writing() as session:
        session.get_one(Site, cast.daily.id).time_zone = "Europe/Oslo"
        for at in (then - 2 * 3_600_000_000, then):
            comment = factories.comment(session, cast.story, cast.ada, now=at)
            notify(session, comment, now=at)
            settle(session, comment, cast.cam, Action.REJECT, guideline=Guideline.LEGAL, now=at + 3_600_000_000)
        factories.comment(session, cast.story, cast.ada, status=Status.HELD, now=then)
        site = session.get_one(Site, cast.daily.id)
        tables = {one.name: one for one in transparency.figures(session, site, 2026)}
        switch_on(session, cast)
    client, _ = browser(app, cast.cam)

    answer = client.get("/api/v1/transparency", query_string={"site": "daily", "year": "2026"})
    written = client.get("/console/daily/law/figures.csv", query_string={"year": "2026"}, base_url=BASE)
    page = client.get("/console/daily/law/figures", query_string={"year": "2026"}, base_url=BASE)

    # At half past eleven in Greenwich, Oslo has the new year already.
    assert tables["notices"].rows == [("defamation", 1, 1, 0, 0, 0, 1.0)]
    assert list(tables["restrictions"].rows) == [("courtesy", 0, 0, 0, 1), ("legal", 1, 0, 0, 0)]
    found = answer.get_json()
    assert (found["site"], found["year"]) == ("daily", 2026)
    assert found["tables"][0] == {
        "table": "notices",
        "rows": [
            {"ground": "defamation", "received": 1, "removed": 1, "kept": 0, "open": 0, "unhandled": 0,
             "median_hours": 1.0}
        ],
    }  # fmt: skip
    rows = list(csv.reader(io.StringIO(written.text)))
    assert rows[:2] == [["table", "row", "figure", "number"], ["notices", "defamation", "received", "1"]]
    assert "attachment" in written.headers["Content-Disposition"]
    assert "Comments removed or held" in page.text


def test_lists_cost_the_same_for_1_and_30_and_walk_indexes(app: Any, db: Any, cast: Any) -> None:
    pages = (
        "/console/daily/law",
        "/console/daily/law/notices",
        "/console/daily/law/misuse",
        "/console/daily/law/figures",
    )
    costs: dict[str, list[int]] = {path: [] for path in pages}
    for count in (1, 29):
        with db.writing() as session:
            switch_on(session, cast)
            for number in range(count):
                comment = factories.comment(session, cast.story, cast.ada)
                notify(session, comment, email=f"nia{number}@readers.example")
                settle(session, comment, cast.cam, Action.APPROVE)
                session.flush()
                notice = session.scalars(select(LegalNotice).order_by(LegalNotice.id.desc())).first()
                appeals.complain(session, notice, message="Look again.", now=now_us())
        client, _ = browser(app, cast.eve)
        for path in pages:
            with counted(app.extensions["commentsvc"].db) as statements:
                assert client.get(path, base_url=BASE, query_string={"show": "all"}).status_code == 200
            costs[path].append(len(statements))

    assert {path: cost[0] == cost[1] for path, cost in costs.items()} == dict.fromkeys(pages, True), costs
    assert max(cost[1] for cost in costs.values()) <= 22
    if db.engine.dialect.name == "sqlite":
        with db.reading() as session:
            plan = session.execute(text(
                "EXPLAIN QUERY PLAN SELECT by_person_id IS NULL, action, from_status, to_status, guideline, count(*)"
                " FROM decisions WHERE site_id = 1 AND created_at >= 1 AND created_at < 2 GROUP BY 1, 2, 3, 4, 5"
            )).all()  # fmt: skip
        assert any("COVERING INDEX ix_decisions_time" in row[-1] for row in plan)


def test_mails_to_notifiers_are_worded_and_lead_to_the_receipt(db: Any, cast: Any, settings: Any, client: Any) -> None:
    with db.writing() as session:
        switch_on(session, cast)
        article = factories.article(session, cast.daily, title="Tax <b>cuts</b>\nBcc: x@y.example")
        some = [factories.comment(session, article, cast.ada) for _ in range(2)]
        token = notify(session, *some)
        for one in some:
            settle(session, one, cast.cam, Action.APPROVE)
        notice = session.scalars(select(LegalNotice).order_by(LegalNotice.id)).first()
        appeals.complain(session, notice, message="Look again.", now=now_us())
        settle(session, some[0], cast.eve, Action.REJECT, guideline=Guideline.LEGAL, message="<i>Right</i>.")
        how = {"reason": "Twice without any ground.", "membership": membership(session, cast.cam, cast)}
        last = factories.comment(session, cast.story, cast.bo)
        notify(session, last)
        with pytest.raises(NotFound):  # The one that was right on complaint doesn't count.
            duties.take_measure(session, notice.email, kind=MeasureKind.WARN, days=0, now=now_us(), **how)
        settle(session, last, cast.cam, Action.APPROVE)
        duties.take_measure(session, notice.email, kind=MeasureKind.WARN, days=0, now=now_us(), **how)
        duties.take_measure(session, notice.email, kind=MeasureKind.SUSPEND, days=9, now=now_us(), **how)
        sent = session.scalars(select(OutgoingMail).order_by(OutgoingMail.id)).all()
        written = [mailing.render(session, one, settings, now=now_us()) for one in sent]

    assert [one.kind for one in sent] == [
        "notice_receipt", "notice_decided", "complaint_decided", "notice_receipt", "notice_decided",
        "notifier_measure", "notifier_measure",
    ]  # fmt: skip
    for mail in written:
        assert "\n" not in mail.subject
        assert "<b>cuts" not in mail.html
        assert "<i>Right" not in mail.html
    assert f"{settings.base_url}/report/receipt/{token}" in written[1].text
    assert f"{settings.base_url}/report/receipt/{token}" in written[2].html
    assert client.get(f"/report/receipt/{token}").status_code == 200
    assert "it stays" in written[1].text
    assert "the comment was removed" in written[2].text
