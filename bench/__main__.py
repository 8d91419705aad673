"""``python -m bench``: compare this project with its peers on the same files, in turn, and print ratios."""

from __future__ import annotations

import sys

from bench.cli import main

if __name__ == "__main__":
    sys.exit(main())
