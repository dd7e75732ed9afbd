"""Keeps since when each customer has held which qualification, and when it was gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    from pipeline.database import Connection


def record_qualifications(connection: Connection, as_of: date) -> None:
    """Bring `history.qualifications` up to tonight: end the spans that are gone, begin those that are new."""
    connection.execute("""
        create temp table held as
        select distinct customer_id, qualification, vetting_status from core.qualifications
    """)
    same = (
        "h.customer_id = q.customer_id and h.qualification = q.qualification "
        "and h.vetting_status is not distinct from q.vetting_status"
    )
    # A row in quarantine is a gap in our reading: it ends no span. One that could not be split, or has lost its
    # customer, may be anybody's.
    connection.execute(
        f"""
        update history.qualifications as h set gone_on = $as_of
        where h.gone_on is null
            and not exists (select 1 from held as q where {same})
            and h.customer_id not in (select customer_id from core.unread_customers where table_name = 'qualifications')
            and not exists (select 1 from core.unsplit_tables where table_name = 'qualifications')
            and not exists (
                select 1 from quarantine.rows where table_name = 'qualifications' and column_name = 'customer_id'
            )
        """,
        {"as_of": as_of},
    )
    connection.execute(
        f"""
        insert into history.qualifications
        select q.customer_id, q.qualification, q.vetting_status, $as_of, null from held as q
        where not exists (select 1 from history.qualifications as h where h.gone_on is null and {same})
        """,
        {"as_of": as_of},
    )
    connection.execute("drop table held")
