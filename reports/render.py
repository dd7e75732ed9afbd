"""The formats: each is one function of an Audit that returns text, the same text for the same Audit."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from reports import sentences, tabular, terms, view
from reports.text import clip, visible
from reports.wording import Words

if TYPE_CHECKING:
    from schemas.finding import Audit
    from schemas.reading import Refusal

ENGLISH = Words()
_HERE = Path(__file__).parent


def report_html(audit: Audit, words: Words = ENGLISH) -> str:
    """Return the report: one page that asks nothing from anywhere."""
    css = _style_sheet()
    html = (
        environment()
        .get_template("report.html")
        .render(
            page=view.page(words, audit),
            audit=audit,
            words=words,
            terms=terms,
            sentences=sentences,
            css=Markup(css),  # noqa: S704 - the package's own file
            css_hash=_csp_hash(css),
            gettext=words.catalog.gettext,
            ngettext=words.catalog.ngettext,
        )
    )
    return visible(html)


def findings_csv(audit: Audit, words: Words = ENGLISH) -> str:
    """Return all findings, closed ones too, for a spreadsheet."""
    return tabular.findings_csv(words, audit)


def findings_json(audit: Audit, words: Words = ENGLISH) -> str:
    """Return all findings with their facts, for a program."""
    return tabular.findings_json(words, audit)


def quarantine_csv(audit: Audit | Refusal) -> str:
    """Return the rows that no rule saw, and why, for a spreadsheet."""
    return tabular.quarantine_csv(audit)


def run_json(audit: Audit) -> str:
    """Return the record of the run, for a program."""
    return tabular.run_json(audit)


def refusal_json(refusal: Refusal) -> str:
    """Return the record of a night that was not audited, for a program."""
    return tabular.refusal_json(refusal)


@cache
def environment() -> Environment:
    """Return the one Jinja environment."""
    made = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.policies["ext.i18n.trimmed"] = True
    made.filters["clip"] = clip
    return made


@cache
def _style_sheet() -> str:
    """Return the style sheet without comments and as one line: the Nu checker cannot hash more lines."""
    css = (_HERE / "static" / "report.css").read_text(encoding="utf-8")
    return " ".join(re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL).split())


def _csp_hash(text: str) -> str:
    """Return the hash by which the page's security policy knows its one style sheet."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
