"""How big the report and the mail are, and how quick in a browser: with 100, 12 thousand and 50 thousand findings.

The findings are those of a generated night, again and again with identifiers of their own, until there are enough;
some are waived, and of some a promise is overdue. Of the languages, the largest page is measured. Every
round opens the page anew; what is written is the median.
"""

from __future__ import annotations

import gzip
import os
import platform
import random
import re
import shutil
import statistics
import subprocess
import sys
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING

from pipeline.audit import read_audit
from pipeline.desk.desk import open_desk
from reports.languages import TRANSLATED, words_of
from reports.render import report_html
from schemas.finding import State
from schemas.triage import Triage
from schemas.waiver import AppliedWaiver
from tests.bench.mail import measure_mail
from tests.bench.results import Line, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from schemas.finding import Audit, Finding

RESULTS = Path(__file__).with_name("REPORT_RESULTS.md")
ROUNDS = 5
# DESIGN section 10.
FILE_BUDGETS = {100: 150, 12_000: 1_000, 50_000: 4_000}  # KB of 1,000 bytes
NODES_BUDGET, READY_BUDGET, SEARCH_BUDGET, SORT_BUDGET = 1_499, 1.5, 100, 400
SORTS = ("customer", "what", "rule", "seats", "due", "since")
WORDS = ("liceum", "nonprofit oct", "subscriptions.csv:4", "zzzz", "górskiej 12")
# Notes when the table is ready, in ms since the address was opened.
_WATCH = """new MutationObserver(() => {
    if (!window.readyAt && document.querySelector("#findings[data-ready]")) window.readyAt = performance.now();
}).observe(document, {subtree: true, childList: true, attributes: true});"""
# Goes to an address of the table, and returns how many ms it takes until it is drawn and laid out.
_GO = """hash => new Promise(done => {
    const begun = performance.now();
    addEventListener("hashchange", () => {
        document.body.offsetHeight;
        done(performance.now() - begun);
    }, {once: true});
    location.hash = hash;
})"""


@dataclass(frozen=True)
class Opened:
    """One round in the browser; times in ms."""

    ready: float
    first_search: float
    search: float
    sort: float
    page: float
    nodes: int


def measure_report(exports: Path, build: Path) -> bool:
    """Measure, write REPORT_RESULTS.md, and return whether every budget is kept."""
    pattern = _night(exports, build)
    with _chromium() as browser:
        audits = {number: _decided(grown(pattern, number)) for number in FILE_BUDGETS}
        measured = [_measure(browser, audit, number, build) for number, audit in audits.items()]
        measured.append(measure_mail(browser, audits, build))
        version = browser.version
    head = (
        "# The size and speed of the report and the mail\n\n"
        'Written by `make bench BENCH="--report"`; see tests/bench/report.py for what is measured. '
        f"Median of {ROUNDS} rounds,\neach with the page opened anew. Chromium {version}, "
        f"Python {platform.python_version()}, {datetime.now(UTC):%Y-%m-%d}."
    )
    text = "\n\n".join([head, *(section for section, _ in measured)]) + "\n"
    RESULTS.write_text(text, encoding="utf-8")
    print(text)
    return all(line.is_kept for _, lines in measured for line in lines)


def grown(pattern: Audit, number: int) -> Audit:
    """Return the audit with so many findings; those beyond the pattern's have identifiers of their own."""
    dice = random.Random(1)
    known: dict[tuple[int, str], str] = {}
    found = sorted(pattern.findings, key=lambda item: item.finding_id)
    if number <= len(found):
        return replace(pattern, findings=tuple(dice.sample(found, number)))
    findings = (_again(dice, known, found[k % len(found)], k // len(found)) for k in range(number))
    return replace(pattern, findings=tuple(findings))


def _decided(audit: Audit) -> Audit:
    """Return the audit with waivers and with promises that are overdue, so that the page has all its sections."""
    day, late = audit.as_of + timedelta(days=20), audit.as_of - timedelta(days=4)
    accepted = AppliedWaiver("a customer", "Microsoft is vetting the customer", "Anna Nowak", late, day)
    promise = Triage("contest the review", "Piotr Zieliński", late, "Papers were sent.")
    found = (
        replace(item, state=State.WAIVED, waiver=accepted) if number % 25 == 0 else
        replace(item, triage=promise) if number % 25 == 1 else item
        for number, item in enumerate(audit.findings)
    )  # fmt: skip
    return replace(audit, findings=tuple(found))


def _again(dice: random.Random, known: dict[tuple[int, str], str], item: Finding, turn: int) -> Finding:
    file = item.source.rpartition(":")[0]
    customer = item.customer_id
    return replace(
        item,
        finding_id=f"F-{dice.getrandbits(48):012x}",
        customer_id=known.setdefault((turn, customer), _guid(dice)) if customer else None,
        company_name=f"{item.company_name} {turn}" if item.company_name else None,
        subscription_id=_guid(dice) if item.subscription_id else None,
        source=f"{file}:{dice.randrange(10_000_000)}" if file else item.source,
    )


def _guid(dice: random.Random) -> str:
    return str(uuid.UUID(int=dice.getrandbits(128)))


def _night(exports: Path, build: Path) -> Audit:
    shutil.rmtree(build, ignore_errors=True)
    command = ["-m", "pipeline.cli", "run", str(exports), "--as-of", "2026-11-20", "--state", str(build)]
    ended = subprocess.run([sys.executable, *command], check=False)
    if ended.returncode not in {0, 1}:
        message = f"the night ended with exit code {ended.returncode}"
        raise RuntimeError(message)
    with open_desk(None, build) as desk:
        return read_audit(desk.connection, desk.rules.values())


def _measure(browser: Browser, audit: Audit, number: int, build: Path) -> tuple[str, list[Line]]:
    begun = process_time()
    html = report_html(audit).encode()
    rendered = process_time() - begun
    html = max((html, *(report_html(audit, words_of(name)).encode() for name in TRANSLATED)), key=len)
    file = build / f"report-{number}.html"
    file.write_bytes(html)
    rounds = [_open(browser, file) for _ in range(ROUNDS)]
    lines = [
        Line("file, KB", len(html) / 1000, FILE_BUDGETS[number], f"{_share(html):.0%} of it packed findings"),
        Line("DOM elements", max(item.nodes for item in rounds), NODES_BUDGET, "with the script, nothing opened"),
        Line("DOM elements without script", _unscripted(browser, file), NODES_BUDGET),
        Line("ready, s", _median(rounds, "ready") / 1000, READY_BUDGET),
        Line("search, ms", _median(rounds, "search"), SEARCH_BUDGET, f"slowest of {len(WORDS)} searches"),
        Line("sort, ms", _median(rounds, "sort"), SORT_BUDGET, "slowest column, sorted for the first time"),
        Line("next page, ms", _median(rounds, "page"), SEARCH_BUDGET),
    ]
    note = (
        f"Rendered in {rendered:.2f} s CPU; the file gzipped is {len(gzip.compress(html)) / 1000:,.0f} KB. A search\n"
        f"at once, while the page still prepares for searching, takes {_median(rounds, 'first_search'):.0f} ms."
    )
    return f"## {number:,} findings\n\n{table(lines)}\n\n{note}", lines


@contextmanager
def _chromium() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    sandbox = [] if os.geteuid() else ["--no-sandbox"]  # Chromium's own does not work for root
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--disable-gpu", *sandbox])
        yield browser
        browser.close()


def _open(browser: Browser, file: Path) -> Opened:
    page = _fresh(browser, file)
    page.wait_for_selector("#findings[data-ready]")
    ready = page.evaluate("window.readyAt")
    nodes = page.locator("*").count()
    first = _go(page, "q=schools")
    page.wait_for_timeout(1500)
    search = max(_go(page, f"q={word}") for word in WORDS)
    sort = max(_go(page, f"sort={sign}{name}") for name in SORTS for sign in ("", "-"))
    turned = _go(page, "page=2")
    page.context.close()
    return Opened(ready, first, search, sort, turned, nodes)


def _fresh(browser: Browser, file: Path) -> Page:
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.add_init_script(_WATCH)
    page.goto(file.as_uri(), wait_until="commit")
    return page


def _go(page: Page, wanted: str) -> float:
    taken: float = page.evaluate(_GO, f"#findings?{wanted}")
    return taken


def _unscripted(browser: Browser, file: Path) -> int:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(file.as_uri())
    nodes = page.locator("*").count()
    context.close()
    return nodes


def _median(rounds: list[Opened], name: str) -> float:
    return statistics.median(getattr(item, name) for item in rounds)


def _share(html: bytes) -> float:
    found = re.search(rb'id="findings-data">([^<]*)<', html)
    return len(found[1]) / len(html) if found else 0.0
