"""Which machine the figures come from: without it a figure says little."""

from __future__ import annotations

import os
import platform
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

    def told(self) -> dict[str, Any]:
        """Tell it for JSON."""
        return asdict(self)

    def __str__(self) -> str:
        return (
            f"{self.day}: {self.system}, {self.processor}, {self.cores} cores, Python {self.python}, load {self.load}"
        )


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
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "processor not told"
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else "processor not told"
