"""The headers: complete, stable, and nothing from outside can add one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from email.header import decode_header, make_header

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reports.languages import words_of
from reports.mail.digest import digest, subject
from reports.mail.envelope import headers, message_id, one_line
from reports.mail.refused import not_audited
from reports.render import ENGLISH
from schemas.finding import Level
from tests.reports import examples
from tests.reports.mail.letters import LETTER, parsed
from tests.reports.mail.refusals import MISSING

AT = datetime(2026, 11, 20, 2, 0, 7, tzinfo=UTC)
NAMES = [
    "From", "To", "Subject", "Date", "Message-ID", "List-Id", "Auto-Submitted", "X-Auto-Response-Suppress",
    "Content-Language", "Content-Type", "MIME-Version",
]  # fmt: skip
ATTACKS = [
    "Lago\r\nBcc: all@lipowa.example", "Lago\nBcc: all@lipowa.example", "Lago\r\rBcc: a", "Lago\x00\x0b\x85\u2028IT",
    "\u202eoga\u202cL", "x" * 300, "ż" * 300, "Ż ó ł w " * 40, "=?utf-8?q?=0D=0ABcc:_all=40lipowa.example?=",
    "=?utf-8?b?DQpCY2M6IGE=?=", "\ud800 half", "", " \t ",
]  # fmt: skip


def test_every_header_that_a_night_mail_needs_is_there() -> None:
    message = parsed(digest(examples.busy(), LETTER))
    assert sorted(message.keys()) == sorted(NAMES)
    assert message["From"] == "CSP audit <audit@lipowa.example>"
    assert message["To"] == "Anna Nowak <anna.nowak@lipowa.example>, duty@lipowa.example"
    assert message["Date"] == "Fri, 20 Nov 2026 02:00:07 +0000"
    assert message["List-Id"] == "<csp-audit.lipowa.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Auto-Response-Suppress"] == "All"
    assert message["Content-Language"] == "en"
    assert message["MIME-Version"] == "1.0"


def test_the_id_is_that_of_the_run_the_language_the_edition_and_the_level() -> None:
    audit = examples.clean()
    letters = [
        (audit, LETTER, ENGLISH),
        (audit, LETTER, words_of("pl")),
        (audit, replace(LETTER, lowest=Level.VIOLATION), ENGLISH),
        (replace(audit, edition="Lago IT"), LETTER, ENGLISH),
        (replace(audit, run_id="2026-11-20T0900Z"), LETTER, ENGLISH),
    ]
    ids = [parsed(digest(*each))["Message-ID"] for each in letters]
    assert len(set(ids)) == len(ids)
    assert ids[0].startswith("<2026-11-20T0200Z.digest.")
    assert ids[0].endswith("@csp-audit.lipowa.example>")
    refused = parsed(not_audited(MISSING, (), LETTER))["Message-ID"]
    assert refused.startswith("<2026-11-20T0200Z.refused.")


def test_two_resellers_of_one_name_get_mails_of_their_own() -> None:
    one, other = (replace(examples.many(number), edition="Lago IT") for number in (1, 2))
    assert parsed(digest(one, LETTER))["Message-ID"] != parsed(digest(other, LETTER))["Message-ID"]


def test_what_a_mail_says_or_to_whom_it_goes_does_not_change_its_id() -> None:
    audit = examples.clean()
    one = parsed(digest(audit, LETTER))["Message-ID"]
    other = parsed(digest(replace(audit, partner="Other"), replace(LETTER, to=("x@y.example",))))["Message-ID"]
    assert one == other


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_name_can_add_a_header(attack: str) -> None:
    audit = replace(examples.clean(), partner=attack, edition=attack, run_id=attack)
    letter = replace(
        LETTER, sender=f"{attack} <audit@lipowa.example>", to=(f'"{attack}" <a@b.example>',), list_id=attack
    )
    message = parsed(digest(audit, letter))
    assert sorted(message.keys()) == sorted(NAMES)
    assert [address.addr_spec for address in message["From"].addresses] == ["audit@lipowa.example"]
    assert [address.addr_spec for address in message["To"].addresses] == ["a@b.example"]
    assert str(message["Subject"]).isprintable()


@given(text=st.text(max_size=300))
@example("=?utf-8?q?a=0D=0AB:_c?=")
@example("a =?us-ascii?q??= b")
@settings(max_examples=100, deadline=None)
def test_any_subject_comes_out_of_the_header_as_it_went_in(text: str) -> None:
    made = headers(LETTER, ENGLISH, text, AT, "<a@b.example>")["Subject"]
    assert made.isascii()
    assert all(len(line) <= 76 for line in f"Subject: {made}".split("\r\n"))
    assert all(line.startswith(" ") for line in made.split("\r\n")[1:])
    read = str(make_header(decode_header(made.replace("\r\n", ""))))
    assert " ".join(read.split()) == " ".join((one_line(text) if len(one_line(text)) <= 200 else read).split())


def test_a_long_subject_is_cut_and_said_to_be() -> None:
    audit = replace(examples.clean(), edition="ż" * 300)
    read = str(parsed(digest(audit, LETTER))["Subject"])
    assert read == subject(audit)
    assert read.endswith("ż…")


def test_names_of_people_keep_their_letters_commas_and_quotes() -> None:
    letter = replace(LETTER, to=('"Nowak, Anna" <a@b.example>', "Zieliński, Piotr <p@b.example>", "c@b.example"))
    read = parsed(digest(examples.clean(), letter))["To"].addresses
    assert [address.display_name for address in read] == ["Nowak, Anna", "Zieliński, Piotr", ""]
    assert [address.addr_spec for address in read] == ["a@b.example", "p@b.example", "c@b.example"]


def test_a_letter_to_nobody_in_particular_has_a_valid_header() -> None:
    assert parsed(digest(examples.clean(), replace(LETTER, to=())))["To"] == "undisclosed-recipients:;"


def test_a_start_without_a_time_zone_is_utc() -> None:
    audit = replace(examples.clean(), started_at=AT.replace(tzinfo=None))
    assert parsed(digest(audit, LETTER))["Date"] == "Fri, 20 Nov 2026 02:00:07 +0000"


def test_an_id_is_one_even_for_a_run_and_a_list_that_are_none() -> None:
    assert message_id("\r\n\x00", "digest", "<>\r\n").startswith("<run.digest.")
    assert message_id("\r\n\x00", "digest", "<>\r\n").endswith("@csp-audit.invalid>")
