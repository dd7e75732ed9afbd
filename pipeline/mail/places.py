"""Where a night keeps its mail: each message is a file of the night's folder, sent from there again as it is."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from schemas.finding import Level

DIGEST = "digest.eml"
NOT_AUDITED = "not_audited.eml"
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9_-]+")


def digest_place(language: str, level: Level) -> str:
    """Return the place of the digest in a language down to a level."""
    return f"mail/{language}-{level.value}.eml"


def refused_place(language: str) -> str:
    """Return the place of the not-audited mail in a language."""
    return f"mail/{language}.eml"


def edition_place(reseller_id: str, language: str | None = None) -> str:
    """Return the folder of a reseller's edition: in its first language, or in another that is named."""
    folder = f"resellers/{safe_name(reseller_id)}"
    return f"{folder}/{language}" if language else folder


def safe_name(text: str) -> str:
    """Return a name for a folder: the id itself where it is plain, else what is plain of it and a hash."""
    if _PLAIN.fullmatch(text):
        return text
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"{_NOT_PLAIN.sub('-', text)[:40].strip('-') or 'reseller'}.{digest}"
