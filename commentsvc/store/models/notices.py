"""What do people want to hear of, and which addresses take no mail?"""

from sqlalchemy import Boolean, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from commentsvc.store.models.table import Table, partial_index


class Follow(Table):
    """That a person follows, or has muted, an article's thread or what is below one comment."""

    __tablename__ = "follows"
    __table_args__ = (
        partial_index("ix_follows_article", "article_id", "person_id", where="comment_id IS NULL", unique=True),
        partial_index("ix_follows_comment", "comment_id", "person_id", where="comment_id IS NOT NULL", unique=True),
        Index("ix_follows_person", "person_id", "site_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"))
    comment_id: Mapped[int | None] = mapped_column(ForeignKey("comments.id"))
    """None for all of the article."""
    muted: Mapped[bool] = mapped_column(Boolean)
    created_at: Mapped[int]


class NoticePreference(Table):
    """How a person wants to be told of one kind of thing on a site; no row for what is usual."""

    __tablename__ = "notice_preferences"

    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"), primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    """enums.NoticeKind."""
    in_page: Mapped[bool] = mapped_column(Boolean)
    mail: Mapped[str] = mapped_column(String(10))
    """enums.MailPace."""


class Bounce(Table):
    """An address that a mail server said doesn't exist; it gets no notices until it is verified again."""

    __tablename__ = "bounces"

    address: Mapped[str] = mapped_column(String(254), primary_key=True)
    detail: Mapped[str] = mapped_column(Text, default="")
    """What the server said."""
    created_at: Mapped[int]
