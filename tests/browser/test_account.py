"""Can somebody make an account, confirm it, guard it with a second step and get back in, in a real browser?"""

import re
import time
from typing import Any

import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import faults_of
from tests.server import Server

pytestmark = pytest.mark.browser

EMAIL, FIRST, SECOND = "zora@account.example", "vier wörter im regen", "fünf wörter im schnee"


def mailed(server: Server, path: str) -> str:
    """Wait for the newest mailed link to a path; the server writes its mails into the log."""
    for _ in range(120):
        found = re.findall(rf"https?://\S+({path}[\w-]+)", server.log.read_text())
        if found:
            return server.api + str(found[-1])
        time.sleep(0.25)
    raise AssertionError(f"no mail led to {path}")


def sign_in(page: Page, server: Server, password: str) -> None:
    page.goto(f"{server.api}/auth/sign-in")
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_an_account_is_made_confirmed_guarded_and_opened_again(browser: Browser, live_server: Server) -> None:
    faults: dict[str, Any] = {}
    context = browser.new_context(viewport={"width": 320, "height": 700})
    page = context.new_page()
    page.goto(f"{live_server.api}/auth/sign-up")
    page.get_by_label("Name").fill("Zora Quist")
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password").fill(FIRST)
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("heading", name="Zora Quist")).to_be_visible()
    expect(page.get_by_text("not confirmed yet")).to_be_visible()

    page.goto(mailed(live_server, "/auth/verify-email/"))
    page.get_by_role("button").click()
    expect(page).not_to_have_url(re.compile("/auth/verify-email/"))
    page.goto(f"{live_server.api}/auth/account")
    expect(page.get_by_text("not confirmed yet")).to_have_count(0)
    faults["account"] = faults_of(page)

    page.get_by_role("link", name="Two-step sign-in").click()
    page.get_by_role("link", name="Set it up").click()
    faults["set up"] = faults_of(page)
    app = pyotp.TOTP(page.locator("code.secret").inner_text().replace(" ", "").replace("\n", ""))
    page.get_by_role("textbox").fill(app.now())
    page.get_by_role("button", name="Switch it on").click()
    expect(page.locator(".codes code")).to_have_count(10)
    codes = page.locator(".codes code").all_inner_texts()
    page.get_by_role("link", name="I have kept them").click()
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_role("heading", name="Zora Quist")).to_have_count(0)

    sign_in(page, live_server, FIRST)
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    page.goto(f"{live_server.api}/auth/account")
    expect(page).to_have_url(re.compile("/auth/sign-in"))
    sign_in(page, live_server, FIRST)
    page.get_by_role("textbox").fill("000000")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("This code isn’t right")).to_be_visible()
    page.get_by_role("textbox").fill(codes[0])
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="Zora Quist")).to_be_visible()

    page.get_by_role("link", name="Where you are signed in").click()
    expect(page.get_by_text("this browser")).to_be_visible()
    faults["sessions"] = faults_of(page)

    # Another browser, without scripts: these pages need none.
    elsewhere = browser.new_context(java_script_enabled=False).new_page()
    elsewhere.goto(f"{live_server.api}/auth/sign-in")
    elsewhere.get_by_role("link", name=re.compile("password", re.IGNORECASE)).click()
    elsewhere.get_by_label("E-mail").fill(EMAIL)
    elsewhere.get_by_role("button", name="Mail me the link").click()
    expect(elsewhere.get_by_role("status")).to_contain_text("If there is an account with this address")
    elsewhere.goto(mailed(live_server, "/auth/reset-password/"))
    elsewhere.get_by_label("New password").fill(SECOND)
    elsewhere.get_by_role("button").click()
    elsewhere.get_by_role("textbox").fill(codes[1])
    elsewhere.get_by_role("button", name="Go on").click()
    expect(elsewhere.get_by_role("heading", name="Zora Quist")).to_be_visible()

    page.reload()
    expect(page).to_have_url(re.compile("/auth/sign-in"))
    assert {name: found for name, found in faults.items() if found} == {}
    elsewhere.context.close()
    context.close()
