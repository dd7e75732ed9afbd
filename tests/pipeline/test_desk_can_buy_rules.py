"""What can-buy answers is what the rules would report: on the sample nights, and in random small fleets."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config import load_config
from pipeline.desk.buying.buying import can_buy
from pipeline.desk.buying.reasons import Reply
from pipeline.desk.desk import Desk
from pipeline.state import State
from pipeline.warehouse import open_warehouse
from tests.pipeline.desk_worlds import FILES, RULES, desk_world
from tests.sql.fleets import small_fleets
from tests.sql.world import found, judge, world

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline.database import Connection
    from tests.sql.case_tables import Cells
    from tests.sql.oracle import Fleet

SELECTS = {file.rule.id: file.select for file in FILES}
# What would be wrong with a sale of tonight; SEG01 gives way to NPO04.
OF_A_SALE = {"SEG01", "SEG02", "SEG05", "GCC01", "GCC02", "GCC05", "GCC07", "NPO03", "NPO04", "REL02"}
# What cannot be told of a sale.
UNCERTAIN = {"SEG02", "SEG03", "GCC01", "GCC02", "GCC07"}
TONIGHT = "tonight"


def sold(connection: Connection) -> list[tuple[str, str, str, str | None]]:
    """Return subscription, customer, segment and type of each live sale to a listed customer."""
    return connection.execute("""
        select b.subscription_id, b.customer_id, s.segment, s.customer_type from core.sale as s
        inner join core.subscriptions as b on s.line = b.line
        where s.customer_is_listed = 1 and s.segment is not null
        order by all
    """).fetchall()


def reported(connection: Connection, rule: str) -> set[str]:
    """Return the subscriptions that a rule finds, before it gives way to sharper ones."""
    rows = connection.execute(f"select subscription_id from ({SELECTS[rule]})").fetchall()
    return {subscription for (subscription,) in rows}


def matrix_answers(desk: Desk) -> dict[str, set[str]]:
    """Return the live subscriptions by what can-buy says of the matrix for their customer and segment."""
    answers: dict[tuple[str, str], str] = {}
    by_answer: dict[str, set[str]] = {reply.value: set() for reply in Reply}
    for subscription, customer, segment, its_type in sold(desk.connection):
        key = customer, segment
        if key not in answers:
            answers[key] = str(can_buy(desk, customer, segment).answer.facts["matrix"])
        if its_type is not None:
            by_answer[answers[key]].add(subscription)
        else:
            assert answers[key] == Reply.UNKNOWN
    return by_answer


def sample_warehouses(audited: Path) -> Iterator[Path]:
    yield State(audited).warehouse
    yield from sorted(State(audited).kept.glob("*.duckdb"))


def test_matrix_says_no_to_just_what_seg01_reports_on_the_sample_nights(audited: Path) -> None:
    seen = set()
    for warehouse in sample_warehouses(audited):
        with open_warehouse(warehouse) as connection:
            (as_of,) = connection.execute("select as_of from core.run").fetchone() or (None,)
            seen.add(str(as_of))
            answers = matrix_answers(Desk(connection, load_config(None), State(audited), as_of))
            assert answers["no"] == reported(connection, "SEG01") != set()
            assert answers["cannot tell"] == reported(connection, "SEG02") != set()
            states = connection.execute("select subscription_id, rule_id from core.states where state <> 'closed'")
            told = {(subscription, rule) for subscription, rule in states.fetchall() if subscription}
        assert {one for one, rule in told if rule == "SEG01"} <= answers["no"]
        sharper = {"SEG01", *RULES["SEG01"].gives_way_to}
        assert answers["no"] <= {one for one, rule in told if rule in sharper}
    assert seen == {"2026-11-18", "2026-11-19", "2026-11-20"}


@settings(max_examples=8, deadline=None, derandomize=True, database=None)
@given(small_fleets())
def test_matrix_says_no_to_just_what_seg01_reports_in_random_fleets(fleet: Fleet) -> None:
    with desk_world(fleet.as_of, fleet.tables, vetting_is_stated=fleet.vetting_is_stated) as desk:
        answers = matrix_answers(desk)
        assert answers["no"] == reported(desk.connection, "SEG01")
        assert answers["cannot tell"] == reported(desk.connection, "SEG02")


@settings(max_examples=12, deadline=None, derandomize=True, database=None)
@given(small_fleets(), st.integers(0, 2**16))
def test_sale_of_tonight_is_reported_just_where_can_buy_does_not_say_yes(fleet: Fleet, seed: int) -> None:
    random = Random(seed)
    with desk_world(fleet.as_of, fleet.tables, vetting_is_stated=fleet.vetting_is_stated) as desk:
        sales = {
            f"{TONIGHT}-{customer}": (sale, can_buy(desk, customer, str(sale["offer_id"])).reply)
            for customer in fleet.customers
            if (sale := new_sale(desk, fleet, customer, random)) is not None
        }
    rows = [sale | {"subscription_id": name} for name, (sale, _) in sales.items()]
    told, unknown = judged(fleet, rows)
    for name, (sale, reply) in sales.items():
        wrong = told.get(name, set()) & OF_A_SALE
        doubt = (told.get(name, set()) | unknown.get(name, set())) & UNCERTAIN
        # Under a running notice a sale is allowed, and NPO04 says what becomes of it.
        assert reply is not Reply.YES or not (wrong - {"NPO04"}) | doubt, (sale, wrong, doubt)
        assert reply is not Reply.NO or wrong - {"SEG02"}, (sale, wrong, doubt)


def new_sale(desk: Desk, fleet: Fleet, customer: str, random: Random) -> Cells | None:
    """Draw a sale of tonight to a customer, through a partner that already sells to it; None where it has none.

    Of an offer that is not the same under all its names, or of software, the answer depends on which is sold.
    """
    own = [row for row in fleet.live if row["customer_id"] == customer]
    plain = {
        (offer_id, name, stated)
        for offer_id, name, stated in desk.connection.execute("""
            select o.offer_id, o.offer_name, o.stated_segment from core.offer_segment as o
            where not exists (
                select 1 from core.offer_segment as p
                where
                    p.offer_key = o.offer_key
                    and (p.segment is distinct from o.segment or p.cloud is distinct from o.cloud)
            )
            and not exists (
                select 1 from core.subscriptions as b inner join core.offers as p on b.offer_id = p.offer_id
                where
                    p.offer_key = o.offer_key
                    and (b.product_type is null or b.product_type in ('software', 'azure', 'azurereservation'))
            )
        """).fetchall()
    }
    shelf = [row for row in fleet.live if (row["offer_id"], row["offer_name"], row["segment"]) in plain]
    if not own or not shelf:
        return None
    day = fleet.as_of.isoformat()
    sale = random.choice(shelf) | {"customer_id": customer, "creation_date": day, "effective_start_date": day}
    sale |= {"partner_tenant_id": random.choice(own)["partner_tenant_id"], "status": "active"}
    return sale | {"scheduled_offer_id": None, "migrated_from_subscription_id": None}


def judged(fleet: Fleet, rows: list[Cells]) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Return the rules that find something on each sale, and those that cannot judge it."""
    tables = fleet.tables | {"subscriptions": [*fleet.rows("subscriptions"), *rows]}
    told: dict[str, set[str]] = {}
    unknown: dict[str, set[str]] = {}
    with world(fleet.as_of, tables, vetting_is_stated=fleet.vetting_is_stated) as connection:
        for rule in UNCERTAIN & {"GCC01", "GCC02", "GCC07"}:
            select = f"select subscription_id from ({SELECTS[rule]}) where not_judged is not null"
            for (name,) in connection.execute(select).fetchall():
                unknown.setdefault(name, set()).add(rule)
        judge(connection, FILES)
        for row in found(connection):
            told.setdefault(str(row["subscription_id"]), set()).add(str(row["rule_id"]))
    return told, unknown
