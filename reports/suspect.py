"""What to say of rules that report far more customers than usual: they, or the data behind them, are suspect."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reports.wording import Words
    from schemas.finding import Audit, RuleResult

# Rules that get a sentence of their own, or a place in a subject; the others are a number.
NAMED = 3


def suspects(words: Words, audit: Audit) -> tuple[str, ...]:
    """Return a paragraph on each suspect rule, with what to do; nothing where no rule is suspect."""
    return _each(words, audit, brief=False)


def brief_suspects(words: Words, audit: Audit) -> tuple[str, ...]:
    """Return a sentence on each suspect rule, for a mail."""
    return _each(words, audit, brief=True)


def suspect_subject(words: Words, audit: Audit) -> str:
    """Return the rules that are suspect, as few words as a subject has room for; or nothing."""
    ids = [result.rule.id for result in audit.suspects]
    if not ids:
        return ""
    named, more = ", ".join(ids[:NAMED]), len(ids) - NAMED
    if more > 0:
        return words.ngettext(
            "Suspect rules or data (%(ids)s and %(n)s more)", "Suspect rules or data (%(ids)s and %(n)s more)",
            more, ids=named,
        )  # fmt: skip
    return words.gettext("Suspect rule or data (%(ids)s)", ids=named)


def counted_apart(words: Words, number: int) -> str:
    """Return how many findings of suspect rules are counted apart, or nothing where none is."""
    return words.ngettext("%(n)s suspect, counted apart", "%(n)s suspect, counted apart", number) if number else ""


def _each(words: Words, audit: Audit, *, brief: bool) -> tuple[str, ...]:
    found = audit.suspects
    told = [_paragraph(words, audit, result, brief=brief) for result in found[:NAMED]]
    more = len(found) - NAMED
    if more > 0:
        told.append(
            words.ngettext(
                "%(n)s more rule is suspect, and counted apart.",
                "%(n)s more rules are suspect, and counted apart.",
                more,
            )
        )
    return tuple(told)


def _paragraph(words: Words, audit: Audit, result: RuleResult, *, brief: bool) -> str:
    apart = words.gettext("Counted apart.")
    if brief or audit.edition:
        return f"{_sentence(words, result)} {apart}"
    step = words.gettext(
        "Check the price list and the qualifications export first; if it is true, csp-audit findings --rule %(rule)s "
        "lists them.",
        rule=result.rule.id,
    )
    return f"{_sentence(words, result)} {apart} {step}"


def _sentence(words: Words, result: RuleResult) -> str:
    it, rule = result.suspicion, result.rule.id
    if it is None or it.hit is None or it.customers is None or it.usual is None:
        return words.gettext(
            "Suspect rule or data: %(rule)s reports far more customers tonight than it usually does.", rule=rule
        )
    numbers = {"rule": rule, "hit": words.number(it.hit), "customers": words.number(it.customers)}
    if it.usual < 1:
        return words.gettext(
            "Suspect rule or data: %(rule)s reports %(hit)s of %(customers)s customers tonight, and usually none.",
            **numbers,
        )
    return words.gettext(
        "Suspect rule or data: %(rule)s reports %(hit)s of %(customers)s customers tonight, %(times)s times its usual "
        "number.",
        **numbers, times=words.number(int(it.hit / it.usual)),
    )  # fmt: skip
