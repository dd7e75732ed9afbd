"""Which records of a refused export say only how many and what kind, and quote nothing that the export holds."""

from __future__ import annotations

import re

_NUMBER = r"[\d,.]+"
_PLAIN = re.compile(
    "|".join(
        (
            rf"at least {_NUMBER} rows that cannot be split into columns",
            rf"{_NUMBER} of {_NUMBER} lines that belong to no row that could be read",
            rf"{_NUMBER} of {_NUMBER} rows that could not be read",
            rf"rows for {_NUMBER} lines more than the {_NUMBER} that there are",
            rf"{_NUMBER} lines after {_NUMBER} on the last good night",
            rf"{_NUMBER} columns in most of the first {_NUMBER} rows",
            rf"{_NUMBER} column\(s\), none with a header that belongs to [a-z_]+",
            rf"no column [a-z_]+ among {_NUMBER} columns",
            rf"a file written [\d-]+ [\d:]+ UTC, {_NUMBER} hours before the end of [\d-]+",
            r"no file of that name \(the folder holds nothing\)",
            r"no such file or directory|no such file|not a directory|permission denied",
            r"an empty file|a header and no rows|no line of text|one column|a folder|a pipe or a device",
            r"the file ends in the middle of a row|a NUL byte: the file is binary or damaged",
            r"letters that could be Windows-1250 or Windows-1252|bytes that are not [a-z0-9_-]+",
            r"slashed dates of both orders: in some rows the first part passes 12, in others the second",
            r"slashed dates that could be day/month or month/day \(no part passes 12\)",
        )
    )
)


def quotes_nothing(found: str) -> bool:
    """Tell whether what was found is one of the sentences that hold numbers and names of columns at most."""
    return _PLAIN.fullmatch(found) is not None
