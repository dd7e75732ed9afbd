"""Example refusals: an export that is missing, many that are broken, and hostile ones on the first night."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from reports.mail.refused import not_audited
from schemas.reading import Problem, Refusal
from tests.reports.examples import HOSTILE, LONG
from tests.reports.mail.letters import LETTER
from tests.reports.parts import AS_OF, LAST_NIGHT, finding
from tests.reports.rulebook import GCC06

MISSING = Refusal(
    run_id="2026-11-20T0200Z",
    as_of=AS_OF,
    started_at=datetime(2026, 11, 20, 2, 0, 7, tzinfo=UTC),
    exit_code=3,
    version="1.4.0",
    command="csp-audit run exports --as-of 2026-11-20 --state state --language en --config /etc/csp-audit/night.toml",
    last_good=LAST_NIGHT,
    problems=(Problem("subscriptions.csv", "", "no such file", "one file", "Ask for the export to be run again."),),
)
MANY = replace(
    MISSING,
    problems=tuple(
        Problem(f"subscriptions-{n}.csv", f"line {n}", "a NUL byte", "a CSV text file", "Ask for the export again.")
        for n in range(1, 14)
    ),
)
BROKEN_OUT = replace(
    MISSING,
    run_id=HOSTILE,
    version=HOSTILE,
    command=HOSTILE,
    last_good=None,
    problems=(Problem(HOSTILE, HOSTILE, LONG, HOSTILE, HOSTILE), Problem(LONG, "", HOSTILE, LONG, "")),
)
REFUSALS = {"missing": MISSING, "many": MANY, "hostile": BROKEN_OUT}
UPCOMING = (
    finding(40, GCC06, subscription_id=None, due_on=AS_OF, facts={"submitted_on": "2026-11-16"}),
    finding(41, GCC06, subscription_id=None, due_on=AS_OF, company_name=HOSTILE, facts={"submitted_on": HOSTILE}),
)


def refused_mail(name: str) -> bytes:
    """Return the mail of an example refusal."""
    return not_audited(REFUSALS[name], UPCOMING, LETTER, log="/var/log/csp-audit.log", host="audit01")
