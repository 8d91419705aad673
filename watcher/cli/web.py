"""``eightk web``: who may come in to the page and the API: a password for people, tokens for programs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from watcher.cli._options import config_option, settings_of
from watcher.cli._printing import say, say_json
from watcher.errors import EightkError

if TYPE_CHECKING:
    from watcher.keyring import Keyring

__all__ = ["COMMANDS"]


@click.group()
def web() -> None:
    """Who may come in to the page and the API: a password for people, tokens for programs.

    Without either whoever reaches the page on this machine may look. What is changed counts at once, without a restart;
    only hashes are kept.
    """


@web.command()
@config_option
@click.option("--remove", is_flag=True, help="Have no password any more; tokens stay.")
def password(config: Path | None, *, remove: bool) -> None:
    """Set the password of the page. Every session that was begun with the old one ends.

    It is asked for on a terminal, else read from standard input.
    """
    path, keyring = _opened(config)
    if remove:
        from watcher.keyring import Keyring

        if keyring.password is None:
            raise click.UsageError("there is no password")
        left = Keyring(None, keyring.tokens)
        _check_left(config, left)
        _write(path, left)
        say(f"{path}: no password any more")
        return
    try:
        changed = keyring.with_password(_asked())
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    _write(path, changed)
    say(f"{path}: the password is set; whoever opens the page is asked for it")


@web.group()
def token() -> None:
    """Tokens for programs that use the API: make one, list them, remove one."""


@token.command()
@click.argument("name")
@config_option
@click.option("--write", "may_write", is_flag=True, help="It may change things, too, not only read.")
def add(name: str, config: Path | None, *, may_write: bool) -> None:
    """Make a token and print it: it is shown this once. A program sends it as "Authorization: Bearer TOKEN"."""
    path, keyring = _opened(config)
    try:
        changed, text = keyring.with_token(name, may_write=may_write)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    _write(path, changed)
    say(text)
    if keyring.is_empty:
        say("from now on whoever wants to look needs a token, or a password: eightk web password", err=True)


@token.command(name="list")
@config_option
@click.option("--json", "as_json", is_flag=True, help="One JSON array.")
def list_tokens(config: Path | None, *, as_json: bool) -> None:
    """List the tokens: their names, and what they may do."""
    _, keyring = _opened(config)
    rows = [{"name": one.name, "may_write": one.may_write} for one in keyring.tokens]
    if as_json:
        say_json(rows)
        return
    for row in rows:
        say(f"{row['name']:<40} {'reads and writes' if row['may_write'] else 'reads'}")
    if not rows:
        say("no tokens")


@token.command()
@click.argument("name")
@config_option
def remove(name: str, config: Path | None) -> None:
    """Remove a token; what comes with it is refused from now on."""
    path, keyring = _opened(config)
    try:
        changed = keyring.without_token(name)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    _check_left(config, changed)
    _write(path, changed)
    say(f"{path}: no token {name} any more")


def _check_left(config: Path | None, left: Keyring) -> None:
    """Refuse to leave nobody who could come in where others can reach the page: the next start would be refused."""
    if left.is_empty and not settings_of(config).web.is_private:
        raise click.UsageError("it is the last one, and others can reach the page: add another one first")


def _opened(config: Path | None) -> tuple[Path, Keyring]:
    from watcher.keyring import read_keyring

    path = settings_of(config).web.access_file
    try:
        return path, read_keyring(path)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    except OSError as error:
        raise EightkError(f"{path}: cannot be read: {error.strerror}") from error


def _write(path: Path, keyring: Keyring) -> None:
    from watcher.keyring import write_keyring

    try:
        write_keyring(path, keyring)
    except OSError as error:
        raise EightkError(f"{path}: cannot be written: {error.strerror}") from error


def _asked() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))


COMMANDS = [web]
