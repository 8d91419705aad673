"""Everything that must be right before the daemon starts, looked at in one go."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from watcher.config import examine_settings
from watcher.errors import ConfigError, Fault
from watcher.handler import Handler, Notifier
from watcher.registry import LineSpec, build_handlers, build_notifiers, line_spec, prepare_line
from watcher.settings import Settings
from watcher.surroundings import access_faults, inbox_faults

__all__ = ["Ready", "examine"]


@dataclass(frozen=True, slots=True)
class Ready:
    """Settings that can be used, and what they built."""

    settings: Settings
    spec: LineSpec  # with what its handlers prepared for the workers
    handlers: tuple[Handler, ...]
    notifiers: Mapping[str, Notifier]


def examine(file: Path | None, *more: Callable[[Settings], Iterable[Fault]]) -> Ready:
    """Check the settings, the handlers, the rules and the endpoints, and what ``more`` looks at.

    Raises ``ConfigError`` with all faults at once.
    """
    settings, found = examine_settings(file)
    faults = [*found]
    handlers: tuple[Handler, ...] = ()
    notifiers: Mapping[str, Notifier] = {}
    spec = _told_of(line_spec(settings), found)
    try:
        spec = prepare_line(spec)
    except ConfigError as error:
        faults += error.faults
    try:
        handlers = build_handlers(spec)
    except ConfigError as error:
        faults += (fault for fault in error.faults if fault not in faults)
    try:
        notifiers = build_notifiers(settings)
    except ConfigError as error:
        faults += (fault for fault in error.faults if fault not in faults)
    faulty = {fault.key for fault in found}
    faults += (*_folder_faults(settings, faulty), *inbox_faults(settings, faulty))
    faults += _store_faults(settings)
    faults += _operator_faults(settings)
    if not {"web", "web.listen", "web.access_file"} & faulty:
        faults += access_faults(settings)
    for look in more:
        faults += look(settings)
    if faults:
        raise ConfigError(_of_its_file(fault, settings) for fault in faults)
    return Ready(settings, spec, handlers, notifiers)


def _of_its_file(fault: Fault, settings: Settings) -> Fault:
    """A handler that misses its folder of rules does not know which file named it."""
    if fault.key != "rules.path" or fault.where == settings.file:
        return fault
    return replace(fault, where=settings.file, problem=f"{fault.where}: {fault.problem}")


def _told_of(spec: LineSpec, found: Iterable[Fault]) -> LineSpec:
    """The line, told of the endpoints whose tables are faulty, too: a rule that names one of them is in order."""
    faulty = {fault.key.split(".")[1] for fault in found if fault.key.startswith("endpoint.")}
    return replace(spec, context=replace(spec.context, endpoints=spec.context.endpoints | faulty))


def _folder_faults(settings: Settings, faulty: Collection[str]) -> list[Fault]:
    return [
        Fault(settings.file, key, f"{folder} cannot be written", "mend its rights, or name another folder")
        for key, folder in _folders(settings, faulty)
        if not _may_be_written(folder)
    ]


def _operator_faults(settings: Settings) -> Iterator[Fault]:
    if "notify" not in settings.operator.model_fields_set:
        return  # the log by default, unless its handler is left out
    known = sorted(settings.endpoint)
    remedy = f"one of {', '.join(known)}" if known else "there is none; notify = [] tells nobody"
    for name in settings.operator.notify:
        if name not in known:
            yield Fault(settings.file, "operator.notify", f"no endpoint {name!r}", remedy)


def _store_faults(settings: Settings) -> Iterator[Fault]:
    # Unlike Path.is_dir(), it is False, and no error, for a path that the system refuses.
    if os.path.isdir(settings.store_path):  # noqa: PTH112
        yield Fault(settings.file, "store.url", f"{settings.store_path} is a folder, not a file", "name a file in it")


def _may_be_written(folder: Path) -> bool:
    """Whether it can be written, or made, without trying: a check changes nothing."""
    try:
        standing = next(place for place in (folder, *folder.parents) if place.exists())
    except OSError:  # a name too long, or a folder that may not be looked into
        return False
    return standing.is_dir() and os.access(standing, os.W_OK | os.X_OK)


def _folders(settings: Settings, faulty: Collection[str]) -> Iterator[tuple[str, Path]]:
    """The folders that are needed, but none that a default names in place of a faulty setting."""
    if "data_dir" not in faulty:
        yield "data_dir", settings.data_dir
    if not {"data_dir", "store", "store.url"} & set(faulty):
        yield "store.url", settings.store_path.parent
    if settings.folder.enabled and not {"folder", "folder.path"} & set(faulty):
        yield "folder.path", settings.folder.path
