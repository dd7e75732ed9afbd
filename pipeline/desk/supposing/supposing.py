"""Judges a part of the night again, in memory: the customers that a supposition can affect, with all their rows.

The warehouse is attached as `night`; each judging has a database of its own. A rule's finding on a customer depends on
that customer's rows, on the partners, and on the price list of the offers that the customer has: no more is copied.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.database import identifier
from pipeline.desk.supposing.judging import judge
from pipeline.gaps import create_gaps
from pipeline.rules import create_views
from schemas.catalog import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from pipeline.database import Connection
    from pipeline.desk.supposing.policies import Reach
    from schemas.finding import RuleResult

# Tables of the night that are read where they are.
_AS_THEY_ARE = (
    "run", "partners", "unread_customers", "unread_subscriptions", "unread_offers", "unread_tables", "unsplit_tables",
)  # fmt: skip
# Stored views of a few rows, which are read where they are unless the supposition reaches them.
_FEW_ROWS = ("nonprofit_lost", "nonprofit_notice", "purchase_rule")
_SCHEMAS = ("core", "ref", "audit", "history")
_WITH_CUSTOMERS = [name for name, table in TABLES.items() if any(c.name == "customer_id" for c in table.columns)]


def judge_part(
    connection: Connection, database: str, reach: Reach, change: Callable[[Connection], None] | None = None
) -> list[RuleResult]:
    """Judge the customers in the temporary table `affected`, and leave what is found in a database of that name.

    `change` is what is supposed: it is called where the rows are copied and nothing is judged yet. Afterwards
    `core.found` also holds findings on other customers, of which only a part was copied.
    """
    create_database(connection, database)
    given = [name for name in _FEW_ROWS if name not in reach.views]
    _copy(connection, given)
    if change:
        change(connection)
    create_views(connection, given, in_memory=True)
    create_gaps(connection)
    return judge(connection, reach)


def create_database(connection: Connection, database: str) -> None:
    """Attach a database in memory, with the schemas that rules read, and use it."""
    connection.execute(f"attach ':memory:' as {identifier(database)}")
    connection.execute(f"use {identifier(database)}")
    for schema in _SCHEMAS:
        connection.execute(f"create schema {schema}")


def _copy(connection: Connection, given: Collection[str]) -> None:
    for name in _WITH_CUSTOMERS:
        _copy_rows(connection, f"core.{name}", "customer_id in (select customer_id from affected)")
    # What customers held on earlier nights only tells which nonprofits are none any more.
    if "nonprofit_lost" not in given:
        _copy_rows(connection, "history.qualifications", "customer_id in (select customer_id from affected)")
    # Of earlier nights only what stays open without having been found tonight: a supposition may end all others.
    _copy_rows(
        connection,
        "audit.findings",
        "(customer_id is null or customer_id in (select customer_id from affected)) "
        "and finding_id not in (select finding_id from night.core.found)",
    )
    # Whether a legacy subscription was migrated, another customer's subscription may say.
    connection.execute("""
        insert into core.subscriptions
        select * from night.core.subscriptions
        where migrated_from_subscription_id in (select subscription_id from core.subscriptions)
            and customer_id not in (select customer_id from affected)
    """)
    _copy_prices(connection)
    for name in (*_AS_THEY_ARE, *given):
        connection.execute(f"create view core.{name} as select * from night.core.{name}")
    for schema in ("ref", "audit"):
        names = connection.execute(
            """
            select table_name from duckdb_tables()
            where database_name = 'night' and schema_name = ? and table_name <> 'findings'
            """,
            [schema],
        ).fetchall()
        for (name,) in names:
            connection.execute(f"create view {schema}.{identifier(name)} as select * from night.{schema}.{name}")


def _copy_rows(connection: Connection, table: str, condition: str) -> None:
    connection.execute(f"create table {table} as select * from night.{table} where {condition}")


def _copy_prices(connection: Connection) -> None:
    """Copy the prices of all products that are sold, and one row more: no row at all means that there is no list."""
    connection.execute("""
        create or replace temp table priced as
        with sold as (
            select offer_id from core.subscriptions
            union
            select scheduled_offer_id from core.subscriptions
        )
        select distinct o.offer_key, split_part(o.offer_key, ':', 1) as product_id
        from night.core.offers as o join sold as s on o.offer_id = s.offer_id
    """)
    _copy_rows(
        connection,
        "core.price_list",
        "offer_key in (select offer_key from priced) or product_id in (select product_id from priced) or rowid = 0",
    )
