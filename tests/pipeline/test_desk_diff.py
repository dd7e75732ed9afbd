"""`csp-audit diff`: two nights compared, against a plain comparison of their findings.csv."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.pipeline.commandline import DAYS, audit, call, sample
from tests.pipeline.decisions import WAIVED_CUSTOMER, decide
from tests.pipeline.desk_nights import (
    BACKFILLED,
    GONE,
    NEWEST,
    backfilled_without,
    exports,
    gone_and_backfilled,
)
from tests.pipeline.desk_nights import audited as audit_nights
from tests.pipeline.exports import AS_OF
from tests.pipeline.golden import check_golden

if TYPE_CHECKING:
    from pathlib import Path


def difference(state: Path, one: str, other: str) -> dict[str, Any]:
    ended = call("diff", one, other, "--state", state, "--format", "json")
    assert (ended.code, ended.err) == (0, "")
    answer: dict[str, Any] = json.loads(ended.out)
    return answer


def current(state: Path, day: str) -> dict[str, dict[str, Any]]:
    """Return the findings of a night by id, without those that were closed."""
    document = json.loads((state / "runs" / day / "findings.json").read_text(encoding="utf-8"))
    return {row["finding_id"]: row for row in document["findings"] if row["state"] != "closed"}


def compared(row: dict[str, Any]) -> list[Any]:
    """Return what makes a finding another one than the night before."""
    names = ("company_name", "offer_name", "segment", "seats", "due_on")
    return [row["state"] == "waived", row["facts"].get("customer_type"), *(row[name] for name in names)]


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_output_is_what_it_was(audited: Path, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    ended = call("diff", "previous", "latest", "--state", audited, "--format", form)
    assert (ended.code, ended.err) == (0, "")
    check_golden(f"diff_{form}.txt", ended.out)


@pytest.mark.parametrize(("one", "other"), [(DAYS[0], DAYS[1]), (DAYS[1], DAYS[2]), (DAYS[0], DAYS[2])])
def test_difference_is_that_of_the_files(audited: Path, one: str, other: str) -> None:
    before, after = current(audited, one), current(audited, other)
    answer = difference(audited, one, other)
    assert {row["finding_id"] for row in answer["appeared"]} == after.keys() - before.keys()
    assert {row["finding_id"] for row in answer["vanished"]} == before.keys() - after.keys()
    changed = {name for name in before.keys() & after.keys() if compared(before[name]) != compared(after[name])}
    assert {row["finding_id"] for row in answer["changed"]} == changed
    counts = {name: len(answer[name]) for name in ("appeared", "vanished", "changed", "changes")}
    assert {name: answer[f"{name}_count"] for name in counts} == counts
    assert (answer["from_night"], answer["to_night"]) == (one, other)


def test_order_of_the_two_does_not_matter(audited: Path) -> None:
    assert difference(audited, DAYS[2], DAYS[0]) == difference(audited, DAYS[0], DAYS[2])


def test_changes_are_those_of_every_night_in_between(audited: Path) -> None:
    both = difference(audited, DAYS[0], DAYS[2])["changes"]
    second = difference(audited, DAYS[1], DAYS[2])["changes"]
    first = difference(audited, DAYS[0], DAYS[1])["changes"]
    assert both == [*second, *first]
    assert {row["night"] for row in both} == set(DAYS[1:])
    gained = [row for row in second if row["change"] == "qualification gained"]
    assert {"customer": "Biblioteca Comunale Sanvero", "before": "InReview", "after": "Approved"}.items() <= gained[
        0
    ].items()


def test_waived_since_is_a_change(audited: Path, tmp_path: Path) -> None:
    state = decide(audited, tmp_path)
    changed = difference(state, "previous", "latest")["changed"]
    theirs = [row["what_changed"] for row in changed if row["customer"] == WAIVED_CUSTOMER]
    assert theirs
    assert all("-> waived" in what for what in theirs)
    (due,) = [row["what_changed"] for row in changed if row["finding_id"] == "F-ab5365382d26"]
    assert due == "due on: 2026-11-19 -> none"


def test_vanished_say_when_they_were_closed(audited: Path) -> None:
    vanished = difference(audited, DAYS[0], DAYS[2])["vanished"]
    assert {row["closed_on"] for row in vanished} == set(DAYS[1:])
    assert {row["cause"] for row in vanished} == {""}


def closing(state: Path, one: str, other: str) -> tuple[str | None, str | None]:
    """Return when and why the finding on s-01 was closed that is gone on the second night."""
    (row,) = [row for row in difference(state, one, other)["vanished"] if row["subscription_id"] == "s-01"]
    return row["closed_on"], row["cause"]


def test_closing_before_the_first_of_the_two_nights_is_none(tmp_path: Path) -> None:
    state = gone_and_backfilled(tmp_path)
    assert closing(state, AS_OF, NEWEST) == (GONE, "")
    assert closing(state, BACKFILLED, NEWEST) == (None, None)


def test_closing_by_a_backfilled_night_is_that_of_its_states(tmp_path: Path) -> None:
    state = backfilled_without(tmp_path)
    assert closing(state, AS_OF, BACKFILLED) == (BACKFILLED, "")


def test_closing_in_turn_before_a_backfilled_night_is_that_of_the_event(tmp_path: Path) -> None:
    has_it, has_not = exports(tmp_path)
    state = audit_nights(tmp_path, (has_it, AS_OF), (has_not, GONE), (has_it, NEWEST), (has_not, BACKFILLED))
    assert closing(state, AS_OF, BACKFILLED) == (GONE, "")


def test_backfilled_night_can_be_compared(tmp_path: Path) -> None:
    state = tmp_path / "state"
    for day in (DAYS[0], DAYS[2], DAYS[1]):
        assert audit(sample(day), day, state).code == 1
    before, after = current(state, DAYS[1]), current(state, DAYS[2])
    answer = difference(state, DAYS[1], DAYS[2])
    assert {row["finding_id"] for row in answer["appeared"]} == after.keys() - before.keys()
    assert {row["finding_id"] for row in answer["vanished"]} == before.keys() - after.keys()
    earlier = difference(state, DAYS[0], DAYS[1])
    assert earlier["changes"]
    assert {row["night"] for row in earlier["changes"]} == {DAYS[1]}


def test_long_table_is_cut_and_the_counts_are_whole(audited: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.desk.comparing.comparing.MOST_DRAWN", 2)
    answer = difference(audited, "previous", "latest")
    out = call("diff", "previous", "latest", "--state", audited).out
    assert f"Appeared: {answer['appeared_count']}" in out
    assert f"{answer['appeared_count'] - 2} more: --format csv lists all." in out
    assert f"{answer['changes_count'] - 2} more: --format csv lists all." in out


def test_night_that_is_like_itself_is_refused(audited: Path) -> None:
    ended = call("diff", "latest", DAYS[-1], "--state", audited)
    assert (ended.code, ended.out) == (2, "")
    assert (
        ended.err == f"csp-audit: both are the night of {DAYS[-1]}. Name two nights; csp-audit runs lists them all.\n"
    )


def test_nothing_changed_is_said(state: Path) -> None:
    # The same exports the night after: nothing came, went or was decided.
    assert audit(sample(DAYS[-1]), "2026-11-21", state).code == 1
    out = call("diff", "previous", "latest", "--state", state).out
    assert "\nNo customer and no qualification changed.\n" in out
