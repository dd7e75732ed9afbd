"""The circuit breaker: a rule that hits far more customers than it usually does is shown as suspect, counted apart."""

from __future__ import annotations

import csv
import json
import random
import re
import shutil
from dataclasses import dataclass
from datetime import date, timedelta
from email import message_from_bytes, policy
from statistics import median
from typing import TYPE_CHECKING

import duckdb
import pytest

from pipeline.audit import read_audit
from pipeline.config import BreakerConfig
from pipeline.database import connect_in_memory
from pipeline.desk.runs import find_night
from pipeline.editions import read_edition
from pipeline.nights import create_states_of
from pipeline.rulefile import read_rules
from pipeline.suspects import record_suspects
from pipeline.warehouse import create_fixed_tables, open_warehouse
from schemas.finding import State, Suspicion
from tests.pipeline.commandline import Ended, audit, call
from tests.pipeline.exports import write_wrong_sales

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from schemas.finding import Audit

TONIGHT = date(2026, 11, 20)
CUSTOMERS = 1000


@dataclass(frozen=True)
class Before:
    """An earlier night of a rule: the customers it hit (None: not judged), its version, and whether it was suspect."""

    hit: int | None
    version: int = 2
    suspect: bool = False


def usual_of(hit: int, nights: Sequence[Before], breaker: BreakerConfig | None = None) -> float | None:
    """Return what is kept as usual of a rule of version 2 that hits so many of a thousand customers; None: no suspect.

    `nights` are those before, the last one last.
    """
    connection = connect_in_memory()
    create_fixed_tables(connection)
    connection.execute("create table core.found (rule_id varchar, customer_id varchar)")
    connection.execute("create table core.customers (customer_id varchar)")
    connection.execute("insert into core.customers select range::varchar from range(?)", [CUSTOMERS])
    # Two findings for each customer, and some about the partner.
    connection.execute("insert into core.found select 'R', (range // 2)::varchar from range(?)", [2 * hit])
    connection.execute("insert into core.found select 'R', null from range(500)")
    insert = "insert into audit.rule_results values (?, 'R', ?, 'violation', ?, '', 0, '{}', 0, ?, ?, ?)"
    for back, before in enumerate(reversed(nights), start=1):
        day = TONIGHT - timedelta(days=back)
        connection.execute(
            "insert into audit.runs by name select ?::date as as_of, '' as run_id, '' as partner, now()::timestamp as "
            "started_at, '' as verdict, 1 as exit_code, '' as version, '' as rule_set, '' as engine, '' as command, "
            "'' as folder",
            [day],
        )
        judgement = "not judged: input missing" if before.hit is None else "judged"
        customers = None if before.hit is None else CUSTOMERS
        connection.execute(
            insert, [day, before.version, judgement, before.hit, customers, 1.0 if before.suspect else None]
        )
    connection.execute(insert, [TONIGHT, 2, "judged", None, None, None])
    record_suspects(connection, TONIGHT, breaker or BreakerConfig())
    ((kept, customers, usual),) = connection.execute(
        "select hit, customers, usual from audit.rule_results where as_of = ?", [TONIGHT]
    ).fetchall()
    assert (kept, customers) == (hit, CUSTOMERS)
    return None if usual is None else float(usual)


def same(hit: int, nights: int) -> list[Before]:
    return [Before(hit)] * nights


CASES = {
    "share just above a tenth": (101, same(10, 14), 10.0),
    "share of a tenth is not more": (100, same(9, 14), None),
    "9.9 times as often": (198, same(20, 14), None),
    "ten times as often is not more": (200, same(20, 14), None),
    "10.1 times as often": (202, same(20, 14), 20.0),
    "two nights of history": (900, same(20, 2), None),
    "three nights of history": (900, same(20, 3), 20.0),
    "first night ever": (900, [], None),
    "rule of another version": (900, [Before(20, version=1)] * 14, None),
    "new version on two of the nights": (900, [Before(20, version=1)] * 12 + same(20, 2), None),
    "not judged on some nights": (900, [Before(20), Before(None), Before(20), Before(None), Before(20)], 20.0),
    "judged on two nights alone": (900, [Before(20), *[Before(None)] * 9, Before(20)], None),
    "second suspect night": (900, [*same(20, 5), Before(900, suspect=True)], 20.0),
    "suspect nights are not what is usual": (400, [*same(20, 3), *[Before(900, suspect=True)] * 4], 20.0),
    "after eleven suspect nights three others are left": (900, [*same(20, 9), *[Before(900, suspect=True)] * 11], 20.0),
    "after twelve it is believed": (900, [*same(20, 9), *[Before(900, suspect=True)] * 12], None),
    "nights before the last fourteen do not matter": (300, [*same(1, 30), *same(40, 14)], None),
    "one odd night does not matter": (900, [*same(20, 6), Before(500)], 20.0),
    "even number of nights": (900, [Before(20), Before(30), Before(20), Before(30)], 25.0),
    "rule that usually hits nobody": (101, same(0, 14), 0.0),
}


@pytest.mark.parametrize("case", CASES)
def test_rule_is_suspect_above_both_bounds(case: str) -> None:
    hit, nights, usual = CASES[case]
    assert usual_of(hit, nights) == usual


@pytest.mark.parametrize(("hit", "usual"), [(10, None), (11, 0.0)])
def test_nobody_counts_as_one_so_that_a_few_are_no_flood(hit: int, usual: float | None) -> None:
    assert usual_of(hit, same(0, 14), BreakerConfig(max_share=0)) == usual


def test_bounds_are_those_of_the_configuration() -> None:
    assert usual_of(60, same(20, 2), BreakerConfig(max_share=0.05, times=2, nights=2, least_nights=2)) == 20
    assert usual_of(60, same(20, 14), BreakerConfig(times=2)) is None
    assert usual_of(900, same(20, 14), BreakerConfig(max_share=1)) is None


def expected(hit: int, nights: Sequence[Before], breaker: BreakerConfig) -> float | None:
    """Say the same in plain Python."""
    last = nights[-breaker.nights :]
    known = [one.hit for one in last if one.hit is not None and one.version == 2 and not one.suspect]
    if len(known) < breaker.least_nights:
        return None
    usual = float(median(known))
    return usual if hit > breaker.max_share * CUSTOMERS and hit > breaker.times * max(usual, 1) else None


@pytest.mark.parametrize("seed", range(25))
def test_any_history_is_judged_as_a_second_implementation_has_it(seed: int) -> None:
    dice = random.Random(seed)
    nights = [
        Before(dice.choice([None, 0, 1, 5, 20, 60]), dice.choice([1, 2, 2, 2]), dice.random() < 0.2)
        for _ in range(dice.randrange(20))
    ]
    nights = [Before(one.hit, one.version, one.suspect and one.hit is not None) for one in nights]
    breaker = BreakerConfig(
        max_share=dice.choice([0, 0.1, 0.3]), times=dice.choice([1.5, 10]), nights=dice.randrange(1, 15),
        least_nights=dice.randrange(1, 5),
    )  # fmt: skip
    for hit in (0, 12, 101, 301, 650):
        assert usual_of(hit, nights, breaker) == expected(hit, nights, breaker)


# Nights of a partner with forty customers: one of them is sold what it must not be, then thirty are.
USUAL, FLOOD, AGAIN, BELIEVED = DAYS = ("2026-11-20", "2026-11-21", "2026-11-22", "2026-11-23")


def write_nights(folder: Path, days: Iterable[str]) -> list[Ended]:
    """Audit a usual night and then floods, in `folder/state`; s-02 is waived throughout."""
    config = folder / "own.toml"
    config.write_text("gate = { max_age_hours = 1000 }\nbreaker = { nights = 2, least_nights = 1 }\n")
    (folder / "state").mkdir()
    (folder / "state" / "waivers.toml").write_text(
        '[[waiver]]\nrule = "SEG01"\nsubscription = "s-02"\nreason = "agreed"\napproved_by = "A"\n'
        "created = 2026-11-01\nexpires = 2026-12-31\n"
    )
    usual, flood = write_wrong_sales(folder / "usual", 1), write_wrong_sales(folder / "flood", 30)
    return [audit(flood if day != USUAL else usual, day, folder / "state", "--config", config) for day in days]


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the state after a usual night and three floods; leave it as it is."""
    folder = tmp_path_factory.mktemp("suspects")
    ends = write_nights(folder, DAYS)
    assert [end.code for end in ends] == [1] * 4
    told = (
        "csp-audit: suspect rule or data: SEG01 reports 30 of 40 customers, and usually 1. Its findings are counted "
        "apart. Check the price list and the qualifications export; csp-audit findings --rule SEG01 lists them.\n"
    )
    assert [end.err for end in ends] == ["", told, told, ""]
    return folder / "state"


def record(state: Path, day: str) -> dict[str, object]:
    read: dict[str, object] = json.loads((state / "runs" / day / "run.json").read_text(encoding="utf-8"))
    return read


def audit_of(state: Path, day: str) -> Audit:
    with open_warehouse(state / "warehouse.duckdb") as connection:
        return read_audit(connection, [file.rule for file in read_rules()], find_night(connection, day))


def test_suspect_nights_count_the_rule_apart_until_it_is_believed(state: Path) -> None:
    counts = {day: record(state, day)["counts"]["violation"] for day in DAYS}  # type: ignore[index]
    told = {day: tuple(counts[day][name] for name in ("found", "new", "waived", "suspect")) for day in DAYS}
    assert told == {USUAL: (1, 1, 0, 0), FLOOD: (0, 0, 1, 29), AGAIN: (0, 0, 1, 29), BELIEVED: (29, 0, 1, 0)}
    assert [record(state, day)["suspects"] for day in DAYS] == [[], ["SEG01"], ["SEG01"], []]


def test_exit_code_and_verdict_are_those_of_any_findings(state: Path) -> None:
    assert {(record(state, day)["exit_code"], record(state, day)["verdict"]) for day in DAYS} == {
        (1, "audited, with findings")
    }


def test_findings_are_all_there_and_marked(state: Path) -> None:
    with (state / "runs" / FLOOD / "findings.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    document = json.loads((state / "runs" / FLOOD / "findings.json").read_text(encoding="utf-8"))
    assert {row["suspect"] for row in rows} == {"yes"}
    assert {item["suspect"] for item in document["findings"]} == {True}
    assert document["run"]["suspects"] == ["SEG01"]
    assert sorted(row["state"] for row in rows) == ["new"] * 28 + ["open", "waived"]
    assert (
        call("findings", "--rule", "SEG01", "--format", "csv", "--run", FLOOD, "--state", state).out.count("\n") == 31
    )


def test_findings_say_that_a_rule_is_suspect(state: Path) -> None:
    said = " ".join(call("findings", "--run", FLOOD, "--state", state).out.split())
    told = "suspect rule or data: SEG01 reports 30 of 40 customers, and usually 1. Its findings are counted apart. "
    assert f"{told}Check the price list and the qualifications export. finding" in said
    assert "suspect" not in call("findings", "--run", BELIEVED, "--state", state).out


HEADING = re.compile(r"^(\w+(?:, suspect)?): (\d+).*\n(Exposure a month: .*(?:\n(?!F-).*)*?)\n(?=F-)", re.MULTILINE)


def test_findings_of_a_suspect_rule_are_listed_behind_all_others(audited: Path, tmp_path: Path) -> None:
    state = shutil.copytree(audited, tmp_path / "state", symlinks=True)
    before = call("findings", "--all", "--state", state).out
    levels = [level for level, *_ in HEADING.findall(before)]
    assert levels == ["violation", "deadline", "verify", "notice"][: len(levels)]
    assert len(levels) > 2
    suspect(state, "SEG01")
    said = call("findings", "--all", "--state", state).out
    assert [level for level, *_ in HEADING.findall(said)] == [*levels, "violation, suspect"]
    assert [counts(said, kind) for kind in levels[1:]] == [counts(before, kind) for kind in levels[1:]]
    assert counts(said, "violation")[0] + counts(said, "violation, suspect")[0] == counts(before, "violation")[0]
    listed = re.findall(r"^F-\w+ +(\w+)", said, re.MULTILINE)
    last = listed[-listed.count("SEG01") :]
    assert set(last) == {"SEG01"}
    assert len(last) >= counts(said, "violation, suspect")[0] > 2


def test_few_findings_that_are_drawn_are_those_that_count(
    audited: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = shutil.copytree(audited, tmp_path / "state", symlinks=True)
    suspect(state, "SEG01")
    monkeypatch.setattr("pipeline.commands.findings._MOST_DRAWN", 5)
    said = call("findings", "--state", state).out
    listed = re.findall(r"^F-\w+ +(\w+)", said, re.MULTILINE)
    assert (len(listed), "SEG01" in listed) == (5, False)


def suspect(state: Path, rule: str) -> None:
    """Let a rule be suspect on the newest night, whatever it reports."""
    with duckdb.connect(str(writable(state / "warehouse.duckdb"))) as connection:
        connection.execute(
            "update audit.rule_results set hit = 30, customers = 40, usual = 1 "
            "where rule_id = ? and as_of = (select as_of from core.run)",
            [rule],
        )


def writable(file: Path) -> Path:
    file.chmod(0o600)
    return file


def counts(said: str, kind: str) -> tuple[int, str]:
    """Return how many findings stand under a heading, and what they cost."""
    return {level: (int(number), cost) for level, number, cost in HEADING.findall(said)}[kind]


def test_commands_that_compare_findings_name_suspect_rules(state: Path) -> None:
    told = "Suspect rule or data on {}: SEG01. csp-audit findings --run {} says why."
    said = call("diff", USUAL, FLOOD, "--state", state).out
    assert told.format(FLOOD, FLOOD) in said
    assert USUAL not in "".join(line for line in said.splitlines() if line.startswith("Suspect"))
    both = call("diff", FLOOD, AGAIN, "--state", state).out
    assert [told.format(day, day) in both for day in (FLOOD, AGAIN)] == [True, True]
    assert "Suspect" not in call("diff", USUAL, BELIEVED, "--state", state).out
    assert "Suspect" not in call("what-if", "--without-waivers", "--state", state).out


def test_what_would_be_on_a_suspect_night_names_the_rule(tmp_path: Path) -> None:
    write_nights(tmp_path, [USUAL, FLOOD])
    said = call("what-if", "--without-waivers", "--state", tmp_path / "state").out
    assert f"Suspect rule or data on {FLOOD}: SEG01. csp-audit findings --run {FLOOD} says why.\n" in said


def test_an_older_night_reads_as_it_was_written(state: Path) -> None:
    seen = audit_of(state, FLOOD)
    (suspect,) = seen.suspects
    assert (suspect.rule.id, suspect.suspicion) == ("SEG01", Suspicion(30, 40, 1))
    assert all(item.suspect for item in seen.findings if item.rule.id == "SEG01")
    assert audit_of(state, BELIEVED).suspects == ()
    assert [sum(one.open.values()) for one in audit_of(state, BELIEVED).nights] == [1, 0, 0, 29]


def test_list_of_runs_counts_as_the_reports_do(state: Path) -> None:
    runs = json.loads(call("runs", "--format", "json", "--state", state).out)["runs"]
    assert {run["as_of"]: (run["violations"], run["new"], run["waived"]) for run in runs} == {
        USUAL: (1, 1, 0),
        FLOOD: (0, 0, 1),
        AGAIN: (0, 0, 1),
        BELIEVED: (29, 0, 1),
    }


def test_mail_names_the_rule_and_none_of_its_findings(state: Path) -> None:
    content = (state / "runs" / FLOOD / "digest.eml").read_bytes()
    mail = message_from_bytes(content, policy=policy.default)
    assert str(mail["subject"]) == f"[CSP audit] Suspect rule or data (SEG01) - {FLOOD}"
    body = mail.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    assert "SEG01 reports 30 of 40 customers" in text[:300]
    assert "Company" not in text
    assert len(content) < 90_000


def test_edition_counts_apart_and_tells_no_number_of_others(state: Path) -> None:
    seen = audit_of(state, FLOOD)
    with open_warehouse(state / "warehouse.duckdb") as connection:
        night_ref = find_night(connection, FLOOD)
        create_states_of(connection, night_ref, "states_of_night")
        edition = read_edition(connection, seen, "1", night_ref)
    assert [(item.rule.id, item.suspicion) for item in edition.suspects] == [("SEG01", Suspicion())]
    open_ones = [item for item in edition.findings if item.state is not State.WAIVED]
    assert [(counts.found, counts.suspect) for counts in edition.counts.values()] == [
        (0, len(open_ones)),
        (0, 0),
        (0, 0),
    ]
    assert len(open_ones) == 15


def test_backfilled_flood_is_shown_and_changes_no_other_night(state: Path, tmp_path: Path) -> None:
    own = shutil.copytree(state, tmp_path / "state")
    config = state.parent / "own.toml"
    assert audit(state.parent / "flood", FLOOD, own, "--config", config).code == 1
    assert record(own, FLOOD)["suspects"] == ["SEG01"]
    assert audit_of(own, FLOOD).is_backfill
    assert [item.rule.id for item in audit_of(own, FLOOD).suspects] == ["SEG01"]
    assert [item.rule.id for item in audit_of(own, AGAIN).suspects] == ["SEG01"]
