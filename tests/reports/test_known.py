"""Sentences that a night records in English are found again and said in the page's language."""

from __future__ import annotations

import ast
import re
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import pipeline
import sql
from pipeline import reconcile
from reports import catalog, extract, known
from reports.known import is_known, listed, said
from reports.languages import TRANSLATED, LocalWords, Translations, words_of
from reports.messages import PHRASES
from reports.wording import ENGLISH
from schemas.catalog import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemas.table import Table

# The modules of a night that record sentences, and the functions of theirs that return or collect them.
MODULES = ("inbox", "gate", "bounds", "steady", "header", "preamble", "dateorder", "reconcile", "load", "rules")
TELLERS = frozenset({"missing_needs", "_notes", "_unknown_words"})
# A value of which nothing more is known than that there is one.
ANY = "x"
# The line of a preamble as it stands, and sentences with a part that must be known itself: the samples show them whole.
FREE = frozenset(
    {
        f"{ANY} {ANY}",
        f"a header line such as {ANY}, split by {ANY}",
        f"headers {ANY}",
        f"Slashed dates in {ANY} were read {ANY}.",
        ANY,
    }
)


def shapes(node: ast.expr, names: dict[str, list[ast.expr]]) -> list[str]:
    """Return what an expression can say, with a letter for each value that is filled in; nothing if it is no text."""
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.IfExp(body=body, orelse=other):
            return shapes(body, names) + shapes(other, names)
        case ast.Name(id=name):
            return [shape for value in names.get(name, []) for shape in shapes(value, names)]
        case ast.JoinedStr(values=parts):
            return ["".join(chosen) for chosen in product(*(shapes(part, names) for part in parts))]
        case ast.FormattedValue(value=value):
            return shapes(value, names) or [ANY]
    return []


def assigned(tree: ast.AST) -> dict[str, list[ast.expr]]:
    """Return what is given to each name."""
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found.setdefault(node.targets[0].id, []).append(node.value)
    return found


def told(function: ast.FunctionDef) -> Iterator[ast.expr]:
    """Return the expressions by which a function tells of a problem or makes a note."""
    for node in ast.walk(function):
        match node:
            case ast.Call(func=ast.Name(id="Problem"), args=arguments):
                yield from arguments[1:]
            case ast.Call(keywords=keywords):
                yield from (each.value for each in keywords if each.arg == "next_step")
        if function.name in TELLERS:
            match node:
                case ast.Call(func=ast.Attribute(attr="append"), args=[note]):
                    yield note
                case ast.Return(value=ast.List(elts=[note])):
                    yield note
                case ast.Return(value=ast.expr() as reason):
                    yield reason


def recorded(module: str) -> set[str]:
    """Return every sentence that a module of the pipeline can record."""
    tree = ast.parse((Path(pipeline.__file__).parent / f"{module}.py").read_text(encoding="utf-8"))
    constants = {
        target.id: [node.value]
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(target := node.targets[0], ast.Name)
    }
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    return {
        shape
        for function in functions
        for expression in told(function)
        for shape in shapes(expression, constants | assigned(function))
    } - {""}


def reasons_of_sql(text: str) -> set[str]:
    """Return the phrases that a piece of SQL chooses among."""
    return set(re.findall(r"(?:then|else) '([a-z][^']* [^']+)'", text))


@pytest.mark.parametrize("module", MODULES)
def test_every_sentence_that_the_pipeline_records_is_known(module: str) -> None:
    sentences = recorded(module)
    assert sentences, "this module records nothing any more"
    assert [sentence for sentence in sorted(sentences - FREE) if not is_known(sentence)] == []


def test_a_sentence_that_nobody_knows_would_be_found() -> None:
    tree = ast.parse('def f():\n    found = f"{n} new kinds of fault"\n    return Problem("f", "", found, "one", "")\n')
    (function,) = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    found = [shape for each in told(function) for shape in shapes(each, assigned(function))]
    assert found == ["", "x new kinds of fault", "one", ""]
    assert [is_known(sentence) for sentence in found[1:3]] == [False, True]


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_what_a_cell_or_a_header_should_have_been_is_known(table: Table) -> None:
    expected = [flag.condition.expected for flag in table.flags] + [either.expected for either in table.either]
    assert [text for text in expected if not is_known(text) or not is_known(f"expected {text}")] == []
    assert [either for either in table.either if not is_known(f"headers {either.expected}")] == []


def test_faults_of_rows_and_phrases_of_rules_are_known() -> None:
    folder = Path(sql.__file__).parent
    files = [*folder.glob("views/*.sql"), *folder.glob("rules/*.sql")]
    chosen = {phrase for file in files for phrase in reasons_of_sql(file.read_text(encoding="utf-8"))}
    assert reasons_of_sql(reconcile._REASONS) == known._FAULTS
    assert "price list and offer name" in chosen
    assert chosen <= PHRASES


@pytest.mark.parametrize(
    ("sentence", "text"),
    [
        ("partners was not supplied", "NIE MA partners"),
        ("partners was supplied without the column role", "W partners NIE MA role"),
        ("at most 36 hours", "at most 36 hours"),
        ("12,345 of 20,000 rows that could not be read", "NIE: 12\u00a0345 Z 20\u00a0000"),
        ("expected a GUID", "MA BYĆ GUID"),
        ("expected one of a, b", "MA BYĆ one of a, b"),
        ("2 files written at the same moment: a.csv and b.csv and c.csv", "2: a.csv I b.csv I c.csv"),
        ("too few columns in the row; expected 9 columns", "MAŁO; 9"),
        ("too few columns in the row; expected 9 columns; it takes 1,200 lines", "MAŁO; 9; 1\u00a0200"),
        ("Columns that are not known were ignored: A, (no name).", "POMINIĘTE: A, (BEZ NAZWY)"),
        ("Slashed dates in created_on were read day first.", "created_on: DZIEŃ"),
        ("Slashed dates in created_on were read year first.", "Slashed dates in created_on were read year first."),
        ("expected something new", "expected something new"),
        ("Binder Error: no such column", "Binder Error: no such column"),
        ("%(n)s was not supplied", "NIE MA %(n)s"),
        ("", ""),
    ],
)
def test_a_recorded_sentence_is_said_in_the_language(sentence: str, text: str) -> None:
    forms = {
        "%(table)s was not supplied": "NIE MA %(table)s",
        "%(table)s was supplied without the column %(column)s": "W %(table)s NIE MA %(column)s",
        "%(n)s of %(total)s rows that could not be read": "NIE: %(n)s Z %(total)s",
        "expected %(what)s": "MA BYĆ %(what)s",
        "a GUID": "GUID",
        "%(n)s files written at the same moment: %(names)s": "%(n)s: %(names)s",
        "%(one)s and %(other)s": "%(one)s I %(other)s",
        "%(fault)s; expected %(n)s columns": "%(fault)s; %(n)s",
        "%(fault)s; expected %(n)s columns; it takes %(lines)s lines": "%(fault)s; %(n)s; %(lines)s",
        "too few columns in the row": "MAŁO",
        "Columns that are not known were ignored: %(headers)s.": "POMINIĘTE: %(headers)s",
        "(no name)": "(BEZ NAZWY)",
        "Slashed dates in %(column)s were read %(order)s.": "%(column)s: %(order)s",
        "day first": "DZIEŃ",
    }
    words = LocalWords("pl", Translations({one: (form,) for one, form in forms.items()}, "(n != 1)"))
    assert said(words, sentence) == text
    assert said(ENGLISH, sentence) == sentence


def test_a_list_of_names_is_said_in_the_language() -> None:
    words = LocalWords("it", Translations({"%(one)s or %(other)s": ("%(one)s o %(other)s",)}, "(n != 1)"))
    assert listed(words, "country or market or land") == "country o market o land"
    assert listed(words, "country") == "country"
    assert listed(words, "country and market or land") == "country and market o land"
    assert listed(ENGLISH, "country or market") == "country or market"


def test_sentences_of_any_length_are_said() -> None:
    words = LocalWords("it", Translations({"%(one)s and %(other)s": ("%(one)s e %(other)s",)}, "(n != 1)"))
    names = " and ".join("abcdefghij") * 20
    assert said(words, f"two columns for country: {names}") == (
        f"two columns for country: {names.replace(' and ', ' e ')}"
    )
    for part in (" and a", "expected ", " that are not known: and "):
        endless = f"two columns for country: {part * 20_000}"
        assert said(words, endless) == endless
        assert said(words, part * 60)


@pytest.mark.parametrize("language", TRANSLATED)
def test_known_sentences_are_translated(language: str) -> None:
    assert catalog.path_of(language).exists()
    sentences = {text.one for text in extract.texts() if text.file == "reports/known.py"}
    words = words_of(language)
    assert {*known._SENTENCES, *known._FAULTS} <= sentences
    assert said(words, "partners was not supplied") != "partners was not supplied"
    assert "partners" in said(words, "partners was not supplied")
