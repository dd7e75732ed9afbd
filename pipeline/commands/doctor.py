"""`csp-audit doctor`: whether tonight's run can work."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.commands import options

if TYPE_CHECKING:
    from pipeline.doctor.doctor import Result

_COLOURS = {"ok": "green", "warning": "yellow", "failed": "red"}
SCHEMA_VERSION = 1


@click.command(
    "doctor",
    epilog=options.epilog(
        "csp-audit doctor",
        "csp-audit doctor exports/ --state /var/lib/csp-audit --config /etc/csp-audit.toml",
        "csp-audit doctor --json > doctor.json",
        exit_codes="0 nothing has failed, though there may be warnings, 1 a check has failed, 2 usage",
    ),
)
@click.argument("folder", type=options.NamedPath(path_type=Path), required=False)
@options.STATE
@options.CONFIG
@click.option("--json", "as_json", is_flag=True, help="Print the checks as JSON.")
def command(folder: Path | None, state: Path | None, config_file: Path | None, as_json: bool) -> int:  # noqa: FBT001
    """Check that tonight's run can work, and name the next step where it cannot.

    Call it as the user that the run has. FOLDER holds the exports; by default it is that of the last good run. Nothing
    is changed, and no mail is sent.
    """
    from pipeline.doctor.doctor import Question, examine, exit_code

    results = []
    for result in examine(Question(folder, state, config_file, datetime.now(UTC))):
        results.append(result)
        if not as_json:
            click.echo(_drawn(result))
    if as_json:
        click.echo(_as_json(results))
    return exit_code(results)


def _drawn(result: Result) -> str:
    """Return a check as one line, coloured on a terminal."""
    from reports.text import visible

    line = result.line
    mark = click.style(f"{line.mark:8}", fg=_COLOURS[line.mark])
    step = f" Next: {_one_line(line.step)}." if line.step else ""
    return f"{mark} {result.check:14} {visible(_one_line(line.found))}.{visible(step)}"


def _as_json(results: list[Result]) -> str:
    from reports.text import encodable

    checks = [
        {"check": r.check, "state": r.line.mark, "found": encodable(r.line.found), "next": encodable(r.line.step)}
        for r in results
    ]
    return json.dumps({"schema_version": SCHEMA_VERSION, "checks": checks}, indent=2, ensure_ascii=False)


def _one_line(text: str) -> str:
    return " ".join(text.split())
