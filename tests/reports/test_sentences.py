"""The verdict never sounds better than the night was."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reports import sentences
from reports.sentences import Tone
from reports.wording import Words
from schemas.finding import Audit, Counts, Judgement, Level, Verdict
from tests.reports import examples, parts

WORDS = Words()


def all_partly() -> Audit:
    rules = examples.clean().rules
    gaps = {result.rule.id: {"not_stated": 1} for result in rules}
    return replace(examples.clean(), rules=parts.partly(rules, gaps))


def one_missing() -> Audit:
    made = examples.partners()
    return replace(made, rules=(replace(made.rules[0], judgement=Judgement.INPUT_MISSING), *made.rules[1:]))


@pytest.mark.parametrize(
    ("audit", "tone", "claim"),
    [
        (examples.busy(), Tone.VIOLATION, "13 sales break the segment rules."),
        (
            replace(examples.clean(), counts={Level.VIOLATION: Counts(1, 0, 0)}),
            Tone.VIOLATION,
            "1 sale breaks the segment rules.",
        ),
        (examples.clean(), Tone.OK, "No sale breaks the segment rules."),
        (examples.incomplete(), Tone.WARN, "No violation found, but not everything was checked."),
        (examples.empty(), Tone.WARN, "Not audited: the exports could not be trusted."),
    ],
)
def test_the_claim(audit: Audit, tone: Tone, claim: str) -> None:
    assert (sentences.tone(audit), sentences.claim(WORDS, audit)) == (tone, claim)


def test_violations_that_are_all_waived_are_said_to_be() -> None:
    two, one = Counts(0, 0, 0, waived=2), Counts(0, 0, 0, waived=1)
    for base, counts, claim in (
        (examples.clean(), two, "All 2 violations of the segment rules are waived."),
        (examples.clean(), one, "The one violation of the segment rules is waived."),
        (examples.incomplete(), two, "All 2 violations found are waived, but not everything was checked."),
    ):
        audit = replace(base, counts={Level.VIOLATION: counts})
        assert (sentences.tone(audit), sentences.claim(WORDS, audit)) == (Tone.WARN, claim)


def test_what_is_not_a_sale_is_not_called_one() -> None:
    busy = examples.busy()
    findings = tuple(replace(item, subscription_id=None) for item in busy.findings)
    assert sentences.claim(WORDS, replace(busy, findings=findings)) == "13 violations of the segment rules."


@pytest.mark.parametrize(
    ("audit", "complete", "text"),
    [
        (examples.clean(), True, ("All 24,822 rows were audited and every rule was judged.",)),
        (
            examples.busy(),
            False,
            (
                "24,809 of 24,822 rows were audited; 13 could not be read.",
                "2 of 12 rules could not be judged: GCC07, PART01.",
            ),
        ),
        (
            examples.hostile(),
            False,
            (
                "24,823 of 24,825 rows were audited; 2 could not be read.",
                "12 of 12 rules could not be judged, among them SEG01, SEG02, SEG03, SEG05.",
            ),
        ),
        (examples.empty(), False, ("No row was audited.", "No rule was run.")),
        (examples.partners(), False, ("2 of 12 rules could be judged only in part: GCC07, PART01.",)),
        (
            all_partly(),
            False,
            ("12 of 12 rules could be judged only in part, among them SEG01, SEG02, SEG03, SEG05.",),
        ),
        (
            one_missing(),
            False,
            (
                "1 of 12 rules could not be judged: SEG01.",
                "2 of 12 rules could be judged only in part: GCC07, PART01.",
            ),
        ),
    ],
)
def test_completeness(audit: Audit, complete: bool, text: tuple[str, ...]) -> None:  # noqa: FBT001
    assert sentences.completeness(WORDS, audit) == sentences.Completeness(complete, text)


def test_edition_of_an_older_night_says_nothing_of_rows_that_it_does_not_know() -> None:
    older = replace(examples.clean(), inputs=(), edition="Northwind Resale")
    assert sentences.completeness(WORDS, older) == sentences.Completeness(True, ("Every rule was judged.",))  # noqa: FBT003
    partly = replace(one_missing(), inputs=(), edition="Northwind Resale")
    assert "No row was audited." not in sentences.completeness(WORDS, partly).sentences


def test_edition_says_once_why_its_rules_were_judged_in_part() -> None:
    rules = tuple(
        replace(item, judgement=Judgement.PARTLY, reason=sentences.TORN, gaps={}) for item in examples.clean().rules
    )
    said = sentences.completeness(WORDS, replace(examples.clean(), edition="R", rules=rules)).sentences
    assert said[-1] == "Rows that could not be read may be about these customers."
    assert len([text for text in said if "could not be read" in text]) == 1
    known = replace(examples.clean(), edition="R", rules=all_partly().rules)
    assert sentences.TORN not in sentences.completeness(WORDS, known).sentences


@pytest.mark.parametrize("judgement", [Judgement.PARTLY, Judgement.INPUT_MISSING, Judgement.ERROR])
def test_one_rule_not_judged_is_enough_not_to_be_clean(judgement: Judgement) -> None:
    clean = examples.clean()
    audit = replace(clean, rules=(replace(clean.rules[0], judgement=judgement), *clean.rules[1:]))
    assert sentences.tone(audit) is Tone.WARN
    assert sentences.claim(WORDS, audit) == "No violation found, but not everything was checked."


def test_what_a_rule_could_not_judge_is_counted_by_reason() -> None:
    results = {result.rule.id: result for result in examples.partners().rules}
    assert sentences.gaps(WORDS, results["GCC07"]) == (
        "1 not judged: partners does not say whether the partner is invited",
        "1,200 not judged: the sale names no partner, and partners holds more than one",
    )
    assert sentences.gaps(WORDS, results["SEG01"]) == ()


def test_a_reason_that_the_rule_no_longer_explains_is_its_code() -> None:
    result = replace(examples.clean().rules[0], judgement=Judgement.PARTLY, gaps={"long_gone": 2})
    assert sentences.gaps(WORDS, result) == ("2 not judged: long_gone",)


def test_one_unread_row_is_enough_not_to_be_clean() -> None:
    clean = examples.clean()
    audit = replace(clean, inputs=(replace(clean.inputs[0], unread=1), *clean.inputs[1:]))
    assert sentences.tone(audit) is Tone.WARN


def test_a_refused_night_is_never_good_news() -> None:
    assert sentences.tone(replace(examples.clean(), verdict=Verdict.NOT_AUDITED)) is Tone.WARN


@pytest.mark.parametrize(
    ("audit", "texts"),
    [
        (examples.busy(), ("3 new", "2 closed", "2 rules not judged")),
        (examples.clean(), ("no change",)),
        (examples.first_run(), ("first audit",)),
        (examples.empty(), ("not audited",)),
        (examples.partners(), ("1 new", "1 closed", "2 rules partly judged")),
    ],
)
def test_what_stands_beside_a_count(audit: Audit, texts: tuple[str, ...]) -> None:
    assert sentences.level_changes(WORDS, audit, Level.VIOLATION) == texts


@pytest.mark.parametrize(("before", "text"), [(13, "no change"), (10, "3 more"), (20, "7 fewer")])
def test_the_change_of_the_unread_rows(before: int, text: str) -> None:
    assert sentences.unread_change(WORDS, replace(examples.busy(), unread_before=before)) == text
    assert sentences.unread_change(WORDS, examples.first_run()) == "first audit"
    assert sentences.unread_change(WORDS, examples.empty()) == "not audited"


def test_a_rule_has_no_changes_on_the_first_night() -> None:
    busy, first = examples.busy(), examples.first_run()
    assert sentences.rule_changes(WORDS, busy, busy.rules[0]) == ("2 new", "2 closed", "1 waived")
    assert sentences.rule_changes(WORDS, first, first.rules[0]) == ()
    waived = replace(first.rules[0], waived=2)
    assert sentences.rule_changes(WORDS, first, waived) == ("2 waived",)
