"""Is everything that the widget says said in every language, and are the tools that prove it right?"""

import gettext
import re
from io import BytesIO
from pathlib import Path

import pytest
from babel import Locale
from babel.messages.catalog import Catalog, Message
from click.testing import CliRunner

from translations import __main__ as command
from translations import catalogues, english, faults, modules
from translations.english import Sentence

ROOT = Path(__file__).resolve().parent.parent.parent
PLAIN = Sentence("reply", "Reply to {name}", "")
COUNTED = Sentence("fresh", {"one": "{n} new comment", "other": "{n} new comments"}, "")


def test_nothing_is_missing_wrong_or_out_of_date() -> None:
    answer = CliRunner().invoke(command.main, ["--check"])

    assert answer.output == f"{len(english.sentences())} sentences, ar, de, es, fr, ja: nothing to do\n"
    assert answer.exit_code == 0


def test_sentences_are_read_with_their_part_plurals_and_hints() -> None:
    found = {sentence.key: sentence for sentence in english.sentences()}

    assert found["reply"] == Sentence("reply", "Reply", "")
    assert found["dir"].hint == "How the language is written: ltr or rtl."
    assert found["left"] == Sentence(
        "left", {"one": "{n} character left", "other": "{n} characters left"}, "-writing"
    )  # fmt: skip
    assert found["There is no such comment."] == Sentence(
        "There is no such comment.", "There is no such comment.", "-writing", is_services=True
    )
    assert found["edited"].is_services is False


def test_what_is_no_sentence_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(english, "_source", lambda _part: "export default {\n  a: `${b}`,\n};\n")

    with pytest.raises(ValueError, match="line 2"):
        english.sentences()


def test_sentences_of_the_service_are_what_it_says() -> None:
    # A sentence may stand on two lines there, as two texts.
    sources = [path.read_text("utf-8") for path in (ROOT / "commentsvc").rglob("*.py")]
    said = re.sub(r'"\s*\n\s*f?"', "", "\n".join(sources))

    unsaid = [one.text for one in english.sentences() if one.is_services and f'"{one.text}"' not in said]

    assert unsaid == []


@pytest.mark.parametrize(
    ("string", "found"),
    [
        ("Antwort an {name}", []),
        ("", ["de: reply: is missing"]),
        ("Antwort", ["de: reply: differs in {name}: Antwort"]),
        ("Antwort an {nam}", ["de: reply: differs in {nam}, {name}: Antwort an {nam}"]),
    ],
)
def test_plain_sentence_needs_its_placeholders(string: str, found: list[str]) -> None:
    assert list(faults.faults([PLAIN], "de", _catalog("de", (PLAIN, string)))) == found


@pytest.mark.parametrize(
    ("language", "strings", "found"),
    [
        ("de", ("{n} neuer", "{n} neue"), []),
        ("de", ("Ein neuer", "{n} neue"), []),
        ("de", ("Ein neuer", "viele neue"), ["de: fresh: differs in {n}: viele neue"]),
        ("de", ("{n} neuer", ""), ["de: fresh: is missing for other"]),
        # In French one form stands for 0 and 1.
        ("fr", ("Un nouveau", "{n} de", "{n} n"), ["fr: fresh: differs in {n}: Un nouveau"]),
        ("fr", ("{n} nouveau", "{n} nouveaux"), ["fr: fresh: has 2 forms instead of one, many, other"]),
        ("ar", ("لا", "واحد", "اثنان", "{n} أ", "{n} ب", "{n} ج"), []),
        (
            "ar",
            ("لا", "واحد", "", "{n} أ", "ب", "{n} ج"),
            ["ar: fresh: is missing for two", "ar: fresh: differs in {n}: ب"],
        ),
        ("ja", ("{n}件",), []),
    ],
)
def test_counted_sentence_needs_every_plural_of_its_language(
    language: str, strings: tuple[str, ...], found: list[str]
) -> None:
    assert list(faults.faults([COUNTED], language, _catalog(language, (COUNTED, strings)))) == found


def test_missing_and_superfluous_sentences_and_the_wrong_direction_are_found() -> None:
    direction = Sentence("dir", "ltr", "")
    catalog = _catalog("ar", (direction, "ltr"), (PLAIN, "رد على {name}"))

    found = list(faults.faults([direction, COUNTED], "ar", catalog))

    assert found == [
        "ar: fresh: is missing",
        "ar: reply: is said no more",
        "ar: dir: is written rtl",
    ]


def test_translation_of_a_sentence_that_changed_is_kept_but_not_used() -> None:
    changed = Sentence("reply", "Answer {name}", "")
    before = _catalog("de", (PLAIN, "Antwort an {name}"))

    after = _read(catalogues.written([changed], "de", before))

    message = catalogues.by_key(after)["reply"]
    assert (message.id, message.string, message.fuzzy) == ("Answer {name}", "Antwort an {name}", True)
    assert list(faults.faults([changed], "de", after)) == [
        "de: reply: the English has changed: look at it and remove “fuzzy”"
    ]
    assert '  reply: "Answer {name}",\n' in modules.modules([changed], "de", after)["strings.de.js"]


def test_translation_of_a_sentence_that_is_counted_now_is_begun_anew() -> None:
    counted = Sentence("reply", {"one": "Reply to {n}", "other": "Replies to {n}"}, "")

    after = _read(catalogues.written([counted], "de", _catalog("de", (PLAIN, "Antwort an {name}"))))

    assert list(faults.faults([counted], "de", after)) == [
        "de: reply: is missing for one",
        "de: reply: is missing for other",
    ]


def test_sentence_of_the_service_is_not_taken_for_a_key() -> None:
    service = Sentence("spam", "spam", "-writing", is_services=True)
    own = Sentence("spam", "No spam", "-writing")

    made = modules.modules([service, own], "de", _catalog("de"))["strings-writing.de.js"]

    assert made.splitlines()[2:4] == ['  "=spam": "spam",', '  spam: "No spam",']


def test_what_is_not_translated_is_said_in_english() -> None:
    catalog = _catalog("fr", (PLAIN, "Réponse à {name}"), (COUNTED, ("{n} nouveau", "", "{n} nouveaux")))

    made = modules.modules([PLAIN, COUNTED], "fr", catalog)

    assert made["strings.fr.js"] == (
        "// Made of translations/fr/widget.po by `python -m translations`: change that.\n"
        "export default {\n"
        '  reply: "Réponse à {name}",\n'
        '  fresh: { one: "{n} new comment", other: "{n} new comments" },\n'
        "};\n"
    )
    assert list(made) == ["strings.fr.js", "strings-writing.fr.js", "strings-notices.fr.js", "strings-reading.fr.js"]


@pytest.mark.parametrize("language", catalogues.languages())
def test_gettext_chooses_the_same_plural_as_a_browser(language: str) -> None:
    header = catalogues.read(language).mime_headers
    _, _, expression = dict(header)["Plural-Forms"].partition("plural=")
    by_gettext = gettext.c2py(expression.strip().rstrip(";"))  # type: ignore[attr-defined]
    rule = Locale.parse(language).plural_form
    names = catalogues.categories(language)

    for number in [*range(120), 1000, 1_000_000, 2_000_000]:
        assert names[by_gettext(number)] == rule(number)


def _catalog(language: str, *strings: tuple[Sentence, str | tuple[str, ...]]) -> Catalog:
    catalog = _read(catalogues.written([], language, None))
    for sentence, string in strings:
        text = sentence.text
        wanted = text if isinstance(text, str) else (text["one"], text["other"])
        catalog[wanted] = Message(wanted, string, context=sentence.key)
    return catalog


def _read(content: bytes) -> Catalog:
    return catalogues.read_po(BytesIO(content))
