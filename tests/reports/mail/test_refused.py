"""The mail of a night that was not audited: plain, and complete enough to act on from a phone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reports.languages import words_of
from reports.mail.refused import not_audited
from tests.reports.mail.letters import LETTER, flat, parsed, text_of
from tests.reports.mail.refusals import MANY, MISSING, REFUSALS, UPCOMING, refused_mail
from tests.reports.parts import AS_OF, finding
from tests.reports.rulebook import GCC06


@pytest.mark.parametrize("name", REFUSALS)
def test_it_is_one_written_text_without_defects(name: str) -> None:
    mail = refused_mail(name)
    assert parsed(mail).get_content_type() == "text/plain"
    assert mail == refused_mail(name)
    assert max(map(len, mail.split(b"\r\n"))) <= 100
    assert set(filter(lambda sign: not sign.isprintable(), text_of(mail))) <= {"\n", "\u00a0"}
    assert len(mail) < 40_000


def test_it_says_why_what_that_means_and_what_to_do() -> None:
    text = text_of(refused_mail("missing"))
    assert "Why      subscriptions.csv: found no such file; expected one file." in text
    assert "Effect   No report for 20 Nov; the last good one is of 19 Nov." in text
    assert "Do       1. Ask for the export to be run again.\n         2. Then run the audit again:" in text
    assert f"            {MISSING.command}\n" in text
    assert "Log      /var/log/csp-audit.log\n         exit code 3: not audited; an input was refused" in text
    assert "Run      2026-11-20T0200Z on audit01, csp-audit 1.4.0" in text


def test_the_deadlines_that_pass_meanwhile_are_named() -> None:
    text = flat(text_of(refused_mail("missing")))
    assert "Deadlines that pass before the next run: 2 - 20 Nov, Lakeside" not in text
    assert "Deadlines that pass before the next run: 2 - 20 Nov, Liceum im. Curie, Rogowo: GCC validation" in text
    assert "Ask Microsoft for a status" in text
    none = text_of(not_audited(MISSING, (), LETTER))
    assert "Deadlines that pass before the next run: 0" in none


def test_many_deadlines_and_problems_are_counted_where_they_are_not_listed() -> None:
    upcoming = [finding(place, GCC06, due_on=AS_OF) for place in range(55)]
    text = text_of(not_audited(MANY, upcoming, LETTER))
    assert "Deadlines that pass before the next run: 55" in text
    assert text.count("\n- 20 Nov, ") == 20
    assert "and 35 more" in text
    assert text.count("found a NUL byte") == 10
    assert "and 3 more" in text
    assert text.count("Ask for the export again.") == 1


def test_a_first_night_that_fails_has_no_earlier_report() -> None:
    text = text_of(not_audited(replace(MISSING, last_good=None), UPCOMING, LETTER))
    assert "No report for 20 Nov, and there is no earlier one." in text


def test_deadlines_of_a_first_night_that_fails_are_not_known() -> None:
    text = flat(text_of(not_audited(replace(MISSING, last_good=None), (), LETTER)))
    assert "Deadlines that pass before the next run: not known, no night has been audited yet" in text
    assert "next run: 0" not in text


def test_deadlines_of_a_night_that_cannot_be_read_are_not_known() -> None:
    text = flat(text_of(not_audited(MISSING, None, LETTER)))
    assert "Deadlines that pass before the next run: not known, the last good night cannot be read" in text
    assert "next run: 0" not in text


def test_place_and_log_are_left_out_where_nobody_says_them() -> None:
    text = text_of(not_audited(MISSING, (), LETTER))
    assert "Log      exit code 3: not audited; an input was refused" in text
    assert "Run      2026-11-20T0200Z, csp-audit 1.4.0" in text


@pytest.mark.parametrize("language", ["pl", "it"])
def test_the_labels_keep_one_column_in_every_language(language: str) -> None:
    mail = not_audited(MISSING, (), LETTER, words_of(language), host="audit01")
    lines = text_of(mail).splitlines()
    (place,) = {
        line.index(said) for line in lines for said in ("subscriptions.csv:", "2026-11-20T0200Z") if said in line
    }
    assert place > 4
    assert parsed(mail)["Content-Language"] == language
