"""Audits, sightings, companies and alarms; an alert may be an alarm, which no filing raised."""

import sqlalchemy as sa
from alembic import op

from watcher.store.schema import UtcDateTime

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("filing", sa.Column("gone_on", sa.Date(), nullable=True))
    op.create_index("ix_filing_filed_on", "filing", ["filed_on"], unique=False)
    with op.batch_alter_table("alert", table_kwargs={"sqlite_autoincrement": True}) as alert:
        alert.alter_column("accession", existing_type=sa.String(length=20), nullable=True)
    op.create_table(
        "audit",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("checked_at", UtcDateTime(), nullable=False),
        sa.Column("listed", sa.Integer(), nullable=False),
        sa.Column("missing", sa.Integer(), nullable=False),
        sa.Column("gone", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_audit")),
    )
    op.create_table(
        "sighting",
        sa.Column("accession", sa.String(length=20), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["accession"], ["filing.accession"], name=op.f("fk_sighting_accession"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("accession", "channel", name=op.f("pk_sighting")),
    )
    op.create_index("ix_sighting_channel", "sighting", ["channel", "seen_at"], unique=False)
    op.create_table(
        "company",
        sa.Column("cik", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("tickers", sa.JSON(), nullable=False),
        sa.Column("exchange", sa.Text(), nullable=True),
        sa.Column("former_names", sa.JSON(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("cik", name=op.f("pk_company")),
    )
    op.create_table(
        "alarm",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("began_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarm")),
    )
    op.create_index("ix_alarm_open", "alarm", ["ended_at", "kind"], unique=False)


def downgrade() -> None:
    op.drop_table("alarm")
    op.drop_table("company")
    op.drop_table("sighting")
    op.drop_table("audit")
    op.execute("DELETE FROM delivery WHERE alert_id IN (SELECT id FROM alert WHERE accession IS NULL)")
    op.execute("DELETE FROM alert WHERE accession IS NULL")
    with op.batch_alter_table("alert", table_kwargs={"sqlite_autoincrement": True}) as alert:
        alert.alter_column("accession", existing_type=sa.String(length=20), nullable=False)
    op.drop_index("ix_filing_filed_on", table_name="filing")
    op.drop_column("filing", "gone_on")
