"""pandera, the referee: judges raw rows by the schema that the sieve was compiled from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.database import identifier
from pipeline.errors import FaultError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from pipeline.database import Connection
    from pipeline.export import Export

# pandera judges at most this many of the rows that the sieve flagged, and every row that it sampled.
MOST_FLAGGED = 5_000
CHUNK_ROWS = 100_000


def check_sieve(connection: Connection, export: Export, staged: str) -> None:
    """Hold the sieve's mask of flagged and sampled rows against pandera's.

    Raises FaultError on any difference; the message names rows and flags, never values.
    """
    flagged = f"(select * from (select rowid, * from {staged}) where broken <> 0 limit {MOST_FLAGGED})"
    sampled = f"(select * from (select rowid, * from {staged}) where broken = 0 and raw_cells is not null)"
    frame = _raw_frame(connection, export, f"({flagged} union all {sampled})")
    judged = judge(export, frame.drop(columns=["row", "broken"]))
    differing = frame[["row", "broken"]].assign(pandera=judged).loc[judged != frame["broken"]]
    if not differing.empty:
        first = differing.iloc[0]
        message = (
            f"{export.file}: sieve and pandera disagree on {len(differing)} of {len(frame)} rows; the first is data "
            f"row {int(first['row']) + 1}: sieve {int(first['broken']):b}, pandera {int(first['pandera']):b}. "
            "Run again with --engine pandera, and report this."
        )
        raise FaultError(message)


def judge_every_row(connection: Connection, export: Export, staged: str) -> None:
    """Replace the mask of every row by pandera's, in chunks."""
    connection.execute("create or replace temp table judged (row_id bigint, mask bigint)")
    for start in _starts(connection, staged):
        rows = f"(select rowid, * from {staged} where rowid >= {start} and rowid < {start + CHUNK_ROWS})"
        frame = _raw_frame(connection, export, rows)
        judged = frame[["row"]].assign(mask=judge(export, frame.drop(columns=["row", "broken"])))
        connection.register("chunk", judged)
        connection.execute("insert into judged select row, mask from chunk where mask <> 0")
        connection.unregister("chunk")
    connection.execute(f"update {staged} as s set broken = j.mask from judged as j where s.rowid = j.row_id")
    connection.execute("drop table judged")


def judge(export: Export, frame: pd.DataFrame) -> pd.Series[int]:
    """Return pandera's mask of each row: bit n is set where the table's nth flag does not hold."""
    import pandas as pd
    from pandera.errors import SchemaErrors

    masks = pd.Series(0, index=frame.index, dtype="int64")
    try:
        export.table.pandera_schema(export.orders, export.header.present).validate(frame, lazy=True)
    except SchemaErrors as errors:
        bits = {flag.label: 1 << bit for bit, flag in enumerate(export.table.flags)}
        failures = errors.failure_cases[["index", "check"]].drop_duplicates()
        # A failure that is no flag (a column missing from the frame, say) is a fault, not a row's.
        failures["bit"] = failures["check"].map(bits).astype("int64")
        sums = failures.groupby("index")["bit"].sum()
        masks.loc[sums.index.astype("int64")] = sums.to_numpy()
    return masks


def _raw_frame(connection: Connection, export: Export, rows: str) -> pd.DataFrame:
    names = [column.name for column in export.table.columns if column.name in export.header.present]
    cells = ", ".join(f"raw_cells[{n}] as {identifier(name)}" for n, name in enumerate(names, start=1))
    frame = connection.execute(f"select rowid as row, broken, {cells} from {rows} order by rowid").df()
    return frame.astype(dict.fromkeys(names, "str"))


def _starts(connection: Connection, staged: str) -> Iterator[int]:
    (count,) = connection.execute(f"select count(*) from {staged}").fetchone() or (0,)
    yield from range(0, count, CHUNK_ROWS)
