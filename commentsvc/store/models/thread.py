"""What do readers write: comments, revisions, votes?"""

from typing import Any

from sqlalchemy import BigInteger, Boolean, Float, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from commentsvc.store.models.table import Table, partial_index


class Comment(Table):
    """One contribution, at any depth, with its newest revision's text."""

    __tablename__ = "comments"
    __table_args__ = (
        partial_index("ix_comments_top_time", "top_of", "published_at", "id", where="top_of IS NOT NULL"),
        partial_index("ix_comments_top_best", "top_of", "best", "id", where="top_of IS NOT NULL"),
        partial_index("ix_comments_top_replies", "top_of", "reply_count", "id", where="top_of IS NOT NULL"),
        partial_index("ix_comments_top_controversial", "top_of", "controversial", "id", where="top_of IS NOT NULL"),
        partial_index("ix_comments_replies", "reply_of", "published_at", "id", where="reply_of IS NOT NULL"),
        partial_index("ix_comments_branch", "branch_id", "published_at", "id", where="branch_id IS NOT NULL"),
        partial_index("ix_comments_pinned", "pinned_on", "id", where="pinned_on IS NOT NULL"),
        partial_index("ix_comments_public", "article_id", "published_at", where="status = 'published'"),
        partial_index("ix_comments_feed", "site_id", "published_at", where="status = 'published'"),
        Index("ix_comments_time", "site_id", "created_at", "article_id", "status"),
        partial_index("ix_comments_shown", "article_id", where="(pinned OR featured)"),
        Index("ix_comments_recent", "article_id", "created_at"),
        Index("ix_comments_parent", "parent_id"),
        Index("ix_comments_author", "person_id", "site_id", "id"),
        Index("ix_comments_wave", "site_id", "fingerprint", "created_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("comments.id"))
    branch_id: Mapped[int | None]
    """The ancestor at depth 6, for comments below it: how deep branches read flat."""
    depth: Mapped[int] = mapped_column(default=0)
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    status: Mapped[str] = mapped_column(String(20), default="held")
    """Written by actions.decisions alone; a row is born held."""
    listed: Mapped[bool] = mapped_column(Boolean, default=False)
    """Published, or a tombstone with something listed below it."""
    top_of: Mapped[int | None]
    """The article, while listed at top level and not pinned; the shelf that the sorts walk."""
    reply_of: Mapped[int | None]
    """The parent, while listed; the shelf that replies walk."""
    pinned_on: Mapped[int | None]
    """The article, while listed, at top level and pinned."""
    revision: Mapped[int] = mapped_column(default=1)
    body: Mapped[str] = mapped_column(Text)
    links: Mapped[list[Any]]
    fingerprint: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[int]
    published_at: Mapped[int | None]
    """When it was first published; the key of newest and oldest."""
    edited_at: Mapped[int | None]
    up: Mapped[int] = mapped_column(default=0)
    down: Mapped[int] = mapped_column(default=0)
    best: Mapped[float] = mapped_column(Float(53), default=0.0)
    controversial: Mapped[float] = mapped_column(Float(53), default=0.0)
    reply_count: Mapped[int] = mapped_column(default=0)
    """Listed direct children."""
    pinned: Mapped[bool] = mapped_column(Boolean, default=False)
    featured: Mapped[bool] = mapped_column(Boolean, default=False)


class Revision(Table):
    """One version of a comment's text, and what judging made of it."""

    __tablename__ = "revisions"

    comment_id: Mapped[int] = mapped_column(ForeignKey("comments.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[int]


class Vote(Table):
    """One person's vote on one comment; no row for no vote."""

    __tablename__ = "votes"

    comment_id: Mapped[int] = mapped_column(ForeignKey("comments.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"), primary_key=True, index=True)
    value: Mapped[int]
    created_at: Mapped[int]


class Nudge(Table):
    """Feedback that was given before posting, and what came of it."""

    __tablename__ = "nudges"
    __table_args__ = (Index(None, "person_id", "article_id"), Index(None, "site_id", "created_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    article_id: Mapped[int | None] = mapped_column(ForeignKey("articles.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    guideline: Mapped[str | None] = mapped_column(String(20))
    fingerprint: Mapped[int] = mapped_column(BigInteger)
    outcome: Mapped[str | None] = mapped_column(String(20))
    comment_id: Mapped[int | None] = mapped_column(ForeignKey("comments.id"))
    created_at: Mapped[int]
