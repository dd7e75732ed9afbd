"""One whole night by the command line, and what CPU each of its steps used.

Run as `python -m tests.bench.night STEPS WAREHOUSE ARGUMENTS...`: the arguments are csp-audit's, and STEPS is the JSON
file that takes the CPU seconds (user and system) by step, as the program's own log announces them. WAREHOUSE is that of
the night before, or `-` for the first night ever; it is put into the folder of STEPS, which is the state directory.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.cli import main as csp_audit
from pipeline.session import LOG

if TYPE_CHECKING:
    import logging

_LEAST = 0.01


def main(steps: Path, before: str, arguments: list[str]) -> None:
    """Run the command with a filter on its log that notes the CPU used so far at each message."""
    if before != "-":
        os.link(before, steps.with_name("warehouse.duckdb"))
    noted: list[tuple[str, float]] = []

    def note(record: logging.LogRecord) -> bool:
        noted.append((record.getMessage(), _cpu()))
        return True

    LOG.addFilter(note)
    sys.argv = ["csp-audit", *arguments]
    try:
        csp_audit()
    finally:
        ends = [cpu for _, cpu in noted[1:]] + [_cpu()]
        used = {step: end - start for (step, start), end in zip(noted, ends, strict=True)}
        # The last messages are the result, and no steps: they take no time, or begin with a capital letter.
        told = {step: cpu for step, cpu in used.items() if cpu >= _LEAST and step.islower()}
        steps.write_text(json.dumps(told), encoding="utf-8")


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
