"""The soak: many nights in a row, on many of which something goes wrong, and what each night must show all the same.

`python -m tests.faults.soak` lives through 60 of them and prints the figures; `--out` takes them as JSON.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import random
import sys
import tempfile
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from pipeline.database import reading
from tests.faults.fleet import FIRST, Fleet, aged, name_of
from tests.faults.harm import Strike, doomed, has_compiler
from tests.pipeline.replay import Night, replay

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.faults.harm import Doomed, Life

NIGHTS, SEED = 60, 20261201
# Nights that are compared with as many before them, and by how much more they may take.
WINDOW, BOUND = 20, 1.1
SETTINGS = "keep = 2\n[retention]\nruns = 10\nrefused = 5\n[watch]\nkeep_logs = 5\n"
_HARMS = (
    "killed",
    "killed",
    "missing file",
    "truncated file",
    "disk full",
    "file too large",
    "locked",
    "damaged warehouse",
    "clock set back",
    "run twice",
)
_REFUSED, _LOCKED, _USAGE = 3, 4, 2
_AUDITED = {0, 1}
Dates = tuple[date, ...]


@dataclass
class Soak:
    """What the nights have come to; `histories` are the audited nights, by their dates, that a warehouse may hold."""

    folder: Path
    process: Doomed
    dice: random.Random
    fleet: Fleet
    history: list[Night] = field(default_factory=list)
    histories: dict[Dates, list[Night]] = field(default_factory=lambda: {(): []})
    harms: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    compared: int = 0
    skipped: int = 0
    lost: int = 0
    memory: list[int] = field(default_factory=list)
    disk: list[int] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    calls: list[tuple[str, str]] = field(default_factory=list)

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def exports(self) -> Path:
        return self.folder / "exports"

    def words(self, as_of: date | None) -> list[str]:
        dated = ["--as-of", as_of.isoformat()] if as_of else []
        return ["run", str(self.exports), "--state", str(self.state), "--config", str(self.folder / "c.toml"), *dated]

    def night(self, number: int) -> None:
        """Live through one night: what goes wrong, then, on most nights, the run that somebody starts by hand."""
        as_of = FIRST + timedelta(days=number)
        self.fleet.next_night()
        self.fleet.write(self.exports, as_of)
        harm = self.dice.choice(_HARMS) if number and self.dice.random() < 0.6 else ""
        self.harms[harm or "nothing"] += 1
        getattr(self, f"_{harm.replace(' ', '_')}" if harm else "_well")(as_of)
        if self._is_audited(as_of):
            self._compare(as_of)
        elif self.dice.random() < 0.7:
            self.fleet.write(self.exports, as_of)
            self._well(as_of)
            self._compare(as_of)
        else:
            self.skipped += 1
        self._prune()
        self.disk.append(_size(self.state))

    def _well(self, as_of: date) -> None:
        if not self.calls and has_compiler():
            self.calls = self.process.calls(self.words(as_of), self.folder / "calls")
        life = self.process.live(self.words(as_of))
        self.memory.append(life.peak)
        self._follow(life, as_of, expected=_AUDITED)

    def _killed(self, as_of: date) -> None:
        life = self.process.live(self.words(as_of), seconds=self.dice.uniform(0.05, 2))
        self._follow(life, as_of, expected={-9, *_AUDITED})

    def _missing_file(self, as_of: date) -> None:
        (self.exports / "customers.csv").unlink()
        self._follow(self.process.live(self.words(as_of)), as_of, expected={_REFUSED})

    def _truncated_file(self, as_of: date) -> None:
        file = self.exports / "subscriptions.csv"
        content = file.read_bytes()
        file.write_bytes(content[: len(content) // 3])
        aged(file, as_of)
        self._follow(self.process.live(self.words(as_of)), as_of, expected={_REFUSED})

    def _disk_full(self, as_of: date) -> None:
        """Fill the disk at a random call of those that a night makes; without the library a file may not grow."""
        if not self.calls:
            self._file_too_large(as_of)
            return
        kind, place = self.dice.choice([each for each in self.calls if each[0] in {"write", "create"}])
        turn = self.dice.randint(1, self.calls.count((kind, place)))
        life = self.process.struck(self.words(as_of), Strike(kind, place, turn, "ENOSPC", sticky=True))
        self._follow(life, as_of, expected=None)

    def _file_too_large(self, as_of: date) -> None:
        life = self.process.live(self.words(as_of), largest=self.dice.randint(1_000, 2_000_000))
        self._follow(life, as_of, expected=None)

    def _locked(self, as_of: date) -> None:
        with (self.state / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            life = self.process.live(self.words(as_of))
        self._follow(life, as_of, expected={_LOCKED})

    def _clock_set_back(self, as_of: date) -> None:
        """Run without a date, by a clock that is days behind the newest night."""
        if not self.history or not has_compiler():
            return
        wrong = datetime.combine(self.history[-1].as_of - timedelta(days=3), datetime.min.time(), UTC)
        seconds = int((wrong - datetime.now(UTC)).total_seconds())
        life = self.process.live(self.words(None), clock=seconds)
        self._follow(life, as_of, expected={_USAGE})

    def _run_twice(self, as_of: date) -> None:
        self._well(as_of)
        self._well(as_of)

    def _damaged_warehouse(self, as_of: date) -> None:
        """Damage the warehouse; the run must go on from the newest kept copy, as that says of itself."""
        kept = sorted((self.state / "kept").glob("warehouse-*.duckdb"), reverse=True)
        copy = _dates(kept[0]) if kept else ()
        file = self.state / "warehouse.duckdb"
        content = bytearray(file.read_bytes())
        place = self.dice.randrange(0, 12_000)
        content[place : place + 8_000] = self.dice.randbytes(8_000)
        damaged = file.with_name("damaged")
        damaged.write_bytes(content[: len(content) // 2] if self.dice.random() < 0.5 else content)
        damaged.replace(file)
        self.lost += len(self.history) - len(self.histories[copy])
        self.history = list(self.histories[copy])
        self._well(as_of)

    def _follow(self, life: Life, as_of: date, *, expected: set[int] | None) -> None:
        """Hold the end of a run, and what the warehouse holds afterwards, against what may be."""
        self.codes[str(life.code)] += 1
        if life.hung or any("Traceback" in line for line in life.said):
            self._break(as_of, f"hung or with a traceback: {life.said}")
        if expected is not None and life.code not in expected:
            self._break(as_of, f"exit code {life.code}, not one of {sorted(expected)}: {life.said}")
        before = [night for night in self.history if night.as_of < as_of]
        audited = [*before, self.fleet.expected(as_of)]
        warehouse = self.state / "warehouse.duckdb"
        dates = _dates(warehouse) if warehouse.exists() else ()
        if dates == _dates_of(audited) and (life.code in _AUDITED or life.code not in {_REFUSED, _LOCKED, _USAGE}):
            self.history = audited
            self.histories[dates] = audited
        elif dates != _dates_of(self.history):
            self._break(as_of, f"the warehouse holds {dates[-3:]} and not {_dates_of(self.history)[-3:]}")
        if life.code in _AUDITED and dates != _dates_of(audited):
            self._break(as_of, f"audited, but the warehouse holds {dates[-3:]}")

    def _is_audited(self, as_of: date) -> bool:
        """Whether the night is in the warehouse with its report in place."""
        link = self.state / "latest"
        return bool(self.history) and self.history[-1].as_of == as_of and link.readlink().name == as_of.isoformat()

    def _compare(self, as_of: date) -> None:
        """Hold what the report says against the replay, which knows the nights and nothing of the program."""
        if not self._is_audited(as_of):
            self._break(as_of, "a run in good health has not audited the night")
            return
        told = json.loads((self.state / "latest" / "findings.json").read_text(encoding="utf-8"))
        shown = {}
        for finding in told["findings"]:
            if name := name_of(finding):
                shown[name] = _told(finding)
        expected = {
            name: (each.state, each.first_seen.isoformat(), each.opened_on.isoformat(), each.reopened, each.due_on)
            for name, each in replay(self.history).shown.items()
        }
        expected = {name: (*each[:4], each[4].isoformat() if each[4] else None) for name, each in expected.items()}
        self.compared += len(expected)
        if wrong := [name for name in sorted({*shown, *expected}) if shown.get(name) != expected.get(name)]:
            first = wrong[0]
            self._break(as_of, f"{len(wrong)} findings, first {first}: {shown.get(first)}, not {expected.get(first)}")

    def _prune(self) -> None:
        options = ["--state", str(self.state), "--config", str(self.folder / "c.toml")]
        life = self.process.live(["prune", "--damaged", *options])
        if life.code:
            self.broken.append(f"prune: exit code {life.code}: {life.said}")

    def _break(self, as_of: date, what: str) -> None:
        self.broken.append(f"{as_of}: {what}")


def _told(finding: dict[str, Any]) -> tuple[object, ...]:
    return tuple(finding[name] for name in ("state", "first_seen", "opened_on", "reopened", "due_on"))


def _dates(warehouse: Path) -> Dates:
    with reading(warehouse) as connection:
        rows = connection.execute("select as_of from audit.runs order by as_of").fetchall()
    return tuple(as_of for (as_of,) in rows)


def _dates_of(nights: list[Night]) -> Dates:
    return tuple(night.as_of for night in nights)


def _size(folder: Path) -> int:
    """Return how many bytes the files below a folder hold; one with two names counts once."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            status = path.stat()
            found[status.st_ino] = status.st_size
    return sum(found.values())


@contextmanager
def soak(seed: int = SEED) -> Iterator[Soak]:
    """Begin with no night, in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="csp-audit-soak-") as name:
        folder = Path(name)
        (folder / "c.toml").write_text(SETTINGS, encoding="utf-8")
        with doomed(folder, folder / "state", with_library=has_compiler()) as process:
            yield Soak(folder, process, random.Random(seed), Fleet(seed))


def growth(measured: list[int]) -> float:
    """Return how many times the median of the nights before the last ones take: those take that many times as much."""
    return median(measured[-WINDOW:]) / median(measured[-2 * WINDOW : -WINDOW])


def figures(found: Soak) -> dict[str, Any]:
    """Say what the nights came to."""
    told: dict[str, Any] = {
        "nights": len(found.disk),
        "what went wrong": dict(sorted(found.harms.items())),
        "exit codes": dict(sorted(found.codes.items())),
        "nights skipped": found.skipped,
        "nights lost with damaged warehouses": found.lost,
        "findings compared with the second implementation": found.compared,
        "broken promises": found.broken,
        "state directory, KB": [round(found.disk[n] / 1e3) for n in (0, len(found.disk) // 2, -1)],
        "peak memory, MB": [round(found.memory[n] / 1e6) for n in (0, len(found.memory) // 2, -1)],
    }
    for name, measured in {"disk": found.disk, "memory": found.memory}.items():
        if len(measured) >= 2 * WINDOW:
            grown = growth(measured)
            told[f"{name}, the last {WINDOW} against those before"] = round(grown, 3)
            if grown > BOUND:
                told["broken promises"].append(f"{name} grows: {grown:.3f}")
    return told


def main() -> None:
    """Live through the nights, and print what they came to."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.soak", description=__doc__)
    parser.add_argument("--nights", type=int, default=NIGHTS, help="how many (default %(default)s)")
    parser.add_argument("--out", type=Path, help="the file that takes the figures, as JSON")
    arguments = parser.parse_args()
    with soak() as found:
        for number in range(arguments.nights):
            found.night(number)
        text = json.dumps(figures(found), indent=1)
    sys.stdout.write(text + "\n")
    if arguments.out:
        arguments.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
