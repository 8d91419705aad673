"""The documents as pages on a telephone: what is too wide for it scrolls in a place of its own, and never the page."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

pytest.importorskip("playwright", reason="the package playwright is not installed")

from _browser import CHROMIUM, why_no_browser
from _required import do_without
from playwright.sync_api import sync_playwright

from docs._make.site import build_site

_WIDTH = 390
_TOO_WIDE = """(width) => {
  const wide = [...document.images].filter((image) => image.getBoundingClientRect().right > width);
  return [document.documentElement.scrollWidth, wide.map((image) => image.src)];
}"""


def test_no_page_and_no_picture_is_wider_than_a_telephone(tmp_path: Path) -> None:
    if why := why_no_browser():
        do_without(why)
    build_site(tmp_path / "site")
    switches = ["--no-sandbox"] if sys.platform == "linux" and os.geteuid() == 0 else []
    found = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=switches)
        page = browser.new_page(viewport={"width": _WIDTH, "height": 800})
        page.set_default_timeout(120_000)
        for path in sorted((tmp_path / "site").rglob("*.html")):
            page.goto(path.as_uri())
            found[path.name] = page.evaluate(_TOO_WIDE, _WIDTH)
        browser.close()

    assert {name: told for name, told in found.items() if told != [_WIDTH, []]} == {}
