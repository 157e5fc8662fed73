"""Insights: blind cases, shadow verdicts, alerts, and the indexes that figures over a range of days walk."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

INDEXES = (
    ("ix_comments_time", "comments", ["site_id", "created_at", "article_id", "status"]),
    (
        "ix_decisions_time",
        "decisions",
        ["site_id", "created_at", "by_person_id", "action", "from_status", "to_status"],
    ),
    ("ix_nudges_site_id_created_at", "nudges", ["site_id", "created_at"]),
    ("ix_reports_created_at", "reports", ["created_at"]),
)


def upgrade() -> None:
    op.create_table(
        "alert_settings",
        sa.Column("site_id", BIG, nullable=False),
        sa.Column("mail_to", JSON, nullable=False),
        sa.Column("webhook_url", sa.Text(), nullable=False),
        sa.Column("secret", sa.String(length=64), nullable=False),
        sa.Column("oldest_minutes", BIG, nullable=True),
        sa.Column("depth", BIG, nullable=True),
        sa.Column("article_cases", BIG, nullable=True),
        sa.Column("out_minutes", BIG, nullable=True),
        sa.Column("updated_at", BIG, nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_alert_settings_site_id")),
        sa.PrimaryKeyConstraint("site_id", name=op.f("pk_alert_settings")),
    )
    op.create_table(
        "alerts",
        sa.Column("id", BIG, nullable=False),
        sa.Column("site_id", BIG, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("subject", BIG, nullable=False),
        sa.Column("value", sa.Float(precision=53), nullable=False),
        sa.Column("threshold", sa.Float(precision=53), nullable=False),
        sa.Column("began_at", BIG, nullable=False),
        sa.Column("ended_at", BIG, nullable=True),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_alerts_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
    )
    op.create_index(
        "ix_alerts_open",
        "alerts",
        ["site_id", "kind", "subject"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index("ix_alerts_site_id_id", "alerts", ["site_id", "id"])
    op.create_table(
        "alert_messages",
        sa.Column("id", BIG, nullable=False),
        sa.Column("site_id", BIG, nullable=False),
        sa.Column("alert_id", BIG, nullable=True),
        sa.Column("event", sa.String(length=10), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("payload", JSON, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempts", BIG, nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("sent_at", BIG, nullable=True),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name=op.f("fk_alert_messages_alert_id")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_alert_messages_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_messages")),
    )
    op.create_index("ix_alert_messages_site_id_id", "alert_messages", ["site_id", "id"])
    op.create_table(
        "shadow_verdicts",
        sa.Column("id", BIG, nullable=False),
        sa.Column("site_id", BIG, nullable=False),
        sa.Column("comment_id", BIG, nullable=False),
        sa.Column("revision", BIG, nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("acted", sa.String(length=10), nullable=False),
        sa.Column("checks", JSON, nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.ForeignKeyConstraint(["comment_id"], ["comments.id"], name=op.f("fk_shadow_verdicts_comment_id")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_shadow_verdicts_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shadow_verdicts")),
    )
    op.create_index(
        "ix_shadow_verdicts_comment_id_revision", "shadow_verdicts", ["comment_id", "revision"], unique=True
    )
    op.create_index("ix_shadow_verdicts_site_id_created_at_id", "shadow_verdicts", ["site_id", "created_at", "id"])
    op.add_column("cases", sa.Column("blind", sa.Boolean(), server_default=sa.false(), nullable=False))
    _count_by("site_id", "reasons", "guideline", "label", "blind", "opened_at")
    for name, table, columns in INDEXES:
        op.create_index(name, table, columns)


def downgrade() -> None:
    for name, table, _ in INDEXES:
        op.drop_index(name, table)
    _count_by("site_id", "reasons", "guideline", "label", "opened_at")
    op.drop_column("cases", "blind")
    for table in ("shadow_verdicts", "alert_messages", "alerts", "alert_settings"):
        op.drop_table(table)


def _count_by(*columns: str) -> None:
    # Holds everything that is counted, so that counting never reads the table.
    op.drop_index("ix_cases_open_counts", "cases")
    where = sa.text("state = 'open'")
    op.create_index("ix_cases_open_counts", "cases", columns, sqlite_where=where, postgresql_where=where)
