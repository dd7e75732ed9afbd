"""Sentences that a night writes into its records in English, found again and said in the page's language.

A record keeps why a rule was not judged, a row not read or an export refused as a sentence with its values inside.
Each is known here by its pattern; one that is not (a database's own words) is said as it was recorded.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from reports.wording import ENGLISH, marked

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reports.wording import Words

_SENTENCES = (
    # Why a rule was not judged.
    marked("%(table)s was not supplied"),
    marked("%(table)s was supplied without the column %(column)s"),
    # What is worth knowing about an input.
    marked("Columns that are not known were ignored: %(headers)s."),
    marked("Rows without a %(column)s of their own have %(value)s, as the lines before the header say."),
    marked("Slashed dates in %(column)s were read %(order)s."),
    marked("Values of %(column)s that are not known: %(values)s and %(n)s more."),
    marked("Values of %(column)s that are not known: %(values)s."),
    marked("The newest of %(n)s files was taken; not read: %(files)s."),
    # Why a row was not read.
    marked("expected one row for each %(key)s; line %(line)s says the same"),
    marked("expected one row for each %(key)s; line %(line)s says otherwise and was used"),
    marked("%(fault)s; expected %(n)s columns; it takes %(lines)s lines"),
    marked("%(fault)s; expected %(n)s columns"),
    marked("expected %(what)s"),
    # What was found where an export is refused.
    marked("a second line %(key)s"),
    marked("at least %(n)s rows that cannot be split into columns"),
    marked("%(n)s of %(total)s lines that belong to no row that could be read"),
    marked("rows for %(n)s lines more than the %(total)s that there are"),
    marked("no such file or directory"),
    marked("not a directory"),
    marked("permission denied"),
    marked("input/output error"),
    marked("stale file handle"),
    marked("the same content as %(file)s"),
    marked("a folder"),
    marked("a pipe or a device"),
    marked("a link that leads out of the folder"),
    marked("a name with characters that cannot be shown"),
    marked("a file that was taken away while it was read"),
    marked("a file that was replaced while it was read"),
    marked("a file that was cut short while it was read"),
    marked("a file that was added to while it was read"),
    marked("a file that was written to while it was read"),
    marked("a file of %(n)s bytes"),
    marked("a line of more than %(n)s bytes"),
    marked("a header of %(n)s columns"),
    marked("a zip archive or a workbook"),
    marked("a gzip archive"),
    marked("a bzip2 archive"),
    marked("an xz archive"),
    marked("a zstd archive"),
    marked("a 7z archive"),
    marked("a rar archive"),
    marked("an old workbook"),
    marked("a PDF document"),
    marked("%(n)s files written at the same moment: %(names)s"),
    marked("no file of that name (the folder holds nothing)"),
    marked("no file of that name (the folder holds %(files)s)"),
    marked("slashed dates of both orders: in some rows the first part passes 12, in others the second"),
    marked("slashed dates that could be day/month or month/day (no part passes 12)"),
    marked("a file written %(moment)s UTC, %(n)s hours before the end of %(day)s"),
    marked("an empty file"),
    marked("a NUL byte: the file is binary or damaged"),
    marked("letters that could be Windows-1250 or Windows-1252"),
    marked("bytes that are not %(encoding)s"),
    marked("a header and no rows"),
    marked("%(n)s lines after %(total)s on the last good night"),
    marked("%(n)s columns in most of the first %(total)s rows"),
    marked("no line of text"),
    marked("one column"),
    marked("%(n)s column(s), none with a header that belongs to %(table)s"),
    marked("no column %(column)s among %(n)s columns"),
    marked("neither %(names)s among %(n)s columns"),
    marked("two columns for %(column)s: %(names)s"),
    marked("the file ends in the middle of a row"),
    marked("%(n)s of %(total)s rows that could not be read"),
    # What was expected instead, of an export and of a cell.
    marked("one"),
    marked("rows like the header"),
    marked("every line in a row; a quote that is never closed hides the rows behind it"),
    marked("a folder that holds the exports"),
    marked("each export once"),
    marked("a file of its own for each table"),
    marked("a CSV file"),
    marked("a CSV text file"),
    marked("a file that can be read"),
    marked("one that is newer than the others"),
    marked("an export named %(pattern)s"),
    marked("one order in one column"),
    marked("a value that decides it, or ISO dates"),
    marked("at most %(n)s hours"),
    marked("at most %(n)s bytes"),
    marked("at most %(n)s columns"),
    marked("a file in the folder"),
    marked("a name of letters, digits and signs"),
    marked("a file that stays as it is until it has been read"),
    marked("a header line and rows"),
    marked("UTF-8, UTF-16 with a byte order mark, Windows-1250 or Windows-1252"),
    marked("text in that encoding"),
    marked("at least one row"),
    marked("at most %(share)s or %(n)s fewer, and never half of more"),
    marked("at most %(share)s or %(n)s fewer"),
    marked("%(n)s, as in the header"),
    marked("a header line such as %(columns)s, split by a comma, a semicolon, a tab"),
    marked("a header %(names)s"),
    marked("headers %(what)s"),
    marked("%(n)s columns in every row"),
    marked("at most %(share)s, or %(n)s rows"),
    marked("a value (the column is required)"),
    marked("a GUID"),
    marked("one of %(values)s"),
    marked("a two-letter country code"),
    marked("a three-letter currency code"),
    marked("a whole number"),
    marked("a number such as %(example)s"),
    marked("a number from %(n)s to %(total)s"),
    marked("a date such as 2026-11-20, 2026-11-20T23:59:59Z or 20.11.2026"),
    marked("a date on or after %(column)s"),
    marked("product_id and sku_id, or offer_id"),
    # What to do about it.
    marked("Correct that line, or remove it, then run again."),
    marked("Correct that line, or remove it and give each row its %(column)s, then run again."),
    marked("Ask for the export to be run again."),
    marked("Ask for the export to be run again, or name another folder."),
    marked("Ask for the export to be run again, or set %(setting)s in the configuration."),
    marked("Ask for the export to be run again, or add %(table)s to gate.may_be_empty in the configuration."),
    marked("Ask for the export to be run again as CSV; UTF-16 needs a byte order mark."),
    marked("Ask for the export to be run again with that column."),
    marked("Ask for the export to be run again with those columns."),
    marked("Ask for the export to be run again: it looks cut off."),
    marked("Check that it is there, mounted and readable, then run again."),
    marked("Check the file and its permissions."),
    marked("Remove one of them, then run again."),
    marked("Remove all but one, then run again."),
    marked("Remove or rename one of them in the export."),
    marked("Replace it by the export."),
    marked("Rename the file, then run again."),
    marked("Put the export itself there, or set gate.may_link_outside = true in the configuration."),
    marked("Wait until the export is complete, then run again."),
    marked("Unpack it, or save the workbook as CSV, then run again."),
    marked("Have the script that writes the export use ISO dates, then ask for it to be run again."),
    marked('Set %(setting)s = "day first" or "month first" in the configuration.'),
    marked('Set %(setting)s = "cp1250" or "cp1252" in the configuration.'),
    marked("See quarantine.csv for lines and reasons, correct the export, and run again."),
    # Where it was found.
    marked("line %(line)s"),
    marked("column %(column)s"),
    marked("byte %(n)s of a block"),
)
# What stands for a part of a sentence, and nowhere by itself.
_FAULTS = frozenset(
    {
        marked("too few columns in the row"),
        marked("too many columns in the row"),
        marked("a quote that is not closed, or text behind a closing quote"),
        marked("bytes that are not text in this encoding"),
        marked("a row longer than two million bytes"),
        marked("a row that cannot be split into columns"),
    }
)
_ORDERS = frozenset({marked("day first"), marked("month first")})
_NAMELESS = marked("(no name)")
_LISTS = {
    "and": marked("%(one)s and %(other)s"),
    "or": marked("%(one)s or %(other)s"),
    "nor": marked("%(one)s nor %(other)s"),
}
_WHOLE = tuple(text for text in _SENTENCES if "%(what)s" not in text)
# Headers and file names can be as long as a line: what takes long to take apart is said as it was recorded.
_LONGEST = 4_000  # characters
_VALUE = re.compile(r"%\((\w+)\)s")
_NUMBER = re.compile(r"\d{1,3}(,\d{3})+|\d+")


def said(words: Words, sentence: str) -> str:
    """Say a recorded sentence in a language; one that is not known is said as it was recorded."""
    if words.language == "en" or len(sentence) > _LONGEST:
        return sentence
    return _matched(words, sentence, _SENTENCES) or sentence


def listed(words: Words, names: str) -> str:
    """Say a list of names that is joined by and, or, nor."""
    *before, said_last = re.split(r" (and|nor|or) ", names)
    for one, word in zip(before[-2::-2], before[::-2], strict=True):
        said_last = words.gettext(_LISTS[word], one=one, other=said_last)
    return said_last


def is_known(sentence: str) -> bool:
    """Tell whether a sentence is one of those that can be said in every language."""
    return bool(_matched(ENGLISH, sentence, _SENTENCES))


def _matched(words: Words, sentence: str, known: tuple[str, ...]) -> str:
    """Say a sentence after the first pattern that it and its parts fit; nothing where there is none."""
    for text in known:
        found = _pattern(text).fullmatch(sentence)
        values = {name: _part(words, name, value) for name, value in found.groupdict().items()} if found else {}
        if found and all(values.values()):
            return words.gettext(text, **values)
    return ""


@cache
def _pattern(text: str) -> re.Pattern[str]:
    literals = _VALUE.split(text)
    parts = [f"(?P<{part}>.+?)" if place % 2 else re.escape(part) for place, part in enumerate(literals)]
    return re.compile("".join(parts), re.DOTALL)


def _part(words: Words, name: str, value: str) -> str:
    """Say a value of a sentence: some are sentences, numbers or lists themselves. Nothing where it is not known."""
    say = _PARTS.get(name)
    return say(words, value) if say else value


def _number(words: Words, value: str) -> str:
    return words.number(int(value.replace(",", ""))) if _NUMBER.fullmatch(value) else value


def _fault(words: Words, value: str) -> str:
    return words.gettext(value) if value in _FAULTS | _ORDERS else ""


def _what(words: Words, value: str) -> str:
    return _matched(words, value, _WHOLE)


def _headers(words: Words, value: str) -> str:
    return value.replace(_NAMELESS, words.gettext(_NAMELESS))


_PARTS: Mapping[str, Callable[[Words, str], str]] = {
    "fault": _fault,
    "order": _fault,
    "headers": _headers,
    "lines": _number,
    "n": _number,
    "total": _number,
    "names": listed,
    "what": _what,
}
