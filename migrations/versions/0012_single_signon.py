"""Single sign-on: signing keys, OpenID providers, identities, what was used and what was refused."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0010"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "signing_keys",
        sa.Column("id", BIG, nullable=False),
        sa.Column("site_id", BIG, nullable=False),
        sa.Column("kid", sa.String(length=100), nullable=False),
        sa.Column("algorithm", sa.String(length=10), nullable=False),
        sa.Column("jwk", JSON, nullable=True),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("created_by_person_id", BIG, nullable=True),
        sa.Column("last_used_at", BIG, nullable=True),
        sa.Column("retired_at", BIG, nullable=True),
        sa.ForeignKeyConstraint(
            ["created_by_person_id"], ["persons.id"], name=op.f("fk_signing_keys_created_by_person_id")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_signing_keys_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signing_keys")),
    )
    op.create_index(op.f("ix_signing_keys_site_id_kid"), "signing_keys", ["site_id", "kid"], unique=True)
    op.create_table(
        "sign_ons",
        sa.Column("site_id", BIG, nullable=False),
        sa.Column("token_issuer", sa.String(length=300), nullable=True),
        sa.Column("provider_issuer", sa.String(length=300), nullable=True),
        sa.Column("client_id", sa.String(length=300), nullable=False),
        sa.Column("client_secret", sa.Text(), nullable=False),
        sa.Column("label", sa.String(length=60), nullable=False),
        sa.Column("for_readers", sa.Boolean(), nullable=False),
        sa.Column("for_staff", sa.Boolean(), nullable=False),
        sa.Column("updated_at", BIG, nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_sign_ons_site_id")),
        sa.PrimaryKeyConstraint("site_id", name=op.f("pk_sign_ons")),
    )
    op.create_table(
        "identities",
        sa.Column("id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("site_id", BIG, nullable=False),
        sa.Column("issuer", sa.String(length=300), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("last_used_at", BIG, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_identities_person_id")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_identities_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identities")),
    )
    op.create_index(op.f("ix_identities_person_id"), "identities", ["person_id"], unique=False)
    op.create_index(
        op.f("ix_identities_site_id_issuer_subject"), "identities", ["site_id", "issuer", "subject"], unique=True
    )
    op.create_table(
        "used_assertions",
        sa.Column("site_id", BIG, nullable=False),
        sa.Column("jti_hash", sa.String(length=64), nullable=False),
        sa.Column("expires_at", BIG, nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_used_assertions_site_id")),
        sa.PrimaryKeyConstraint("site_id", "jti_hash", name=op.f("pk_used_assertions")),
    )
    op.create_index(op.f("ix_used_assertions_expires_at"), "used_assertions", ["expires_at"], unique=False)
    op.create_table(
        "refused_sign_ons",
        sa.Column("id", BIG, nullable=False),
        sa.Column("site_id", BIG, nullable=False),
        sa.Column("reason", sa.String(length=30), nullable=False),
        sa.Column("facts", JSON, nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_refused_sign_ons_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refused_sign_ons")),
    )
    op.create_index(op.f("ix_refused_sign_ons_created_at"), "refused_sign_ons", ["created_at"], unique=False)
    op.create_index(op.f("ix_refused_sign_ons_site_id_id"), "refused_sign_ons", ["site_id", "id"], unique=False)
    op.add_column("memberships", sa.Column("namesake", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    op.drop_column("memberships", "namesake")
    for table in ("refused_sign_ons", "used_assertions", "identities", "sign_ons", "signing_keys"):
        op.drop_table(table)
