"""A call of every command that reads the warehouse, on the small exports of two nights or more."""

from __future__ import annotations

QUESTIONS: dict[str, tuple[str, ...]] = {
    "findings": (),
    "explain": ("SEG01",),
    "customer": ("Lipowa",),
    "can-buy": ("Lipowa", "Education"),
    "expiring": (),
    "renewals": (),
    "calendar": ("--out", "deadlines.ics"),
    "evidence": ("Lipowa", "--out", "pack.zip"),
    "what-if": ("--grant", "Lipowa=Education"),
    "waive": ("list",),
    "triage": ("list",),
    "runs": (),
    "diff": ("previous", "latest"),
    "report": ("--out", "report.html"),
    "sql": ("select * from core.customers",),
}
