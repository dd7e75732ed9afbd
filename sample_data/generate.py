"""Writes exports of any size: `python -m sample_data.generate 750000 --out FOLDER`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click

from pipeline.database import connect_in_memory, literal

_FLEET = Path(__file__).with_name("fleet.sql")
_FEWEST_ROWS = 20
_MILLION = 1_000_000
_OPTIONAL = ("price_list", "partners", "gcc_validations", "nonprofit_notices", "qualification_requests")


@dataclass(frozen=True)
class Fleet:
    """What to write: rows over the three required tables, the share of them that is bad, and the seed."""

    rows: int
    bad: float = 0.0
    seed: int = 1

    @property
    def tables(self) -> dict[str, int]:
        """Return the number of rows of each required table."""
        customers, qualifications = self.rows // 10, self.rows * 15 // 100
        return {
            "customers": customers,
            "subscriptions": self.rows - customers - qualifications,
            "qualifications": qualifications,
        }

    @property
    def variables(self) -> dict[str, int]:
        """Return what the statements of the fleet read; shares are in rows of a million."""
        return {**self.tables, "seed": self.seed, "bad": round(self.bad * _MILLION)}


def write(fleet: Fleet, out: Path) -> dict[Path, int]:
    """Write one file for each table and return its rows; the same fleet is written byte for byte the same.

    An optional table that a small fleet has no rows for is not written: an export without rows is refused.
    """
    out.mkdir(parents=True, exist_ok=True)
    connection = connect_in_memory()
    for name, value in fleet.variables.items():
        connection.execute(f"set variable {name} = {value}")
    connection.execute(_FLEET.read_text(encoding="utf-8"))
    counts: dict[Path, int] = {}
    for table in (*fleet.tables, *_OPTIONAL):
        file = out / f"{table}.csv"
        # A row is one text that has its commas and quotes, and so has the header: the column's name.
        target = literal(str(file))
        connection.execute(f"copy {table} to {target} (format csv, header, delimiter '', quote '')")
        (counts[file],) = connection.fetchone() or (0,)
    connection.close()
    for file in [file for file, count in counts.items() if not count]:
        file.unlink()
        del counts[file]
    return counts


@click.command()
@click.argument("rows", type=click.IntRange(min=_FEWEST_ROWS))
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Target folder.")
@click.option("--bad", type=click.FloatRange(0, 1), default=0.0, show_default=True, help="Share of bad rows.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Another fleet.")
def main(rows: int, out: Path, bad: float, seed: int) -> None:
    """Write exports with ROWS rows over the three required tables, and the optional ones that belong to them."""
    for file, count in write(Fleet(rows, bad, seed), out).items():
        click.echo(f"{file}: {count} rows, {file.stat().st_size} bytes", err=True)


if __name__ == "__main__":
    main()
