"""People: what became of their reports, sanctions with their whole history, private notes, clearings, legal notices."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_COUNT = """
    UPDATE memberships SET {column} = (
        SELECT count(*) FROM reports JOIN comments ON comments.id = reports.comment_id
        WHERE reports.person_id = memberships.person_id AND comments.site_id = memberships.site_id
        AND reports.outcome = '{outcome}'
    )
"""


def upgrade() -> None:
    _widen_memberships()
    with op.batch_alter_table("sanctions") as sanctions:
        sanctions.add_column(sa.Column("lifted_by_person_id", BIG, nullable=True))
        sanctions.add_column(sa.Column("lift_reason", sa.Text(), nullable=True))
        sanctions.add_column(sa.Column("replaces_id", BIG, nullable=True))
        sanctions.add_column(sa.Column("acknowledged_at", BIG, nullable=True))
        sanctions.create_foreign_key(
            op.f("fk_sanctions_lifted_by_person_id"), "persons", ["lifted_by_person_id"], ["id"]
        )
        sanctions.create_foreign_key(op.f("fk_sanctions_replaces_id"), "sanctions", ["replaces_id"], ["id"])
    _create_notes()
    _create_clearings()
    _create_legal_notices()


def downgrade() -> None:
    op.drop_table("legal_notices")
    op.drop_table("clearings")
    op.drop_table("person_notes")
    with op.batch_alter_table("sanctions") as sanctions:
        sanctions.drop_constraint(op.f("fk_sanctions_replaces_id"), type_="foreignkey")
        sanctions.drop_constraint(op.f("fk_sanctions_lifted_by_person_id"), type_="foreignkey")
        for column in ("acknowledged_at", "replaces_id", "lift_reason", "lifted_by_person_id"):
            sanctions.drop_column(column)
    for column in ("reports_dismissed", "rejected_count", "created_at"):
        op.drop_index(op.f(f"ix_memberships_site_id_{column}_person_id"), "memberships")
    with op.batch_alter_table("memberships") as memberships:
        memberships.drop_column("reports_dismissed")
        memberships.drop_column("reports_upheld")


def _widen_memberships() -> None:
    for column, outcome in (("reports_upheld", "upheld"), ("reports_dismissed", "dismissed")):
        op.add_column("memberships", sa.Column(column, BIG, nullable=False, server_default="0"))
        op.execute(_COUNT.format(column=column, outcome=outcome))
    for column in ("created_at", "rejected_count", "reports_dismissed"):
        op.create_index(
            op.f(f"ix_memberships_site_id_{column}_person_id"), "memberships", ["site_id", column, "person_id"]
        )


def _create_notes() -> None:
    op.create_table(
        "person_notes",
        sa.Column("id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("site_id", BIG, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("by_person_id", BIG, nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_person_notes_person_id")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_person_notes_site_id")),
        sa.ForeignKeyConstraint(["by_person_id"], ["persons.id"], name=op.f("fk_person_notes_by_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_notes")),
    )
    op.create_index(op.f("ix_person_notes_person_id_site_id_id"), "person_notes", ["person_id", "site_id", "id"])


def _create_clearings() -> None:
    op.create_table(
        "clearings",
        sa.Column("id", BIG, nullable=False),
        sa.Column("site_id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("sanction_id", BIG, nullable=True),
        sa.Column("by_person_id", BIG, nullable=False),
        sa.Column("guideline", sa.String(length=20), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("batch", sa.String(length=32), nullable=False),
        sa.Column("since", BIG, nullable=False),
        sa.Column("last_id", BIG, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("undone_by_person_id", BIG, nullable=True),
        sa.Column("reached", BIG, nullable=False),
        sa.Column("total", BIG, nullable=False),
        sa.Column("done", BIG, nullable=False),
        sa.Column("skipped", BIG, nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("finished_at", BIG, nullable=True),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_clearings_site_id")),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_clearings_person_id")),
        sa.ForeignKeyConstraint(["sanction_id"], ["sanctions.id"], name=op.f("fk_clearings_sanction_id")),
        sa.ForeignKeyConstraint(["by_person_id"], ["persons.id"], name=op.f("fk_clearings_by_person_id")),
        sa.ForeignKeyConstraint(["undone_by_person_id"], ["persons.id"], name=op.f("fk_clearings_undone_by_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clearings")),
    )
    op.create_index(op.f("ix_clearings_person_id_site_id_id"), "clearings", ["person_id", "site_id", "id"])
    op.create_index(
        "ix_clearings_open", "clearings", ["person_id", "site_id"], unique=True,
        sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'"),
    )  # fmt: skip


def _create_legal_notices() -> None:
    op.create_table(
        "legal_notices",
        sa.Column("id", BIG, nullable=False),
        sa.Column("site_id", BIG, nullable=False),
        sa.Column("comment_id", BIG, nullable=False),
        sa.Column("revision", BIG, nullable=False),
        sa.Column("receipt_hash", sa.String(length=64), nullable=False),
        sa.Column("ground", sa.String(length=30), nullable=False),
        sa.Column("explanation", sa.Text(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("decision_id", BIG, nullable=True),
        sa.Column("created_at", BIG, nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_legal_notices_site_id")),
        sa.ForeignKeyConstraint(["comment_id"], ["comments.id"], name=op.f("fk_legal_notices_comment_id")),
        sa.ForeignKeyConstraint(["decision_id"], ["decisions.id"], name=op.f("fk_legal_notices_decision_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_notices")),
        sa.UniqueConstraint("receipt_hash", name=op.f("uq_legal_notices_receipt_hash")),
    )
    op.create_index(op.f("ix_legal_notices_comment_id"), "legal_notices", ["comment_id"])
    op.create_index(op.f("ix_legal_notices_site_id_id"), "legal_notices", ["site_id", "id"])
