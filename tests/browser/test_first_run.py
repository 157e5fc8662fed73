"""Does a fresh server lead from its log to comments on a page?"""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import faults_of
from tests.fileserver import serving
from tests.server import running_server

pytestmark = pytest.mark.browser


def test_from_the_code_in_the_log_to_comments_on_a_page(browser: Browser, database_url: str, tmp_path: Path) -> None:
    (tmp_path / "paper").mkdir()
    with serving(tmp_path / "paper") as paper, running_server(database_url, tmp_path) as server:
        pages = paper.url.replace("127.0.0.1", "localhost")
        code = re.search(r"(?:[2-9A-Z]{4}-){2}[2-9A-Z]{4}", server.log.read_text())
        assert code is not None
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"{server.api}/console")
        page.get_by_label("Code").fill(code[0])
        page.get_by_role("button", name="Go on").click()
        page.get_by_label("Name", exact=True).fill("The Daily")
        page.get_by_label("Key").fill("daily")
        page.get_by_label("Where its pages are").fill(pages)
        page.get_by_label("Your name").fill("Eve Okoro")
        page.get_by_label("Your e-mail").fill("eve@daily.example")
        page.get_by_label("Password").fill("vier wörter im regen")
        assert faults_of(page) == []
        page.get_by_role("button", name="Set up").click()

        expect(page.get_by_role("status").first).to_contain_text("Everything is set up")
        expect(page.get_by_text("Nothing was seen yet.")).to_be_visible()
        assert faults_of(page) == []
        tags = [tag.inner_text() for tag in page.locator(".steps pre").all()]
        story = context.new_page()

        (tmp_path / "paper" / "story.html").write_text(f"<!doctype html><title>Story</title>{''.join(tags)}")
        story.goto(f"{pages}/story.html")
        expect(story.get_by_text("No comments yet.")).to_be_visible()
        seen = page.get_by_text("The comments were loaded by a page of yours just now")
        for _ in range(20):
            page.get_by_role("link", name="Check again").click()
            if seen.is_visible():
                break
            page.wait_for_timeout(250)
        expect(seen).to_be_visible()
        context.close()
