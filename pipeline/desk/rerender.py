"""The report of any night, made again from the warehouse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.audit import read_audit
from pipeline.desk.written import as_written
from pipeline.privacy import masking_key
from pipeline.triage.triage import read_triage
from reports.languages import words_of
from reports.masking import masked
from reports.render import report_html

if TYPE_CHECKING:
    from pipeline.desk.desk import Desk
    from pipeline.nights import NightRef


def rerender(desk: Desk, night: NightRef, language: str | None = None, *, mask: bool = False) -> str:
    """Return the report of a night, with what is decided by now, in a language or else the configured one.

    It is the run's own file to the byte where nothing has changed since, link to the findings.csv beside it included.
    `mask` puts pseudonyms in place of customers. Raises UsageError where their key cannot be read or made.
    """
    language = language or desk.config.language
    written = None if mask else as_written(desk, night, "report.html", language)
    if written is not None:
        return written
    triage = read_triage(desk.state.triage)
    audit = read_audit(desk.connection, desk.rules.values(), night, triage)
    shown = masked(audit, masking_key(desk.state.root)) if mask else audit
    return report_html(shown, words_of(language))
