"""`csp-audit sql`: a query of one's own on the warehouse."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from pipeline.commands import options
from pipeline.session import settings

if TYPE_CHECKING:
    from pathlib import Path


@click.command(
    "sql",
    epilog=options.epilog(
        'csp-audit sql "show all tables"',
        'csp-audit sql "select rule_id, count(*) from core.states group by rule_id order by rule_id"',
        'csp-audit sql "from audit.runs select as_of, verdict order by as_of" --format csv > runs.csv',
        exit_codes="0 answered, 2 the query is wrong or asks for more than reading",
    ),
)
@click.argument("query")
@options.STATE
@options.CONFIG
@options.FORMAT
def command(query: str, state: Path | None, config_file: Path | None, form: str) -> None:
    """Run one SELECT on the warehouse, read-only (QUERY, or - to read it from standard input).

    The query can read nothing but the warehouse, and can change nothing.
    """
    from pipeline.commands.printing import print_answer
    from pipeline.desk.query import as_answer, csv_chunks, json_chunks, querying_warehouse, read_query
    from pipeline.state import State
    from pipeline.warehouse import open_warehouse

    config = settings(config_file, state)
    warehouse = State(config.state).warehouse
    with open_warehouse(warehouse):
        pass  # says what is wrong with the file, before the query can be
    text = read_query(sys.stdin.buffer.read() if query == "-" else os.fsencode(query))
    with querying_warehouse(warehouse, config, text) as result:
        if form == "table":
            print_answer(as_answer(result), form)
            return
        for piece in csv_chunks(result) if form == "csv" else json_chunks(result):
            click.echo(piece, nl=False)
