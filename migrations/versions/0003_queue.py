"""The desk shared by several: labels and leases of cases, presence, saved views, search by words."""

import json

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from commentsvc.moderation.labels import worst_label
from commentsvc.moderation.policy import DEFAULT_POLICY
from commentsvc.store import fulltext

revision = "0003"
down_revision = "0002"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(JSONB(), "postgresql")
OPEN = "state = 'open'"
INDEXES = {
    "ix_cases_open_label": (["site_id", "label", "rank", "id"], OPEN),
    "ix_cases_open_article": (["article_id", "rank", "id"], OPEN),
    "ix_cases_open_counts": (["site_id", "reasons", "guideline", "label", "opened_at"], OPEN),
    "ix_cases_leased": (["site_id", "lease_until", "id"], f"{OPEN} AND lease_until IS NOT NULL"),
}


def upgrade() -> None:
    op.add_column("cases", sa.Column("label", sa.String(length=30), nullable=True))
    for name, (columns, where) in INDEXES.items():
        op.create_index(name, "cases", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
    op.create_table(
        "presences",
        sa.Column("site_id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("case_id", BIG, nullable=True),
        sa.Column("leased", sa.Boolean(), nullable=False),
        sa.Column("seen_at", BIG, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_presences_case_id")),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_presences_person_id")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_presences_site_id")),
        sa.PrimaryKeyConstraint("site_id", "person_id", name=op.f("pk_presences")),
    )
    op.create_table(
        "saved_views",
        sa.Column("id", BIG, nullable=False),
        sa.Column("site_id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("filters", JSON, nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_saved_views_person_id")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_saved_views_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_views")),
    )
    op.create_index(op.f("ix_saved_views_site_id_id"), "saved_views", ["site_id", "id"])
    op.create_table(
        "default_views",
        sa.Column("site_id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("view_id", BIG, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_default_views_person_id")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_default_views_site_id")),
        sa.ForeignKeyConstraint(["view_id"], ["saved_views.id"], name=op.f("fk_default_views_view_id")),
        sa.PrimaryKeyConstraint("site_id", "person_id", name=op.f("pk_default_views")),
    )
    op.create_index(op.f("ix_default_views_view_id"), "default_views", ["view_id"])
    label_open_cases(op.get_bind())
    fulltext.create(op.get_bind())


def label_open_cases(connection: sa.Connection) -> None:
    """Give the cases that wait already the label that they would open with."""
    found = connection.execute(
        sa.text(
            "SELECT cases.id, signals.evidence FROM cases JOIN comments ON comments.id = cases.comment_id "
            "JOIN signals ON signals.comment_id = comments.id AND signals.revision = comments.revision "
            "WHERE cases.state = 'open' AND signals.check_name = 'toxicity' ORDER BY signals.id"
        )
    ).all()
    labels = {}
    for case_id, evidence in found:
        read = json.loads(evidence) if isinstance(evidence, str) else evidence
        labels[case_id] = worst_label(read.get("labels") or {}, DEFAULT_POLICY.thresholds)
    rows = [{"id": case_id, "label": label} for case_id, label in labels.items() if label]
    if rows:
        connection.execute(sa.text("UPDATE cases SET label = :label WHERE id = :id"), rows)


def downgrade() -> None:
    fulltext.drop(op.get_bind())
    op.drop_table("default_views")
    op.drop_table("saved_views")
    op.drop_table("presences")
    for name in INDEXES:
        op.drop_index(name, "cases")
    op.drop_column("cases", "label")
