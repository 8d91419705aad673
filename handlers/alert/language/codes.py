"""What a check of rule files can find: a fixed word for each kind of finding."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Code"]


class Code(StrEnum):
    """A kind of finding. The words are documented in ``docs/rules.md``, and stay."""

    # Faults: no rule counts while there is one.
    UNREADABLE = "unreadable"
    NOT_YAML = "not-yaml"
    WRONG_VERSION = "wrong-version"
    UNKNOWN_KEY = "unknown-key"
    MISSING = "missing"
    EMPTY = "empty"
    WRONG_KIND = "wrong-kind"
    BAD_VALUE = "bad-value"
    BAD_ID = "bad-id"
    DUPLICATE = "duplicate"
    UNKNOWN_FIELD = "unknown-field"
    UNKNOWN_MODIFIER = "unknown-modifier"
    WRONG_MODIFIER = "wrong-modifier"
    UNKNOWN_LIST = "unknown-list"
    UNKNOWN_PHRASES = "unknown-phrases"
    WRONG_SET = "wrong-set"
    UNKNOWN_ENDPOINT = "unknown-endpoint"
    UNKNOWN_RULE = "unknown-rule"
    UNKNOWN_SELECTION = "unknown-selection"
    UNUSED_SELECTION = "unused-selection"
    BAD_CONDITION = "bad-condition"
    BAD_PATTERN = "bad-pattern"
    BAD_TEMPLATE = "bad-template"
    INHIBITS_CYCLE = "inhibits-cycle"

    # Warnings: the rules work, but perhaps not as they were meant.
    NEVER_MATCHES = "never-matches"
    ALWAYS_MATCHES = "always-matches"
    EVERY_FILING = "every-filing"
    SHORT_PHRASE = "short-phrase"
    NARROW = "narrow"
    SAME_CONDITION = "same-condition"
    NO_TESTS = "no-tests"
    UNUSED = "unused"
    UNKNOWN_EVENT = "unknown-event"
    AMBIGUOUS = "ambiguous"
    SECRET = "secret"  # noqa: S105  # the word for one, not one
