"""Law: decided appeals, notices of several comments, a site's duties, notifiers whose notices are not handled."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = ["site_id", "created_at", "by_person_id", "action", "from_status", "to_status"]
_REFERENCES = {
    "site_id": "sites", "answer_id": "decisions", "sanction_id": "sanctions", "legal_notice_id": "legal_notices",
    "decided_by_person_id": "persons",
}  # fmt: skip
_OPEN_CASE = (
    "EXISTS (SELECT 1 FROM cases WHERE cases.comment_id = appeals.comment_id AND cases.state = 'open'"
    " AND cases.reasons & 4 <> 0)"
)


def upgrade() -> None:
    _make_tables()
    with op.batch_alter_table("appeals") as table:
        table.drop_constraint("uq_appeals_decision_id", type_="unique")
        table.add_column(sa.Column("site_id", BIG, nullable=True))
        table.add_column(sa.Column("kind", sa.String(length=20), server_default="author", nullable=False))
        table.add_column(sa.Column("state", sa.String(length=10), server_default="open", nullable=False))
        table.add_column(sa.Column("outcome", sa.String(length=20), nullable=True))
        table.add_column(sa.Column("answer", sa.Text(), server_default="", nullable=False))
        for name in ("sanction_id", "legal_notice_id", "decided_by_person_id", "answer_id", "decided_at"):
            table.add_column(sa.Column(name, BIG, nullable=True))
        for name in ("decision_id", "comment_id", "person_id"):
            table.alter_column(name, existing_type=BIG, nullable=True)
    _settle_old_appeals()
    with op.batch_alter_table("appeals") as table:
        table.alter_column("site_id", existing_type=BIG, nullable=False)
        for name in ("legal_notice_id", "sanction_id"):
            table.create_unique_constraint(f"uq_appeals_{name}", [name])
        for name, other in _REFERENCES.items():
            table.create_foreign_key(f"fk_appeals_{name}", other, [name], ["id"])
    op.create_index("ix_appeals_answer_id", "appeals", ["answer_id"])
    op.create_index("ix_appeals_person_id", "appeals", ["person_id"])
    op.create_index("ix_appeals_site_id_created_at", "appeals", ["site_id", "created_at"])
    op.create_index("ix_appeals_site_id_id", "appeals", ["site_id", "id"])
    _partial("ix_appeals_decision", "appeals", ["decision_id"], "kind = 'author'", unique=True)
    _partial("ix_appeals_open", "appeals", ["site_id", "id"], "state = 'open'")
    op.create_index("ix_sanctions_site_id_created_at", "sanctions", ["site_id", "created_at"])
    op.drop_index("ix_decisions_time", "decisions")
    op.create_index("ix_decisions_time", "decisions", [*_TIME, "guideline"])
    illegal = "guideline = 'legal' AND action = 'reject'"
    _partial("ix_decisions_illegal", "decisions", ["site_id", "created_at"], illegal)
    with op.batch_alter_table("legal_notices") as table:
        table.add_column(sa.Column("nonce", sa.String(length=32), server_default="", nullable=False))
        table.drop_constraint("uq_legal_notices_receipt_hash", type_="unique")
    op.create_index("ix_legal_notices_decision_id", "legal_notices", ["decision_id"])
    op.create_index("ix_legal_notices_receipt_hash", "legal_notices", ["receipt_hash"])
    op.create_index("ix_legal_notices_site_id_created_at", "legal_notices", ["site_id", "created_at"])
    _partial("ix_legal_notices_open", "legal_notices", ["site_id", "id"], "outcome IS NULL")
    unfounded = ["site_id", "email", "created_at"]
    _partial("ix_legal_notices_unfounded", "legal_notices", unfounded, "outcome = 'dismissed'")


def downgrade() -> None:
    op.drop_index("ix_legal_notices_unfounded", "legal_notices")
    op.drop_index("ix_legal_notices_open", "legal_notices")
    op.drop_index("ix_legal_notices_site_id_created_at", "legal_notices")
    op.drop_index("ix_legal_notices_receipt_hash", "legal_notices")
    op.drop_index("ix_legal_notices_decision_id", "legal_notices")
    # Of a notice about several comments, only the first keeps the receipt's address.
    op.execute(
        "UPDATE legal_notices SET receipt_hash = 'comment-' || id WHERE id NOT IN"
        " (SELECT least FROM (SELECT min(id) AS least FROM legal_notices GROUP BY receipt_hash) AS first)"
    )
    op.execute("UPDATE legal_notices SET outcome = NULL WHERE outcome = 'unhandled'")
    with op.batch_alter_table("legal_notices") as table:
        table.create_unique_constraint("uq_legal_notices_receipt_hash", ["receipt_hash"])
        table.drop_column("nonce")
    op.drop_index("ix_sanctions_site_id_created_at", "sanctions")
    op.drop_index("ix_decisions_illegal", "decisions")
    op.drop_index("ix_decisions_time", "decisions")
    op.create_index("ix_decisions_time", "decisions", _TIME)
    op.execute("DELETE FROM appeals WHERE kind <> 'author'")
    for name in ("open", "decision", "site_id_id", "site_id_created_at", "person_id", "answer_id"):
        op.drop_index(f"ix_appeals_{name}", "appeals")
    with op.batch_alter_table("appeals") as table:
        for name in _REFERENCES:
            table.drop_constraint(f"fk_appeals_{name}", type_="foreignkey")
        for name in ("legal_notice_id", "sanction_id"):
            table.drop_constraint(f"uq_appeals_{name}", type_="unique")
        for name in ("decision_id", "comment_id", "person_id"):
            table.alter_column(name, existing_type=BIG, nullable=False)
        for name in (*_REFERENCES, "kind", "state", "outcome", "answer", "decided_at"):
            table.drop_column(name)
        table.create_unique_constraint("uq_appeals_decision_id", ["decision_id"])
    op.drop_table("notifier_measures")
    op.drop_table("law_settings")


def _make_tables() -> None:
    op.create_table(
        "law_settings",
        sa.Column("site_id", BIG, nullable=False),
        sa.Column("complaints", sa.Boolean(), nullable=False),
        sa.Column("misuse", sa.Boolean(), nullable=False),
        sa.Column("transparency", sa.Boolean(), nullable=False),
        sa.Column("misuse_from", BIG, nullable=False),
        sa.Column("out_of_court", sa.Text(), nullable=False),
        sa.Column("changed_by_person_id", BIG, nullable=True),
        sa.Column("changed_at", BIG, nullable=False),
        sa.ForeignKeyConstraint(
            ["changed_by_person_id"], ["persons.id"], name=op.f("fk_law_settings_changed_by_person_id")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_law_settings_site_id")),
        sa.PrimaryKeyConstraint("site_id", name=op.f("pk_law_settings")),
    )
    op.create_table(
        "notifier_measures",
        sa.Column("id", BIG, nullable=False),
        sa.Column("site_id", BIG, nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by_person_id", BIG, nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("until", BIG, nullable=True),
        sa.Column("lifted_at", BIG, nullable=True),
        sa.Column("lifted_by_person_id", BIG, nullable=True),
        sa.ForeignKeyConstraint(["by_person_id"], ["persons.id"], name=op.f("fk_notifier_measures_by_person_id")),
        sa.ForeignKeyConstraint(
            ["lifted_by_person_id"], ["persons.id"], name=op.f("fk_notifier_measures_lifted_by_person_id")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_notifier_measures_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notifier_measures")),
    )
    op.create_index("ix_notifier_measures_site_id_created_at", "notifier_measures", ["site_id", "created_at"])
    op.create_index("ix_notifier_measures_site_id_email_id", "notifier_measures", ["site_id", "email", "id"])


def _settle_old_appeals() -> None:
    """What is in the queue is open still; anything else was decided, and what its comment is now tells how."""
    op.execute("UPDATE appeals SET site_id = (SELECT site_id FROM comments WHERE comments.id = appeals.comment_id)")
    status = "(SELECT status FROM comments WHERE comments.id = appeals.comment_id)"
    op.execute(
        f"UPDATE appeals SET state = CASE WHEN {status} = 'withdrawn' THEN 'dropped' ELSE 'decided' END,"  # noqa: S608
        f" outcome = CASE {status} WHEN 'published' THEN 'overturned' WHEN 'withdrawn' THEN NULL"
        f" ELSE 'confirmed' END WHERE NOT {_OPEN_CASE}"
    )


def _partial(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, unique=unique, sqlite_where=condition, postgresql_where=condition)
