"""Policies: the log of their changes, the secrets of slow checks, back-tests."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "backtests",
        sa.Column("id", BIG, nullable=False),
        sa.Column("site_id", BIG, nullable=False),
        sa.Column("by_person_id", BIG, nullable=True),
        sa.Column("policy", JSON, nullable=False),
        sa.Column("base", sa.String(length=64), nullable=False),
        sa.Column("days", BIG, nullable=False),
        sa.Column("since", BIG, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reached", BIG, nullable=True),
        sa.Column("reached_id", BIG, nullable=True),
        sa.Column("total", BIG, nullable=True),
        sa.Column("done", BIG, nullable=False),
        sa.Column("found", JSON, nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("finished_at", BIG, nullable=True),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_backtests_site_id")),
        sa.ForeignKeyConstraint(["by_person_id"], ["persons.id"], name=op.f("fk_backtests_by_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backtests")),
    )
    op.create_index(op.f("ix_backtests_site_id_id"), "backtests", ["site_id", "id"], unique=False)
    op.create_table(
        "policy_changes",
        sa.Column("id", BIG, nullable=False),
        sa.Column("site_id", BIG, nullable=False),
        sa.Column("what", sa.String(length=20), nullable=False),
        sa.Column("before", JSON, nullable=False),
        sa.Column("after", JSON, nullable=False),
        sa.Column("by_person_id", BIG, nullable=True),
        sa.Column("backtest_id", BIG, nullable=True),
        sa.Column("created_at", BIG, nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_policy_changes_site_id")),
        sa.ForeignKeyConstraint(["by_person_id"], ["persons.id"], name=op.f("fk_policy_changes_by_person_id")),
        sa.ForeignKeyConstraint(["backtest_id"], ["backtests.id"], name=op.f("fk_policy_changes_backtest_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_changes")),
    )
    op.create_index(op.f("ix_policy_changes_site_id_id"), "policy_changes", ["site_id", "id"], unique=False)
    op.create_table(
        "site_secrets",
        sa.Column("site_id", BIG, nullable=False),
        sa.Column("name", sa.String(length=30), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("set_at", BIG, nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_site_secrets_site_id")),
        sa.PrimaryKeyConstraint("site_id", "name", name=op.f("pk_site_secrets")),
    )


def downgrade() -> None:
    op.drop_table("site_secrets")
    op.drop_table("policy_changes")
    op.drop_table("backtests")
