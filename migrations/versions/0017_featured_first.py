"""Featured comments come first by "Best": they are ranked one above all others."""

from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.execute("UPDATE comments SET best = best + 1 WHERE featured AND best <= 1")


def downgrade() -> None:
    op.execute("UPDATE comments SET best = best - 1 WHERE featured AND best >= 1")
