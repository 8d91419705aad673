"""``python -m bench.runners.deaf``: eightk as it is where no event of a file ever comes, as on some network drives."""

from __future__ import annotations

from watcher.cli import main
from watcher.sources import _observer


class _Deaf:
    """Takes the place of the system's observer, and never tells of anything."""

    def schedule(self, handler: object, path: str) -> None:
        pass

    def start(self) -> None:
        pass

    def stop(self) -> None:
        pass

    def join(self) -> None:
        pass


if __name__ == "__main__":
    _observer.Observer = _Deaf  # type: ignore[assignment, attr-defined]
    main()
