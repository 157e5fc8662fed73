"""Notices by mail: when each is due, what people follow and prefer, which addresses take none."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "follows",
        sa.Column("id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("site_id", BIG, nullable=False),
        sa.Column("article_id", BIG, nullable=False),
        sa.Column("comment_id", BIG, nullable=True),
        sa.Column("muted", sa.Boolean(), nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_follows_person_id")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_follows_site_id")),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_follows_article_id")),
        sa.ForeignKeyConstraint(["comment_id"], ["comments.id"], name=op.f("fk_follows_comment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follows")),
    )
    _partial("ix_follows_article", "follows", ["article_id", "person_id"], "comment_id IS NULL", unique=True)
    _partial("ix_follows_comment", "follows", ["comment_id", "person_id"], "comment_id IS NOT NULL", unique=True)
    op.create_index("ix_follows_person", "follows", ["person_id", "site_id", "id"])
    op.create_table(
        "notice_preferences",
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("site_id", BIG, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("in_page", sa.Boolean(), nullable=False),
        sa.Column("mail", sa.String(length=10), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_notice_preferences_person_id")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_notice_preferences_site_id")),
        sa.PrimaryKeyConstraint("person_id", "site_id", "kind", name=op.f("pk_notice_preferences")),
    )
    op.create_table(
        "bounces",
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_bounces")),
    )
    with op.batch_alter_table("notices") as table:
        table.add_column(sa.Column("in_page", sa.Boolean(), nullable=False, server_default=sa.true()))
        table.add_column(sa.Column("mail_at", BIG, nullable=True))
    _partial("ix_notices_mail", "notices", ["mail_at"], "mail_at IS NOT NULL")
    once = "kind IN ('reply', 'mention', 'followed')"
    _partial("ix_notices_once", "notices", ["person_id", "comment_id"], once, unique=True)
    op.create_index("ix_notices_person", "notices", ["person_id", "site_id", "id"])


def downgrade() -> None:
    for name in ("ix_notices_person", "ix_notices_once", "ix_notices_mail"):
        op.drop_index(name, "notices")
    with op.batch_alter_table("notices") as table:
        table.drop_column("mail_at")
        table.drop_column("in_page")
    for name in ("bounces", "notice_preferences", "follows"):
        op.drop_table(name)


def _partial(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    op.create_index(name, table, columns, unique=unique, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
