"""The names by which a command's list is narrowed: read as the API reads them, refused as wrong usage."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from watcher.cli._options import settings_of

if TYPE_CHECKING:
    from watcher.store.database import Store
    from watcher.store.names import Names

__all__ = ["names_as_stored"]


def names_as_stored(store: Store, config: Path | None, asked: Names) -> Names:
    """Return the names as they are stored. Raises a usage error for one that nobody knows, and ``ConfigError``."""
    from watcher.event_names import alerting_handlers, names_in_force
    from watcher.store.names import UnknownNames, stored_names

    try:
        return store.read_now(
            stored_names,
            asked,
            lambda: names_in_force(settings_of(config)),
            lambda: alerting_handlers(settings_of(config)),
        )
    except UnknownNames as error:
        name, problem = next(iter(error.faults.items()))
        raise click.BadParameter(problem, param_hint=f"'--{name}'") from error
