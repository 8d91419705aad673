"""Fuzzes one target after the other, each in a process of its own, and prints a table: see the package."""

from __future__ import annotations

import argparse
import importlib.util
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from . import bombs
from .targets import TARGETS

_COVERED = re.compile(r"\bcov: (\d+) ft: (\d+)")
_DONE = re.compile(r"^Done (\d+) runs in (\d+) second", re.MULTILINE)
_COUNTED = re.compile(r"^#(\d+)\s", re.MULTILINE)
_MEMORY = re.compile(r"^stat::peak_rss_mb:\s*(\d+)", re.MULTILINE)
_FINDINGS = ("crash-*", "timeout-*", "oom-*")
_HEADS = f"{'target':13}{'executions':>11}{'a second':>9}{'coverage':>16}{'memory':>8}  faults"


@dataclass(frozen=True, slots=True)
class Round:
    """How one target fared. ``coverage`` is that of the seeds and that at the end; empty when nothing measures it."""

    executions: int
    seconds: float
    coverage: tuple[int, ...]
    megabytes: int
    findings: tuple[Path, ...]
    has_failed: bool

    def __str__(self) -> str:
        grown = f"{self.coverage[0]:,} > {self.coverage[-1]:,}" if self.coverage else "-"
        a_second = self.executions / max(self.seconds, 0.001)
        faults = str(len(self.findings)) if self.findings or not self.has_failed else "it failed"
        return f"{self.executions:>11,}{a_second:>9,.0f}{grown:>16}{self.megabytes:>6} MB  {faults}"


def main() -> int:
    """Fuzz the targets that are named, or all of them; 1 when a promise was broken."""
    arguments, options = _arguments()
    if importlib.util.find_spec("atheris") is None:
        print("atheris is not there (pip install atheris): inputs are changed blindly, and coverage is unknown")
    print(_HEADS, flush=True)
    found: list[tuple[str, Path]] = []
    has_failed = False
    for name in arguments.target or TARGETS:
        if name == "bombs":
            continue
        done = _fuzzed(name, arguments, options)
        print(f"{name:13}{done}", flush=True)
        has_failed |= done.has_failed
        found += [(name, path) for path in done.findings]
    for name, path in found:
        print(f"again: python -m tests.fuzz.again {name} {path}")
    wants_bombs = not arguments.target or "bombs" in arguments.target
    return int(has_failed) | (bombs.main([]) if wants_bombs else 0)


def _arguments() -> tuple[argparse.Namespace, list[str]]:
    given = sys.argv[1:]
    place = given.index("--") if "--" in given else len(given)
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--target", choices=[*TARGETS, "bombs"], action="append", help="all of them if none is named")
    parser.add_argument("--seconds", type=int, default=60, help="for each")
    parser.add_argument("--seeds", type=Path, action="append", default=[], help="a folder of filings to start from")
    parser.add_argument("--out", type=Path, default=Path("build/fuzz"), help="where inputs are kept")
    return parser.parse_args(given[:place]), given[place + 1 :]


def _fuzzed(name: str, arguments: argparse.Namespace, options: list[str]) -> Round:
    out = arguments.out / name
    out.mkdir(parents=True, exist_ok=True)
    before = _kept(out)
    command = [sys.executable, "-m", f"{__package__}.one", name, "--seconds", str(arguments.seconds), "--out", str(out)]
    command += [part for folder in arguments.seeds for part in ("--seeds", str(folder))]
    began = time.monotonic()
    with (out / "log").open("w+", encoding="utf-8", errors="replace") as log:
        ended = subprocess.run([*command, "--", *options], stdout=log, stderr=subprocess.STDOUT, check=False)
        log.seek(0)
        told = log.read()
    findings = tuple(sorted(_kept(out) - before))
    executions, seconds = _executions(told, time.monotonic() - began)
    return Round(executions, seconds, _coverage(told), _memory(told), findings, bool(ended.returncode or findings))


def _kept(out: Path) -> set[Path]:
    return {path for pattern in _FINDINGS for path in out.glob(pattern)}


def _executions(told: str, seconds: float) -> tuple[int, float]:
    """How many, and in how many seconds; of a process that broke off, as many as it told of, in all of its time."""
    if done := _DONE.search(told):
        return int(done[1]), float(done[2])
    return max(map(int, _COUNTED.findall(told)), default=0), seconds


def _coverage(told: str) -> tuple[int, ...]:
    """What was covered, measured in features: branches, and how often each was taken."""
    return tuple(int(features) for _, features in _COVERED.findall(told))


def _memory(told: str) -> int:
    found = _MEMORY.search(told)
    return int(found[1]) if found else 0


if __name__ == "__main__":
    sys.exit(main())
