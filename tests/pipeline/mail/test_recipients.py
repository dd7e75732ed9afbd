"""Who is mailed after which night."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipeline.mail.night import night_mail
from pipeline.mail.places import safe_name
from pipeline.mail.resend import kept_digests
from pipeline.mail.settings import MailConfig, Only, Recipient
from schemas.finding import Audit, Level
from tests.pipeline.mail.nights import read_mail
from tests.reports import examples

if TYPE_CHECKING:
    from pathlib import Path


def mail_to(*recipients: Recipient) -> MailConfig:
    return MailConfig(host="localhost", sender="CSP audit <audit@lipowa.example>", recipients=recipients)


def mailed(audit: Audit, *recipients: Recipient) -> list[str]:
    return sorted(to for message in night_mail(audit, mail_to(*recipients), "en").messages for to in message.recipients)


@pytest.mark.parametrize(
    ("only", "clean", "busy"), [("always", True, True), ("findings", False, True), ("failure", False, False)]
)
def test_clean_night_is_mailed_to_those_who_asked_for_every_night(only: str, clean: bool, busy: bool) -> None:  # noqa: FBT001
    recipient = Recipient(address="a@lipowa.example", only=Only(only))
    assert mailed(examples.clean(), recipient) == ["a@lipowa.example"] * clean
    assert mailed(examples.busy(), recipient) == ["a@lipowa.example"] * busy


def test_night_is_sent_again_to_those_whom_it_was_mailed_to(tmp_path: Path) -> None:
    always = Recipient(address="a@lipowa.example")
    findings = Recipient(address="b@lipowa.example", only=Only.FINDINGS)
    failure = Recipient(address="c@lipowa.example", only=Only.FAILURE)
    for make in (examples.clean, examples.busy):
        kept = kept_digests(tmp_path, mail_to(always, findings, failure), (), make)
        assert [each.recipient for each in kept] == mailed(make(), always, findings, failure)


def test_message_names_those_alone_who_are_mailed() -> None:
    always = Recipient(address="a@lipowa.example")
    findings = Recipient(address="b@lipowa.example", only=Only.FINDINGS)
    for audit, to in ((examples.clean(), "a@lipowa.example"), (examples.busy(), "a@lipowa.example, b@lipowa.example")):
        (message,) = night_mail(audit, mail_to(always, findings), "en").messages
        assert read_mail(message.content)["To"] == to


def test_sender_is_the_same_in_the_message_and_to_the_server() -> None:
    recipient = Recipient(address="a@lipowa.example")
    mail = MailConfig(host="localhost", sender='"b@x.example" <audit@lipowa.example>', recipients=(recipient,))
    (message,) = night_mail(examples.busy(), mail, "en").messages
    (sender,) = read_mail(message.content)["From"].addresses
    assert (sender.addr_spec, mail.address) == ("audit@lipowa.example", "audit@lipowa.example")


def test_findings_count_down_to_the_level_of_the_recipient() -> None:
    audit = examples.partners()
    found = [level for level in Level if audit.counts[level].found]
    for level in Level:
        recipient = Recipient(address="a@lipowa.example", level=level, only=Only.FINDINGS)
        assert bool(mailed(audit, recipient)) == any(each.rank <= level.rank for each in found)


def test_digest_is_in_the_language_of_the_night_and_down_to_the_last_level() -> None:
    recipient = Recipient(address="a@lipowa.example", language="it", level=Level.VIOLATION)
    files = night_mail(examples.busy(), mail_to(recipient), "pl").files
    digest = read_mail(files["digest.eml"])
    assert (digest["Content-Language"], digest["To"]) == ("pl", "audit@lipowa.example")
    assert read_mail(files["mail/it-violation.eml"])["Content-Language"] == "it"


def test_link_to_the_report_has_the_night() -> None:
    mail = mail_to(Recipient(address="a@lipowa.example")).model_copy(
        update={"report_url": "https://lipowa.example/{as_of}.html"}
    )
    audit = examples.busy()
    html = read_mail(night_mail(audit, mail, "en").files["digest.eml"]).get_body(("html",))
    assert html
    assert f"https://lipowa.example/{audit.as_of}.html" in html.get_content()


def test_folder_of_a_reseller_is_in_its_place_and_its_alone_whatever_the_id() -> None:
    ids = ["5200961", "r-1", "../../etc", "..", "", ".", "a/b", "a b", "a?b", "x" * 300, "x" * 301, "ł\n", "\0"]
    names = [safe_name(reseller) for reseller in ids]
    assert names[:2] == ids[:2]
    assert len({*names}) == len(ids)
    assert all(name.isascii() and "/" not in name and not name.startswith(".") and len(name) < 80 for name in names)
