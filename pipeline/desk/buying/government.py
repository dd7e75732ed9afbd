"""What the government clouds ask beside the matrix: of the customer, and of the partner that transacts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.database import records
from pipeline.desk.buying.reasons import Missing, Reason, Reply
from pipeline.desk.dossier import reading

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipeline.database import Record
    from pipeline.desk.buying.wanted import Wanted
    from pipeline.desk.desk import Desk
    from pipeline.desk.dossier.reading import Customer

_AZURE = {"azure", "azurereservation"}
_PARTNERS = "partners"


def government_reasons(desk: Desk, customer: Customer, wanted: Wanted) -> Iterator[Reason]:
    """Yield what GCC02, GCC05, and GCC01 or GCC07 would ask of a sale tonight."""
    yield _of_country(desk, customer.row["country"] if customer.row else None)
    if wanted.cloud is None:
        yield from _of_validations(desk, customer)
        yield _of_partners(desk, customer.customer_id, "gcc_approved_date", "approved for GCC", "GCC01")
        return
    is_azure = wanted.is_azure or any(kind in _AZURE for kind, _ in wanted.sold_as)
    column, told = (
        ("azure_government_enrolled", "enrolled for Azure Government")
        if is_azure
        else ("gcc_high_invited", f"invited to sell {wanted.cloud}")
    )
    yield _of_partners(desk, customer.customer_id, column, told, "GCC07")
    yield Reason(
        "federal entity", f"{wanted.cloud} is for qualified federal entities; no export says who is one",
        desk.rules["GCC07"].source, None, f"{wanted.cloud} is for qualified federal entities, which no export tells",
    )  # fmt: skip


def _of_country(desk: Desk, country: str | None) -> Reason:
    found = desk.connection.execute(
        """
        select g.source from ref.gcc_countries as g cross join core.run as r
        where g.country = ? and g.valid_from <= r.as_of and (g.valid_to is null or g.valid_to >= r.as_of)
        """,
        [country],
    ).fetchone()
    if country is None:
        # Microsoft has validated a customer that holds the qualification; one that does not is a no by the matrix.
        return Reason("country", "not known", "", None, "its country is not known")
    if found:
        return Reason("country", country, found[0], Reply.YES, "")
    return Reason(
        "country", country, desk.rules["GCC05"].source, Reply.NO,
        f"the Government Community Cloud is for the United States, and the customer is in {country}",
        (Missing("a customer in the United States", "Have a wrong country corrected, or sell the commercial offer."),),
    )  # fmt: skip


def _of_validations(desk: Desk, customer: Customer) -> Iterator[Reason]:
    fact, source = "GCC validation", desk.rules["GCC02"].source
    rows = reading.gcc_validations_of(desk.connection, customer.customer_id)
    if "gcc_validations" in customer.unread:
        missing = Missing("its GCC validation", "Have the row of gcc_validations corrected, and run again.")
        told = "a row of its GCC validations could not be read"
        yield Reason(fact, told, "gcc_validations", Reply.UNKNOWN, told, (missing,))
    elif "gcc_validations" not in reading.supplied(desk.connection):
        yield Reason(fact, "not known: no gcc_validations file was supplied", "", None, "")
    elif not rows:
        yield Reason(fact, "none in gcc_validations; the qualification is what counts", source, None, "")
    else:
        yield _of_decisions(desk, rows)


def _of_decisions(desk: Desk, rows: Sequence[Record]) -> Reason:
    """Judge as GCC02 does: one validation that was approved by tonight is enough."""
    fact = "GCC validation"
    approved = [row for row in rows if row["status"] == "Approved"]
    in_time = [row for row in approved if row["decided_date"] is None or row["decided_date"] <= desk.as_of]
    if in_time:
        day = in_time[-1]["decided_date"]
        value = f"approved on {day}" if day else "approved"
        return Reason(fact, value, in_time[-1]["source"], Reply.YES, f"its GCC validation was {value}")
    last = approved[-1] if approved else rows[0]
    names = {"Denied": "denied", "InReview": f"in review since {last['submitted_date']}"}
    value = names.get(last["status"], f"approved only on {last['decided_date']}")
    step = "Ask Microsoft Support why." if last["status"] == "Denied" else "Wait for the decision before selling."
    return Reason(
        fact, value, last["source"], Reply.NO, f"its GCC validation is {value}",
        (Missing("an approved GCC validation", step),),
    )  # fmt: skip


def _of_partners(desk: Desk, customer_id: str, column: str, told: str, rule: str) -> Reason:
    """Ask each partner that may transact: all entitled is yes, none of them is no, anything else depends."""
    fact = f"transacting partner {told}"
    if column not in reading.supplied(desk.connection).get(_PARTNERS, frozenset()):
        missing = Missing(f"whether the partner is {told}", f"Supply partners with the column {column}, and run again.")
        value = f"not known: partners was not supplied with {column}"
        return Reason(fact, value, "", Reply.UNKNOWN, f"nobody can tell whether the partner is {told}", (missing,))
    partners = _partners(desk, customer_id, column)
    entitled = [row["name"] for row in partners if row["entitled"]]
    others = [row["name"] for row in partners if row["entitled"] is False]
    unknown = [_why_unknown(desk, rule, row) for row in partners if row["entitled"] is None]
    value = "; ".join(
        f"{word}: {', '.join(names)}"
        for word, names in (("yes", entitled), ("no", others), ("not known", unknown))
        if names
    )
    source = ", ".join(dict.fromkeys(row["source"] for row in partners if row["source"]))
    if not others and not unknown and entitled:
        return Reason(fact, value, source, Reply.YES, f"{' and '.join(entitled)} is {told}")
    step = (
        f"Transact it through {' or '.join(entitled).rstrip('.')}."
        if entitled
        else f"Have the partner that transacts {told}; correct partners where it is wrong."
    )
    missing = Missing(f"a transacting partner that is {told}", step)
    if others and not unknown and not entitled:
        return Reason(fact, value, source, Reply.NO, f"{' and '.join(others)} is not {told}", (missing,))
    why = f"it depends on who transacts ({value})" if entitled else f"nobody can tell whether the partner is {told}"
    return Reason(fact, value or "no partner is known to transact", source, Reply.UNKNOWN, why, (missing,))


def _partners(desk: Desk, customer_id: str, column: str) -> list[Record]:
    """Return who transacts the customer's live subscriptions; where it has none, every partner that transacts."""
    is_entitled = "t.gcc_approved_date is not null and t.gcc_approved_date <= r.as_of"
    return records(
        desk.connection,
        f"""
        with booked as (
            select distinct s.partner_tenant_id as tenant_id from core.live_subscription as s
            where s.customer_id = $customer
        ),
        asked as (
            select b.tenant_id from booked as b
            union
            select t.booked_tenant_id as tenant_id from core.transacting_partner as t
            where t.booked_role <> 'indirect_reseller' and not exists (select 1 from booked)
        ),
        place as (
            select p.tenant_id, min(concat(p.file, ':', p.line)) as source from core.partners as p group by p.tenant_id
        )
        select distinct
            coalesce(t.name, t.tenant_id, a.tenant_id, 'no partner named') as name, p.source,
            coalesce(t.unknown, case when t.tenant_id is null then 'not_in_partners' end) as unknown,
            case
                when t.unknown is not null or t.tenant_id is null then null
                else {is_entitled if column == "gcc_approved_date" else f"t.{column}"}
            end as entitled
        from asked as a
        cross join core.run as r
        left join core.transacting_partner as t on a.tenant_id is not distinct from t.booked_tenant_id
        left join place as p on t.tenant_id = p.tenant_id
        order by all
        """,
        {"customer": customer_id},
    )


def _why_unknown(desk: Desk, rule: str, row: Record) -> str:
    code = row["unknown"] or "not_recorded"
    return f"{row['name']} ({desk.rules[rule].not_judged.get(code, code)})"
