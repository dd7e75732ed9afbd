"""The subject: the counts in a line, and never a clean one for a night that was not checked in full."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reports.languages import words_of
from reports.mail import refused
from reports.mail.digest import digest, subject
from schemas.finding import Counts, Level
from schemas.reading import Problem
from tests.reports import examples
from tests.reports.example_changes import EVERY
from tests.reports.mail.letters import LETTER, parsed
from tests.reports.mail.refusals import MANY, MISSING


@pytest.mark.parametrize(("name", "said"), [
    ("busy", "13 violations, 3 new; 29 deadlines"),
    ("clean", "No violation found"),
    ("incomplete", "No violation found, not everything checked"),
    ("empty", "NOT AUDITED"),
    ("backfilled", "No violation but 1 waived"),
    ("hostile_notes", "1 violation"),
    ("first_run", "3 violations; 4 deadlines"),
])  # fmt: skip
def test_it_says_the_counts_and_the_day(name: str, said: str) -> None:
    assert subject(EVERY[name]()) == f"[CSP audit] {said} - 2026-11-20"


@pytest.mark.parametrize(("violations", "deadlines", "said"), [
    (Counts(14, 3, 2), Counts(31, 2, 1), "14 violations, 3 new; 31 deadlines"),
    (Counts(1, 1, 0), Counts(1, 0, 0), "1 violation, 1 new; 1 deadline"),
    (Counts(1204, 0, 9), Counts(0, 0, 4), "1,204 violations"),
    (Counts(0, 0, 9), Counts(2, 0, 0), "No violation found; 2 deadlines"),
    (Counts(0, 0, 0, waived=3), Counts(0, 0, 0), "No violation but 3 waived"),
])  # fmt: skip
def test_new_ones_and_deadlines_are_said_where_there_are_any(violations: Counts, deadlines: Counts, said: str) -> None:
    audit = replace(examples.clean(), counts={Level.VIOLATION: violations, Level.DEADLINE: deadlines})
    assert subject(audit) == f"[CSP audit] {said} - 2026-11-20"


def test_waived_violations_of_an_incomplete_night_do_not_read_as_clean() -> None:
    audit = replace(examples.incomplete(), counts={Level.VIOLATION: Counts(0, 0, 0, waived=1)})
    assert subject(audit) == "[CSP audit] No violation found but 1 waived, not everything checked - 2026-11-20"


def test_grouped_numbers_of_a_language_do_not_make_the_subject_unreadable_to_plain_filters() -> None:
    audit = replace(examples.clean(), counts={Level.VIOLATION: Counts(12345, 0, 0)})
    assert b"Subject: [CSP audit] 12.345 violazioni - 2026-11-20\r\n" in digest(audit, LETTER, words_of("it"))
    assert "12 345 narusze" in str(parsed(digest(audit, LETTER, words_of("pl")))["Subject"])


def test_an_edition_names_its_reseller_at_the_end() -> None:
    audit = replace(examples.clean(), edition="Lago IT\r\nBcc: all@lipowa.example")
    assert subject(audit) == "[CSP audit] No violation found - 2026-11-20 - Lago IT Bcc: all@lipowa.example"


def test_a_refused_night_names_the_export() -> None:
    assert refused.subject(MISSING) == "[CSP audit] FAILED at load (subscriptions.csv), no report tonight - 2026-11-20"
    assert "(subscriptions-1.csv and 12 more)" in refused.subject(MANY)
    assert refused.subject(replace(MISSING, problems=())) == (
        "[CSP audit] FAILED at load, no report tonight - 2026-11-20"
    )
    twice = replace(MISSING, problems=(Problem("a\nb.csv", "x", "", "", ""), Problem("a\nb.csv", "y", "", "", "")))
    assert "FAILED at load (a b.csv), no report" in refused.subject(twice)
