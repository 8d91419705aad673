"""``python -m bench.runners MODULE``: serve the tasks of one reader to the bench, with the network shut."""

from __future__ import annotations

import importlib
import sys

from bench.runners import offline, serving

if __name__ == "__main__":
    # Before the reader is imported: some look outside even then.
    offline.shut()
    own_output = serving.own_output()
    reader = importlib.import_module(sys.argv[1])
    serving.serve(reader.TASKS, reader.DISTRIBUTIONS, sys.stdin, own_output)
