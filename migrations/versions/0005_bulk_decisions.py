"""Bulk decisions with their comments, and the bands by which near-duplicates are found."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")


def upgrade() -> None:
    op.create_table(
        "bulks",
        sa.Column("id", BIG, nullable=False),
        sa.Column("site_id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("selection", JSON, nullable=False),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("guideline", sa.String(length=20), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("problem", sa.String(length=200), nullable=True),
        sa.Column("batch", sa.String(length=32), nullable=False),
        sa.Column("undo_batch", sa.String(length=32), nullable=True),
        sa.Column("undone_by_id", BIG, nullable=True),
        sa.Column("total", BIG, nullable=False),
        sa.Column("done", BIG, nullable=False),
        sa.Column("conflicts", BIG, nullable=False),
        sa.Column("undone", BIG, nullable=False),
        sa.Column("kept", BIG, nullable=False),
        sa.Column("reached", BIG, nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("started_at", BIG, nullable=True),
        sa.Column("finished_at", BIG, nullable=True),
        sa.Column("undone_at", BIG, nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_bulks_person_id")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_bulks_site_id")),
        sa.ForeignKeyConstraint(["undone_by_id"], ["persons.id"], name=op.f("fk_bulks_undone_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulks")),
        sa.UniqueConstraint("batch", name=op.f("uq_bulks_batch")),
    )
    op.create_index(op.f("ix_bulks_site_id_id"), "bulks", ["site_id", "id"])
    op.create_index(
        "ix_bulks_prepared",
        "bulks",
        ["created_at"],
        sqlite_where=sa.text("state = 'prepared'"),
        postgresql_where=sa.text("state = 'prepared'"),
    )
    op.create_table(
        "bulk_items",
        sa.Column("bulk_id", BIG, nullable=False),
        sa.Column("place", BIG, nullable=False),
        sa.Column("comment_id", BIG, nullable=False),
        sa.Column("revision", BIG, nullable=False),
        sa.Column("seen", BIG, nullable=True),
        sa.Column("decision_id", BIG, nullable=True),
        sa.Column("problem", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(["bulk_id"], ["bulks.id"], name=op.f("fk_bulk_items_bulk_id")),
        sa.ForeignKeyConstraint(["comment_id"], ["comments.id"], name=op.f("fk_bulk_items_comment_id")),
        sa.ForeignKeyConstraint(["decision_id"], ["decisions.id"], name=op.f("fk_bulk_items_decision_id")),
        sa.PrimaryKeyConstraint("bulk_id", "place", name=op.f("pk_bulk_items")),
    )
    op.create_index(
        "ix_bulk_items_problem",
        "bulk_items",
        ["bulk_id", "place"],
        sqlite_where=sa.text("problem IS NOT NULL"),
        postgresql_where=sa.text("problem IS NOT NULL"),
    )
    op.create_table(
        "bands",
        sa.Column("comment_id", BIG, nullable=False),
        sa.Column("band", BIG, nullable=False),
        sa.Column("site_id", BIG, nullable=False),
        sa.Column("value", BIG, nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.ForeignKeyConstraint(["comment_id"], ["comments.id"], name=op.f("fk_bands_comment_id")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_bands_site_id")),
        sa.PrimaryKeyConstraint("comment_id", "band", name=op.f("pk_bands")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_bands_value", "bands", ["site_id", "band", "value", "comment_id", "created_at"])
    op.create_index("ix_bands_time", "bands", ["created_at"])


def downgrade() -> None:
    op.drop_table("bands")
    op.drop_table("bulk_items")
    op.drop_table("bulks")
