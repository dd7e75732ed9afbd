"""Nights of customers and their qualifications, and what changed overnight: by the warehouse, and by sets alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeline.changes import record_changes
from pipeline.history import record_qualifications
from pipeline.nights import STATE_COLUMNS
from pipeline.rules import VIEWS_FOLDER
from schemas.change import ChangeKind
from tests.pipeline.ledger import STARTED_AT, Held, Ledger
from tests.pipeline.replay import Night

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date
    from pathlib import Path

# What the matrix allows each listed type, by the first letters of its qualifications.
ALLOWED = {
    "": "Commercial",
    "N": "Commercial Nonprofit",
    "E": "Commercial Education",
    "EN": "Commercial Education Nonprofit",
    "G": "GovernmentCommunityCloud",
    "S": "Commercial",
    "ES": "Commercial Education",
    "GS": "GovernmentCommunityCloud",
}


@dataclass(frozen=True)
class Sheet:
    """One night's exports: who is a customer, and who holds what.

    `unread` are customers with a row of the customers export that could not be read, `unclear` those with one of the
    qualifications. A `torn` table has rows that could not be told apart. Is a vetting status `stated` at all?
    """

    as_of: date
    customers: frozenset[str]
    held: frozenset[Held] = frozenset()
    unread: frozenset[str] = frozenset()
    unclear: frozenset[str] = frozenset()
    torn: frozenset[str] = frozenset()
    stated: bool = True
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, order=True)
class Told:
    """One change, as the report would say it."""

    kind: ChangeKind
    customer: str
    name: str | None
    qualification: str = ""
    before: str = ""
    after: str = ""
    may_now_be_sold: str = ""


class Register:
    """Audits sheets in any order; `file` stands for the warehouse that a state directory holds."""

    def __init__(self, ledger: Ledger, file: Path) -> None:
        self.ledger, self.connection, self.file = ledger, ledger.connection, file
        ledger.forget()
        self.connection.execute("create or replace table warehouse.core.customers as from core.customers limit 0")

    def live(self, sheet: Sheet) -> list[Told]:
        """Audit a night; return what it says has changed since the one before."""
        newest = self.ledger.newest
        self.ledger.begin(Night(sheet.as_of, {}))
        self._fill(sheet)
        record_qualifications(self.connection, sheet.as_of)
        self._write_old()
        record_changes(self.connection, sheet.as_of)
        self.connection.execute("detach old")
        self.file.unlink()
        self._record(sheet)
        self.ledger.take_over(sheet.as_of, newest)
        if newest is None or newest <= sheet.as_of:
            self.connection.execute("create or replace table warehouse.core.customers as select * from core.customers")
        return self.told(sheet.as_of)

    def told(self, as_of: date) -> list[Told]:
        """Return what the warehouse says now of one night."""
        schema = next(night.schema for night in self.ledger.nights() if night.as_of == as_of)
        rows = self.connection.execute(
            "select kind, customer_id, company_name, qualification, before, after, may_now_be_sold "
            f"from warehouse.{schema}.changes where as_of = ? and list_contains(?, kind)",
            [as_of, [kind.value for kind in ChangeKind]],
        ).fetchall()
        return sorted(Told(ChangeKind(kind), *row) for kind, *row in rows)

    def _fill(self, sheet: Sheet) -> None:
        for table in ("customers", "qualifications", "unread_customers", "unsplit_tables", "run"):
            self.connection.execute(f"delete from core.{table}")
        self.connection.execute("insert into core.run values (?, ?)", [sheet.as_of, sheet.stated])
        rows: dict[str, list[tuple[str | None, ...]]] = {
            "customers (customer_id, company_name)": [(who, name_of(sheet, who)) for who in sorted(sheet.customers)],
            "qualifications (customer_id, qualification, vetting_status)": sorted(sheet.held, key=str),
            "unread_customers (table_name, customer_id)": [
                *(("customers", who) for who in sheet.unread), *(("qualifications", who) for who in sheet.unclear),
            ],
            "unsplit_tables (table_name)": [(table,) for table in sheet.torn],
        }  # fmt: skip
        for table, values in rows.items():
            if values:
                self.connection.executemany(
                    f"insert into core.{table} values ({', '.join('?' * len(values[0]))})", values
                )
        for view in ("purchase_rule", "customer_type"):
            select = (VIEWS_FOLDER / f"{view}.sql").read_text(encoding="utf-8")
            self.connection.execute(f"delete from core.{view}")
            self.connection.execute(f"insert into core.{view} {select}")
        columns = ", ".join(STATE_COLUMNS)
        self.connection.execute(f"create table core.states as select {columns} from backfill.states limit 0")

    def _write_old(self) -> None:
        """Write and attach what the night reads of the warehouse that it will replace."""
        self.connection.execute(f"attach '{self.file}' as copy")
        for schema, table in (("core", "customers"), ("audit", "changes")):
            self.connection.execute(f"create schema copy.{schema}")
            self.connection.execute(f"create table copy.{schema}.{table} as select * from warehouse.{schema}.{table}")
        self.connection.execute("detach copy")
        self.connection.execute(f"attach '{self.file}' as old (read_only)")

    def _record(self, sheet: Sheet) -> None:
        columns = ["customer_id", "qualification", *(["vetting_status"] if sheet.stated else [])]
        self.connection.execute(
            "insert into audit.inputs values "
            "(?, 'qualifications', 'q.csv', null, 0, '', '', 0, 0, 0, 0, 0, []::varchar[], ?)",
            [sheet.as_of, columns],
        )
        self.connection.execute(
            "insert into audit.runs values (?, '', '', ?, null, '', 0, '', '', '', '', '', null, null, null)",
            [sheet.as_of, STARTED_AT.replace(tzinfo=None)],
        )


def name_of(sheet: Sheet, customer: str) -> str:
    return sheet.names.get(customer, f"Company {customer}")


@dataclass(frozen=True)
class Known:
    """What is known after a night: the customers there are with their names, and what they hold."""

    customers: Mapping[str, str | None]
    held: frozenset[Held]
    stated: bool


def replay(sheets: Sequence[Sheet]) -> list[Told]:
    """Go through the nights one by one with sets; say what changed on the last."""
    before: Known | None = None
    changes: list[Told] = []
    for sheet in sheets:
        known = _known(sheet, before)
        changes = _compare(sheet, before, known) if before else []
        before = known
    return sorted(changes)


def _known(sheet: Sheet, before: Known | None) -> Known:
    """What was known and may only have been lost tonight is still known."""
    customers: dict[str, str | None] = {who: name_of(sheet, who) for who in sheet.customers}
    held = set(sheet.held)
    if before is None:
        customers |= dict.fromkeys(sheet.unread - sheet.customers)
    else:
        customers |= {
            who: name
            for who, name in before.customers.items()
            if who not in customers and (who in sheet.unread or "customers" in sheet.torn)
        }
        held |= {row for row in before.held if row.customer_id in sheet.unclear or "qualifications" in sheet.torn}
    return Known(customers, frozenset(held), sheet.stated)


def _compare(sheet: Sheet, before: Known, known: Known) -> list[Told]:
    came, went = set(known.customers) - set(before.customers), set(before.customers) - set(known.customers)
    told = [Told(ChangeKind.CAME, who, known.customers[who]) for who in came]
    told += [Told(ChangeKind.WENT, who, before.customers[who]) for who in went]
    for who in sheet.customers - came:
        names = {row.qualification for row in known.held | before.held if row.customer_id == who}
        told += [change for name in names for change in _qualified(sheet, before, known, who, name)]
    return told


def _qualified(sheet: Sheet, before: Known, known: Known, who: str, name: str) -> Iterable[Told]:
    was, now = _status(before.held, who, name), _status(known.held, who, name)
    counted, counts = (
        name in _counting(before.held, who, stated=before.stated),
        name in _counting(known.held, who, stated=known.stated),
    )
    told = Told(ChangeKind.GAINED, who, name_of(sheet, who), name, was or "", now or "")
    if counts and not counted:
        yield _with(told, ChangeKind.GAINED, _may_now(sheet, before, who))
    elif counted and not counts:
        yield _with(told, ChangeKind.LOST)
    elif now == "Denied" != was:
        yield _with(told, ChangeKind.DECIDED)


def _with(told: Told, kind: ChangeKind, may_now_be_sold: str = "") -> Told:
    return Told(kind, told.customer, told.name, told.qualification, told.before, told.after, may_now_be_sold)


def _status(held: Iterable[Held], who: str, name: str) -> str | None:
    """Of several rows for one qualification an approved one counts, else any that says something."""
    said = {row.vetting_status for row in held if (row.customer_id, row.qualification) == (who, name)} - {None}
    return "Approved" if "Approved" in said else max(filter(None, said), default=None)


def _counting(held: Iterable[Held], who: str, *, stated: bool) -> set[str]:
    names = {row.qualification for row in held if row.customer_id == who} - {"None"}
    return {name for name in names if not stated or _is_held(name, _status(held, who, name))}


def _is_held(name: str, status: str | None) -> bool:
    return status == "Approved" or name == "StateOwnedEntity" or (name == "Nonprofit" and status is None)


def _may_now(sheet: Sheet, before: Known, who: str) -> str:
    """Name the segments that are allowed tonight and were not before; nobody can tell with an unread row."""
    if who in sheet.unclear:
        return ""
    was, now = (
        _allowed(_counting(before.held, who, stated=before.stated)),
        _allowed(_counting(sheet.held, who, stated=sheet.stated)),
    )
    return ", ".join(sorted(now - was))


def _allowed(qualifications: Iterable[str]) -> set[str]:
    return set(ALLOWED.get("".join(sorted(name[0] for name in qualifications)), "").split())
