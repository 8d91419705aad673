"""``python -m release.check [--all] [--only 3.12]``: the tests, against the wheel in `dist`, on every Python found.

Each Python gets an environment of its own with the locked dependencies, the wheel, and the tests of the sdist in a
folder in which there is no source: what is tested is what is installed. What failed is run once more by itself, as
`make test` does, and named in the table: what passed then was late beside other tests.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from xml.etree import ElementTree as ET

from release.dist import DIST, TOPS, unpack
from release.lockfile import ROOT

__all__ = ["EXPECTED", "LEFT_OUT", "PART", "Found", "Outcome", "find", "main", "read", "table"]

OLDEST = 11
EXPECTED = range(OLDEST, 15)  # those in use; what is newer is tried where it is found
# What reads the sources themselves, or measures the checkout: it is said once, by `make test`.
LEFT_OUT = (
    "architecture",
    "bench",
    "bench_rules",
    "completeness",
    "deploy",
    "no_secrets",
    "release",
    "week",
    "many_daemons",
    "million",
)
# Without --all: what an installation, or another Python, could break.
PART = (
    "api", "backup", "calendar", "classify", "config", "dispatch", "docs", "events_rules", "export", "full_text",
    "guard", "keyring", "line", "lock", "logs", "metrics", "migrations", "notify_apprise", "outbound", "pages", "parse",
    "plan", "poller", "registry", "rules", "schedule", "search", "secrets", "signing", "store", "submission", "upgrade",
    "webhook", "workers",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """A Python on this machine."""

    minor: int
    version: str
    program: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the tests went on one Python; ``version`` is "" where there is none to try.

    ``names`` are the tests that failed; ``late`` those that failed beside others and passed by themselves.
    """

    minor: int
    version: str = ""
    passed: int = 0
    skipped: int = 0
    failed: int = 0
    trouble: str = ""
    names: tuple[str, ...] = ()
    late: tuple[str, ...] = ()

    @property
    def is_bad(self) -> bool:
        """Whether it was tried, and something failed."""
        return bool(self.trouble or self.failed)


def find() -> dict[int, Found]:
    """Return a working Python for each version from 3.11 on: on the path, of uv's, or of pyenv's."""
    found: dict[int, Found] = {}
    for program in _candidates():
        asked = "import sys; print(sys.version_info[1], sys.version.split()[0], sys.version_info[0])"
        done = subprocess.run([program, "-c", asked], capture_output=True, text=True, check=False)
        if done.returncode == 0:  # a name on the path may lead nowhere
            minor, version, major = done.stdout.split()
            if int(major) == 3 and int(minor) >= OLDEST:
                found.setdefault(int(minor), Found(int(minor), version, program))
    return found


def _candidates() -> Iterator[str]:
    names = [f"python3.{minor}" for minor in range(OLDEST, OLDEST + 10)]
    yield from (path for name in names if (path := shutil.which(name)))
    beside = str(Path(sys.executable).parent)
    if uv := shutil.which("uv", path=os.pathsep.join((beside, os.environ.get("PATH", "")))):
        command = [uv, "python", "list", "--only-installed", "--output-format", "json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        yield from (one["path"] for one in json.loads(done.stdout or "[]"))
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    yield from (str(path) for name in names for path in sorted(versions.glob(f"*/bin/{name}")))


def main(arguments: Sequence[str]) -> int:
    """Try every Python, and print a table. Returns the exit code."""
    parser = ArgumentParser(prog="python -m release.check")
    parser.add_argument("--all", action="store_true", help="every test, not only those an installation could break")
    parser.add_argument("--only", action="append", metavar="3.N", help="this Python alone; may be given again")
    asked = parser.parse_args(arguments)
    (wheel,), (sdist,) = DIST.glob("eightk-*.whl"), DIST.glob("eightk-*.tar.gz")
    found = find()
    wanted = {int(one.removeprefix("3.")) for one in asked.only or ()} or {*EXPECTED, *found}
    outcomes = []
    for minor in sorted(wanted):
        if minor not in found:
            outcomes.append(Outcome(minor))
            continue
        with tempfile.TemporaryDirectory(prefix="eightk-check-") as name:
            outcomes.append(_tried(found[minor], wheel, sdist, Path(name), is_whole=asked.all))
    print(table(outcomes))
    return 1 if any(one.is_bad for one in outcomes) or not any(one.version for one in outcomes) else 0


def table(outcomes: Sequence[Outcome]) -> str:
    """Return what is printed: a line for each Python, and one for each test that failed there."""
    lines = ["python     passed  skipped  failed"]
    for one in outcomes:
        if not one.version:
            lines.append(f"3.{one.minor:<8} untried: not found")
        elif one.trouble:
            lines.append(f"{one.version:<10} {one.trouble}")
        else:
            lines.append(f"{one.version:<10} {one.passed:6}  {one.skipped:7}  {one.failed:6}")
        lines += [f"    failed: {name}" for name in one.names]
        lines += [f"    late, passed by itself: {name}" for name in one.late]
    return "\n".join(lines)


def _tried(found: Found, wheel: Path, sdist: Path, folder: Path, *, is_whole: bool) -> Outcome:
    print(f"Python {found.version}: {found.program}", flush=True)
    there = _without_source(unpack(sdist, folder / "sdist"))
    try:
        python = _environment(found.program, wheel, folder / "env")
        _assert_installed(python, there, folder / "env")
    except subprocess.CalledProcessError as error:
        return Outcome(found.minor, found.version, trouble=f"not installed: {_last(error.stderr)}")
    files = [path for path in sorted((there / "tests").glob("test_*.py")) if _is_chosen(path, is_whole=is_whole)]
    pytest, report, again = [python, "-m", "pytest", "-q"], folder / "report.xml", folder / "again.xml"
    beside = ["-n", "auto", "--dist", "loadfile", f"--junitxml={report}", *map(str, files)]
    code = subprocess.run([*pytest, *beside], cwd=there, check=False).returncode
    if not report.exists():
        return Outcome(found.minor, found.version, trouble="pytest did not run")
    if code == 1:  # tests failed
        alone = ["--last-failed", "--last-failed-no-failures", "none", f"--junitxml={again}"]
        subprocess.run([*pytest, *alone], cwd=there, check=False)
    outcome = read(found, report, again)
    return outcome if code in (0, 1) else replace(outcome, trouble=f"pytest was broken off: exit code {code}")


def _is_chosen(path: Path, *, is_whole: bool) -> bool:
    name = path.stem.removeprefix("test_")
    return name not in LEFT_OUT and (is_whole or name in PART)


def _without_source(folder: Path) -> Path:
    for top in TOPS:
        shutil.rmtree(folder / top)
    return folder


def _environment(program: str, wheel: Path, folder: Path) -> str:
    subprocess.run([program, "-m", "venv", folder], check=True, capture_output=True, text=True)
    python = str(folder / "bin" / "python")
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    for words in (["--require-hashes", "-r", str(ROOT / "requirements-test.txt")], ["--no-deps", str(wheel)]):
        subprocess.run([*install, *words], check=True, capture_output=True, text=True)
    return python


def _assert_installed(python: str, there: Path, environment: Path) -> None:
    """Raise ``RuntimeError`` unless what the tests import is what was installed."""
    asked = "import watcher, handlers; print(watcher.__file__); print(handlers.__file__)"
    done = subprocess.run([python, "-c", asked], cwd=there, check=True, capture_output=True, text=True)
    if strays := [line for line in done.stdout.splitlines() if not Path(line).is_relative_to(environment)]:
        raise RuntimeError(f"tested would be {strays}, not the wheel")


def read(found: Found, report: Path, again: Path) -> Outcome:
    """Judge pytest's own report of a run, with that of what failed in it and was run ``again``, if there is one.

    What failed and did not pass again has failed: it may not even have been run.
    """
    cases = _cases(report)
    passed_again = {name for name, how in (_cases(again) if again.exists() else {}).items() if how == "passed"}
    bad = {name for name, how in cases.items() if how == "failed"}
    names, late = tuple(sorted(bad - passed_again)), tuple(sorted(bad & passed_again))
    skipped = sum(how == "skipped" for how in cases.values())
    passed = len(cases) - len(names) - skipped
    return Outcome(found.minor, found.version, passed, skipped, len(names), names=names, late=late)


def _cases(report: Path) -> dict[str, str]:
    """Return each test of a report with how it went; one that failed and passed, in its end say, failed."""
    cases: dict[str, str] = {}
    for case in ET.parse(report).getroot().iter("testcase"):  # our own pytest's
        name = f"{case.get('classname')}::{case.get('name')}"
        is_bad = case.find("failure") is not None or case.find("error") is not None or cases.get(name) == "failed"
        cases[name] = "failed" if is_bad else "skipped" if case.find("skipped") is not None else "passed"
    return cases


def _last(text: str) -> str:
    return (text.strip() or "no words").splitlines()[-1][:200]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
