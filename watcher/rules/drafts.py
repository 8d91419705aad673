"""Rules as a person works on them while the daemon runs: those in force, their files, and drafts that are tried out.

A draft is looked at in a process of its own, by the same commands as at a terminal, so that it can neither hold up nor
end the daemon. What is saved is a whole file, and only when every rule of the folder would check with it.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import secrets
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from watcher.errors import EightkError
from watcher.registry import LineSpec
from watcher.rulebook import RuleInfo
from watcher.rules.books import rules_handler
from watcher.rules.bounded import Ended, run_bounded
from watcher.rules.mirror import lay_out
from watcher.settings import Settings

__all__ = [
    "DraftBusy",
    "DraftChanged",
    "DraftFaults",
    "InForce",
    "RuleDrafts",
    "RuleFile",
    "Saved",
    "UnknownRuleFile",
    "etag_of",
]

FILE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}\.yaml")
CHECK_SECONDS, BACKTEST_SECONDS = 60, 300
# Beside what the rules themselves may take: the interpreter and what it loads.
OWN_MEGABYTES = 1024
# What a draft may hold, and what is told of it.
MOST_RULES, MOST_FINDINGS = 500, 200
_MOST_MATCHES = 50
_EXIT_CHECKED = (0, 1)

_Matches = Mapping[str, list[dict[str, Any]]]


class DraftBusy(EightkError):  # noqa: N818  # a refusal, and nobody's fault
    """Another draft is being tried out."""


class DraftChanged(EightkError):  # noqa: N818  # a refusal, and nobody's fault
    """The file is another one than whoever saves has seen."""


class DraftFaults(EightkError):  # noqa: N818  # a refusal, and nobody's fault
    """The rules would not check. ``findings`` are all that is wrong, and what is warned of."""

    def __init__(self, findings: list[dict[str, Any]]) -> None:
        self.findings = findings
        faults = sum(not one["is_warning"] for one in findings)
        super().__init__(f"{faults} fault{'' if faults == 1 else 's'}: the rules are left as they were")


class UnknownRuleFile(EightkError):  # noqa: N818  # a refusal, and nobody's fault
    """There is no such file in the rules folder."""


@dataclass(frozen=True, slots=True)
class InForce:
    """The rules that filings are matched against now."""

    version: str
    rules: tuple[RuleInfo, ...]
    trouble: str  # why the files as they stand are not in force; "" when they are


@dataclass(frozen=True, slots=True)
class RuleFile:
    """A file of the rules folder."""

    name: str
    bytes: int
    changed_at: datetime
    etag: str
    text: str


@dataclass(frozen=True, slots=True)
class Saved:
    """A draft that was saved."""

    name: str
    etag: str
    is_new: bool
    warnings: tuple[dict[str, Any], ...]


def etag_of(text: str) -> str:
    """What a file's content is known by."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def check_name(name: str) -> None:
    """Raise ``ValueError`` for a name that no file of rules can have, such as one that leads out of the folder."""
    if not FILE_NAME.fullmatch(name):
        raise ValueError(f"{name!r}: a file of rules has a name such as mine.yaml: a-z, 0-9, - and _")


class RuleDrafts:
    """All that the page and the API do with rules. ``ask`` has the files read again; ``trouble`` tells why not.

    ``renew`` puts a line in force; whoever has new rules puts them in force through `RuleDrafts.renew`.
    """

    def __init__(
        self,
        settings: Callable[[], Settings],
        spec: LineSpec,
        *,
        renew: Callable[[LineSpec], None],
        ask: Callable[[], None],
        trouble: Callable[[], str],
    ) -> None:
        self._settings = settings
        self._spec = spec
        self._renew = renew
        self._trouble = trouble
        self.ask = ask
        # Each its own: what takes minutes is not to keep anybody from saving.
        self._checking, self._backtesting = asyncio.Semaphore(1), asyncio.Semaphore(1)
        self._explaining = asyncio.Semaphore(1)
        self._saving = asyncio.Lock()
        self._read: tuple[bytes, InForce] | None = None

    def renew(self, spec: LineSpec) -> None:
        """Put this line in force."""
        self._spec = spec
        self._renew(spec)

    async def in_force(self) -> InForce:
        """Return the rules in force. Raises ``ConfigError`` when this line keeps no rules."""
        handler = rules_handler(self._settings())
        packed = self._spec.prepared.get(handler.name, b"")
        if self._read is None or self._read[0] != packed:
            version, rules, _ = await asyncio.to_thread(handler.told_of, packed) if packed else ("", (), ())
            self._read = packed, InForce(version, tuple(rules), "")
        found = self._read[1]
        return InForce(found.version, found.rules, self._trouble())

    def source_text(self, rule: RuleInfo) -> str:
        """Return what a rule says, with the lists and phrases that it uses. Raises ``ConfigError``."""
        return rules_handler(self._settings()).source_text(rule.source)

    async def files(self) -> tuple[RuleFile, ...]:
        """Return the files of the rules folder, by name. Raises ``EightkError`` when it cannot be read."""
        return await asyncio.to_thread(lambda: tuple(_files(self._folder)))

    async def check(self, text: str, name: str = "draft.yaml") -> list[dict[str, Any]]:
        """Return all that is wrong with a draft, and warned of, as if it stood in the folder under this name.

        Raises ``DraftBusy``, ``ValueError`` for a name that none can have, and ``EightkError`` when it cannot be
        checked.
        """
        check_name(name)
        async with _Turn(self._checking):
            return await self._checked(text, name)

    async def save(self, text: str, name: str, *, seen: str | None) -> Saved:
        """Write a whole file of the folder, if all its rules check with it; they come in force as any change does.

        ``seen`` is the etag of the file that is overwritten; None: there is to be none yet. Raises ``DraftChanged``,
        ``DraftFaults``, ``DraftBusy``, ``ValueError`` for a name that none can have, and ``EightkError``.
        """
        check_name(name)
        async with self._saving:
            await asyncio.to_thread(_check_seen, self._folder / name, seen)
            findings = await self.check(text, name)
            if any(not one["is_warning"] for one in findings):
                raise DraftFaults(findings)
            await asyncio.to_thread(_write, self._folder / name, text, seen)
        self.ask()
        return Saved(name, etag_of(text), seen is None, tuple(findings))

    async def rename(self, text: str, name: str, *, old: str, seen: str) -> Saved:
        """Have a file stand under another name, with this text, if all rules of the folder check with it.

        ``seen`` is the etag of the file under its ``old`` name; under the new one there is to be none. Raises as
        `save`, and ``UnknownRuleFile``.
        """
        check_name(name)
        async with self._saving:
            await self._check_listed(old)
            await asyncio.to_thread(_check_seen, self._folder / old, seen)
            await asyncio.to_thread(_check_seen, self._folder / name, None)
            async with _Turn(self._checking):
                findings = await self._checked(text, name, without=old)
            if any(not one["is_warning"] for one in findings):
                raise DraftFaults(findings)
            await asyncio.to_thread(_move, self._folder / old, self._folder / name, text, seen)
        self.ask()
        return Saved(name, etag_of(text), True, tuple(findings))

    async def delete(self, name: str, *, seen: str) -> tuple[dict[str, Any], ...]:
        """Take a file away, if the rules of all others check without it; return what is warned of then.

        ``seen`` is its etag. Raises ``UnknownRuleFile``, ``DraftChanged``, ``DraftFaults``, ``DraftBusy``, and
        ``EightkError`` for the last file there is.
        """
        async with self._saving:
            if not await self._check_listed(name):
                raise EightkError(f"{name} is the last file of rules, and stays: save another one first")
            await asyncio.to_thread(_check_seen, self._folder / name, seen)
            async with _Turn(self._checking):
                findings = await self._checked(None, name)
            if any(not one["is_warning"] for one in findings):
                raise DraftFaults(findings)
            await asyncio.to_thread(_delete, self._folder / name, seen)
        self.ask()
        return tuple(findings)

    async def backtest(
        self, text: str, *, since: date | None = None, until: date | None = None, name: str = "draft.yaml"
    ) -> dict[str, Any]:
        """Run a draft's rules over the stored filings of these days, and return what they would have raised.

        As ``eightk rules backtest --json`` tells it, with some matches of each rule. Raises ``DraftFaults``,
        ``DraftBusy``, ``ValueError`` for a name that none can have, and ``EightkError`` when it takes too long.
        """
        check_name(name)
        async with _Turn(self._backtesting):
            findings = await self._checked(text, name, alone=True)
            if any(not one["is_warning"] for one in findings):
                raise DraftFaults(findings)
            async with self._beside_the_others(text, name, name) as draft:
                made, matches = await self._backtested(draft, since, until)
            made["warnings"] = findings
            for rule in made["rules"]:
                rule["matches"] = matches.get(rule["rule"], [])
            return made

    async def explain(self, rule: str, accession: str) -> dict[str, Any]:
        """Tell why a rule fires on a stored filing, or why not, as ``eightk rules explain --json`` does.

        One after the other, each in a process of its own. Raises ``EightkError`` when nobody ever saw such a rule, when
        the files of rules cannot be read, and when it takes too long.
        """
        async with self._explaining:
            ended = await self._run(["rules", "explain", "--json", "--", rule, accession], CHECK_SECONDS)
        return _told(ended, what="it cannot be explained")

    @property
    def _folder(self) -> Path:
        return self._settings().rules.path

    async def _check_listed(self, name: str) -> int:
        """Return how many others there are beside this file. Raises ``UnknownRuleFile`` when it is not there."""
        names = {one.name for one in await self.files()}
        if name not in names:
            raise UnknownRuleFile(f"there is no file {name} in the rules folder")
        return len(names) - 1

    async def _checked(
        self, text: str | None, name: str, *, alone: bool = False, without: str | None = None
    ) -> list[dict[str, Any]]:
        async with self._beside_the_others(text, name, without or name) as draft:
            place = draft if alone else draft.parent
            ended = await self._run(["rules", "check", "--format=json", str(place)], CHECK_SECONDS)
            # Where the draft lies for the while is nobody's business.
            told = _told(Ended(ended.code, ended.output.replace(f"{draft.parent}/".encode(), b""), ended.errors))
        return _bounded(told["findings"], (told.get("rules_in") or {}).get(name, 0), name)

    async def _backtested(self, draft: Path, since: date | None, until: date | None) -> tuple[dict[str, Any], _Matches]:
        days = [f"--{key}={day}" for key, day in (("since", since), ("until", until)) if day is not None]
        with tempfile.TemporaryDirectory() as out:
            asked = ["rules", "backtest", f"--rules={draft}", f"--out={out}", f"--out-at-most={_MOST_MATCHES}"]
            ended = await self._run([*asked, "--json", *days], BACKTEST_SECONDS)
            return _told(ended, (0,)), await asyncio.to_thread(_matches, Path(out))

    async def _run(self, arguments: list[str], seconds: int) -> Ended:
        settings = self._settings()
        megabytes = settings.limits.memory_megabytes + OWN_MEGABYTES
        where = f"--config={settings.file}"
        return await run_bounded([*arguments[:2], where, *arguments[2:]], seconds=seconds, megabytes=megabytes)

    @asynccontextmanager
    async def _beside_the_others(self, text: str | None, name: str, without: str) -> AsyncIterator[Path]:
        """Have the draft, if there is a text, in a folder like that of the rules: paths lead where they would there."""
        folder = self._folder
        with tempfile.TemporaryDirectory(prefix="eightk-") as scratch:
            made = Path(scratch) / folder.name
            laying = asyncio.create_task(asyncio.to_thread(lay_out, folder, made, without=without))
            try:
                await asyncio.shield(laying)
            finally:
                await asyncio.wait({laying})  # a thread goes on when whoever waits for it is cancelled
            if text is not None:
                (made / name).write_text(text, encoding="utf-8")
            yield made / name


class _Turn:
    """The right to try a draft out, which one has at a time; nobody waits for it."""

    def __init__(self, places: asyncio.Semaphore) -> None:
        self._places = places

    async def __aenter__(self) -> None:
        if self._places.locked():
            raise DraftBusy("another draft is being tried out; try again in a while")
        await self._places.acquire()

    async def __aexit__(self, *exception: object) -> None:
        self._places.release()


def _files(folder: Path) -> Iterator[RuleFile]:
    try:
        for path in sorted(folder.iterdir()):
            if path.suffix in (".yaml", ".yml") and not path.name.startswith(".") and path.is_file():
                raw = path.read_bytes()
                at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
                text = raw.decode("utf-8", "replace")
                yield RuleFile(path.name, len(raw), at, hashlib.sha256(raw).hexdigest()[:32], text)
    except OSError as error:
        raise EightkError(f"{folder}: cannot be read: {error.strerror}") from error


def _check_seen(path: Path, seen: str | None) -> None:
    try:
        if path.is_symlink():
            raise DraftChanged(f"{path.name} is a link to another file: write that one")
        raw = path.read_bytes()
    except FileNotFoundError:
        if seen is not None:
            raise DraftChanged(f"there is no file {path.name} any more") from None
        return
    except OSError as error:
        raise EightkError(f"{path.name}: cannot be read: {error.strerror}") from error
    if seen is None:
        raise DraftChanged(f"there is a file {path.name} already")
    if hashlib.sha256(raw).hexdigest()[:32] != seen:
        raise DraftChanged(f"{path.name} was changed by somebody else: read it again")


def _write(path: Path, text: str, seen: str | None) -> None:
    """Write it aside, and put it in its place whole: others see the old file or the new one."""
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with aside.open("xb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        if seen is None:
            os.link(aside, path)  # unlike a renaming it fails when the name was taken meanwhile
        else:
            _check_seen(path, seen)
            aside.replace(path)
    except FileExistsError:
        raise DraftChanged(f"there is a file {path.name} already") from None
    except OSError as error:
        raise EightkError(f"{path.name}: cannot be written: {error.strerror}") from error
    finally:
        with suppress(OSError):  # it has its place already, or never came to be
            aside.unlink()


def _move(old: Path, new: Path, text: str, seen: str) -> None:
    """Rename it first, and write it then: at no moment do its rules stand in two files, or in none."""
    _check_seen(new, None)
    _check_seen(old, seen)
    try:
        old.rename(new)
    except OSError as error:
        raise EightkError(f"{old.name}: cannot be renamed: {error.strerror}") from error
    if etag_of(text) != seen:
        _write(new, text, seen)


def _delete(path: Path, seen: str) -> None:
    _check_seen(path, seen)
    try:
        path.unlink()
    except OSError as error:
        raise EightkError(f"{path.name}: cannot be deleted: {error.strerror}") from error


def _bounded(found: list[dict[str, Any]], rules: int, name: str) -> list[dict[str, Any]]:
    """The findings that are told, faults before warnings when there are many; too many rules are a fault."""
    if rules > MOST_RULES:
        problem = f"{rules} rules are more than the {MOST_RULES} that a draft may have"
        found = [_finding(name, "groups", problem, "split it into several files"), *found]
    if len(found) <= MOST_FINDINGS:
        return found
    found = sorted(found, key=lambda one: bool(one["is_warning"]))
    told, untold = found[: MOST_FINDINGS - 1], found[MOST_FINDINGS - 1 :]
    is_warning = all(one["is_warning"] for one in untold)
    return [*told, _finding(name, "", f"{len(untold)} more were found", "mend the others first", is_warning=is_warning)]


def _finding(name: str, key: str, problem: str, remedy: str, *, is_warning: bool = False) -> dict[str, Any]:
    place = {"file": name, "line": 0, "column": 0, "code": "bad-value", "key": key}
    return {**place, "problem": problem, "remedy": remedy, "is_warning": is_warning}


def _told(
    ended: Ended, good: tuple[int, ...] = _EXIT_CHECKED, *, what: str = "the draft cannot be tried out"
) -> dict[str, Any]:
    if ended.code not in good:
        last = ended.errors.strip().splitlines()[-1:] or [f"it ended with {ended.code}"]
        raise EightkError(f"{what}: {last[0]}")
    try:
        told: dict[str, Any] = json.loads(ended.output)
    except ValueError as error:
        raise EightkError(f"{what}: what came back cannot be read") from error
    return told


def _matches(folder: Path) -> _Matches:
    """The first matches of each rule."""
    found: dict[str, list[dict[str, Any]]] = {}
    for path in sorted(folder.glob("*.jsonl")):
        with path.open(encoding="utf-8") as lines:
            for _, line in zip(range(_MOST_MATCHES), lines, strict=False):
                match = json.loads(line)
                found.setdefault(match["alert"]["rule"], []).append(match)
    return found
