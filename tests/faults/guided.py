"""Lets what the code does with an input lead to the next one: `python -m tests.faults.guided gate|rules`.

Atheris keeps each input that reaches code which none before it did, and changes it further. It starts from good files
in a temporary folder. The program ends 0 when nothing was found, 1 with the traceback and the place of the input that
failed, and 2 where atheris is not installed.
"""

from __future__ import annotations

import argparse
import base64
import importlib.util
import os
import re
import subprocess
import sys
import time
from pathlib import Path

from tests.faults.fuzzing import quick_folder
from tests.pipeline.commandline import ROOT

KEPT = ROOT / "build" / "guided"
PARTS = ("gate", "rules")
INPUTS = 100_000
MISSING = "atheris is not installed here: nothing was tried."
_DONE = re.compile(r"^Done (\d+) runs", re.MULTILINE)
_WRITTEN = re.compile(r"Test unit written to (.+)$", re.MULTILINE)
# Of what the fuzzer writes, all that does not tell why it ended.
_PROGRESS = re.compile(
    r"^(?:INFO: |WARNING: |Dictionary: |#\d|nanobind: |See http| - |MS: |0x|artifact|Base64: ).*\n", re.MULTILINE
)


def main() -> int:
    """Try inputs, and say in a line how many; or what failed."""
    options = _options()
    if not importlib.util.find_spec("atheris"):
        sys.stderr.write(f"{MISSING}\n")
        return 2
    options.kept.mkdir(parents=True, exist_ok=True)
    with quick_folder() as folder:
        start = time.monotonic()
        argv = [*_child(options, folder), *([str(options.again)] if options.again else _limits(options))]
        ended = subprocess.run(
            argv, cwd=ROOT, env=environment(), text=True, errors="replace", capture_output=True, check=False
        )
        if ended.returncode:
            return _failed(options, ended)
        sys.stdout.write(f"{options.part}: {_tried(ended, folder, time.monotonic() - start)}\n")
        return 0


def environment() -> dict[str, str]:
    """Return the variables without those that measure coverage or put a library into a process."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("COVERAGE_", "LD_PRELOAD"))}
    return kept | {"PYTHONHASHSEED": "0"}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.guided", description=__doc__)
    parser.add_argument("part", choices=PARTS, help="what is given the inputs")
    parser.add_argument("--inputs", type=int, help=f"how many (default: {INPUTS:,}, or what --seconds allow)")
    parser.add_argument("--seconds", type=int, help="for how long")
    parser.add_argument("--seed", type=int, default=1, help="another one leads to other inputs (default: %(default)s)")
    parser.add_argument("--kept", type=Path, default=KEPT, metavar="FOLDER", help="takes the input that failed")
    parser.add_argument("--again", type=Path, metavar="FILE", help="try only this input, which failed before")
    parser.add_argument("--planted", action="store_true", help="with a fault put in, to see that it is found")
    options = parser.parse_args()
    for name in ("kept", "again"):  # The child works in another folder.
        if path := getattr(options, name):
            setattr(options, name, path.resolve())
    return options


def _child(options: argparse.Namespace, folder: Path) -> list[str]:
    planted = ["--planted"] if options.planted else []
    return [sys.executable, "-m", "tests.faults.steered", *planted, options.part, str(folder)]


def _limits(options: argparse.Namespace) -> list[str]:
    inputs = options.inputs or (None if options.seconds else INPUTS)
    return [
        *([f"-runs={inputs}"] if inputs else []),
        *([f"-max_total_time={options.seconds}"] if options.seconds else []),
        f"-seed={options.seed}",
        f"-artifact_prefix={options.kept}/{options.part}-",
    ]


def _failed(options: argparse.Namespace, ended: subprocess.CompletedProcess[str]) -> int:
    """Say what was raised, which is on stdout, and what stopped the process: a signal, the time or the memory."""
    sys.stderr.write(ended.stdout + _PROGRESS.sub("", ended.stderr))
    if written := _WRITTEN.search(ended.stderr):
        planted = " --planted" if options.planted else ""
        content = base64.b64encode(Path(written[1]).read_bytes()).decode()
        sys.stderr.write(
            # Of a machine that is gone tomorrow only what it said is left.
            f"{options.part}: in base64, the input that failed is {content}\n"
            f"{options.part}: it is kept as {written[1]}\n"
            f"Try it again: python -m tests.faults.guided {options.part}{planted} --again {written[1]}\n"
        )
    return 1


def _tried(ended: subprocess.CompletedProcess[str], folder: Path, seconds: float) -> str:
    done = _DONE.search(ended.stderr)
    if not done:
        return "nothing was raised."
    seeds, corpus = (len(list((folder / name).iterdir())) for name in ("seeds", "corpus"))
    return (
        f"{int(done[1]):,} inputs in {seconds:.0f} s, nothing found; "
        f"{seeds} good files led to {corpus} inputs that reach code of their own."
    )


if __name__ == "__main__":
    sys.exit(main())
