"""Write the golden files anew: `python -m tests.reports.write_golden`, then read the difference."""

from __future__ import annotations

from pathlib import Path

from reports import render
from tests.reports import examples

GOLDEN = Path(__file__).parent / "golden"
FORMATS = {
    "findings.csv": render.findings_csv,
    "findings.json": render.findings_json,
    "quarantine.csv": render.quarantine_csv,
    "run.json": render.run_json,
}


def main() -> None:
    audit = examples.mixed()
    for name, render_as in FORMATS.items():
        (GOLDEN / name).write_bytes(render_as(audit).encode())


if __name__ == "__main__":
    main()
