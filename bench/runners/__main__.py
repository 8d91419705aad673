"""``python -m bench.runners MODULE``: serve one reader's tasks to the bench, on one core, with the network shut."""

from __future__ import annotations

import importlib
import os
import sys

from bench.runners import offline, serving

if __name__ == "__main__":
    if hasattr(os, "sched_setaffinity"):  # not on macOS
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    # Before the reader is imported: some look outside even then.
    offline.shut()
    own_output = serving.own_output()
    reader = importlib.import_module(sys.argv[1])
    versions = getattr(reader, "VERSIONS", None)
    serving.serve(reader.TASKS, reader.DISTRIBUTIONS, sys.stdin, own_output, versions)
