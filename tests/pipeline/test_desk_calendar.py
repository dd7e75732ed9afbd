"""`csp-audit calendar`: what a calendar program reads, and what a second import changes."""

from __future__ import annotations

import csv
import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest
from icalendar import Calendar

from pipeline.rulefile import read_rules
from tests.pipeline.commandline import DAYS, audit, call, sample
from tests.pipeline.exports import guid, night, write, write_folder
from tests.pipeline.golden import check_golden

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import tzinfo
    from pathlib import Path

    from icalendar import Event

    from tests.pipeline.exports import Night

    After = Callable[..., Any]

# From the run's start; the rest of a calendar is the same whenever it is made.
_MOMENT = re.compile(r"\d{8}T\d{6}Z")
_SEQUENCE = re.compile(r"SEQUENCE:\d+")


def read(state: Path, *words: str | Path) -> dict[str, Event]:
    """Write a calendar to stdout and read it as a calendar program does: events by their UID."""
    ended = call("calendar", "--state", state, "--out", "-", *words)
    assert (ended.code, ended.err) == (0, "")
    calendar: Any = Calendar.from_ical(ended.out)
    events = {str(event["uid"]): event for event in calendar.events}
    assert len(events) == len(calendar.events)
    return events


def listed(state: Path) -> list[dict[str, str]]:
    with (state / "latest" / "findings.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def summaries(events: dict[str, Event], status: str) -> list[str]:
    return sorted(str(event["summary"]) for event in events.values() if event["status"] == status)


def test_every_dated_deadline_and_violation_is_an_event(audited: Path) -> None:
    events = read(audited)
    current = {
        f"{row['finding_id']}@csp-audit": row
        for row in listed(audited)
        if row["level"] != "verify" and row["due_on"] and row["state"] != "closed"
    }
    standing = {uid: event for uid, event in events.items() if event["status"] == "CONFIRMED"}
    assert standing.keys() == current.keys()
    assert {row["level"] for row in current.values()} == {"deadline", "violation"}
    for uid, event in standing.items():
        row = current[uid]
        assert event["dtstart"].dt == date.fromisoformat(row["due_on"])
        assert row["company_name"] in event["summary"] or not row["company_name"]
        lines = str(event["description"]).splitlines()
        assert lines[0] == " ".join(row["message"].split())
        assert lines[1].startswith("Next: ")
        assert lines[2:] == [row["finding_id"], f"csp-audit explain {row['finding_id']}"]


def test_lines_are_those_that_rfc_5545_asks_for(audited: Path) -> None:
    content = call("calendar", "--state", audited, "--out", "-").out.encode()
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert max(map(len, content.split(b"\r\n"))) <= 75
    calendar: Any = Calendar.from_ical(content)
    assert calendar.to_ical(sorted=False) == content
    assert not any(event.errors for event in calendar.events)


def test_calendar_is_what_it_was(audited: Path) -> None:
    out = call("calendar", "--state", audited, "--out", "-").out
    assert len(set(_MOMENT.findall(out))) == 1
    assert len(set(_SEQUENCE.findall(out))) == 1
    fixed = _SEQUENCE.sub("SEQUENCE:217220400", _MOMENT.sub("20261120T030000Z", out))
    check_golden("calendar_ics.txt", fixed.replace("\r\n", "\n"))


def test_the_same_warehouse_gives_the_same_bytes(audited: Path, tmp_path: Path) -> None:
    files = [tmp_path / "first.ics", tmp_path / "second.ics"]
    for file in files:
        ended = call("calendar", "--state", audited, "--out", file)
        assert (ended.code, ended.out, ended.err) == (0, "", "")
    assert files[0].read_bytes() == files[1].read_bytes()
    assert files[0].read_bytes().decode() == call("calendar", "--state", audited, "--out", "-").out
    assert sorted(tmp_path.iterdir()) == files


def test_a_level_and_a_customer_narrow_it(audited: Path) -> None:
    everything = read(audited)
    both = [read(audited, "--level", level) for level in ("deadline", "violation")]
    assert all(both)
    assert both[0].keys() | both[1].keys() == everything.keys()
    assert not both[0].keys() & both[1].keys()
    customer = next(row["company_name"] for row in listed(audited) if row["due_on"] and row["company_name"])
    own = read(audited, "--customer", customer)
    assert own
    assert {str(event["summary"]).rpartition(": ")[2] for event in own.values()} == {customer}


def changed(tables: Night, **notice: str) -> Night:
    notices = [row | notice if row["customer_id"] == guid(2) else row for row in tables["nonprofit_notices"]]
    return {**tables, "nonprofit_notices": notices}


@pytest.fixture
def nights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> After:
    """Audit one changed night after another in one state directory, each a minute after the last.

    Return what was asked of the calendar then: the event with these words in its summary, or None.
    """
    config = write(tmp_path / "config.toml", "[gate]\nmax_age_hours = 960\n")
    state = tmp_path / "state"
    moments = (datetime(2026, 11, 25, 3, minute, 7, 999_999, tzinfo=UTC) for minute in range(60))

    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return next(moments).astimezone(tz)

    monkeypatch.setattr("pipeline.commands.run.datetime", Clock)

    def after(day: str, tables: Night, words: str = "Nonprofit eligibility ends: Hospicjum") -> Any:  # noqa: ANN401
        folder = write_folder(tmp_path / day, tables)
        assert audit(folder, day, state, "--config", config).code in {0, 1}
        return next((event for event in read(state).values() if words in event["summary"]), None)

    return after


def said(event: Event) -> tuple[object, ...]:
    return event["uid"], event["status"], event["dtstart"].dt


def test_sequence_rises_with_each_run_so_that_an_import_updates(nights: After) -> None:
    gone = [row for row in night()["nonprofit_notices"] if row["customer_id"] != guid(2)]
    first = nights("2026-11-20", night())
    uid, was, moved = first["uid"], date(2026, 12, 14), date(2026, 12, 20)
    assert first["sequence"] == (datetime(2026, 11, 25, 3, 0, 7) - datetime(2020, 1, 1)).total_seconds()  # noqa: DTZ001
    assert first["sequence"] < 1 << 31
    later = [
        nights("2026-11-21", changed(night(), removal_date="2026-12-20")),
        nights("2026-11-22", {**night(), "nonprofit_notices": gone}),
        nights("2026-11-23", {**night(), "nonprofit_notices": gone}),
        nights("2026-11-24", changed(night(), removal_date="2026-12-20")),
    ]
    assert [said(event) for event in (first, *later)] == [
        (uid, "CONFIRMED", was),
        (uid, "CONFIRMED", moved),
        (uid, "CANCELLED", moved),
        (uid, "CANCELLED", moved),
        (uid, "CONFIRMED", moved),
    ]
    assert [event["sequence"] - first["sequence"] for event in later] == [60, 120, 180, 240]


def test_sequence_rises_when_the_newest_night_is_run_again(nights: After) -> None:
    first = nights("2026-11-20", night())
    moved = nights("2026-11-21", changed(night(), removal_date="2026-12-20"))
    taken_back = nights("2026-11-21", night())
    assert [said(event) for event in (moved, taken_back)] == [
        (first["uid"], "CONFIRMED", date(2026, 12, 20)),
        (first["uid"], "CONFIRMED", date(2026, 12, 14)),
    ]
    assert first["sequence"] < moved["sequence"] < taken_back["sequence"]


def returnable(until: str) -> Night:
    sold = [
        {**row, "cancellation_allowed_until_date": until if row["subscription_id"] == "s-01" else ""}
        for row in night()["subscriptions"]
    ]
    return {**night(), "subscriptions": sold}


def test_what_has_lost_its_date_is_cancelled_on_the_last_one(nights: After) -> None:
    words = ": Lipowa, Brzoza & Syn"
    dated = nights("2026-11-20", returnable("2026-11-22"), words)
    assert said(dated)[1:] == ("CONFIRMED", date(2026, 11, 22))
    for day in ("2026-11-21", "2026-11-22"):
        assert said(nights(day, returnable(""), words)) == (dated["uid"], "CANCELLED", date(2026, 11, 22))
    assert nights("2026-11-23", returnable(""), words) is None
    back = nights("2026-11-24", returnable("2026-11-26"), words)
    assert said(back) == (dated["uid"], "CONFIRMED", date(2026, 11, 26))


def test_what_was_closed_and_would_have_been_due_by_now_is_left_out(nights: After) -> None:
    assert nights("2026-11-20", changed(night(), removal_date="2026-11-22"))["status"] == "CONFIRMED"
    gone = [row for row in night()["nonprofit_notices"] if row["customer_id"] != guid(2)]
    assert nights("2026-11-22", {**night(), "nonprofit_notices": gone})["status"] == "CANCELLED"
    assert nights("2026-11-23", {**night(), "nonprofit_notices": gone}) is None


def test_what_is_waived_is_cancelled_until_its_date_has_passed(nights: After, tmp_path: Path) -> None:
    tables = changed(night(), removal_date="2026-11-22")
    event = nights("2026-11-20", tables)
    waiver = {"finding": str(event["uid"]).partition("@")[0], "reason": "Known.", "approved_by": "Ewa Lis"}
    lines = [f'{name} = "{text}"' for name, text in waiver.items()]
    file = tmp_path / "state" / "waivers.toml"
    write(file, "\n".join(["[[waiver]]", *lines, "created = 2026-11-01", "expires = 2026-12-31", ""]))
    for day in ("2026-11-20", "2026-11-22"):
        waived = nights(day, tables)
        assert said(waived) == (event["uid"], "CANCELLED", date(2026, 11, 22))
        assert waived["sequence"] > event["sequence"]
    file.unlink()
    assert said(nights("2026-11-22", tables)) == said(event)


def test_a_finding_of_a_retired_rule_is_cancelled_without_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = tmp_path / "state"
    audit(sample(DAYS[0]), DAYS[0], state)
    before = read(state)
    kept = [file for file in read_rules() if file.rule.id != "NPO01"]
    for place in ("pipeline.run.read_rules", "pipeline.rulefile.read_rules"):
        monkeypatch.setattr(place, lambda: kept)
    audit(sample(DAYS[2]), DAYS[2], state)
    after = read(state)
    retired = [
        uid
        for uid, event in before.items()
        if "Nonprofit eligibility ends" in event["summary"] and str(event["dtstart"].dt) >= DAYS[2]
    ]
    assert retired
    for uid in retired:
        assert after[uid]["status"] == "CANCELLED"
        assert after[uid]["summary"].startswith("NPO01: ")


def test_a_file_that_cannot_be_written_is_wrong_usage(audited: Path, tmp_path: Path) -> None:
    ended = call("calendar", "--state", audited, "--out", tmp_path / "nowhere" / "deadlines.ics")
    assert ended.code == 2
    assert ended.err.endswith("cannot be written: no such file or directory. Name another file with --out.\n")
    (tmp_path / "folder").mkdir()
    ended = call("calendar", "--state", audited, "--out", tmp_path / "folder")
    assert (ended.code, list(tmp_path.iterdir())) == (2, [tmp_path / "folder"])


def test_a_link_that_leads_to_itself_gives_way_to_the_file(audited: Path, tmp_path: Path) -> None:
    loop = tmp_path / "loop.ics"
    loop.symlink_to(loop)
    assert call("calendar", "--state", audited, "--out", loop).code == 0
    assert loop.read_bytes().startswith(b"BEGIN:VCALENDAR")


def test_a_file_behind_a_link_is_replaced_and_keeps_its_permissions(audited: Path, tmp_path: Path) -> None:
    file, link = write(tmp_path / "deadlines.ics", "old"), tmp_path / "link.ics"
    file.chmod(0o640)
    link.symlink_to(file)
    assert call("calendar", "--state", audited, "--out", link).code == 0
    assert (link.is_symlink(), file.stat().st_mode & 0o777) == (True, 0o640)
    assert file.read_bytes().startswith(b"BEGIN:VCALENDAR")
    assert sorted(tmp_path.iterdir()) == [file, link]


def test_an_unknown_customer_is_wrong_usage(audited: Path) -> None:
    ended = call("calendar", "--state", audited, "--out", "-", "--customer", "nobody at all")
    assert (ended.code, ended.out) == (2, "")
