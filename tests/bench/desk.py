"""How long an analyst waits: every command on one warehouse, while nothing else runs, and while a night is built.

The night is a dry run of the exports that the warehouse's newest night was made of; it uses the machine as any night
does, and leaves everything as it was.
"""

from __future__ import annotations

import os
import shlex
import signal
import statistics
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.cli import COMMANDS
from pipeline.warehouse import open_warehouse
from tests.bench.measure import spend
from tests.bench.results import Line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

WALL_BUDGET, ROUNDS = 1.5, 3
# What the on-call person calls, and nobody waits for by day.
NIGHTLY = {"run", "check", "doctor", "demo", "send", "prune", "forget", "init"}
# Words in braces are looked up in the warehouse; `{out}` is a new folder.
CALLS = {
    "findings": ("findings", "findings --level violation --new", "findings --customer {domain}",
                 "findings --text teams", "findings --format csv"),
    "explain": ("explain {finding}", "explain {rule}"),
    "customer": ("customer {customer}", "customer {domain}"),
    "can-buy": ("can-buy {customer} Education", "can-buy {customer} {offer}"),
    "expiring": ("expiring --within 90",),
    "renewals": ("renewals --within 30",),
    "calendar": ("calendar --out {out}/deadlines.ics",),
    "evidence": ("evidence {customer} --out {out}/evidence.zip",),
    "what-if": ("what-if --grant {customer}=Education", "what-if --segment {offer}=Commercial",
                "what-if --without-waivers", "what-if --policy-as-of 2026-05-01", "what-if --policy-as-of 2024-01-01"),
    "waive": ("waive list",),
    "triage": ("triage list",),
    "runs": ("runs",),
    "diff": ("diff previous latest",),
    "report": ("report --out {out}/report.html",),
    "sql": ("sql {query}",),
    "rules": ("rules", "rules show SEG01"),
}  # fmt: skip
QUERY = "select status, count(*) from core.subscriptions group by status"
# An answer of yes, no, or cannot tell.
GOOD_CODES = (0, 1, 3)


def measure_desk(state: Path, exports: Path | None, work: Path) -> tuple[str, list[Line]]:
    """Time every command on a state directory; return the section for the results, and its lines."""
    unmeasured = set(COMMANDS) - NIGHTLY - set(CALLS)
    if unmeasured:
        message = f"tests/bench/desk.py says nothing of {', '.join(sorted(unmeasured))}"
        raise RuntimeError(message)
    work.mkdir(parents=True, exist_ok=True)
    words = _words(state) | {"out": str(work)}
    calls = [call for calls in CALLS.values() for call in calls]
    idle = {call: _time(call, words, state) for call in calls}
    with _night(exports or _folder(state), state, words["night"], work):
        busy = {call: _time(call, words, state) for call in calls}
    lines = [
        Line(f"`{call}`, s {when}", seconds[call], WALL_BUDGET)
        for call in calls
        for when, seconds in (("alone", idle), ("while a run is building", busy))
    ]
    section = _section(state, calls, idle, busy)
    print(section, flush=True)
    return section, lines


def _words(state: Path) -> dict[str, str]:
    """Look up what the commands are asked about: the customer with the most findings, and what is hers."""
    with open_warehouse(state / "warehouse.duckdb") as connection:
        rows = connection.execute("""
            with most as (
                select customer_id from core.states where customer_id is not null and state <> 'closed'
                group by customer_id order by count(*) desc, customer_id limit 1
            )
            select f.finding_id, f.rule_id, f.customer_id, c.domain, s.offer_id, r.as_of::varchar
            from core.states as f
            join most as m on f.customer_id = m.customer_id
            join core.customers as c on f.customer_id = c.customer_id
            join core.subscriptions as s on f.subscription_id = s.subscription_id
            cross join core.run as r
            where c.domain is not null
            order by f.finding_id limit 1
        """).fetchall()
    names = ("finding", "rule", "customer", "domain", "offer", "night")
    return dict(zip(names, rows[0], strict=True)) | {"query": QUERY}


def _folder(state: Path) -> Path:
    """Return the folder of exports that the newest night was made of."""
    with open_warehouse(state / "warehouse.duckdb") as connection:
        ((folder,),) = connection.execute(
            "select folder from audit.runs where as_of = (select as_of from core.run)"
        ).fetchall()
    return Path(folder)


def _time(call: str, words: Mapping[str, str], state: Path) -> float:
    """Return the median of the seconds that a call takes."""
    arguments = [word.format_map(words) for word in call.split()]
    command = ("-m", "pipeline.cli", *arguments, *(() if call.startswith("rules") else ("--state", str(state))))
    seconds = statistics.median(spend(command, GOOD_CODES).wall for _ in range(ROUNDS))
    print(f"  {call}: {seconds:.2f} s", flush=True)
    return seconds


@contextmanager
def _night(exports: Path, state: Path, as_of: str, work: Path) -> Iterator[None]:
    """Let nights be built, one after another, for as long as something is measured."""
    config = work / "any.toml"
    config.write_text("gate = { max_age_hours = 1000000, max_shrink_share = 1 }\n", encoding="utf-8")
    words = ("run", exports, "--as-of", as_of, "--state", state, "--config", config, "--dry-run")
    run = shlex.join([sys.executable, "-m", "pipeline.cli", *map(str, words)])
    # A shell repeats it, and both end together.
    nights = subprocess.Popen(
        ["sh", "-c", f"while true; do {run}; done"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    try:
        yield
    finally:
        os.killpg(nights.pid, signal.SIGTERM)
        nights.wait()


def _section(state: Path, calls: Sequence[str], idle: Mapping[str, float], busy: Mapping[str, float]) -> str:
    with open_warehouse(state / "warehouse.duckdb") as connection:
        ((rows,),) = connection.execute(
            "select sum(loaded)::bigint from audit.inputs where as_of = (select as_of from core.run)"
        ).fetchall()
    lines = [
        f"| `{call}` | {idle[call]:.2f} | {busy[call]:.2f} | "
        f"{'kept' if max(idle[call], busy[call]) <= WALL_BUDGET else '**broken**'} |"
        for call in calls
    ]
    return (
        f"## The analyst's commands on a warehouse of {rows:,} rows\n\n"
        f"Wall seconds of whole processes, median of {ROUNDS}; the bound is {WALL_BUDGET}. "
        f"{datetime.now(UTC):%Y-%m-%d}.\n\n"
        "| command | alone | while a run is building | |\n|-|-|-|-|\n" + "\n".join(lines) + "\n"
    )
