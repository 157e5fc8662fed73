"""Rescorings: where each pass over a site's scores has come to."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "rescorings",
        sa.Column("id", BIG, nullable=False),
        sa.Column("site_id", BIG, nullable=False),
        sa.Column("engine", sa.String(length=60), nullable=False),
        sa.Column("version", sa.String(length=60), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("since", BIG, nullable=False),
        sa.Column("phase", sa.String(length=10), nullable=False),
        sa.Column("reached", BIG, nullable=True),
        sa.Column("reached_id", BIG, nullable=True),
        sa.Column("total", BIG, nullable=True),
        sa.Column("done", BIG, nullable=False),
        sa.Column("freed", BIG, nullable=False),
        sa.Column("flagged", BIG, nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("finished_at", BIG, nullable=True),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_rescorings_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rescorings")),
    )
    op.create_index(
        "ix_rescorings_open",
        "rescorings",
        ["site_id"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(op.f("ix_rescorings_site_id_id"), "rescorings", ["site_id", "id"], unique=False)


def downgrade() -> None:
    op.drop_table("rescorings")
