"""Can a person take their data along and leave, in a real browser and without a script?"""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Story, faults_of

pytestmark = pytest.mark.browser


def test_a_copy_is_made_and_a_deletion_taken_back_without_a_script(
    browser: Browser, story: Story, tmp_path: Path
) -> None:
    who = story.person()
    story.comment(who, "Words to take along.")
    context = browser.new_context(java_script_enabled=False, viewport={"width": 320, "height": 700})
    page = context.new_page()
    page.goto(f"{story.server.api}/auth/sign-in?next=/auth/privacy")
    page.get_by_label("E-mail").fill(who.email or "")
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Sign in").click()

    page.get_by_role("button", name="Make a copy").click()
    expect(page.get_by_role("status")).to_contain_text("We are collecting your data")
    link = page.get_by_role("link", name="Download")
    for _ in range(60):
        if link.count():
            break
        page.wait_for_timeout(250)
        page.reload()
    with page.expect_download() as download:
        link.click()
    download.value.save_as(tmp_path / "copy.zip")
    data: dict[str, Any] = json.loads(zipfile.ZipFile(tmp_path / "copy.zip").read("data.json"))
    assert [row["body"] for row in data["sections"]["comments-person_id"]["rows"]] == ["Words to take along."]

    page.get_by_role("link", name="Delete my account").click()
    page.get_by_label("I know that nobody can bring this back.").check()
    page.get_by_role("button", name="Delete my account").click()
    expect(page.get_by_role("heading", name="Your account is going to be deleted")).to_be_visible()
    page.get_by_role("button", name="Keep my account").click()
    expect(page.get_by_role("status")).to_have_text("Your account stays.")
    context.close()


def test_pages_have_no_fault_that_axe_finds(browser: Browser, story: Story) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 800})
    page = context.new_page()
    page.goto(f"{story.server.api}/auth/sign-in")
    page.get_by_label("E-mail").fill("eve@demo.example")
    page.get_by_label("Password").fill("commentsvc-demo")
    page.get_by_role("button", name="Sign in").click()

    faults = {}
    for path in ("/auth/privacy", "/auth/privacy/delete", "/console/demo/privacy"):
        page.goto(f"{story.server.api}{path}")
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            faults[path, scheme] = faults_of(page)

    context.close()
    assert {path: found for path, found in faults.items() if found} == {}
