"""Can an admin try a stricter threshold on the past, see what it would have done, and switch it on?"""

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from commentsvc.enums import Guideline, Role, Status
from commentsvc.moderation.terms import Signal
from commentsvc.store.db import Database
from tests import factories
from tests.server import Server

pytestmark = pytest.mark.browser

_serial = count(1)
SCORES = (0.1, 0.3, 0.45, 0.5, 0.7, 0.9)


@pytest.fixture
def policy(live_server: Server, browser: Browser) -> Iterator[Page]:
    """The policy page of a site of the test's own, with comments that a manager has decided."""
    db = Database(live_server.env["COMMENTSVC_DATABASE_URL"])
    key = f"rules{next(_serial)}"
    with db.writing() as session:
        site = factories.site(session, key, name="The Evening Rules")
        author = factories.person(session, f"Writer of {key}")
        admin = factories.person(session, f"Editor of {key}", email=f"{key}@rules.example")
        factories.member(session, author, site)
        factories.member(session, admin, site, Role.ADMIN)
        story = factories.article(session, site, "story")
        for score in SCORES:
            signal = Signal("toxicity", Guideline.COURTESY, score=score, labels={"toxicity": score}, engine="embedded")
            status = Status.HELD if score >= 0.6 else Status.PUBLISHED
            made = factories.comment(session, story, author, f"Remark of {score}", status=status, signals=[signal])
            if score in {0.5, 0.9}:
                factories.case(session, made)
                factories.reject(session, made, admin)
    db.dispose()
    page = browser.new_context().new_page()
    page.goto(f"{live_server.api}/console/{key}/policy")
    page.get_by_label("E-mail").fill(f"{key}@rules.example")
    page.get_by_label("Password").fill(factories.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Policy")).to_be_visible()
    yield page
    page.context.close()


def faults(page: Page) -> list[str]:
    found: Any = Axe().run(page).response["violations"]
    return [f"{fault['id']}: {node['html']}" for fault in found for node in fault["nodes"]]


def test_a_threshold_is_tested_on_the_past_and_switched_on(policy: Page) -> None:
    assert faults(policy) == []

    policy.get_by_label("Uncivil in general: held from").fill("0.8")
    policy.get_by_label("Text", exact=True).fill("A calm remark about the ferry.")
    policy.get_by_role("button", name="Try it").click()
    expect(policy.get_by_role("heading", name="This would be published")).to_be_visible()
    expect(policy.get_by_label("Uncivil in general: held from")).to_have_value("0.8")
    assert faults(policy) == []

    policy.get_by_role("button", name="Back-test").click()
    expect(policy.get_by_role("heading", name="6 comments of 30 days, replayed")).to_be_visible(timeout=30_000)
    expect(policy.get_by_text("1 that was held would be published.")).to_be_visible()
    expect(policy.get_by_role("heading", name="Would be published, and you rejected them: 1")).to_be_visible()
    expect(policy.get_by_role("link", name="Remark of 0.5")).to_be_visible()
    picture = policy.get_by_role("img", name="Uncivil in general")
    picture.scroll_into_view_if_needed()
    policy.wait_for_function("document.querySelector('figure img').naturalWidth > 0")
    assert faults(policy) == []

    policy.get_by_role("button", name="Switch on").click()
    expect(policy.get_by_role("status")).to_have_text("The policy is saved.")
    expect(policy.get_by_label("Uncivil in general: held from")).to_have_value("0.8")
    expect(policy.get_by_text("reached by 16.7 % of comments (1); you rejected 100 % of the 1")).to_be_visible()

    policy.get_by_role("link", name="Changes").click()
    expect(policy.locator(".differences")).to_contain_text("0.6")
    expect(policy.locator(".differences")).to_contain_text("0.8")
    assert faults(policy) == []
    policy.get_by_role("button", name="Restore what was before").first.click()
    policy.get_by_role("link", name="Rules", exact=True).click()
    expect(policy.get_by_label("Uncivil in general: held from")).to_have_value("0.6")
    policy.set_viewport_size({"width": 320, "height": 700})
    assert policy.evaluate("document.documentElement.scrollWidth") <= 320
