"""Managers' notes beside comments, and the keys that each of them wants."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "comment_notes",
        sa.Column("id", BIG, nullable=False),
        sa.Column("site_id", BIG, nullable=False),
        sa.Column("comment_id", BIG, nullable=False),
        sa.Column("author_id", BIG, nullable=False),
        sa.Column("by_person_id", BIG, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["persons.id"], name=op.f("fk_comment_notes_author_id")),
        sa.ForeignKeyConstraint(["by_person_id"], ["persons.id"], name=op.f("fk_comment_notes_by_person_id")),
        sa.ForeignKeyConstraint(["comment_id"], ["comments.id"], name=op.f("fk_comment_notes_comment_id")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_comment_notes_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comment_notes")),
    )
    op.create_index(op.f("ix_comment_notes_comment_id_id"), "comment_notes", ["comment_id", "id"], unique=False)
    op.create_index(op.f("ix_comment_notes_author_id_site_id"), "comment_notes", ["author_id", "site_id"], unique=False)
    op.create_table(
        "shortcuts",
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("keys", JSON, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_shortcuts_person_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_shortcuts")),
    )


def downgrade() -> None:
    op.drop_table("shortcuts")
    op.drop_table("comment_notes")
