"""What the purchase matrix says of a customer and a segment, and which qualification would change it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.database import records
from pipeline.desk.buying.reasons import Missing, Reason, Reply
from pipeline.desk.dossier import reading
from schemas.finding import Purchase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.database import Connection, Record
    from pipeline.desk.dossier.reading import Customer

FACT = "purchase matrix"
_ALLOWED = {Purchase.ALLOWED, Purchase.UNLISTED_INSIDE}
_SUPPORT = "Open a case with Microsoft Support; another request would be refused."
_REQUESTS = {
    "Education": "Request it in Partner Center, with the evidence that the customer is an education user.",
    "Nonprofit": "Have the customer register with Microsoft's nonprofit programme.",
    "GovernmentCommunityCloud": "Put the customer forward for GCC, with the commercial tenant id of the transacting "
    "partner.",
}


def matrix_reasons(connection: Connection, customer: Customer, its_type: str, segment: str) -> Iterator[Reason]:
    """Yield the cell of the matrix; of a combination that it does not list, each held qualification's own cell."""
    cells = {cell["segment"]: cell for cell in reading.matrix_cells(connection, its_type)}
    cell = cells[segment]
    outcome = Purchase(cell["outcome"])
    if cell["source"]:
        yield _listed(connection, customer, its_type, cell)
        return
    is_inside = outcome is Purchase.UNLISTED_INSIDE
    yield Reason(
        FACT,
        f"{its_type} is not listed; {segment} is {'inside' if is_inside else 'outside'} the strictest reading",
        reading.STRICT_SOURCE,
        Reply.YES if is_inside else Reply.UNKNOWN,
        f"the purchase matrix does not list the combination {its_type}; "
        f"read strictly, {'each' if is_inside else 'not each'} of these qualifications allows {segment} "
        "(the auditor's reading, not Microsoft's word)",
        () if is_inside else (Missing(
            f"Microsoft's word on {its_type}",
            "Check that the customer really holds all these qualifications; if it does, ask Microsoft Support whether "
            f"{segment} may be sold, and keep the answer.",
        ),),
    )  # fmt: skip
    for held in its_type.split(" + "):
        (own,) = (row for row in reading.matrix_cells(connection, held) if row["segment"] == segment)
        yield Reason(f"{held} alone", _value(held, own), own["source"], None, "")


def _listed(connection: Connection, customer: Customer, its_type: str, cell: Record) -> Reason:
    segment, held = cell["segment"], f"is {its_type}"
    if its_type == reading.NO_QUALIFICATION:
        held = "holds no qualification that counts"
    if cell["outcome"] in _ALLOWED:
        told = f"it {held}, and the purchase matrix allows that"
        return Reason(FACT, _value(its_type, cell), cell["source"], Reply.YES, told)
    told = f"it {held}, and the purchase matrix then allows only {cell['may_be_sold']}"
    ways = [_way(connection, customer, name) for name in _ways(connection, its_type, segment)]
    pending = "".join(f"; {way.qualification} is {way.stands}" for way in ways if way.is_in_export)
    missing = tuple(map(_missing, ways)) or (
        Missing(
            f"no further qualification makes {segment} a listed sale to a customer that is {its_type}",
            "Sell what it may be sold; have a qualification that is wrong removed in Partner Center.",
        ),
    )
    return Reason(FACT, _value(its_type, cell), cell["source"], Reply.NO, told + pending, missing)


def _value(its_type: str, cell: Record) -> str:
    day = reading.since(cell["valid_from"])
    return f"{its_type}, {cell['segment']}: {cell['outcome']}; in force {day if day == 'always' else f'since {day}'}"


@dataclass(frozen=True)
class _Way:
    """A qualification that would make it a yes: how it stands tonight, and the requests left (None: not known)."""

    qualification: str
    status: str | None
    stands: str
    is_in_export: bool
    requests_left: int | None


def _ways(connection: Connection, its_type: str, segment: str) -> list[str]:
    """Return each qualification that alone would make it a yes."""
    rows = connection.execute(
        """
        with own as (
            select q.nonprofit, q.education, q.state_owned_entity, q.government_community_cloud
            from ref.qualification_sets as q where q.customer_type = $type
        ),
        more as (
            select q.customer_type, case
                when q.nonprofit > o.nonprofit then 'Nonprofit'
                when q.education > o.education then 'Education'
                else 'GovernmentCommunityCloud'
            end as qualification
            from ref.qualification_sets as q cross join own as o
            where
                q.nonprofit >= o.nonprofit and q.education >= o.education
                and q.state_owned_entity = o.state_owned_entity
                and q.government_community_cloud >= o.government_community_cloud
                and q.nonprofit + q.education + q.government_community_cloud
                = o.nonprofit + o.education + o.government_community_cloud + 1
        )
        select m.qualification from more as m
        inner join core.purchase_rule as p on m.customer_type = p.customer_type
        where p.segment = $segment and p.outcome = 'allowed'
        order by m.qualification
        """,
        {"type": its_type, "segment": segment},
    ).fetchall()
    return [qualification for (qualification,) in rows]


def _way(connection: Connection, customer: Customer, qualification: str) -> _Way:
    """Read how a qualification that does not count stands; its newest row says it."""
    rows = records(
        connection,
        """
        select q.vetting_status, q.vetting_reason, q.vetting_create_date from core.qualifications as q
        where q.customer_id = $customer and q.qualification = $qualification
        order by q.vetting_create_date desc nulls last, q.vetting_status nulls last, q.vetting_reason nulls last, q.line
        limit 1
        """,
        {"customer": customer.customer_id, "qualification": qualification},
    )
    return _Way(
        qualification,
        rows[0]["vetting_status"] if rows else None,
        _stands(rows[0]) if rows else "not in the export",
        bool(rows),
        _requests_left(connection, customer, qualification),
    )


def _stands(row: Record) -> str:
    day, reason = row["vetting_create_date"], row["vetting_reason"]
    match row["vetting_status"]:
        case "InReview":
            return f"in review since {day}" if day else "in review"
        case "Denied":
            return "denied" + (f" ({reason})" if reason else "") + (f", requested on {day}" if day else "")
        case _:
            return "in the export without a vetting status"


def _missing(way: _Way) -> Missing:
    left = {None: "requests left: not known", 0: "no request is left"}.get(
        way.requests_left, f"requests left: {way.requests_left}"
    )
    return Missing(f"the qualification {way.qualification}: {way.stands}; {left}", _step(way))


def _step(way: _Way) -> str:
    if way.status == "InReview":
        return "Wait for Microsoft's decision before selling."
    if way.is_in_export and way.status is None:
        return "Look its status up in Partner Center, and have the export corrected."
    return _SUPPORT if way.requests_left == 0 else _REQUESTS[way.qualification]


def _requests_left(connection: Connection, customer: Customer, qualification: str) -> int | None:
    table = "qualification_requests"
    if table in customer.unread or table not in reading.supplied(connection):
        return None
    rows = reading.requests_of(connection, customer.customer_id)
    return next((row["requests_left"] for row in rows if row["qualification"] == qualification), None)
