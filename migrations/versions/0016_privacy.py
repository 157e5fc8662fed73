"""Privacy: exports, deletions, networks as hashes, how long things are kept, who looked at personal data."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0014"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "network_keys",
        sa.Column("day", BIG, autoincrement=False, nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_network_keys")),
    )
    op.create_table(
        "accesses",
        sa.Column("id", BIG, nullable=False),
        sa.Column("site_id", BIG, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("by_person_id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=True),
        sa.Column("created_at", BIG, nullable=False),
        sa.ForeignKeyConstraint(["by_person_id"], ["persons.id"], name=op.f("fk_accesses_by_person_id")),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_accesses_person_id")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_accesses_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accesses")),
    )
    op.create_index("ix_accesses_person_id_id", "accesses", ["person_id", "id"])
    op.create_index("ix_accesses_site_id_created_at", "accesses", ["site_id", "created_at"])
    op.create_index("ix_accesses_site_id_id", "accesses", ["site_id", "id"])
    op.create_table(
        "account_deletions",
        sa.Column("id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("named", JSON, nullable=False),
        sa.Column("address", sa.String(length=254), nullable=True),
        sa.Column("is_verified", sa.Boolean(), nullable=False),
        sa.Column("step", sa.String(length=80), nullable=False),
        sa.Column("reached", JSON, nullable=False),
        sa.Column("comments", BIG, nullable=False),
        sa.Column("asked_at", BIG, nullable=False),
        sa.Column("due_at", BIG, nullable=False),
        sa.Column("finished_at", BIG, nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_account_deletions_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_deletions")),
    )
    op.create_index(
        "ix_account_deletions_person",
        "account_deletions",
        ["person_id"],
        unique=True,
        sqlite_where=sa.text("state <> 'taken_back'"),
        postgresql_where=sa.text("state <> 'taken_back'"),
    )
    op.create_table(
        "exports",
        sa.Column("id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("section", sa.String(length=80), nullable=False),
        sa.Column("reached", JSON, nullable=False),
        sa.Column("parts", BIG, nullable=False),
        sa.Column("size", BIG, nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("ready_at", BIG, nullable=True),
        sa.Column("expires_at", BIG, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_exports_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exports")),
    )
    op.create_index("ix_exports_expires_at", "exports", ["expires_at"])
    op.create_index("ix_exports_person_id_id", "exports", ["person_id", "id"])
    op.create_index(
        "ix_exports_waiting",
        "exports",
        ["person_id"],
        unique=True,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "retentions",
        sa.Column("site_id", BIG, autoincrement=False, nullable=False),
        sa.Column("network_days", BIG, nullable=False),
        sa.Column("mail_days", BIG, nullable=False),
        sa.Column("legal_days", BIG, nullable=False),
        sa.Column("access_days", BIG, nullable=False),
        sa.Column("updated_at", BIG, nullable=False),
        sa.Column("updated_by_id", BIG, nullable=True),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_retentions_site_id")),
        sa.ForeignKeyConstraint(["updated_by_id"], ["persons.id"], name=op.f("fk_retentions_updated_by_id")),
        sa.PrimaryKeyConstraint("site_id", name=op.f("pk_retentions")),
    )
    op.create_table(
        "export_parts",
        sa.Column("export_id", BIG, nullable=False),
        sa.Column("number", BIG, nullable=False),
        sa.Column("section", sa.String(length=80), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["export_id"], ["exports.id"], name=op.f("fk_export_parts_export_id")),
        sa.PrimaryKeyConstraint("export_id", "number", name=op.f("pk_export_parts")),
    )
    op.create_table(
        "comment_networks",
        sa.Column("comment_id", BIG, autoincrement=False, nullable=False),
        sa.Column("site_id", BIG, nullable=False),
        sa.Column("network_hash", sa.String(length=32), nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.ForeignKeyConstraint(["comment_id"], ["comments.id"], name=op.f("fk_comment_networks_comment_id")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_comment_networks_site_id")),
        sa.PrimaryKeyConstraint("comment_id", name=op.f("pk_comment_networks")),
    )
    op.create_index("ix_comment_networks_site_id_created_at", "comment_networks", ["site_id", "created_at"])
    op.create_index("ix_comment_networks_site_id_network_hash", "comment_networks", ["site_id", "network_hash"])
    op.create_index("ix_notices_comment", "notices", ["comment_id"])


def downgrade() -> None:
    op.drop_index("ix_notices_comment", table_name="notices")
    for table in (
        "export_parts",
        "exports",
        "account_deletions",
        "comment_networks",
        "network_keys",
        "retentions",
        "accesses",
    ):
        op.drop_table(table)
