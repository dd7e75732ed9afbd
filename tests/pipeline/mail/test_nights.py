"""A night is mailed once it is whole: to whom, what, in which language, and what waits goes with the next."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import duckdb
import pytest

from tests.pipeline.commandline import audit, call
from tests.pipeline.exports import AS_OF, contents
from tests.pipeline.mail.nights import (
    ANNA,
    BRUNO,
    CARLA,
    DAWID,
    NORTH,
    RECIPIENTS,
    SOUTH,
    read_mail,
    write_config,
    write_exports,
)
from tests.pipeline.mail.servers import free_port, keeping

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_exports(tmp_path_factory.mktemp("exports"))


@pytest.fixture(scope="module")
def mailed(exports: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a state directory with one night that nobody was mailed yet."""
    folder = tmp_path_factory.mktemp("mailed")
    config = write_config(folder, free_port())
    ended = audit(exports, AS_OF, folder / "state", "--config", config, "--no-mail")
    assert (ended.code, ended.out, ended.err) == (1, "", "")
    return folder / "state"


@pytest.fixture
def state(mailed: Path, tmp_path: Path) -> Path:
    return shutil.copytree(mailed, tmp_path / "state", symlinks=True)


def test_each_recipient_gets_the_digest_in_its_language_down_to_its_level(exports: Path, tmp_path: Path) -> None:
    with keeping() as keeper:
        config = write_config(tmp_path, keeper.port)
        ended = audit(exports, AS_OF, tmp_path / "state", "--config", config)
    assert (ended.code, ended.out, ended.err) == (1, "", "")
    assert keeper.recipients == [ANNA, BRUNO, CARLA]
    by_recipients = {recipients: read_mail(content) for _, recipients, content in keeper.kept}
    assert {recipients: mail["Content-Language"] for recipients, mail in by_recipients.items()} == {
        (ANNA, CARLA): "en",
        (BRUNO,): "it",
    }
    assert by_recipients[ANNA, CARLA]["To"] == f"{ANNA}, {CARLA}"
    assert by_recipients[BRUNO,]["List-Id"] == "<csp-audit.lipowa.example>"
    assert len({mail["Message-ID"] for mail in by_recipients.values()}) == 2


def test_mailed_bytes_are_those_in_the_folder_of_the_night(exports: Path, tmp_path: Path) -> None:
    with keeping() as keeper:
        config = write_config(tmp_path, keeper.port)
        audit(exports, AS_OF, tmp_path / "state", "--config", config)
    night = tmp_path / "state" / "runs" / AS_OF
    sent = {content for _, _, content in keeper.kept}
    assert sent == {(night / "mail" / name).read_bytes() for name in ("en-verify.eml", "it-violation.eml")}
    assert (night / "digest.eml").read_bytes() == (night / "mail" / "en-verify.eml").read_bytes()


def test_digest_is_written_without_any_configuration_of_mail(exports: Path, tmp_path: Path) -> None:
    assert audit(exports, AS_OF, tmp_path).err == ""
    mail = read_mail((tmp_path / "latest" / "digest.eml").read_bytes())
    assert mail["From"] == "CSP audit <audit@csp-audit.invalid>"
    assert mail["Subject"].endswith(f" - {AS_OF}")
    assert not (tmp_path / "outbox").exists()


@pytest.mark.parametrize("option", ["--no-mail", "--dry-run"])
def test_nobody_is_mailed_where_that_was_asked_for(exports: Path, tmp_path: Path, option: str) -> None:
    with keeping() as keeper:
        config = write_config(tmp_path, keeper.port)
        ended = audit(exports, AS_OF, tmp_path / "state", "--config", config, option)
    assert (ended.code, ended.err, keeper.kept) == (1, "", [])
    assert not (tmp_path / "state" / "outbox").exists()
    assert (tmp_path / "state" / "latest" / "mail" / "en-verify.eml").exists() == (option == "--no-mail")


def test_mail_that_fails_is_one_line_and_goes_with_the_next_run_once(exports: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    config = write_config(tmp_path, free_port())
    ended = audit(exports, AS_OF, state, "--config", config)
    assert (ended.code, ended.out) == (5, "")
    outbox = state / "outbox"
    assert ended.err.startswith(f"csp-audit: mail: 3 of 3 mails not handed over ({ANNA}: 127.0.0.1:")
    assert ended.err.endswith(
        f": connection refused). What waits is in {outbox}: csp-audit send --outbox sends it, or the next run does.\n"
    )
    assert ended.err.count("\n") == 1
    assert (state / "latest" / "report.html").exists()
    with keeping() as keeper:
        failure = f'[[mail.recipients]]\naddress = "{DAWID}"\nonly = "failure"\n'
        config = write_config(tmp_path, keeper.port, recipients=failure)
        for _ in range(2):
            assert audit(exports, AS_OF, state, "--config", config).err == ""
    assert keeper.recipients == [ANNA, BRUNO, CARLA]


def test_outbox_that_cannot_be_written_is_one_line_and_changes_no_result(exports: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    (state / "outbox").write_text("in the way")
    ended = audit(exports, AS_OF, state, "--config", write_config(tmp_path, free_port()))
    assert (ended.code, ended.err) == (
        5,
        (
            f"csp-audit: mail: {state / 'outbox'}: cannot be written: File exists. "
            f"Mend that, then run csp-audit send {AS_OF}.\n"
        ),
    )
    assert (state / "latest" / "report.html").exists()


def test_same_run_makes_the_same_mail(exports: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: object = None) -> Clock:
            del tz
            return cls(2026, 11, 20, 22, 0, 7, tzinfo=UTC)

    monkeypatch.setattr("pipeline.commands.run.datetime", Clock)
    with keeping() as keeper:
        config = write_config(tmp_path, keeper.port)
        for _ in range(2):
            audit(exports, AS_OF, tmp_path / "state", "--config", config)
    # The state directory had no night before the first run, and the second replaces it: nothing has changed.
    assert keeper.recipients == [ANNA, BRUNO, CARLA]


def test_night_that_was_not_audited_is_mailed_to_all_but_who_asked_for_findings(state: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with keeping() as keeper:
        config = write_config(tmp_path, keeper.port)
        ended = audit(tmp_path / "empty", "2026-12-13", state, "--config", config)
    assert ended.code == 3
    assert ended.err.startswith("csp-audit: customers")
    assert keeper.recipients == [ANNA, BRUNO, DAWID]
    kept = {recipients: read_mail(content) for _, recipients, content in keeper.kept}
    assert {recipients: mail["Content-Language"] for recipients, mail in kept.items()} == {
        (ANNA,): "en", (BRUNO,): "it", (DAWID,): "pl",
    }  # fmt: skip
    text = kept[ANNA,].get_content()
    assert "Deadlines that pass before the next run: 1" in text
    assert 'Hospicjum "Wólka"' in text
    assert str(state / "csp-audit.log") in "".join(text.split("\n"))
    written = state / "refused" / "2026-12-13" / "not_audited.eml"
    assert written.read_bytes() == next(content for _, (to, *_), content in keeper.kept if to == ANNA)


def test_night_that_was_not_audited_leaves_its_mail_without_any_configuration(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert audit(tmp_path / "empty", AS_OF, tmp_path / "state").code == 3
    mail = read_mail((tmp_path / "state" / "refused" / AS_OF / "not_audited.eml").read_bytes())
    assert mail["To"] == "audit@csp-audit.invalid"
    text = mail.get_content()  # type: ignore[attr-defined]
    assert "Deadlines that pass before the next run: not known, no night has been audited yet" in " ".join(text.split())


LINES = (
    f"reseller_id,address,language\n{NORTH},n@north.example,pl\n{SOUTH},s@south.example,\n{NORTH},o@north.example,en\n"
)


@pytest.fixture(scope="module")
def night(exports: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, bytes]]:
    folder = tmp_path_factory.mktemp("resellers")
    (folder / "resellers.csv").write_text(LINES + "R-gone,g@gone.example,it\n", encoding="utf-8")
    with keeping() as keeper:
        config = write_config(folder, keeper.port, f'resellers = "{folder / "resellers.csv"}"')
        # The id is written otherwise, or the reseller sells nothing any more: somebody must look.
        assert audit(exports, AS_OF, folder / "state", "--config", config).err == (
            "csp-audit: mail: no customer and no sale tonight, so no edition: r-gone. "
            f"Check reseller_id in {folder / 'resellers.csv'}.\n"
        )
    return folder / "state", {to: content for _, recipients, content in keeper.kept for to in recipients}


class TestResellers:
    """Each reseller is mailed its own edition."""

    def test_each_gets_its_own_and_those_without_customers_nothing(self, night: tuple[Path, dict[str, bytes]]) -> None:
        state, mails = night
        assert sorted(mails) == [ANNA, BRUNO, CARLA, "n@north.example", "o@north.example", "s@south.example"]
        assert read_mail(mails["n@north.example"])["Content-Language"] == "pl"
        assert "reseller r-gone has no customer" in (state / "csp-audit.log").read_text()

    def test_report_goes_with_the_mail_and_holds_own_customers_only(self, night: tuple[Path, dict[str, bytes]]) -> None:
        _, mails = night
        mail = read_mail(mails["s@south.example"])
        (page,) = (part for part in mail.walk() if part.get_filename())
        assert (page.get_filename(), page.get_content_type()) == (f"report-{AS_OF}.html", "text/html")
        html = page.get_content()
        texts = [part.get_content() for part in mail.walk() if not part.is_multipart()]
        assert "Scuola Media" in html
        assert "Nonprofit and State" in html
        assert not any(name in text for text in texts for name in ("Lipowa, Brzoza", "Hospicjum", "wolka.example"))

    def test_files_are_in_a_folder_of_the_reseller(self, night: tuple[Path, dict[str, bytes]]) -> None:
        state, mails = night
        folders = sorted((state / "latest" / "resellers").iterdir())
        assert [folder.name.partition(".")[0] for folder in folders] == [NORTH.lower(), "r-south-sons"]
        north = contents(folders[0])
        assert sorted(north) == [
            "digest.eml", "en/digest.eml", "en/findings.csv", "en/report.html", "findings.csv", "report.html",
        ]  # fmt: skip
        assert north["digest.eml"] == mails["n@north.example"]
        assert north["en/digest.eml"] == mails["o@north.example"]

    def test_report_that_is_too_long_for_a_mail_is_named_and_left_out(
        self, exports: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("pipeline.mail.night.LONGEST_PAGE", 1_000)
        (tmp_path / "resellers.csv").write_text(f"reseller_id,address\n{NORTH},o@north.example\n", encoding="utf-8")
        with keeping() as keeper:
            more = f'resellers = "{tmp_path / "resellers.csv"}"'
            audit(exports, AS_OF, tmp_path / "state", "--config", write_config(tmp_path, keeper.port, more, ""))
        ((_, _, content),) = keeper.kept
        mail = read_mail(content)
        assert not any(part.get_filename() for part in mail.walk())
        path = f"runs/{AS_OF}/resellers/{NORTH.lower()}/report.html"
        assert f"The full report: {path}" in " ".join(mail.get_body(("plain",)).get_content().split())  # type: ignore[union-attr]
        assert (tmp_path / "state" / path).exists()

    def test_link_in_place_of_the_attached_report(self, exports: Path, tmp_path: Path) -> None:
        (tmp_path / "resellers.csv").write_text(LINES, encoding="utf-8")
        more = f'resellers = "{tmp_path / "resellers.csv"}"\nreseller_report_url = "https://lipowa.example/{{reseller}}/{{as_of}}"'
        with keeping() as keeper:
            audit(exports, AS_OF, tmp_path / "state", "--config", write_config(tmp_path, keeper.port, more, ""))
        mail = next(read_mail(content) for _, (to,), content in keeper.kept if to == "o@north.example")
        assert not any(part.get_filename() for part in mail.walk())
        html = mail.get_body(("html",)).get_content()  # type: ignore[union-attr]
        assert f"https://lipowa.example/{NORTH.lower()}/{AS_OF}" in html

    def test_edition_is_sent_again_as_it_was(self, night: tuple[Path, dict[str, bytes]], tmp_path: Path) -> None:
        state, mails = night
        (tmp_path / "resellers.csv").write_text(LINES, encoding="utf-8")
        again = shutil.copytree(state, tmp_path / "state", symlinks=True)
        with keeping() as keeper:
            more = f'resellers = "{tmp_path / "resellers.csv"}"'
            config = write_config(tmp_path, keeper.port, more, "")
            assert call("send", "--config", config, "--state", again).code == 0
        sent = {to: content for _, recipients, content in keeper.kept for to in recipients}
        assert sent == {to: mails[to] for to in ("n@north.example", "o@north.example", "s@south.example")}


def test_masked_night_mails_no_name_and_is_sent_again_masked(exports: Path, tmp_path: Path) -> None:
    with keeping() as keeper:
        config = write_config(tmp_path, keeper.port, recipients=RECIPIENTS)
        audit(exports, AS_OF, tmp_path / "state", "--config", config, "--mask")
        assert call("send", "--config", config, "--state", tmp_path / "state").code == 0
    assert len(keeper.kept) == 4
    for _, _, content in keeper.kept:
        for part in read_mail(content).walk():
            text = "" if part.is_multipart() else part.get_content()
            assert not any(name in text for name in ("Hospicjum", "Lipowa, Brzoza", "Zürich Advisory"))


def test_report_of_a_masked_night_is_made_anew_where_no_mask_was_asked_for(exports: Path, tmp_path: Path) -> None:
    audit(exports, AS_OF, tmp_path, "--mask")
    written = (tmp_path / "latest" / "report.html").read_text(encoding="utf-8")
    assert "Hospicjum" not in written
    assert "Hospicjum" in call("report", "--state", tmp_path).out


@pytest.mark.parametrize("error", [duckdb.OutOfMemoryException, duckdb.IOException, duckdb.InternalException])
def test_refusal_is_told_where_the_deadlines_of_the_last_night_cannot_be_read(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("pipeline.mail.refused.read_audit", fail)
    (tmp_path / "empty").mkdir()
    with keeping() as keeper:
        ended = audit(tmp_path / "empty", "2026-12-13", state, "--config", write_config(tmp_path, keeper.port))
    assert (ended.code, keeper.recipients) == (3, [ANNA, BRUNO, DAWID])
    assert (state / "refused" / "2026-12-13" / "run.json").exists()
    log = (state / "csp-audit.log").read_text()
    assert f"the deadlines of the last good night cannot be read ({error.__name__})" in log
    said = " ".join((state / "refused" / "2026-12-13" / "not_audited.eml").read_text().split())
    assert "not known, the last good night cannot be read" in said
