"""The two lines that a night says on the terminal."""

from __future__ import annotations

from dataclasses import replace

from pipeline.commands.run import summary
from tests.reports import example_changes, examples


def test_a_plain_night_says_nothing_of_waivers_and_new_rules() -> None:
    assert summary(examples.clean()) == (
        "2026-11-20: audited, clean. 0 violations, 0 new; 0 deadlines, 0 new; 0 to verify, 0 new; 0 closed.\n"
        "0 unread rows; every rule judged."
    )


def test_what_is_waived_and_what_a_new_rule_found_is_counted() -> None:
    first, second = summary(example_changes.eventful()).splitlines()
    assert first.endswith(
        "6 violations, 2 new, 1 by a new rule; 2 deadlines, 0 new; 2 to verify, 0 new, 2 by a new rule; "
        "3 closed; 2 waived."
    )
    assert second == "3 unread rows; every rule judged."


def test_a_backfill_names_the_newer_night() -> None:
    assert summary(example_changes.backfilled()).endswith(
        "; 0 closed; 1 waived.\n0 unread rows; every rule judged; backfill: 2026-11-23 had been audited before."
    )


def test_rules_that_were_not_judged_stay_named_beside_it() -> None:
    backfill = replace(examples.busy(), newer_night=example_changes.backfilled().newer_night)
    assert summary(backfill).endswith(
        "13 unread rows; not judged: GCC07, PART01; backfill: 2026-11-23 had been audited before."
    )
