"""Waivers against the findings of a night: an obvious second reading, and what the list of them prints."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.database import connect_in_memory
from pipeline.waivers.matching import match_waivers
from schemas.waiver import Waiver, WaiverStatus
from tests.pipeline.commandline import call
from tests.pipeline.golden import check_golden

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from schemas.waiver import WaiverUse

    # Id, rule, customer and subscription of a finding.
    Found = tuple[str, str, str | None, str | None]

AS_OF = date(2026, 11, 20)
ROW = "finding_id varchar, rule_id varchar, customer_id varchar, subscription_id varchar"
WAIVERS = """
[[waiver]]
customer = "1cb0f4c7-e08a-4f69-9f5c-f43056e5c00a"
rule = "SEG01"
reason = "in vetting; ticket 40"
approved_by = "Anna Łoś"
created = 2026-11-20
expires = 2027-02-28

[[waiver]]
finding = "F-25fc0fe11027"
reason = "=returned by the customer"
approved_by = "Anna Łoś"
created = 2026-11-01
expires = 2026-11-19

[[waiver]]
subscription = "13e98771-d583-4795-a006-10549f7ba7c3"
reason = "moves to another offer"
approved_by = "B. Rossi"
created = 2026-12-01
expires = 2026-12-31

[[waiver]]
customer = "1cb0f4c7-e08a-4f69-9f5c-f43056e5c00a"
rule = "NPO01"
reason = "nothing to waive"
approved_by = "B. Rossi"
created = 2026-11-01
expires = 2026-12-31
"""


def made(created: int = 0, expires: int = 0, **scope: str) -> Waiver:
    """Return a waiver from so many days before the night to so many days after it."""
    return Waiver("why", "who", AS_OF - timedelta(days=created), AS_OF + timedelta(days=expires), **scope)


def match(found: Sequence[Found], waivers: Sequence[Waiver]) -> tuple[dict[str, str], tuple[WaiverUse, ...]]:
    """Return the scope that waives each finding, and what each waiver came to."""
    with connect_in_memory() as connection:
        connection.execute(f"create temp table current_findings ({ROW})")
        for row in found:
            connection.execute("insert into current_findings values (?, ?, ?, ?)", row)
        match_waivers(connection, AS_OF, [made(finding="F-of-another-call")])
        uses = match_waivers(connection, AS_OF, waivers)
        rows = connection.execute("select finding_id, scope from waived_tonight").fetchall()
        assert len(rows) == len(dict(rows))
        return dict(rows), uses


def covers(waiver: Waiver, found: Found) -> bool:
    name, rule, customer, subscription = found
    if waiver.finding:
        return waiver.finding == name
    if waiver.rule and waiver.rule != rule:
        return False
    return customer == waiver.customer if waiver.customer else subscription == waiver.subscription


SCOPES = (
    st.builds(dict, finding=st.sampled_from(["F-1", "F-2", "F-9"]))
    | st.builds(dict, customer=st.sampled_from(["c1", "c2"]))
    | st.builds(dict, customer=st.sampled_from(["c1", "c2"]), rule=st.sampled_from(["SEG01", "NPO01"]))
    | st.builds(dict, subscription=st.sampled_from(["s1", "s2"]))
    | st.builds(dict, subscription=st.sampled_from(["s1", "s2"]), rule=st.sampled_from(["SEG01", "NPO01"]))
)
SPANS = st.sampled_from([(0, 0), (1, 0), (0, 1), (5, 5), (5, -1), (-1, 5)])
LISTS = st.lists(st.builds(lambda scope, span: made(*span, **scope), SCOPES, SPANS), max_size=8)
FOUND = st.lists(
    st.tuples(
        st.sampled_from(["F-1", "F-2", "F-3", "F-4"]),
        st.sampled_from(["SEG01", "NPO01"]),
        st.sampled_from(["c1", "c2", None]),
        st.sampled_from(["s1", "s2", None]),
    ),
    unique_by=lambda row: row[0],
)


@settings(max_examples=100, deadline=None)
@given(FOUND, LISTS)
def test_waivers_cover_what_a_plain_reading_says(found: list[Found], waivers: list[Waiver]) -> None:
    waived, uses = match(found, waivers)
    assert [use.waiver for use in uses] == waivers
    for use in uses:
        waiver, number = use.waiver, sum(covers(use.waiver, row) for row in found)
        in_force = WaiverStatus.IN_FORCE if number else WaiverStatus.NO_MATCH
        late = WaiverStatus.EXPIRED if waiver.expires < AS_OF else in_force
        assert (use.status, use.findings) == (WaiverStatus.NOT_YET if waiver.created > AS_OF else late, number)
    for row in found:
        able = [waiver for waiver in waivers if waiver.holds_on(AS_OF) and covers(waiver, row)]
        assert (row[0] in waived) == bool(able)
        if able:
            last = max(waiver.expires for waiver in able)
            assert waived[row[0]] in {waiver.scope for waiver in able if waiver.expires == last}


def test_of_several_the_last_to_expire_counts_then_the_narrowest() -> None:
    found = [("F-1", "SEG01", "c1", "s1")]
    broad_to_narrow = [
        made(customer="c1"), made(customer="c1", rule="SEG01"), made(subscription="s1"),
        made(subscription="s1", rule="SEG01"), made(finding="F-1"),
    ]  # fmt: skip
    for most in range(1, len(broad_to_narrow) + 1):
        waived, _ = match(found, broad_to_narrow[:most])
        assert waived == {"F-1": broad_to_narrow[most - 1].scope}
    waived, uses = match(found, [*broad_to_narrow, made(0, 1, customer="c1")])
    assert waived == {"F-1": "customer c1"}
    assert {use.status for use in uses} == {WaiverStatus.IN_FORCE}


def test_a_finding_on_the_partner_itself_is_waived_by_its_id_alone() -> None:
    waived, _ = match([("F-1", "GCC06", None, None)], [made(customer="c1"), made(finding="F-1")])
    assert waived == {"F-1": "finding F-1"}


def test_without_waivers_nothing_is_waived() -> None:
    assert match([("F-1", "SEG01", "c1", "s1")], []) == ({}, ())


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_list_is_what_it_was(state: Path, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    (state / "waivers.toml").write_text(WAIVERS, encoding="utf-8")
    ended = call("waive", "list", "--state", state, "--format", form)
    assert (ended.code, ended.err) == (0, "")
    check_golden(f"waive_list_{form}.txt", ended.out.replace(str(state), "STATE"))


def test_list_without_a_file_says_so(audited: Path) -> None:
    ended = call("waive", "list", "--state", audited)
    assert ended.out == f"{audited / 'waivers.toml'}: no waivers.\n\nWaivers\nThe file has no waiver.\n"


def test_list_of_a_file_with_problems_names_the_first(state: Path) -> None:
    (state / "waivers.toml").write_text(WAIVERS.replace("SEG01", "SEG1").replace("NPO01", "NPO"), encoding="utf-8")
    ended = call("waive", "list", "--state", state)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(f"csp-audit: {state / 'waivers.toml'}, line 4, rule: found ")
    assert ended.err.endswith("(the first of 2 problems)\n")


def test_a_configured_file_that_is_not_there_is_no_empty_list(state: Path) -> None:
    config = state / "csp-audit.toml"
    config.write_text("waivers = 'nowhere/waivers.toml'", encoding="utf-8")
    ended = call("waive", "list", "--state", state, "--config", config)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("csp-audit: nowhere/waivers.toml: there is no such file.")
