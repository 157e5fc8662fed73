"""What can be seen in a draft by rules alone?

Every check answers a score of `BREACH` or more when the text should wait, with one plain sentence that both the
author and a manager may read; below it the score is only information.
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from commentsvc.enums import Guideline, Mode
from commentsvc.moderation.hosts import look_alike, on_list
from commentsvc.moderation.normalise import WORD, Folded, fingerprint, fold, second_view
from commentsvc.moderation.terms import Draft, Policy, Signal, Span
from commentsvc.text import find_links, link_host

Check = Callable[[Draft, Policy], Signal]

BREACH = 0.5
"""The score from which on a rule's signal holds a text."""
BANNED = 1.0
"""The score of `words` for a word that the site rejects; a suspect one scores `BREACH`."""

_SAME = 0.9
_SHINGLE = 3
_PITCH = re.compile(
    r"(whats ?app|telegram|wechat|signal) ?(me|us|number|:|@|\+)|\+\d[\d ().-]{8,}\d"
    r"|(earn|make|made|making|pays?|paid)( me)?( up to)? [$€£]? ?\d[\d,.]*k? ?[$€£]?"
    r"( dollars| euros)? (a|an|per|each|every|/) ?(hour|day|week|month)"
    r"|work(ing)? (from home|online) (and|job|part)"
    r"|(click|visit|check out|follow) (here|this link|my (site|page|profile|link|channel))"
    r"|(buy|cheap|order) (viagra|cialis|followers|likes|backlinks)|(double|invest) your (money|bitcoin|crypto)"
    r"|(recover|recovered) (my|your) (lost )?(bitcoin|crypto|funds)|free (gift ?cards?|iphone|followers|spins)"
)
_SHOUT_LETTERS = 30
_SHOUT_SHARE = 0.8
_RUN = re.compile(r"(\S)\1{14,}", re.DOTALL)
_SAME_RUN_LENGTH = 30


def article(draft: Draft, policy: Policy) -> Signal:
    """Observe whether everything under this article waits for a person."""
    if draft.mode is policy.mode is Mode.PUBLISH:
        return Signal("article", None, score=0.0)
    return Signal("article", None, score=1.0, message="Every comment here is read by the team before it appears.")


def standing(draft: Draft, policy: Policy) -> Signal:
    """Observe whether what the site knows of the author makes the text wait."""
    who = draft.standing
    decided = who.published + who.rejected
    if who.premoderated:
        message = "Your comments are read by the team before they appear, for now."
    elif policy.hold_new_authors and who.published < policy.new_author_below:
        message = "First comments here are read by the team before they appear."
    elif decided >= policy.rejection_sample > 0 and who.rejected / decided > policy.max_rejection_rate:
        message = "Several of your recent comments were rejected, so the team reads this one first."
    else:
        return Signal("standing", None, score=0.0)
    return Signal("standing", None, score=1.0, message=message)


def words(draft: Draft, policy: Policy) -> Signal:
    """Find the site's banned and suspect words: whole words, after undoing disguises, in linear time."""
    banned = _find_words(draft.body, policy.banned_words)
    suspect = _find_words(draft.body, policy.suspect_words)
    if not banned and not suspect:
        return Signal("words", Guideline.COURTESY, score=0.0)
    message = "This uses words that don't appear here." if banned else "This uses words that the team looks at first."
    spans = _merged([*banned, *suspect])
    return Signal("words", Guideline.COURTESY, score=BANNED if banned else BREACH, message=message, spans=spans)


def links(draft: Draft, policy: Policy) -> Signal:
    """Observe hosts that pretend to be others, hosts off the site's list, and too many links."""
    found = [(span, link_host(draft.body[span[0] : span[1]])) for span in find_links(draft.body)]
    fake = [span for span, host in found if look_alike(draft.body[span[0] : span[1]], host, policy.link_hosts)]
    strange = [span for span, host in found if policy.link_hosts and not on_list(host, policy.link_hosts)]
    if fake:
        return _links_signal(0.9, "A link's address looks like another site's.", fake)
    if strange:
        return _links_signal(0.6, "This links to a site that the team looks at first.", strange)
    if len(found) > policy.max_links:
        many = f"This has {len(found)} links; more than {policy.max_links} are looked at first."
        return _links_signal(0.6, many, [span for span, _ in found])
    return Signal("links", Guideline.SPAM, score=0.0)


def repeats(draft: Draft, policy: Policy) -> Signal:
    """Observe the same or nearly the same text, by this author before or by several people lately.

    Two words or fewer never count: people do say "Well said!" twice.
    """
    mine = _words_of(draft.body)
    if len(mine) <= 2:
        return Signal("repeats", Guideline.SPAM, score=0.0)
    print_ = fingerprint(draft.body)
    closest = max((_sameness(draft.body, mine, print_, other) for other in draft.recent), default=0.0)
    if closest >= _SAME:
        again = "You have posted this, or nearly this, before."
        return Signal("repeats", Guideline.SPAM, score=closest, message=again)
    if policy.wave_from > 0 and draft.wave >= policy.wave_from:
        wave = "Several people have posted this same text lately."
        return Signal("repeats", Guideline.SPAM, score=0.8, message=wave)
    return Signal("repeats", Guideline.SPAM, score=min(closest, BREACH - 0.01))


def spam(draft: Draft, policy: Policy) -> Signal:
    """Observe typical shapes of spam: a sales pitch or shouting together with a link, and endless repetition."""
    found = find_links(draft.body)
    pitch = _pitch(draft.body)
    shouts = _shouts(_without(found, draft.body))
    if pitch and found:
        message = "This reads like an advertisement."
        return Signal("spam", Guideline.SPAM, score=0.9, message=message, spans=pitch)
    if shouts and found:
        return Signal("spam", Guideline.SPAM, score=0.6, message="This is a link in capital letters.")
    stretch = _repetition(draft.body)
    if stretch:
        return Signal(
            "spam", Guideline.SPAM, score=0.6, message="This repeats the same thing many times.", spans=stretch
        )
    return Signal("spam", Guideline.SPAM, score=0.3 if pitch or shouts else 0.0, spans=pitch)


def _links_signal(score: float, message: str, spans: list[Span]) -> Signal:
    return Signal("links", Guideline.SPAM, score=score, message=message, spans=tuple(spans))


def _find_words(body: str, listed: tuple[str, ...]) -> list[Span]:
    if not listed:
        return []
    tree = _word_tree(listed)
    views = {view.text: view for view in (fold(body), second_view(body))}
    return [span for view in views.values() for span in _walk(view, tree)]


_Tree = dict[str, "_Tree"]
_END = ""


@lru_cache(maxsize=64)
def _word_tree(listed: tuple[str, ...]) -> _Tree:
    """Keep the listed words and phrases as a tree of folded words, so that a list's length costs nothing."""
    root: _Tree = {}
    for entry in listed:
        node = root
        for word in WORD.findall(fold(entry).text):
            node = node.setdefault(word, {})
        if node is not root:
            node[_END] = {}
    return root


def _walk(view: Folded, tree: _Tree) -> Iterator[Span]:
    found = list(WORD.finditer(view.text))
    for first, start in enumerate(found):
        node: _Tree | None = tree
        for at in range(first, len(found)):
            node = node.get(found[at][0]) if node else None
            if node is None:
                break
            if _END in node:
                yield view.span(start.start(), found[at].end())


def _merged(spans: list[Span]) -> tuple[Span, ...]:
    merged: list[Span] = []
    for start, end in sorted(set(spans)):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def _words_of(body: str) -> list[str]:
    return WORD.findall(fold(body).text)


def _sameness(body: str, mine: list[str], print_: int, other: str) -> float:
    """Return 1.0 for the same letters, else the Jaccard similarity of the sets of three words in a row."""
    if len(other) <= 4 * len(body) and fingerprint(other) == print_:
        return 1.0
    a, b = _shingles(mine), _shingles(_words_of(other))
    return len(a & b) / len(a | b) if b else 0.0


def _shingles(of: list[str]) -> set[tuple[str, ...]]:
    return {tuple(of[at : at + _SHINGLE]) for at in range(len(of) - _SHINGLE + 1)}


def _pitch(body: str) -> tuple[Span, ...]:
    folded = fold(body)
    return tuple(folded.span(match.start(), match.end()) for match in _PITCH.finditer(folded.text))


def _without(spans: list[Span], body: str) -> str:
    edges = [0, *(edge for span in spans for edge in span), len(body)]
    return " ".join(body[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True))


def _shouts(text: str) -> bool:
    cased = [char.isupper() for char in text if char.isupper() or char.islower()]
    return len(cased) >= _SHOUT_LETTERS and sum(cased) >= _SHOUT_SHARE * len(cased)


def _repetition(body: str) -> tuple[Span, ...]:
    """Find runs of one character that fill half the text, or a text that keeps saying one phrase."""
    runs = [match.span() for match in _RUN.finditer(body)]
    if runs and sum(end - start for start, end in runs) * 2 >= len(body) >= _SAME_RUN_LENGTH:
        return tuple(runs)
    said = _words_of(body)
    if len(said) >= 12 and len(_shingles(said)) * 4 <= len(said) - _SHINGLE + 1:
        return ((0, len(body)),)
    return ()
