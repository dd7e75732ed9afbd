"""Letters for the tests, and how their messages are read back."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from html.parser import HTMLParser
from typing import TYPE_CHECKING

from reports.mail.letter import Letter

if TYPE_CHECKING:
    from email.message import EmailMessage, Message

LETTER = Letter(
    sender="CSP audit <audit@lipowa.example>",
    to=("Anna Nowak <anna.nowak@lipowa.example>", "duty@lipowa.example"),
    list_id="csp-audit.lipowa.example",
    report_url="https://reports.lipowa.example/csp/2026-11-20/report.html",
)


def parsed(message: bytes) -> EmailMessage:
    """Return a message as a modern mail program reads it."""
    read = message_from_bytes(message, policy=policy.default)
    assert defects(read) == []
    return read


def defects(message: Message) -> list[object]:
    """Return what is wrong with a message, its headers and its parts."""
    own = [*message.defects, *(each for header in message.values() for each in getattr(header, "defects", ()))]
    parts = message.get_payload() if message.is_multipart() else []
    return own + [each for part in parts for each in defects(part)]


def text_of(message: bytes) -> str:
    """Return the written text part."""
    return _content(message, "plain")


def html_of(message: bytes) -> str:
    """Return the HTML part."""
    return _content(message, "html")


def _content(message: bytes, kind: str) -> str:
    part = parsed(message).get_body((kind,))
    return str(part.get_content()).replace("\r\n", "\n")


def flat(text: str) -> str:
    """Return a text as one line."""
    return " ".join(text.split())


class Outline(HTMLParser):
    """The elements of a page, their attributes, and the text in its order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.extend((name, value or "") for name, value in attrs)
        if tag in {"br", "td", "th", "p", "div", "h1", "h2"}:
            self.words.append(" ")

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.attributes if key == name]

    @property
    def text(self) -> str:
        return flat("".join(self.words))


def unstyled(html: str) -> str:
    """Return the page as a mail program shows it that removes every style element and style attribute."""
    return re.sub(r' (style|class)="[^"]*"', "", re.sub(r"<style.*?</style>", "", html, flags=re.DOTALL))
