"""The section [mail]: whatever is wrong is one line that names file and key, before the night begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipeline.config import load_config
from pipeline.mail.secret import read_password
from pipeline.mail.settings import MailConfig, Only, Recipient, Security
from schemas.finding import Level
from tests.pipeline.commandline import audit, call
from tests.pipeline.exports import AS_OF
from tests.pipeline.mail.servers import PASSWORD, USER, free_port, keeping

if TYPE_CHECKING:
    from pathlib import Path

    from tests.pipeline.mail.conftest import Certificates

LEAST = '[mail]\nhost = "mail.lipowa.example"\nsender = "audit@lipowa.example"\n'
ONE = '[[mail.recipients]]\naddress = "anna@lipowa.example"\n'
WRONG = {
    "no host": ('[mail]\nsender = "audit@lipowa.example"', "mail.host: field required"),
    "key that is not known": (f"{LEAST}password = 'x'", "mail.password: there is no such key"),
    "sender without an address": (
        LEAST.replace("audit@lipowa.example", "the auditor"),
        "mail.sender: it is not one plain mail address",
    ),
    "sender of two addresses": (
        LEAST.replace("audit@lipowa.example", "a@b.example, audit@lipowa.example"),
        "mail.sender: it is not one plain mail address",
    ),
    "sender of two named addresses": (
        LEAST.replace("audit@lipowa.example", "A <a@b.example>, B <audit@lipowa.example>"),
        "mail.sender: it is not one plain mail address",
    ),
    "nobody to mail to": (f"{LEAST}recipients = []", "mail: nobody is mailed; add [[mail.recipients]]"),
    "line break in the sender": (
        LEAST.replace('"audit@', '"A\\r\\nBcc: b@lipowa.example <audit@').replace('example"', 'example>"', 1),
        "mail.",
    ),
    "security that is not known": (f'{LEAST}security = "ssl"', "mail.security: input should be 'starttls', 'tls' or"),
    "plain text to another machine": (
        f'{LEAST}security = "none"',
        'mail: security = "none" would send customers\' names to mail.lipowa.example in the clear',
    ),
    "port that cannot be": (f"{LEAST}port = 70000", "mail.port: input should be less than or equal to 65535"),
    "link that is none": (f'{LEAST}report_url = "javascript:x"', "mail.report_url: it is no link"),
    "link with a brace": (f'{LEAST}report_url = "https://x.example/{{day}}"', "mail.report_url: it may hold {as_of}"),
    "link with half a brace": (f'{LEAST}report_url = "https://x.example/{{"', "mail.report_url: it may hold {as_of}"),
    "link with a format": (
        f'{LEAST}report_url = "https://x.example/{{as_of.__class__}}"',
        "mail.report_url: it may hold {as_of}",
    ),
    "link with a number's form": (
        f'{LEAST}reseller_report_url = "https://x.example/{{reseller:d}}"',
        "mail.reseller_report_url: it may hold {as_of} and {reseller}",
    ),
    "link with a conversion": (
        f'{LEAST}report_url = "https://x.example/{{as_of!x}}"',
        "mail.report_url: it may hold {as_of}",
    ),
    "link of a reseller in the link of all": (
        f'{LEAST}report_url = "https://x.example/{{reseller}}"',
        "mail.report_url: it may hold {as_of}",
    ),
    "link of resellers that is the same for all": (
        f'{LEAST}reseller_report_url = "https://x.example/{{as_of}}"',
        "mail.reseller_report_url: it must hold {reseller}",
    ),
    "too many attempts": (f"{LEAST}attempts = 6", "mail.attempts: input should be less than or equal to 5"),
    "address that is none": (
        LEAST + ONE.replace("anna@", "anna "),
        "mail.recipients.0.address: it is not a plain mail address",
    ),
    "address with a line break": (
        LEAST + ONE.replace("anna@", "anna\\n@"),
        "mail.recipients.0.address: it is not a plain mail address",
    ),
    "address twice": (
        LEAST + ONE + ONE.replace("anna", "Anna"),
        "mail.recipients: Anna@lipowa.example is there twice",
    ),
    "language that is not known": (
        f'{LEAST}{ONE}language = "de"',
        "mail.recipients.0.language: there is no language de; there are en, pl, it",
    ),
    "level that is not known": (f'{LEAST}{ONE}level = "all"', "mail.recipients.0.level: input should be"),
    "night that is not known": (f'{LEAST}{ONE}only = "never"', "mail.recipients.0.only: input should be"),
}


def written(folder: Path, text: str) -> Path:
    """Write a configuration; one that says nothing of that has a recipient."""
    path = folder / "csp-audit.toml"
    path.write_text(text if "recipients" in text or "resellers =" in text else f"{text}\n{ONE}", encoding="utf-8")
    return path


@pytest.mark.parametrize(("text", "line"), WRONG.values(), ids=WRONG.keys())
def test_wrong_setting_is_one_line_before_the_night_begins(tmp_path: Path, text: str, line: str) -> None:
    file = written(tmp_path, text)
    ended = call("run", tmp_path, "--config", file, "--state", tmp_path / "state")
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert ended.err.lower().startswith(f"csp-audit: {file}: {line}".lower())
    assert not (tmp_path / "state").exists()


def test_defaults_are_starttls_and_everything_always_in_english(tmp_path: Path) -> None:
    mail = load_config(written(tmp_path, LEAST + ONE)).mail
    assert mail
    assert (mail.security, mail.server_port, mail.list_name) == (Security.STARTTLS, 587, "csp-audit.lipowa.example")
    (recipient,) = mail.recipients
    assert (recipient.language, recipient.level, recipient.only) == ("en", Level.VERIFY, Only.ALWAYS)


@pytest.mark.parametrize(("security", "port"), [("tls", 465), ("none", 25)])
def test_port_follows_from_the_protection(tmp_path: Path, security: str, port: int) -> None:
    text = f'{LEAST}allow_plain = true\nsecurity = "{security}"'
    mail = load_config(written(tmp_path, text)).mail
    assert mail
    assert mail.server_port == port


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_server_on_this_machine_may_be_spoken_to_in_the_clear(tmp_path: Path, host: str) -> None:
    text = LEAST.replace("mail.lipowa.example", host) + 'security = "none"'
    assert load_config(written(tmp_path, text)).mail


class TestPassword:
    """It comes from the variable or from a file of the owner's alone, and is shown nowhere."""

    def test_file_that_others_may_read_is_refused_with_the_command_to_mend_it(self, tmp_path: Path) -> None:
        secret = tmp_path / "the password"
        secret.write_text(PASSWORD)
        secret.chmod(0o640)
        config = written(tmp_path, f'{LEAST}user = "auditor"\npassword_file = "{secret}"\n')
        ended = call("run", tmp_path, "--config", config, "--state", tmp_path / "state")
        assert (ended.code, ended.err) == (
            2,
            f"csp-audit: {secret}: others may read the password. Run chmod 600 '{secret}', then run again.\n",
        )

    @pytest.mark.parametrize(
        ("more", "content", "said"),
        [
            ("", None, "mail.user is set, but there is no password. Set CSP_AUDIT_SMTP_PASSWORD, or name a file"),
            ('password_file = "{file}"', None, "the password cannot be read: No such file or directory."),
            ('password_file = "{file}"', "\n", "there is no password in it."),
            ('password_file = "{file}"', "pässword", "the password of the mail server has signs outside ASCII."),
            ('password_file = "{file}"', "two\nlines", "the password of the mail server has signs outside ASCII."),
        ],
    )
    def test_password_that_cannot_be_used_is_said_without_it(
        self, tmp_path: Path, more: str, content: str | None, said: str
    ) -> None:
        file = tmp_path / "secret"
        if content is not None:
            file.touch(0o600)
            file.write_text(content, encoding="utf-8")
        config = written(tmp_path, f'{LEAST}user = "auditor"\n{more.format(file=file)}\n')
        ended = call("run", tmp_path, "--config", config, "--state", tmp_path / "state")
        assert (ended.code, ended.err.count("\n")) == (2, 1)
        assert said in ended.err
        assert content is None or content.strip() == "" or content not in ended.err

    def test_line_end_behind_the_variable_does_not_belong_to_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CSP_AUDIT_SMTP_PASSWORD", f"{PASSWORD}\r\n")
        mail = MailConfig(
            host="localhost",
            sender="audit@lipowa.example",
            user=USER,
            recipients=(Recipient(address="anna@lipowa.example"),),
        )
        assert read_password(mail).value == PASSWORD

    @pytest.mark.parametrize("is_right", [True, False])
    def test_password_is_in_no_file_and_no_line(
        self,
        tmp_path: Path,
        certificates: Certificates,
        monkeypatch: pytest.MonkeyPatch,
        is_right: bool,  # noqa: FBT001
    ) -> None:
        password = PASSWORD if is_right else "sbagliata-Batteria-8"
        monkeypatch.setenv("CSP_AUDIT_SMTP_PASSWORD", password)
        (tmp_path / "empty").mkdir()
        state = tmp_path / "state"
        with keeping(certificates.good, auth=True) as keeper:
            config = written(
                tmp_path,
                f'[mail]\nhost = "127.0.0.1"\nport = {keeper.port}\nsender = "audit@lipowa.example"\nuser = "{USER}"\n'
                f'ca_file = "{certificates.authority}"\n{ONE}',
            )
            ended = call("run", tmp_path / "empty", "--as-of", AS_OF, "--state", state, "--config", config, "-v")
        assert ended.code == 3
        assert keeper.recipients == (["anna@lipowa.example"] if is_right else [])
        assert ("the server did not accept user auditor and the password (reply 535)" in ended.err) is not is_right
        assert password not in ended.err + ended.out
        files = [path for path in state.rglob("*") if path.is_file()]
        assert len(files) > 3
        assert not [path for path in files if password.encode() in path.read_bytes()]

    def test_fault_in_the_middle_of_sending_leaves_diagnostics_without_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_: object, **__: object) -> None:
            raise RuntimeError(PASSWORD)

        monkeypatch.setenv("CSP_AUDIT_SMTP_PASSWORD", PASSWORD)
        monkeypatch.setattr("smtplib.SMTP.__init__", fail)
        (tmp_path / "empty").mkdir()
        more = f'user = "{USER}"\nsecurity = "none"\nport = {free_port()}\n'
        config = written(tmp_path, LEAST.replace("mail.lipowa.example", "127.0.0.1") + more + ONE)
        ended = audit(tmp_path / "empty", AS_OF, tmp_path / "state", "--config", config)
        # The night is over: what went wrong with its mail does not change how it came out.
        assert (ended.code, ended.err.count("\n")) == (3, 2)
        assert ended.err.startswith("csp-audit: mail: a fault of the program (RuntimeError); diagnostics are in ")
        (diagnostics,) = (tmp_path / "state").glob("csp-audit-fault-*.txt")
        assert PASSWORD not in ended.err + diagnostics.read_text()


RESELLERS = {
    "no file": (None, "the resellers file cannot be read: No such file or directory."),
    "nothing in it": ("", "line 1, column reseller_id: is missing."),
    "column that is not known": (
        "reseller_id,address,colour\n",
        "line 1, column colour: is not known; the columns are",
    ),
    "column twice": ("reseller_id,address,address\n", "line 1, column address: is there twice."),
    "no address column": ("reseller_id\nr-1\n", "line 1, column address: is missing."),
    "bad address": ("reseller_id,address\nr-1,x\n", "line 2, address: x is not a plain mail address."),
    "no address": ("reseller_id,address\nr-1\n", "line 2, address: nothing is not a plain mail address."),
    "no reseller": ("reseller_id,address\n,a@b.example\n", "line 2, reseller_id: is empty."),
    "unknown language": (
        "reseller_id,address,language\nr-1,a@b.example,de\n",
        "line 2, language: de is not one of en, pl, it.",
    ),
    "cell too many": ("reseller_id,address\nr-1,a@b.example,pl\n", "line 2, 3 cells: the header has 2."),
    "quote that is not closed": (
        'reseller_id,address\nr-1,a@b.example\nr-2,"c@d.example\nr-3,e@f.example\n',
        "line 3: a quotation mark is opened and not closed.",
    ),
    "twice": (
        "reseller_id;address\nr-1;a@b.example\n\nR-1;A@b.example\n",
        "line 4, address: a@b.example is there twice for r-1.",
    ),
}


@pytest.mark.parametrize(("text", "said"), RESELLERS.values(), ids=RESELLERS.keys())
def test_wrong_resellers_file_is_said_by_line_and_column_before_the_night_begins(
    tmp_path: Path, text: str | None, said: str
) -> None:
    file = tmp_path / "resellers.csv"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    config = written(tmp_path, f'{LEAST}resellers = "{file}"\n')
    (tmp_path / "empty").mkdir()
    ended = call("run", tmp_path / "empty", "--as-of", AS_OF, "--config", config, "--state", tmp_path / "state")
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert ended.err.startswith(f"csp-audit: {file}")
    assert said in ended.err
    assert not (tmp_path / "state" / "refused").exists()
