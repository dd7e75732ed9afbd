"""Writes the sample nights, the broken exports and what they must lead to."""

from __future__ import annotations

from pathlib import Path

import click

from sample_data.builder.broken import broken
from sample_data.builder.customers import customers, notices, qualifications, requests
from sample_data.builder.data import NIGHTS, Record, dice
from sample_data.builder.expected import expected
from sample_data.builder.layouts import LAYOUTS
from sample_data.builder.offers import legacy_list, price_list
from sample_data.builder.partners import partners, validations
from sample_data.builder.sales import subscriptions

_RECORDS = {
    "customers": customers,
    "subscriptions": subscriptions,
    "qualifications": qualifications,
    "price_list": price_list,
    "price_list-legacy": legacy_list,
    "partners": partners,
    "gcc_validations": validations,
    "nonprofit_notices": notices,
    "qualification_requests": requests,
}


def build() -> dict[str, bytes]:
    """Return all the sample files, by their path below the sample_data folder."""
    files = {"expected.csv": expected()}
    for number, day in enumerate(NIGHTS, 1):
        for table, layout in LAYOUTS[number].items():
            files[f"nights/{day}/{layout.file}"] = layout.write(_in_some_order(table, number))
    for case, contents in broken().items():
        files |= {f"broken/{case}/{file}": content for file, content in contents.items()}
    return files


def _in_some_order(table: str, night: int) -> list[Record]:
    """Return the records of one night in an order of that night: exports promise none."""
    records = _RECORDS[table](night)
    dice("order", table, night).shuffle(records)
    return records


@click.command()
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Target folder.")
def main(out: Path) -> None:
    """Write the sample exports."""
    files = build()
    for path, content in files.items():
        (out / path).parent.mkdir(parents=True, exist_ok=True)
        (out / path).write_bytes(content)
    click.echo(f"{len(files)} files written to {out}", err=True)


if __name__ == "__main__":
    main()
