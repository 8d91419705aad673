"""The first schema."""

import sqlalchemy as sa
from alembic import op

from watcher.store.schema import UtcDateTime

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "filing",
        sa.Column("accession", sa.String(length=20), nullable=False),
        sa.Column("form", sa.String(length=20), nullable=True),
        sa.Column("company", sa.Text(), nullable=False),
        sa.Column("filed_on", sa.Date(), nullable=True),
        sa.Column("accepted_at", UtcDateTime(), nullable=True),
        sa.Column("listed_items", sa.JSON(), nullable=False),
        sa.Column("filers", sa.JSON(), nullable=False),
        sa.Column("origin", sa.String(length=10), nullable=False),
        sa.Column("run_as", sa.String(length=10), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("run_at", UtcDateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("spotted_at", UtcDateTime(), nullable=False),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.Column("archive_path", sa.Text(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("bytes", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("accession", name=op.f("pk_filing")),
    )
    op.create_index("ix_filing_accepted", "filing", ["accepted_at", "accession"], unique=False)
    op.create_index("ix_filing_arrived", "filing", ["spotted_at", "accession"], unique=False)
    op.create_index("ix_filing_owed", "filing", ["state", "run_at"], unique=False)
    op.create_table(
        "meta",
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_meta")),
    )
    op.create_table(
        "alert",
        sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("accession", sa.String(length=20), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("severity", sa.String(length=10), nullable=False),
        sa.Column("revision", sa.String(length=64), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("raised_at", UtcDateTime(), nullable=False),
        sa.Column("message_type", sa.String(length=40), nullable=False),
        sa.Column("message_at", UtcDateTime(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["accession"], ["filing.accession"], name=op.f("fk_alert_accession")),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_alert")),
        sa.UniqueConstraint("id", name=op.f("uq_alert_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_alert_accession", "alert", ["accession"], unique=False)
    op.create_table(
        "document",
        sa.Column("accession", sa.String(length=20), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["accession"], ["filing.accession"], name=op.f("fk_document_accession"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("accession", "sequence", name=op.f("pk_document")),
    )
    op.create_table(
        "filer",
        sa.Column("accession", sa.String(length=20), nullable=False),
        sa.Column("cik", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["accession"], ["filing.accession"], name=op.f("fk_filer_accession"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("accession", "cik", name=op.f("pk_filer")),
    )
    op.create_index("ix_filer_cik", "filer", ["cik"], unique=False)
    op.create_table(
        "item",
        sa.Column("accession", sa.String(length=20), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=5), nullable=False),
        sa.Column("declared", sa.Boolean(), nullable=False),
        sa.Column("found", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["accession"], ["filing.accession"], name=op.f("fk_item_accession"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("accession", "position", name=op.f("pk_item")),
    )
    op.create_index("ix_item_number", "item", ["number"], unique=False)
    op.create_table(
        "report",
        sa.Column("accession", sa.String(length=20), nullable=False),
        sa.Column("saved_at", UtcDateTime(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("versions", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["accession"], ["filing.accession"], name=op.f("fk_report_accession"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("accession", name=op.f("pk_report")),
    )
    op.create_table(
        "delivery",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("alert_id", sa.String(length=40), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("run_at", UtcDateTime(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"], name=op.f("fk_delivery_alert_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("alert_id", "endpoint", name=op.f("uq_delivery_alert_id_endpoint")),
    )
    op.create_index("ix_delivery_owed", "delivery", ["state", "endpoint", "run_at"], unique=False)
    op.create_table(
        "attempt",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("delivery_id", sa.String(length=40), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("ok", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["delivery.id"], name=op.f("fk_attempt_delivery_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_attempt")),
    )
    op.create_index("ix_attempt_delivery_id", "attempt", ["delivery_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_attempt_delivery_id", table_name="attempt")
    op.drop_table("attempt")
    op.drop_index("ix_delivery_owed", table_name="delivery")
    op.drop_table("delivery")
    op.drop_table("report")
    op.drop_index("ix_item_number", table_name="item")
    op.drop_table("item")
    op.drop_index("ix_filer_cik", table_name="filer")
    op.drop_table("filer")
    op.drop_table("document")
    op.drop_index("ix_alert_accession", table_name="alert")
    op.drop_table("alert")
    op.drop_table("meta")
    op.drop_index("ix_filing_owed", table_name="filing")
    op.drop_index("ix_filing_arrived", table_name="filing")
    op.drop_index("ix_filing_accepted", table_name="filing")
    op.drop_table("filing")
