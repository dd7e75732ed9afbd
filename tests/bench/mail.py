"""How big the digest is, and that a browser shows all of it."""

from __future__ import annotations

import statistics
from email import message_from_bytes, policy
from typing import TYPE_CHECKING

from reports.languages import TRANSLATED, words_of
from reports.mail.digest import digest
from reports.mail.letter import Letter
from reports.mail.listed import MOST
from tests.bench.results import Line, table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from playwright.sync_api import Browser

    from schemas.finding import Audit

ROUNDS = 5
# DESIGN section 10, in KB of 1,000 bytes; and RFC 5321 for the lines.
HTML_BUDGET, MESSAGE_BUDGET, LINE_BUDGET = 60, 90, 998
WIDTH = 640
LETTER = Letter(
    sender="CSP audit <audit@lipowa.example>",
    to=("compliance@lipowa.example", "licences@lipowa.example"),
    list_id="csp-audit.lipowa.example",
    report_url="https://reports.lipowa.example/2026-11-20/report.html",
)


def measure_mail(browser: Browser, audits: Mapping[int, Audit], build: Path) -> tuple[str, list[Line]]:
    """Measure the digests of audits by how many findings they have; return the section for the results, its lines."""
    lines = [line for number, audit in audits.items() for line in _measure(browser, audit, number, build)]
    note = (
        f"The largest of the languages, without an attachment. Opened in a window {WIDTH} pixels wide, median of "
        f"{ROUNDS} rounds."
    )
    return f"## The mail\n\n{table(lines)}\n\n{note}", lines


def _measure(browser: Browser, audit: Audit, number: int, build: Path) -> list[Line]:
    mails = [digest(audit, LETTER), *(digest(audit, LETTER, words_of(name)) for name in TRANSLATED)]
    largest = max(mails, key=len)
    html = _html(largest)
    file = build / f"mail-{number}.html"
    file.write_text(html, encoding="utf-8")
    shown = [_open(browser, file) for _ in range(ROUNDS)]
    missing = MOST - min(rows for rows, _, _ in shown)
    of = f"of {number:,} findings"
    return [
        Line(f"HTML, KB, {of}", len(html.encode()) / 1000, HTML_BUDGET),
        Line(f"message, KB, {of}", len(largest) / 1000, MESSAGE_BUDGET),
        Line(f"longest line, octets, {of}", max(map(len, largest.split(b"\r\n"))), LINE_BUDGET),
        Line(f"rows that lack to {MOST}, {of}", missing, 0, "seen on the page"),
        Line(f"wider than the window, pixels, {of}", max(width for _, width, _ in shown) - WIDTH, 0),
        Line(f"laid out, s, {of}", statistics.median(ready for _, _, ready in shown) / 1000, 1.5),
    ]


def _html(mail: bytes) -> str:
    body = message_from_bytes(mail, policy=policy.default).get_body(("html",))
    if body is None:
        message = "the digest has no HTML"
        raise RuntimeError(message)
    return str(body.get_content())


def _open(browser: Browser, file: Path) -> tuple[int, int, float]:
    """Return how many findings the page shows, how wide it is in pixels, and after how many ms it was complete."""
    context = browser.new_context(viewport={"width": WIDTH, "height": 900})
    page = context.new_page()
    page.goto(file.as_uri())
    shown = (
        page.locator("th[scope=row]:visible").count(),
        int(page.evaluate("document.documentElement.scrollWidth")),
        float(page.evaluate("performance.timing.loadEventStart - performance.timing.navigationStart")),
    )
    context.close()
    return shown
