"""Which machine the figures come from: without it a figure says little."""

from __future__ import annotations

import os
import platform
import subprocess
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

__all__ = ["Machine", "machine"]


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine and the day."""

    day: str
    system: str
    processor: str
    cores: int
    python: str
    load: str  # processes that wanted a core in the last minute, before the bench began
    commit: str  # of this project; "" when the folder is no checkout

    def told(self) -> dict[str, Any]:
        """Tell it for JSON."""
        return asdict(self)

    def __str__(self) -> str:
        parts = (self.system, self.processor, f"{self.cores} cores", f"Python {self.python}", f"load {self.load}")
        return f"{self.day}: {', '.join(parts)}" + (f", commit {self.commit}" if self.commit else "")


def machine() -> Machine:
    """Look at this machine."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return Machine(
        day=f"{datetime.now(UTC):%Y-%m-%d}",
        system=f"{platform.system()} {platform.machine()}",
        processor=_processor(),
        cores=os.cpu_count() or 0,
        python=python,
        load=f"{os.getloadavg()[0]:.1f}",
        commit=_commit(),
    )


def _commit() -> str:
    """Name the commit, with a mark when files differ from it."""
    command = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    try:
        done = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""  # no git, or no checkout: the version alone has to say it
    return done.stdout.strip()


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "processor not told"
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else "processor not told"
