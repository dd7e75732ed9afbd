"""`csp-audit rules policy`: what the rules go by at a date."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import click

from pipeline.commands import options
from pipeline.session import settings, today

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime
    from pathlib import Path

    from pipeline.policy import Holiday, PolicyRow

SCHEMA_VERSION = 1
# Every policy file, in the order in which they are shown.
POLICY_FILES = (
    "purchase_matrix",
    "answer_times",
    "notice_periods",
    "request_limits",
    "extended_service_terms",
    "discountable_products",
    "gcc_countries",
)


@click.command(
    "policy",
    epilog=options.epilog(
        "csp-audit rules policy",
        "csp-audit rules policy --as-of 2024-01-31",
        "csp-audit rules policy --config csp-audit.toml --format json",
    ),
)
@click.option("--as-of", type=options.Night(), help="The date (default: today in UTC).", metavar="YYYY-MM-DD")
@options.CONFIG
@options.FORMAT
def command(as_of: datetime | None, config_file: Path | None, form: str) -> None:
    """Show the policy in force at a date: purchase matrix, answer times, limits, holidays, each with its source."""
    from pipeline.commands.policy_tables import print_tables
    from pipeline.policy import holidays, in_force

    day = as_of.date() if as_of else today()
    config = settings(config_file, None)
    policies = {name: in_force(name, day, config.answer_times) for name in POLICY_FILES}
    if form == "table":
        print_tables(day, policies, holidays())
        return
    kept = [holiday for holiday in holidays() if holiday.day.year == day.year]
    click.echo(_csv(policies, kept) if form == "csv" else _json(day, policies, kept), nl=False)


def _csv(policies: Mapping[str, list[PolicyRow]], kept: list[Holiday]) -> str:
    """Write one table for all policies: each row fills the columns that its file has."""
    records = [{"policy": name, **_record(row)} for name, rows in policies.items() for row in rows]
    records += [{"policy": "holidays", **_holiday(holiday)} for holiday in kept]
    # Every file has the last three; they end each line.
    last = ["valid_from", "valid_to", "source"]
    columns = [name for name in dict.fromkeys(name for record in records for name in record) if name not in last]
    out = io.StringIO()
    writer = csv.DictWriter(out, [*columns, *last], lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return out.getvalue()


def _json(day: date, policies: Mapping[str, list[PolicyRow]], kept: list[Holiday]) -> str:
    document = {
        "schema_version": SCHEMA_VERSION,
        "as_of": day.isoformat(),
        "policies": {
            name: [{column: _typed(text) for column, text in _record(row).items()} for row in rows]
            for name, rows in policies.items()
        },
        "holidays": [_holiday(holiday) for holiday in kept],
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _record(row: PolicyRow) -> dict[str, str]:
    until = row.valid_to.isoformat() if row.valid_to else ""
    return {**row.cells, "valid_from": row.valid_from.isoformat(), "valid_to": until, "source": row.source}


def _holiday(holiday: Holiday) -> dict[str, str]:
    named = {"country": holiday.country, "day": holiday.day.isoformat(), "name": holiday.name}
    return {**named, "source": holiday.source}


def _typed(text: str) -> str | int | bool | None:
    """Give a cell of a policy file the type that its column has in the warehouse."""
    if text in {"yes", "no"}:
        return text == "yes"
    return int(text) if text.isdecimal() else text or None
