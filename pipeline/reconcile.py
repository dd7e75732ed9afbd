"""Accounts for every line of an export, and gives every row the line on which it starts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.errors import NotAuditedError
from pipeline.export import MAX_REJECTS, Export, scan
from pipeline.expressions import raw
from schemas.reading import Problem

if TYPE_CHECKING:
    from pipeline.database import Connection

# Up to this many places at which lines shift, a tree of cases numbers the rows faster than a join.
_MOST_STEPS = 4_096
# A longer record with several stray quotes has its lines counted wrong, and the file is refused.
_LONGEST_MISTAKEN = 1 << 16
# What DuckDB calls the faults of a record that it cannot split, and what to tell the user.
_REASONS = """
    case error
        when 'MISSING COLUMNS' then 'too few columns in the row'
        when 'TOO MANY COLUMNS' then 'too many columns in the row'
        when 'UNQUOTED VALUE' then 'a quote that is not closed, or text behind a closing quote'
        when 'INVALID ENCODING' then 'bytes that are not text in this encoding'
        when 'LINE SIZE OVER MAXIMUM' then 'a row longer than two million bytes'
        else 'a row that cannot be split into columns'
    end
"""


@dataclass(frozen=True)
class Reckoning:
    """Where the lines of a file went; blank lines are neither rows nor unread.

    `rejected` counts lines, not records: an open quote makes one broken record of all the rows up to the next one.
    """

    loaded: int
    rejected: int
    blank: int


def reconcile(connection: Connection, export: Export, staged: str) -> Reckoning:
    """Fill the column `line` of the table `staged`, and leave the broken records in the table `rejected`.

    Raises NotAuditedError where header, loaded rows and rejected records do not add up to the file's lines.
    """
    _collect_rejects(connection, export)
    loaded, rejected, blank, spanned = _counts(connection, staged)
    if rejected + blank >= MAX_REJECTS:
        raise NotAuditedError([_too_many(export)])
    breaks = export.data_lines - loaded - spanned
    if breaks:
        breaks -= _collect_breaks(connection, export)
    if breaks:
        raise NotAuditedError([_unaccounted(export, breaks)])
    _number_rows(connection, export, staged)
    _number_rejects(connection, export)
    return Reckoning(loaded, rejected, blank)


def _collect_rejects(connection: Connection, export: Export) -> None:
    """Reduce the rejects to one row for each record: how many rows were loaded before it, and its lines."""
    connection.execute("""
        create or replace temp table rejects as
        select
            line as record, min(error_type::varchar) as error, min(line_byte_position) as position,
            arg_min(csv_line, line_byte_position) as text,
            count(*) filter (error_type::varchar = 'UNQUOTED VALUE') > 1 as is_mistaken
        from reject_errors
        group by line
    """)
    _forget_scan(connection)
    _correct_mistaken(connection, export)
    connection.execute(f"""
        create or replace temp table rejected as
        with records as (select record, error, rtrim(text, chr(10)) as text from rejects)
        select
            record, text, text <> '' and trim(text) = '' as is_blank, {_REASONS} as reason,
            record - {export.header.skip} - row_number() over (order by record) as rows_before,
            1 + length(text) - length(replace(text, chr(10), '')) as lines
        from records
    """)
    connection.execute("drop table rejects")
    connection.execute("""
        create or replace temp table shifts as
        select rows_before as at_row, lines as extra, false as is_break from rejected
    """)


def _correct_mistaken(connection: Connection, export: Export) -> None:
    """Read records with several stray quotes from the file: in their place DuckDB gives the record before."""
    rows = connection.execute("select record, position, text from rejects where is_mistaken").fetchall()
    if not rows:
        return
    mark = re.escape(export.header.delimiter)
    cell = f' *"(?:[^"]|"")*"?[^{mark}\n]*|[^{mark}\n]*'
    one_record = re.compile(f"(?:{cell})(?:{mark}(?:{cell}))*".encode())
    texts = []
    with export.text.path.open("rb") as file:
        for _, position, before in rows:
            file.seek(position - 1 + (len(before.encode()) + 1 if before else 0))
            found = one_record.match(file.read(_LONGEST_MISTAKEN))
            texts.append(found.group().decode("utf-8", "replace") if found else "")
    connection.execute(
        "update rejects as r set text = t.text "
        "from (select unnest($records) as record, unnest($texts) as text) as t where r.record = t.record",
        {"records": [record for record, *_ in rows], "texts": texts},
    )


def _forget_scan(connection: Connection) -> None:
    """Drop what a scan left behind, so that the next file's rejects are its own."""
    connection.execute("drop table reject_errors")
    connection.execute("drop table reject_scans")


def _counts(connection: Connection, staged: str) -> tuple[int, int, int, int]:
    row = connection.execute(f"""
        select (select count(*) from {staged}), coalesce(sum(lines) filter (not is_blank), 0)::bigint,
            count(*) filter (is_blank), coalesce(sum(lines), 0)::bigint
        from rejected
    """).fetchone()
    return row or (0, 0, 0, 0)


def _collect_breaks(connection: Connection, export: Export) -> int:
    """Read the file a second time for the line breaks inside its quoted values, and add them to the shifts."""
    cells = [raw(n) if n else f'"ignored_{i}"' for i, n in enumerate(export.header.columns)]
    breaks = " + ".join(f"coalesce(length({c}) - length(replace({c}, chr(10), '')), 0)" for c in cells)
    connection.execute(f"create temp table spans as select {breaks} as extra from {scan(export.text, export.header)}")
    _forget_scan(connection)
    connection.execute("insert into shifts select rowid + 1, extra, true from spans where extra > 0")
    row = connection.execute("select coalesce(sum(extra), 0)::bigint from spans").fetchone()
    connection.execute("drop table spans")
    return int(row[0]) if row else 0


def _number_rows(connection: Connection, export: Export, staged: str) -> None:
    """Count from the first line behind the header; what came before a row moves it down."""
    connection.execute("""
        create or replace temp table steps as
        with sums as (select at_row, sum(extra) as extra from shifts group by at_row)
        select at_row, sum(extra) over (order by at_row)::bigint as extra from sums
    """)
    first = export.header.skip + 1
    (count,) = connection.execute("select count(*) from steps").fetchone() or (0,)
    connection.execute(f"alter table {staged} add column line bigint")
    if count <= _MOST_STEPS:
        steps = connection.execute("select at_row, extra from steps order by at_row").fetchall()
        connection.execute(f"update {staged} set line = rowid + {first} + {_step_function([(0, 0), *steps])}")
    else:
        connection.execute(f"""
            update {staged} as s set line = s.rowid + {first} + m.extra
            from (
                select t.rowid as row_id, coalesce(e.extra, 0) as extra
                from {staged} as t asof left join steps as e on t.rowid >= e.at_row
            ) as m
            where s.rowid = m.row_id
        """)
    connection.execute("drop table steps")


def _step_function(steps: list[tuple[int, int]]) -> str:
    """Compile (from row, value) pairs into a balanced tree of cases: a third of the cost of a join, measured."""
    if len(steps) == 1:
        return str(steps[0][1])
    middle = len(steps) // 2
    low, high = _step_function(steps[:middle]), _step_function(steps[middle:])
    return f"case when rowid < {steps[middle][0]} then {low} else {high} end"


def _number_rejects(connection: Connection, export: Export) -> None:
    connection.execute(f"""
        create or replace temp table rejected as
        select
            r.*, {export.header.skip + 1} + rows_before
            + coalesce(sum(lines) over (order by record rows between unbounded preceding and 1 preceding), 0)::bigint
            + coalesce((select sum(extra) from shifts as b where is_break and b.at_row <= r.rows_before), 0)::bigint
            as line
        from rejected as r
    """)


def _too_many(export: Export) -> Problem:
    found = f"at least {MAX_REJECTS:,} rows that cannot be split into columns"
    return Problem(export.file, "", found, "rows like the header", "Ask for the export to be run again.")


def _unaccounted(export: Export, lines: int) -> Problem:
    found = (
        f"{lines} of {export.data_lines} lines that belong to no row that could be read"
        if lines > 0
        else f"rows for {-lines} lines more than the {export.data_lines} that there are"
    )
    expected = "every line in a row; a quote that is never closed hides the rows behind it"
    return Problem(export.file, "", found, expected, "Ask for the export to be run again.")
