"""What the API answers with on rules."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from watcher.models import Severity

__all__ = [
    "BacktestMade",
    "Checked",
    "RuleDetail",
    "RuleFileDetail",
    "RuleFileList",
    "RuleList",
    "RuleRow",
    "RulesAsked",
    "SavedFile",
]


class RuleRow(BaseModel):
    """A rule that is in force."""

    id: str
    title: str
    severity: Severity
    status: str
    notify: list[str]
    revision: Annotated[str, Field(description="changes with the rule, and with the lists and phrases that it uses")]
    file: Annotated[str, Field(description="its name in the rules folder")]
    line: int
    found_by: Annotated[str, Field(description="what leads from a filing to it")]
    test_count: int


class RuleList(BaseModel):
    """The rules in force."""

    version: Annotated[str, Field(description="changes when any rule does")]
    trouble: Annotated[str | None, Field(description="why the files as they stand are not in force")]
    rules: list[RuleRow]


class RuleRevision(BaseModel):
    """A text that the rule had while it was in use."""

    revision: str
    title: str
    first_used_at: datetime


class RuleDetail(RuleRow):
    """A rule, what it asks, and what it was."""

    text: Annotated[str, Field(description="the rule with the lists and phrases that it uses, in YAML")]
    tree: Annotated[str, Field(description="what it asks, as it is understood")]
    revisions: list[RuleRevision]


class RuleFileRow(BaseModel):
    """A file of the rules folder."""

    name: str
    bytes: int
    changed_at: datetime
    etag: str


class RuleFileList(BaseModel):
    """The files of the rules folder, by name."""

    files: list[RuleFileRow]


class RuleFileDetail(RuleFileRow):
    """A file of the rules folder, with its text."""

    text: str


class Finding(BaseModel):
    """One thing that a check of rules found."""

    file: str
    line: Annotated[int, Field(description="from 1; 0 for a whole file")]
    column: int
    code: Annotated[str, Field(description="a fixed word; see docs/rules.md")]
    key: str
    problem: str
    remedy: str
    is_warning: bool


class Checked(BaseModel):
    """What a check of a draft found."""

    findings: list[Finding]
    faults: int
    warnings: int


class SavedFile(BaseModel):
    """A file that was saved."""

    name: str
    etag: str
    is_new: bool
    warnings: list[Finding]


class DeletedFile(BaseModel):
    """A file that was deleted, and what is warned of in those that are left."""

    name: str
    warnings: list[Finding]


class RulesAsked(BaseModel):
    """That the files are read again."""

    asked: bool


class BacktestRule(BaseModel):
    """What a rule would have done. Keys may be added."""

    model_config = ConfigDict(extra="allow")

    rule: str
    title: str
    severity: Severity
    revision: str
    matched: int
    told: int
    untold: Annotated[dict[str, int], Field(description="how many nobody would have been told of, by why")]
    told_per_week: dict[str, float]
    companies: list[dict[str, Any]]
    matches: Annotated[list[dict[str, Any]], Field(description="the first of them, with the words")]


class BacktestMade(BaseModel):
    """What a draft would have raised. Keys may be added."""

    model_config = ConfigDict(extra="allow")

    filings: int
    with_warnings: int
    first: date | datetime | None
    last: date | datetime | None
    deliveries: int
    rules: list[BacktestRule]
    warnings: list[Finding]
