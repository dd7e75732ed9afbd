"""The mail of a night that was not audited: why, what that means, and what to do now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reports import terms
from reports.known import said
from reports.mail import envelope, message, plain
from reports.mail.envelope import one_line
from reports.messages import message as message_of
from reports.messages import next_step
from reports.render import ENGLISH
from reports.rows import customer
from reports.text import clip

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reports.mail.letter import Letter
    from reports.wording import Words
    from schemas.finding import Finding
    from schemas.reading import Problem, Refusal

_MOST = 10
_MOST_UPCOMING = 20


@dataclass(frozen=True)
class Part:
    """One label of the mail and what stands beside it, a paragraph each; `command` stays one line, to be copied."""

    label: str
    paragraphs: tuple[str, ...]
    command: str = ""


def subject(refusal: Refusal, words: Words = ENGLISH) -> str:
    """Return the subject: that there is no report, and which export was refused."""
    files = list(dict.fromkeys(_short(problem.file, 60) for problem in refusal.problems))
    day = refusal.as_of.isoformat()
    if not files:
        return words.gettext("[CSP audit] FAILED at load, no report tonight - %(day)s", day=day)
    if len(files) == 1:
        return words.gettext(
            "[CSP audit] FAILED at load (%(file)s), no report tonight - %(day)s", file=files[0], day=day
        )
    return words.ngettext(
        "[CSP audit] FAILED at load (%(file)s and %(n)s more), no report tonight - %(day)s",
        "[CSP audit] FAILED at load (%(file)s and %(n)s more), no report tonight - %(day)s",
        len(files) - 1, file=files[0], day=day,
    )  # fmt: skip


def not_audited(  # noqa: PLR0913 - where it ran and was logged is the caller's to say, or not
    refusal: Refusal,
    upcoming: Sequence[Finding] | None,
    letter: Letter,
    words: Words = ENGLISH,
    *,
    log: str = "",
    host: str = "",
) -> bytes:
    """Return the mail of a refused night as a whole message, one written text.

    `upcoming` are the deadlines of the last good night that pass before the next run, None where they are not known.
    `log` is the path of the log and `host` the machine; either may be left out. The same arguments give the same bytes.
    """
    identity = envelope.message_id(refusal.run_id, "refused", letter.list_id, words.language)
    headers = envelope.headers(letter, words, subject(refusal, words), refusal.started_at, identity)
    text = plain.render(
        words,
        "not_audited.txt",
        stopped=words.gettext(
            "The audit of %(moment)s stopped: its exports were refused. No rule ran.",
            moment=words.moment(refusal.started_at, refusal.as_of),
        ),
        before=(_why(words, refusal), _effect(words, refusal)),
        deadlines=_deadlines(words, refusal, upcoming),
        upcoming=tuple(_upcoming(words, refusal, item) for item in (upcoming or ())[:_MOST_UPCOMING]),
        others=_more(words, len(upcoming or ()) - _MOST_UPCOMING),
        after=(_do(words, refusal), _log(words, refusal, log), _run(words, refusal, host)),
    )
    return message.message(headers, message.plain(text))


def _short(text: str, length: int) -> str:
    return clip(one_line(text), length)


def _why(words: Words, refusal: Refusal) -> Part:
    told = [_problem(words, problem) for problem in refusal.problems[:_MOST]]
    return Part(words.gettext("Why"), (*told, *_more(words, len(refusal.problems) - _MOST)))


def _problem(words: Words, problem: Problem) -> str:
    where = said(words, problem.where) if problem.where else ""
    place = ", ".join(_short(text, 120) for text in (problem.file, where) if text)
    found, expected = (_short(said(words, text), 300) for text in (problem.found, problem.expected))
    return words.gettext(
        "%(place)s: found %(found)s; expected %(expected)s.", place=place, found=found, expected=expected
    )


def _more(words: Words, left: int) -> tuple[str, ...]:
    return (words.ngettext("and %(n)s more", "and %(n)s more", left),) if left > 0 else ()


def _effect(words: Words, refusal: Refusal) -> Part:
    day = words.near_day(refusal.as_of, refusal.as_of)
    if refusal.last_good is None:
        effect = words.gettext("No report for %(day)s, and there is no earlier one.", day=day)
    else:
        last = words.near_day(refusal.last_good, refusal.as_of)
        effect = words.gettext("No report for %(day)s; the last good one is of %(last)s.", day=day, last=last)
    return Part(words.gettext("Effect"), (effect,))


def _deadlines(words: Words, refusal: Refusal, upcoming: Sequence[Finding] | None) -> str:
    if upcoming is None:
        return words.gettext("Deadlines that pass before the next run: not known, the last good night cannot be read")
    if refusal.last_good is None and not upcoming:
        return words.gettext("Deadlines that pass before the next run: not known, no night has been audited yet")
    return words.gettext("Deadlines that pass before the next run: %(n)s", n=words.number(len(upcoming)))


def _upcoming(words: Words, refusal: Refusal, finding: Finding) -> tuple[str, str]:
    """Return who must do what by when, and the first step."""
    due = words.near_day(finding.due_on, refusal.as_of) if finding.due_on else words.gettext("no date")
    who, what = _short(customer(words, finding), 80), _short(message_of(words, finding), 240)
    return f"{due}, {who}: {what} [{finding.rule.id}]", _short(next_step(words, finding), 200)


def _do(words: Words, refusal: Refusal) -> Part:
    asked = dict.fromkeys(_short(said(words, problem.next_step), 300) for problem in refusal.problems[:_MOST])
    steps = [*filter(None, asked), words.gettext("Then run the audit again:")]
    numbered = tuple(f"{place}. {step}" for place, step in enumerate(steps, start=1))
    return Part(words.gettext("Do"), numbered, _short(refusal.command, 500))


def _log(words: Words, refusal: Refusal, log: str) -> Part:
    meaning = terms.exit_meaning(words, refusal.exit_code)
    ended = words.gettext("exit code %(code)s: %(meaning)s", code=refusal.exit_code, meaning=meaning)
    return Part(words.gettext("Log"), tuple(filter(None, (_short(log, 300), ended))))


def _run(words: Words, refusal: Refusal, host: str) -> Part:
    named = {"run": _short(refusal.run_id, 40), "version": _short(refusal.version, 40), "host": _short(host, 80)}
    text = (
        words.gettext("%(run)s on %(host)s, csp-audit %(version)s", **named) if host
        else words.gettext("%(run)s, csp-audit %(version)s", run=named["run"], version=named["version"])
    )  # fmt: skip
    return Part(words.gettext("Run"), (text,))
