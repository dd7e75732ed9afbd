"""One customer's data goes for good, and nobody else's: every file of the state directory is read to see that."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import duckdb
import pytest

from pipeline.mail.outbox import Outbox
from pipeline.mail.smtp import Message
from pipeline.retention.record import read_pending
from pipeline.state import State
from tests.pipeline.commandline import ROOT, audit, call
from tests.pipeline.exports import PLAIN, guid, night, records, write, write_folder
from tests.pipeline.retention.searching import everything, holding, plain

if TYPE_CHECKING:
    from tests.pipeline.commandline import Ended
    from tests.pipeline.exports import Night

FIRST, SECOND = "2026-11-20", "2026-11-21"
LIPOWA, OLD_NAME, DOMAIN = "Lipowa, Brzoza & Syn", "Brzoza i Wspólnicy", "lipowa.example"
# Somebody else's name and domain, each with the other's in it.
LONGER, LONGER_DOMAIN = f"Nowa {LIPOWA} Bis", f"nowa-{DOMAIN}"
WOLKA, ELAN, ZURICH = 'Hospicjum "Wólka"', "Scuola Media Élan, Udine", "Zürich Advisory"
TORN = guid(77)
SALES = ("s-01", "s-02")
# Where there is none, files are moved on the same disk.
ANOTHER_DISK = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108
OTHERS = (WOLKA, ELAN, LONGER, LONGER_DOMAIN, guid(2), guid(3), guid(6), "s-03", "s-04", "s-10")


def first_night() -> Night:
    tables = night()
    customers = {row["customer_id"]: row for row in tables["customers"]}
    customers[guid(1)].update(company_name=OLD_NAME)
    customers[guid(6)].update(company_name=LONGER, domain=LONGER_DOMAIN)
    return tables


def second_night() -> Night:
    tables = first_night()
    customers = {row["customer_id"]: row for row in tables["customers"]}
    customers[guid(1)].update(company_name=LIPOWA)
    tables["customers"] = [row for row in tables["customers"] if row["customer_id"] != guid(5)]
    tables["qualifications"] = [row for row in tables["qualifications"] if row["customer_id"] != guid(5)]
    tables["subscriptions"] = [row for row in tables["subscriptions"] if row["customer_id"] != guid(5)]
    # A name of somebody else's sale, in which the customer is named.
    tables["subscriptions"][2]["offer_name"] = f"Office 365 E1 (Charity) as for {LIPOWA}"
    return tables


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a state directory of two nights; leave it as it is."""
    root = tmp_path_factory.mktemp("forget")
    config = root / "csp-audit.toml"
    config.write_text("gate = { max_age_hours = 1000, max_shrink_share = 1 }\n", encoding="utf-8")
    state = root / "state"
    for day, tables in ((FIRST, first_night()), (SECOND, second_night())):
        folder = write_folder(root / day, tables)
        torn = f"{PLAIN.text(records(tables['customers']))}{TORN},Torn Company,torn.example,Reseller,PL,,too,many\n"
        write(folder / "customers.csv", torn)
        ended = audit(folder, day, state, "--config", config)
        assert (ended.code, ended.err) == (1, "")
    findings = json.loads((state / "runs" / SECOND / "findings.json").read_text(encoding="utf-8"))["findings"]
    ids = {item["customer_id"]: item["finding_id"] for item in findings}
    decided = "2026-11-21T09:00:00Z"
    lines = [f"{ids[guid(1)]},fix,A. Nowak,,,{decided}", f"{ids[guid(2)]},wait,B. Kos,,as before,{decided}"]
    header = "finding_id,decision,owner,promised_on,note,imported_at"
    (state / "triage.csv").write_text("\n".join([header, *lines, ""]), encoding="utf-8")
    for name in (LIPOWA, WOLKA):
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = "csp@partner.example", "lead@partner.example", f"About {name}"
        mail["Message-ID"] = f"<{len(name)}@partner.example>"
        mail.set_content(f"Zażółć {name}", cte="base64")
        Outbox(state / "outbox").put([Message(mail.as_bytes(), ("lead@partner.example",))])
    with (state / "csp-audit.log").open("a", encoding="utf-8") as log:
        log.write(f"2026-11-21 09:00:00 INFO asked for {LIPOWA}, and for {WOLKA}\n")
    return state


@pytest.fixture
def state(built: Path, tmp_path: Path) -> Path:
    """Return a copy of the two nights for one test."""
    return shutil.copytree(built, tmp_path / "state", symlinks=True)


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink() and path.name != "lock"
    }


SIGNS = (guid(1), LIPOWA, OLD_NAME, DOMAIN, *SALES)
DAMAGED = "damaged-20261120T000000Z.duckdb"


def named(texts: dict[Path, str], *signs: str, but: tuple[str, ...] = (LONGER, LONGER_DOMAIN)) -> set[str]:
    """Return which signs any of the files has."""
    return {sign for _, sign in holding(texts, *signs, but=but)}


def lines_of_what_goes(out: str) -> list[str]:
    return [line for line in out.splitlines()[:-2] if DAMAGED not in line]


@dataclass(frozen=True)
class Emptied:
    """A state directory, what it said before and after removals, and how each of them ended."""

    state: Path
    before: dict[Path, str]
    after: dict[Path, str]
    ended: dict[str, Ended]


@pytest.fixture(scope="module")
def forgotten(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Emptied:
    """Return a copy of the two nights that has forgotten one customer; leave it as it is."""
    state = shutil.copytree(built, tmp_path_factory.mktemp("forgotten") / "state", symlinks=True)
    before = everything(state)
    (state / "kept" / DAMAGED).write_bytes(b"\0" * 5000)
    (state / "kept" / "warehouse-20261101T000000.000000Z.duckdb.wal").write_text(f"left of {LIPOWA}", encoding="utf-8")
    ended = call("forget", guid(1), "--state", state)
    return Emptied(state, before, everything(state), {guid(1): ended})


def test_nothing_names_a_forgotten_customer_and_the_others_stay(forgotten: Emptied) -> None:
    ended, before, after = forgotten.ended[guid(1)], forgotten.before, forgotten.after
    assert (ended.code, ended.err) == (0, "")
    assert named(before, *SIGNS) == set(SIGNS)
    assert holding(after, *SIGNS, but=(LONGER, LONGER_DOMAIN)) == []
    warehouses = [path for path in before if path.suffix == ".duckdb"]
    assert len(warehouses) == 2
    for path in warehouses:
        assert [other for other in OTHERS if plain(other) in before[path] and plain(other) not in after[path]] == []
    assert "next run loads it again" in ended.out


@pytest.mark.parametrize("asked", [guid(1), guid(1).upper(), LIPOWA.upper(), DOMAIN, OLD_NAME])
def test_dry_run_says_what_goes_for_each_name_of_a_customer_and_changes_nothing(
    built: Path, forgotten: Emptied, asked: str
) -> None:
    before = contents(built)
    ended = call("forget", asked, "--dry-run", "--state", built)
    assert (ended.code, ended.err) == (0, "")
    assert contents(built) == before
    assert f"  runs/{SECOND}/report.html" in ended.out.splitlines()
    assert lines_of_what_goes(forgotten.ended[guid(1)].out)[2:] == [
        *lines_of_what_goes(ended.out)[2:3],
        "  kept/warehouse-20261101T000000.000000Z.duckdb.wal",
        *lines_of_what_goes(ended.out)[3:],
    ]
    assert "Nothing is removed yet." in ended.out


def test_findings_of_the_customer_are_gone_with_their_ids(built: Path, forgotten: Emptied) -> None:
    findings = json.loads((built / "runs" / SECOND / "findings.json").read_text(encoding="utf-8"))["findings"]
    ids = [item["finding_id"] for item in findings if item["customer_id"] == guid(1)]
    assert ids
    assert holding(forgotten.after, *ids) == []


KINDS = {
    "quotes": (guid(2), (guid(2), WOLKA, "wolka.example", "s-03", "s-09")),
    "line break": ("scuola media élan, udine", (guid(3), ELAN, "elan.example", "s-04", "s-10")),
    "history": (ZURICH, (guid(5), ZURICH, "zuerich.example", "s-06")),
    "quarantine": (TORN, (TORN, "Torn Company", "torn.example")),
    "sales only": (guid(99), (guid(99), "s-08")),
    "longer name": (LONGER, (guid(6), LONGER, LONGER_DOMAIN, "s-07")),
}
# Killed after so many changes of files of such a name: as it begins, as files go, between one warehouse and the other.
KILLED = {"quotes": ("", 2), "line break": ("", 9), "history": ("warehouse.duckdb.wal", 0)}


@pytest.fixture(scope="module")
def emptied(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Emptied:
    """Return a copy of the two nights that has forgotten one customer of each kind; some removals were killed once."""
    state = shutil.copytree(built, tmp_path_factory.mktemp("emptied") / "state", symlinks=True)
    before, ended = everything(state), {}
    for kind, (asked, _) in KINDS.items():
        if kind in KILLED:
            assert killed(state, asked, *KILLED[kind]) == -9
            begun = read_pending(State(state))
            assert (call("runs", "--state", state).code, begun is not None) == (0, kind != "quotes")
        ended[kind] = call("forget", asked, "--state", state)
    return Emptied(state, before, everything(state), ended)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_customer_goes(emptied: Emptied, kind: str) -> None:
    _, signs = KINDS[kind]
    assert named(emptied.before, *signs, but=()) == set(signs)
    assert (emptied.ended[kind].code, emptied.ended[kind].err) == (0, "")
    assert holding(emptied.after, *signs) == []
    assert named(emptied.after, guid(1), DOMAIN) == {guid(1), DOMAIN}


def test_customer_of_an_earlier_night_goes_by_its_id_too(built: Path) -> None:
    ended = call("forget", guid(5), "--dry-run", "--state", built)
    assert (ended.code, ended.err, ended.out.startswith("0 rows")) == (0, "", False)


def test_killed_removal_is_ended_by_the_next_one_and_leaves_nothing_half(emptied: Emptied) -> None:
    assert list(emptied.state.glob("work-*")) == []
    assert read_pending(State(emptied.state)) is None
    lines = (emptied.state / "forgotten.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1 + len(KINDS)


def test_rows_of_others_keep_all_but_the_name_of_the_forgotten_customer(forgotten: Emptied) -> None:
    state = forgotten.state
    with duckdb.connect(str(state / "warehouse.duckdb"), read_only=True) as connection:
        names = connection.execute(
            "select offer_name from core.subscriptions where subscription_id = 's-03'"
        ).fetchall()
        customers = connection.execute("select customer_id, company_name from core.customers order by 1").fetchall()
    assert names == [("Office 365 E1 (Charity) as for (forgotten)",)]
    assert [customer for customer, _ in customers] == [guid(n) for n in (2, 3, 4, 6)]
    assert dict(customers)[guid(6)] == LONGER


def test_the_state_works_on(built: Path, forgotten: Emptied, tmp_path: Path) -> None:
    state = shutil.copytree(forgotten.state, tmp_path / "state", symlinks=True)
    assert (state / "warehouse.duckdb").stat().st_mode == (built / "warehouse.duckdb").stat().st_mode
    for words in (("findings",), ("runs",), ("diff", FIRST, SECOND), ("customer", guid(2)), ("report", FIRST)):
        ended = call(*words, "--state", state, *(("--out", tmp_path / "r.html") if words[0] == "report" else ()))
        assert (ended.code, ended.err) == (0, ""), words
    assert plain(LIPOWA) not in plain((tmp_path / "r.html").read_text(encoding="utf-8")).replace(plain(LONGER), "")
    assert plain(WOLKA) in plain((tmp_path / "r.html").read_text(encoding="utf-8"))
    assert call("customer", guid(1), "--state", state).code == 2
    tables = second_night()
    gone = {name: [row for row in rows if row.get("customer_id") != guid(1)] for name, rows in tables.items()}
    config = tmp_path / "csp-audit.toml"
    config.write_text("gate = { max_age_hours = 1000, max_shrink_share = 1 }\n", encoding="utf-8")
    gone["subscriptions"][0]["offer_name"] = "Office 365 E1 (Charity)"
    ended = audit(write_folder(tmp_path / "third", gone), "2026-11-22", state, "--config", config)
    assert (ended.code, ended.err) == (1, "")
    assert holding(everything(state), *SIGNS, but=(LONGER, LONGER_DOMAIN)) == []


def test_night_that_lost_files_has_a_note_and_its_record(forgotten: Emptied) -> None:
    state = forgotten.state
    for day in (FIRST, SECOND):
        folder = state / "runs" / day
        assert f"csp-audit report {day} --out report.html" in (folder / "FORGOTTEN.txt").read_text(encoding="utf-8")
        assert json.loads((folder / "run.json").read_text(encoding="utf-8"))["as_of"] == day
        assert not (folder / "report.html").exists()


def test_mail_and_decisions_of_others_stay(forgotten: Emptied) -> None:
    state = forgotten.state
    (parcel,) = Outbox(state / "outbox").parcels()
    assert f"{len(WOLKA)}@partner.example" in parcel.message_id
    with (state / "triage.csv").open(encoding="utf-8", newline="") as file:
        assert [(row["decision"], row["owner"]) for row in csv.DictReader(file)] == [("wait", "B. Kos")]
    log = (state / "csp-audit.log").read_text(encoding="utf-8")
    assert f"asked for (forgotten), and for {WOLKA}" in log


def test_record_says_how_much_went_and_not_of_whom(forgotten: Emptied) -> None:
    with (forgotten.state / "forgotten.csv").open(encoding="utf-8", newline="") as file:
        (line,) = csv.DictReader(file)
    assert f"Reference: {line['reference']}." in forgotten.ended[guid(1)].out
    assert (line["warehouses"], line["mails"], line["decisions"]) == ("3", "1", "1")
    assert int(line["rows"]) > 0
    assert read_pending(State(forgotten.state)) is None


@pytest.mark.parametrize("asked", ["Lipowa", guid(4000), "nobody.example", ""])
def test_part_of_a_name_and_nobody_are_refused_and_nothing_changes(built: Path, asked: str) -> None:
    before = contents(built)
    ended = call("forget", asked, "--state", built)
    assert (ended.code, ended.out, ended.err.count("\n") >= 1) == (2, "", True)
    assert contents(built) == before


def moved(path: Path, to: Path) -> Path:
    """Move a file or folder, and leave a link in its place."""
    to.parent.mkdir(exist_ok=True)
    shutil.move(path, to)
    path.symlink_to(to)
    return to


def test_moved_and_linked_places_are_searched_and_what_is_not_ours_is_for_people_to_edit(
    state: Path, tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    with TemporaryDirectory(dir=ANOTHER_DISK) as other_disk:
        kept = moved(state / "kept", Path(other_disk) / "kept")
        runs, log = moved(state / "runs", disk / "nights"), moved(state / "csp-audit.log", disk / "audit.log")
        outbox = moved(state / "outbox", disk / "mail")
        moved(state / "warehouse.duckdb", disk / "wh.duckdb")
        shutil.copy(log, disk / "audit.log.1")
        (tmp_path / "elsewhere").mkdir()
        theirs = tmp_path / "elsewhere" / "notes.txt"
        theirs.write_text(f"asked\nby {LIPOWA}\n", encoding="utf-8")
        (runs / FIRST / "notes").symlink_to(theirs.parent)
        (theirs.parent / "back").symlink_to(state)
        (state / "gone").symlink_to(tmp_path / "not there")
        waivers = state / "waivers.toml"
        text = f'[[waiver]]\ncustomer = "{guid(1)}"\nreason = "see {LIPOWA}"\n'
        waivers.write_text(text, encoding="utf-8")
        before = contents(state), contents(disk), contents(kept)
        ended = call("forget", guid(1), "--state", state)
        by_hand = [
            f"  {state / 'runs' / FIRST / 'notes' / 'notes.txt'}: line 2",
            f"  {state / 'gone'}",
            f"  {waivers}: lines 2, 3",
        ]
        assert (ended.code, ended.out) == (2, "")
        assert ended.err.splitlines()[1:] == [f"csp-audit: {line}" for line in by_hand]
        assert (contents(state), contents(disk), contents(kept)) == before
        ended = call("forget", guid(1), "--yes", "--state", state)
        assert (ended.code, ended.err) == (0, "")
        assert set(by_hand) <= set(ended.out.splitlines())
        assert waivers.read_text(encoding="utf-8") == text
        assert theirs.read_text(encoding="utf-8") == f"asked\nby {LIPOWA}\n"
        assert all((state / name).is_symlink() for name in ("kept", "runs", "csp-audit.log", "outbox"))
        assert (runs / SECOND / "FORGOTTEN.txt").exists()
        assert len(Outbox(outbox).parcels()) == 1
        waivers.unlink()
        for folder in (state, disk, kept):
            assert holding(everything(folder), *SIGNS, but=(LONGER, LONGER_DOMAIN)) == []


def test_places_that_lead_nowhere_now_are_said_and_not_passed_over(state: Path) -> None:
    places = ("csp-audit.log", "outbox", "refused", "runs")
    for place in places:
        if (state / place).exists():
            (state / place).rename(state.parent / place)
        (state / place).symlink_to(state.parent / "a disk that is away" / place)
    ended = call("forget", guid(1), "--dry-run", "--state", state)
    assert ended.code == 0
    assert {f"  {state / place}" for place in places} <= set(ended.out.splitlines())


def test_copy_of_a_warehouse_that_somebody_has_made_is_named(state: Path) -> None:
    shutil.copy(state / "warehouse.duckdb", state / "mine.duckdb")
    ended = call("forget", guid(1), "--state", state)
    assert (ended.code, f"  {state / 'mine.duckdb'}\n" in ended.err) == (2, True)


def test_name_that_two_customers_have_is_not_taken_for_the_other(tmp_path: Path) -> None:
    tables = night()
    tables["customers"][1]["company_name"] = LIPOWA
    folder, state = write_folder(tmp_path / "exports", tables), tmp_path / "state"
    assert audit(folder, FIRST, state).code == 1
    ended = call("forget", guid(1), "--state", state)
    assert (ended.code, ended.err) == (0, "")
    assert f"others have it too: {LIPOWA}" in ended.out
    assert holding(everything(state), guid(1), DOMAIN, *SALES) == []
    assert call("customer", LIPOWA, "--state", state).code == 0


def test_name_that_means_more_spoils_no_report(tmp_path: Path) -> None:
    tables = night()
    tables["customers"][0]["company_name"] = "Education"
    tables["customers"][0]["domain"] = "findings"
    folder, state = write_folder(tmp_path / "exports", tables), tmp_path / "state"
    assert audit(folder, FIRST, state).code == 1
    assert call("forget", guid(1), "--state", state).code == 0
    assert holding(everything(state), guid(1), *SALES) == []
    with duckdb.connect(str(state / "warehouse.duckdb"), read_only=True) as connection:
        segments = connection.execute("select distinct segment from audit.findings order by 1").fetchall()
    assert ("Education",) in segments


def test_damaged_warehouse_is_removed_whole(forgotten: Emptied) -> None:
    assert f"removed whole: kept/{DAMAGED}" in forgotten.ended[guid(1)].out
    assert not [*forgotten.state.glob("kept/damaged-*")]


def test_log_of_a_warehouse_that_is_gone_goes(forgotten: Emptied) -> None:
    assert not [*forgotten.state.glob("kept/*.wal")]


def test_damaged_warehouse_that_is_a_link_stops_before_anything_goes(state: Path) -> None:
    (state / "kept" / DAMAGED).symlink_to(state / "warehouse.duckdb")
    before = contents(state)
    ended = call("forget", guid(1), "--state", state)
    assert (ended.code, f"{DAMAGED}: is a link" in ended.err, contents(state) == before) == (2, True, True)


def test_run_or_sender_at_work_is_waited_for_by_the_user(state: Path) -> None:
    with State(state).locked():
        assert call("forget", guid(1), "--state", state).code == 4


_KILLED = """
import os, sys
from pathlib import Path
name, calls = sys.argv.pop(1), int(sys.argv.pop(1))
def counting(function):
    def call(*words, **more):
        global calls
        calls -= name in words[0].name
        if calls < 0:
            os.kill(os.getpid(), 9)
        return function(*words, **more)
    return call
Path.unlink, Path.replace = counting(Path.unlink), counting(Path.replace)
from pipeline.cli import main
main()
"""


def killed(state: Path, asked: str, name: str, calls: int) -> int:
    """Begin a removal, and kill it after so many changes of files that have this in their names."""
    words = [sys.executable, "-c", _KILLED, name, str(calls), "forget", asked, "--state", str(state)]
    return subprocess.run(
        words, cwd=ROOT, capture_output=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)}
    ).returncode
