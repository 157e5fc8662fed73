import re
from pathlib import Path

import pytest

from commentsvc.settings import Settings
from commentsvc.web.demo import create_pages

DOCS = Path(__file__).parents[2] / "docs" / "embed.md"
STORY = {
    "key": "quay",
    "title": "Boats & <b>men</b>",
    "lead": "A lead.",
    "body": "First paragraph.\n\nSecond one.",
    "section": "Harbour",
    "published_at": "2026-11-23T09:00:00.000000Z",
    "url": "http://localhost:8000/articles/quay",
    "author": "Maren Falk",
}


@pytest.fixture
def newspaper():
    settings = Settings(base_url="http://127.0.0.1:8123")
    return create_pages(settings, lambda: [STORY], {"quay": STORY}.get).test_client()


def test_article_embeds_the_thread_as_the_contract_writes_it(newspaper):
    page = newspaper.get("/articles/quay").text

    assert '<script type="module" src="http://127.0.0.1:8123/embed.js"></script>' in page
    assert '<article-comments site="demo" article="quay" lang="en"></article-comments>' in page
    assert '<link rel="canonical" href="http://localhost:8000/articles/quay">' in page
    assert "<p>First paragraph.</p>\n  \n  <p>Second one.</p>" in page
    assert '<time datetime="2026-11-23T09:00:00.000000Z">23 November 2026</time>' in page
    assert "Boats &amp; &lt;b&gt;men&lt;/b&gt;" in page


def test_front_page_lists_articles_with_their_counts(newspaper):
    page = newspaper.get("/").text

    assert '<a href="/articles/quay">' in page
    assert '<span data-comment-count="quay" data-site="demo">' in page


def test_pages_forbid_everything_but_our_origin(newspaper):
    page = newspaper.get("/articles/quay")

    rules = dict(rule.split(" ", 1) for rule in page.headers["Content-Security-Policy"].split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == rules["connect-src"] == "http://127.0.0.1:8123"
    assert rules["style-src"] == "'self'"
    assert rules["require-trusted-types-for"] == "'script'"
    assert " style=" not in page.text
    assert "<script>" not in page.text


def test_page_to_try_the_tags_may_run_its_own_script_and_nothing_inline(newspaper):
    page = newspaper.get("/try")

    assert page.text.count("<article-comments ") == 2
    assert "script-src http://127.0.0.1:8123 'self';" in page.headers["Content-Security-Policy"]
    assert "onclick" not in page.text
    with newspaper.get("/static/try.js") as script:
        assert script.mimetype == "text/javascript"


def test_page_to_try_the_looks_lists_the_parts_that_are_documented(newspaper):
    page = newspaper.get("/theme")
    with newspaper.get("/static/theme.js") as script:
        listed = re.search(r"PARTS = \{(.*?)\n\};", script.text, re.DOTALL).group(1)
    documented = DOCS.read_text("utf-8").split("| | parts |")[1].split("\n\n")[0]

    assert "script-src http://127.0.0.1:8123 'self';" in page.headers["Content-Security-Policy"]
    names = re.findall(r'"([\w-]+)"(?!:)', listed)
    assert len(names) == len(set(names))
    assert set(re.findall("`([^`]+)`", documented)) == set(names)


def test_unknown_article_is_not_found(newspaper):
    assert newspaper.get("/articles/none").status_code == 404


def test_stylesheet_is_the_newspapers_own(newspaper):
    answer = newspaper.get("/static/newspaper.css")

    assert answer.mimetype == "text/css"
    answer.close()


def test_the_services_own_front_page_leads_to_the_newspaper(app, settings, cast) -> None:
    from commentsvc.app import create_app

    demo = create_app(settings.model_copy(update={"demo": True}), judge=app.extensions["commentsvc"].judge)

    assert demo.test_client().get("/", base_url="http://127.0.0.1:8000").headers["Location"] == "http://localhost:8000/"
    assert app.test_client().get("/").headers["Location"] == "/console"
    demo.extensions["commentsvc"].db.dispose()
