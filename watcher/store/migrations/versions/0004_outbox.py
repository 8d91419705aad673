"""How endpoints fare, and which deliveries a person asked for once more."""

import sqlalchemy as sa
from alembic import op

from watcher.store.schema import UtcDateTime

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("delivery", sa.Column("manual_from", sa.String(length=10), nullable=True))
    op.create_table(
        "endpoint_state",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("timeouts", sa.Integer(), nullable=False),
        sa.Column("pauses", sa.Integer(), nullable=False),
        sa.Column("last_failed", sa.String(length=40), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("failing_since", UtcDateTime(), nullable=True),
        sa.Column("exhausted_at", UtcDateTime(), nullable=True),
        sa.Column("resumes_at", UtcDateTime(), nullable=True),
        sa.Column("disabled_at", UtcDateTime(), nullable=True),
        sa.Column("disabled_reason", sa.Text(), nullable=True),
        sa.Column("failing_told_at", UtcDateTime(), nullable=True),
        sa.Column("exhausted_told_at", UtcDateTime(), nullable=True),
        sa.Column("told_of", sa.String(length=40), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_endpoint_state")),
    )


def downgrade() -> None:
    # What was asked for once more had been settled before.
    op.execute("UPDATE delivery SET state = manual_from WHERE state = 'pending' AND manual_from IS NOT NULL")
    op.drop_table("endpoint_state")
    op.drop_column("delivery", "manual_from")
