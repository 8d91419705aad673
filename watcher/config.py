"""The settings: one TOML file, checked whole, every fault told at once.

Relative paths start at the folder that holds ``config/`` when the file lies in a folder of that name, else at
the file's own folder; so a checkout, ``eightk init DIR`` and a lone file in ``/etc`` each mean what they seem to.
This is the only module that reads the environment.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import (
    BaseModel,
    ValidationError,
)
from pydantic_core import ErrorDetails

from watcher.errors import ConfigError, Fault
from watcher.settings import EndpointSettings, Section, Settings
from watcher.small_files import read_small_text

__all__ = [
    "DEFAULT_FILE",
    "examine_settings",
    "given_in",
    "load_settings",
    "problem_of",
    "template_folder",
]

DEFAULT_FILE = Path("config/eightk.toml")
# Facts about the file that stand among the settings, and cannot be set in it.
_OWN = ("file", "base")
_MAX_DEPTH = 50
_MAX_BYTES = 2**20
_MOST_SUGGESTIONS = 100  # each takes a millisecond; whoever has more unknown keys has another file
# A key of as many parts, in any of TOML's quotes: to read one takes time by the square of their number. (Parts longer
# than these are too few in a file to matter.)
_DEEP_KEY = re.compile(
    r"""(?<![\w"'-])(?:(?:[\w-]++|"(?:[^"\\\n]|\\.){0,200}+"|'[^'\n]{0,200}+')[ \t]*+\.[ \t]*+)"""
    rf"{{{_MAX_DEPTH}}}"
)
_SECRET_KEY = re.compile(r"secret|password|token", re.IGNORECASE)
_LOG_IN = re.compile(r"//\S*@")
_ANYWHERE = ("0.0.0.0/0", "::/0")
_HOST = re.compile(r"https?://([a-z0-9][a-z0-9.-]*)", re.IGNORECASE)
_PROBLEMS = {
    **dict.fromkeys(("model_type", "mapping_type", "dict_type"), "should be a table"),
    **dict.fromkeys(("tuple_type", "list_type"), "should be a list"),
    "string_type": "should be text",
    "path_type": "should be a path",
}


def load_settings(file: Path | None, environ: Mapping[str, str] | None = None) -> Settings:
    """Read and check the file; None gives every setting at its default, for the current folder.

    ``EIGHTK_CONTACT`` in the environment stands for ``edgar.contact``. Raises ``ConfigError`` with all faults.
    """
    settings, faults = examine_settings(file, environ)
    if faults:
        raise ConfigError(faults)
    return settings


def examine_settings(file: Path | None, environ: Mapping[str, str] | None = None) -> tuple[Settings, tuple[Fault, ...]]:
    """Read the file and return what could be used of it, with its faults, so that more can be looked for.

    Raises ``ConfigError`` when the file cannot be read at all.
    """
    environ = os.environ if environ is None else environ
    values = {} if file is None else _read(file)
    base = Path.cwd() if file is None else _base_of(file)
    where = "defaults" if file is None else str(file)
    faults = tuple(Fault(where, name, "unknown key", _suggest([name])) for name in _OWN if name in values)
    contact = environ.get("EIGHTK_CONTACT")
    if contact:
        _table(values, "edgar")["contact"] = contact
    values |= {"file": where, "base": base}
    found: tuple[Fault, ...] = ()
    while True:
        for name, section in Settings.model_fields.items():
            # A default made with the class knows no base folder; an empty table is checked against this one.
            if isinstance(section.default, Section):
                values.setdefault(name, {})
        try:
            return Settings.model_validate(values, context={"base": base}), (*faults, *found)
        except ValidationError as error:
            # A second round's faults come from what was taken out in the first.
            found = found or tuple(_faults(error, where, is_contact_from_environ=bool(contact)))
            dropped = [_drop(values, one["loc"], missing=one["type"] == "missing") for one in error.errors()]
            if not any(dropped):
                raise ConfigError((*faults, *found)) from error


def _drop(values: dict[str, Any], path: tuple[int | str, ...], *, missing: bool) -> bool:
    """Take a faulty key out, or the table that lacks one, so that the rest can be checked. False: it was not there."""
    if path[0] == "endpoint" and len(path) > 2:
        if path[2] == "allow":
            # With no allow list its URL would be called forbidden, which may not be so. What comes of this is looked at
            # for more faults, and never used.
            endpoint = values["endpoint"].get(path[1])
            if endpoint is None:
                return False  # it went with another of its faults
            allowed = [*_ANYWHERE, *_hosts_in(endpoint.values())]
            if endpoint.get("allow") == allowed:  # a host of its URL is none that could be allowed
                return values["endpoint"].pop(path[1]) is not None
            endpoint["allow"] = allowed
            return True
        path, missing = path[:2], False
    *parents, last = path[:-1] if missing else path
    table: Any = values
    for parent in parents:
        table = table.get(parent) if isinstance(table, dict) else None
    if isinstance(table, dict):
        return table.pop(last, None) is not None
    # A fault inside a list: the whole list goes.
    return bool(parents) and _drop(values, tuple(parents), missing=False)


def template_folder() -> Path:
    """The folder that ``eightk init`` copies: in an installed package its own, in a checkout ``config``."""
    package = Path(__file__).parent
    inside = package / "template"
    return inside if inside.is_dir() else package.parent / "config"


def _base_of(file: Path) -> Path:
    # Not resolved: a file may be a link into a folder of another name, as mounted settings often are.
    folder = file.absolute().parent
    return folder.parent if folder.name == "config" else folder


def _table(values: dict[str, Any], name: str) -> dict[str, Any]:
    table = values.setdefault(name, {})
    return table if isinstance(table, dict) else {}


def _read(file: Path) -> dict[str, Any]:
    try:
        text = read_small_text(file, _MAX_BYTES, encoding="utf-8-sig")
        if _DEEP_KEY.search(text):
            raise _too_deep(file)
        values = tomllib.loads(text)
    except OSError as error:
        remedy = "write one with: eightk init" if isinstance(error, FileNotFoundError) else ""
        raise ConfigError([Fault(str(file), "", f"cannot be read: {error.strerror}", remedy)]) from error
    except UnicodeDecodeError as error:
        raise ConfigError([Fault(str(file), "", "is not UTF-8 text", "save it as UTF-8")]) from error
    except RecursionError as error:
        raise _too_deep(file) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([Fault(str(file), "", f"is not TOML: {error}", "see https://toml.io")]) from error
    # Deeper ones would fail later: when shown, or when sent to a worker.
    level: list[Any] = [values]
    for _ in range(_MAX_DEPTH + 1):
        level = [inner for value in level for inner in _inside(value)]
    if level:
        raise _too_deep(file)
    return values


def _too_deep(file: Path) -> ConfigError:
    return ConfigError([Fault(str(file), "", f"nests deeper than {_MAX_DEPTH} levels")])


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def problem_of(detail: ErrorDetails) -> str:
    """What a checking library found, as the end of a fault's sentence and in the words of a TOML file."""
    problem = detail["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return _PROBLEMS.get(detail["type"], problem[:1].lower() + problem[1:])


def given_in(detail: ErrorDetails) -> str:
    """What was given, as a fault's remedy, but for the secrets in it."""
    if _SECRET_KEY.search(str(detail["loc"][-1]) if detail["loc"] else ""):
        return "what it has is not shown here"
    return f"got {_LOG_IN.sub('//***@', repr(detail['input']))}"


def _hosts_in(given: Iterable[Any]) -> Iterator[str]:
    for value in given:
        if isinstance(value, str) and (found := _HOST.match(value)):
            yield found[1]


def _faults(error: ValidationError, where: str, *, is_contact_from_environ: bool) -> Iterator[Fault]:
    for place, detail in enumerate(error.errors()):
        path = [str(part) for part in detail["loc"]]
        key = ".".join(path)
        if key == "edgar.contact" and is_contact_from_environ:
            yield Fault("the environment", "EIGHTK_CONTACT", problem_of(detail), given_in(detail))
            continue
        if detail["type"] == "extra_forbidden":
            yield Fault(where, key, "unknown key", _suggest(path) if place < _MOST_SUGGESTIONS else "")
        elif detail["type"] == "missing":
            yield Fault(where, key, "is missing", _describe(path))
        else:
            yield Fault(where, key, problem_of(detail), given_in(detail))


def _section(path: list[str]) -> type[BaseModel]:
    if path[0] == "endpoint":
        return EndpointSettings
    field = Settings.model_fields.get(path[0])
    annotation = field.annotation if field else None
    return (
        annotation if len(path) > 1 and isinstance(annotation, type) and issubclass(annotation, BaseModel) else Settings
    )


def _suggest(path: list[str]) -> str:
    known = [name for name in _section(path).model_fields if name not in _OWN]
    close = difflib.get_close_matches(path[-1], known, n=1)
    return f"did you mean {close[0]!r}?" if close else f"known: {', '.join(sorted(known))}"


def _describe(path: list[str]) -> str:
    field = _section(path).model_fields.get(path[-1])
    return field.description or "" if field else ""
