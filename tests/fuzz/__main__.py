"""Fuzzes one target, led by coverage: see the package."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from random import Random

import atheris

from .mutations import WORDS, mutated

with atheris.instrument_imports(include=["watcher.edgar", "handlers.parse"]):
    from .seeds import write_seeds
    from .targets import TARGETS


def main() -> None:
    """Fuzz until the time is up or a promise is broken, which ends the process with another code than 0."""
    arguments, options = _arguments()
    target = TARGETS[arguments.target]
    out = arguments.out or Path(tempfile.mkdtemp(prefix="fuzz-"))
    (out / "corpus").mkdir(parents=True, exist_ok=True)
    count = write_seeds(target.seeds, arguments.seeds, out / "seeds", target.most_bytes)
    print(f"{count} seeds; inputs are kept in {out}")
    own = [f"-max_total_time={arguments.seconds}", f"-max_len={target.most_bytes}", f"-dict={_written_words(out)}"]
    own += ["-timeout=60", "-rss_limit_mb=1024", f"-artifact_prefix={out}/", "-print_final_stats=1"]
    folders = [str(out / "corpus"), str(out / "seeds")]
    atheris.Setup([sys.argv[0], *own, *options, *folders], target.run, custom_mutator=_changed)
    atheris.Fuzz()


def _arguments() -> tuple[argparse.Namespace, list[str]]:
    given = sys.argv[1:]
    place = given.index("--") if "--" in given else len(given)
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seeds", type=Path, action="append", default=[], help="a folder of filings to start from")
    parser.add_argument("--out", type=Path, help="where inputs are kept, and those that broke a promise")
    return parser.parse_args(given[:place]), given[place + 1 :]


def _written_words(out: Path) -> Path:
    """Write the words as a dictionary of libFuzzer's, which takes short ones only."""
    path = out / "words"
    lines = ("".join(f"\\x{code:02x}" for code in word) for word in WORDS if len(word) < 60)
    path.write_text("".join(f'"{line}"\n' for line in lines))
    return path


def _changed(given: bytes, most: int, seed: int) -> bytes:
    rng = Random(seed)
    return mutated(given, most, rng) if rng.random() < 0.6 else atheris.Mutate(given, most)


if __name__ == "__main__":
    main()
