"""Does the desk still find, share, show and decide rightly with 100,000 comments and 5,000 open cases?"""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from commentsvc.actions import noting, reporting
from commentsvc.enums import Guideline, Reason, ReportReason
from commentsvc.store.db import now_us
from commentsvc.store.models import OPEN, Article, Case, Comment, Membership, Person, Site
from tests import factories
from tests.browser.conftest import DAY_US, Newsroom, faults_of, shown
from tests.browser.large.conftest import CASES, COMMENTS, PLEA, SECTION, WAVE, LargeDesk
from tests.server import wait_for

pytestmark = pytest.mark.browser


def test_filters_find_what_the_tables_hold_and_become_a_view(large: LargeDesk, sit_down: Callable[..., Page]) -> None:
    page, now = sit_down("ann"), now_us()
    by_filter = conditions(large, now)

    assert large.count() >= CASES
    assert sum(large.statuses().values()) >= COMMENTS
    with large.db.reading() as session:
        mine = (Case.site_id == large.site_id, Case.state == OPEN)
        oldest = session.scalars(select(func.min(Case.opened_at)).where(*mine)).one()
    expect(page.locator("[data-backlog]")).to_have_text(
        f"{large.count():,} open, the oldest for {(now - oldest) // DAY_US} d"
    )
    for asked, holds in by_filter.items():
        page.goto(f"{large.queue}?{asked}")
        found = page.locator("#entries > li").evaluate_all("all => all.map(one => Number(one.dataset.case))")
        assert len(found) == min(30, large.count(holds)) > 0, asked
        assert large.count(holds, Case.id.in_(found)) == len(found), asked

    page.goto(large.queue)
    page.locator("summary", has_text="Filter").click()
    form = page.locator("form.filters[method=get]")
    held = Case.reasons.bitwise_and(int(Reason.HELD)) != 0
    form.locator("[name=reason]").select_option(label=f"Held ({large.count(held)})")
    form.locator("[name=section]").select_option(SECTION)
    form.locator("[name=trust]").select_option("new")
    form.locator("[name=waiting]").select_option("24")
    form.get_by_label("Search").fill("tram harbour council demand")
    form.get_by_role("button", name="Show", exact=True).click()
    expect(shown(page)).to_contain_text(PLEA)
    page.get_by_text("Save as a view").click()
    page.get_by_label("Name").fill("The tram")
    page.get_by_label("Share with the desk").check()
    page.get_by_role("button", name="Save", exact=True).click()
    chip = page.get_by_role("navigation", name="Views").get_by_role("link", name="The tram")
    expect(chip).to_contain_text(str(large.count(*(by_filter[name] for name in ("section=" + SECTION, "trust=new")))))
    assert faults_of(page) == []

    # A colleague decides one of them: this page counts anew by itself.
    before, colleague = large.count(), sit_down("bea")
    colleague.get_by_role("link", name="The tram").click()
    colleague.locator("#card .approve").first.click()
    expect(colleague.get_by_role("status")).to_contain_text("Approved")
    page.evaluate("dispatchEvent(new Event('focus'))")
    expect(chip).to_contain_text(str(WAVE - 1))
    expect(page.locator("[data-backlog]")).to_contain_text(f"{before - 1:,} open")
    colleague.get_by_role("button", name="Undo").click()
    expect(colleague.get_by_role("status")).to_contain_text("Taken back")


def conditions(large: LargeDesk, now: int) -> dict[str, Any]:
    """Say by the tables alone what each filter means."""
    with large.db.reading() as session:
        tram = session.scalars(select(Article.id).where(Article.site_id == large.site_id, Article.key == "wave")).one()
    new = select(Membership.person_id).where(
        Membership.site_id == large.site_id, Membership.published_count < 2, Membership.rejected_count < 5
    )
    return {
        "reason=reported": Case.reasons.bitwise_and(int(Reason.REPORTED)) != 0,
        "reason=sample": Case.reasons.bitwise_and(int(Reason.SAMPLE)) != 0,
        "guideline=spam": Case.guideline == Guideline.SPAM,
        "label=insult": Case.label == "insult",
        f"article={tram}": Case.article_id == tram,
        f"section={SECTION}": Article.section == SECTION,
        "trust=new": Comment.person_id.in_(new),
        "waiting=168": Case.opened_at <= now - 7 * DAY_US,
        "q=tram council demand": Comment.body.startswith(PLEA),
    }


def test_two_managers_share_it_and_the_next_cards_are_there(large: LargeDesk, sit_down: Callable[..., Page]) -> None:
    ann = sit_down("ann")
    first = ann.locator("#card [data-case]").first.get_attribute("data-case")
    assert first
    wait_for(lambda: large.count(Case.id == int(first), Case.lease_until > now_us()) == 1)
    bea = sit_down("bea")
    assert bea.locator("#card [data-case]").first.get_attribute("data-case") != first
    # The page asks every ten seconds who is here.
    expect(bea.locator("[data-here]")).to_contain_text("Ann of large", timeout=30_000)

    bea.wait_for_load_state("networkidle")
    bea.route("**/console/**", lambda route: route.abort())
    seen = [bea.locator("#card [data-case]").first.get_attribute("data-case")]
    for _ in range(5):
        bea.keyboard.press("j")
        expect(bea.locator(f"#card [data-case='{seen[-1]}']")).to_have_count(0)
        expect(shown(bea)).not_to_be_empty()
        seen.append(bea.locator("#card [data-case]").first.get_attribute("data-case"))
    assert len(set(seen)) == 6


def test_keys_decide_and_take_back(large: LargeDesk, sit_down: Callable[..., Page]) -> None:
    page = sit_down("ann")
    waiting = large.count()
    shown_case = page.locator("#card [data-case]").first
    number = int(shown_case.get_attribute("data-case") or 0)

    page.keyboard.press("r")
    page.keyboard.press("3")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("(Spam)")
    expect(page.locator("#open-count")).to_have_text(str(waiting - 1))
    assert large.count() == waiting - 1
    assert large.statuses(Comment.id.in_(select(Case.comment_id).where(Case.id == number))) == {"rejected": 1}
    page.keyboard.press("u")
    expect(page.get_by_role("status")).to_contain_text("Taken back")
    assert large.count() == waiting


def test_a_card_has_everything_in_one_answer(large: LargeDesk, newsroom: Newsroom, desk: Callable[..., Page]) -> None:
    with large.db.writing() as session:
        bea = session.scalars(select(Person).where(Person.name == "Bea of large")).one()
        watcher = factories.person(session, f"Watcher of {newsroom.key}")
        first, about = (session.get_one(Comment, newsroom.comments[at]) for at in (0, 2))
        site, article = session.get_one(Site, large.site_id), session.get_one(Article, about.article_id)
        factories.member(session, watcher, site)
        factories.reject(session, first, bea, message="Mind your words.")
        factories.approve(session, about, bea)
        noting.note(
            session, comment_id=about.id, body="Look at the link, too.", now=now_us(),
            membership=session.get_one(Membership, (bea.id, site.id)),
        )  # fmt: skip
        reporting.report(
            session, comment_id=about.id, revision=1, reason=ReportReason.SPAM, detail="It sells something.",
            by=watcher, now=now_us(),
        )  # fmt: skip
    page = desk()
    page.locator(".entry", has_text="Remark 2").click()
    expect(shown(page)).to_contain_text("Remark 2")
    page.locator("#around summary").click()

    for part, holds in {
        "Where it was written": [article.title, "What the story says first.", "A calm remark."],
        "Author": [f"Reader of {newsroom.key}", "Published3", "Rejected1", "No sanctions."],
        "Reports": ["Spam", f"Watcher of {newsroom.key}", "It sells something."],
        "Notes of colleagues": ["Look at the link, too.", "Bea of large"],
        "What the checks said": ["insult 0.90", "embedded"],
        "Decided before, in much the same words": ["Rejected", "Bea of large", "Remark 0: fool"],
        "Decisions so far": ["Approved", "by Bea of large"],
    }.items():
        for words in holds:
            expect(page.locator("#card").get_by_role("region", name=part, exact=part == "Author")).to_contain_text(
                words
            )
    expect(page.locator("#card mark")).to_have_text("Remark")
    expect(page.locator("#card .links")).to_contain_text("example.com")
    expect(page.locator("#card .formula")).to_contain_text("how long it waits")
    expect(page.locator("#around")).to_contain_text("Another answer to it.")


def test_a_conflict_says_what_happened_and_changes_nothing(newsroom: Newsroom, desk: Callable[..., Page]) -> None:
    page, colleague = desk(), desk()
    colleague.keyboard.press("a")
    expect(colleague.get_by_role("status")).to_contain_text("Approved")

    page.keyboard.press("r")
    page.keyboard.press("Enter")

    bar = page.get_by_role("status")
    expect(bar).to_contain_text("Nothing changed. This case has changed since you saw it. Approved by Keeper of")
    expect(bar.get_by_role("link", name="Look at it now")).to_be_visible()
    assert newsroom.statuses() == ["published", "held", "held", "held", "held"]


def test_keys_can_be_changed(newsroom: Newsroom, desk: Callable[..., Page]) -> None:
    page = desk()
    page.keyboard.press("?")
    page.get_by_role("link", name="Change the keys").click()

    page.get_by_label("Approve").fill("j")
    page.get_by_role("button", name="Keep these keys").click()
    expect(page.get_by_label("Approve")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_text("“j” is taken already.")).to_be_visible()
    page.get_by_label("Approve").fill("y")
    page.get_by_role("button", name="Keep these keys").click()
    expect(page.get_by_text("Your keys are kept.")).to_be_visible()
    faults = faults_of(page)
    page.keyboard.press("g")
    page.keyboard.press("q")
    expect(page.get_by_role("button", name="Approve y")).to_be_visible()
    page.goto(newsroom.queue + newsroom.view)
    page.keyboard.press("a")
    expect(shown(page)).to_contain_text("Remark 0")
    page.keyboard.press("y")
    expect(shown(page)).to_contain_text("Remark 1")
    expect(page.get_by_role("status")).to_contain_text("Approved: Reader of")

    assert faults == []
    assert newsroom.statuses() == ["published", "held", "held", "held", "held"]


def test_keys_are_left_alone_while_typing_and_when_switched_off(newsroom: Newsroom, desk: Callable[..., Page]) -> None:
    page = desk()

    page.keyboard.press("r")
    page.get_by_label("Note for managers").fill("")
    page.get_by_label("Note for managers").press_sequentially("a jar? u1")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Reject")).to_be_hidden()

    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.get_by_label("Use single keys").uncheck()
    page.get_by_role("button", name="Close").click()
    page.reload()
    page.keyboard.press("a")
    page.keyboard.press("j")

    expect(shown(page)).to_contain_text("Remark 0")
    assert newsroom.statuses() == ["held"] * 5


def test_everything_works_without_a_script(newsroom: Newsroom, desk: Callable[..., Page]) -> None:
    page = desk(java_script_enabled=False)

    page.get_by_role("link", name="Remark 1").click()
    expect(shown(page)).to_contain_text("Remark 1")
    page.locator("#card .approve").first.click()
    expect(page.get_by_role("status")).to_contain_text("Approved")
    expect(shown(page)).to_contain_text("Remark 2")

    page.locator("#reject > summary").click()
    page.get_by_role("radio", name="Privacy").check()
    page.get_by_label("Note for managers").fill("no script here")
    page.locator("#reject .reject-now").click()
    expect(page.get_by_role("status")).to_contain_text("Rejected")
    assert newsroom.statuses() == ["held", "published", "rejected", "held", "held"]
    assert newsroom.last_decision().guideline == "privacy"
    assert newsroom.last_decision().message.startswith("Don't publish addresses")

    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("status")).to_contain_text("Taken back")
    assert newsroom.statuses() == ["held", "published", "held", "held", "held"]

    page.get_by_role("link", name="Decided").click()
    expect(shown(page)).to_contain_text("Remark 1")
    page.get_by_role("button", name="Undo this").click()
    assert newsroom.statuses() == ["held"] * 5
