"""Collects the texts that are to be translated: from this package's modules and templates."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reports.render import environment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_HERE = Path(__file__).parent
# How many first arguments of a call are texts.
_CALLS = {"gettext": 1, "marked": 1, "ngettext": 2}


@dataclass(frozen=True)
class Text:
    """A text and the file that says it; `many` is its plural, if it has one."""

    one: str
    many: str
    file: str


def texts() -> list[Text]:
    """Return the texts of the package, file by file in the order in which they stand there.

    Raises SyntaxError for a module, and jinja2.TemplateSyntaxError for a template, that cannot be read.
    """
    modules = sorted(_HERE.rglob("*.py"))
    templates = sorted(path for path in (_HERE / "templates").rglob("*") if path.is_file())
    found = [text for path in modules for text in of_module(path.read_text(encoding="utf-8"), _name(path))]
    return found + [text for path in templates for text in of_template(path.read_text(encoding="utf-8"), _name(path))]


def _name(path: Path) -> str:
    return path.relative_to(_HERE.parent).as_posix()


def of_module(source: str, file: str) -> Iterator[Text]:
    """Return the texts of one Python module."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call) and _called(node) in _CALLS]
    for call in sorted(calls, key=lambda call: (call.lineno, call.col_offset)):
        arguments = [tuple(_literals(argument)) for argument in call.args[: _CALLS[_called(call)]]]
        yield from _texts(zip(*arguments, strict=False), file)


def _called(call: ast.Call) -> str:
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _literals(node: ast.expr) -> Iterator[str]:
    """Return the texts that an argument can be: a literal, or one of two."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _literals(node.body)
        yield from _literals(node.orelse)


def of_template(source: str, file: str) -> Iterator[Text]:
    """Return the texts of one template, as the page asks for them: with the spaces that the page leaves out."""
    for _, function, said in environment().extract_translations(source):  # type: ignore[attr-defined]
        plural = function == "ngettext"
        plain = tuple(filter(None, said[:2] if plural else (said,)))
        yield from _texts((plain,) if plain else (), file)


def _texts(found: Iterable[tuple[str, ...]], file: str) -> Iterator[Text]:
    for one, *many in found:
        yield Text(one, many[0] if many else "", file)
