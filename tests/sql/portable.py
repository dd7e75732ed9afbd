"""Holds SQL to the subset that means the same on every serious engine (DESIGN, section 6).

The subset is closed: a construct is in `GRAMMAR` with the parts that it may have, or it is refused. What the
parser makes equal on the way (`a::date`, `a == b`, `ifnull`) is refused as it is written, token by token.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokens import Token, TokenType

from schemas.catalog import TABLES
from schemas.column import COUNTRY, CURRENCY, GUID, Stored

if TYPE_CHECKING:
    from collections.abc import Iterator

FUNCTIONS = frozenset(
    ["cast", "coalesce", "count", "exists", "lag", "lead", "length", "lower", "max", "min", "nullif", "rank",
     "row_number", "sum", "trim", "upper"]
)  # fmt: skip
_BEFORE_PARENTHESIS = frozenset(
    ["and", "as", "between", "case", "decimal", "else", "in", "not", "on", "or", "over", "select", "then", "when",
     "where"]
)  # fmt: skip
_OPERATORS = frozenset(["=", "<>", "!=", "<", "<=", ">", ">=", "+", "-", "*", "%", "||", ".", ",", "(", ")", ";"])
_WORD = str.maketrans("", "", "_ ")  # `group by` is one token
_ONE, _PAIR = {"this"}, {"this", "expression"}
GRAMMAR: dict[type[exp.Expr], set[str]] = {
    exp.Select: {"with_", "expressions", "from_", "joins", "where", "group"},
    exp.Union: {"this", "expression", "with_"},
    exp.With: {"expressions"},
    exp.CTE: {"this", "alias"},
    exp.TableAlias: {"this"},
    exp.From: {"this"},
    exp.Table: {"this", "db", "alias", "joins"},
    exp.Join: {"this", "on", "side", "kind"},
    exp.Where: {"this"},
    exp.Group: {"expressions"},
    exp.Alias: {"this", "alias"},
    exp.Column: {"this", "table"},
    exp.Identifier: {"this"},
    exp.Literal: {"this", "is_string"},
    exp.Boolean: {"this"},
    exp.Null: set(),
    exp.Paren: {"this"},
    exp.Case: {"this", "ifs", "default"},
    exp.If: {"this", "true"},
    exp.Not: {"this"},
    exp.Neg: {"this"},
    exp.Exists: {"this"},
    exp.In: {"this", "expressions"},
    exp.Between: {"this", "low", "high"},
    exp.Cast: {"this", "to"},
    exp.DataType: {"this", "expressions"},
    exp.DataTypeParam: {"this"},
    exp.DPipe: {*_PAIR, "safe"},
    exp.Coalesce: {"this", "expressions"},
    exp.Nullif: _PAIR,
    exp.Count: {"this", "big_int"},
    exp.Window: {"this", "partition_by", "order", "spec", "over"},
    exp.WindowSpec: {"kind", "start", "start_side", "end", "end_side"},
    exp.Order: {"expressions"},
    exp.Ordered: {"this", "desc", "nulls_first"},
    exp.Star: set(),
    exp.Lag: {"this", "offset"},
    exp.Lead: {"this", "offset"},
    exp.RowNumber: set(),
    exp.Rank: set(),
    **dict.fromkeys((exp.And, exp.Or, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE), _PAIR),
    **dict.fromkeys((exp.Is, exp.NullSafeEQ, exp.NullSafeNEQ, exp.Like), _PAIR),
    **dict.fromkeys((exp.Add, exp.Sub, exp.Mul, exp.Mod), _PAIR),
    **dict.fromkeys((exp.Trim, exp.Length, exp.Upper, exp.Lower, exp.Sum, exp.Min, exp.Max), _ONE),
}
_JOINS = {("", ""), ("", "INNER"), ("LEFT", ""), ("LEFT", "OUTER"), ("FULL", ""), ("FULL", "OUTER"), ("", "CROSS")}
_ONLY_IN_WINDOWS = (exp.RowNumber, exp.Rank, exp.Lag, exp.Lead)
_COLUMNS = [column for table in TABLES.values() for column in table.columns]
_ASCII = {c.name for c in _COLUMNS if c.kind in {GUID, COUNTRY, CURRENCY} or c.kind.stored is Stored.CANONICAL}
_DATES = {c.name for c in _COLUMNS if c.kind.stored is Stored.DAY} | {"as_of", "day", "due_on"}
# One of these in ORDER BY leaves no ties; an order over what may be null differs from engine to engine.
_UNIQUE = {"line", "subscription_id", "day", "day_number"}
_NEVER_NULL = {column.name for column in _COLUMNS if column.required} | _UNIQUE


def problems(sql: str) -> list[str]:
    """Return why a file's SQL leaves the subset; empty where it does not."""
    try:
        tokens = sqlglot.tokenize(sql, dialect="duckdb")
        statements = sqlglot.parse(sql, dialect="duckdb")
    except SqlglotError as error:
        return [f"not SQL: {error}"]
    if len(statements) != 1 or not isinstance(statements[0], exp.Select | exp.Union):
        return ["one SELECT, and nothing else"]
    found = [*_token_problems(tokens), *(why for node in statements[0].walk() for why in _node_problems(node))]
    return list(dict.fromkeys(found))


def _token_problems(tokens: list[Token]) -> Iterator[str]:
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        text = token.text.lower()
        if token.token_type in {TokenType.STRING, TokenType.NUMBER}:
            if "\\" in text:
                yield "a backslash in a text is an escape on some engines"
        elif token.token_type is TokenType.IDENTIFIER:
            yield f'quoted name "{text}": a text on some engines'
        elif not text.translate(_WORD).isalnum():
            if text not in _OPERATORS:
                yield f"operator {text}"
        elif following and following.token_type is TokenType.L_PAREN and text not in FUNCTIONS | _BEFORE_PARENTHESIS:
            yield f"function {text}"
        if text == "decimal" and not (following and following.token_type is TokenType.L_PAREN):
            yield "CAST to DECIMAL without precision and scale"
        if text == "," and following and following.text.lower() in {"from", ")"}:
            yield "a comma with nothing behind it"


def _node_problems(node: exp.Expr) -> Iterator[str]:
    name = type(node).__name__.upper()
    if type(node) not in GRAMMAR:
        yield f"{name} is not in the subset"
        return
    parts = {part for part, value in node.args.items() if value not in (None, [], False)}
    for part in sorted(parts - GRAMMAR[type(node)]):
        yield f"{name} with {part.strip('_').upper()}"
    check = _CHECKS.get(type(node))
    if check:
        yield from check(node)


def _join(node: exp.Expr) -> Iterator[str]:
    side, kind = (str(node.args.get(part) or "").upper() for part in ("side", "kind"))
    if (side, kind) not in _JOINS:
        yield f"{side or kind} JOIN"
    elif (kind == "CROSS") == bool(node.args.get("on")):
        yield "a join without ON that is not a CROSS JOIN"


def _star(node: exp.Expr) -> Iterator[str]:
    if not isinstance(node.parent, exp.Count):
        yield "SELECT *"


def _group(node: exp.Expr) -> Iterator[str]:
    if not node.expressions or any(not isinstance(key, exp.Column) for key in node.expressions):
        yield "GROUP BY names columns: no ordinals, no expressions, not ALL"


def _cast(node: exp.Expr) -> Iterator[str]:
    to = node.args["to"]
    if to.this not in {exp.DType.DATE, exp.DType.BIGINT, exp.DType.DECIMAL}:
        yield f"CAST to {to.sql()}"


def _ascii_only(node: exp.Expr) -> Iterator[str]:
    if not isinstance(node.this, exp.Column) or node.this.name not in _ASCII:
        yield f"{type(node).__name__.upper()} of something that is not a column declared ASCII"


def _arithmetic(node: exp.Expr) -> Iterator[str]:
    if any(_is_date(side) for side in (node.this, node.expression)):
        yield "date arithmetic: join ref.calendar"


def _is_date(node: exp.Expr) -> bool:
    inner = node.unnest()
    return (isinstance(inner, exp.Column) and inner.name in _DATES) or inner.is_type("date")


def _window(node: exp.Expr) -> Iterator[str]:
    order = node.args.get("order")
    if not isinstance(node.this, (*_ONLY_IN_WINDOWS, exp.Sum)):
        yield f"{type(node.this).__name__.upper()} over a window"
    keys = [ordered.this for ordered in order.expressions] if order else []
    if not any(isinstance(key, exp.Column) and key.name in _UNIQUE for key in keys):
        yield "a window without a total ORDER BY"
    for key in keys:
        if not isinstance(key, exp.Coalesce) and key.name not in _NEVER_NULL:
            yield "a window ordered by what may be null: engines put nulls first or last"
    spec = node.args.get("spec")
    if isinstance(node.this, exp.Sum) and (spec is None or spec.args["kind"].upper() != "ROWS"):
        yield "a windowed SUM without explicit ROWS"


def _in_window(node: exp.Expr) -> Iterator[str]:
    if not isinstance(node.parent, exp.Window):
        yield f"{type(node).__name__.upper()} without a window"


def _order(node: exp.Expr) -> Iterator[str]:
    if not isinstance(node.parent, exp.Window):
        yield "ORDER BY outside a window"


def _union(node: exp.Expr) -> Iterator[str]:
    if node.args.get("distinct"):
        yield "UNION without ALL"


def _output(node: exp.Expr) -> Iterator[str]:
    """Refuse columns that nobody has named: engines invent different names."""
    if any(not isinstance(column, exp.Alias | exp.Column) for column in node.expressions):
        yield "a column without a name"


_CHECKS = {
    exp.Select: _output,
    exp.Join: _join,
    exp.Star: _star,
    exp.Group: _group,
    exp.Cast: _cast,
    exp.Upper: _ascii_only,
    exp.Lower: _ascii_only,
    exp.Add: _arithmetic,
    exp.Sub: _arithmetic,
    exp.Window: _window,
    exp.Order: _order,
    exp.Union: _union,
    **dict.fromkeys(_ONLY_IN_WINDOWS, _in_window),
}
