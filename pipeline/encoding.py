"""The encodings of an export."""

from __future__ import annotations

from enum import StrEnum


class Encoding(StrEnum):
    """The encodings that are accepted, by Python's names for them."""

    UTF_8 = "utf-8"
    UTF_16_LE = "utf-16-le"
    UTF_16_BE = "utf-16-be"
    WINDOWS_1250 = "cp1250"
    WINDOWS_1252 = "cp1252"
