"""Who buys: the customers, what they are qualified for, and which of them are losing it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sample_data.builder.data import LAST_NIGHT, NIGHTS, guid, moment, table, tonight

if TYPE_CHECKING:
    from sample_data.builder.data import Record

# A partner that is both direct and indirect sees this customer twice in its export.
_SEEN_TWICE = "brzoza"
# The row of this customer, who buys nothing, breaks off on the last night.
_CUT_SHORT = "latarnia"
_NO_STATUS = "-"


def customer_id(key: str) -> str:
    """Return the tenant id of a customer."""
    return guid("customer", key)


def customers(night: int) -> list[Record]:
    """Return the customers export of one night."""
    rows = [_customer(row, night) for row in table("customers") if tonight(row, night)]
    twice = [row for row in rows if row["customer_id"] == customer_id(_SEEN_TWICE)]
    return rows + twice


def _customer(row: dict[str, str], night: int) -> Record:
    key = row["key"]
    return {
        "customer_id": customer_id(key),
        "company_name": row["name"],
        "domain": row["domain"],
        "relationship": tonight(row, night),
        "country": row["country"],
        "tags": row["tags"],
        "reseller_id": row["reseller"],
        "commerce_id": guid("commerce", key),
        "delegated": True,
        "nothing": None,
        "cells": 2 if key == _CUT_SHORT and night == LAST_NIGHT else None,
    }


def qualifications(night: int) -> list[Record]:
    """Return the qualifications of one night, approved, asked for and denied."""
    return [_qualification(row, tonight(row, night)) for row in table("qualifications") if tonight(row, night)]


def _qualification(row: dict[str, str], status: str) -> Record:
    return {
        "customer_id": customer_id(row["customer"]),
        "qualification": row["qualification"],
        "vetting_status": None if status == _NO_STATUS else status,
        "vetting_reason": row["reason"] if status == "Denied" else None,
        "vetting_create_date": moment(row["created"]),
    }


def notices(night: int) -> list[Record]:
    """Return the nonprofit notices known on one night."""
    return [_notice(row) for row in table("notices") if int(row["first_night"]) <= night]


def _notice(row: dict[str, str]) -> Record:
    return {
        "customer_id": customer_id(row["customer"]),
        "notice_date": moment(row["notice_date"]),
        "removal_date": moment(row["removal_date"]),
        "contested": row["contested"] == "True",
        "note": "asked Support to review it" if row["contested"] == "True" else None,
    }


def requests(night: int) -> list[Record]:
    """Return the requests for qualifications made up to one night."""
    return [_request(row) for row in table("requests") if row["requested"] <= str(NIGHTS[night - 1])]


def _request(row: dict[str, str]) -> Record:
    return {
        "customer_id": customer_id(row["customer"]),
        "qualification": row["qualification"],
        "requested_date": moment(row["requested"]),
        "outcome": row["outcome"],
    }
