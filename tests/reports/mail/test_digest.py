"""The digest: one message that every mail program can show, and that says the same in both its parts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from reports.languages import words_of
from reports.mail.digest import MOST_HTML, MOST_MESSAGE, digest
from reports.mail.listed import MOST, listed
from reports.render import ENGLISH, findings_csv
from schemas.finding import Level, State
from tests.reports import examples
from tests.reports.example_changes import ALL, EVERY, night
from tests.reports.mail.letters import LETTER, Outline, flat, html_of, parsed, text_of, unstyled
from tests.reports.parts import AS_OF, finding
from tests.reports.rulebook import GCC06, SEG01, SEG03

AUDITS = {name: make() for name, make in EVERY.items()}
MAILS = {name: digest(audit, LETTER) for name, audit in AUDITS.items()}
EACH = pytest.mark.parametrize("name", EVERY)


@EACH
def test_the_same_audit_gives_the_same_bytes(name: str) -> None:
    assert digest(EVERY[name](), LETTER) == MAILS[name]


@EACH
def test_no_line_is_longer_than_relays_take_and_every_byte_is_ascii(name: str) -> None:
    lines = MAILS[name].split(b"\r\n")
    assert max(map(len, lines)) <= 100
    assert MAILS[name].isascii()
    assert b"\n" not in b"".join(lines)
    assert b"\r" not in b"".join(lines)


@EACH
def test_a_reader_is_offered_the_written_text_before_the_html(name: str) -> None:
    message = parsed(MAILS[name])
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert {part["Content-Transfer-Encoding"] for part in message.iter_parts()} == {"quoted-printable"}


@EACH
def test_nothing_in_it_runs_or_is_fetched(name: str) -> None:
    html = html_of(MAILS[name])
    outline = Outline(html)
    forbidden = {"script", "svg", "form", "input", "img", "link", "iframe", "object", "embed", "base", "audio", "video"}
    assert forbidden.isdisjoint(outline.tags)
    assert outline.tags.count("style") <= 1
    assert not [key for key, _ in outline.attributes if key.startswith("on") or key in {"src", "srcset", "background"}]
    assert all(href.startswith(LETTER.report_url) for href in outline.values("href"))
    assert not [text for text in (*outline.values("style"), html.split("</style>")[0]) if "url(" in text]
    assert not [value for _, value in outline.attributes if value and "data:" in value]


@EACH
def test_tables_that_only_place_things_say_so(name: str) -> None:
    html = html_of(MAILS[name])
    outline = Outline(html)
    lists = html.count('<table class="list"')
    assert outline.values("role").count("presentation") == outline.tags.count("table") - lists


@EACH
def test_without_any_style_it_reads_in_the_order_of_the_text_part(name: str) -> None:
    read = Outline(unstyled(html_of(MAILS[name]))).text
    lines = text_of(MAILS[name]).split("\n\n")
    claim = flat(lines[1]).split(". ")[0]
    chosen = listed(ENGLISH, AUDITS[name], LETTER)
    entries = [*chosen.first, *(entry for section in chosen.sections for entry in section.entries)]
    told = [claim, "Violations", "Deadlines", "Unread rows", "Do these first", *(e.message for e in entries), "Run "]
    place = read.index(claim)
    for text in told:
        place = read.index(flat(text), place)


@EACH
def test_every_finding_of_the_html_is_in_the_text_too(name: str) -> None:
    text, html = flat(text_of(MAILS[name])), Outline(html_of(MAILS[name])).text
    chosen = listed(ENGLISH, AUDITS[name], LETTER)
    for entry in (*chosen.first, *(entry for section in chosen.sections for entry in section.entries)):
        for said in (entry.customer, entry.message, entry.next_step, *entry.triage, *entry.state, entry.rule_id):
            assert flat(said) in text
            assert flat(said) in html


@pytest.mark.parametrize("name", ALL)
def test_waived_overdue_and_unread_are_said_in_both_parts(name: str) -> None:
    audit = AUDITS[name]
    for part in (flat(text_of(MAILS[name])), Outline(html_of(MAILS[name])).text):
        assert all(f"{counts.waived} waived" in part for counts in audit.counts.values() if counts.waived)
    eventful = flat(text_of(MAILS["eventful"]))
    assert "1 promise is overdue" in eventful
    assert "4 waivers to look at" in eventful
    assert "3 could not be read." in eventful


def test_rules_that_were_not_judged_are_named_beside_any_result() -> None:
    for part in (flat(text_of(MAILS["busy"])), Outline(html_of(MAILS["busy"])).text):
        assert "Not everything was checked. 24,809 of 24,822 rows were audited; 13 could not be read." in part
        assert "2 of 12 rules could not be judged: GCC07, PART01." in part


def test_a_clean_night_mails_that_nothing_needs_doing() -> None:
    text = text_of(MAILS["clean"])
    assert "No sale breaks the segment rules." in text
    assert "Nothing needs doing tonight." in text
    assert "and every rule was judged." in text


def test_at_most_twenty_findings_are_listed_and_the_others_are_counted() -> None:
    mail = digest(examples.many(300), LETTER)
    assert text_of(mail).count("[SEG01]") == MOST
    assert html_of(mail).count("[SEG01]") == MOST
    assert "280 more findings are in the report." in text_of(mail)


def test_many_violations_leave_places_to_the_nearest_deadlines() -> None:
    late = [finding(500 + day, GCC06, due_on=AS_OF + timedelta(days=day - 9)) for day in range(39)]
    audit = night([*(finding(place, SEG01) for place in range(90)), *reversed(late)])
    chosen = listed(ENGLISH, audit, LETTER)
    assert [section.title for section in chosen.sections] == ["More violations", "More deadlines"]
    assert [entry.due for entry in chosen.sections[1].entries] == ["20 Nov", "21 Nov", "22 Nov", "23 Nov", "24 Nov"]
    assert chosen.left_out == 109


@pytest.mark.parametrize(("lowest", "rules"), [
    (Level.VIOLATION, {"SEG01"}), (Level.DEADLINE, {"SEG01", "GCC06"}), (Level.VERIFY, {"SEG01", "GCC06", "SEG03"}),
])  # fmt: skip
def test_what_is_less_serious_than_the_letter_asks_for_is_counted_but_not_listed(
    lowest: Level, rules: set[str]
) -> None:
    audit = night([finding(0, SEG01), finding(1, GCC06, due_on=AS_OF), finding(2, SEG03)])
    text = text_of(digest(audit, replace(LETTER, lowest=lowest)))
    assert {rule for rule in ("SEG01", "GCC06", "SEG03") if f"[{rule}]" in text} == rules
    assert "1  Deadlines" in text
    assert ("in the report." in text) == (len(rules) < 3)


def test_a_mail_whose_level_has_nothing_says_so_instead_of_calling_the_night_clean() -> None:
    audit = night([finding(1, GCC06, due_on=AS_OF)])
    text = text_of(digest(audit, replace(LETTER, lowest=Level.VIOLATION)))
    assert "Nothing tonight is as serious as what this mail lists." in text
    assert "1 more finding is in the report." in text


def test_deadlines_that_have_passed_come_back_where_fewer_are_ahead() -> None:
    days = (-9, -8, -7, 2, 1)
    late = [finding(500 + day, GCC06, due_on=AS_OF + timedelta(days=day)) for day in days]
    audit = night([*(finding(place, SEG01) for place in range(90)), *late])
    said = [entry.due for entry in listed(ENGLISH, audit, LETTER).sections[1].entries]
    assert said == ["11 Nov", "12 Nov", "13 Nov", "21 Nov", "22 Nov"]


def test_closed_and_waived_findings_are_not_listed() -> None:
    audit = night([finding(0, SEG01, State.CLOSED), finding(1, SEG01, State.WAIVED)])
    assert listed(ENGLISH, audit, LETTER).first == ()
    assert listed(ENGLISH, audit, LETTER).left_out == 0


@pytest.mark.parametrize("character", ["\U0001f3eb", '"', "ż", "&", "M"])
def test_however_long_the_texts_are_the_mail_keeps_within_its_bounds(character: str) -> None:
    word = character * 12 + " "
    long = {
        "company_name": word * 90,
        "customer_type": word * 90,
        "segment": word * 90,
        "facts": {"allowed": word * 90},
    }
    audit = replace(night([finding(place, SEG01, **long) for place in range(40)]), partner=word * 90, edition=word * 90)
    mail = digest(audit, LETTER)
    shown = text_of(mail).count("[SEG01]")
    assert len(mail) <= MOST_MESSAGE
    assert len(html_of(mail).encode()) <= MOST_HTML
    assert 3 <= shown <= MOST
    assert f"{40 - shown} more findings are in the report." in text_of(mail)


def test_twenty_findings_of_usual_length_are_all_listed_within_the_bounds() -> None:
    mail = MAILS["busy"]
    assert text_of(mail).count("\n- ") == MOST
    assert len(mail) <= MOST_MESSAGE
    assert len(html_of(mail).encode()) <= MOST_HTML


def test_the_findings_go_along_only_where_the_letter_asks_for_them() -> None:
    audit = AUDITS["hostile"]
    message = parsed(digest(audit, replace(LETTER, attach_csv=True)))
    assert message.get_content_type() == "multipart/mixed"
    (attached,) = message.iter_attachments()
    assert attached.get_filename() == "findings.csv"
    assert attached.get_content_type() == "text/csv"
    assert attached.get_payload(decode=True) == findings_csv(audit).encode()
    assert not list(parsed(MAILS["hostile"]).iter_attachments())


def test_a_report_without_an_address_is_named_by_its_path_and_nothing_is_a_link() -> None:
    mail = digest(AUDITS["busy"], replace(LETTER, report_url=""))
    assert "The full report is runs/2026-11-20/report.html in the state directory" in flat(text_of(mail))
    assert Outline(html_of(mail)).values("href") == []
    shared = digest(AUDITS["busy"], replace(LETTER, report_url=r"\\files\audit\report.html"))
    assert r"The full report: \\files\audit\report.html" in text_of(shared)
    assert Outline(html_of(shared)).values("href") == []


def test_an_address_that_would_run_is_no_link() -> None:
    mail = digest(AUDITS["busy"], replace(LETTER, report_url='javascript:alert(1)"><script>'))
    assert Outline(html_of(mail)).values("href") == []
    assert "script" not in Outline(html_of(mail)).tags


def test_each_finding_and_count_leads_to_its_place_in_the_report() -> None:
    hrefs = Outline(html_of(MAILS["busy"])).values("href")
    first = listed(ENGLISH, AUDITS["busy"], LETTER).first[0]
    assert f"{LETTER.report_url}#finding-{first.finding_id}" in hrefs
    assert f"{LETTER.report_url}#findings?level=violation" in hrefs
    assert LETTER.report_url in hrefs


def test_a_reseller_is_told_that_only_its_customers_are_in_it() -> None:
    mail = digest(replace(AUDITS["busy"], edition="Lago IT <b>"), LETTER)
    assert "Only customers of Lago IT <b> are in it." in text_of(mail)
    assert "Only customers of Lago IT <b> are in it." in Outline(html_of(mail)).text


@pytest.mark.parametrize("language", ["en", "pl", "it"])
def test_it_says_what_language_it_is_in(language: str) -> None:
    mail = digest(AUDITS["eventful"], LETTER, words_of(language))
    assert parsed(mail)["Content-Language"] == language
    assert f'<html lang="{language}">' in html_of(mail)


def test_names_from_the_exports_stay_one_line_of_the_text() -> None:
    name = "Liceum\n\nDO THESE FIRST\n- Nobody - now\u2028\x1b[2J\u202e"
    text = text_of(digest(night([finding(0, SEG01, company_name=name)]), LETTER))
    assert text.count("\nDO THESE FIRST\n") == 1
    assert text.endswith("company.\n")
    assert "- Liceum DO THESE FIRST - Nobody - now [2J (Commercial, 75 seats) - now" in flat(text)
    assert text.isprintable() or set(filter(lambda sign: not sign.isprintable(), text)) <= {"\n", "\u00a0"}
