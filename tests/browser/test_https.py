"""Does a reader stay signed in over https on two hosts, whatever the browser does with cookies, windows and openers?"""

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests import factories
from tests.browser.twohosts import PAPER, READER, SERVICE, Hosts, two_hosts

pytestmark = pytest.mark.browser

ALLOWED = {"cookie_controls_mode": 0, "block_third_party_cookies": False}
BLOCKED = {"cookie_controls_mode": 1, "block_third_party_cookies": True}
FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")
PARTITIONED = {"network.cookie.cookieBehavior": 5}
NO_THIRD_PARTY = {"network.cookie.cookieBehavior": 1}
STORED = "({ ...localStorage, ...Object.fromEntries(Object.entries(sessionStorage).map(([k, v]) => [`tab ${k}`, v])) })"
PRESS = """addEventListener("DOMContentLoaded", () => {
  const find = (label) =>
    [...(document.querySelector("article-comments")?.shadowRoot?.querySelectorAll("button") ?? [])].find(
      (one) => one.textContent === label);
  const once = (label, act) => {
    const look = setInterval(() => find(label) && (clearInterval(look), act(find(label))), 30);
  };
  if (location.hash || performance.getEntriesByType("navigation")[0].type === "reload") return;
  once("Sign in", (button) => button.click());
  once("Continue in this tab", () => console.debug("offered"));
});"""
"""Without a reader's gesture the browser opens no window; looking for a button from outside counts as one."""


@pytest.fixture(scope="module")
def hosts(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosts]:
    folder = tmp_path_factory.mktemp("https")
    (folder / "https.db").write_bytes(sqlite_template.read_bytes())
    with two_hosts(f"sqlite:///{folder / 'https.db'}", folder) as made:
        yield made


@pytest.fixture
def visitor(
    browser_type: Any, browser_type_launch_args: dict[str, Any], tmp_path: Path
) -> Iterator[Callable[[dict[str, Any]], BrowserContext]]:
    """Starts a browser that knows where the two hosts are, with these preferences."""
    opened: list[BrowserContext] = []
    mapped = f"--host-resolver-rules=MAP {PAPER} 127.0.0.1, MAP {SERVICE} 127.0.0.1"

    def start(preferences: dict[str, Any]) -> BrowserContext:
        (tmp_path / "Default").mkdir()
        (tmp_path / "Default" / "Preferences").write_text(json.dumps({"profile": preferences}))
        launch = {**browser_type_launch_args, "args": [*browser_type_launch_args["args"], mapped]}
        opened.append(browser_type.launch_persistent_context(tmp_path, ignore_https_errors=True, **launch))
        opened[-1].set_default_timeout(10_000)
        opened[-1].on("console", lambda message: "Security Policy" in message.text and problems.append(message.text))
        opened[-1].on("weberror", lambda error: problems.append(str(error.error)))
        return opened[-1]

    problems: list[str] = []
    yield start
    for context in opened:
        context.close()
    assert problems == []


def fill_in(window: Page) -> None:
    window.get_by_label("E-mail").fill(READER)
    window.get_by_label("Password").fill(factories.PASSWORD)
    window.get_by_role("button", name="Sign in").click()


def signed_in(page: Page) -> Locator:
    return page.get_by_text("Signed in as Rosa Vogt", exact=True)


@pytest.mark.parametrize("cookies", [ALLOWED, BLOCKED], ids=["third-party allowed", "third-party blocked"])
def test_sign_in_by_window_outlasts_reloads_and_leaves_no_token_to_scripts(
    hosts: Hosts, visitor: Any, cookies: dict[str, Any]
):
    page = visitor(cookies).new_page()
    page.goto(hosts.story)
    assert page.evaluate("window.isSecureContext && location.protocol") == "https:"

    with page.expect_popup() as opened:
        page.get_by_role("button", name="Sign in", exact=True).click()
    fill_in(opened.value)
    expect(signed_in(page)).to_be_visible()
    page.reload()
    expect(signed_in(page)).to_be_visible()
    with page.expect_response("**/vote") as voted:
        page.get_by_role("button", name=re.compile("^Agree")).click()
    page.reload()

    expect(signed_in(page)).to_be_visible()
    assert voted.value.status == 200
    assert page.evaluate(STORED) == {"comments:signed-in:gazette": "1"}
    kept = {one["name"]: one for one in page.context.cookies(hosts.service)}
    assert (kept["__Host-rt-gazette"]["httpOnly"], kept["__Host-rt-gazette"]["secure"]) == (True, True)
    assert page.context.cookies(hosts.paper) == []


@pytest.mark.parametrize("trouble", ["window blocked", "opener cut off"])
def test_where_no_window_can_answer_the_tab_signs_in_and_stays_so(hosts: Hosts, visitor: Any, trouble: str):
    page = visitor(BLOCKED).new_page()
    if trouble == "window blocked":
        page.add_init_script(PRESS)
        with page.expect_console_message(lambda message: message.text == "offered"):
            page.goto(hosts.story)
    else:
        page.goto(hosts.isolated)
        page.get_by_role("button", name="Sign in", exact=True).click()

    page.get_by_role("button", name="Continue in this tab").click()
    fill_in(page)
    expect(signed_in(page)).to_be_visible()
    at = page.url
    page.reload()

    expect(signed_in(page)).to_be_visible()
    assert at in {hosts.story, hosts.isolated}
    assert page.evaluate(STORED) == {"comments:signed-in:gazette": "1"}


@pytest.mark.usefixtures("browser_name")  # Else they run apart from the others, on two hosts of their own.
@pytest.mark.skipif(FIREFOX is None, reason="needs Firefox")
@pytest.mark.parametrize(
    ("cookies", "tab"),
    [
        pytest.param(PARTITIONED, [], id="as shipped"),
        # Where not even partitioned cookies are kept, what renews the sign-in lives as long as the tab.
        pytest.param(NO_THIRD_PARTY, ["comments:refresh:gazette"], id="third-party blocked"),
    ],
)
def test_firefox_signs_in_and_stays_so(hosts: Hosts, cookies: dict[str, Any], tab: list[str]):
    asked = {"firefox": FIREFOX, "hosts": [PAPER, SERVICE], "story": hosts.story, "email": READER,
             "password": factories.PASSWORD, "preferences": cookies}  # fmt: skip

    done = subprocess.run(
        ["node", "tests/browser/firefox.mjs", json.dumps(asked)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "names": ["Rosa Vogt"] * 3,
        "kept": {"local": {"comments:signed-in:gazette": "1"}, "tab": tab},
        "cookie": "",
        "problems": [],
    }
