"""Checks of the files that people keep: waivers, decisions, and the addresses of resellers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.doctor.line import ok, refusal, warning
from pipeline.errors import UsageError
from pipeline.mail.resellers import configured_resellers
from pipeline.rulefile import read_rules
from pipeline.triage.triage import usable_triage
from pipeline.waivers.waivers import configured_waivers

if TYPE_CHECKING:
    from pipeline.doctor.line import Line
    from pipeline.doctor.subject import Subject


def waivers(subject: Subject) -> Line:
    """Check the waivers file as a run does, which it would stop."""
    rule_ids = {*subject.last_night.rule_ids, *(file.rule.id for file in read_rules())}
    try:
        found = configured_waivers(subject.config, rule_ids)
    except UsageError as error:
        return refusal(error, subject.command("waive", "lint"))
    over = sum(waiver.expires < subject.today for waiver in found)
    return ok(f"in the file: {len(found):,}, of them over: {over:,}" if found else "none")


def triage(subject: Subject) -> Line:
    """Check the decisions on findings; a night goes on without them."""
    decisions, fault = usable_triage(subject.places.triage)
    if fault:
        found, _, step = fault.rstrip(".").rpartition(". ")
        return warning(f"{found}: no decision is shown", step)
    return ok(f"findings with a decision: {len(decisions):,}" if decisions else "none")


def resellers(subject: Subject) -> Line:
    """Check the file of resellers as a run does, which it would stop."""
    mail = subject.config.mail
    try:
        found = configured_resellers(mail)
    except UsageError as error:
        return refusal(error, f"Correct {mail.resellers if mail else 'the file'}")
    return ok(f"addresses: {len(found):,}" if found else "none")
