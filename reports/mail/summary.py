"""From an Audit to what the digest says, in its order: every choice and every sentence, and no markup."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reports import sentences, since
from reports.exposure import exposure, exposure_texts
from reports.mail.ending import Ending, endings
from reports.mail.envelope import one_line
from reports.mail.lead import lead
from reports.mail.listed import MOST, Listed, listed
from reports.promises import unread_decisions
from reports.rulenews import rule_news
from reports.suspect import brief_suspects
from reports.text import clip
from reports.tiles import tiles
from reports.waived import no_longer_waived, waiver_notes
from schemas.finding import Verdict

if TYPE_CHECKING:
    from reports.mail.letter import Letter
    from reports.wording import Words
    from schemas.finding import Audit

_NAME = 80  # characters of a company's name


@dataclass(frozen=True)
class Count:
    """One of the four counts: its number as written, what it counts, and what to know beside it."""

    mark: str
    number: str
    name: str
    changes: tuple[str, ...]
    href: str


@dataclass(frozen=True)
class Summary:
    """All that both parts of the digest say; texts are one line each.

    `suspects` stands before everything else: nothing of it is listed. `warning` stands before the completeness where
    the verdict does not say it; `notes` are what else to know: what is waived, overdue, or changed with the rules.
    `report` says where the report is, where no link does.
    """

    partner: str
    edition: str
    day: str
    preheader: str
    suspects: tuple[str, ...]
    tone: str
    claim: str
    change: str
    lead: str
    is_complete: bool
    warning: str
    completeness: tuple[str, ...]
    counts: tuple[Count, ...]
    notes: tuple[str, ...]
    report: str
    listed: Listed
    nothing: str
    left_out: str
    endings: tuple[Ending, ...]
    foot: tuple[str, ...]


def summary(words: Words, audit: Audit, letter: Letter, most: int = MOST) -> Summary:
    """Choose and say what the digest says of an audit, with at most `most` findings."""
    tone = sentences.tone(audit)
    seen = sentences.completeness(words, audit)
    chosen = listed(words, audit, letter, most)
    nearest = lead(words, audit)
    recovery = since.recovery(words, audit)
    suspects = tuple(one_line(text) for text in brief_suspects(words, audit))
    unsaid = not seen.complete and tone is sentences.Tone.VIOLATION
    return Summary(
        partner=_name(audit.partner),
        edition=_name(audit.edition),
        day=words.long_day(audit.as_of),
        preheader=_preheader(suspects, chosen, nearest, recovery, seen),
        suspects=suspects,
        tone=tone.value,
        claim=sentences.claim(words, audit),
        change=since.change(words, audit),
        lead=nearest,
        is_complete=seen.complete and not recovery,
        warning=words.gettext("Not everything was checked.") if unsaid else "",
        completeness=tuple(one_line(text) for text in (recovery, *seen.sentences) if text),
        counts=_counts(words, audit, letter),
        notes=_notes(words, audit),
        report=_report(words, audit, letter),
        listed=chosen,
        nothing=_nothing(words, audit, chosen),
        left_out=_left_out(words, chosen),
        endings=endings(words, audit),
        foot=_foot(words, audit),
    )


def _name(text: str) -> str:
    return clip(one_line(text), _NAME)


def _preheader(
    suspects: tuple[str, ...], chosen: Listed, nearest: str, recovery: str, seen: sentences.Completeness
) -> str:
    """Return what a mailbox shows beside the subject: what presses most, and what was not checked."""
    first = [f"{entry.customer}: {entry.message}" for entry in chosen.first[:1]]
    unseen = [] if seen.complete else [one_line(text) for text in seen.sentences]
    return clip(" · ".join(filter(None, [*suspects[:1], *(first or [nearest]), recovery, *unseen])), 200)


def _counts(words: Words, audit: Audit, letter: Letter) -> tuple[Count, ...]:
    is_known = audit.verdict is not Verdict.NOT_AUDITED
    return tuple(
        Count(
            mark=tile.mark,
            number=words.number(tile.count) if is_known else "\u2013",
            name=tile.name,
            changes=tuple(filter(None, (*tile.changes, tile.suspect, tile.waived, tile.overdue))),
            href=f"{letter.report_url}{tile.href}" if letter.has_link else "",
        )
        for tile in tiles(words, audit)
    )


def _notes(words: Words, audit: Audit) -> tuple[str, ...]:
    waivers = len(waiver_notes(words, audit))
    exposed = exposure(audit.findings)
    texts = (
        since.backfill(words, audit),
        *rule_news(words, audit),
        *no_longer_waived(words, audit),
        *unread_decisions(words, audit),
        words.ngettext("%(n)s waiver to look at", "%(n)s waivers to look at", waivers) if waivers else "",
        *(exposure_texts(words, exposed) if exposed.amounts else ()),
    )
    return tuple(clip(one_line(text), 200) for text in texts if text)


def _report(words: Words, audit: Audit, letter: Letter) -> str:
    if letter.has_link:
        return ""
    path = one_line(letter.report_url) or f"runs/{audit.as_of.isoformat()}/report.html"
    if letter.report_url:
        return words.gettext("The full report: %(path)s", path=path)
    return words.gettext("The full report is %(path)s in the state directory of the audit.", path=path)


def _nothing(words: Words, audit: Audit, chosen: Listed) -> str:
    """Return what to say where no finding is listed."""
    if chosen.first:
        return ""
    if audit.verdict is Verdict.NOT_AUDITED:
        return words.gettext("Nothing is known tonight: no sale was audited.")
    if chosen.left_out:
        return words.gettext("Nothing tonight is as serious as what this mail lists.")
    if audit.suspects:
        return words.gettext("Find out first whether what is suspect is true; apart from it there is nothing to do.")
    if sentences.is_complete(audit):
        return words.gettext("Nothing needs doing tonight.")
    return words.gettext("Nothing was found to do in what was checked.")


def _left_out(words: Words, chosen: Listed) -> str:
    if not chosen.left_out:
        return ""
    return words.ngettext(
        "%(n)s more finding is in the report.", "%(n)s more findings are in the report.", chosen.left_out
    )


def _foot(words: Words, audit: Audit) -> tuple[str, ...]:
    run = clip(one_line(audit.run_id), 40)
    program = {"version": clip(one_line(audit.version), 40), "rules": clip(one_line(audit.rule_set), 40)}
    at = words.moment(audit.data_as_of, audit.as_of) if audit.data_as_of else ""
    return (
        words.gettext("Run %(run)s, data as of %(moment)s.", run=run, moment=at) if at
        else words.gettext("Run %(run)s.", run=run),
        words.gettext("csp-audit %(version)s, rule set %(rules)s.", **program),
        words.gettext("You get this mail because you are on the list of the audit."),
        words.gettext("It names customers: do not forward it outside the company."),
    )  # fmt: skip
