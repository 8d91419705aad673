"""``reference/commands.md``: every command with its arguments and options, as click has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import click

from docs._make.writing import cell, code, page, paragraphs, table
from watcher import cli as line
from watcher.cli import cli

__all__ = ["commands_page", "every_command"]

_OK = 0
_EXIT_CODES = {
    _OK: "done; for `run`, `demo` and `simulate` also when Ctrl-C or SIGTERM ended them in order",
    line.EXIT_NO: "the answer is no: something is missing, a test fails, nobody knows what was asked for",
    line.EXIT_USAGE: "wrong usage or settings; each fault is told with its place",
    line.EXIT_FAILED: "could not do it: EDGAR, the disk, the database or the network would not",
    line.EXIT_BROKEN_OFF: "broken off by Ctrl-C",
}
# Where the words of a command and its options leave off.
_SEE = {
    "process": "reading.md",
    "backfill": "howto/backfill.md",
    "reread": "bulk.md",
    "search": "search.md",
    "export": "keeping.md",
    "backup": "keeping.md",
    "retention": "keeping.md",
    "store": "postgresql.md",
    "rules": "rules.md",
    "events": "events.md",
    "endpoint": "webhooks.md",
    "redeliver": "webhooks.md",
    "silence": "rules.md",
    "web": "access.md",
    "handlers": "handlers.md",
    "simulate": "simulator.md",
    "run": "deploy.md",
}


def every_command(group: click.Group = cli, before: str = "eightk") -> Iterator[tuple[str, click.Command]]:
    """Give each command that does something, by all of its words."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from every_command(command, f"{before} {name}")
        else:
            yield f"{before} {name}", command


def commands_page() -> str:
    """Return the page."""
    parts = [paragraphs(cli.help).split("\n\n", maxsplit=1)[0], _contents(), _exit_codes()]
    return page("Commands", *parts, *(_section(name, command) for name, command in every_command()))


def _contents() -> str:
    return table(
        ["command", "what it does"],
        ([f"[{code(name)}](#{name.replace(' ', '-')})", _first(command)] for name, command in every_command()),
    )


def _first(command: click.Command) -> str:
    return paragraphs(command.help).split("\n\n", maxsplit=1)[0]


def _exit_codes() -> str:
    told = table(["exit code", "meaning"], ([code(number), words] for number, words in _EXIT_CODES.items()))
    second = "A second signal ends `run` at once, with 143 (SIGTERM) or 130 (Ctrl-C)."
    return f"## Exit codes\n\n{told}\n\n{second} What one command means by 1 and 3 stands with it."


def _section(name: str, command: click.Command) -> str:
    usage = " ".join([name, *command.collect_usage_pieces(click.Context(command))])
    options = [one for one in command.params if isinstance(one, click.Option) and not one.hidden]
    see = _SEE.get(name.split()[1])
    parts = [
        f"## {name}",
        f"```\n{usage}\n```",
        paragraphs(command.help),
        table(["argument", "how many", "default"], map(_argument, _arguments(command))),
        table(["option", "takes", "default", "meaning"], map(_option, options)),
        f"More: [{see}](../{see})." if see else "",
    ]
    return "\n\n".join(part for part in parts if part)


def _option(option: click.Option) -> tuple[str, ...]:
    names = ", ".join(map(code, (*option.opts, *option.secondary_opts)))
    told = cell(option.help or "")
    more = [words for words, is_so in (("needed", option.required), ("repeatable", option.multiple)) if is_so]
    return names, _takes(option), _default(option), f"{told} ({', '.join(more)})" if more else told


def _arguments(command: click.Command) -> list[click.Argument]:
    return [one for one in command.params if isinstance(one, click.Argument)]


def _argument(argument: click.Argument) -> tuple[str, ...]:
    several = "one or more" if argument.required else "any number"
    one = "one" if argument.required else "one or none"
    shown = argument.make_metavar(click.Context(click.Command(""))).strip("[].")
    return code(shown), several if argument.nargs == -1 else one, _default(argument)


def _takes(option: click.Option) -> str:
    if option.is_flag:
        return ""
    kind: Mapping[str, Any] = {**option.type.to_info_dict()}
    if "choices" in kind:
        return ", ".join(map(code, kind["choices"]))
    bounds = [
        f"at {word} {kind[key]}" for word, key in (("least", "min"), ("most", "max")) if kind.get(key) is not None
    ]
    if isinstance(option.type, click.DateTime):
        return code("YYYY-MM-DD")
    return ", ".join([code((option.metavar or option.type.name).upper().replace(" RANGE", "")), *bounds])


def _default(option: click.Parameter) -> str:
    default = option.default
    if isinstance(default, timedelta):
        return code(f"{default.total_seconds() / 3600:g}h")
    is_none = default in (None, False, (), "") or "UNSET" in repr(default)
    return "" if is_none else code(default)
