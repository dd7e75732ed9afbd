"""`csp-audit triage`: what people have decided about findings, back from the list that they filled in."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from pipeline.commands import options
from pipeline.triage.triage import DECISIONS

_WORDS = "\n".join(f"  {word:14}  {meaning}" for word, meaning in DECISIONS.items())
_IMPORT = f"""Import what is filled in: all lines of FILE, or none where one is refused.

\b
The words for decision:
{_WORDS}

promised_on is a date such as 2026-11-20; owner and note are any text. An empty cell leaves what was said before; a cell
with - alone empties it. FILE may be parted by commas, semicolons or tabs, in UTF-8, UTF-16 or a Windows code page.

decided_at is when what the list shows was decided: leave it as it is. A line that would change what somebody has
decided since then is refused; export the findings again. Lines of a list without that column are taken as they are.
All other columns but finding_id are ignored.
"""
_CODES = "0 done, 2 wrong usage, or a line is refused"


@click.group(
    "triage",
    epilog=options.epilog(
        "csp-audit findings --format csv > findings.csv",
        "csp-audit triage import findings.csv",
        "csp-audit triage list --overdue",
        exit_codes=_CODES,
    ),
)
def command() -> None:
    """Read back the decisions on findings, or list them.

    `csp-audit findings --format csv` has the columns decision, owner, promised_on and note to fill in.
    """


@command.command(
    "import",
    help=_IMPORT,
    epilog=options.epilog(
        "csp-audit triage import findings.csv",
        "csp-audit triage import findings.csv --state /var/lib/csp-audit",
        exit_codes="0 imported, 2 wrong usage, or a line is refused and nothing is imported",
    ),
)
@click.argument("file", type=options.NamedPath(path_type=Path))
@options.STATE
@options.CONFIG
@click.pass_context
def import_file(context: click.Context, file: Path, state: Path | None, config_file: Path | None) -> None:
    """Import all lines of the file, or none."""
    from pipeline.desk.desk import open_desk
    from pipeline.desk.known import known_findings
    from pipeline.triage.importing import import_sheet
    from pipeline.triage.sheet import read_sheet
    from reports.text import visible

    with open_desk(config_file, state) as desk:
        plan = import_sheet(
            file.name,
            read_sheet(file),
            desk.state.triage,
            lambda ids: known_findings(desk.connection, ids),
            datetime.now(UTC),
        )
    if plan.problems:
        # All of them, also where there is no terminal: each is a line to correct.
        for problem in plan.problems:
            click.echo(visible(f"csp-audit: {problem}"), err=True)
        number = len(plan.problems)
        click.echo(f"csp-audit: nothing is imported: {number} {'problem' if number == 1 else 'problems'}.", err=True)
        context.exit(2)
    click.echo(f"imported {len(plan.changes):,}, unchanged {plan.unchanged:,}, empty {plan.empty:,}")


@command.command(
    "list",
    epilog=options.epilog(
        "csp-audit triage list",
        "csp-audit triage list --overdue",
        "csp-audit triage list --format csv > triage.csv",
        exit_codes=_CODES,
    ),
)
@click.option("--overdue", is_flag=True, help="Only promises whose day has passed, on findings that are current.")
@options.STATE
@options.CONFIG
@options.FORMAT
def list_triage(overdue: bool, state: Path | None, config_file: Path | None, form: str) -> None:  # noqa: FBT001
    """List the decisions, overdue promises first."""
    from pipeline.commands.printing import print_answer
    from pipeline.desk.desk import open_desk
    from pipeline.desk.triage import triage_answer

    with open_desk(config_file, state) as desk:
        answer = triage_answer(desk, overdue=overdue)
    print_answer(answer, form)
