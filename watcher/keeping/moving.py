"""Moving a store: a copy of it in another database, whole and compared, or none."""

from __future__ import annotations

from pathlib import Path

from watcher.aside import alone, sync
from watcher.errors import StoreError
from watcher.lock import StoreLock, owner_of
from watcher.store.copying import Copied, Told, check_empty, copy_to_file, copy_to_server, has_daemon
from watcher.store.database import Store, is_shared
from watcher.store.sqlite import SCHEME

__all__ = ["copy_between", "daemon_of"]


def copy_between(source: str, target: str, told: Told) -> Copied:
    """Copy the store of one URL, which may be in use, into that of another, which must be empty or not be there yet.

    Raises ``StoreLocked`` when a daemon has the target, and ``StoreError`` when it is not empty, when either cannot be
    read or written, and when the copy is not the same as what was read. The target is as it was before then.
    """
    if is_shared(target):
        return copy_to_server(source, target, told)
    file = _file(target)
    with StoreLock(file):
        _check_free(file)
        try:
            with alone(file, "copy") as aside:
                copied = copy_to_file(source, aside, told)
                aside.replace(file)
                sync(file.parent)
        except OSError as error:
            raise StoreError(f"{file}: cannot be written: {error.strerror or error}") from error
    return copied


def daemon_of(url: str) -> str:
    """Say which daemon has the store of a URL; "" when none does. Raises ``StoreError`` when that cannot be asked."""
    if is_shared(url):
        return "a daemon" if has_daemon(url) else ""
    owner = owner_of(_file(url))
    return f"process {owner.pid}" if owner else ""


def _file(url: str) -> Path:
    return Path(url.removeprefix(SCHEME))


def _check_free(file: Path) -> None:
    """Raise ``StoreError`` unless another file may take this one's place."""
    if not file.exists():
        return
    with Store(f"{SCHEME}{file}") as store:
        try:
            store.read_now(check_empty)
        except StoreError as error:
            raise StoreError(f"{file}: {error}") from error
    # Closing it takes its log away, unless somebody else has it open. To another file that log would be poison.
    if file.with_name(f"{file.name}-wal").exists():
        raise StoreError(f"{file}: another program has it open; end that first")
