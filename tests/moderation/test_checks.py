"""What each rule sees, and what it lets pass."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commentsvc.enums import Guideline, Mode
from commentsvc.moderation import checks
from commentsvc.moderation.hosts import look_alike, on_list
from commentsvc.moderation.terms import Draft, Policy, Standing

POLICY = Policy()
WORDS = Policy(banned_words=("blockhead", "Rotten Egg", "c*nt"), suspect_words=("fool", "дурак", "笨蛋"))


def marked(body: str, spans: tuple[tuple[int, int], ...]) -> list[str]:
    return [body[start:end] for start, end in spans]


@pytest.mark.parametrize(
    ("draft_mode", "policy_mode", "score"),
    [
        (Mode.PUBLISH, Mode.PUBLISH, 0.0),
        (Mode.PREMODERATE, Mode.PUBLISH, 1.0),
        (Mode.PUBLISH, Mode.PREMODERATE, 1.0),
        (Mode.CLOSED, Mode.PUBLISH, 1.0),
    ],
)
def test_article_waits_when_article_or_site_says_so(draft_mode: Mode, policy_mode: Mode, score: float) -> None:
    signal = checks.article(Draft("hello", mode=draft_mode), Policy(mode=policy_mode))

    assert (signal.check, signal.guideline, signal.score) == ("article", None, score)


@pytest.mark.parametrize(
    ("who", "hold_new", "score"),
    [
        (Standing(), False, 0.0),
        (Standing(), True, 1.0),
        (Standing(published=1), True, 1.0),
        (Standing(published=2), True, 0.0),
        (Standing(premoderated=True, published=99), False, 1.0),
        (Standing(published=0, rejected=4), False, 0.0),
        (Standing(published=1, rejected=4), False, 1.0),
        (Standing(published=4, rejected=4), False, 0.0),
    ],
)
def test_standing_waits_by_record_with_a_minimum_sample(who: Standing, hold_new: bool, score: float) -> None:
    signal = checks.standing(Draft("hello", standing=who), replace(POLICY, hold_new_authors=hold_new))

    assert (signal.score, bool(signal.message)) == (score, score > 0)


@pytest.mark.parametrize(
    ("body", "score", "found"),
    [
        ("You BLOCKHEAD!", 1.0, ["BLOCKHEAD"]),
        ("you bl0ckh3ad", 1.0, ["bl0ckh3ad"]),
        ("a b-l-o-c-k-h-e-a-d here", 1.0, ["b-l-o-c-k-h-e-a-d"]),
        ("you blосkhеаd", 1.0, ["blосkhеаd"]),
        ("rotten,  EGG", 1.0, ["rotten,  EGG"]),
        ("what a c*nt", 1.0, ["c*nt"]),
        ("fool, rotten egg", 1.0, ["fool", "rotten egg"]),
        ("Fool.", 0.5, ["Fool"]),
        ("ты Дурак, братец", 0.5, ["Дурак"]),
        ("你这个笨蛋吧", 0.5, ["笨蛋"]),
        ("foolish blockheads have rotten eggs", 0.0, []),
        ("rotten", 0.0, []),
        ("", 0.0, []),
    ],
)
def test_words_finds_whole_words_behind_disguises(body: str, score: float, found: list[str]) -> None:
    signal = checks.words(Draft(body), WORDS)

    assert (signal.score, marked(body, signal.spans)) == (score, found)


def test_words_keeps_a_long_list_as_one_tree() -> None:
    listed = tuple(f"badword{n} phrase{n}" for n in range(5_000))
    body = "nothing here " * 200 + "Badword4999 phrase4999"

    signal = checks.words(Draft(body), Policy(banned_words=listed))
    before = checks._word_tree.cache_info().misses
    checks.words(Draft(body), Policy(banned_words=listed))

    assert marked(body, signal.spans) == ["Badword4999 phrase4999"]
    assert checks._word_tree.cache_info().misses == before, "the list is compiled once"


def test_words_looks_at_each_word_of_a_hostile_text_a_bounded_number_of_times(monkeypatch: pytest.MonkeyPatch) -> None:
    class Counting(dict):  # type: ignore[type-arg]
        looks = 0

        def get(self, *args: object) -> object:
            Counting.looks += 1
            return super().get(*args)

    tree = Counting(a=Counting(a=Counting(b=Counting({"": {}}))))
    monkeypatch.setattr(checks, "_word_tree", lambda _: tree)

    checks.words(Draft("a; " * 20_000), Policy(banned_words=("a a b",)))

    assert Counting.looks <= 2 * 3 * 20_000


@pytest.mark.parametrize(
    ("body", "options", "score"),
    [
        ("see https://a.example and https://b.example", {}, 0.0),
        ("https://a.example https://b.example https://c.example", {}, 0.6),
        ("https://a.example", {"max_links": 0}, 0.6),
        ("https://news.example/x", {"link_hosts": ("news.example",)}, 0.0),
        ("https://www.news.example/x", {"link_hosts": ("News.Example",)}, 0.0),
        ("https://evil-news.example/x", {"link_hosts": ("news.example",)}, 0.6),
        ("https://news.example.evil.com/x", {"link_hosts": ("news.example",)}, 0.6),
        ("http://аррӏе.com", {}, 0.9),
        ("http://xn--pple-43d.com", {}, 0.9),
        ("https://www.bank.com@evil.com/login", {}, 0.9),
        ("no link at all", {"max_links": 0}, 0.0),
    ],
)
def test_links_are_counted_listed_and_unmasked(body: str, options: dict[str, object], score: float) -> None:
    signal = checks.links(Draft(body), replace(POLICY, **options))  # type: ignore[arg-type]

    assert (signal.guideline, signal.score) == (Guideline.SPAM, score)
    assert bool(signal.spans) == (score > 0)
    assert all(body[start:].startswith("http") for start, _ in signal.spans)


@pytest.mark.parametrize("host", ["café.example", "почта.рф", "münchen.de", "例え.jp", "news.example", "日本news.jp"])
def test_look_alike_leaves_honest_foreign_names_alone(host: str) -> None:
    assert not look_alike(f"https://{host}/", host)


def test_look_alike_of_a_listed_host_is_found_under_any_top_level_domain() -> None:
    assert look_alike("https://nеws.example/", "nеws.example", ["news.example"])
    assert not on_list("nеws.example", ["news.example"])


@pytest.mark.parametrize(
    ("body", "recent", "wave", "score"),
    [
        ("I think this is wrong", (), 0, 0.0),
        ("I think this is wrong", ("I THINK: this is... wrong!",), 0, 1.0),
        ("I think this is wrong", ("Something else entirely, my friend",), 0, 0.0),
        ("Well said!", ("well said",), 9, 0.0),
        ("I think this is wrong", (), 2, 0.0),
        ("I think this is wrong", (), 3, 0.8),
    ],
)
def test_repeats_sees_the_same_text_again_and_waves(
    body: str, recent: tuple[str, ...], wave: int, score: float
) -> None:
    signal = checks.repeats(Draft(body, recent=recent, wave=wave), POLICY)

    assert (signal.guideline, signal.score) == (Guideline.SPAM, score)


def test_repeats_sees_nearly_the_same_text() -> None:
    body = " ".join(f"word{n}" for n in range(100))

    near = checks.repeats(Draft(body, recent=("other words here", body.replace("word99", "end"))), POLICY)
    half = checks.repeats(Draft(body, recent=(body[: len(body) // 2],)), POLICY)

    assert near.score is not None
    assert 0.9 <= near.score < 1
    assert half.score is not None
    assert half.score < checks.BREACH


@pytest.mark.parametrize(
    ("body", "score"),
    [
        ("A calm remark about the budget.", 0.0),
        ("MAKE $500 A DAY at https://rich.example", 0.9),
        ("My aunt made 300 dollars a week as a nurse.", 0.3),
        ("Whatsapp me +1 555 123 4567 https://x.example", 0.9),
        ("THIS IS THE BEST SHOP EVER SEEN BY ANYBODY ON THIS EARTH https://shop.example", 0.6),
        ("THIS IS A SCANDAL AND NOBODY EVER TALKS ABOUT IT", 0.3),
        ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 0.6),
        ("😀" * 40, 0.6),
        ("best site ever " * 20, 0.6),
        ("Noooooo!!!!!", 0.0),
        ("----------------------------", 0.0),
    ],
)
def test_spam_names_a_few_plain_shapes(body: str, score: float) -> None:
    signal = checks.spam(Draft(body), POLICY)

    assert (signal.guideline, signal.score) == (Guideline.SPAM, score)
    assert bool(signal.message) == (score >= checks.BREACH)


@given(body=st.text(alphabet=st.characters(), max_size=300), other=st.text(max_size=100), wave=st.integers(0, 9))
def test_every_rule_answers_any_text_with_a_score_and_valid_spans(body: str, other: str, wave: int) -> None:
    draft = Draft(body, recent=(other,), wave=wave)

    for check in (checks.article, checks.standing, checks.words, checks.links, checks.repeats, checks.spam):
        signal = check(draft, WORDS)

        assert signal.score is not None
        assert 0 <= signal.score <= 1
        assert bool(signal.message) == (signal.score >= checks.BREACH)
        assert all(0 <= start < end <= len(body) for start, end in signal.spans)
