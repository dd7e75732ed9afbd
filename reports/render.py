"""The formats: each is one function of an Audit that returns text, the same text for the same Audit."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from markupsafe import Markup

from reports import sentences, squeezed, tabular, terms, view, wording
from reports.embedded import embedded
from reports.known import said
from reports.text import clip, visible

if TYPE_CHECKING:
    from jinja2.runtime import Context

    from reports.wording import Words
    from schemas.finding import Audit
    from schemas.reading import Refusal

ENGLISH = wording.ENGLISH
_HERE = Path(__file__).parent
# One program in three files, in this order.
_SCRIPTS = ("findings_data.js", "findings_rows.js", "findings_controls.js")


def report_html(audit: Audit, words: Words = ENGLISH, *, beside: bool = True) -> str:
    """Return the report: one page that asks nothing from anywhere.

    `beside` says whether the run's other files are beside it, so that it can lead to them.
    """
    css, script = _style_sheet() + _labels(words), _script()
    page = view.page(words, audit)
    data = embedded(words, audit, page.exposures) if audit.findings else ""
    html = (
        environment()
        .get_template("report.html")
        .render(
            page=page,
            beside=beside,
            audit=audit,
            words=words,
            terms=terms,
            sentences=sentences,
            css=Markup(css),  # noqa: S704 - the package's own file
            css_hash=_csp_hash(css),
            script=Markup(script),  # noqa: S704 - the package's own file
            # No browser runs the data, but the Nu checker wants a hash for every script element.
            script_hashes=(_csp_hash(data), _csp_hash(script)),
            data=data,
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


def run_json(audit: Audit, words: Words = ENGLISH) -> str:
    """Return the record of the run, for a program; it names the language of the files beside it, if not English."""
    return tabular.run_json(words, audit)


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
    made.filters["said"] = _said
    return made


@pass_context
def _said(context: Context, sentence: str) -> str:
    """Say a recorded sentence in the page's language."""
    return said(context["words"], sentence)


@cache
def _style_sheet() -> str:
    return squeezed.style_sheet(_static("report.css"))


@cache
def _script() -> str:
    return squeezed.script(f"(async () => {{\n{''.join(map(_static, _SCRIPTS))}}})();")


def _labels(words: Words) -> str:
    """Return the labels of cells that have no header beside them, as on a phone: said once, not in every row."""
    seats, since = (re.sub(r'[\\"<\n]', "", words.gettext(text)) for text in ("Seats", "since"))
    return f'.found{{--seats:"{seats} ";--since:"{since} "}}'


def _static(name: str) -> str:
    return (_HERE / "static" / name).read_text(encoding="utf-8")


def _csp_hash(text: str) -> str:
    """Return the hash by which the page's security policy knows its style sheet and its script."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
