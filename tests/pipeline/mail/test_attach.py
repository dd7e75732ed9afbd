"""A page is added to a finished message, whatever that is made of."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP

import pytest

from pipeline.mail.attach import with_page
from tests.pipeline.mail.nights import read_mail

PAGE = "<!doctype html><title>Żółw</title>\r\n--=_x\r\n.\r\n".encode() * 2_000


def made(*, several: bool) -> bytes:
    mail = EmailMessage()
    mail["Subject"] = "Zażółć gęślą jaźń " * 8
    mail["Content-Language"] = "pl"
    mail["Message-ID"] = "<one@lipowa.example>"
    mail.set_content("Żółw\n")
    if several:
        mail.add_alternative("<p>Żółw</p>", subtype="html")
    return mail.as_bytes(policy=SMTP)


@pytest.mark.parametrize("several", [True, False])
def test_message_keeps_its_headers_and_its_body_and_has_the_page(*, several: bool) -> None:
    before, after = read_mail(made(several=several)), read_mail(with_page(made(several=several), "report.html", PAGE))
    for name in ("Subject", "Content-Language", "Message-ID"):
        assert after.get_all(name) == before.get_all(name)
    body, page = after.iter_parts()
    assert body.get_content_type() == before.get_content_type()
    assert after.get_body(("plain",)).get_content() == before.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert page.get_payload(decode=True) == PAGE
    assert (page.get_content_type(), page.get_filename()) == ("text/html", "report.html")


def test_same_message_and_page_give_the_same_bytes_in_short_lines() -> None:
    content = made(several=True)
    once = with_page(content, "report.html", PAGE)
    assert once == with_page(content, "report.html", PAGE)
    assert b"\n" not in once.replace(b"\r\n", b"")
