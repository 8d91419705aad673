"""The tables. Time lives in ``run_at``, what is owed in ``state``; nothing else is a queue."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

__all__ = [
    "alarm",
    "alert",
    "attempt",
    "audit",
    "company",
    "delivery",
    "digest",
    "digest_member",
    "document",
    "endpoint_state",
    "event",
    "filer",
    "filer_name",
    "filing",
    "item",
    "journal",
    "list_revision",
    "meta",
    "metadata",
    "report",
    "rule_revision",
    "sighting",
    "silence",
    "tally",
    "throttle",
]


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant, in UTC on both sides; SQLite itself knows no time zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive time, which would be read back as another instant."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone cannot be stored: {value!r}")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Give it back aware."""
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# An accession number is the permanent key of a filing: what is here was seen, for ever.
filing = Table(
    "filing",
    metadata,
    Column("accession", String(20), primary_key=True),
    Column("form", String(20)),
    Column("company", Text, nullable=False, default=""),
    Column("filed_on", Date),
    Column("accepted_at", UtcDateTime),
    Column("listed_items", JSON, nullable=False),
    Column("filers", JSON, nullable=False),
    Column("origin", String(10), nullable=False),
    # The origin under which the work that is owed counts: a stored filing run again is a reread.
    Column("run_as", String(10), nullable=False),
    Column("source", String(20), nullable=False),
    Column("channel", String(20), nullable=False),
    Column("state", String(10), nullable=False),
    Column("run_at", UtcDateTime),
    Column("attempts", Integer, nullable=False, default=0),
    Column("reason", Text),
    Column("spotted_at", UtcDateTime, nullable=False),
    Column("settled_at", UtcDateTime),
    Column("archive_path", Text),
    Column("sha256", String(64)),
    Column("bytes", BigInteger),
    # The day on which an audit no longer found it in EDGAR's own index: withdrawn, or replaced by another.
    Column("gone_on", Date),
    # Where it stands among all others: milliseconds since 1970 at which EDGAR accepted it, moved on until they are its
    # own. Lists are ordered by it and their cursors name it. The tables of what was found in a filing repeat it, so
    # that a list narrowed to one item, event or company is a range of one index. See `sort_keys`.
    Column("sort_key", BigInteger, nullable=False, unique=True),
    Index("ix_filing_owed", "state", "run_at"),
    Index("ix_filing_filed_on", "filed_on"),
    Index("ix_filing_accepted", "accepted_at", "accession"),
    Index("ix_filing_arrived", "spotted_at", "accession"),
    Index("ix_filing_form", "form", "sort_key"),
    Index("ix_filing_state", "state", "sort_key"),
    Index("ix_filing_origin", "origin", "sort_key"),
)

filer = Table(
    "filer",
    metadata,
    Column("accession", ForeignKey("filing.accession", ondelete="CASCADE"), primary_key=True),
    Column("cik", BigInteger, primary_key=True),
    Column("name", Text, nullable=False),
    Column("sort_key", BigInteger, nullable=False),
    Index("ix_filer_cik", "cik", "sort_key"),
)

# Every name under which somebody was ever seen to file: few rows, so that words of a name are looked for in these.
filer_name = Table(
    "filer_name",
    metadata,
    Column("cik", BigInteger, primary_key=True, autoincrement=False),
    Column("name", Text, primary_key=True),
)

report = Table(
    "report",
    metadata,
    Column("accession", ForeignKey("filing.accession", ondelete="CASCADE"), primary_key=True),
    Column("saved_at", UtcDateTime, nullable=False),
    # The report's JSON form without the texts of its documents, which stand in `document`.
    Column("body", JSON, nullable=False),
    Column("versions", JSON, nullable=False),
    Column("period_of_report", Date),
    Index("ix_report_period", "period_of_report"),
)

document = Table(
    "document",
    metadata,
    Column("accession", ForeignKey("filing.accession", ondelete="CASCADE"), primary_key=True),
    Column("sequence", Integer, primary_key=True),
    Column("text", Text, nullable=False),
    # What the full-text index, which triggers keep in step with these rows, knows it by, and what it is narrowed by
    # there: see `search_index`. None: it stands in no index.
    Column("search_id", BigInteger),
    Column("names", Text),
    Column("tags", Text),
    Index("ix_document_search_id", "search_id", unique=True),
)

item = Table(
    "item",
    metadata,
    Column("accession", ForeignKey("filing.accession", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("number", String(5), nullable=False),
    Column("declared", Boolean, nullable=False),
    Column("found", Boolean, nullable=False),
    Column("sort_key", BigInteger, nullable=False),
    Index("ix_item_number", "number", "sort_key"),
)

event = Table(
    "event",
    metadata,
    Column("accession", ForeignKey("filing.accession", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("event", String(60), nullable=False),
    Column("score", Float, nullable=False),
    Column("severity", String(10), nullable=False),
    Column("is_expected", Boolean, nullable=False),
    Column("sort_key", BigInteger, nullable=False),
    Index("ix_event_event", "event", "sort_key"),
    Index("ix_event_severity", "severity", "sort_key"),
)

alert = Table(
    "alert",
    metadata,
    # The order in which alerts were raised; a receiver that keeps the last one it saw can find gaps.
    Column("sequence", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("id", String(40), nullable=False, unique=True),
    # None: an alarm of the watcher itself, which no filing raised.
    Column("accession", ForeignKey("filing.accession")),
    Column("rule", Text, nullable=False),
    Column("severity", String(10), nullable=False),
    Column("revision", String(64), nullable=False),
    Column("body", JSON, nullable=False),
    Column("raised_at", UtcDateTime, nullable=False),
    # What every endpoint is told, made once, so that each attempt sends the same bytes.
    Column("message_type", String(40), nullable=False),
    Column("message_at", UtcDateTime, nullable=False),
    Column("summary", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    # Why nobody is told of it; None when somebody is.
    Column("untold", Text),
    Index("ix_alert_accession", "accession"),
    Index("ix_alert_rule", "rule", "sequence"),
    Index("ix_alert_severity", "severity", "sequence"),
    Index("ix_alert_raised_at", "raised_at"),
    sqlite_autoincrement=True,
)

delivery = Table(
    "delivery",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("alert_id", ForeignKey("alert.id"), nullable=False),
    Column("endpoint", Text, nullable=False),
    Column("state", String(10), nullable=False),
    Column("run_at", UtcDateTime, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("last_error", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("settled_at", UtcDateTime),
    # From then on it is no longer sent; None: it is sent whenever it can be.
    Column("expires_at", UtcDateTime),
    # A person asked for one attempt more; the state that it falls back to when that fails.
    Column("manual_from", String(10)),
    # The alert's own: lists are in the order in which alerts were raised.
    Column("alert_sequence", BigInteger, nullable=False),
    UniqueConstraint("alert_id", "endpoint"),
    Index("ix_delivery_owed", "state", "endpoint", "run_at"),
    Index("ix_delivery_raised", "alert_sequence", "endpoint"),
    Index("ix_delivery_state", "state", "alert_sequence", "endpoint"),
    Index("ix_delivery_endpoint", "endpoint", "alert_sequence"),
)

attempt = Table(
    "attempt",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("delivery_id", ForeignKey("delivery.id", ondelete="CASCADE"), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("milliseconds", Integer, nullable=False),
    Column("ok", Boolean, nullable=False),
    Column("status", Integer),
    Column("error", Text),
    Column("address", Text),
    Column("answer", Text, nullable=False),
    Index("ix_attempt_delivery_id", "delivery_id"),
)

# How each endpoint fares. Whatever holds an endpoint back stands here, so a restart forgets none of it.
endpoint_state = Table(
    "endpoint_state",
    metadata,
    Column("name", Text, primary_key=True),
    # A hash of the endpoint's settings: when they change, all else here begins anew.
    Column("fingerprint", String(64), nullable=False, default=""),
    Column("failures", Integer, nullable=False, default=0),
    Column("timeouts", Integer, nullable=False, default=0),
    Column("pauses", Integer, nullable=False, default=0),
    Column("last_failed", String(40)),
    Column("last_error", Text),
    Column("failing_since", UtcDateTime),
    Column("exhausted_at", UtcDateTime),
    Column("resumes_at", UtcDateTime),
    Column("disabled_at", UtcDateTime),
    Column("disabled_reason", Text),
    Column("failing_told_at", UtcDateTime),
    Column("exhausted_told_at", UtcDateTime),
    Column("told_of", String(40)),
)

# One row for each EDGAR day whose index was asked for. A day is done when `missing` is 0 or all of it was taken in.
audit = Table(
    "audit",
    metadata,
    Column("day", Date, primary_key=True),
    Column("state", String(10), nullable=False),
    Column("checked_at", UtcDateTime, nullable=False),
    Column("listed", Integer, nullable=False),  # filings of the 8-K family in EDGAR's index of that day
    Column("missing", Integer, nullable=False),  # of them, over all checks, those that no other source had spotted
    Column("gone", Integer, nullable=False),  # in the store, but no longer in EDGAR's index
    Column("reason", Text),
)

# When each channel first showed a filing: what a channel's lead and misses are counted from.
sighting = Table(
    "sighting",
    metadata,
    Column("accession", ForeignKey("filing.accession", ondelete="CASCADE"), primary_key=True),
    Column("channel", String(20), primary_key=True),
    Column("seen_at", UtcDateTime, nullable=False),
    Index("ix_sighting_channel", "channel", "seen_at"),
)

# Who is who, as EDGAR's own lists say; kept for as long as they do not say otherwise.
company = Table(
    "company",
    metadata,
    Column("cik", BigInteger, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("tickers", JSON, nullable=False),
    Column("exchange", Text),
    Column("former_names", JSON, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
)

# What the watcher tells its own operator: open while `ended_at` is None. The telling itself is an alert like others.
alarm = Table(
    "alarm",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("text", Text, nullable=False),
    Column("began_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Index("ix_alarm_open", "ended_at", "kind"),
)

# How many were told of each rule and key, in the window that began with the first of them.
throttle = Table(
    "throttle",
    metadata,
    Column("rule", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("began_at", UtcDateTime, nullable=False),
    Column("count", Integer, nullable=False),
)

# Alerts of one rule and key that an endpoint is told of together: open while `closed_at` is None. The telling is an
# alert like others, under the digest's own id.
digest = Table(
    "digest",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("rule", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("endpoint", Text, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("closes_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime),
    Column("count", Integer, nullable=False),
    Index("ix_digest_open", "closed_at", "closes_at"),
    Index("ix_digest_key", "rule", "key"),
)

digest_member = Table(
    "digest_member",
    metadata,
    Column("digest_id", ForeignKey("digest.id", ondelete="CASCADE"), primary_key=True),
    Column("alert_id", ForeignKey("alert.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_digest_member_alert_id", "alert_id"),
)

# What nobody wants to be told for a while; kept for ever, for an old alert may say that it was silenced.
silence = Table(
    "silence",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("rule", Text),
    Column("cik", BigInteger),
    Column("why", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("begins_at", UtcDateTime, nullable=False),
    Column("until", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Index("ix_silence_open", "ended_at", "until"),
    sqlite_autoincrement=True,
)

# Each text that a rule ever had while it was in use, with the lists and phrases that it used: what an alert's revision
# stands for.
rule_revision = Table(
    "rule_revision",
    metadata,
    Column("rule", Text, primary_key=True),
    Column("revision", String(64), primary_key=True),
    Column("title", Text, nullable=False),
    Column("source", Text, nullable=False),  # JSON, as the rule book gave it
    Column("first_used_at", UtcDateTime, nullable=False),
)

# What each named list held, from each time on at which it was read to be another than before.
list_revision = Table(
    "list_revision",
    metadata,
    Column("name", Text, primary_key=True),
    Column("read_at", UtcDateTime, primary_key=True),
    Column("revision", String(64), nullable=False),
    Column("values", JSON, nullable=False),
)

# What happened, in the order in which it was committed: the live stream reads it, so that a client that was away can
# be told of all that it missed. Pruned after a while; it names what may itself be gone by then.
journal = Table(
    "journal",
    metadata,
    Column("sequence", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("kind", String(10), nullable=False),
    Column("accession", String(20)),
    Column("alert_id", String(40)),
    Column("at", UtcDateTime, nullable=False),
    Index("ix_journal_at", "at"),
    sqlite_autoincrement=True,
)

# How many filings and deliveries stand in each state. Triggers keep it, so that a page need not count a million rows.
tally = Table(
    "tally",
    metadata,
    Column("of", String(10), primary_key=True),
    Column("state", String(10), primary_key=True),
    Column("count", BigInteger, nullable=False),
)

# Facts about the store itself: its id, and what each source needs to know after a restart.
meta = Table("meta", metadata, Column("key", String(60), primary_key=True), Column("value", Text, nullable=False))
