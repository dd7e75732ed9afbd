"""Addresses on the page: where a link leads, with the filters of the findings table in them.

Filters hold canonical values (a level's code, a segment as the exports name it), so that a link means the same in every
language of the page.
"""

from __future__ import annotations

from urllib.parse import quote

FINDINGS = "#findings"


def filtered(**filters: str) -> str:
    """Return the address of the findings table with these filters, in the order given; without any, of all findings.

    The table reads these names: level, rule, state, type, segment, reseller, owner, q, sort, page, finding.
    """
    query = "&".join(f"{name}={quote(value, safe='', errors='replace')}" for name, value in filters.items() if value)
    return f"{FINDINGS}?{query}" if query else FINDINGS
