"""The page's style sheet and script without what only people need, in one line: the Nu checker hashes no more."""

from __future__ import annotations

import re

_COMMENT, _TEXT = r"/\*.*?\*/", r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'"
_PATTERN = r"(?<=[(,=])/(?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\\n])+/[a-z]*"
# What is left as it is, and then the spaces and comments between it.
_SCRIPT = re.compile(rf"(?P<kept>{_TEXT}|{_PATTERN})|(?:\s|{_COMMENT})+", re.DOTALL)
_STYLE = re.compile(rf"(?P<kept>{_TEXT})|(?:\s|{_COMMENT})+", re.DOTALL)


def script(text: str) -> str:
    """Return a script that does the same, shorter.

    Its statements end with semicolons, and its patterns follow an opening parenthesis, a comma or an equals sign.
    """
    text = text.strip()

    def shorter(found: re.Match[str]) -> str:
        if found["kept"]:
            return found[0]
        around = text[found.start() - 1 : found.start()] + text[found.end() : found.end() + 1]
        return " " if re.fullmatch(r"[\w$]{2}|\+\+|--", around) else ""

    return _SCRIPT.sub(shorter, text)


def style_sheet(text: str) -> str:
    """Return a style sheet that looks the same, shorter; a space before a colon may part selectors, and stays."""
    text = text.strip()

    def shorter(found: re.Match[str]) -> str:
        if found["kept"]:
            return found[0]
        before, after = text[max(found.start() - 1, 0) : found.start()], text[found.end() : found.end() + 1]
        return "" if before in set("{};,:") | {""} or after in set("{},;") | {""} else " "

    return _STYLE.sub(shorter, text).replace(";}", "}")
