"""Everything that must be right before the daemon starts, looked at in one go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from watcher.config import Settings, examine_settings
from watcher.errors import ConfigError, Fault
from watcher.handler import Handler, Notifier
from watcher.registry import build_handlers, build_notifiers, line_spec

__all__ = ["Ready", "examine"]


@dataclass(frozen=True, slots=True)
class Ready:
    """Settings that can be used, and what they built."""

    settings: Settings
    handlers: tuple[Handler, ...]
    notifiers: Mapping[str, Notifier]


def examine(file: Path | None) -> Ready:
    """Check the settings, the handlers, the rules and the endpoints. Raises ``ConfigError`` with all faults at once."""
    settings, found = examine_settings(file)
    faults = [*found]
    handlers: tuple[Handler, ...] = ()
    notifiers: Mapping[str, Notifier] = {}
    try:
        handlers = build_handlers(line_spec(settings))
    except ConfigError as error:
        faults += error.faults
    try:
        notifiers = build_notifiers(settings)
    except ConfigError as error:
        faults += (fault for fault in error.faults if fault not in faults)
    faults += _folder_faults(settings)
    if faults:
        raise ConfigError(faults)
    return Ready(settings, handlers, notifiers)


def _folder_faults(settings: Settings) -> list[Fault]:
    wanted = {"data_dir": settings.data_dir, "store.url": settings.store_path.parent}
    if settings.folder.enabled:
        wanted["folder.path"] = settings.folder.path
    faults = []
    for key, folder in wanted.items():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (probe := folder / ".eightk-probe").touch()
            probe.unlink()
        except OSError as error:
            faults.append(Fault(settings.file, key, f"{folder} cannot be written: {error.strerror}", "mend its rights"))
    return faults
