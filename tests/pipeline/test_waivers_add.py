"""`csp-audit waive add`: one more entry, and everything that people wrote stays as it was."""

from __future__ import annotations

import multiprocessing
import tomllib
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import UsageError
from pipeline.waivers.add import add_waiver, checked_entry
from pipeline.waivers.waivers import parse_waivers, read_waivers
from schemas.waiver import Waiver
from tests.pipeline.commandline import call

if TYPE_CHECKING:
    from pathlib import Path

    from tests.pipeline.commandline import Ended

FINDING = "F-de70638c9c9a"
HAND_WRITTEN = """# Accepted by the board
# see ticket 12

[[waiver]]   # the hospice
approved_by = 'Anna Nowak'
reason = '''
they are
moving'''
finding = "F-0123456789ab"
created = 2026-11-01
expires = 2026-11-30 # do not renew
"""
SAID = ("--approved-by", "A. Nowak", "--reason", "ticket 40", "--created", "2026-11-20")
YEAR = (date(2026, 11, 20), date(2027, 11, 20))


def add(state: Path, *words: str, until: str = "2027-02-28") -> Ended:
    return call("waive", "add", "--state", state, *SAID, "--until", until, *words)


def test_entry_is_appended_and_counted(state: Path) -> None:
    ended = add(state, "--finding", FINDING)
    file = state / "waivers.toml"
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == (
        f"{file}, line 1: finding {FINDING} is waived from 2026-11-20 to 2027-02-28.\n"
        "It covers 1 finding of 2026-11-20. It is in force from the next run on.\n"
    )
    assert file.read_text(encoding="utf-8") == (
        f'[[waiver]]\nfinding = "{FINDING}"\nreason = "ticket 40"\napproved_by = "A. Nowak"\n'
        "created = 2026-11-20\nexpires = 2027-02-28\n"
    )
    assert call("waive", "lint", "--state", state).code == 0


@pytest.mark.parametrize(
    ("created", "until", "told"),
    [
        ("2026-11-01", "2026-11-19", "It has expired already, and hides nothing."),
        ("2026-11-01", "2026-11-20", "It is in force from the next run on."),
        ("2026-11-21", "2026-11-21", "It is in force on nights from 2026-11-21 on."),
    ],
)
def test_it_is_said_when_the_waiver_begins(state: Path, created: str, until: str, told: str) -> None:
    ended = add(state, "--finding", FINDING, "--created", created, until=until)
    assert ended.out.endswith(f"It covers 1 finding of 2026-11-20. {told}\n")


def test_a_waiver_begins_today_where_nothing_else_is_said(state: Path) -> None:
    before = datetime.now(UTC).date()
    until = before + timedelta(days=365)
    ended = call("waive", "add", "--state", state, "--finding", FINDING, "--until", str(until), *SAID[:4])
    assert ended.code == 0
    (waiver,) = read_waivers(state / "waivers.toml", set())
    assert before <= waiver.created <= datetime.now(UTC).date()


def test_what_people_wrote_stays_as_it_is(state: Path) -> None:
    file = state / "waivers.toml"
    file.write_text(HAND_WRITTEN, encoding="utf-8")
    file.chmod(0o640)
    assert add(state, "--finding", FINDING).out.startswith(f"{file}, line 13: ")
    assert file.read_text(encoding="utf-8").startswith(f'{HAND_WRITTEN}\n[[waiver]]\nfinding = "{FINDING}"\n')
    assert file.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", ""),
        ("# x", "# x\n\n"),
        ("# x\n\n", "# x\n\n"),
        ("\ufeff# x\r\n", "\ufeff# x\r\n\r\n"),
        (HAND_WRITTEN.rstrip(), HAND_WRITTEN.rstrip() + "\n\n"),
    ],
    ids=["nothing", "no line end", "blank line", "Windows", "entry without a line end"],
)
def test_entry_begins_behind_a_blank_line(tmp_path: Path, before: str, after: str) -> None:
    file = tmp_path / "waivers.toml"
    file.write_text(before, encoding="utf-8", newline="")
    add_waiver(file, Waiver("why", "who", *YEAR, subscription="s-1"), {"SEG01"})
    text = file.read_bytes().decode()
    assert text.startswith(f"{after}[[waiver]]")
    assert text.count("\r") in {0, text.count("\n")}


def test_a_link_to_the_file_stays_a_link(state: Path, tmp_path: Path) -> None:
    shared = tmp_path / "shared.toml"
    (state / "waivers.toml").symlink_to(shared)
    add(state, "--finding", FINDING)
    assert (state / "waivers.toml").is_symlink()
    assert FINDING in shared.read_text(encoding="utf-8")


def test_customer_is_found_by_name_and_named_beside_its_id(state: Path) -> None:
    ended = add(state, "--customer", "comune di montelaro", "--rule", "seg01")
    customer = "1cb0f4c7-e08a-4f69-9f5c-f43056e5c00a"
    assert f"SEG01 of customer {customer} is waived" in ended.out
    assert "It covers 1 finding of" in ended.out
    text = (state / "waivers.toml").read_text(encoding="utf-8")
    assert f'customer = "{customer}"  # Comune di Montelaro\nrule = "SEG01"\n' in text


def test_subscription_covers_what_is_about_it(state: Path) -> None:
    ended = add(state, "--subscription", "9B2AF731-ba0e-4a2f-8f30-0e051ba6c259")
    assert "It covers 1 finding of 2026-11-20." in ended.out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--finding", "F-de70638c9c9b"),
         f"there is no finding F-de70638c9c9b. Did you mean {FINDING} (SEG01, Hospicjum Pod Lipami)?"),
        (("--finding", "nothing like it"), "there is no finding F-nothing like it. csp-audit findings lists them all."),
        (("--subscription", "9b2af731-ba0e-4a2f-8f30-0e051ba6c25x"),
         "there is no subscription 9b2af731-ba0e-4a2f-8f30-0e051ba6c25x. Did you mean 9b2af731-ba0e-4a2f-"),
        (("--customer", "nobody at all of that name"), ""),
        ((), "the new waiver: found no scope; expected exactly one of finding, customer, subscription."),
        (("--rule", "SEG01"), "the new waiver, rule: found a rule and no scope; expected exactly one of"),
        (("--finding", FINDING, "--rule", "SEG01"), "the new waiver, rule: found a rule beside a finding; expected"),
        (("--finding", FINDING, "--subscription", "9b2af731-ba0e-4a2f-8f30-0e051ba6c259"),
         "the new waiver, subscription: found finding and subscription; expected exactly one of"),
        (("--customer", "Comune di Montelaro", "--rule", "SEG1"), 'the new waiver, rule: found "SEG1", which is'),
        (("--finding", FINDING, "--reason", "  "), "the new waiver, reason: found an empty text; expected some words."),
        (("--finding", FINDING, "--until", "2027-11-22"), "the new waiver, expires: found 2027-11-22; expected at"),
        (("--finding", FINDING, "--until", "2026-11-19"), "the new waiver, expires: found 2026-11-19; expected a"),
    ],
)  # fmt: skip
def test_what_lint_would_refuse_is_not_written(state: Path, words: tuple[str, ...], told: str) -> None:
    ended = add(state, *words)
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert ended.err.startswith(f"csp-audit: {told}")
    assert not (state / "waivers.toml").exists()


def test_a_second_waiver_of_the_same_scope_is_refused(state: Path) -> None:
    add(state, "--finding", FINDING)
    before = (state / "waivers.toml").read_bytes()
    ended = add(state, "--finding", FINDING.upper())
    assert ended.code == 2
    assert ended.err.startswith(
        f'csp-audit: the new waiver: found a second waiver of "finding {FINDING}" from 2026-11-20 to 2027-02-28 '
        "(the other is in line 1); expected one at a time."
    )
    assert (state / "waivers.toml").read_bytes() == before
    assert add(state, "--finding", FINDING, "--created", "2027-03-01", until="2027-03-31").code == 0


def test_nothing_is_added_to_a_file_with_problems(state: Path) -> None:
    file = state / "waivers.toml"
    file.write_text(HAND_WRITTEN.replace("reason", "raison"), encoding="utf-8")
    before = file.read_bytes()
    ended = add(state, "--finding", FINDING)
    assert ended.code == 2
    assert ended.err.startswith(f"csp-audit: {file}, line 6, raison: found a key that is not known; expected reason")
    assert file.read_bytes() == before


def test_a_folder_that_cannot_be_written_is_one_line(state: Path) -> None:
    (state / "in the way").write_text("")
    config = state / "csp-audit.toml"
    config.write_text(f"waivers = '{state / 'in the way' / 'waivers.toml'}'", encoding="utf-8")
    ended = add(state, "--finding", FINDING, "--config", str(config))
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert "waivers.toml: cannot be written: " in ended.err


def test_without_a_warehouse_nothing_is_known(tmp_path: Path) -> None:
    ended = add(tmp_path, "--finding", FINDING)
    assert ended.code == 2
    assert "there is no warehouse yet" in ended.err


TEXT = st.text(min_size=1, max_size=40).filter(str.strip) | st.sampled_from(['"', "\\", '"""', "\x7f\t\x00", "#x\ny"])


@settings(max_examples=40, deadline=None)
@given(TEXT, TEXT, st.sampled_from(["", HAND_WRITTEN, HAND_WRITTEN.rstrip() + "#", "# x\r\n"]))
def test_any_text_is_read_back_as_it_was_said(
    tmp_path_factory: pytest.TempPathFactory, why: str, who: str, before: str
) -> None:
    file = tmp_path_factory.mktemp("waivers") / "waivers.toml"
    file.write_text(before, encoding="utf-8", newline="")
    entry = {"reason": why, "approved_by": who, "subscription": "S-1", "created": YEAR[0], "expires": YEAR[1]}
    waiver = checked_entry(entry, set())
    added = add_waiver(file, waiver, set(), comment=why)
    assert added == read_waivers(file, set())[-1]
    assert (added.reason, added.approved_by, added.subscription) == (why.strip(), who.strip(), "s-1")
    assert file.read_bytes().decode().startswith(before)
    lines = file.read_bytes().decode().split("\n")
    assert lines[added.line - 1].strip() == "[[waiver]]"


def _add_some(file: Path, worker: int) -> None:
    for number in range(10):
        add_waiver(file, Waiver("why", "who", *YEAR, subscription=f"s-{worker}-{number}"), set())


def test_two_people_at_once_lose_nothing(tmp_path: Path) -> None:
    file = tmp_path / "waivers.toml"
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_add_some, args=(file, worker)) for worker in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    entries = tomllib.loads(file.read_text(encoding="utf-8"))["waiver"]
    assert {entry["subscription"] for entry in entries} == {f"s-{worker}-{n}" for worker in range(2) for n in range(10)}


def test_every_problem_of_the_new_entry_is_told() -> None:
    with pytest.raises(UsageError) as caught:
        checked_entry({"reason": "", "approved_by": ""}, set())
    assert [line.split(";")[0] for line in str(caught.value).splitlines()] == [
        "the new waiver: found no created",
        "the new waiver: found no expires",
        "the new waiver: found no scope",
        "the new waiver, reason: found an empty text",
        "the new waiver, approved_by: found an empty text",
    ]


def test_parsing_gives_waivers_and_problems_together() -> None:
    reading = parse_waivers(HAND_WRITTEN + '[[waiver]]\nrule = "SEG01"\n', {"SEG01"}, "waivers.toml")
    assert [waiver.line for waiver in reading.waivers] == [4]
    assert {problem.where for problem in reading.problems} == {"line 12, waiver", "line 13, rule"}
