"""`csp-audit customer`: the dossier of one customer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pipeline.commands import options

if TYPE_CHECKING:
    from pathlib import Path


@click.command(
    "customer",
    epilog=options.epilog(
        "csp-audit customer jasnybrzeg.example",
        'csp-audit customer "Fundacja Jasny Brzeg" --state demo',
        "csp-audit customer jasny --format json",
        exit_codes="0 shown, 2 no such customer, or several",
    ),
)
@click.argument("asked", metavar="ID|NAME|DOMAIN")
@options.STATE
@options.CONFIG
@options.FORMAT
def command(asked: str, state: Path | None, config_file: Path | None, form: str) -> None:
    """Show the dossier of one customer.

    Who it is and what it may be sold; its qualifications, requests, subscriptions, deadlines and findings.
    """
    from pipeline.commands.printing import print_answer
    from pipeline.desk.customers import find_customer
    from pipeline.desk.desk import open_desk
    from pipeline.desk.dossier.dossier import dossier

    with open_desk(config_file, state) as desk:
        answer = dossier(desk, find_customer(desk.connection, asked))
    print_answer(answer, form)
