"""`make faults`: does the whole crash matrix and the whole soak, and writes their figures to RESULTS.md."""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.faults.harm import NO_COMPILER, has_compiler
from tests.faults.matrix import KILLS
from tests.faults.soak import BOUND, NIGHTS, WINDOW
from tests.pipeline.commandline import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

RESULTS = Path(__file__).with_name("RESULTS.md")
FUZZ = sorted(Path(__file__).parent.glob("test_fuzz_*.py"))
_MOST_NAMED = 3
_PLACE = re.compile(r"/\S*csp-audit-(faults|soak)-\w+/")
Figures = dict[str, Any]


def measured(module: str, words: Sequence[str]) -> Figures:
    """Run the matrix or the soak as a process of its own, and return its figures."""
    with tempfile.TemporaryDirectory(prefix="csp-audit-faults-") as name:
        out = Path(name) / "figures.json"
        argv = [sys.executable, "-m", module, *words, "--out", str(out)]
        subprocess.run(argv, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        found: Figures = json.loads(out.read_text(encoding="utf-8"))
    return found


def fuzzed() -> Figures:
    """Run the fuzz tests, and return their figures by part."""
    with tempfile.TemporaryDirectory(prefix="csp-audit-faults-") as name:
        lines = Path(name) / "figures"
        argv = [sys.executable, "-m", "pytest", "-q", "-n", "2", *map(str, FUZZ)]
        environment = os.environ | {"CSP_AUDIT_FUZZ_FIGURES": str(lines)}
        subprocess.run(argv, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, env=environment)
        rounds = [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()]
    parts: Figures = {}
    for part in dict.fromkeys(each["part"] for each in rounds):
        own = [each for each in rounds if each["part"] == part]
        parts[part] = {name: sum(each[name] for each in own) for name in ("inputs", "taken", "refused")}
        parts[part] |= {name: max(each[name] for each in own) for name in ("slowest", "grown")}
    return parts


def page(matrix: Figures, soak: Figures, fuzz: Figures, *, is_quick: bool) -> str:
    """Return the figures as a page."""
    return "\n".join([*_matrix(matrix, is_quick=is_quick), "", *_soak(soak), "", *_fuzz(fuzz), ""])


def _fuzz(fuzz: Figures) -> Iterator[str]:
    yield "## The fuzz"
    yield ""
    yield "`pytest tests/faults/test_fuzz_*.py`, part of `make test`: good exports and rule files, spoiled by seeds."
    yield "An input is taken, or refused with a message; any other end fails the test, and so do 10 s of processor"
    yield "time for an input, or 1.4 GB more memory in a round. text: the pass over the bytes and the copy in UTF-8;"
    yield "gate: the whole gate; rules: files of rules; load: gate, load and every row judged."
    yield ""
    yield "| part | inputs | taken | refused | slowest, ms | memory grew by, MB |"
    yield "|-|-|-|-|-|-|"
    for part, told in sorted(fuzz.items()):
        counts = f"{told['inputs']:,} | {told['taken']:,} | {told['refused']:,}"
        yield f"| {part} | {counts} | {told['slowest'] * 1e3:.0f} | {told['grown'] / 1e6:.0f} |"
    yield f"| all | {sum(told['inputs'] for told in fuzz.values()):,} | | | | |"


def _matrix(matrix: Figures, *, is_quick: bool) -> Iterator[str]:
    planned, option = matrix["planned"], " --quick" if is_quick else ""
    yield "# What killed runs, failing calls and sixty bad nights came to"
    yield ""
    yield "Written by `make faults`. How each is done is in the modules named; a small part of each is in `make test`."
    yield ""
    yield "## The crash matrix"
    yield ""
    yield f"`python -m tests.faults.matrix{option}`: a night upon another one, mailed to a server on loopback, with the"
    yield "mail of the night before in the outbox. Each case begins at the same evening. After it the warehouse must"
    yield "hold either night whole, the reports too; then `csp-audit send --outbox` and the same night again must end"
    yield "well, leave no temporary file, and each mail must have gone once or wait. This second half is done once for"
    yield "each distinct leftover (files, content of the warehouse, mail handed over, waiting and doubtful)."
    yield ""
    yield from _table("Killed by SIGKILL at a random moment", matrix["kill"]["figures"])
    yield from _broken(matrix["kill"]["broken"])
    yield ""
    if not planned["calls"]:
        yield f"Calls did not fail: {NO_COMPILER}."
        return
    yield f"A healthy night makes {planned['calls']} calls in the state directory and to the exports: of"
    yield f"{planned['classes']} kinds and places. {planned['strikes']} runs: one call fails in each with ENOSPC,"
    yield "EACCES or EIO (never ENOSPC where it only reads); after ENOSPC nothing that needs room succeeds any more."
    if (done := matrix["strike"]["figures"]["runs"]) < planned["strikes"]:
        yield f"{done} of them were done, drawn by lot: there was no time for more."
    elif is_quick:
        yield "Of up to four equal calls all fail, of more the first, the last and three between; each in one way."
    else:
        yield "Every call fails, in each way it can."
    yield "Calls: open, create, read, write, sync, truncate, allocate, close after writing, rename, exchange, link,"
    yield "symlink, remove, make folder, chmod, set times, look at (stat, access), read link, list, lock, ask for room;"
    yield "not those on open files that change nothing (fstat, seek), and not memory maps."
    yield ""
    yield from _table("One call to the file system fails", matrix["strike"]["figures"])
    yield from _broken(matrix["strike"]["broken"])


def _soak(soak: Figures) -> Iterator[str]:
    yield "## The soak"
    yield ""
    yield "`python -m tests.faults.soak`: nights in a row over about 270 subscriptions that come and go, each pruned,"
    yield "most of them with a fault. The states of the findings of SEG01 and NPO01 in each report are compared with"
    yield f"tests/pipeline/replay.py. Level means: the median of the last {WINDOW} is at most {BOUND} times that of the"
    yield f"{WINDOW} before."
    yield ""
    yield from _table("The soak", {name: value for name, value in soak.items() if name != "broken promises"})
    yield f"| broken promises | {len(soak['broken promises'])} |"
    yield ""
    yield from (f"- {_PLACE.sub('', each)}" for each in soak["broken promises"])


def _table(title: str, figures: Mapping[str, Any]) -> Iterator[str]:
    yield f"| {title} | |"
    yield "|-|-|"
    yield from (f"| {name} | {_cell(value)} |" for name, value in figures.items())


def _cell(value: object) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{name}: {number}" for name, number in value.items()) or "none"
    if isinstance(value, list):
        return " → ".join(map(str, value))
    return str(value)


def _broken(ways: Mapping[str, Sequence[str]]) -> Iterator[str]:
    yield ""
    yield "Broken promises:" if ways else "No promise was broken."
    for way, cases in ways.items():
        more = f" and {len(cases) - _MOST_NAMED} more" if len(cases) > _MOST_NAMED else ""
        yield f"- {_PLACE.sub('', way)}: {'; '.join(cases[:_MOST_NAMED])}{more}"


def main() -> None:
    """Do all of it; or take what was done before."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.results", description=__doc__)
    parser.add_argument("--kills", type=int, default=KILLS, help="random moments (default %(default)s)")
    parser.add_argument("--nights", type=int, default=NIGHTS, help="nights of the soak (default %(default)s)")
    parser.add_argument(
        "--quick", action="store_true", help="let some of equal calls fail, each in one way: a tenth of it"
    )
    parser.add_argument("--minutes", type=float, help="after how long the matrix stops (default: at the end)")
    parser.add_argument("--matrix", type=Path, help="figures of the matrix that are there already (JSON)")
    parser.add_argument("--soak", type=Path, help="figures of the soak that are there already (JSON)")
    arguments = parser.parse_args()
    if not has_compiler():
        sys.stderr.write(f"Calls do not fail: {NO_COMPILER}.\n")
    words = ["--kills", str(arguments.kills), *(["--quick"] if arguments.quick else [])]
    words += ["--minutes", str(arguments.minutes)] if arguments.minutes else []
    matrix = _read(arguments.matrix) or measured("tests.faults.matrix", words)
    soak = _read(arguments.soak) or measured("tests.faults.soak", ["--nights", str(arguments.nights)])
    RESULTS.write_text(page(matrix, soak, fuzzed(), is_quick=arguments.quick), encoding="utf-8")
    sys.stdout.write(f"Written: {RESULTS.relative_to(ROOT)}\n")
    sys.exit(bool(matrix["kill"]["broken"] or matrix["strike"]["broken"] or soak["broken promises"]))


def _read(file: Path | None) -> Figures | None:
    return json.loads(file.read_text(encoding="utf-8")) if file else None


if __name__ == "__main__":
    main()
