"""Articles' slow mode, hours and dates; circuit breakers; who changed the rules."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
SHOWN = sa.text("(pinned OR featured)")
OPEN = sa.text("ended_at IS NULL")


def upgrade() -> None:
    op.add_column("sites", sa.Column("time_zone", sa.String(length=60), nullable=False, server_default="UTC"))
    for name in ("slow_mode", "close_at", "reopen_at"):
        op.add_column("articles", sa.Column(name, BIG, nullable=True))
    op.add_column("articles", sa.Column("hours", sa.String(length=11), nullable=True))
    op.add_column("articles", sa.Column("tripped", sa.String(length=20), nullable=True))
    op.create_index("ix_comments_recent", "comments", ["article_id", "created_at"], unique=False)
    op.create_index(
        "ix_comments_shown", "comments", ["article_id"], unique=False, sqlite_where=SHOWN, postgresql_where=SHOWN
    )  # fmt: skip
    _create_trips()
    op.create_table(
        "rule_changes",
        sa.Column("id", BIG, nullable=False),
        sa.Column("site_id", BIG, nullable=False),
        sa.Column("article_id", BIG, nullable=True),
        sa.Column("section", sa.String(length=100), nullable=True),
        sa.Column("by_person_id", BIG, nullable=False),
        sa.Column("before", JSON, nullable=False),
        sa.Column("after", JSON, nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_rule_changes_article_id")),
        sa.ForeignKeyConstraint(["by_person_id"], ["persons.id"], name=op.f("fk_rule_changes_by_person_id")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_rule_changes_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_changes")),
    )
    op.create_index(op.f("ix_rule_changes_article_id_id"), "rule_changes", ["article_id", "id"], unique=False)
    op.create_index(op.f("ix_rule_changes_site_id_id"), "rule_changes", ["site_id", "id"], unique=False)


def _create_trips() -> None:
    op.create_table(
        "breaker_trips",
        sa.Column("id", BIG, nullable=False),
        sa.Column("site_id", BIG, nullable=False),
        sa.Column("article_id", BIG, nullable=False),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("line", sa.Float(precision=53), nullable=False),
        sa.Column("counted", BIG, nullable=False),
        sa.Column("troubled", BIG, nullable=False),
        sa.Column("started_at", BIG, nullable=False),
        sa.Column("until", BIG, nullable=False),
        sa.Column("extended_by_id", BIG, nullable=True),
        sa.Column("ended_at", BIG, nullable=True),
        sa.Column("ended_by_id", BIG, nullable=True),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_breaker_trips_article_id")),
        sa.ForeignKeyConstraint(["ended_by_id"], ["persons.id"], name=op.f("fk_breaker_trips_ended_by_id")),
        sa.ForeignKeyConstraint(["extended_by_id"], ["persons.id"], name=op.f("fk_breaker_trips_extended_by_id")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_breaker_trips_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_breaker_trips")),
    )
    op.create_index(
        "ix_breaker_trips_open", "breaker_trips", ["article_id"], unique=True,
        sqlite_where=OPEN, postgresql_where=OPEN,
    )  # fmt: skip
    op.create_index(
        "ix_breaker_trips_open_site", "breaker_trips", ["site_id", "id"],
        sqlite_where=OPEN, postgresql_where=OPEN,
    )  # fmt: skip
    op.create_index(op.f("ix_breaker_trips_article_id_id"), "breaker_trips", ["article_id", "id"], unique=False)
    op.create_index(op.f("ix_breaker_trips_site_id_id"), "breaker_trips", ["site_id", "id"], unique=False)


def downgrade() -> None:
    op.drop_table("rule_changes")
    op.drop_table("breaker_trips")
    op.drop_index("ix_comments_shown", "comments")
    op.drop_index("ix_comments_recent", "comments")
    for name in ("tripped", "hours", "reopen_at", "close_at", "slow_mode"):
        op.drop_column("articles", name)
    op.drop_column("sites", "time_zone")
