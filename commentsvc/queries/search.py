"""Which cases are about these words? What somebody types is words to look for, never the index's own language."""

import re

from sqlalchemy import BigInteger, ColumnElement, ScalarSelect, column, false, func, literal_column, or_, select, table
from sqlalchemy.orm import Session

from commentsvc.store.models import Case

_WORD = re.compile(r"[^\W_]+")
MAX_WORDS = 12
"""Nobody types more words than this to find a comment again."""


def words_of(q: str) -> list[str]:
    """Cut what was typed into the words that the indexes know, in small letters."""
    return _WORD.findall(q.lower())[:MAX_WORDS]


def is_about(session: Session, q: str) -> ColumnElement[bool]:
    """Build the condition that a case's comment, or its article's title, has all these words; the last may go on."""
    words = words_of(q)
    if not words:
        return false()
    find = _in_sqlite if session.get_bind().dialect.name == "sqlite" else _in_postgres
    return or_(
        Case.id.in_(find("case_words", "case_id", words)),
        Case.article_id.in_(find("article_words", "article_id", words)),
    )


def _in_sqlite(name: str, _: str, words: list[str]) -> ScalarSelect[int]:
    # Quoted, a word is a word, even AND and NEAR. What FTS5 cuts otherwise than we do becomes a phrase, which is fine.
    asked = " ".join(f'"{word}"' for word in words) + "*"
    rows = table(name, column("rowid", BigInteger))
    return select(rows.c.rowid).where(literal_column(name).op("MATCH")(asked)).scalar_subquery()


def _in_postgres(name: str, key: str, words: list[str]) -> ScalarSelect[int]:
    asked = " & ".join(f"'{word}'" for word in words) + ":*"
    rows = table(name, column(key, BigInteger), column("words"))
    return select(rows.c[key]).where(rows.c.words.op("@@")(func.to_tsquery("simple", asked))).scalar_subquery()
