"""The written text part: paragraphs in lines of at most 76 characters."""

from __future__ import annotations

import textwrap
from functools import cache
from typing import TYPE_CHECKING

from reports.render import environment
from reports.text import visible

if TYPE_CHECKING:
    from jinja2 import Environment

    from reports.wording import Words

WIDTH = 76
_BAR = 30  # signs


def render(words: Words, template: str, **values: object) -> str:
    """Return a text template filled in; nothing in it is escaped, and nothing works unseen."""
    text = (
        _environment()
        .get_template(template)
        .render(words=words, gettext=words.catalog.gettext, ngettext=words.catalog.ngettext, **values)
    )
    return visible(text).strip("\n") + "\n"


@cache
def _environment() -> Environment:
    made = environment().overlay(autoescape=False)
    made.filters = {**made.filters, "wrap": wrap, "bars": _bar, "bracketed": "[{}]".format}
    return made


def wrap(text: str, indent: str = "", first: str | None = None) -> str:
    """Return a paragraph in lines behind an indent, the first one behind its own; long words and links stay whole."""
    return textwrap.fill(
        text, WIDTH, initial_indent=indent if first is None else first, subsequent_indent=indent,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


def _bar(percent: int) -> str:
    """Return a bar of signs, at least one of them where there is anything at all."""
    return "#" * max(1, round(_BAR * percent / 100)) if percent else ""
