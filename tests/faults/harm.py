"""Runs csp-audit as a process that is killed, or whose calls to the file system fail."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.pipeline.commandline import ROOT, uncovered

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = Path(__file__).with_name("inject.c")
NO_COMPILER = "there is no C compiler (cc) here, which the library that makes calls fail needs"
# Documented ends of a command: of a run that a signal stopped, 128 and its number.
DOCUMENTED = frozenset({0, 1, 2, 3, 4, 5, 70, 129, 130, 143})


@dataclass(frozen=True)
class Life:
    """How a run ended: its exit code, or minus the signal that killed it; what it said, in lines.

    `seconds` it lived and `peak` bytes of memory it had at most; where it `hung` it was killed for that.
    """

    code: int
    said: tuple[str, ...]
    seconds: float
    peak: int
    hung: bool


@dataclass(frozen=True)
class Strike:
    """One call that fails: the `turn`-th of its kind at its place; where `sticky`, the disk is full from then on."""

    kind: str
    place: str
    turn: int
    error: str
    sticky: bool = False


def has_compiler() -> bool:
    """Tell whether calls can be made to fail here."""
    return shutil.which("cc") is not None


def compiled(folder: Path) -> Path:
    """Compile the library that makes calls fail."""
    library = folder / "inject.so"
    argv = ["cc", "-shared", "-fPIC", "-O2", "-o", str(library), str(SOURCE), "-ldl"]
    subprocess.run(argv, check=True, capture_output=True)
    return library


class Doomed:
    """Lets runs live and end; `folders` are those in which calls are counted."""

    def __init__(self, process: subprocess.Popen[str], said: Path, folders: list[str]) -> None:
        self.process, self.said, self.folders = process, said, folders

    def live(self, words: list[str], *, limit: float = 60, **request: Any) -> Life:  # noqa: ANN401 - of JSON
        """Run csp-audit once; the further words are those of a request (tests/faults/doomed.py)."""
        assert self.process.stdin
        assert self.process.stdout
        asked = {"words": words, "said": str(self.said), "limit": limit, **request}
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        told = json.loads(self.process.stdout.readline())
        lines = self.said.read_text("utf-8", "replace").splitlines()
        code = os.waitstatus_to_exitcode(told["status"])
        return Life(code, tuple(filter(None, lines)), told["seconds"], told["peak"], told["hung"])

    def struck(self, words: list[str], strike: Strike) -> Life:
        """Run once, and let one call fail."""
        return self.live(words, strike=strike.__dict__, folders=self.folders)

    def calls(self, words: list[str], listed: Path) -> list[tuple[str, str]]:
        """Run once in good health, and return the kind and the place of each call."""
        assert self.live(words, calls=str(listed), folders=self.folders).code in {0, 1}
        kinds_and_places = [line.partition("\t") for line in listed.read_text().splitlines()]
        return [(kind, place) for kind, _, place in kinds_and_places]


@contextmanager
def doomed(folder: Path, *folders: Path, with_library: bool = True) -> Iterator[Doomed]:
    """Start the process whose children are runs; its own files are in `folder`."""
    # A post-mortem that the state directory does not take goes to the temporary directory.
    (folder / "temporary").mkdir()
    # What is covered is not measured here: it would take time, and write files of its own where that is made to fail.
    environment = uncovered() | {"TMPDIR": str(folder / "temporary")}
    environment |= {"LD_PRELOAD": str(compiled(folder))} if with_library else {}
    argv = [sys.executable, "-m", "tests.faults.doomed"]
    with subprocess.Popen(
        argv, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        yield Doomed(process, folder / "said", [str(each) for each in folders])
        assert process.stdin
        process.stdin.close()
