"""The tables of `csp-audit rules policy`: drawn on a terminal, plain aligned text elsewhere."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import click

from pipeline.policy import unlisted_types

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pipeline.policy import Holiday, PolicyRow

_TITLES = {
    "purchase_matrix": "Purchase matrix: what each type of customer may be sold",
    "answer_times": "Answer times: business days in which a validation is answered",
    "notice_periods": "Notice periods: days from the notice until the qualification is removed",
    "request_limits": "Request limits: how often one qualification of a customer may be requested",
    "extended_service_terms": "Extended Service Terms: percent on top of the monthly price",
    "discountable_products": "Products: for which of them special segments exist",
    "gcc_countries": "Countries: whose customers may be sold Government Community Cloud",
}
_NOTES = {
    "answer_times": ("The calendar customer is that of the customer's own country.",),
    "discountable_products": ("An empty term stands for every term.",),
}
_GAP = "  "


@dataclass(frozen=True)
class Sheet:
    """A table with its title, and what is to be said under it, a line each."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()


def print_tables(day: date, policies: Mapping[str, list[PolicyRow]], holidays: Iterable[Holiday]) -> None:
    """Print the policies in force on a day, and the holidays of its year."""
    click.echo(f"Policy in force on {day}")
    sheets = [_policy_sheet(name, rows, day) for name, rows in policies.items()]
    for sheet in (*sheets, _holiday_sheet(day.year, list(holidays))):
        click.echo()
        if sys.stdout.isatty():
            _draw(sheet)
        else:
            click.echo("\n".join(_plain_lines(sheet)))


def _policy_sheet(name: str, rows: list[PolicyRow], day: date) -> Sheet:
    if not rows:
        return Sheet(_TITLES[name], (), (), (f"Nothing is in force on {day}.",))
    if name == "purchase_matrix":
        return _matrix_sheet(rows)
    columns = (*(column.replace("_", " ") for column in rows[0].cells), "in force", "source")
    cells = tuple((*row.cells.values(), _validity(row), row.source) for row in rows)
    return Sheet(_TITLES[name], columns, cells, _NOTES.get(name, ()))


def _matrix_sheet(rows: list[PolicyRow]) -> Sheet:
    """Turn the matrix: a row for each customer type (and each source of its cells), a column for each segment."""
    segments = tuple(dict.fromkeys(row.cells["segment"] for row in rows))
    turned: dict[tuple[str, str, str], dict[str, str]] = {}
    for row in rows:
        line = turned.setdefault((row.cells["customer_type"], _validity(row), row.source), {})
        line[row.cells["segment"]] = row.cells["allowed"]
    return Sheet(
        _TITLES["purchase_matrix"],
        ("customer type", *segments, "in force", "source"),
        tuple((name, *(line.get(one, "") for one in segments), *rest) for (name, *rest), line in turned.items()),
        (f"Not listed, read strictly (only what each qualification alone allows): {'; '.join(unlisted_types(rows))}.",),
    )


def _holiday_sheet(year: int, known: list[Holiday]) -> Sheet:
    kept = [holiday for holiday in known if holiday.day.year == year]
    without = sorted({holiday.country for holiday in known} - {holiday.country for holiday in kept})
    return Sheet(
        f"Holidays of {year}: not counted as business days",
        ("country", "day", "name", "source") if kept else (),
        tuple((holiday.country, f"{holiday.day:%a %Y-%m-%d}", holiday.name, holiday.source) for holiday in kept),
        (
            *(
                f"{country}: no holidays of {year} are known. Mondays to Fridays only are counted."
                for country in without
            ),
            "Every other country: Mondays to Fridays only are counted.",
        ),
    )


def _validity(row: PolicyRow) -> str:
    since = "always" if row.valid_from == date.min else f"since {row.valid_from}"
    return f"{since}, until {row.valid_to}" if row.valid_to else since


def _plain_lines(sheet: Sheet) -> list[str]:
    lines = (sheet.columns, *sheet.rows) if sheet.columns else ()
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    aligned = [
        _GAP.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    ]
    return [sheet.title, *aligned, *sheet.notes]


def _draw(sheet: Sheet) -> None:
    """Draw a table as wide as the terminal; a source, which would make every row tall, is said once, by its number."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    console = Console(markup=False, emoji=False, highlight=False)
    console.print(sheet.title, style="bold")
    sources = dict.fromkeys(row[-1] for row in sheet.rows)
    numbers = {source: str(number) for number, source in enumerate(sources, start=1)}
    if sheet.columns:
        table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
        for column in sheet.columns:
            table.add_column(column, overflow="fold")
        for *cells, source in sheet.rows:
            table.add_row(*cells, numbers[source])
        console.print(table)
    for line in (*(f"Source {number}: {source}" for source, number in numbers.items()), *sheet.notes):
        console.print(line)
