"""Comment text: any text round-trips or is refused, and its HTML has only the allowed tags."""

import re
import unicodedata
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commentsvc import text
from commentsvc.errors import Invalid

ANY_TEXT = st.text(alphabet=st.characters(), max_size=300)
PIECES = [
    "<script>", "</p>", "<img src=x onerror=", '"', "'", "&", "javascript:alert(1)", "http://a.example/", "\n\n", "\n",
    "<a href=", "mailto:x@y.example", "www.b.example", " ", "data:text/html,", "<svg/onload=", "&#x3c;",
    "HTTP://C.example/<b>",
]  # fmt: skip
MARKUP = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)


def clean(value: str, **options: object) -> str:
    return text.clean(value, **{"field": "body", "max_length": 5000, "multiline": True, **options})


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@given(ANY_TEXT)
def test_clean_refuses_or_settles(value: str) -> None:
    try:
        once = clean(value)
    except Invalid:
        return

    assert clean(once) == once
    assert once == unicodedata.normalize("NFC", once)
    assert once.encode("utf-8").decode("utf-8") == once
    assert "\x00" not in once


@given(st.one_of(ANY_TEXT, MARKUP))
def test_html_has_only_allowed_tags_and_all_of_the_text(value: str) -> None:
    links = text.find_links(value)

    html = text.to_html(value, links)

    parser = _Tags()
    parser.feed(html)
    assert {tag for tag, _ in parser.seen} <= {"p", "br", "a"}
    for tag, attributes in parser.seen:
        assert set(attributes) == ({"href", "rel"} if tag == "a" else set())
        if tag == "a":
            assert re.match(r"(?i)(https?://|mailto:)", attributes["href"] or "")
    assert "".join("".join(parser.words).split()) == "".join(value.split())


@given(st.one_of(ANY_TEXT, MARKUP))
def test_links_are_ascending_ranges_of_code_points(value: str) -> None:
    links = text.find_links(value)

    assert all(0 <= start < end <= len(value) for start, end in links)
    assert links == sorted(links)
    assert all(a[1] <= b[0] for a, b in pairwise(links))


@pytest.mark.parametrize("value", ["", "   ", "\u200b\u2060", "\u3164", "\n\n"])
def test_clean_refuses_what_nobody_can_see(value: str) -> None:
    with pytest.raises(Invalid):
        clean(value)


@pytest.mark.parametrize("value", ["a\x00b", "a\x07", "\ud800", "x\x9f"])
def test_clean_refuses_controls_and_broken_unicode(value: str) -> None:
    with pytest.raises(Invalid, match="Control characters"):
        clean(value)


def test_clean_thins_out_stacked_marks() -> None:
    assert clean("e" + "\u0301" * 50) == "\u00e9" + "\u0301" * 4


def test_clean_drops_bidirectional_controls_and_keeps_joiners() -> None:
    assert clean("a\u202eb \U0001f469\u200d\U0001f4bb") == "ab \U0001f469\u200d\U0001f4bb"


def test_clean_names_both_lengths_when_too_long() -> None:
    with pytest.raises(Invalid, match=r"At most 5,000 characters fit here; this has 5,001\."):
        clean("x" * 5001)


def test_find_links_takes_only_web_and_mail() -> None:
    value = "see http://a.example/x and www.b.org, mailto:c@d.example but not javascript:alert(1) or ftp://e.example"

    assert [value[a:b] for a, b in text.find_links(value)] == [
        "http://a.example/x",
        "www.b.org",
        "mailto:c@d.example",
    ]


def test_excerpt_cuts_at_a_word() -> None:
    assert text.excerpt("one two  three\nfour", 14) == "one two three…"
    assert text.excerpt("short") == "short"
