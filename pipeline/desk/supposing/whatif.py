"""Which findings would appear, vanish or change under a supposition; nothing is stored.

A grant puts an approved row in the place of the customer's rows of that qualification (and of the word None). A segment
is supposed as if the price list said it and no other source contradicted it. Policy of another date is what is in force
on that date, at every date that a rule asks about. The night, its exports and its history stay as they are.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.database import OutOfMemoryError, supposing
from pipeline.desk.answer import Answer, Section
from pipeline.desk.supposing.affected import create_affected
from pipeline.desk.supposing.changes import Supposition
from pipeline.desk.supposing.difference import compare, create_nothing, lift_waivers, waive
from pipeline.desk.supposing.differing import read_differing
from pipeline.desk.supposing.policies import changed_policies
from pipeline.desk.supposing.wanted import read_grants, read_sold
from pipeline.errors import UsageError
from pipeline.program import rule_set
from pipeline.session import say
from pipeline.signals import mapped, temporary_folder
from pipeline.suspects import told_of_suspects
from pipeline.warehouse import of_this_layout
from reports import messages
from reports.wording import ENGLISH

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from pipeline.config import Config
    from pipeline.database import Connection
    from pipeline.desk.answer import Cell
    from pipeline.desk.supposing.changes import Sold
    from pipeline.desk.supposing.differing import Differing
    from pipeline.rulefile import RuleFile
    from schemas.finding import RuleResult

# Judging more customers takes longer than an answer should.
_MANY = 20_000
# Rows that a table draws of each section: more take longer to draw than to find.
_MOST_DRAWN = 50
_COLUMNS = (
    "finding_id", "rule", "level", "customer", "customer_id", "subscription_id", "message", "due_on", "waived_until",
)  # fmt: skip
# Said also where the file system is a network's, or where the file was changed in its place.
_LOST = (
    "a part of it could not be read: the disk gives errors or is away, or the file was cut off. "
    "Check the disk, then ask again."
)
_TITLES = {
    "would_appear": "Would appear",
    "would_vanish": "Would vanish",
    "would_change": "Would say something else",
}


@dataclass(frozen=True)
class Wanted:
    """What is supposed, as written on the command line; without `all_rows` no more are read than a table shows."""

    grants: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    policy_as_of: date | None = None
    without_waivers: bool = False
    all_rows: bool = True


@contextmanager
def night_beside(warehouse: Path, config: Config) -> Iterator[Connection]:
    """Open a database in memory beside a warehouse. Raises as `open_warehouse`, and for too little memory.

    Where a part of the file cannot be read while it is open, the program ends with one line and the code of UsageError.
    """
    with temporary_folder("csp-audit-what-if-") as spill, mapped(f"{warehouse}: {_LOST}"):
        opening = supposing(warehouse, config.memory_limit, config.threads, spill)
        try:
            with of_this_layout(warehouse, opening) as connection:
                yield connection
        except OutOfMemoryError as error:
            message = (
                f"memory_limit = {config.memory_limit} is too little to judge so many customers again. "
                "Raise it in the configuration."
            )
            raise UsageError(message) from error


def what_if(connection: Connection, config: Config, files: Sequence[RuleFile], wanted: Wanted) -> Answer:
    """Answer from the warehouse that is attached as `night`. Raises UsageError for what is not known."""
    supposition = read_wanted(connection, wanted)
    results: list[RuleResult] = []
    most = None if wanted.all_rows else _MOST_DRAWN
    customers = create_affected(connection, supposition)
    if supposition.policies:
        ((customers,),) = connection.execute("select count(*) from night.core.customers").fetchall()
    if customers > _MANY:
        say(f"{customers:,} customers may be affected: this takes a few seconds.")
    if supposition.is_judged:
        is_judged = _is_judged_by(connection, config)
        results = compare(connection, supposition, files, as_judged=is_judged, shown=most)
    else:
        create_nothing(connection)
    waive(connection)
    if wanted.without_waivers:
        lift_waivers(connection)
    unjudged = {result.rule.id: result.reason for result in results if not result.is_judged}
    lead = [
        *_supposed(connection, wanted, supposition),
        *told_of_suspects(connection, "night.audit", _as_of(connection)),
        *(f"Not compared: {rule_id}, {reason}." for rule_id, reason in unjudged.items()),
    ]
    return _answer(connection, files, lead, {"not_compared": ", ".join(unjudged)}, most)


def read_wanted(connection: Connection, wanted: Wanted) -> Supposition:
    """Return what somebody supposes. Raises UsageError for what is not known, or where nothing is supposed."""
    if not (wanted.grants or wanted.segments or wanted.policy_as_of or wanted.without_waivers):
        message = "nothing is supposed. Give --grant, --segment, --without-waivers or --policy-as-of."
        raise UsageError(message)
    return Supposition(
        read_grants(connection, wanted.grants),
        read_sold(connection, wanted.segments),
        wanted.policy_as_of,
        changed_policies(connection, wanted.policy_as_of) if wanted.policy_as_of else (),
    )


def _is_judged_by(connection: Connection, config: Config) -> bool:
    """Whether the night was judged by the rules that would judge the supposition."""
    rows = connection.execute(
        "select rule_set from night.audit.runs where as_of = (select as_of from night.core.run)"
    ).fetchall()
    return rows == [(rule_set(config.answer_times),)]


def _supposed(connection: Connection, wanted: Wanted, supposition: Supposition) -> list[str]:
    """Say in sentences what is supposed."""
    names = dict(
        connection.execute(
            "select customer_id, company_name from night.core.customers where list_contains($ids, customer_id)",
            {"ids": [grant.customer_id for grant in supposition.grants]},
        ).fetchall()
    ) if supposition.grants else {}  # fmt: skip
    said = [
        f"Supposed: {names.get(g.customer_id) or g.customer_id} has an approved {g.qualification} qualification."
        for g in supposition.grants
    ]
    said += [f"Supposed: {_sold_said(sold)} is {sold.segment}." for sold in supposition.sold]
    if wanted.policy_as_of:
        said.append(_policy_said(wanted.policy_as_of, supposition.policies))
    return [*said, "Supposed: no waiver is in force."] if wanted.without_waivers else said


def _sold_said(sold: Sold) -> str:
    return f"subscription {sold.subscription_id}" if sold.subscription_id else f"offer {sold.offer_key}"


def _policy_said(day: date, policies: Sequence[str]) -> str:
    if not policies:
        return f"The policy in force on {day} is that of the night: it changes nothing."
    return f"Supposed: the policy in force on {day}; it differs in {', '.join(policies)}."


def _answer(
    connection: Connection, files: Sequence[RuleFile], lead: Sequence[str], more: Mapping[str, Cell], most: int | None
) -> Answer:
    counts = dict(
        connection.execute("""
            select section, count(*) from (
                select section from differing union all select 'would_appear' from counted
            ) group by section
        """).fetchall()
    )
    appear, vanish, change = (counts.get(name, 0) for name in _TITLES)
    ((customers,),) = connection.execute("""
        select count(distinct customer_id) from (
            select customer_id from differing union all select customer_id from counted
        )
    """).fetchall()
    facts: dict[str, Cell] = {
        "as_of": _as_of(connection),
        "appear": appear,
        "vanish": vanish,
        "change": change,
        "customers": customers,
        **more,
    }
    sections = [_section(connection, files, name, counts.get(name, 0), most) for name in _TITLES]
    return Answer((_headline(appear, vanish, change), *lead), tuple(sections), facts)


def _as_of(connection: Connection) -> date:
    as_of: date = connection.execute("select as_of from night.core.run").fetchall()[0][0]
    return as_of


def _headline(appear: int, vanish: int, change: int) -> str:
    if not appear + vanish + change:
        return "Nothing would change."
    findings = "1 finding" if vanish == 1 else f"{vanish:,} findings"
    more = f" {change:,} would say something else." if change else ""
    return f"{findings} would vanish, {appear:,} would appear.{more}"


def _section(connection: Connection, files: Sequence[RuleFile], name: str, count: int, most: int | None) -> Section:
    found = read_differing(connection, name, files, most) if count else []
    changes = name == "would_change"
    columns: tuple[str, ...] = (*_COLUMNS, "changes") if changes else _COLUMNS
    rows = [(*_row(item), _changes(item)) if changes else _row(item) for item in found]
    if most is not None:
        columns, rows = _narrow(columns, rows)
    notes = (f"{count - len(rows):,} more: --format csv lists all.",) if count > len(rows) else ()
    return Section(name, _TITLES[name], columns, tuple(rows), notes)


def _narrow(columns: Sequence[str], rows: Sequence[tuple[Cell, ...]]) -> tuple[tuple[str, ...], list[tuple[Cell, ...]]]:
    """Leave out the customer's id, and what no row says: a terminal has little room."""
    kept = [
        place
        for place, name in enumerate(columns)
        if name != "customer_id" and any(row[place] is not None for row in rows)
    ]
    return tuple(columns[place] for place in kept), [tuple(row[place] for place in kept) for row in rows]


def _row(item: Differing) -> tuple[Cell, ...]:
    finding = item.finding
    return (
        finding.finding_id, finding.rule.id, finding.level.value, finding.company_name, finding.customer_id,
        finding.subscription_id, messages.message(ENGLISH, finding), finding.due_on, item.waived_until,
    )  # fmt: skip


def _changes(item: Differing) -> str:
    """Say which facts differ, and from what to what."""
    before = {**item.before_facts, "due_on": item.before_due_on}
    after = {**item.finding.facts, "due_on": item.finding.due_on}
    return "; ".join(
        f"{name.replace('_', ' ')}: {messages.reading(ENGLISH, before.get(name))} to "
        f"{messages.reading(ENGLISH, after.get(name))}"
        for name in after
        if before.get(name) != after[name]
    )
