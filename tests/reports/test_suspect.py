"""A suspect rule: said before everything else, its findings counted apart, listed last and marked."""

from __future__ import annotations

import csv
import re
from dataclasses import replace

import pytest

from reports import matrix, render, sentences, since, tabular
from reports.embedded import document
from reports.languages import words_of
from reports.mail.digest import MOST_HTML, digest, subject
from reports.mail.summary import summary
from reports.order import by_pressure, is_at_rest, is_counted
from reports.rows import nearest
from reports.suspect import brief_suspects, suspects
from reports.view import page
from reports.wording import Words
from schemas.finding import Level, MatrixCell, Purchase, Suspicion, Verdict
from tests.reports import examples, parts
from tests.reports.mail.letters import LETTER, html_of, text_of
from tests.reports.rulebook import SEG01, SEG02

AUDIT = examples.suspect()
WORDS = Words()
APART = [item for item in AUDIT.findings if item.suspect and not is_at_rest(item)]
SUSPICION = Suspicion(4213, 15000, 351)


def only_suspect(**changes: object) -> examples.Audit:
    """Return a complete night on which nothing but a flood of SEG01 was found."""
    flood = [item for item in AUDIT.findings if item.rule is SEG01 and not is_at_rest(item)]
    made = replace(
        examples.clean(),
        verdict=Verdict.FINDINGS,
        findings=tuple(flood),
        counts=parts.counts_of(flood),
        rules=tuple(
            replace(result, found=len(flood), suspicion=SUSPICION) if result.rule is SEG01 else result
            for result in examples.clean().rules
        ),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def test_sentence_says_how_many_and_what_to_do() -> None:
    (told,) = suspects(WORDS, only_suspect())
    assert told == (
        "Suspect rule or data: SEG01 reports 4,213 of 15,000 customers tonight, 12 times its usual number. Counted "
        "apart. Check the price list and the qualifications export first; if it is true, csp-audit findings --rule "
        "SEG01 lists them."
    )


def test_rule_that_usually_reports_nobody_is_said_to() -> None:
    assert any("1,841 of 9,204 customers tonight, and usually none." in text for text in suspects(WORDS, AUDIT))


def test_edition_says_it_without_numbers_or_a_command() -> None:
    audit = only_suspect(edition="Jasna")
    rules = tuple(replace(item, suspicion=Suspicion()) if item.suspicion else item for item in audit.rules)
    assert suspects(WORDS, replace(audit, rules=rules)) == (
        "Suspect rule or data: SEG01 reports far more customers tonight than it usually does. Counted apart.",
    )


def test_rules_beyond_three_are_a_number() -> None:
    audit = only_suspect()
    all_of_them = replace(audit, rules=tuple(replace(item, suspicion=SUSPICION) for item in audit.rules[:6]))
    assert len(suspects(WORDS, all_of_them)) == 4
    assert brief_suspects(WORDS, all_of_them)[-1] == "3 more rules are suspect, and counted apart."
    assert " and 3 more)" in subject(all_of_them)


@pytest.mark.parametrize("language", ["en", "pl", "it"])
def test_page_says_it_before_the_verdict_and_the_counts(language: str) -> None:
    html = render.report_html(AUDIT, words_of(language))
    main = html[html.index("<main") :]
    assert main.index('id="suspects"') < main.index("SEG01") < main.index("<h1>") < main.index('class="tiles"')
    assert html.count('href="#suspects"') == 2


def test_counts_leave_them_out_and_tiles_say_so() -> None:
    shown = {tile.mark: tile for tile in page(WORDS, AUDIT).tiles}
    for level in Level:
        counted = [item for item in AUDIT.findings if item.level is level and is_counted(item)]
        apart = [item for item in APART if item.level is level]
        assert shown[level.value].count == len(counted)
        assert shown[level.value].suspect == (f"{len(apart)} suspect, counted apart" if apart else "")
    assert sum(1 for item in APART if item.rule is SEG01) > 300


def test_nothing_of_theirs_comes_first_and_all_of_it_is_listed_last() -> None:
    shown = page(WORDS, AUDIT)
    assert not [row for row in shown.first if row.finding.suspect]
    marks = [row.finding.suspect for row in shown.rows]
    assert marks == sorted(marks)
    assert all("suspect, counted apart" in row.notes for row in shown.rows if row.finding.suspect)
    assert shown.current == sum(1 for item in AUDIT.findings if not is_at_rest(item))
    told = document(WORDS, AUDIT, set())
    assert told["n"] == len(AUDIT.findings)
    assert {rule["id"]: rule["suspect"] for rule in told["rules"]}["SEG01"] == "yes"  # type: ignore[index,union-attr,call-overload]


def test_costs_and_the_deadline_to_name_are_of_others() -> None:
    named = nearest(WORDS, AUDIT)
    assert named is not None
    assert not named.finding.suspect
    assert page(WORDS, only_suspect()).stakes is None
    assert page(WORDS, only_suspect()).nearest is None


def test_matrix_marks_what_a_suspect_rule_reports() -> None:
    cells = [
        MatrixCell("(none)", "Nonprofit", Purchase.FORBIDDEN, 309, 309, SEG01.id, suspect=True),
        MatrixCell("(none)", "Education", Purchase.FORBIDDEN, 9, 9, SEG01.id),
    ]
    (row,) = matrix.matrix_table(WORDS, cells, frozenset({SEG01.id})).rows
    assert [(cell.text, cell.note) for cell in row.cells[1:3]] == [
        ("309 violations", "suspect, counted apart"),
        ("9 violations", ""),
    ]
    noted = {cell.note for row in page(WORDS, AUDIT).matrix.rows for cell in row.cells}
    assert any("suspect" in note for note in noted)


def test_section_of_the_rule_says_it() -> None:
    assert page(WORDS, AUDIT).changes["SEG01"][0] == "suspect, counted apart"
    assert "suspect, counted apart" not in page(WORDS, AUDIT).changes[SEG02.id]


def test_night_without_another_violation_is_no_good_news() -> None:
    audit = only_suspect()
    assert sentences.tone(audit) is sentences.Tone.WARN
    assert sentences.claim(WORDS, audit) == "Apart from what is suspect, no violation is open."
    assert since.change(WORDS, audit) == ""
    incomplete = replace(audit, inputs=parts.inputs(3))
    assert sentences.claim(WORDS, incomplete).endswith("but not everything was checked.")
    html, said = render.report_html(audit), summary(WORDS, audit, LETTER)
    for good in ("No sale breaks", "No deadline is ahead", "Nothing needs doing", "None is new", "None last night"):
        assert good not in html
        assert good not in text_of(digest(audit, LETTER))
    assert said.nothing == "Find out first whether what is suspect is true; apart from it there is nothing to do."


@pytest.mark.parametrize("language", ["en", "pl", "it"])
def test_mail_names_the_rules_first_and_lists_nothing_of_theirs(language: str) -> None:
    words = words_of(language)
    mail = digest(AUDIT, LETTER, words)
    html = html_of(mail)
    assert re.search(r"\((GCC06, SEG01|SEG01, GCC06)\)", subject(AUDIT, words))
    for part in (text_of(mail), html):
        assert part.index(brief_suspects(words, AUDIT)[0][:50]) < part.index(sentences.claim(words, AUDIT)[:30])
    assert not [item for item in APART if item.finding_id in html]
    said = summary(words, AUDIT, LETTER)
    assert said.listed.left_out + 20 == sum(1 for item in AUDIT.findings if is_counted(item))
    assert len(html.encode()) <= MOST_HTML


def test_mail_of_a_flood_of_all_customers_keeps_its_size() -> None:
    flood = tuple(replace(APART[0], finding_id=f"F-{n:012x}") for n in range(20_000))
    mail = digest(replace(only_suspect(), findings=flood), LETTER)
    assert len(html_of(mail).encode()) < 15_000


def test_data_files_mark_every_finding_of_theirs() -> None:
    rows = csv.DictReader(tabular.findings_csv(WORDS, AUDIT).splitlines())
    assert [row["finding_id"] for row in rows if row["suspect"] == "yes"] == [
        item.finding_id for item in by_pressure(AUDIT.findings) if item.suspect
    ]
    assert tabular.run_json(WORDS, AUDIT).count('"hit": 3068') == 1
