"""Asking the daemon that owns the store: requests to its API on loopback."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from watcher.errors import EightkError, UnknownFiling

if TYPE_CHECKING:
    from watcher.lock import Owner

__all__ = ["ask_daemon"]


def ask_daemon(
    owner: Owner, method: str, path: str, body: dict[str, Any] | None = None, *, seconds: float = 30.0
) -> dict[str, Any]:
    """Ask, and return the answer.

    Raises ``click.UsageError`` for what cannot be asked, ``UnknownFiling`` for 404, and ``EightkError`` for all else.
    """
    from urllib.error import HTTPError
    from urllib.request import ProxyHandler, Request, build_opener

    if not owner.url:
        raise EightkError(f"process {owner.pid} uses the store, and takes no requests; try again when it has ended")
    headers = {"Authorization": f"Bearer {owner.token}"}
    content = None if body is None else json.dumps(body).encode()
    if content is not None:
        headers["Content-Type"] = "application/json"
    request = Request(owner.url + path, content, headers, method=method)  # noqa: S310
    try:
        # The daemon is on loopback: no proxy of the environment lies between.
        with build_opener(ProxyHandler({})).open(request, timeout=seconds) as answer:
            found: dict[str, Any] = json.load(answer)
            return found
    except HTTPError as error:
        detail = json.loads(error.read() or b"{}").get("detail", error.reason)
        if error.code == 422:
            raise click.UsageError(str(detail)) from error
        if error.code == 404:
            raise UnknownFiling(detail) from error
        raise EightkError(f"the daemon (process {owner.pid}) refused: {detail}") from error
    except OSError as error:
        raise EightkError(f"the daemon (process {owner.pid}) does not answer at {owner.url}: {error}") from error
