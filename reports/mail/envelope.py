"""The headers of a mail: one line of text each, whatever the exports and the configuration hold."""

from __future__ import annotations

import re
from datetime import UTC
from email.header import Header
from email.utils import format_datetime, formataddr
from hashlib import sha256
from typing import TYPE_CHECKING

from reports.text import REPLACEMENT, clip, visible

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from reports.mail.letter import Letter
    from reports.wording import Words

_LONGEST_SUBJECT = 200  # characters
_LONGEST_NAME = 64
_LINE = 76
_LONGEST_LINE = 998
_NOT_IN_AN_ID = re.compile(r"[^A-Za-z0-9-]+")
_SPACE = re.compile(r"[^\S\u00a0\u202f]+")
_NO_BREAK = re.compile(r"[\u00a0\u202f]")
_NAMED = re.compile(r"(?P<name>[^<>]*?) ?<(?P<address>[^<>]+)>")
_NOT_IN_A_DOMAIN = re.compile(r"[^A-Za-z0-9.-]+")


def one_line(text: str) -> str:
    """Return the text as one line, without the characters that work unseen; a no-break space stays one."""
    return _SPACE.sub(" ", visible(text.replace("\r", "\n")).replace(REPLACEMENT, " ")).strip()


def name_and_address(text: str) -> tuple[str, str]:
    """Return the name, which may be empty, and the address: of `Name <a@b.example>`, or of an address alone."""
    named = _NAMED.fullmatch(text)
    return (named["name"].strip('"'), named["address"]) if named else ("", text)


def message_id(run_id: str, kind: str, list_id: str, *parts: str) -> str:
    """Return the id of a mail: the same for the same run, kind and parts (language, edition), in the list's domain."""
    digest = sha256("\0".join((run_id, kind, *parts)).encode(errors="replace")).hexdigest()[:8]
    run = _NOT_IN_AN_ID.sub("-", run_id)[:32].strip("-") or "run"
    return f"<{run}.{kind}.{digest}@{_domain(list_id)}>"


def headers(letter: Letter, words: Words, subject: str, at: datetime, identity: str) -> Mapping[str, str]:
    """Return every header of a mail but those of its body, by name, encoded and folded; a naive `at` is UTC."""
    moment = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    texts = {
        "From": _address(letter.sender),
        "To": ", ".join(_address(each) for each in letter.to) or "undisclosed-recipients:;",
        "Subject": clip(one_line(_NO_BREAK.sub(" ", subject)), _LONGEST_SUBJECT),
        "Date": format_datetime(moment),
        "Message-ID": identity,
        "List-Id": f"<{_domain(letter.list_id)}>",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "Content-Language": words.language,
    }
    return {name: _encoded(name, text) for name, text in texts.items()}


def _encoded(name: str, text: str) -> str:
    charset = "us-ascii" if _is_plain(text, name) else "utf-8"
    # An id has no place to be folded at but the one behind its name, which some servers do not take.
    longest = _LONGEST_LINE if name == "Message-ID" else _LINE
    return Header(text, charset, maxlinelen=longest, header_name=name).encode(linesep="\r\n")


def _is_plain(text: str, name: str) -> bool:
    """Whether a header can stand as it is; what looks like an encoded word is one only where it was made here."""
    return text.isascii() and ("=?" not in text or name in {"From", "To"})


def _address(text: str) -> str:
    """Return an address as ASCII; a name that needs encoding becomes encoded words of at most a line each."""
    name, address = name_and_address(one_line(text))
    if not name:
        return address
    name = clip(name, _LONGEST_NAME)
    if name.isascii() and "=?" not in name:
        return formataddr((name, address))
    return f"{Header(name, 'utf-8', maxlinelen=_LINE - len('From: ')).encode(linesep='')} <{address}>"


def _domain(list_id: str) -> str:
    return _NOT_IN_A_DOMAIN.sub("-", list_id).strip(".-") or "csp-audit.invalid"
