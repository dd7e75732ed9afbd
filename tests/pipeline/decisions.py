"""The sample nights with decisions of people: a customer's findings are waived, and two findings have a triage."""

from __future__ import annotations

import csv
import io
import shutil
from typing import TYPE_CHECKING

from tests.pipeline.commandline import DAYS, audit, call, sample

if TYPE_CHECKING:
    from pathlib import Path

WAIVED_CUSTOMER = "Riverton Transit Authority"
WAIVERS = """
[[waiver]]
customer = "{customer}"
reason = "ticket 40"
approved_by = "A. Nowak"
created = 2026-11-01
expires = 2026-12-31
"""
TRIAGE = """finding_id,decision,owner,promised_on,note
{late},fix,M. Rossi,2026-11-19,wrong offer
{early},wait,,2026-12-01,
{closed},fix,M. Rossi,2026-11-19,
"""


def decide(audited: Path, folder: Path) -> Path:
    """Copy the state directory of the sample nights, decide, and audit the last night again."""
    state = shutil.copytree(audited, folder / "state", symlinks=True)
    listed = records(state)
    (customer,) = {row["customer_id"] for row in listed if row["company_name"] == WAIVED_CUSTOMER}
    (state / "waivers.toml").write_text(WAIVERS.format(customer=customer), encoding="utf-8")
    assert audit(sample(DAYS[-1]), DAYS[-1], state).code == 1
    named = {
        name: next(
            row["finding_id"] for row in listed if row["rule"] == rule and (row["state"] == "closed") is is_closed
        )
        for name, rule, is_closed in (("late", "SEG04", False), ("early", "SEG03", False), ("closed", "SEG02", True))
    }
    sheet = folder / "triage.csv"
    sheet.write_text(TRIAGE.format(**named), encoding="utf-8")
    assert call("triage", "import", sheet, "--state", state).code == 0
    return state


def records(state: Path, *words: str) -> list[dict[str, str]]:
    """Return what `csp-audit findings --format csv` lists."""
    ended = call("findings", "--state", state, "--format", "csv", *words)
    assert (ended.code, ended.err) == (0, "")
    return list(csv.DictReader(io.StringIO(ended.out)))
