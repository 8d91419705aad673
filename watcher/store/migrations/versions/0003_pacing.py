"""Throttles, digests, silences, revisions of rules and lists; why an alert is untold, when a delivery expires."""

import sqlalchemy as sa
from alembic import op

from watcher.store.schema import UtcDateTime

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("alert", sa.Column("untold", sa.Text(), nullable=True))
    op.add_column("delivery", sa.Column("expires_at", UtcDateTime(), nullable=True))
    op.create_table(
        "throttle",
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("began_at", UtcDateTime(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("rule", "key", name=op.f("pk_throttle")),
    )
    _make_digests()
    op.create_table(
        "silence",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("rule", sa.Text(), nullable=True),
        sa.Column("cik", sa.BigInteger(), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("begins_at", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_silence")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_silence_open", "silence", ["ended_at", "until"], unique=False)
    op.create_table(
        "rule_revision",
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("revision", sa.String(length=64), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("first_used_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("rule", "revision", name=op.f("pk_rule_revision")),
    )
    op.create_table(
        "list_revision",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("read_at", UtcDateTime(), nullable=False),
        sa.Column("revision", sa.String(length=64), nullable=False),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("name", "read_at", name=op.f("pk_list_revision")),
    )


def _make_digests() -> None:
    op.create_table(
        "digest",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("closes_at", UtcDateTime(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_digest")),
    )
    op.create_index("ix_digest_open", "digest", ["closed_at", "closes_at"], unique=False)
    op.create_index("ix_digest_key", "digest", ["rule", "key"], unique=False)
    op.create_table(
        "digest_member",
        sa.Column("digest_id", sa.String(length=40), nullable=False),
        sa.Column("alert_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["digest_id"], ["digest.id"], name=op.f("fk_digest_member_digest_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"], name=op.f("fk_digest_member_alert_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("digest_id", "alert_id", name=op.f("pk_digest_member")),
    )
    op.create_index("ix_digest_member_alert_id", "digest_member", ["alert_id"], unique=False)


def downgrade() -> None:
    # An expired delivery is unknown to the version before: to it, it was given up.
    op.execute("UPDATE delivery SET state = 'failed' WHERE state = 'expired'")
    for table in ("list_revision", "rule_revision", "silence", "digest_member", "digest", "throttle"):
        op.drop_table(table)
    op.drop_column("delivery", "expires_at")
    op.drop_column("alert", "untold")
