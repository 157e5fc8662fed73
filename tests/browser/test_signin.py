"""Does a reader get signed in on a publisher's page, by a window of our origin, in a real browser?"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from tests.server import Server

pytestmark = pytest.mark.browser

PASSWORD = "commentsvc-demo"
COOKIES = {
    "as shipped": {},
    "third-party allowed": {"cookie_controls_mode": 0, "block_third_party_cookies": False},
    "third-party blocked": {"cookie_controls_mode": 1, "block_third_party_cookies": True},
}

PREPARE = """async ({ api, more }) => {
    const base64 = (bytes) => btoa(String.fromCharCode(...bytes));
    const text = (bytes) => base64(bytes).replace(/[+]/g, "-").replace(/[/]/g, "_").replace("=", "");
    const random = () => text(crypto.getRandomValues(new Uint8Array(32)));
    const [state, verifier] = [random(), random()];
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
    const query = { site: "demo", origin: location.origin, state, code_challenge: text(new Uint8Array(digest)),
                    code_challenge_method: "S256", ...more };
    const address = `${api}/auth/authorize?${new URLSearchParams(query)}`;
    window.code = new Promise((resolve) => addEventListener("message", ({ data, origin, source }) => {
        if (origin === api && source === window.opened && data.state === state) resolve(data.code);
    }));
    const button = Object.assign(document.createElement("button"), { textContent: "Open the window" });
    button.onclick = () => { window.opened = open(address, "sign-in", "popup,width=480,height=720"); };
    document.body.replaceChildren(button);
    return { address, state, verifier };
}"""

ASK = """async ({ api, body, credentials }) => {
    const answer = await fetch(`${api}/api/v1/token`, { method: "POST", credentials,
        headers: { "Content-Type": "application/json" }, body: JSON.stringify({ site: "demo", ...body }) });
    return { status: answer.status, ...(await answer.json()) };
}"""


@pytest.fixture
def profile(
    browser_type: Any, browser_type_launch_args: dict[str, Any], tmp_path: Path
) -> Iterator[Callable[[dict[str, Any]], BrowserContext]]:
    """Starts a browser with a profile of its own, in which these preferences are set."""
    opened: list[BrowserContext] = []

    def start(preferences: dict[str, Any]) -> BrowserContext:
        folder = tmp_path / "profile"
        (folder / "Default").mkdir(parents=True)
        (folder / "Default" / "Preferences").write_text(json.dumps({"profile": preferences}))
        opened.append(browser_type.launch_persistent_context(folder, **browser_type_launch_args))
        return opened[-1]

    yield start
    for context in opened:
        context.close()


@pytest.fixture
def publisher(page: Page, live_server: Server) -> Page:
    page.goto(live_server.pages)
    return page


def prepare(page: Page, server: Server, **more: str) -> dict[str, str]:
    return page.evaluate(PREPARE, {"api": server.api, "more": more})


def ask(page: Page, server: Server, credentials: str = "include", **body: Any) -> dict[str, Any]:
    return page.evaluate(ASK, {"api": server.api, "body": body, "credentials": credentials})


def exchange(page: Page, server: Server, ticket: dict[str, str], code: str, **how: Any) -> dict[str, Any]:
    return ask(page, server, grant_type="authorization_code", code=code, code_verifier=ticket["verifier"], **how)


def open_popup(page: Page) -> Page:
    with page.expect_popup() as popup:
        page.get_by_role("button", name="Open the window").click()
    return popup.value


def fill_in(page: Page, email: str = "ada@demo.example") -> None:
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def sign_in_by_popup(page: Page, server: Server, **how: Any) -> dict[str, Any]:
    ticket = prepare(page, server)
    popup = open_popup(page)
    with popup.expect_event("close"):
        fill_in(popup)
    return exchange(page, server, ticket, page.evaluate("window.code"), **how)


@pytest.mark.parametrize("cookies", COOKIES.values(), ids=COOKIES)
def test_sign_in_by_popup_survives_a_reload(live_server: Server, profile: Any, cookies: dict[str, Any]):
    page = profile(cookies).new_page()
    page.goto(live_server.pages)
    assert ask(page, live_server, grant_type="refresh_token")["status"] == 400

    granted = sign_in_by_popup(page, live_server, cookie=False)
    page.reload()
    refreshed = ask(page, live_server, grant_type="refresh_token")
    page.reload()
    again = ask(page, live_server, grant_type="refresh_token")

    assert [answer["status"] for answer in (granted, refreshed, again)] == [200, 200, 200]
    # The probe came back: no refresh token where the page's scripts could read it.
    assert set(granted) == {"status", "access_token", "expires_in", "token_type"}
    kept = {cookie["name"]: cookie for cookie in page.context.cookies(live_server.api)}
    assert kept["__Host-rt-demo"]["httpOnly"]
    assert kept["__Host-session"]["sameSite"] == "Lax"


def test_sign_in_where_cookies_do_not_stick_refreshes_from_the_body(publisher: Page, live_server: Server):
    ask(publisher, live_server, "omit", grant_type="refresh_token")

    granted = sign_in_by_popup(publisher, live_server, cookie=False, credentials="omit")
    refreshed = ask(publisher, live_server, "omit", grant_type="refresh_token", refresh_token=granted["refresh_token"])

    assert refreshed["status"] == 200
    assert refreshed["refresh_token"] != granted["refresh_token"]


def test_second_sign_in_is_one_click(publisher: Page, live_server: Server):
    sign_in_by_popup(publisher, live_server)
    ticket = prepare(publisher, live_server)

    popup = open_popup(publisher)
    expect(popup.get_by_role("button")).to_have_text("Continue as Ada Holm")
    with popup.expect_event("close"):
        popup.keyboard.press("Enter")
    granted = exchange(publisher, live_server, ticket, publisher.evaluate("window.code"))

    assert granted["status"] == 200


def test_sign_in_in_this_tab_comes_back_with_the_code_in_the_fragment(publisher: Page, live_server: Server):
    back = f"{live_server.pages}/?story=1"
    ticket = prepare(publisher, live_server, mode="redirect", return_to=back)

    publisher.goto(ticket["address"])
    fill_in(publisher)
    publisher.wait_for_url(f"{back}#*")
    given = dict(part.split("=") for part in publisher.url.partition("#")[2].split("&"))
    granted = exchange(publisher, live_server, ticket, given["comments-code"])

    assert set(given) == {"comments-code", "state"}
    assert given["state"] == ticket["state"]
    assert granted["status"] == 200


def test_popup_that_was_cut_from_its_page_says_what_to_do(page: Page, live_server: Server):
    cut = {"Cross-Origin-Opener-Policy": "same-origin"}
    page.route(live_server.pages + "/", lambda route: route.fulfill(content_type="text/html", headers=cut, body=""))
    page.goto(live_server.pages)
    prepare(page, live_server)

    popup = open_popup(page)
    fill_in(popup)

    expect(popup.get_by_text("Continue in this tab")).to_be_visible()
    assert not popup.is_closed()


def test_popup_tells_no_other_origin(publisher: Page, live_server: Server):
    page = publisher
    prepare(page, live_server)
    popup = open_popup(page)
    # Another page takes the opener's place before the sign-in is done.
    page.route(
        "http://evil.example/", lambda route: route.fulfill(content_type="text/html", body="<title>evil</title>")
    )
    page.goto("http://evil.example/")
    page.evaluate("addEventListener('message', (event) => { window.heard = event.data; })")

    with popup.expect_event("close"):
        fill_in(popup)

    assert page.evaluate("window.heard") is None


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("prompt", ["login", "create"])
def test_popup_is_accessible_and_keeps_its_own_policy(page: Page, live_server: Server, scheme: str, prompt: str):
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.emulate_media(color_scheme=scheme)
    page.goto(live_server.pages)
    complaints.clear()

    page.goto(prepare(page, live_server, prompt=prompt)["address"])
    expect(page.get_by_label("E-mail")).to_be_visible()

    violations = Axe().run(page).response["violations"]
    assert [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in violations] == []
    assert complaints == []
