"""The application: what it shows comes from the store, what it is asked to do goes to the daemon."""

from __future__ import annotations

from fastapi import FastAPI

from watcher.web.access import Access
from watcher.web.api import add_api
from watcher.web.api_docs import api_docs
from watcher.web.bodies import Bodies
from watcher.web.desk import Desk
from watcher.web.failures import add_failures
from watcher.web.gate import Gate
from watcher.web.headers import SafeHeaders
from watcher.web.heads import Heads
from watcher.web.packing import Packing
from watcher.web.pages import add_pages

__all__ = ["make_app"]


def make_app(desk: Desk) -> FastAPI:
    """Build the application."""
    app = FastAPI(title="eightk", docs_url=None, redoc_url=None, openapi_url="/v1/openapi.json")
    access = desk.access or Access(desk.token)
    app.state.access, app.state.desk = access, desk
    add_api(app, desk)
    app.include_router(api_docs())
    add_pages(app, desk, access)
    add_failures(app)
    # All of them plain ASGI, so that streams flow through. The last one added is the first that a request meets.
    app.add_middleware(Bodies)
    app.add_middleware(Packing)
    app.add_middleware(Gate, access=access)
    app.add_middleware(SafeHeaders)
    app.add_middleware(Heads)
    return app
