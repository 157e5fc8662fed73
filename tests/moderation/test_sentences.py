"""Sentences, and the way back from plain text to UTF-16 ranges of what came."""

import time

import pytest

from commentsvc.moderation.detection import detect
from commentsvc.moderation.sentences import MOST, Source, sentences


def parts(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What kind of name is foo? Sorry, I like it.", ["What kind of name is foo?", "Sorry, I like it."]),
        ('He said "go!" Then he left', ['He said "go!"', "Then he left"]),
        ("One line\n\n  another line \n", ["One line", "another line"]),
        ("It cost 3.50 at news.example today...", ["It cost 3.50 at news.example today..."]),
        ("Wait?!! No.", ["Wait?!!", "No."]),
        ("no end", ["no end"]),
        (" \n ", []),
        ("", []),
    ],
)
def test_sentences_are_cut_at_their_ends_without_space(text: str, expected: list[str]) -> None:
    assert parts(text) == expected


def test_many_sentences_share_spans_and_none_is_left_out() -> None:
    text = "So it goes. " * 1000

    found = sentences(text)

    assert len(found) <= MOST
    assert (found[0][0], found[-1][1]) == (0, len(text) - 1)
    assert "".join(parts(text)).replace(" ", "") == text.replace(" ", "")


def test_plain_ranges_are_given_in_utf16_units() -> None:
    source = Source("\U0001f600 a\u0301. You fool!", is_html=False)

    spans = [source.utf16(span) for span in sentences(source.text)]

    units = source.text.encode("utf-16-le")
    assert [units[2 * begin : 2 * end].decode("utf-16-le") for begin, end in spans] == [
        "\U0001f600 a\u0301.",
        "You fool!",
    ]


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>You <b>id</b>iot</p><p>Tom &amp; I</p>", "\nYou idiot\n\nTom & I\n"),
        ("a < b and c > d", "a < b and c > d"),
        ("x<script>var fool = 1;</script>y<!-- fool -->z", "xyz"),
        ("x<style>unclosed", "x"),
        ("&lt;b&gt; &#x1F600; &unknown; &#xd800;", "<b> \U0001f600 &unknown; \ufffd"),
        ('<a href="https://x.example">link</a>', "link"),
    ],
)
def test_html_is_reduced_to_what_a_reader_sees(html: str, text: str) -> None:
    assert Source(html, is_html=True).text == text


def test_ranges_of_html_lead_back_to_its_source() -> None:
    html = "<p>\U0001f600 Fine.</p><p>You id<b>i</b>ot &amp; fool! Bye.</p>"
    source = Source(html, is_html=True)

    spans = [source.utf16(span) for span in sentences(source.text)]

    units = html.encode("utf-16-le")
    found = [units[2 * begin : 2 * end].decode("utf-16-le") for begin, end in spans]
    assert found == ["\U0001f600 Fine.", "You id<b>i</b>ot &amp; fool!", "Bye."]


@pytest.mark.parametrize(
    "hostile",
    ["<a" * 10_000, "<" + "a" * 20_000, "." * 20_000, "!)" * 10_000, "<script>" * 2500, "<!--" * 5000, "&#" * 10_000],
)
def test_hostile_text_costs_no_more_than_its_length(hostile: str) -> None:
    begun = time.perf_counter()

    source = Source(hostile, is_html=True)
    spans = [source.utf16(span) for span in sentences(source.text)]

    assert len(spans) <= MOST
    assert time.perf_counter() - begun < 1


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The harbour will be closed on Sunday.", "en"),
        ("lol ok", "en"),
        ("Je ne sais pas pourquoi vous dites que cette ville est la plus belle du monde entier", "fr"),
        ("Почему вы так говорите", "ru"),
        ("\U0001f600 !!", None),
    ],
)
def test_a_language_is_named_where_there_are_words(text: str, language: str | None) -> None:
    assert detect(text) == language
