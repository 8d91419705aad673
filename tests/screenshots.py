"""``python -m tests.screenshots``: makes the pictures of docs/pages.md, from made-up filings alone.

It fills a store, starts a daemon on it, and looks at the pages with Chromium. Pictures go to docs/pictures/, each of
less than 150 kB.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from _browser import Look, Site, site, why_no_browser

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "pictures"
MOST_BYTES = 150_000
WIDTH = 1100


def main() -> int:
    """Make them all; return 1 when one is too large, 3 when there is no browser."""
    if why := why_no_browser():
        print(why)
        return 3
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, site(Path(folder), per_day=11) as pages:
        take(pages)
    sizes = {path.name: path.stat().st_size for path in sorted(FOLDER.glob("*.png"))}
    for name, size in sizes.items():
        print(f"{size:>8,}  {name}")
    return int(any(size >= MOST_BYTES for size in sizes.values()))


def take(pages: Site) -> None:
    """Take each picture."""
    filing = f"/filings/{pages.made.grave}"
    with pages.look() as look:
        keep(look, "/", "filings", 760)
        keep(look, filing, "filing", 720)
        keep(look, "/activity?day=" + str(pages.made.busy_day), "activity", 1000)
        keep(look, "/rules/officers", "rule", 820)
        keep(look, '/search?q="annual base salary"', "search", 520)
    with pages.look(dark=True) as look:
        keep(look, "/health", "health-dark", 900)
    with pages.look(phone=True) as look:
        keep(look, "/", "filings-phone", 740)
        keep(look, filing, "filing-phone", 740)


def keep(look: Look, path: str, name: str, height: int) -> None:
    """Take one, from the top of the page."""
    page = look.go(path)
    size = page.viewport_size
    page.set_viewport_size({"width": min(WIDTH, size["width"] if size else WIDTH), "height": height})
    page.wait_for_timeout(500)
    page.screenshot(path=FOLDER / f"{name}.png", animations="disabled")


if __name__ == "__main__":
    sys.exit(main())
