"""Whom does a text name? `@` and a name, as the site's people are called."""

import re
from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from commentsvc.actions.names import skeleton
from commentsvc.store.models import Membership

MOST = 10
"""How many people one comment can call; who names more calls the first."""
_MOST_AT = 50
_MOST_WORDS = 5
_AT = re.compile(r"(?<![\w@.+-])@(?=\w)")
_LONGEST = 40
_WORD = re.compile(r"""[^\s@\-_.'’·,;:!?()\[\]{}"“”„…/\\<>|*]+""")
"""Not \\w alone: the marks that many scripts write vowels with aren't letters to it."""
_BETWEEN = re.compile(r"[ \-_.'’·]{1,2}")


def find(session: Session, body: str, *, site_id: int) -> list[int]:
    """Find the people of a site whom a text names, in its order; of several names that fit, the longest is meant."""
    named = candidates(body)
    wanted = {made for one in named for made in one}
    if not wanted:
        return []
    rows = session.execute(
        select(Membership.skeleton, Membership.person_id).where(
            Membership.site_id == site_id, Membership.skeleton.in_(wanted)
        )
    )
    people = {row.skeleton: row.person_id for row in rows}
    return _first(named, people)


def candidates(body: str) -> list[list[str]]:
    """List for each `@` in a text the skeletons of the names that may be meant, the longest first."""
    found = []
    for number, at in enumerate(_AT.finditer(body)):
        if number >= _MOST_AT:
            break
        names = _names(body[at.end() : at.end() + _LONGEST])
        if names:
            found.append(names)
    return found


def _names(text: str) -> list[str]:
    """List the skeletons of a text's first word, first two words, and so on."""
    made: list[str] = []
    end = 0
    for _ in range(_MOST_WORDS):
        between = _BETWEEN.match(text, end) if end else None
        if end and between is None:
            break
        word = _WORD.match(text, between.end() if between else 0)
        if word is None:
            break
        end = word.end()
        made.insert(0, skeleton(text[:end]))
    return [one for one in made if one]


def _first(named: list[list[str]], people: Mapping[str, int]) -> list[int]:
    meant: dict[int, None] = {}
    for names in named:
        person = next((people[name] for name in names if name in people), None)
        if person is not None:
            meant[person] = None
    return list(meant)[:MOST]
