"""Mail: the outbox, links that say what following them changes, notices of more than decisions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "mails",
        sa.Column("id", BIG, nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("to_address", sa.String(length=254), nullable=False),
        sa.Column("person_id", BIG, nullable=True),
        sa.Column("site_id", BIG, nullable=True),
        sa.Column("facts", JSON, nullable=False),
        sa.Column("link_nonce", sa.String(length=64), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempts", BIG, nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("sent_at", BIG, nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_mails_person_id")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_mails_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mails")),
    )
    op.create_index("ix_mails_created_at", "mails", ["created_at"])
    op.create_index("ix_mails_person_id_id", "mails", ["person_id", "id"])
    with op.batch_alter_table("one_time_links") as table:
        table.add_column(sa.Column("facts", JSON, nullable=False, server_default="{}"))
    with op.batch_alter_table("notices") as table:
        table.add_column(sa.Column("kind", sa.String(length=20), nullable=False, server_default="decision"))
        table.add_column(sa.Column("facts", JSON, nullable=False, server_default="{}"))
        table.alter_column("comment_id", existing_type=BIG, nullable=True)
        table.alter_column("decision_id", existing_type=BIG, nullable=True)


def downgrade() -> None:
    op.execute("DELETE FROM notices WHERE comment_id IS NULL OR decision_id IS NULL")
    with op.batch_alter_table("notices") as table:
        table.alter_column("decision_id", existing_type=BIG, nullable=False)
        table.alter_column("comment_id", existing_type=BIG, nullable=False)
        table.drop_column("facts")
        table.drop_column("kind")
    with op.batch_alter_table("one_time_links") as table:
        table.drop_column("facts")
    op.drop_table("mails")
