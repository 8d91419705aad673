"""A real browser on the pages of a real daemon, with a store that a month of made-up filings has filled."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import _made_up
from _made_up import MadeUp
from _running import Place, Running
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

CHROMIUM = "/usr/bin/chromium" if Path("/usr/bin/chromium").exists() else shutil.which("chromium") or ""
PICTURES = Path(__file__).resolve().parents[1] / "build" / "screenshots"
WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 740}
# Before every script of a page: keeps what the policy of the page has refused.
_LISTEN = """
window.refused = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.refused.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
});
"""


def why_no_browser() -> str:
    """Why no browser can be driven here; "" when one can."""
    return "" if CHROMIUM else "chromium is not installed (Debian: apt install chromium)"


@dataclass
class Site:
    """The pages of a running daemon, and a browser to look at them."""

    place: Place
    made: MadeUp
    url: str
    browser: Browser

    @contextmanager
    def look(self, *, scripts: bool = True, dark: bool = False, phone: bool = False, **more: object) -> Iterator[Look]:
        """Open a fresh browser window, and tell at the end of all that went wrong in it."""
        context = self.browser.new_context(
            base_url=self.url,
            viewport=PHONE if phone else WIDE,
            color_scheme="dark" if dark else "light",
            java_script_enabled=scripts,
            **more,
        )
        context.add_init_script(_LISTEN)
        try:
            yield Look(context, context.new_page(), scripts)
        finally:
            context.close()


@dataclass
class Look:
    """One window, and what went wrong in it."""

    context: BrowserContext
    page: Page
    has_scripts: bool
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(15_000)
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        self.page.on("dialog", lambda dialog: self.wrong.append(f"dialog: {dialog.message}"))
        self.page.on("request", lambda request: self._asked(request.url))

    def go(self, path: str) -> Page:
        """Open a page of ours, which must be there."""
        answer = self.page.goto(path)
        assert answer is not None
        assert answer.status == 200, (path, answer.status)
        return self.page

    def refused(self) -> list[str]:
        """What the policy of this page has refused."""
        found: list[str] = self.page.evaluate("window.refused")
        return found

    def keep(self, name: str, *, full: bool = False) -> None:
        """Keep a picture of the page among the files of the run."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=PICTURES / f"{name}.png", full_page=full, animations="disabled")

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.wrong.append(f"{message.type}: {message.text}")

    def _asked(self, url: str) -> None:
        if not re.match(r"http://127\.0\.0\.1:\d+/|data:|about:", url):
            self.wrong.append(f"asked elsewhere: {url}")


@contextmanager
def site(folder: Path, *, per_day: int = 3) -> Iterator[Site]:
    """Fill a store, start the daemon on it, and start a browser."""
    place = Place(folder)
    place.set_up(more='[endpoint.ops]\nkind = "log"', rules=_made_up.RULES)
    made = _made_up.fill(folder / "data", place.config.parent / "rules", now=datetime.now(UTC), per_day=per_day)
    # Chromium's own sandbox is not to be had for root, which tests in a container often are.
    switches = ["--no-sandbox"] if sys.platform == "linux" and os.geteuid() == 0 else []
    with Running(place) as running, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=switches)
        try:
            yield Site(place, made, running.url, browser)
        finally:
            browser.close()
