"""Fuzzes one target until the time is up or a promise is broken: ``python -m tests.fuzz.one TARGET``, see the package.

Where atheris is, it is led by coverage; elsewhere inputs are changed blindly.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import resource
import sys
import time
from pathlib import Path
from random import Random

# What is watched for coverage: all else would take seconds to prepare, each time.
READERS = [
    *("watcher.edgar", "watcher.config", "watcher.settings", "watcher.report_json", "watcher.words", "handlers.parse"),
    *("handlers.alert", "handlers.notify._http", "watcher.store.search_words", "watcher.store.passages"),
    *("watcher.web.api._pages",),
]
IS_LED = importlib.util.find_spec("atheris") is not None
if IS_LED:
    import atheris

    # Nothing of eightk may have been imported before: what is then known is not watched.
    with atheris.instrument_imports(include=READERS):
        from .mutations import mutated
        from .seeds import seeds_of, write_seeds
        from .targets import TARGETS, Target
else:
    from .mutations import mutated
    from .seeds import seeds_of, write_seeds
    from .targets import TARGETS, Target


def main() -> None:
    """Fuzz. The process ends with another code than 0 when a promise was broken."""
    arguments, options = _arguments()
    target, out = TARGETS[arguments.target], arguments.out
    (out / "corpus").mkdir(parents=True, exist_ok=True)
    seeds = seeds_of(target.seeds, arguments.seeds, target.most_bytes)
    print(f"{len(seeds)} seeds; inputs are kept in {out}", flush=True)
    if IS_LED:
        write_seeds(seeds, out / "seeds")
        _led(target, arguments.seconds, out, options)
    else:
        _blindly(target, arguments.seconds, out, seeds)


def _arguments() -> tuple[argparse.Namespace, list[str]]:
    given = sys.argv[1:]
    place = given.index("--") if "--" in given else len(given)
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.one")
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seeds", type=Path, action="append", default=[], help="a folder of filings to start from")
    parser.add_argument("--out", type=Path, default=Path("build/fuzz/one"), help="where inputs are kept")
    return parser.parse_args(given[:place]), given[place + 1 :]


def _led(target: Target, seconds: int, out: Path, options: list[str]) -> None:
    """Fuzz by atheris, which ends the process itself."""
    own = [f"-max_total_time={seconds}", f"-max_len={target.most_bytes}", f"-dict={_written_words(target, out)}"]
    own += ["-timeout=60", "-rss_limit_mb=1024", f"-artifact_prefix={out}/", "-print_final_stats=1"]
    folders = [str(out / "corpus"), str(out / "seeds")]

    def changed(given: bytes, most: int, seed: int) -> bytes:
        rng = Random(seed)
        return mutated(given, most, rng, target.words) if rng.random() < 0.6 else atheris.Mutate(given, most)

    def run(given: bytes) -> None:
        _run(target, given, out)

    atheris.Setup([sys.argv[0], *own, *options, *folders], run, custom_mutator=changed)
    atheris.Fuzz()


def _written_words(target: Target, out: Path) -> Path:
    """Write the words as a dictionary of libFuzzer's, which takes short ones only."""
    path = out / "words"
    lines = ("".join(f"\\x{code:02x}" for code in word) for word in target.words if len(word) < 60)
    path.write_text("".join(f'"{line}"\n' for line in lines))
    return path


def _run(target: Target, given: bytes, out: Path) -> None:
    """Check the promises on one input, which is kept when one is broken."""
    try:
        target.run(given)
    except BaseException:
        path = out / f"crash-{hashlib.sha1(given, usedforsecurity=False).hexdigest()}"
        path.write_bytes(given)
        print(f"kept in {path}", flush=True)
        raise


def _blindly(target: Target, seconds: int, out: Path, seeds: list[bytes]) -> None:
    """Change seeds, and what came of them, without knowing what that reaches."""
    rng, pool, count, began = Random(seconds), list(seeds), 0, time.monotonic()
    while time.monotonic() - began < seconds:
        given = mutated(rng.choice(pool), target.most_bytes, rng, target.words)
        count += 1
        _run(target, given, out)
        if count % 100 == 0:
            pool[rng.randrange(len(pool))] = rng.choice((given, rng.choice(seeds)))
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"Done {count} runs in {seconds} second(s)\nstat::peak_rss_mb: {megabytes}", flush=True)


if __name__ == "__main__":
    main()
