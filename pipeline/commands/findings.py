"""`csp-audit findings`: what the latest night found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pipeline.commands import options
from pipeline.session import settings

if TYPE_CHECKING:
    from pathlib import Path

    from schemas.finding import Audit


@click.command(
    "findings",
    epilog=options.epilog(
        "csp-audit findings",
        "csp-audit findings --format csv > findings.csv",
        "csp-audit findings --format json --state /var/lib/csp-audit",
    ),
)
@options.STATE
@options.CONFIG
@options.FORMAT
def command(state: Path | None, config_file: Path | None, form: str) -> None:
    """List the findings of the latest night, most pressing first."""
    from pipeline.audit import read_audit
    from pipeline.rulefile import read_rules
    from pipeline.state import State
    from pipeline.warehouse import open_warehouse
    from reports import render

    config = settings(config_file, state)
    with open_warehouse(State(config.state).warehouse) as connection:
        audit = read_audit(connection, [file.rule for file in read_rules()], config.partner)
    if form == "table":
        _print_table(audit)
    else:
        click.echo(render.findings_csv(audit) if form == "csv" else render.findings_json(audit), nl=False)


def _print_table(audit: Audit) -> None:
    from rich.console import Console
    from rich.table import Table

    from reports import messages
    from reports.render import ENGLISH

    table = Table(title=f"Findings of {audit.as_of}", title_justify="left", box=None, pad_edge=False)
    for name in ("finding", "level", "state", "rule", "customer", "what is wrong", "seats", "by", "since"):
        table.add_column(name, justify="right" if name == "seats" else "left", overflow="fold")
    for item in audit.findings:
        table.add_row(
            item.finding_id, item.level, item.state, item.rule.id, item.company_name or item.customer_id,
            messages.message(ENGLISH, item), str(item.seats or ""), str(item.due_on or ""), str(item.first_seen),
        )  # fmt: skip
    Console().print(table, markup=False)
