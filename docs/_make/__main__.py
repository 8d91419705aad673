"""``python -m docs._make [--check] [--out DIR]``: write the reference anew, check every link, and build the pages."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from docs._make.links import broken_links
from docs._make.pages import DOCS, ROOT, all_pages
from docs._make.reference import REFERENCE
from docs._make.site import build_site


def main() -> int:
    """Run it. Exit code 1: a link leads nowhere, or with ``--check`` a page of the reference would be another."""
    parser = argparse.ArgumentParser(prog="python -m docs._make", description="Write the reference; build the pages.")
    parser.add_argument("--check", action="store_true", help="write nothing, and say what would be written")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "docs", help="where the pages go")
    asked = parser.parse_args()
    stale = [name for name, make in REFERENCE.items() if not _is_up_to_date(name, make(), write=not asked.check)]
    for name in stale:
        print(f"{'would be' if asked.check else 'was'} written: docs/reference/{name}")
    broken = [told for page in all_pages() for told in broken_links(page)]
    print("\n".join(broken) or "every link leads somewhere")
    if not asked.check and not broken:
        print(f"{build_site(asked.out)} pages: {asked.out / 'index.html'}")
    return 1 if broken or (stale and asked.check) else 0


def _is_up_to_date(name: str, text: str, *, write: bool) -> bool:
    path = DOCS / "reference" / name
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return True
    if write:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return False


if __name__ == "__main__":
    sys.exit(main())
