"""What a program is told when something cannot be answered: problem details (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

__all__ = ["Refused", "problem"]


def problem(status: int, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any) -> JSONResponse:
    """Answer with the status's own title, what is wrong in this case, and whatever else helps."""
    body = {"title": HTTPStatus(status).phrase.lower(), "status": status, "detail": detail, **more}
    return JSONResponse(body, status, headers, "application/problem+json")


class Refused(HTTPException):
    """Raised by a route that refuses; ``errors`` tells each single fault, ``more`` whatever else helps."""

    def __init__(
        self,
        status: int,
        detail: str,
        errors: list[dict[str, Any]] | None = None,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(status, detail, dict(headers or {}))
        self.more = more if errors is None else {"errors": errors, **more}
