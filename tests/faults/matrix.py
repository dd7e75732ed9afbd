"""The crash matrix: a night that is killed at random moments, and one whose calls to the file system fail one by one.

`python -m tests.faults.matrix` does all of it and prints the figures; `--out` takes them as JSON.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import subprocess
import sys
import tempfile
import time
import zlib
from collections import Counter, defaultdict
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.faults.harm import NO_COMPILER, Strike, doomed, has_compiler
from tests.faults.stage import Stage
from tests.pipeline.commandline import ROOT
from tests.pipeline.mail.servers import keeping

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.faults.stage import Outcome

KILLS = 200
SEED = 20261120
# In a quick plan, of more equal calls than these some are chosen: one in the middle is like its neighbours.
_ALL_OF, _RANDOM_OF_MORE = 4, 3
_EARLIER = 0.95
_REFUSED_OR_BROKEN = ("EACCES", "EIO")
_READS = {
    "read": ("EIO",),
    "open to read": _REFUSED_OR_BROKEN,
    "look at": _REFUSED_OR_BROKEN,
    "read link": _REFUSED_OR_BROKEN,
    "list": _REFUSED_OR_BROKEN,
    "lock": ("EIO",),
    "ask for room": _REFUSED_OR_BROKEN,
}
_CHANGES = ("ENOSPC", "EACCES", "EIO")


@dataclass(frozen=True)
class Plan:
    """Which calls fail: how many a healthy night makes, of how many kinds at how many places, and the chosen ones."""

    calls: int
    classes: int
    strikes: tuple[Strike, ...]


def plan(calls: Sequence[tuple[str, str]], *, is_quick: bool = False) -> Plan:
    """Let every call fail in each way it can; in a quick plan some of equal calls, each in one way, in turn."""
    dice = random.Random(SEED)
    strikes: list[Strike] = []
    counted = sorted(Counter(calls).items())
    for (kind, place), number in counted:
        for turn in _some(number, dice) if is_quick else range(1, number + 1):
            errors = _READS.get(kind, _CHANGES)
            chosen = [errors[len(strikes) % len(errors)]] if is_quick else errors
            strikes += [Strike(kind, place, turn, error, sticky=error == "ENOSPC") for error in chosen]
    # In this order what has been done so far is a sample of all.
    return Plan(len(calls), len(counted), tuple(sorted(strikes, key=_lot)))


def _lot(strike: Strike) -> int:
    """Draw a number for a strike, always the same: threads make the number of calls at a place differ a little."""
    return zlib.crc32(repr(strike).encode())


def _some(number: int, dice: random.Random) -> Sequence[int]:
    """Return the turns of few equal calls; of many the first, the last and some between."""
    if number <= _ALL_OF:
        return range(1, number + 1)
    return [1, *sorted(dice.sample(range(2, number), _RANDOM_OF_MORE)), number]


@contextmanager
def stage(*, with_library: bool) -> Iterator[Stage]:
    """Set the stage in a folder that is gone afterwards; `with_library` lets calls fail."""
    with tempfile.TemporaryDirectory(prefix="csp-audit-faults-") as name, keeping() as keeper:
        folder = Path(name)
        with doomed(folder, folder / "state", folder / "tonight", with_library=with_library) as process:
            yield Stage(folder, keeper, process)


def planned(scene: Stage, *, is_quick: bool = False) -> Plan:
    """Count the calls of a healthy night, and choose those that fail."""
    scene.reset()
    return plan(scene.doomed.calls(scene.words(), scene.base.with_name("calls")), is_quick=is_quick)


def killed(scene: Stage, moments: Sequence[float], seen: set[str]) -> Iterator[tuple[str, Outcome]]:
    """Kill tonight's run at moments of its lifetime (0 to 1), each time from the evening on.

    One that has ended by then is run again and killed earlier.
    """
    for chosen in moments:
        moment = chosen
        scene.reset()
        while (life := scene.doomed.live(scene.words(), seconds=moment * scene.lifetime)).code >= 0:
            moment *= _EARLIER
            scene.reset()
        yield f"killed at {moment:.3f}", scene.outcome(life, seen, was_killed=True)


def struck(scene: Stage, strikes: Sequence[Strike], seen: set[str]) -> Iterator[tuple[str, Outcome]]:
    """Let tonight's calls fail, one in each run."""
    for strike in strikes:
        scene.reset()
        life = scene.doomed.struck(scene.words(), strike)
        yield (
            f"{strike.error} at {strike.kind} {strike.place} ({strike.turn})",
            scene.outcome(life, seen, was_killed=False),
        )


def moments(number: int) -> list[float]:
    """Return random moments, spread over a lifetime, the earliest first."""
    dice = random.Random(SEED)
    return sorted(dice.random() for _ in range(number))


def _part(number: int, parts: int, arguments: argparse.Namespace) -> None:
    """Do every so-manieth case, and print each as one line of JSON."""
    seen: set[str] = set()
    end = time.monotonic() + 60 * arguments.minutes
    with stage(with_library=has_compiler()) as scene:
        chosen = planned(scene, is_quick=arguments.quick) if has_compiler() else Plan(0, 0, ())
        mine = [strike for strike in chosen.strikes if _lot(strike) % parts == number]
        _print({"calls": chosen.calls, "classes": chosen.classes, "strikes": len(mine)})
        for name, outcome in killed(scene, moments(arguments.kills)[number::parts], seen):
            _print({"kind": "kill", "name": name, **asdict(outcome)})
        for name, outcome in struck(scene, mine, seen):
            if time.monotonic() > end:
                break
            _print({"kind": "strike", "name": name, **asdict(outcome)})


def _print(told: dict[str, Any]) -> None:
    told.pop("leftover", None)
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


def figures(cases: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Count what the cases came to."""
    found: dict[str, Any] = {"runs": len(cases)}
    found["died"] = sum(case["code"] < 0 for case in cases)
    found["exit codes"] = dict(sorted(Counter(str(case["code"]) for case in cases if case["code"] >= 0).items()))
    found["left last night's warehouse"] = sum(case["whose"] == "last" for case in cases)
    found["left tonight's warehouse"] = sum(case["whose"] == "tonight" for case in cases)
    found["distinct leftovers, each run again"] = sum(case["was_rerun"] for case in cases)
    found["mails sent once more where SMTP leaves it open"] = sum(case["doubled"] for case in cases)
    found["broken promises"] = sum(bool(case["broken"]) for case in cases)
    return found


def broken(cases: Sequence[dict[str, Any]]) -> dict[str, list[str]]:
    """Return for each way of breaking a promise the cases that did."""
    by_way: dict[str, list[str]] = defaultdict(list)
    for case in cases:
        for way in dict.fromkeys(case["broken"]):
            by_way[way].append(case["name"])
    return dict(by_way)


def whole(arguments: argparse.Namespace) -> dict[str, Any]:
    """Do the whole matrix in several processes, and return its figures."""
    argv = [sys.executable, "-m", "tests.faults.matrix", "--kills", str(arguments.kills)]
    argv += ["--minutes", str(arguments.minutes), *(["--quick"] if arguments.quick else [])]
    with tempfile.TemporaryDirectory(prefix="csp-audit-faults-") as name:
        files = [Path(name) / f"{n}.json" for n in range(arguments.jobs)]
        parts = []
        for number, file in enumerate(files):
            with file.open("w") as out:
                part = f"{number}/{arguments.jobs}"
                parts.append(subprocess.Popen([*argv, "--part", part], cwd=ROOT, stdout=out))
        codes = [part.wait() for part in parts]
        assert not any(codes), codes
        told = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    counted = [each for each in told if "calls" in each]
    found: dict[str, Any] = {"planned": {**counted[0], "strikes": sum(each["strikes"] for each in counted)}}
    for kind in ("kill", "strike"):
        cases = [each for each in told if each.get("kind") == kind]
        found[kind] = {"figures": figures(cases), "broken": broken(cases)}
    return found


def arguments_of(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the options."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.matrix", description=__doc__)
    parser.add_argument("--kills", type=int, default=KILLS, help="how many random moments (default %(default)s)")
    parser.add_argument("--jobs", type=int, default=2, help="how many processes (default %(default)s)")
    parser.add_argument("--quick", action="store_true", help="let some of equal calls fail, each in one way")
    parser.add_argument("--minutes", type=float, default=math.inf, help="after how long to stop (default: at the end)")
    parser.add_argument("--out", type=Path, help="the file that takes the figures, as JSON")
    parser.add_argument("--part", default="", help=argparse.SUPPRESS)
    return parser.parse_args(words)


def main() -> None:
    """Do all of it, or one part."""
    arguments = arguments_of()
    if arguments.part:
        number, parts = map(int, arguments.part.split("/"))
        _part(number, parts, arguments)
        return
    if not has_compiler():
        sys.stderr.write(f"Calls do not fail: {NO_COMPILER}.\n")
    text = json.dumps(whole(arguments), indent=1)
    sys.stdout.write(text + "\n")
    if arguments.out:
        arguments.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
