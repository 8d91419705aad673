"""Lists in one order, the full-text index, events as rows, and the journal."""

import logging
from collections.abc import Iterator
from datetime import date
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from alembic import op

from watcher.store.schema import UtcDateTime
from watcher.store.search_index import MAKE, REMOVE, event_rows, names_of, tags_of
from watcher.store.sort_keys import PER_FILING, wished_key
from watcher.store.tally import MAKE as COUNT
from watcher.store.tally import REMOVE as STOP_COUNTING

revision = "0005"
down_revision = "0004"

log = logging.getLogger(__name__)

PORTION = 1000
NEW_INDEXES = (
    ("ix_filing_form", "filing", ["form", "sort_key"]),
    ("ix_filing_state", "filing", ["state", "sort_key"]),
    ("ix_filing_origin", "filing", ["origin", "sort_key"]),
    ("ix_filer_cik", "filer", ["cik", "sort_key"]),
    ("ix_item_number", "item", ["number", "sort_key"]),
    ("ix_event_event", "event", ["event", "sort_key"]),
    ("ix_event_severity", "event", ["severity", "sort_key"]),
    ("ix_report_period", "report", ["period_of_report"]),
    ("ix_alert_rule", "alert", ["rule", "sequence"]),
    ("ix_alert_severity", "alert", ["severity", "sequence"]),
    ("ix_alert_raised_at", "alert", ["raised_at"]),
    ("ix_delivery_raised", "delivery", ["alert_sequence", "endpoint"]),
    ("ix_delivery_state", "delivery", ["state", "alert_sequence", "endpoint"]),
    ("ix_delivery_endpoint", "delivery", ["endpoint", "alert_sequence"]),
    ("ix_journal_at", "journal", ["at"]),
)
OLD_INDEXES = (("ix_filer_cik", "filer", ["cik"]), ("ix_item_number", "item", ["number"]))
FILING = sa.table(
    "filing",
    sa.column("accession"),
    sa.column("accepted_at", UtcDateTime()),
    sa.column("filed_on", sa.Date()),
    sa.column("spotted_at", UtcDateTime()),
    sa.column("origin"),
    sa.column("sort_key", sa.BigInteger()),
)
FILER = sa.table("filer", sa.column("accession"), sa.column("sort_key", sa.BigInteger()))
ITEM = sa.table("item", sa.column("accession"), sa.column("sort_key", sa.BigInteger()))
REPORT = sa.table(
    "report", sa.column("accession"), sa.column("body", sa.JSON()), sa.column("period_of_report", sa.Date())
)
DOCUMENT = sa.table(
    "document",
    *map(sa.column, ("accession", "sequence", "search_id", "names", "tags")),
)
EVENT = sa.table(
    "event",
    *map(sa.column, ("accession", "position", "event", "score", "severity", "is_expected", "sort_key")),
)


def upgrade() -> None:
    for name, table, _ in OLD_INDEXES:
        op.drop_index(name, table_name=table)
    _add_columns()
    _make_tables()
    _number_filings()
    for repeating in (FILER, ITEM):
        key = sa.select(FILING.c.sort_key).where(FILING.c.accession == repeating.c.accession).scalar_subquery()
        op.execute(repeating.update().values(sort_key=key))
    op.execute("UPDATE delivery SET alert_sequence = (SELECT sequence FROM alert WHERE alert.id = delivery.alert_id)")
    op.execute("INSERT INTO filer_name (cik, name) SELECT DISTINCT cik, name FROM filer")
    _require_keys()
    op.create_index("ix_document_search_id", "document", ["search_id"], unique=True)
    if op.get_bind().dialect.name == "sqlite":
        for statement in MAKE:
            op.execute(statement)
    _read_reports()
    if op.get_bind().dialect.name == "sqlite":
        for statement in COUNT:
            op.execute(statement)
    for name, table, columns in NEW_INDEXES:
        op.create_index(name, table, columns, unique=False)


def _add_columns() -> None:
    for table in ("filing", "filer", "item"):
        op.add_column(table, sa.Column("sort_key", sa.BigInteger(), nullable=True))
    op.add_column("delivery", sa.Column("alert_sequence", sa.BigInteger(), nullable=True))
    op.add_column("report", sa.Column("period_of_report", sa.Date(), nullable=True))
    op.add_column("document", sa.Column("search_id", sa.BigInteger(), nullable=True))
    op.add_column("document", sa.Column("names", sa.Text(), nullable=True))
    op.add_column("document", sa.Column("tags", sa.Text(), nullable=True))


def _make_tables() -> None:
    op.create_table(
        "filer_name",
        sa.Column("cik", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("cik", "name", name=op.f("pk_filer_name")),
    )
    op.create_table(
        "event",
        sa.Column("accession", sa.String(length=20), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("event", sa.String(length=60), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("severity", sa.String(length=10), nullable=False),
        sa.Column("is_expected", sa.Boolean(), nullable=False),
        sa.Column("sort_key", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["accession"], ["filing.accession"], name=op.f("fk_event_accession"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("accession", "position", name=op.f("pk_event")),
    )
    op.create_table(
        "tally",
        sa.Column("of", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("of", "state", name=op.f("pk_tally")),
    )
    op.create_table(
        "journal",
        sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("accession", sa.String(length=20), nullable=True),
        sa.Column("alert_id", sa.String(length=40), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_journal")),
        sqlite_autoincrement=True,
    )


def _number_filings() -> None:
    """Give each filing a key of its own, in the order of acceptance."""
    bind = op.get_bind()
    columns = (FILING.c.accession, FILING.c.accepted_at, FILING.c.filed_on, FILING.c.spotted_at)
    rows = bind.execute(sa.select(*columns))
    wished = sorted((wished_key(row.accepted_at, row.filed_on, row.spotted_at), row.accession) for row in rows)
    update = FILING.update().where(FILING.c.accession == sa.bindparam("of")).values(sort_key=sa.bindparam("key"))
    key = -(2**62)
    numbered = []
    for wish, accession in wished:
        key = max(key + 1, wish)
        numbered.append({"of": accession, "key": key})
    for some in _portions(numbered):
        bind.execute(update, some)


def _require_keys() -> None:
    with op.batch_alter_table("filing") as table:
        table.alter_column("sort_key", existing_type=sa.BigInteger(), nullable=False)
        table.create_unique_constraint(op.f("uq_filing_sort_key"), ["sort_key"])
    for name in ("filer", "item"):
        with op.batch_alter_table(name) as table:
            table.alter_column("sort_key", existing_type=sa.BigInteger(), nullable=False)
    with op.batch_alter_table("delivery") as table:
        table.alter_column("alert_sequence", existing_type=sa.BigInteger(), nullable=False)


def _read_reports() -> None:
    """Take out of the stored reports what has columns now, and put their texts into the index."""
    bind = op.get_bind()
    total = bind.execute(sa.select(sa.func.count()).select_from(REPORT)).scalar_one()
    asked = sa.select(REPORT.c.accession, REPORT.c.body, FILING.c.sort_key, FILING.c.origin)
    asked = asked.join(FILING, FILING.c.accession == REPORT.c.accession).order_by(REPORT.c.accession).limit(PORTION)
    last, done = "", 0
    while rows := bind.execute(asked.where(REPORT.c.accession > last)).all():
        _fill(rows)
        last, done = rows[-1].accession, done + len(rows)
        log.info("indexed stored reports", extra={"done": done, "total": total})


def _fill(rows: Any) -> None:
    bind = op.get_bind()
    period = REPORT.update().where(REPORT.c.accession == sa.bindparam("of"))
    dates = [{"of": row.accession, "period": date.fromisoformat(day)} for row in rows if (day := _period(row.body))]
    if dates:
        bind.execute(period.values(period_of_report=sa.bindparam("period")), dates)
    if events := [one for row in rows for one in event_rows(row.accession, row.sort_key, row.body.get("events") or ())]:
        bind.execute(EVENT.insert(), events)
    known = {row.accession: row for row in rows}
    held = sa.select(DOCUMENT.c.accession, DOCUMENT.c.sequence).where(DOCUMENT.c.accession.in_(known))
    found = bind.execute(held.order_by(DOCUMENT.c.accession, DOCUMENT.c.sequence)).all()
    if indexed := [
        _indexed(known[accession], document.sequence, place)
        for accession, documents in groupby(found, lambda one: one.accession)
        for place, document in enumerate(documents)
        if place < PER_FILING
    ]:
        which = (DOCUMENT.c.accession == sa.bindparam("of"), DOCUMENT.c.sequence == sa.bindparam("at"))
        new: dict[str, Any] = {
            "search_id": sa.bindparam("id"),
            "names": sa.bindparam("all"),
            "tags": sa.bindparam("facts"),
        }
        bind.execute(DOCUMENT.update().where(*which).values(**new), indexed)


def _indexed(row: Any, sequence: int, place: int) -> dict[str, Any]:
    number = row.sort_key * PER_FILING + place
    names, tags = names_of(row.body), tags_of(row.body, row.origin)
    return {"of": row.accession, "at": sequence, "id": number, "all": names, "facts": tags}


def _period(body: Any) -> str | None:
    found: str | None = body.get("period_of_report")
    return found


def _portions(rows: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    return (rows[start : start + PORTION] for start in range(0, len(rows), PORTION))


def downgrade() -> None:
    for name, table, _ in NEW_INDEXES:
        op.drop_index(name, table_name=table)
    if op.get_bind().dialect.name == "sqlite":
        for statement in (*REMOVE, *STOP_COUNTING):
            op.execute(statement)
    op.drop_index("ix_document_search_id", table_name="document")
    for table in ("journal", "event", "filer_name", "tally"):
        op.drop_table(table)
    for column in ("tags", "names", "search_id"):
        op.drop_column("document", column)
    op.drop_column("report", "period_of_report")
    op.drop_column("delivery", "alert_sequence")
    with op.batch_alter_table("filing") as filing:
        filing.drop_constraint("uq_filing_sort_key", type_="unique")
        filing.drop_column("sort_key")
    for name in ("filer", "item"):
        op.drop_column(name, "sort_key")
    for name, table, columns in OLD_INDEXES:
        op.create_index(name, table, columns, unique=False)
