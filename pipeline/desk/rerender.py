"""The report of any night, made again from the warehouse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.audit import read_audit
from pipeline.desk.written import as_written
from pipeline.triage.triage import read_triage
from reports.render import report_html

if TYPE_CHECKING:
    from pipeline.desk.desk import Desk
    from pipeline.nights import NightRef


def rerender(desk: Desk, night: NightRef) -> str:
    """Return the report of a night, with what is decided about its findings by now."""
    written = as_written(desk, night, "report.html")
    if written is not None:
        return written
    triage = read_triage(desk.state.triage)
    return report_html(read_audit(desk.connection, desk.rules.values(), night, triage))
