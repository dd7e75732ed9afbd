"""What the field's canonical terms are called on the page, and what our own codes mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.wording import marked
from schemas.finding import Judgement, Level, State

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reports.wording import Words

NO_QUALIFICATION = "(none)"
PLUS = " + "

_SHORT = {
    NO_QUALIFICATION: marked("Commercial"),
    "Commercial": marked("Commercial"),
    "Nonprofit": marked("Nonprofit"),
    "Education": marked("Education"),
    "GovernmentCommunityCloud": marked("GCC"),
    "StateOwnedEntity": marked("State-owned entity"),
}


def term(words: Words, canonical: str) -> str:
    """Return the short English name of a segment or customer type; anything else comes back as it is."""
    if canonical in _SHORT:
        return words.gettext(_SHORT[canonical])
    parts = canonical.split(PLUS)
    if not all(part in _SHORT for part in parts):
        return canonical
    return PLUS.join(words.gettext(_SHORT[part]) for part in parts)


def level_name(words: Words, level: Level) -> str:
    """Return the name of one finding of a level."""
    names: Mapping[Level, str] = {
        Level.VIOLATION: words.gettext("Violation"),
        Level.DEADLINE: words.gettext("Deadline"),
        Level.VERIFY: words.gettext("To verify"),
    }
    return names[level]


def level_names(words: Words, level: Level) -> str:
    """Return the name of all findings of a level."""
    names: Mapping[Level, str] = {
        Level.VIOLATION: words.gettext("Violations"),
        Level.DEADLINE: words.gettext("Deadlines"),
        Level.VERIFY: words.gettext("To verify"),
    }
    return names[level]


def state_name(words: Words, state: State) -> str:
    """Return the word for a finding's state."""
    names: Mapping[State, str] = {
        State.NEW: words.gettext("new"),
        State.NEW_RULE: words.gettext("new rule"),
        State.REOPENED: words.gettext("reopened"),
        State.OPEN: words.gettext("open"),
        State.CLOSED: words.gettext("closed"),
        State.WAIVED: words.gettext("waived"),
    }
    return names[state]


def judgement_name(words: Words, judgement: Judgement) -> str:
    """Return the words for how far a rule got."""
    names: Mapping[Judgement, str] = {
        Judgement.JUDGED: words.gettext("judged"),
        Judgement.PARTLY: words.gettext("partly judged"),
        Judgement.INPUT_MISSING: words.gettext("not judged"),
        Judgement.ERROR: words.gettext("not judged: error"),
    }
    return names[judgement]


def exit_meaning(words: Words, code: int) -> str:
    """Return what an exit code of the program means."""
    meanings = {
        0: words.gettext("audited; nothing at or above the level that fails a run"),
        1: words.gettext("audited; findings at or above the level that fails a run"),
        2: words.gettext("wrong usage or configuration"),
        3: words.gettext("not audited; an input was refused"),
        4: words.gettext("another run holds the lock"),
        5: words.gettext("audited; the mail could not be handed over and waits in the outbox"),
        70: words.gettext("a fault of the program; a diagnostics file was left"),
    }
    return meanings.get(code, words.gettext("not known"))
