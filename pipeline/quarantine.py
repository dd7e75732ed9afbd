"""Takes the rows that no rule may see out of the way, and keeps where they stood and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.database import identifier, literal
from schemas.reading import UnreadRow

if TYPE_CHECKING:
    from pipeline.database import Connection
    from pipeline.export import Export

# A quarantined cell is evidence, not an archive.
_MOST_CHARACTERS = 500
_ROWS_AT_ONCE = 2_000_000
# Under this name a customer is remembered whose subscription has lost its own id.
NAMELESS = "subscriptions without an id"
_GUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


@dataclass(frozen=True)
class _Subject:
    """Which cell of an unread row names what it is about, and the table that remembers it."""

    target: str
    # Without this column an export names nobody; empty: the cell is computed in every export.
    column: str = ""
    tables: tuple[str, ...] = ()
    columns: str = ""
    cell: str = ""
    # A customer has many rows and is remembered once; ids of subscriptions are not worth the search for repeats.
    distinct: str = "distinct"

    def applies(self, export: Export) -> bool:
        named = not self.column or self.column in export.header.present
        return named and (not self.tables or export.table.name in self.tables)


_SUBJECTS = (
    _Subject("unread_customers", "customer_id", columns="{table},"),
    _Subject("unread_subscriptions", "subscription_id", ("subscriptions",), distinct=""),
    _Subject("unread_offers", tables=("price_list",), cell="offer_key"),
)


def quarantine_broken(connection: Connection, export: Export, staged: str, kept_rows: int) -> int:
    """Move rejected records and rows with a broken flag into the quarantine; return how many rows these are.

    A rejected record counts as a row for each of its lines, since a stray quote may have swallowed as many. Counts
    are exact; of each file the first `kept_rows` by line are kept with every reason.
    """
    _keep_rejected(connection, export, kept_rows)
    _keep_flagged(connection, export, staged, kept_rows)
    row = connection.execute(f"""
        select
            (select count(*) from {staged} where broken <> 0)
            + (select coalesce(sum(lines), 0)::bigint from rejected where not is_blank)
    """).fetchone()
    _remember_subjects(connection, export, staged)
    connection.execute(f"delete from {staged} where broken <> 0")
    connection.execute("drop table rejected")
    return int(row[0]) if row else 0


def _keep_rejected(connection: Connection, export: Export, kept_rows: int) -> None:
    width = len(export.header.columns)
    connection.execute(f"""
        insert into quarantine.rows
        select
            {_names(export)}, line, '', left(text, {_MOST_CHARACTERS}),
            concat(reason, '; expected {width} columns', if(lines > 1, concat('; it takes ', lines, ' lines'), ''))
        from rejected where not is_blank order by line limit {kept_rows}
    """)


def _keep_flagged(connection: Connection, export: Export, staged: str, kept_rows: int) -> None:
    """Give one quarantine row to each flag that a row breaks."""
    positions = [column.name for column in export.table.columns if column.name in export.header.present]
    flags = ", ".join(
        f"({bit}, {literal(place)}, {positions.index(place) + 1}, {literal(flag.condition.expected)})"
        for bit, flag in enumerate(export.table.flags)
        if (place := flag.place(export.header.present))
    )
    connection.execute(f"""
        insert into quarantine.rows
        with flags(bit, column_name, position, expected) as (values {flags}),
        first_rows as (select line, broken, raw_cells from {staged} where broken <> 0 order by line limit {kept_rows})
        select
            {_names(export)}, line, column_name, coalesce(left(raw_cells[position], {_MOST_CHARACTERS}), ''),
            concat('expected ', expected)
        from first_rows join flags on (broken >> bit) & 1 = 1
        order by line, bit
    """)


def _remember_subjects(connection: Connection, export: Export, staged: str) -> None:
    """Name whom unread rows were about, so that neither rules nor states take a gap in our reading for a fact."""
    cells = [column.name for column in export.table.columns if column.name in export.header.present]
    for subject in (subject for subject in _SUBJECTS if subject.applies(export)):
        cell = subject.cell or f"raw_cells[{cells.index(subject.column) + 1}]"
        connection.execute(f"""
            insert into core.{subject.target}
            select {subject.distinct} {subject.columns.format(table=literal(export.table.name))} lower({cell})
            from {staged} where broken <> 0 and {cell} is not null
        """)
    # A record that could not be split may still show whose it is; an export without any such sign may lack anybody.
    connection.execute(f"""
        create or replace temp table torn as
        select regexp_extract_all(lower(text), '{_GUID}') as ids from rejected where not is_blank
    """)
    connection.execute(f"""
        insert into core.unread_customers
        select {literal(export.table.name)}, id from (select unnest(ids) as id from torn)
        except select table_name, customer_id from core.unread_customers
    """)
    if export.table.required or export.table.many:
        blind = "ids = []" if export.table.name in {"customers", "qualifications"} else "true"
        connection.execute(f"""
            insert into core.unsplit_tables
            select {literal(export.table.name)} where exists (select 1 from torn where {blind})
        """)
    _remember_nameless(connection, export, staged, cells)


def _remember_nameless(connection: Connection, export: Export, staged: str, cells: list[str]) -> None:
    """Remember what lost its own name: a subscription may be any of its customer's, a price anybody's."""
    if export.table.name == "subscriptions":
        subscription, customer = (f"raw_cells[{cells.index(n) + 1}]" for n in ("subscription_id", "customer_id"))
        connection.execute(f"""
            insert into core.unread_customers
            select distinct {literal(NAMELESS)}, lower({customer}) from {staged}
            where broken <> 0 and {subscription} is null and {customer} is not null
        """)
    elif export.table.many:
        connection.execute(f"""
            insert into core.unsplit_tables
            select {literal(export.table.name)}
            where exists (select 1 from {staged} where broken <> 0 and offer_key is null)
        """)


def quarantine_duplicates(connection: Connection, export: Export, staged: str, kept_rows: int) -> tuple[int, int]:
    """Keep one row of each key; return (rows that repeat another word for word, rows that contradict another).

    Which row is kept depends on its content only, never on its place in the file. The first `kept_rows` of the
    others are listed.
    """
    key = ", ".join(export.table.key)
    columns = ", ".join(identifier(column.name) for column in export.table.columns)
    if not key or not _has_repeats(connection, staged, key):
        return 0, 0
    connection.execute(f"""
        create or replace temp table repeats as
        with keyed as (
            select rowid as row_id, line, {key}, row({columns})::varchar as content from {staged}
        ),
        ranked as (
            select
                *, row_number() over w as place,
                first(line) over w as kept_line, first(content) over w as kept_content
            from keyed
            window w as (
                partition by {key} order by content, line
                rows between unbounded preceding and unbounded following
            )
        )
        select row_id, line, concat_ws(' ', {key}) as key_text, kept_line, content = kept_content as is_same
        from ranked where place > 1
    """)
    row = connection.execute("select count(*) filter (is_same), count(*) filter (not is_same) from repeats").fetchone()
    connection.execute(f"""
        insert into quarantine.rows
        select {_names(export)}, line, {literal(key)}, left(key_text, {_MOST_CHARACTERS}),
            concat(
                'expected one row for each {key}; line ', kept_line,
                if(is_same, ' says the same', ' says otherwise and was used')
            )
        from repeats order by line limit {kept_rows}
    """)
    _remember_contradicted(connection, export, staged)
    connection.execute(f"delete from {staged} where rowid in (select row_id from repeats)")
    connection.execute("drop table repeats")
    return row or (0, 0)


def _remember_contradicted(connection: Connection, export: Export, staged: str) -> None:
    """Rows that say otherwise than the one that is used leave their subject in doubt."""
    if "customer_id" not in export.header.present:
        return
    doubted = f"{staged} where rowid in (select row_id from repeats where not is_same)"
    connection.execute(
        f"insert into core.unread_customers select {literal(export.table.name)}, customer_id from {doubted} "
        "except select table_name, customer_id from core.unread_customers"
    )
    if export.table.name == "subscriptions":
        connection.execute(f"insert into core.unread_subscriptions select distinct subscription_id from {doubted}")


def _has_repeats(connection: Connection, staged: str, key: str) -> bool:
    """Look for a key that may stand twice, by hash and in parts: all keys would be the largest thing in memory."""
    (rows,) = connection.execute(f"select count(*) from {staged}").fetchone() or (0,)
    parts = rows // _ROWS_AT_ONCE + 1
    return any(
        connection.execute(
            f"select 1 from {staged} where hash({key}) % {parts} = {part} "
            f"group by hash({key}) having count(*) > 1 limit 1"
        ).fetchone()
        for part in range(parts)
    )


def _names(export: Export) -> str:
    return f"{literal(export.table.name)}, {literal(export.file)}"


def unread_rows(connection: Connection) -> tuple[UnreadRow, ...]:
    """Return the quarantine, one entry for each reason, in the order of files and lines."""
    rows = connection.execute(
        "select table_name, file, line, column_name, value, reason from quarantine.rows "
        "order by table_name, file, line, column_name, reason"
    ).fetchall()
    return tuple(UnreadRow(*row) for row in rows)
