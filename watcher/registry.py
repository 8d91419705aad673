"""Finding handlers, by entry point and by plain file, and building them with their settings.

The built-ins come in by the same entry-point group as anyone else's, so that door is used, tested and enough.
"""

from __future__ import annotations

import difflib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from graphlib import CycleError, TopologicalSorter
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from watcher.config import given_in, problem_of
from watcher.errors import ConfigError, Fault
from watcher.handler import Context, Handler, Notifier, Stage
from watcher.settings import EndpointSettings, Settings

__all__ = [
    "Found",
    "LineSpec",
    "build_handlers",
    "build_notifiers",
    "discover",
    "line_spec",
    "load_file",
    "prepare_line",
]

GROUP = "watcher.handlers"
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Found:
    """One handler that was found, and where it came from."""

    name: str
    stage: Stage
    origin: str  # an entry point's value, or a file
    handler: type[Handler] | type[Notifier]


@dataclass(frozen=True, slots=True)
class LineSpec:
    """All that a worker process needs to build the same line of handlers as its parent."""

    context: Context
    folder: Path | None = None
    disabled: frozenset[str] = frozenset()
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    where: str = ""  # the settings' file, for faults
    base: Path = field(default_factory=Path)
    until: Stage = Stage.ALERT  # the last stage to run
    prepared: Mapping[str, bytes] = field(default_factory=dict)  # by handler, what its `prepare` gave


def line_spec(settings: Settings, *, until: Stage = Stage.ALERT, rules: bool = True) -> LineSpec:
    """The line that these settings ask for. Without ``rules`` no rule file is read."""
    return LineSpec(
        context=Context(settings.rules_path if rules else None, frozenset(settings.endpoint)),
        folder=settings.handlers.path,
        disabled=frozenset(settings.handlers.disabled),
        settings={name: dict(values) for name, values in settings.handler.items()},
        where=settings.file,
        base=settings.base,
        until=until,
    )


def discover(folder: Path | None) -> tuple[Found, ...]:
    """Find every handler and notifier, in no particular order. Raises ``ConfigError`` with all faults."""
    faults: list[Fault] = []
    found = _found(folder, faults)
    if faults:
        raise ConfigError(faults)
    return found


def prepare_line(spec: LineSpec) -> LineSpec:
    """Have each handler read once what all workers shall go by. Raises ``ConfigError`` with all faults."""
    faults: list[Fault] = []
    prepared = {}
    for one in _found(spec.folder, faults):
        if not issubclass(one.handler, Handler) or one.name in spec.disabled or one.stage > spec.until:
            continue
        key = f"handler.{one.name}"
        made = _guarded(one.handler, faults, spec.where, key, partial(one.handler.prepare, spec.context))
        if made is not None:
            prepared[one.name] = made
    if faults:
        raise ConfigError(faults)
    return replace(spec, prepared=prepared)


def build_handlers(spec: LineSpec) -> tuple[Handler, ...]:
    """Build the line of handlers, in the order in which they run. Raises ``ConfigError`` with all faults."""
    faults: list[Fault] = []
    found = _found(spec.folder, faults)
    if not faults:  # else a name may be unknown because its file is broken
        faults += (*_unknown_names(spec, found), *_wrong_places(found))
    classes = [one for one in found if issubclass(one.handler, Handler) and one.name not in spec.disabled]
    line: list[Handler] = []
    for one in _in_order(classes, faults):
        if one.stage > spec.until:
            continue
        settings = spec.settings.get(one.name, {})
        context = replace(spec.context, prepared=spec.prepared.get(one.name))
        built = _build(one.handler, settings, context, faults, spec.where, f"handler.{one.name}", spec.base)
        if isinstance(built, Handler):
            line.append(built)
    if faults:
        raise ConfigError(faults)
    return tuple(line)


def build_notifiers(settings: Settings) -> dict[str, Notifier]:
    """Build a notifier for each endpoint of the settings. Raises ``ConfigError`` with all faults."""
    faults: list[Fault] = []
    found = _found(settings.handlers.path, faults)
    left_out = settings.handlers.disabled
    kinds = {one.name: one for one in found if issubclass(one.handler, Notifier) and one.name not in left_out}
    notifiers: dict[str, Notifier] = {}
    context = Context(settings.rules_path, frozenset(settings.endpoint))
    for name, endpoint in settings.endpoint.items():
        key = f"endpoint.{name}"
        if endpoint.kind not in kinds:
            known = ", ".join(sorted(kinds))
            faults.append(Fault(settings.file, f"{key}.kind", f"no notifier {endpoint.kind!r}", f"known: {known}"))
            continue
        notifier = kinds[endpoint.kind].handler
        values = _endpoint_values(endpoint, notifier)
        built = _build(notifier, values, context, faults, settings.file, key, settings.base)
        if isinstance(built, Notifier):
            notifiers[name] = built
    if faults:
        raise ConfigError(faults)
    return notifiers


def _endpoint_values(endpoint: EndpointSettings, notifier: type[Any]) -> dict[str, Any]:
    values = endpoint.notifier_settings
    # Every endpoint may have an allow list; only the notifiers that dial by themselves check it.
    if "allow" in inspect.signature(notifier.__init__).parameters:
        values["allow"] = endpoint.allow
    return values


def _found(folder: Path | None, faults: list[Fault]) -> tuple[Found, ...]:
    """Find what can be used; what cannot is told in ``faults``."""
    found: dict[str, Found] = {}
    for one in (*_from_entry_points(faults), *_from_files(folder, faults)):
        if one.name in found:
            where = f"{found[one.name].origin} and {one.origin}"
            faults.append(Fault(where, one.name, "two handlers of this name", "rename one, or remove one"))
        found[one.name] = one
    return tuple(found.values())


def _from_entry_points(faults: list[Fault]) -> Iterator[Found]:
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        try:
            handler = entry.load()
        except (Exception, SystemExit) as error:  # noqa: BLE001  # the border to someone else's module: told as a fault
            faults.append(
                Fault(entry.value, entry.name, f"cannot be imported: {_in_words(error)}", "mend or uninstall it")
            )
            continue
        if problem := _problem(handler):
            faults.append(Fault(entry.value, entry.name, problem))
        else:
            yield Found(handler.name, handler.stage, entry.value, handler)


def _from_files(folder: Path | None, faults: list[Fault]) -> Iterator[Found]:
    for path in sorted(folder.glob("*.py")) if folder and folder.is_dir() else ():
        if path.exists() and not path.is_file():
            # A pipe would be waited for, and a device read for ever.
            faults.append(Fault(str(path), "", "is not a regular file", "move it away"))
            continue
        try:
            module = load_file(path)
        except (Exception, SystemExit) as error:  # noqa: BLE001  # the border to someone else's file: told as a fault
            faults.append(Fault(str(path), "", f"cannot be imported: {_in_words(error)}", "mend it, or move it away"))
            continue
        for handler in _classes_of(module):
            if problem := _problem(handler):
                remedy = "or begin the class's name with _ if it is none"
                faults.append(Fault(str(path), handler.__name__, problem, remedy))
            else:
                yield Found(handler.name, handler.stage, str(path), handler)


def _in_words(error: BaseException) -> str:
    """An error of someone else's code in one line, with its place."""
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {error.msg} (line {error.lineno})"
    return f"{type(error).__name__}: {error}"


def _classes_of(module: ModuleType) -> Iterator[type[Any]]:
    """The handlers and notifiers that a file itself defines; an underscore marks a base that is none."""
    classes = dict.fromkeys(value for value in vars(module).values() if inspect.isclass(value))
    for one in classes:
        is_own = one.__module__ == module.__name__ and not one.__name__.startswith("_")
        if is_own and issubclass(one, (Handler, Notifier)):
            yield one


def load_file(path: Path) -> ModuleType:
    """Import a plain file under a name of its own. Raises ``ImportError``, and whatever the file raises."""
    name = f"eightk_handler_file_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    # Dataclasses and pickles of the file's own classes look their module up by name.
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _problem(value: Any) -> str:
    """What keeps it from being a handler; "" when nothing does."""
    if not (inspect.isclass(value) and issubclass(value, (Handler, Notifier))):
        return "is not a Handler or Notifier"
    name, stage = getattr(value, "name", None), getattr(value, "stage", None)
    if not (isinstance(name, str) and name):
        return "a handler needs a name, such as name = 'large-sums'"
    if issubclass(value, Notifier) and stage is not Stage.NOTIFY:
        return f"a notifier's stage is Stage.NOTIFY, not {stage!r}"
    if issubclass(value, Handler) and stage not in (Stage.PARSE, Stage.CLASSIFY, Stage.ALERT):
        return f"a handler needs a stage: Stage.PARSE, Stage.CLASSIFY or Stage.ALERT, not {stage!r}"
    return _names_problem(value) or _method_problem(value)


def _names_problem(value: type[Handler] | type[Notifier]) -> str:
    if not isinstance(getattr(value, "after", ()), tuple):
        return "`after` must be a tuple of names, such as ('titles',)"
    events: object = value.events if issubclass(value, Handler) else ()
    if not isinstance(events, tuple):
        return f"`events` must be a tuple of names, such as ('vehicle-recall',), not {type(events).__name__}"
    wrong = next((one for one in events if not (isinstance(one, str) and one)), None)
    return "" if wrong is None else f"`events` must hold names, such as 'vehicle-recall'; {wrong!r} is none"


def _method_problem(value: type[Handler] | type[Notifier]) -> str:
    if issubclass(value, Handler):
        if value.handle is Handler.handle:
            return "a handler needs a method handle(self, report)"
        if inspect.iscoroutinefunction(value.handle):
            return "handle is a plain `def`: it runs in a worker process, without an event loop"
        return ""
    if value.notify is Notifier.notify:
        return "a notifier needs a method async def notify(self, message, post, now)"
    return "" if inspect.iscoroutinefunction(value.notify) else "notify is an `async def`"


def _wrong_places(found: Iterable[Found]) -> Iterator[Fault]:
    """An `after` that cannot be meant: it misspells a name, or names one of a later stage.

    A name that nobody here bears is in order: the handler that it belongs to may not be installed.
    """
    by_name = {one.name: one for one in found}
    for one in by_name.values():
        for other in one.handler.after if issubclass(one.handler, Handler) else ():
            close = difflib.get_close_matches(other, by_name, n=1)
            if other not in by_name and close:
                problem = f"must run after {other!r}, which is no handler"
                yield Fault(one.origin, one.name, problem, f"did you mean {close[0]!r}?")
            elif other in by_name and by_name[other].stage > one.stage:
                yield Fault(one.origin, one.name, f"must run after {other!r}, which is of a later stage", "drop it")


def _unknown_names(spec: LineSpec, found: Iterable[Found]) -> Iterator[Fault]:
    names = {one.name for one in found}
    notifiers = {one.name for one in found if issubclass(one.handler, Notifier)}
    known = f"known: {', '.join(sorted(names - notifiers))}"
    for name in sorted(set(spec.settings) & notifiers):
        yield Fault(spec.where, f"handler.{name}", "this one notifies", "its settings stand in a table [endpoint.NAME]")
    for name in sorted(set(spec.settings) - names):
        yield Fault(spec.where, f"handler.{name}", "no handler of this name", known)
    for name in sorted(spec.disabled - names):
        yield Fault(spec.where, "handlers.disabled", f"no handler {name!r}", known)


def _in_order(classes: list[Found], faults: list[Fault]) -> list[Found]:
    """Sort by stage; inside a stage by what each must come after, then by name."""
    by_name = {one.name: one for one in sorted(classes, key=lambda one: one.name)}
    sorter: TopologicalSorter[str] = TopologicalSorter(dict.fromkeys(by_name, ()))
    for name, one in by_name.items():
        after = one.handler.after if issubclass(one.handler, Handler) else ()
        sorter.add(name, *(other for other in after if other in by_name and by_name[other].stage == one.stage))
    try:
        order = list(sorter.static_order())
    except CycleError as error:
        faults.append(Fault("handlers", " > ".join(error.args[1]), "each must run after the other", "drop one `after`"))
        return []
    return sorted((by_name[name] for name in order), key=lambda one: one.stage)


def _build(
    handler: type[Handler] | type[Notifier],
    values: Mapping[str, Any],
    context: Context,
    faults: list[Fault],
    where: str,
    key: str,
    base: Path,
) -> Handler | Notifier | None:
    def build() -> Handler | Notifier:
        return handler.build(context, **_checked(handler, values, base))

    return _guarded(handler, faults, where, key, build)


def _guarded(
    handler: type[Handler] | type[Notifier], faults: list[Fault], where: str, key: str, call: Callable[[], R]
) -> R | None:
    """Return what the call returns; None after telling what went wrong with someone else's handler."""
    try:
        return call()
    except ValidationError as error:
        faults.extend(_setting_faults(handler, error, where, key))
    except ConfigError as error:
        faults.extend(error.faults)
    except (ValueError, TypeError, OSError) as error:
        faults.append(Fault(where, key, str(error)))
    except Exception as error:  # noqa: BLE001  # the border to someone else's handler: told as a fault
        faults.append(Fault(where, key, f"cannot be built: {_in_words(error)}"))
    return None


def _parameters(handler: type[Any]) -> dict[str, inspect.Parameter]:
    """The settings that a handler takes: the keyword arguments of its constructor."""
    parameters = inspect.signature(handler.__init__).parameters
    return {name: one for name, one in parameters.items() if one.kind is one.KEYWORD_ONLY}


def _checked(handler: type[Any], values: Mapping[str, Any], base: Path) -> dict[str, Any]:
    """Check settings against the constructor's own signature, all at once; paths start at ``base``."""
    hints = get_type_hints(handler.__init__)
    fields: dict[str, Any] = {}
    names: dict[str, str] = {}
    for name, parameter in _parameters(handler).items():
        default = ... if parameter.default is parameter.empty else parameter.default
        # Under a name of our own, as a setting may be called what a model's own method is called.
        field = f"setting_{len(fields)}"
        fields[field] = (hints.get(name, Any), Field(default, alias=name))
        names[field] = name
    config = ConfigDict(extra="forbid", arbitrary_types_allowed=True, allow_inf_nan=False)
    checked: BaseModel = create_model("Values", __config__=config, **fields).model_validate(dict(values))
    given = {name: getattr(checked, field) for field, name in names.items() if name in values}
    return {name: base / value.expanduser() if isinstance(value, Path) else value for name, value in given.items()}


def _setting_faults(handler: type[Any], error: ValidationError, where: str, key: str) -> Iterator[Fault]:
    known = f"settings of {handler.name!r}: {', '.join(_parameters(handler)) or 'none'}"
    for detail in error.errors():
        full = ".".join([key, *(str(part) for part in detail["loc"])])
        match detail["type"]:
            case "extra_forbidden":
                yield Fault(where, full, "unknown key", known)
            case "missing":
                yield Fault(where, full, "is missing", known)
            case _:
                # What an endpoint was given may be a secret in the wrong place.
                got = "" if issubclass(handler, Notifier) else given_in(detail)
                yield Fault(where, full, problem_of(detail), got)
