"""Finds the customer that somebody means by an id, a domain or a name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipeline.desk.answer import as_text
from pipeline.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pipeline.database import Connection

    Candidate = tuple[str, str | None, str | None]

_GUID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
# Where an id may stand: a customer that is in no customers export still has subscriptions, or had findings.
_TABLES = (
    "core.customers",
    "core.states",
    "core.unread_customers",
    "core.gcc_validations",
    "core.nonprofit_notices",
    "core.qualification_requests",
    "core.qualifications",
    "core.subscriptions",
    "history.qualifications",
)
_MOST_LISTED = 8
_MOST_SUGGESTED = 5
# Below it, two names have too little in common for one to be a slip of the other; as many digits of an id may be wrong.
_LIKENESS = 0.88
_WRONG_DIGITS = 4
# Words of which a suggestion has at least half, the longest first; shorter ones are in too many names.
_MOST_WORDS, _SHORTEST_WORD = 3, 4
# Letters that Unicode does not take apart into a plain one and a mark, and the plain ones.
_WHOLE_LETTERS = ("łøđ", "lod")
_HOW = "Name the customer by its id, its domain, or a part of its name."


def _folded(text: str) -> str:
    """Write the SQL of a text in lower case, without accents, with one space between words.

    Most names are plain ASCII, for which the first branch takes a tenth of the time.
    """
    letters = f"translate(strip_accents(lower({text})), '{_WHOLE_LETTERS[0]}', '{_WHOLE_LETTERS[1]}')"
    return (
        f"case when strlen({text}) = length({text}) and not contains({text}, '  ') then lower({text}) "
        rf"else trim(regexp_replace({letters}, '[\s\pZ]+', ' ', 'g')) end"
    )


_FOLDED_CUSTOMERS = f"""folded as (
    select
        customer_id, company_name, domain,
        coalesce({_folded("company_name")}, '') as name, coalesce({_folded("domain")}, '') as site
    from core.customers
)"""


def find_customer(connection: Connection, asked: str) -> str:
    """Return the id of the customer with that id, domain or name, or the only one whose name or domain has the text.

    Case, accents and the width of spaces do not count. Raises UsageError where there is none, with near matches, or
    where there are several, which it lists on lines of their own.
    """
    text = _fold(connection, asked)
    if not text:
        message = f"the customer has no name. {_HOW}"
        raise UsageError(message)
    if _GUID.fullmatch(text):
        return _by_id(connection, text)
    found = _of_domain(connection, text) or _of_name(connection, text)
    if not found:
        raise UsageError(_unknown(asked, _like_name(connection, text)))
    if len(found) > 1:
        raise UsageError(_ambiguous(asked, found))
    return found[0][0]


def _fold(connection: Connection, asked: str) -> str:
    (text,) = connection.execute(f"select {_folded('$asked')}", {"asked": " ".join(asked.split())}).fetchall()[0]
    return str(text)


def _by_id(connection: Connection, customer_id: str) -> str:
    for table in _TABLES:
        if connection.execute(f"select 1 from {table} where customer_id = ? limit 1", [customer_id]).fetchone():
            return customer_id
    near = _candidates(
        connection,
        "where hamming(customer_id, $id) <= $most order by hamming(customer_id, $id), customer_id limit $limit",
        {"id": customer_id, "most": _WRONG_DIGITS, "limit": _MOST_SUGGESTED},
    )
    raise UsageError(_unknown(customer_id, near))


def _of_domain(connection: Connection, text: str) -> list[Candidate]:
    return _candidates(connection, f"where {_folded('domain')} = $text order by customer_id", {"text": text})


def _of_name(connection: Connection, text: str) -> list[Candidate]:
    """Return those of exactly that name; where there is none, those whose name or domain has the text."""
    found: list[Candidate] = connection.execute(
        f"""
        with {_FOLDED_CUSTOMERS}
        select customer_id, company_name, domain from folded
        where contains(name, $text) or contains(site, $text)
        qualify name = $text or not bool_or(name = $text) over ()
        order by lower(company_name), customer_id
        """,
        {"text": text},
    ).fetchall()
    return found


def _like_name(connection: Connection, text: str) -> list[Candidate]:
    """Return the few customers whose name or domain is most like the text, if any is alike enough."""
    words = sorted((word for word in text.split() if len(word) >= _SHORTEST_WORD), key=len, reverse=True)[:_MOST_WORDS]
    shared = " + ".join(f"cast(contains(name, $word{n}) as integer)" for n in range(len(words))) or "0"
    found: list[Candidate] = connection.execute(
        f"""
        with {_FOLDED_CUSTOMERS},
        rated as (
            select
                customer_id, company_name, domain, ({shared}) / $words as shared,
                greatest(jaro_winkler_similarity(name, $text), jaro_winkler_similarity(site, $text)) as likeness
            from folded
        )
        select customer_id, company_name, domain from rated
        where likeness >= $least or shared >= 0.5
        order by likeness + shared desc, company_name, customer_id limit $limit
        """,
        {
            "text": text, "words": max(len(words), 1), "least": _LIKENESS, "limit": _MOST_SUGGESTED,
            **{f"word{n}": word for n, word in enumerate(words)},
        },
    ).fetchall()  # fmt: skip
    return found


def _candidates(connection: Connection, clauses: str, parameters: dict[str, str | int]) -> list[Candidate]:
    found: list[Candidate] = connection.execute(
        f"select customer_id, company_name, domain from core.customers {clauses}", parameters
    ).fetchall()
    return found


def _ambiguous(asked: str, found: Sequence[Candidate]) -> str:
    more = f"; the first {_MOST_LISTED} are" if len(found) > _MOST_LISTED else ""
    head = f"{as_text(asked)!r} fits {len(found):,} customers; give the domain or the id of one{more}:"
    return "\n".join([head, *(f"  {_label(candidate)}" for candidate in found[:_MOST_LISTED])])


def _unknown(asked: str, near: Iterable[Candidate]) -> str:
    labels = "; ".join(map(_label, near))
    told = f" Near it: {labels}." if labels else ""
    return f"there is no customer {as_text(asked)!r}.{told} {_HOW}"


def _label(candidate: Candidate) -> str:
    customer_id, name, domain = candidate
    return ", ".join(as_text(part) for part in (name, domain, customer_id) if part)
