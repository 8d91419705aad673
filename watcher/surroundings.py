"""What the settings ask of this machine: a folder that is safe to watch, a store that can be opened, a free port."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

from watcher.errors import Fault, ListenError, StoreError
from watcher.settings import Settings

__all__ = ["access_faults", "inbox_faults", "port_faults", "store_faults"]

_SAME, _INSIDE, _HOLDS = "is the same as", "lies in", "holds"
_REMEDY = "name a folder for submissions alone: what lies in it is read, and moved away"


def inbox_faults(settings: Settings, faulty: Collection[str] = ()) -> Iterator[Fault]:
    """Tell why the watched folder may not be watched: files of our own would be read as submissions and moved away.

    What is named in ``faulty`` is not looked at: a default stands in its place.
    """
    if not settings.folder.enabled or {"folder", "folder.path"} & set(faulty):
        return
    inbox, base = _real(settings.folder.path), _real(settings.base)
    found = [(_relation(inbox, _real(place), base), what, place) for what, place in _places(settings, faulty)]
    # One fault is enough, and the plainest one: many of these places lie in one another.
    for relation in (_SAME, _INSIDE, _HOLDS):
        if told := next((one for one in found if one[0] == relation), None):
            problem = f"{settings.folder.path} {relation} {told[1]} ({told[2]})"
            yield Fault(settings.file, "folder.path", problem, _REMEDY)
            break
    for key, path in _named_files(settings):
        if _is_same(_real(path.parent), inbox):
            yield Fault(settings.file, key, f"lies in the watched folder {settings.folder.path}", "move it elsewhere")


def store_faults(settings: Settings) -> Iterator[Fault]:
    """Tell why the store cannot be opened. What is not there yet is made at the first run."""
    from watcher.store.inspection import server_problem, store_problem  # noqa: PLC0415  # its libraries are heavy

    if settings.is_store_shared:
        if problem := server_problem(settings.store_url):
            yield Fault(settings.file, "store.url", f"{settings.store_name}: {problem}")
    elif os.path.isfile(settings.store_path) and (problem := store_problem(settings.store_path)):  # noqa: PTH113
        yield Fault(settings.file, "store.url", f"{settings.store_path}: {problem}")


def port_faults(settings: Settings) -> Iterator[Fault]:
    """Tell why the page could not be served, unless it is: by the daemon that has this very store."""
    from watcher.lock import owner_of  # noqa: PLC0415
    from watcher.serving import listen  # noqa: PLC0415

    try:
        if owner_of(settings.store_path) is None:
            listen(settings.web.host, settings.web.port).close()
    except StoreError as error:
        yield Fault(settings.file, "data_dir", str(error))
    except ListenError as error:
        yield Fault(settings.file, "web.listen", str(error))


def access_faults(settings: Settings) -> Iterator[Fault]:
    """Tell why the page may not be served where the settings say: whoever can reach it must not just walk in."""
    from watcher.keyring import read_keyring  # noqa: PLC0415  # its library is heavy

    try:
        keyring = read_keyring(settings.web.access_file)
    except (ValueError, OSError) as error:
        yield Fault(settings.file, "web.access_file", str(error))
        return
    if keyring.is_empty and not settings.web.is_private:
        key, place = ("web.url", settings.web.url) if settings.web.is_loopback else ("web.listen", settings.web.listen)
        problem = f"{place} can be reached by others, and nobody is asked who they are"
        yield Fault(settings.file, key, problem, "set a password first: eightk web password")


def _places(settings: Settings, faulty: Collection[str]) -> Iterator[tuple[str, Path]]:
    """The folders in which files of ours lie, the plainest first."""
    if "data_dir" not in faulty:
        yield "data_dir", settings.data_dir
        yield "the archive", settings.archive
    if not {"data_dir", "store", "store.url"} & set(faulty):
        yield "the folder of store.url", settings.store_path.parent  # of a server's, the data folder once more
    if not {"rules", "rules.path"} & set(faulty):
        yield "rules.path", settings.rules.path
    if not {"handlers", "handlers.path"} & set(faulty):
        yield "handlers.path", settings.handlers.path
    yield "the folder of the settings", Path(settings.file).parent
    yield "the folder where relative paths start", settings.base


def _relation(inbox: Path, place: Path, base: Path) -> str:
    """How the inbox stands to a place of ours, if it must not; "" when all is well."""
    if _is_same(inbox, place):
        return _SAME
    if _lies_in(place, inbox):
        return _HOLDS
    # The inbox may lie beside the rest, where everything does.
    return _INSIDE if _lies_in(inbox, place) and not _lies_in(base, place) else ""


def _lies_in(inner: Path, outer: Path) -> bool:
    return any(_is_same(each, outer) for each in (inner, *inner.parents))


def _is_same(one: Path, other: Path) -> bool:
    """Whether both are one folder, under whatever names: case may not count, and a folder may be mounted twice."""
    if one == other:
        return True
    with suppress(OSError):  # one of them is not there, or may not be looked at
        return one.samefile(other)
    return False


def _real(path: Path) -> Path:
    # Unlike Path.resolve() it raises nothing for links that lead round.
    return Path(os.path.realpath(path))


def _named_files(settings: Settings) -> Iterator[tuple[str, Path]]:
    """The files that settings of endpoints and handlers may name. Only these know what their texts mean."""
    tables = {f"endpoint.{name}": one.notifier_settings for name, one in settings.endpoint.items()}
    tables |= {f"handler.{name}": dict(values) for name, values in settings.handler.items()}
    for table, values in tables.items():
        for key, value in values.items():
            if isinstance(value, str) and "\0" not in value:
                yield f"{table}.{key}", settings.base / os.path.expanduser(value)  # noqa: PTH111  # it never raises
