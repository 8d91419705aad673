"""What a line is made of, in a few letters: two that agree find the same in the same bytes.

A report is marked with it, so that after a better parser it is known what to read again, and a cluster's workers are
compared by it. Rules are not part of it: they have a version of their own.
"""

from __future__ import annotations

import hashlib
import inspect
import platform
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from watcher.handler import Handler
from watcher.registry import LineSpec, build_handlers

__all__ = ["facts_of", "line_version"]

_HERE = Path(__file__).parent
# Of eightk's own modules those that decide what is found; its handlers come in as anyone else's do.
_CORE = tuple(_HERE / name for name in ("edgar", "words", "items.py", "line.py", "models.py"))
_LIBRARIES = ("lxml", "google-re2")  # whose version may change what is found
_DIGITS = 12


def line_version(spec: LineSpec, handlers: Iterable[Handler]) -> str:
    """Return what changes when the code of these handlers does, or what they build on, or their settings."""
    found = hashlib.sha256()
    for place in _CORE:
        found.update(_code(place))
    for one in handlers:
        settings = sorted((name, str(value)) for name, value in spec.settings.get(one.name, {}).items())
        found.update(f"{one.name} {settings}".encode("utf-8", "backslashreplace"))
        found.update(_code(_root(_file_of(one))))
    return found.hexdigest()[:_DIGITS]


def facts_of(spec: LineSpec) -> dict[str, str]:
    """Return by name all in which two machines must agree to find the same. Raises ``ConfigError``."""
    python = ".".join(platform.python_version_tuple()[:2])
    libraries = {name: _version(name) for name in _LIBRARIES}
    line = line_version(spec, build_handlers(spec))
    return {"eightk": _version("eightk"), "Python": python, **libraries, "code and settings of the handlers": line}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _file_of(one: Handler) -> Path:
    return Path(inspect.getfile(type(one)))


def _root(file: Path) -> Path:
    """The outermost package that a file is part of; a file that is part of none stands for itself."""
    root = file
    while (root.parent / "__init__.py").exists():
        root = root.parent
    return root


@cache
def _code(place: Path) -> bytes:
    """A digest of a file, or of all files in a folder and below; names of folders above do not count."""
    found = hashlib.sha256()
    for path in _files(place):
        found.update(path.relative_to(place.parent).as_posix().encode())
        found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.digest()


def _files(place: Path) -> Iterator[Path]:
    if place.is_file():
        yield place
    for path in sorted(place.rglob("*")) if place.is_dir() else ():
        if path.is_file() and "__pycache__" not in path.parts:
            yield path
