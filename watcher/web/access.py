"""Who may look, and who may change things."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Header, HTTPException

__all__ = ["writers"]


def writers(token: str) -> Callable[..., Awaitable[None]]:
    """Build the check of a request that changes something: it must carry the token of the store's lock file."""

    async def may_write(authorization: Annotated[str, Header()] = "") -> None:
        if not secrets.compare_digest(authorization.encode(), f"Bearer {token}".encode()):
            raise HTTPException(401, "a request that changes something needs the token of the store's lock file")

    return may_write
