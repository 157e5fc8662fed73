"""Is a reader whom the publisher's server vouches for signed in without a window, in a real browser?"""

import pytest
from playwright.sync_api import Page, expect

from commentsvc.actions import sign_ons
from commentsvc.queries.sites import get_site
from commentsvc.store.db import now_us
from commentsvc.store.models import SigningKey
from tests.browser.conftest import Story, visit, write
from tests.signing import ISSUER, claims, signed

pytestmark = pytest.mark.browser


def test_a_reader_of_the_publishers_writes_without_a_window(reader: Page, story: Story):
    with story.db.writing() as session:
        site = get_site(session, "demo")
        sign_ons.set_token_issuer(session, site, ISSUER, now=now_us())
        key = SigningKey(site_id=site.id, kid=story.key, algorithm="HS256", created_at=now_us())
        session.add(key)
    widget = visit(reader, story)
    # A placeholder of the page's own sign-in, which answers with a token.
    reader.evaluate(
        """(jwt) => document.addEventListener("comments:signin-wanted", (event) => event.detail.respondWith(jwt))""",
        signed(key, claims(aud="demo")),
    )

    write(widget, "A calm remark by a subscriber.")

    expect(widget.get_by_text("Signed in as Nora Falk", exact=True)).to_be_visible()
    expect(widget.get_by_text("A calm remark by a subscriber.")).to_be_visible()
    assert len(reader.context.pages) == 1
    visit(reader, story)
    expect(widget.get_by_text("Signed in as Nora Falk", exact=True)).to_be_visible()
    refused = reader.evaluate(
        "(jwt) => document.querySelector('article-comments').signIn(jwt).catch((error) => [error.code, error.details])",
        signed(key, claims(aud="daily")),
    )
    assert refused == ["invalid_grant", {"reason": "wrong_audience"}]
    reader.evaluate("document.dispatchEvent(new Event('comments:sign-out'))")
    expect(widget.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
