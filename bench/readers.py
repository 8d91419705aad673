"""A reader at work in a process of its own: it is asked, it answers, and it never runs while another does."""

from __future__ import annotations

import json
import subprocess
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bench.environments import ROOT, Environment
from bench.errors import ReaderError

__all__ = ["Reader"]

_ANSWER_SECONDS = 1_800.0
_TOLD_OF_LOG = 500


class Reader:
    """One reader's process, which waits between two commands."""

    def __init__(self, environment: Environment, module: str, log: Path) -> None:
        self.name = environment.name
        self.versions: dict[str, str] = {}
        self.tasks: list[str] = []
        self._log = log
        with log.open("wb") as errors:
            self._process = subprocess.Popen(
                [str(environment.python), "-m", "bench.runners", module],
                cwd=ROOT,
                env=environment.all_variables(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )

    def start(self) -> Self:
        """Wait until its library is imported. Raises `ReaderError` when that fails."""
        hello = self.ask("hello")
        self.versions, self.tasks = hello["versions"], hello["tasks"]
        return self

    @property
    def label(self) -> str:
        """Its name with its version."""
        return f"{self.name} {self.versions.get(self.name, '')}".strip()

    def ask(self, do: str, seconds: float = _ANSWER_SECONDS, **options: Any) -> dict[str, Any]:
        """Have one command carried out. Raises `ReaderError` when the process ends or takes longer than ``seconds``."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        alarm = threading.Timer(seconds, self._process.kill)
        alarm.start()
        try:
            self._process.stdin.write(json.dumps({"do": do, **options}) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            alarm.cancel()
        if not line:
            raise ReaderError(f"{self.name}: has ended: {self._last_words()}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """End the process. May be called twice."""
        self._process.kill()
        self._process.communicate()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _last_words(self) -> str:
        self._process.kill()
        self._process.wait()
        words = self._log.read_text(encoding="utf-8", errors="replace").strip()
        return words[-_TOLD_OF_LOG:] or f"exit code {self._process.returncode}, and it said nothing"
