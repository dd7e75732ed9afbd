"""What nights come to, worked out with dicts and nothing else: the second opinion on the lifecycle."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from schemas.waiver import WaiverStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from schemas.waiver import Waiver

BOTH_RULES = {"P": 1, "Q": 1}


@dataclass(frozen=True)
class Night:
    """One audited night: the rules with their versions, those that were judged, and what they found.

    A finding is its rule's letter and a number; what it says is the day on which it is due. `unread` findings are on
    a subscription with a row that could not be read, `unclear` ones on a subject that their rule could not judge.
    """

    as_of: date
    found: Mapping[str, date | None]
    rules: Mapping[str, int] = field(default_factory=lambda: BOTH_RULES)
    judged: frozenset[str] = frozenset("PQ")
    unread: frozenset[str] = frozenset()
    unclear: frozenset[str] = frozenset()
    waivers: tuple[Waiver, ...] = ()


class Shown(NamedTuple):
    """A finding as one night shows it."""

    state: str
    first_seen: date
    opened_on: date
    reopened: int = 0
    cause: str = ""
    confirmed: bool = True
    waived_reason: str | None = None
    due_on: date | None = None


class Outcome(NamedTuple):
    """What one night came to: its findings; what each waiver did; findings that count and waived ones of each rule.

    The exit code is 1 where any finding counts.
    """

    shown: dict[str, Shown]
    waivers: list[tuple[str, WaiverStatus, int]]
    counts: dict[str, tuple[int, int]]
    exit_code: int


@dataclass(frozen=True)
class _Life:
    first_seen: date
    opened_on: date
    reopened: int = 0
    due_on: date | None = None
    is_open: bool = True


def customer_of(name: str) -> str:
    return f"customer {name[1:]}"


def subscription_of(name: str) -> str:
    return f"subscription {name}"


def replay(nights: Sequence[Night]) -> Outcome:
    """Follow every finding through the nights, from the first one ever to the last, and say what the last one shows."""
    lives: dict[str, _Life] = {}
    highest: dict[str, int] = {}
    known: set[str] = set()
    shown: dict[str, Shown] = {}
    for number, night in enumerate(nights):
        news = {
            rule
            for rule, version in night.rules.items()
            if number and (rule not in known or version > highest.get(rule, version))
        }
        shown = {}
        for name in sorted({*lives, *night.found}):
            lived = _live(name, lives.get(name), night, is_news=name[0] in news)
            if lived:
                lives[name], shown[name] = lived
        known |= set(night.rules)
        highest |= {rule: max(night.rules[rule], highest.get(rule, 0)) for rule in night.judged}
    counts = _counts(nights[-1], shown)
    return Outcome(shown, _uses(nights[-1], shown), counts, int(any(found for found, _ in counts.values())))


def _live(name: str, life: _Life | None, night: Night, *, is_news: bool) -> tuple[_Life, Shown] | None:
    """Live through one night; return the finding's life and how it is shown, or nothing where it is not."""
    was_open = life is not None and life.is_open
    if name in night.found:
        if life is None:
            life = _Life(night.as_of, night.as_of)
            state = "new rule" if is_news else "new"
        elif was_open:
            state = "open"
        else:
            life = replace(life, is_open=True, opened_on=night.as_of, reopened=life.reopened + 1)
            state = "new rule" if is_news else "reopened"
        life = replace(life, due_on=night.found[name])
        return life, _waived(name, _show(life, state), night)
    if life is None or not was_open:
        return None
    if _may_still_be_so(name, night):
        return life, _waived(name, _show(life, "open")._replace(confirmed=False), night)
    cause = "the rule is retired" if name[0] not in night.rules else "the rule has changed" if is_news else ""
    return replace(life, is_open=False), _show(life, "closed")._replace(cause=cause, confirmed=False)


def _may_still_be_so(name: str, night: Night) -> bool:
    """Tell whether nobody can know that a finding is over; of a rule that is gone nobody will ever know more."""
    if name[0] not in night.rules:
        return False
    return name[0] not in night.judged or name in night.unread or name in night.unclear


def _show(life: _Life, state: str) -> Shown:
    return Shown(state, life.first_seen, life.opened_on, life.reopened, due_on=life.due_on)


def _waived(name: str, shown: Shown, night: Night) -> Shown:
    """Show a finding as waived where a waiver holds: of several the one that lasts longest, then the narrowest."""
    holding = [waiver for waiver in night.waivers if waiver.holds_on(night.as_of) and _covers(waiver, name)]
    if not holding:
        return shown
    last = max(waiver.expires for waiver in holding)
    best = min((waiver for waiver in holding if waiver.expires == last), key=_breadth)
    return shown._replace(state="waived", waived_reason=best.reason)


def _covers(waiver: Waiver, name: str) -> bool:
    if waiver.finding:
        return waiver.finding == name
    subject = waiver.customer == customer_of(name) or waiver.subscription == subscription_of(name)
    return subject and waiver.rule in {None, name[0]}


def _breadth(waiver: Waiver) -> tuple[int, int]:
    kinds = (waiver.finding, waiver.subscription, waiver.customer)
    return [bool(kind) for kind in kinds].index(True), int(waiver.rule is None)


def _uses(night: Night, shown: Mapping[str, Shown]) -> list[tuple[str, WaiverStatus, int]]:
    current = [name for name, what in shown.items() if what.state != "closed"]
    uses = []
    for waiver in night.waivers:
        covered = sum(_covers(waiver, name) for name in current)
        if waiver.expires < night.as_of:
            status = WaiverStatus.EXPIRED
        elif waiver.created > night.as_of:
            status = WaiverStatus.NOT_YET
        else:
            status = WaiverStatus.IN_FORCE if covered else WaiverStatus.NO_MATCH
        uses.append((waiver.reason, status, covered))
    return uses


def _counts(night: Night, shown: Mapping[str, Shown]) -> dict[str, tuple[int, int]]:
    return {rule: _count(what for name, what in shown.items() if name[0] == rule) for rule in night.rules}


def _count(shown: Iterable[Shown]) -> tuple[int, int]:
    states = [what.state for what in shown]
    return sum(state not in {"closed", "waived"} for state in states), states.count("waived")
