"""`--language`: the report and the data files in the language that was asked for."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from pipeline import messages
from reports import catalog
from reports.known import is_known
from reports.languages import LANGUAGES, words_of
from tests.pipeline.commandline import DAYS, SAMPLES, audit, call, sample
from tests.pipeline.exports import AS_OF, write_folder

if TYPE_CHECKING:
    from pathlib import Path

HEADLINE = "Do these first"
REFUSED = sorted(path.name for path in (SAMPLES / "broken").iterdir() if path.is_dir())


def language_of(page: str) -> str:
    (found,) = re.findall(r'<html lang="(\w+)">', page)
    return found


@pytest.fixture(scope="module")
def italian(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a state directory with one night, in Italian."""
    folder = tmp_path_factory.mktemp("italian")
    ended = audit(write_folder(folder / "exports"), AS_OF, folder / "state", "--language", "it")
    assert (ended.code, ended.err) == (1, "")
    return folder / "state"


def test_a_run_writes_its_files_in_the_language_that_is_asked_for(italian: Path) -> None:
    page = (italian / "latest" / "report.html").read_text(encoding="utf-8")
    assert language_of(page) == "it"
    assert HEADLINE not in page
    assert words_of("it").gettext(HEADLINE) in page
    table = (italian / "latest" / "findings.csv").read_text(encoding="utf-8")
    listed = json.loads((italian / "latest" / "findings.json").read_text(encoding="utf-8"))["findings"]
    first = words_of("it").gettext("{segment} offer sold to a customer that is {customer_type}").split("{")[0]
    assert first in table
    assert all(f'"{item["message"]}"' in table or item["message"] in table for item in listed)
    assert "offer sold to" not in table
    assert table.startswith("finding_id,rule,level,state,")


def test_a_run_records_its_language_and_how_to_run_it_again(italian: Path, audited: Path) -> None:
    record = json.loads((italian / "latest" / "run.json").read_text(encoding="utf-8"))
    assert record["language"] == "it"
    assert record["command"].endswith(" --language it")
    english = json.loads((audited / "latest" / "run.json").read_text(encoding="utf-8"))
    assert "language" not in english
    assert "--language" not in english["command"]


def test_a_page_that_was_written_in_another_language_is_not_handed_out(italian: Path) -> None:
    written = (italian / "latest" / "report.html").read_text(encoding="utf-8")
    assert call("report", "--language", "it", "--state", italian).out == written
    pages = {name: call("report", "--language", name, "--state", italian).out for name in LANGUAGES}
    assert [language_of(page) for page in pages.values()] == ["en", "pl", "it"]
    assert call("report", "--state", italian).out == pages["en"]
    assert [HEADLINE in page for page in pages.values()] == [True, False, False]
    assert "offer sold to" in call("findings", "--format", "csv", "--state", italian).out


@pytest.mark.parametrize(
    ("option", "language"), [((), "pl"), (("--language", "it"), "it"), (("--language", "en"), "en")]
)
def test_the_option_wins_over_the_configuration(
    audited: Path, tmp_path: Path, option: tuple[str, ...], language: str
) -> None:
    config = tmp_path / "csp-audit.toml"
    config.write_text('language = "pl"\n', encoding="utf-8")
    ended = call("report", *option, "--config", config, "--state", audited)
    assert (ended.code, language_of(ended.out)) == (0, language)


def test_a_run_follows_the_configuration(tmp_path: Path) -> None:
    config = tmp_path / "csp-audit.toml"
    config.write_text('language = "pl"\n', encoding="utf-8")
    assert audit(sample(DAYS[0]), DAYS[0], tmp_path / "state", "--config", config).code == 1
    page = (tmp_path / "state" / "latest" / "report.html").read_text(encoding="utf-8")
    assert language_of(page) == "pl"
    assert call("report", "--config", config, "--state", tmp_path / "state").out == page


@pytest.mark.parametrize("command", ["run", "report"])
def test_there_is_no_other_language(tmp_path: Path, command: str) -> None:
    ended = call(command, tmp_path, "--language", "de", "--state", tmp_path / "state")
    assert (ended.code, ended.out) == (2, "")
    assert "'de' is not one of 'en', 'pl', 'it'" in ended.err
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("name", REFUSED)
def test_why_a_night_was_refused_can_be_said_in_every_language(tmp_path: Path, name: str) -> None:
    audit(SAMPLES / "broken" / name, AS_OF, tmp_path)
    record = json.loads((tmp_path / "refused" / AS_OF / "run.json").read_text(encoding="utf-8"))
    parts = [each[key] for each in record["problems"] for key in ("where", "found", "expected", "next_step")]
    assert len(parts) >= 4
    assert [part for part in parts if part and not is_known(part)] == []


def test_notes_and_unread_rows_of_the_samples_can_be_said_in_every_language(audited: Path) -> None:
    told = []
    for day in DAYS:
        record = json.loads((audited / "runs" / day / "run.json").read_text(encoding="utf-8"))
        told += [note for item in record["inputs"] for note in item["notes"]]
        told += [rule["reason"] for rule in record["rules"] if rule["reason"]]
        rows = (audited / "runs" / day / "quarantine.csv").read_text(encoding="utf-8").splitlines()[1:]
        told += [row.rsplit(",", 1)[1].strip('"') for row in rows if not row.endswith('"')]
    assert len(told) > 3
    assert [text for text in told if not is_known(text)] == []


def test_make_messages_leaves_the_catalogs_as_they_are_when_nothing_is_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(catalog, "path_of", lambda language: tmp_path / language / "messages.po")
    messages.main()
    first = {language: catalog.path_of(language).read_bytes() for language in ("pl", "it")}
    messages.main()
    assert {language: catalog.path_of(language).read_bytes() for language in first} == first
    told = capsys.readouterr().out.splitlines()[2:]
    assert [re.sub(r"\d+", "n", line) for line in told] == [
        "pl: n texts, n not translated",
        "it: n texts, n not translated",
    ]
