"""The first tables."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", BIG, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=True),
        sa.Column("args", JSON, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("run_at", BIG, nullable=False),
        sa.Column("attempts", BIG, nullable=False),
        sa.Column("worker", sa.String(length=40), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
    )
    op.create_index(
        "ix_jobs_due",
        "jobs",
        ["run_at", "id"],
        unique=False,
        sqlite_where=sa.text("state IN ('waiting', 'running')"),
        postgresql_where=sa.text("state IN ('waiting', 'running')"),
    )
    op.create_index(
        "ix_jobs_key",
        "jobs",
        ["name", "key"],
        unique=True,
        sqlite_where=sa.text("state = 'waiting' AND key IS NOT NULL"),
        postgresql_where=sa.text("state = 'waiting' AND key IS NOT NULL"),
    )
    op.create_table(
        "persons",
        sa.Column("id", BIG, nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("skeleton", sa.String(length=200), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("epoch", BIG, nullable=False),
        sa.Column("email_verified_at", BIG, nullable=True),
        sa.Column("created_at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_persons")),
        sa.UniqueConstraint("email", name=op.f("uq_persons_email")),
        sa.UniqueConstraint("skeleton", name=op.f("uq_persons_skeleton")),
    )
    op.create_table(
        "sign_in_failures",
        sa.Column("id", BIG, nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_failures")),
    )
    op.create_index(
        op.f("ix_sign_in_failures_subject_created_at"), "sign_in_failures", ["subject", "created_at"], unique=False
    )
    op.create_table(
        "sites",
        sa.Column("id", BIG, nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("locale", sa.String(length=20), nullable=False),
        sa.Column("policy", JSON, nullable=False),
        sa.Column("limits", JSON, nullable=False),
        sa.Column("guidelines_version", BIG, nullable=False),
        sa.Column("password_grant", sa.Boolean(), nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sites")),
        sa.UniqueConstraint("key", name=op.f("uq_sites_key")),
    )
    op.create_table(
        "api_tokens",
        sa.Column("id", BIG, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("site_id", BIG, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("scopes", JSON, nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("last_used_at", BIG, nullable=True),
        sa.Column("revoked_at", BIG, nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_api_tokens_person_id")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_api_tokens_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_tokens_token_hash")),
    )
    op.create_index(op.f("ix_api_tokens_person_id"), "api_tokens", ["person_id"], unique=False)
    op.create_table(
        "articles",
        sa.Column("id", BIG, nullable=False),
        sa.Column("site_id", BIG, nullable=False),
        sa.Column("key", sa.String(length=300), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("lead", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("section", sa.String(length=100), nullable=True),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("published_at", BIG, nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("mode", sa.String(length=20), nullable=True),
        sa.Column("comment_count", BIG, nullable=False),
        sa.Column("open_cases", BIG, nullable=False),
        sa.Column("version", BIG, nullable=False),
        sa.Column("voted_at", BIG, nullable=False),
        sa.Column("voted_before", BIG, nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_articles_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_articles")),
    )
    op.create_index(
        op.f("ix_articles_site_id_comment_count_id"), "articles", ["site_id", "comment_count", "id"], unique=False
    )
    op.create_index(
        op.f("ix_articles_site_id_created_at_id"), "articles", ["site_id", "created_at", "id"], unique=False
    )
    op.create_index(op.f("ix_articles_site_id_key"), "articles", ["site_id", "key"], unique=True)
    op.create_index(
        op.f("ix_articles_site_id_open_cases_id"), "articles", ["site_id", "open_cases", "id"], unique=False
    )
    op.create_table(
        "authorization_codes",
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("site_id", BIG, nullable=False),
        sa.Column("origin", sa.String(length=300), nullable=False),
        sa.Column("challenge", sa.String(length=64), nullable=False),
        sa.Column("epoch", BIG, nullable=False),
        sa.Column("expires_at", BIG, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_authorization_codes_person_id")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_authorization_codes_site_id")),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_authorization_codes")),
    )
    op.create_index(op.f("ix_authorization_codes_expires_at"), "authorization_codes", ["expires_at"], unique=False)
    op.create_table(
        "guidelines",
        sa.Column("site_id", BIG, nullable=False),
        sa.Column("version", BIG, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("items", JSON, nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_guidelines_site_id")),
        sa.PrimaryKeyConstraint("site_id", "version", name=op.f("pk_guidelines")),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("route", sa.String(length=200), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("request_hash", sa.String(length=64), nullable=False),
        sa.Column("status", BIG, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_idempotency_keys_person_id")),
        sa.PrimaryKeyConstraint("person_id", "route", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_index(op.f("ix_idempotency_keys_created_at"), "idempotency_keys", ["created_at"], unique=False)
    op.create_table(
        "memberships",
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("site_id", BIG, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("skeleton", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("published_count", BIG, nullable=False),
        sa.Column("rejected_count", BIG, nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_memberships_person_id")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_memberships_site_id")),
        sa.PrimaryKeyConstraint("person_id", "site_id", name=op.f("pk_memberships")),
    )
    op.create_index(op.f("ix_memberships_site_id_role"), "memberships", ["site_id", "role"], unique=False)
    op.create_index(op.f("ix_memberships_site_id_skeleton"), "memberships", ["site_id", "skeleton"], unique=True)
    op.create_table(
        "one_time_links",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("purpose", sa.String(length=30), nullable=False),
        sa.Column("expires_at", BIG, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_one_time_links_person_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_one_time_links")),
    )
    op.create_index(op.f("ix_one_time_links_expires_at"), "one_time_links", ["expires_at"], unique=False)
    op.create_index(op.f("ix_one_time_links_person_id"), "one_time_links", ["person_id"], unique=False)
    op.create_table(
        "origins",
        sa.Column("site_id", BIG, nullable=False),
        sa.Column("origin", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_origins_site_id")),
        sa.PrimaryKeyConstraint("site_id", "origin", name=op.f("pk_origins")),
    )
    op.create_table(
        "refresh_tokens",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("family", sa.String(length=32), nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("site_id", BIG, nullable=False),
        sa.Column("epoch", BIG, nullable=False),
        sa.Column("used_at", BIG, nullable=True),
        sa.Column("revoked_at", BIG, nullable=True),
        sa.Column("expires_at", BIG, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_refresh_tokens_person_id")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_refresh_tokens_site_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_refresh_tokens")),
    )
    op.create_index(op.f("ix_refresh_tokens_expires_at"), "refresh_tokens", ["expires_at"], unique=False)
    op.create_index(op.f("ix_refresh_tokens_family"), "refresh_tokens", ["family"], unique=False)
    op.create_index(op.f("ix_refresh_tokens_person_id"), "refresh_tokens", ["person_id"], unique=False)
    op.create_table(
        "sanctions",
        sa.Column("id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("site_id", BIG, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by_person_id", BIG, nullable=True),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("until", BIG, nullable=True),
        sa.Column("lifted_at", BIG, nullable=True),
        sa.ForeignKeyConstraint(["by_person_id"], ["persons.id"], name=op.f("fk_sanctions_by_person_id")),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_sanctions_person_id")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_sanctions_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sanctions")),
    )
    op.create_index(op.f("ix_sanctions_person_id_site_id"), "sanctions", ["person_id", "site_id"], unique=False)
    op.create_table(
        "comments",
        sa.Column("id", BIG, nullable=False),
        sa.Column("site_id", BIG, nullable=False),
        sa.Column("article_id", BIG, nullable=False),
        sa.Column("parent_id", BIG, nullable=True),
        sa.Column("branch_id", BIG, nullable=True),
        sa.Column("depth", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("listed", sa.Boolean(), nullable=False),
        sa.Column("top_of", BIG, nullable=True),
        sa.Column("reply_of", BIG, nullable=True),
        sa.Column("pinned_on", BIG, nullable=True),
        sa.Column("revision", BIG, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("links", JSON, nullable=False),
        sa.Column("fingerprint", sa.BigInteger(), nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("published_at", BIG, nullable=True),
        sa.Column("edited_at", BIG, nullable=True),
        sa.Column("up", BIG, nullable=False),
        sa.Column("down", BIG, nullable=False),
        sa.Column("best", sa.Float(precision=53), nullable=False),
        sa.Column("controversial", sa.Float(precision=53), nullable=False),
        sa.Column("reply_count", BIG, nullable=False),
        sa.Column("pinned", sa.Boolean(), nullable=False),
        sa.Column("featured", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_comments_article_id")),
        sa.ForeignKeyConstraint(["parent_id"], ["comments.id"], name=op.f("fk_comments_parent_id")),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_comments_person_id")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_comments_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comments")),
    )
    op.create_index("ix_comments_author", "comments", ["person_id", "site_id", "id"], unique=False)
    op.create_index(
        "ix_comments_branch",
        "comments",
        ["branch_id", "published_at", "id"],
        unique=False,
        sqlite_where=sa.text("branch_id IS NOT NULL"),
        postgresql_where=sa.text("branch_id IS NOT NULL"),
    )
    op.create_index(
        "ix_comments_feed",
        "comments",
        ["site_id", "published_at"],
        unique=False,
        sqlite_where=sa.text("status = 'published'"),
        postgresql_where=sa.text("status = 'published'"),
    )
    op.create_index("ix_comments_parent", "comments", ["parent_id"], unique=False)
    op.create_index(
        "ix_comments_pinned",
        "comments",
        ["pinned_on", "id"],
        unique=False,
        sqlite_where=sa.text("pinned_on IS NOT NULL"),
        postgresql_where=sa.text("pinned_on IS NOT NULL"),
    )
    op.create_index(
        "ix_comments_public",
        "comments",
        ["article_id", "published_at"],
        unique=False,
        sqlite_where=sa.text("status = 'published'"),
        postgresql_where=sa.text("status = 'published'"),
    )
    op.create_index(
        "ix_comments_replies",
        "comments",
        ["reply_of", "published_at", "id"],
        unique=False,
        sqlite_where=sa.text("reply_of IS NOT NULL"),
        postgresql_where=sa.text("reply_of IS NOT NULL"),
    )
    op.create_index(
        "ix_comments_top_best",
        "comments",
        ["top_of", "best", "id"],
        unique=False,
        sqlite_where=sa.text("top_of IS NOT NULL"),
        postgresql_where=sa.text("top_of IS NOT NULL"),
    )
    op.create_index(
        "ix_comments_top_controversial",
        "comments",
        ["top_of", "controversial", "id"],
        unique=False,
        sqlite_where=sa.text("top_of IS NOT NULL"),
        postgresql_where=sa.text("top_of IS NOT NULL"),
    )
    op.create_index(
        "ix_comments_top_replies",
        "comments",
        ["top_of", "reply_count", "id"],
        unique=False,
        sqlite_where=sa.text("top_of IS NOT NULL"),
        postgresql_where=sa.text("top_of IS NOT NULL"),
    )
    op.create_index(
        "ix_comments_top_time",
        "comments",
        ["top_of", "published_at", "id"],
        unique=False,
        sqlite_where=sa.text("top_of IS NOT NULL"),
        postgresql_where=sa.text("top_of IS NOT NULL"),
    )
    op.create_index("ix_comments_wave", "comments", ["site_id", "fingerprint", "created_at"], unique=False)
    op.create_table(
        "cases",
        sa.Column("id", BIG, nullable=False),
        sa.Column("site_id", BIG, nullable=False),
        sa.Column("article_id", BIG, nullable=False),
        sa.Column("comment_id", BIG, nullable=False),
        sa.Column("version", BIG, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reasons", BIG, nullable=False),
        sa.Column("guideline", sa.String(length=20), nullable=True),
        sa.Column("likelihood", sa.Float(precision=53), nullable=False),
        sa.Column("reach", sa.Float(precision=53), nullable=False),
        sa.Column("rank", sa.Float(precision=53), nullable=False),
        sa.Column("opened_at", BIG, nullable=False),
        sa.Column("closed_at", BIG, nullable=True),
        sa.Column("lease_person_id", BIG, nullable=True),
        sa.Column("lease_until", BIG, nullable=True),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_cases_article_id")),
        sa.ForeignKeyConstraint(["comment_id"], ["comments.id"], name=op.f("fk_cases_comment_id")),
        sa.ForeignKeyConstraint(["lease_person_id"], ["persons.id"], name=op.f("fk_cases_lease_person_id")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_cases_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
    )
    op.create_index(
        "ix_cases_closed_time",
        "cases",
        ["site_id", "closed_at", "id"],
        unique=False,
        sqlite_where=sa.text("state = 'closed'"),
        postgresql_where=sa.text("state = 'closed'"),
    )
    op.create_index(op.f("ix_cases_comment_id"), "cases", ["comment_id"], unique=False)
    op.create_index(
        "ix_cases_open_comment",
        "cases",
        ["comment_id"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(
        "ix_cases_open_guideline",
        "cases",
        ["site_id", "guideline", "rank", "id"],
        unique=False,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(
        "ix_cases_open_rank",
        "cases",
        ["site_id", "rank", "id"],
        unique=False,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(
        "ix_cases_open_time",
        "cases",
        ["site_id", "opened_at", "id"],
        unique=False,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "nudges",
        sa.Column("id", BIG, nullable=False),
        sa.Column("site_id", BIG, nullable=False),
        sa.Column("article_id", BIG, nullable=True),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("guideline", sa.String(length=20), nullable=True),
        sa.Column("fingerprint", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("comment_id", BIG, nullable=True),
        sa.Column("created_at", BIG, nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_nudges_article_id")),
        sa.ForeignKeyConstraint(["comment_id"], ["comments.id"], name=op.f("fk_nudges_comment_id")),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_nudges_person_id")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_nudges_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_nudges")),
    )
    op.create_index(op.f("ix_nudges_person_id_article_id"), "nudges", ["person_id", "article_id"], unique=False)
    op.create_table(
        "revisions",
        sa.Column("comment_id", BIG, nullable=False),
        sa.Column("number", BIG, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.ForeignKeyConstraint(["comment_id"], ["comments.id"], name=op.f("fk_revisions_comment_id")),
        sa.PrimaryKeyConstraint("comment_id", "number", name=op.f("pk_revisions")),
    )
    op.create_table(
        "signals",
        sa.Column("id", BIG, nullable=False),
        sa.Column("comment_id", BIG, nullable=False),
        sa.Column("revision", BIG, nullable=False),
        sa.Column("check_name", sa.String(length=30), nullable=False),
        sa.Column("guideline", sa.String(length=20), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("score", sa.Float(precision=53), nullable=True),
        sa.Column("evidence", JSON, nullable=False),
        sa.Column("engine", sa.String(length=60), nullable=False),
        sa.Column("version", sa.String(length=60), nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.ForeignKeyConstraint(["comment_id"], ["comments.id"], name=op.f("fk_signals_comment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signals")),
    )
    op.create_index(op.f("ix_signals_comment_id_revision"), "signals", ["comment_id", "revision"], unique=False)
    op.create_table(
        "votes",
        sa.Column("comment_id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("value", BIG, nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.ForeignKeyConstraint(["comment_id"], ["comments.id"], name=op.f("fk_votes_comment_id")),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_votes_person_id")),
        sa.PrimaryKeyConstraint("comment_id", "person_id", name=op.f("pk_votes")),
    )
    op.create_index(op.f("ix_votes_person_id"), "votes", ["person_id"], unique=False)
    op.create_table(
        "decisions",
        sa.Column("id", BIG, nullable=False),
        sa.Column("batch", sa.String(length=32), nullable=False),
        sa.Column("site_id", BIG, nullable=False),
        sa.Column("comment_id", BIG, nullable=False),
        sa.Column("revision", BIG, nullable=False),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("from_status", sa.String(length=20), nullable=True),
        sa.Column("to_status", sa.String(length=20), nullable=False),
        sa.Column("by_person_id", BIG, nullable=True),
        sa.Column("rule", sa.String(length=60), nullable=True),
        sa.Column("guideline", sa.String(length=20), nullable=True),
        sa.Column("guidelines_version", BIG, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("closed_case_id", BIG, nullable=True),
        sa.Column("undoes_id", BIG, nullable=True),
        sa.Column("created_at", BIG, nullable=False),
        sa.ForeignKeyConstraint(["by_person_id"], ["persons.id"], name=op.f("fk_decisions_by_person_id")),
        sa.ForeignKeyConstraint(["closed_case_id"], ["cases.id"], name=op.f("fk_decisions_closed_case_id")),
        sa.ForeignKeyConstraint(["comment_id"], ["comments.id"], name=op.f("fk_decisions_comment_id")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_decisions_site_id")),
        sa.ForeignKeyConstraint(["undoes_id"], ["decisions.id"], name=op.f("fk_decisions_undoes_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
    )
    op.create_index(op.f("ix_decisions_batch"), "decisions", ["batch"], unique=False)
    op.create_index(op.f("ix_decisions_comment_id_id"), "decisions", ["comment_id", "id"], unique=False)
    op.create_index(op.f("ix_decisions_site_id_id"), "decisions", ["site_id", "id"], unique=False)
    op.create_index(
        "ix_decisions_undoes",
        "decisions",
        ["undoes_id"],
        unique=True,
        sqlite_where=sa.text("undoes_id IS NOT NULL"),
        postgresql_where=sa.text("undoes_id IS NOT NULL"),
    )
    op.create_table(
        "appeals",
        sa.Column("id", BIG, nullable=False),
        sa.Column("decision_id", BIG, nullable=False),
        sa.Column("comment_id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.ForeignKeyConstraint(["comment_id"], ["comments.id"], name=op.f("fk_appeals_comment_id")),
        sa.ForeignKeyConstraint(["decision_id"], ["decisions.id"], name=op.f("fk_appeals_decision_id")),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_appeals_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appeals")),
        sa.UniqueConstraint("decision_id", name=op.f("uq_appeals_decision_id")),
    )
    op.create_index(op.f("ix_appeals_comment_id"), "appeals", ["comment_id"], unique=False)
    op.create_table(
        "notices",
        sa.Column("id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("site_id", BIG, nullable=False),
        sa.Column("comment_id", BIG, nullable=False),
        sa.Column("decision_id", BIG, nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("read_at", BIG, nullable=True),
        sa.ForeignKeyConstraint(["comment_id"], ["comments.id"], name=op.f("fk_notices_comment_id")),
        sa.ForeignKeyConstraint(["decision_id"], ["decisions.id"], name=op.f("fk_notices_decision_id")),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_notices_person_id")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_notices_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
    )
    op.create_index(
        "ix_notices_unread",
        "notices",
        ["person_id", "site_id"],
        unique=False,
        sqlite_where=sa.text("read_at IS NULL"),
        postgresql_where=sa.text("read_at IS NULL"),
    )
    op.create_table(
        "reports",
        sa.Column("id", BIG, nullable=False),
        sa.Column("comment_id", BIG, nullable=False),
        sa.Column("revision", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("decision_id", BIG, nullable=True),
        sa.Column("created_at", BIG, nullable=False),
        sa.ForeignKeyConstraint(["comment_id"], ["comments.id"], name=op.f("fk_reports_comment_id")),
        sa.ForeignKeyConstraint(["decision_id"], ["decisions.id"], name=op.f("fk_reports_decision_id")),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_reports_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reports")),
    )
    op.create_index(
        op.f("ix_reports_comment_id_revision_person_id"),
        "reports",
        ["comment_id", "revision", "person_id"],
        unique=True,
    )
    op.create_index(op.f("ix_reports_person_id"), "reports", ["person_id"], unique=False)


def downgrade() -> None:
    op.drop_table("reports")
    op.drop_table("notices")
    op.drop_table("appeals")
    op.drop_table("decisions")
    op.drop_table("votes")
    op.drop_table("signals")
    op.drop_table("revisions")
    op.drop_table("nudges")
    op.drop_table("cases")
    op.drop_table("comments")
    op.drop_table("sanctions")
    op.drop_table("refresh_tokens")
    op.drop_table("origins")
    op.drop_table("one_time_links")
    op.drop_table("memberships")
    op.drop_table("idempotency_keys")
    op.drop_table("guidelines")
    op.drop_table("authorization_codes")
    op.drop_table("articles")
    op.drop_table("api_tokens")
    op.drop_table("sites")
    op.drop_table("sign_in_failures")
    op.drop_table("persons")
    op.drop_table("jobs")
