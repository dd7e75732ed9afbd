"""Text from the exports made harmless: nothing in it may reorder, hide or start a formula."""

from __future__ import annotations

import re

# Characters that a reader cannot see but that change what is shown: controls except tab and newline, the
# bidirectional overrides, embeddings and isolates, line separators that HTML does not know, and halves of
# surrogate pairs, which UTF-8 cannot hold. Plain direction marks stay: names in Hebrew use them.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_LINE_BREAK = re.compile("\r\n|[\t\r\n\u2028\u2029]")
_SURROGATE = re.compile("[\ud800-\udfff]")
# Spreadsheets also skip spaces and invisible characters, and take the full-width signs for the plain ones.
_SKIPPED = "[\\s\ufeff\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069]"
_FORMULA = re.compile(f"{_SKIPPED}*[=+\\-@\uff0b\uff0d\uff1d\uff20]| *[\t\r]")

# Where the semicolon parts cells, as in Poland and Italy, a spreadsheet may part this one too.
_INNER_FORMULA = re.compile(f"(;{_SKIPPED}*)(?=[=+\\-@\uff0b\uff0d\uff1d\uff20])")
_INNER_GUARD = re.compile(f"(;{_SKIPPED}*)'(?=[=+\\-@\uff0b\uff0d\uff1d\uff20])")

REPLACEMENT = "\ufffd"


def visible(text: str) -> str:
    """Return the text with a replacement sign for every character that works unseen."""
    return _UNSEEN.sub(REPLACEMENT, text)


def encodable(text: str) -> str:
    """Return the text with a replacement sign for what UTF-8 cannot hold."""
    try:
        text.encode()  # ten times as quick as looking for signs that are hardly ever there
    except UnicodeEncodeError:
        return _SURROGATE.sub(REPLACEMENT, text)
    return text


def clip(text: str, length: int) -> str:
    """Return at most `length` characters of the text, the last one an ellipsis where something was cut."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "\u2026"


def csv_cell(text: str) -> str:
    """Return the text as one line that no spreadsheet runs as a formula."""
    if not text or (text.isprintable() and text[:1].isalnum() and ";" not in text):
        return text  # nearly every cell, and nothing in it can do harm
    seen = encodable(_CONTROL.sub("", text))
    line = _LINE_BREAK.sub(" ", seen)
    whole = _INNER_FORMULA.sub(r"\1'", line)
    return f"'{whole}" if _FORMULA.match(seen) else whole


def read_cell(cell: str) -> str:
    """Return a cell as it was before `csv_cell` made it harmless; writing it again gives the same cell."""
    if "'" not in cell:
        return cell
    is_guarded = cell.startswith("'") and _FORMULA.match(cell, 1)
    return _INNER_GUARD.sub(r"\1", cell[1:] if is_guarded else cell)
