"""``python -m release.audit``: whether a locked package has a known vulnerability, by pip-audit.

Exit codes: 0 none is known, 1 one is, 3 no service could be asked about every package, so that nothing is known.
Further arguments go to pip-audit (``--ignore-vuln ID``).
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from release.licences import RELEASE_TOOLS
from release.lockfile import ROOT

__all__ = ["EXIT_COULD_NOT", "EXIT_VULNERABLE", "Answer", "main", "read"]

EXIT_VULNERABLE = 1
EXIT_COULD_NOT = 3
# The registry's own advisories, then those of OSV, for whoever cannot reach the first or is not told there.
SERVICES = ((), ("--vulnerability-service", "osv"))
_OPTIONS = ("--require-hashes", "--disable-pip", "--format=json", "--progress-spinner=off", "--timeout=20")

Ask = Callable[[Sequence[str]], "Answer"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What one service said."""

    asked: int  # packages
    unanswered: int
    found: tuple[str, ...] = ()  # a line for each vulnerability
    trouble: str = ""  # why there is no answer at all

    @property
    def is_whole(self) -> bool:
        """Whether it knows of every package."""
        return not self.trouble and self.asked > 0 and self.unanswered == 0


def read(output: str, errors: str) -> Answer:
    """Read what pip-audit printed. A registry that mirrors packages without advisories skips each of them."""
    try:
        packages = json.loads(output)["dependencies"]
    except (ValueError, KeyError, TypeError):
        last = (errors.strip() or "no answer").splitlines()[-1]
        return Answer(0, 0, trouble=last[:300])
    found = [
        f"{one['name']} {one['version']}: {fault['id']}, mended in: {', '.join(fault['fix_versions']) or 'none'}"
        for one in packages
        for fault in one.get("vulns", ())
    ]
    return Answer(len(packages), sum("skip_reason" in one for one in packages), tuple(found))


def ask(options: Sequence[str]) -> Answer:
    """Ask one service about every lock file."""
    files = [word for file in sorted(ROOT.glob("requirements*.txt")) for word in ("--requirement", str(file))]
    command = [str(RELEASE_TOOLS / "bin" / "python"), "-m", "pip_audit", *_OPTIONS, *files, *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return read(done.stdout, done.stderr)


def main(arguments: Sequence[str], ask: Ask = ask) -> int:
    """Ask the services in turn until one knows of every package. Returns the exit code."""
    for service in SERVICES:
        answer = ask((*service, *arguments))
        name = service[-1] if service else "registry"
        if answer.found:
            print(*answer.found, sep="\n")
            return EXIT_VULNERABLE
        if answer.is_whole:
            print(f"vulnerabilities: none known ({name}: {answer.asked} packages asked about)")
            return 0
        reason = answer.trouble or f"{answer.unanswered} of {answer.asked} packages are not known there"
        print(f"vulnerabilities: could not ask ({name}: {reason})")
    print("vulnerabilities: NOT CHECKED")
    return EXIT_COULD_NOT


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
