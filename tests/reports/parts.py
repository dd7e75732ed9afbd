"""Pieces that the example audits are put together from."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256

from reports.order import is_at_rest
from schemas.finding import (
    Counts,
    Fact,
    Finding,
    Judgement,
    Level,
    MatrixCell,
    Night,
    Purchase,
    Rule,
    RuleResult,
    State,
    Week,
)
from schemas.reading import Input, UnreadRow
from tests.reports import rulebook
from tests.reports.rulebook import SEG01

AS_OF = date(2026, 11, 20)
LAST_NIGHT = AS_OF - timedelta(days=1)

NAMES = (
    "Liceum im. Curie, Rogowo", "Comune di Montalto", "Hospicjum Pod Lipami", "Istituto Galvani",
    "Lakeside Unified Schools", "Fundacja Jasny Brzeg", "Tailwind Logistics", "Gmina Wysokie Pole",
    "City of Pine Hollow", "Stowarzyszenie Zielona Dolina", "Croce Azzurra Onlus", "Associazione Mare Aperto",
    "Harbor Food Bank", "Biblioteka Miejska Tarnica", "Fondazione Orizzonte", "Muzeum Ziemi Górskiej",
    "Cooperativa Nuova Luce", "Northgate County Clerk", "Schronisko Cztery Łapy", "Banco del Colle",
)  # fmt: skip


def identity(text: str) -> str:
    """Return a customer or subscription id made from a text."""
    digits = sha256(text.encode()).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-8{digits[17:20]}-{digits[20:32]}"


def finding(number: int, rule: Rule = SEG01, state: State = State.OPEN, **changes: object) -> Finding:
    """Return a finding about a sale; `changes` are its fields."""
    name = NAMES[number % len(NAMES)]
    first_seen = AS_OF if state in {State.NEW, State.NEW_RULE} else AS_OF - timedelta(days=3 + number % 40)
    reopened = state is State.REOPENED
    made = Finding(
        finding_id=f"F-{number:012x}",
        rule=rule,
        state=state,
        customer_id=identity(name),
        company_name=name,
        customer_type="(none)",
        subscription_id=identity(f"subscription {number}"),
        offer_name="Microsoft 365 Business Premium (Non-Profit Pricing)",
        segment="Nonprofit",
        seats=(75, 25, 10, 300, 120, 5)[number % 6],
        due_on=None,
        first_seen=first_seen,
        source=f"subscriptions.csv:{12 + number}",
        facts={"allowed": "Commercial", "learnt_from": "price list"},
        opened_on=AS_OF if reopened else first_seen,
        reopened=int(reopened),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def price(amount: str | None, currency: str | None = "PLN") -> dict[str, Decimal | str | None]:
    """Return the fields of a finding whose subscription costs so much a month."""
    return {"monthly_amount": None if amount is None else Decimal(amount), "currency": currency}


def suggestion(*, found: bool = True) -> dict[str, Fact]:
    """Return the facts of a nonprofit sale that end with a commercial equivalent, or with none."""
    lost = {"created_on": "2026-11-18", "removed_on": "2026-11-02", "removal_date": None, "surcharge_percent": 3}
    if not found:
        return {**lost, "equivalent_found": False, "suggested_offer": None}
    return {
        **lost,
        "equivalent_found": True,
        "suggested_offer": "CFQ7TTC0LCHC:0002",
        "suggested_title": "Microsoft 365 Business Premium",
        "suggested_difference": 51.84,
        "suggested_currency": "PLN",
    }


def counts_of(findings: list[Finding]) -> dict[Level, Counts]:
    """Count findings by level as the run does."""
    apart = Counter(item.level for item in findings if item.suspect and not is_at_rest(item))
    states = {
        level: Counter(
            item.state for item in findings if item.level is level and (item.state is State.WAIVED or not item.suspect)
        )
        for level in Level
    }
    return {
        level: Counts(
            found=sum(count for state, count in seen.items() if state.is_current and state is not State.WAIVED),
            new=seen[State.NEW] + seen[State.REOPENED],
            closed=seen[State.CLOSED],
            waived=seen[State.WAIVED],
            by_rule=seen[State.NEW_RULE],
            suspect=apart[level],
        )
        for level, seen in states.items()
    }


def results_of(findings: list[Finding]) -> tuple[RuleResult, ...]:
    """Return a judged result for every rule of the rulebook."""
    counts = {
        rule.id: counts_of([item for item in findings if item.rule.id == rule.id])[rule.level] for rule in rulebook.ALL
    }
    return tuple(
        RuleResult(rule, Judgement.JUDGED, "", of.found, of.new, of.closed, of.waived)
        for rule in rulebook.ALL
        for of in (counts[rule.id],)
    )


def partly(results: tuple[RuleResult, ...], gaps: dict[str, dict[str, int]]) -> tuple[RuleResult, ...]:
    """Return the results with some rules only partly judged; `gaps` are theirs, by their id."""
    return tuple(
        replace(result, judgement=Judgement.PARTLY, gaps=gaps[result.rule.id]) if result.rule.id in gaps else result
        for result in results
    )


def supplied(
    table: str, rows: int, bad: int = 0, twice: int = 0, notes: tuple[str, ...] = (), *, file: str = ""
) -> Input:
    """Return an input of so many rows, of which some were bad and some there twice."""
    return Input(
        table, file or f"{table}.csv", datetime(2026, 11, 19, 23, 38, tzinfo=UTC), rows * 90,
        sha256((file or table).encode()).hexdigest(), "UTF-8", rows, rows - bad - twice, bad, twice, notes,
    )  # fmt: skip


def inputs(unread: int = 0, price_lists: tuple[str, ...] = ()) -> tuple[Input, ...]:
    """Return the inputs of a night; with price lists, one for each file of them, and partners."""
    lists = tuple(supplied("price_list", 500 + place, file=file) for place, file in enumerate(price_lists))
    absent = Input("price_list", None, notes=("Segments are learnt from offer names instead.",))
    ignored = ("Columns not known and ignored: CommerceId, BillingProfile.",)
    return (
        supplied("customers", 9204, 0, 18, ignored),
        supplied("subscriptions", 12431, unread),
        supplied("qualifications", 3117),
        supplied("gcc_validations", 41),
        supplied("nonprofit_notices", 29),
        supplied("partners", 14) if lists else Input("partners", None),
        *(lists or (absent,)),
    )


_MAY_BUY = {
    "(none)": "C", "Nonprofit": "CN", "Education": "CE", "Nonprofit + Education": "CNE",
    "GovernmentCommunityCloud": "G", "StateOwnedEntity": "C", "Education + StateOwnedEntity": "CE",
    "StateOwnedEntity + GovernmentCommunityCloud": "G",
}  # fmt: skip
_SEGMENTS = ("Commercial", "Nonprofit", "Education", "GovernmentCommunityCloud")


def matrix(sold: dict[tuple[str, str], tuple[int, int]]) -> tuple[MatrixCell, ...]:
    cells = []
    for place, (customer_type, allowed) in enumerate(_MAY_BUY.items()):
        for segment in _SEGMENTS:
            may = segment[0] in allowed
            usual = ((4716, 1165, 669, 138)[_SEGMENTS.index(segment)] // (1 + place * place), 0) if may else (0, 0)
            live, reported = sold.get((customer_type, segment), usual)
            outcome = Purchase.ALLOWED if may else Purchase.FORBIDDEN
            cells.append(MatrixCell(customer_type, segment, outcome, live, reported, None if may else "SEG01"))
    return tuple(cells)


def unlisted() -> tuple[MatrixCell, ...]:
    name = "Nonprofit + StateOwnedEntity"
    return (
        MatrixCell(name, "Commercial", Purchase.UNLISTED_INSIDE, 7, 0),
        MatrixCell(name, "Nonprofit", Purchase.UNLISTED_OUTSIDE, 2, 2, "SEG02"),
        MatrixCell(name, "Education", Purchase.UNLISTED_OUTSIDE, 0, 0, "SEG02"),
        MatrixCell(name, "GovernmentCommunityCloud", Purchase.UNLISTED_OUTSIDE, 0, 0, "SEG02"),
    )


def weeks(customers: tuple[int, ...] = (3, 3, 3, 3, 2, 3, 1, 3, 2, 1, 2, 2, 1)) -> tuple[Week, ...]:
    """Return weeks from the as-of date on."""
    return tuple(Week(AS_OF + timedelta(weeks=place), count) for place, count in enumerate(customers))


def nights(number: int, last: tuple[int, int, int] = (13, 29, 6)) -> tuple[Night, ...]:
    """Return nights up to the as-of date, counts of the three levels wandering towards `last`."""

    def count(level: Level, back: int) -> int:
        return max(
            0,
            last[level.rank] + back // (3 + level.rank) - back * back // (70 + 30 * level.rank) + back * 7 // 3 % 2,
        )

    backwards = (Night(AS_OF - timedelta(days=b), {level: count(level, b) for level in Level}) for b in range(number))
    return tuple(reversed(list(backwards)))


def unread_rows(number: int) -> tuple[UnreadRow, ...]:
    """Return why rows of the subscriptions were not read."""
    kinds = (
        ("quantity", "-4", "expected a whole number, 0 or more"),
        ("creation_date", "2026-02-30", "expected a date"),
        ("customer_id", "contoso", "expected a GUID"),
        ("", "", "expected 21 columns, found 17"),
    )
    return tuple(
        UnreadRow("subscriptions", "subscriptions.csv", 118 + 37 * n, *kinds[n % len(kinds)]) for n in range(number)
    )
