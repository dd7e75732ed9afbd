"""What is supposed, written into the copied rows before they are judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    from pipeline.database import Connection


@dataclass(frozen=True)
class Grant:
    """A customer's qualification is approved."""

    customer_id: str
    qualification: str


@dataclass(frozen=True)
class Sold:
    """An offer (`offer_key` as in the price list), or one subscription of it, is of a segment."""

    segment: str
    offer_key: str
    subscription_id: str | None = None


@dataclass(frozen=True)
class Supposition:
    """All that is supposed at once; `policies` are the tables of ref whose rows in force on `policy_as_of` differ."""

    grants: tuple[Grant, ...] = ()
    sold: tuple[Sold, ...] = ()
    policy_as_of: date | None = None
    policies: tuple[str, ...] = ()

    @property
    def changes_rows(self) -> bool:
        """Whether rows of the night are supposed to be others, and not only the policy."""
        return bool(self.grants or self.sold)

    @property
    def tables(self) -> set[str]:
        """The tables of the night with rows that are supposed to be others."""
        granted = {"core.qualifications"} if self.grants else set()
        sold = {"core.subscriptions", "core.price_list"} if self.sold else set()
        return granted | sold | {f"ref.{name}" for name in self.policies}

    @property
    def is_judged(self) -> bool:
        """Whether the rules have to be judged again."""
        return bool(self.changes_rows or self.policies)


def apply(connection: Connection, supposition: Supposition) -> None:
    """Change the copied rows of the database in use."""
    for grant in supposition.grants:
        _grant(connection, grant)
    for sold in supposition.sold:
        if sold.subscription_id is None:
            _suppose_offer(connection, sold)
        else:
            _suppose_subscription(connection, sold, sold.subscription_id)
    for table in supposition.policies:
        suppose_policy(connection, table, supposition.policy_as_of)


def _grant(connection: Connection, grant: Grant) -> None:
    """Put an approved row in the place of the customer's rows of that qualification, and of the word None."""
    connection.execute(
        "delete from core.qualifications where customer_id = ? and qualification in (?, 'None')",
        [grant.customer_id, grant.qualification],
    )
    connection.execute(
        "insert into core.qualifications (customer_id, qualification, vetting_status) values (?, ?, 'Approved')",
        [grant.customer_id, grant.qualification],
    )


def _suppose_offer(connection: Connection, sold: Sold) -> None:
    """Let the price list say the segment, which the rules trust first, and no other source contradict it."""
    offers = "(select offer_id from night.core.offers where offer_key = $offer_key)"
    values = {"offer_key": sold.offer_key}
    _agree(connection, sold.segment, f"s.offer_id in {offers}", values)
    if not _has_prices(connection):
        connection.execute(
            f"update core.subscriptions set segment = $segment where offer_id in {offers}",
            {"segment": sold.segment, **values},
        )
        return
    names = {"segment": sold.segment, **values}
    connection.execute("update core.price_list set segment = $segment where offer_key = $offer_key", names)
    connection.execute(
        """
        insert into core.price_list (offer_key, product_id, segment, line)
        select $offer_key, if(contains($offer_key, ':'), split_part($offer_key, ':', 1), null), $segment, 0
        where $offer_key not in (select offer_key from core.price_list)
        """,
        names,
    )


def _suppose_subscription(connection: Connection, sold: Sold, subscription_id: str) -> None:
    """Make the subscription one of an offer of its own, which the price list holds as it does the true one."""
    values = {"subscription_id": subscription_id}
    _agree(connection, sold.segment, "s.subscription_id = $subscription_id", values)
    if not _has_prices(connection):
        connection.execute(
            "update core.subscriptions set segment = $segment where subscription_id = $subscription_id",
            {"segment": sold.segment, **values},
        )
        return
    own_key = _own_key(sold.offer_key, subscription_id)
    connection.execute(
        "update core.subscriptions set offer_id = $own_key where subscription_id = $subscription_id",
        {"own_key": own_key, **values},
    )
    # Without a title, a row is no commercial equivalent of other subscriptions.
    connection.execute(
        """
        insert into core.price_list
        select * replace (
            $own_key as offer_key, $segment as segment, if($segment = 'Commercial', null, sku_title) as sku_title
        )
        from core.price_list where offer_key = $offer_key
        """,
        {"own_key": own_key, "segment": sold.segment, "offer_key": sold.offer_key},
    )
    _suppose_offer(connection, Sold(sold.segment, own_key))


def _own_key(offer_key: str, subscription_id: str) -> str:
    """Return an offer's key that is nobody else's, and shows the same kind of offer."""
    product, mark, _ = offer_key.partition(":")
    if mark:
        return f"{product}:{subscription_id}"
    return f"{offer_key}-{subscription_id}" if offer_key.startswith("ms-azr") else subscription_id


def _agree(connection: Connection, segment: str, which: str, values: dict[str, str]) -> None:
    """Take away what the export's column and the offer's name say against the segment; keep the name to be shown."""
    connection.execute(
        f"insert into renamed select subscription_id, offer_name from core.subscriptions as s where {which}", values
    )
    connection.execute(
        f"""
        update core.subscriptions as s set
            segment = if(s.segment = $segment, s.segment, null),
            offer_name = if(
                not o.name_contradicts_itself and coalesce(o.name_segment = $segment, true), s.offer_name, null
            )
        from night.core.offers as o
        where {which} and s.offer_id = o.offer_id and s.offer_name is not distinct from o.offer_name
            and s.segment is not distinct from o.stated_segment
        """,
        {"segment": segment, **values},
    )


def _has_prices(connection: Connection) -> bool:
    return bool(connection.execute("select 1 from core.price_list limit 1").fetchall())


def suppose_policy(connection: Connection, table: str, day: date | None) -> None:
    """Let the rows of a policy table that are in force on a day be in force at every date."""
    connection.execute(f"drop view ref.{table}")
    connection.execute(
        f"""
        create table ref.{table} as
        select * replace (date '0001-01-01' as valid_from, cast(null as date) as valid_to) from night.ref.{table}
        where valid_from <= $day and (valid_to is null or valid_to >= $day)
        """,
        {"day": day},
    )
