"""Measures whole processes: CPU seconds (user and system) and peak memory, as the kernel accounts for them."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from pathlib import Path


@dataclass(frozen=True)
class Contender:
    """One thing to measure: a name and the arguments of a Python process; `{work}` names an empty folder.

    A process may leave a file `steps.json` there: CPU seconds of its steps by name.
    """

    name: str
    arguments: tuple[str, ...]
    good_codes: tuple[int, ...] = (0,)


@dataclass(frozen=True)
class Usage:
    """What a process used: CPU and wall seconds, peak resident memory in MB, and CPU seconds of its steps, if told."""

    cpu: float
    wall: float
    memory: float
    steps: Mapping[str, float] = field(default_factory=dict)


def measure(contenders: Sequence[Contender], rounds: int, work: Path) -> dict[str, Usage]:
    """Run the contenders in turn, `rounds` times, and return the median of each."""
    taken: dict[str, list[Usage]] = {contender.name: [] for contender in contenders}
    for number in range(rounds):
        for contender in contenders:
            usage = _run(contender, work)
            taken[contender.name].append(usage)
            print(f"  {number + 1}/{rounds} {contender.name}: {usage.cpu:.2f} s CPU, {usage.memory:.0f} MB", flush=True)
    return {name: median(usages) for name, usages in taken.items()}


def spend(arguments: Iterable[str], good_codes: Collection[int] = (0,)) -> Usage:
    """Run one Python process and return what it used. Raises RuntimeError where it ends with another exit code."""
    command = [sys.executable, *arguments]
    begun = monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = monotonic() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in good_codes:
        message = f"{' '.join(command[1:])} ended with exit code {process.returncode}"
        raise RuntimeError(message)
    return Usage(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024)


def median(usages: Iterable[Usage]) -> Usage:
    """Return the median of each number."""
    taken = list(usages)
    steps = {name: statistics.median(u.steps[name] for u in taken) for name in taken[0].steps}
    cpu, wall, memory = (statistics.median(getattr(u, name) for u in taken) for name in ("cpu", "wall", "memory"))
    return Usage(cpu, wall, memory, steps)


def _run(contender: Contender, work: Path) -> Usage:
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    usage = spend((argument.format(work=work) for argument in contender.arguments), contender.good_codes)
    told = work / "steps.json"
    steps = json.loads(told.read_text(encoding="utf-8")) if told.exists() else {}
    return Usage(usage.cpu, usage.wall, usage.memory, steps)
