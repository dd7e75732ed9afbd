"""`csp-audit evidence`: a pack that anyone can check without the program."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import shutil
import subprocess
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from tests.pipeline.commandline import DAYS, call, sample
from tests.pipeline.exports import guid, night, run, write, write_folder
from tests.pipeline.golden import check_golden

if TYPE_CHECKING:
    from pathlib import Path

# A customer of the sample nights with findings, a notice, and prices in a second list.
CUSTOMER = "Cooperativa Nuova Luce"


def pack(state: Path, customer: str, file: Path, *words: str | Path) -> tuple[dict[str, bytes], str]:
    """Pack a customer's evidence; return the members and what was said on stderr."""
    ended = call("evidence", customer, "--out", file, "--state", state, *words)
    assert (ended.code, ended.out) == (0, "")
    with zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}, ended.err


def rows(members: dict[str, bytes]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(members["rows.csv"].decode())))


def manifest(members: dict[str, bytes]) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(members["manifest.json"])
    return document


def text_of(content: bytes) -> str:
    return content.decode("utf-16" if content.startswith(b"\xff\xfe") else "utf-8-sig")


def hash_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture(scope="module")
def members(audited: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    packed, said = pack(audited, CUSTOMER, tmp_path_factory.mktemp("evidence") / "pack.zip")
    assert said == ""
    return packed


def test_every_raw_line_stands_in_its_export(members: dict[str, bytes]) -> None:
    listed = rows(members)
    assert {row["table"] for row in listed} >= {"customers", "subscriptions", "qualifications", "nonprofit_notices"}
    for row in listed:
        content = (sample(DAYS[2]) / row["file"]).read_bytes()
        offset, size = int(row["offset"]), int(row["bytes"])
        piece = content[offset : offset + size]
        assert hash_of(piece) == row["sha256"]
        assert row["read_from"] == "export"
        lines = text_of(content[:offset]).replace("\r\n", "\n").count("\n") + 1
        assert lines == int(row["line"])
        assert piece in members[row["raw_file"]]


@pytest.mark.parametrize(
    ("file", "table", "encoding", "column"),
    [
        ("raw/01_customers.csv", "customers", "utf-16", "CustomerId"),
        ("raw/02_subscriptions.csv", "subscriptions", "utf-8-sig", "SubscriptionId"),
    ],
)
def test_raw_files_are_exports_of_their_own_with_the_customers_rows_only(
    members: dict[str, bytes], file: str, table: str, encoding: str, column: str
) -> None:
    customer = manifest(members)["customer_id"]
    text = members[file].decode(encoding)
    header, *lines = text.splitlines()[1:]
    assert text.startswith("#TYPE")
    assert column in header
    assert len(lines) == sum(row["table"] == table for row in rows(members))
    assert all(customer in line.lower() for line in lines)


def test_rows_are_those_of_the_customer_its_offers_and_its_partner(audited: Path, members: dict[str, bytes]) -> None:
    loaded = json.loads(members["rows.json"])
    assert len(loaded) == len(rows(members))
    customer = manifest(members)["customer_id"]
    by_table: dict[str, list[dict[str, Any]]] = {}
    for row in loaded:
        by_table.setdefault(row["table"], []).append(row["columns"])
    offers = {row["offer_id"].rpartition(":")[0] for row in by_table["subscriptions"]}
    offers |= {str(row["scheduled_offer_id"]).rpartition(":")[0] for row in by_table["subscriptions"]}
    assert {row["offer_key"] for row in by_table["price_list"]} <= offers
    partners = {row["partner_tenant_id"] for row in by_table["subscriptions"]}
    assert {row["tenant_id"] for row in by_table["partners"]} >= partners
    rest = [row for name in by_table.keys() - {"price_list", "partners"} for row in by_table[name]]
    assert {row["customer_id"] for row in rest} == {customer}
    with (audited / "latest" / "findings.csv").open(encoding="utf-8", newline="") as file:
        sold = {row["subscription_id"] for row in csv.DictReader(file) if row["customer_id"] == customer} - {""}
    assert sold <= {row["subscription_id"] for row in by_table["subscriptions"]}


def test_manifest_and_sums_cover_every_member(members: dict[str, bytes], tmp_path: Path) -> None:
    listed = manifest(members)["members"]
    assert listed.keys() == members.keys() - {"manifest.json", "SHA256SUMS"}
    assert all(hash_of(members[name]) == value for name, value in listed.items())
    for name, content in members.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    sums = (tmp_path / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    assert {line.split("  ")[1] for line in sums} == members.keys() - {"SHA256SUMS"}
    subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=tmp_path, check=True, capture_output=True)


def test_the_readmes_way_to_check_a_raw_line_works(members: dict[str, bytes]) -> None:
    row = rows(members)[1]
    assert "tail -c +$((OFFSET + 1)) FILE | head -c BYTES | sha256sum" in members["README.txt"].decode()
    line = 'tail -c +$(($1 + 1)) "$2" | head -c "$3" | sha256sum'
    words = ["sh", "-c", line, "sh", row["offset"], str(sample(DAYS[2]) / row["file"]), row["bytes"]]
    assert subprocess.run(words, check=True, capture_output=True, text=True).stdout.split()[0] == row["sha256"]


def test_manifest_names_run_rules_and_inputs_as_recorded(audited: Path, members: dict[str, bytes]) -> None:
    record = json.loads((audited / "latest" / "run.json").read_text(encoding="utf-8"))
    document = manifest(members)
    assert document["run"]["run_id"] == record["run_id"]
    assert document["run"]["rule_set"] == record["rule_set"] == document["packed_by"]["rule_set"]
    inputs = {item["file"]: item for item in document["inputs"]}
    for item in record["inputs"]:
        if item["file"]:
            packed = inputs.pop(item["file"])
            assert (packed["sha256"], packed["bytes"], packed["rows"]) == (item["sha256"], item["bytes"], item["rows"])
    assert not inputs
    unused = [item for item in document["inputs"] if not item["rows_of_customer"]]
    assert {item["read_again"] for item in unused} == {"not read again: no row of the customer is in it"}
    assert document["unread_tables"] == []
    assert [rule["rule_id"] for rule in document["rules"]] == sorted(
        {item["rule_id"] for item in json.loads(members["findings.json"])}
    )


def test_findings_have_their_history(members: dict[str, bytes]) -> None:
    (notice,) = [item for item in json.loads(members["findings.json"]) if item["rule_id"] == "NPO01"]
    assert notice["state"] == "open"
    assert notice["events"][0]["event"] == "new"
    assert [said["recorded_on"] for said in notice["said"]] == sorted({said["recorded_on"] for said in notice["said"]})
    assert notice["said"][-1]["facts"]["notice_date"] == "2026-08-26"
    assert notice["message"].startswith("Microsoft has given notice")


def test_a_finding_that_was_closed_before_last_night_keeps_its_history(audited: Path, tmp_path: Path) -> None:
    def listed(day: str) -> list[dict[str, str]]:
        text = (audited / "runs" / day / "findings.csv").read_text(encoding="utf-8")
        return list(csv.DictReader(io.StringIO(text)))

    known = {row["finding_id"] for row in listed(DAYS[2])}
    over = next(row for row in listed(DAYS[1]) if row["state"] == "closed" and row["finding_id"] not in known)
    packed, _ = pack(audited, over["customer_id"], tmp_path / "pack.zip")
    (item,) = [one for one in json.loads(packed["findings.json"]) if one["finding_id"] == over["finding_id"]]
    assert item["state"] == "closed"
    assert [(event["as_of"], event["event"]) for event in item["events"]] == [(DAYS[0], "new"), (DAYS[1], "closed")]
    assert [said["recorded_on"] for said in item["said"]] == [DAYS[0]]


def test_waivers_of_a_finding_are_packed(own: tuple[Path, Path], tmp_path: Path) -> None:
    folder, state = own
    lines = [f'customer = "{guid(1)}"', 'reason = "Known."', 'approved_by = "Ewa Lis"', "created = 2026-11-01"]
    write(state / "waivers.toml", "\n".join(["[[waiver]]", *lines, "expires = 2026-12-31", ""]))
    run(folder, state)
    packed, _ = pack(state, guid(1), tmp_path / "pack.zip")
    findings = json.loads(packed["findings.json"])
    assert {item["state"] for item in findings} == {"waived"}
    assert all(item["waived"][0]["approved_by"] == "Ewa Lis" for item in findings)


def test_a_rule_that_is_there_no_more_has_no_text(
    own: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.desk.evidence.findings.RULES_FOLDER", tmp_path)
    monkeypatch.setattr("pipeline.rulefile.read_rules", list)
    packed, _ = pack(own[1], guid(1), tmp_path / "pack.zip")
    assert not any(name.startswith("rules/") for name in packed)
    assert {item["message"] for item in json.loads(packed["findings.json"])} == {None}
    assert manifest(packed)["rules"]


def test_rules_are_told_with_their_sql(members: dict[str, bytes]) -> None:
    text = members["rules/NPO01.txt"].decode()
    assert text.startswith(
        "NPO01  Nonprofit eligibility ends\nLevel deadline. Version 1; the night was judged by version 1."
    )
    assert "\nfrom core.nonprofit_notice as n\n" in text


def test_members_are_what_they_were(members: dict[str, bytes]) -> None:
    check_golden("evidence_members.txt", "\n".join([*members, ""]))
    check_golden("evidence_rows_csv.txt", members["rows.csv"].decode())
    check_golden("evidence_readme.txt", members["README.txt"].decode())


def test_the_same_evidence_is_the_same_bytes(audited: Path, tmp_path: Path) -> None:
    files = [tmp_path / "first.zip", tmp_path / "second.zip"]
    write(files[1], "what was there before is replaced")
    for file in files:
        pack(audited, CUSTOMER, file)
    assert files[0].read_bytes() == files[1].read_bytes()
    assert sorted(tmp_path.iterdir()) == files


@pytest.fixture
def own(tmp_path: Path) -> tuple[Path, Path]:
    """Audit a folder of the test's own; return it and the state directory."""
    folder = write_folder(tmp_path / "exports")
    assert run(folder, tmp_path / "state").code == 1
    return folder, tmp_path / "state"


def lost(state: Path, file: Path, *words: str | Path) -> tuple[set[str], str]:
    """Pack; return the files whose rows are there as loaded only, and what was said."""
    packed, said = pack(state, guid(1), file, *words)
    without = {row["file"] for row in rows(packed) if row["read_from"] == "warehouse"}
    for row in rows(packed):
        if row["file"] in without:
            assert (row["sha256"], row["raw_file"]) == ("", "")
            assert guid(1) in row["text"] or row["table"] == "price_list"
    raw = {item["file"] for item in manifest(packed)["inputs"] if item["raw_file"]}
    assert not raw & without
    return without, said


def test_an_export_that_has_changed_or_is_gone_is_told_in_one_line(own: tuple[Path, Path], tmp_path: Path) -> None:
    folder, state = own
    (folder / "qualifications.csv").unlink()
    os.utime(folder / "subscriptions.csv", (1, 1))
    without, said = lost(state, tmp_path / "pack.zip")
    assert without == {"qualifications.csv", "subscriptions.csv"}
    assert said == (
        "csp-audit: without raw lines, but with the rows as they were loaded: qualifications.csv (gone), "
        "subscriptions.csv (changed since the run). Name a folder that holds the same exports with --exports.\n"
    )


def test_what_only_looks_the_same_is_found_out_by_its_lines_or_its_hash(
    own: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, state = own
    monkeypatch.setattr("pipeline.desk.evidence.exports._HASHED_ANYWAY", 0)
    header, *lines = (folder / "qualifications.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    write(folder / "qualifications.csv", "".join([header, *reversed(lines)]))
    name = (folder / "customers.csv").read_bytes().replace(b"Lipowa", b"Lipovv")
    write(folder / "customers.csv", name)
    assert lost(state, tmp_path / "pack.zip")[0] == {"qualifications.csv"}
    assert lost(state, tmp_path / "pack.zip", "--verify")[0] == {"qualifications.csv", "customers.csv"}
    monkeypatch.undo()
    assert lost(state, tmp_path / "pack.zip")[0] == {"qualifications.csv", "customers.csv"}


def test_verify_takes_what_has_the_same_hash_whatever_its_time(own: tuple[Path, Path], tmp_path: Path) -> None:
    folder, state = own
    for path in folder.iterdir():
        os.utime(path, (1, 1))
    assert lost(state, tmp_path / "pack.zip", "--verify") == (set(), "")
    packed, _ = pack(state, guid(1), tmp_path / "pack.zip", "--verify")
    used = [item for item in manifest(packed)["inputs"] if item["rows_of_customer"]]
    assert {item["read_again"] for item in used} == {"the recorded SHA-256"}


def test_exports_may_have_moved(own: tuple[Path, Path], tmp_path: Path) -> None:
    folder, state = own
    archive = shutil.move(folder, tmp_path / "archive")
    names = {"customers.csv", "subscriptions.csv", "qualifications.csv", "price_list.csv"}
    assert lost(state, tmp_path / "pack.zip")[0] == names
    assert lost(state, tmp_path / "pack.zip", "--exports", archive) == (set(), "")
    write(archive / "customers.csv", "another file altogether\n")
    assert lost(state, tmp_path / "pack.zip", "--exports", archive)[0] == {"customers.csv"}


def test_a_formula_in_an_export_is_no_formula_in_rows_csv(tmp_path: Path) -> None:
    tables = night()
    tables["customers"] = [{"company_name": "", **row} for row in tables["customers"]]
    tables["customers"][0] |= {"company_name": "=1+1"}
    folder = write_folder(tmp_path / "exports", tables)
    run(folder, tmp_path / "state")
    packed, _ = pack(tmp_path / "state", guid(1), tmp_path / "pack.zip")
    row = rows(packed)[0]
    assert row["text"].startswith("'=1+1,")
    assert b"\n=1+1," in packed[row["raw_file"]]


def test_unread_rows_of_the_customer_are_named(tmp_path: Path) -> None:
    tables = night()
    tables["qualifications"][0]["vetting_status"] = "Maybe"
    run(write_folder(tmp_path / "exports", tables), tmp_path / "state")
    packed, _ = pack(tmp_path / "state", guid(1), tmp_path / "pack.zip")
    assert manifest(packed)["unread_tables"] == ["qualifications"]


def test_a_customer_of_no_customers_export_has_its_evidence_too(own: tuple[Path, Path], tmp_path: Path) -> None:
    packed, said = pack(own[1], guid(99), tmp_path / "pack.zip")
    assert said == ""
    assert {row["table"] for row in rows(packed)} == {"subscriptions", "price_list"}
    assert [item["rule_id"] for item in json.loads(packed["findings.json"])] == ["REL01"]


def test_wrong_usage_is_said_in_one_line(audited: Path, tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere" / "pack.zip"
    ended = call("evidence", CUSTOMER, "--out", nowhere, "--state", audited)
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert "cannot be written: no such file or directory" in ended.err
    ended = call("evidence", CUSTOMER, "--out", tmp_path / "p.zip", "--state", audited, "--exports", tmp_path / "none")
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert "none: there is no such folder." in ended.err
    ended = call("evidence", "nobody at all", "--out", tmp_path / "p.zip", "--state", audited)
    assert (ended.code, list(tmp_path.iterdir())) == (2, [])
