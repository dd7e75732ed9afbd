"""Whose data goes: a customer, and all by which the warehouses know it."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import reports
import sql
from pipeline.database import identifier
from pipeline.retention.finder import Finder, is_same, names_in
from pipeline.rulefile import read_rules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pipeline.database import Connection

    Tables = Mapping[str, Mapping[str, str]]

# Anything shorter may stand for anything, as may a short number.
_SHORTEST_ID, _SHORTEST_NAME, _SHORTEST_NUMBER = 4, 3, 8
# Of a GUID.
_DIGITS = 32
# In scripts without capitals a name has as many words as signs.
_SHORTEST_NAME_OF_SIGNS = 2
_ABOUT_OTHERS = ("company_name", "domain")
# What offers are called: where a customer has such a name, they are not about it.
_TITLES = ("product_title", "sku_title", "title")
_PAGES = ("*.html", "*.txt", "*.css", "*.js", "*.po")


@dataclass(frozen=True)
class Subject:
    """One customer: its id in lower case, and its names, domains, subscriptions and findings in any night.

    `ambiguous` are those that somebody else has too, or that mean other things as well: they are not looked for in
    texts. `others` are longer names and domains of other customers that have one of these in them.
    """

    customer_id: str
    names: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()
    subscriptions: frozenset[str] = frozenset()
    findings: frozenset[str] = frozenset()
    ambiguous: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()

    def __or__(self, other: Subject) -> Subject:
        """Return what both know."""
        return Subject(
            self.customer_id,
            self.names | other.names,
            self.domains | other.domains,
            self.subscriptions | other.subscriptions,
            self.findings | other.findings,
            self.ambiguous | other.ambiguous,
            self.others | other.others,
        )

    @property
    def digits(self) -> str | None:
        """The id without its hyphens, where it is a GUID."""
        bare = self.customer_id.replace("-", "")
        return bare if len(bare) == _DIGITS else None

    @cached_property
    def sales(self) -> frozenset[str]:
        """The subscriptions that are this customer's alone."""
        return self.subscriptions - self.ambiguous

    @cached_property
    def finder(self) -> Finder:
        """What finds the customer in a text."""
        return Finder(
            tuple(sorted(name for name in self.names - self.ambiguous if _is_a_name(name))),
            tuple(sorted(self.domains - self.ambiguous)),
            tuple(sorted({self.customer_id, *self.findings, *filter(_is_an_id, self.sales)})),
            tuple(sorted(self.others)),
        )


def tables_of(connection: Connection, database: str) -> Tables:
    """Return the columns of every table, with their types, under names such as core.customers."""
    tables: dict[str, dict[str, str]] = {}
    for schema, table, column, kind in connection.execute(
        "select c.schema_name, c.table_name, c.column_name, c.data_type from duckdb_columns() as c "
        "join duckdb_tables() as t using (database_name, schema_name, table_name) "
        "where c.database_name = ? and not t.temporary order by c.schema_name, c.table_name, c.column_index",
        [database],
    ).fetchall():
        tables.setdefault(f"{schema}.{table}", {})[column] = kind
    return tables


def known_of(connection: Connection, database: str, customer_id: str) -> Subject:
    """Return what one warehouse knows of a customer, whose id is in lower case."""
    ask = _asking(connection, database)
    where, told = "lower(customer_id) = $id", {"id": customer_id}
    sales = ask("subscription_id", ("customer_id",), where, told)
    shared = ask(
        "subscription_id", ("customer_id",),
        f"not {where} and subscription_id in (select unnest($sales::varchar[]))", {"sales": [*sales], **told},
    )  # fmt: skip
    findings = ask("finding_id", ("customer_id",), where, told)
    of_sales = ask(
        "finding_id", ("customer_id", "subscription_id"),
        "customer_id is null and subscription_id in (select unnest($sales::varchar[]))", {"sales": [*(sales - shared)]},
    )  # fmt: skip
    return Subject(
        customer_id,
        names=ask("company_name", ("customer_id",), where, told),
        domains=ask("domain", ("customer_id",), where, told),
        subscriptions=sales,
        findings=findings | of_sales,
        ambiguous=shared,
    )


def others_of(connection: Connection, database: str, subject: Subject) -> Subject:
    """Return what else the customer's names and domains are, or are in, by one warehouse and by the program itself."""
    ask = _asking(connection, database)
    rough = Finder(tuple(subject.names), tuple(subject.domains), ()).rough
    near: set[str] = set()
    for column in _ABOUT_OTHERS:
        where = f"lower(customer_id) <> $id and regexp_matches({column}, $rough, 'i')"
        near |= ask(column, ("customer_id",), where, {"rough": rough, "id": subject.customer_id})
    titles: set[str] = set()
    for column in _TITLES:
        titles |= ask(column, (), f"regexp_matches({column}, $rough, 'i')", {"rough": rough})
    # Beside the price list, what is written into one customer's sale tells of somebody; into several, of an offer.
    where = "lower(customer_id) <> $id and regexp_matches(offer_name, $rough, 'i')"
    several = "group by offer_name having count(distinct customer_id) > 1"
    titles |= ask("offer_name", ("customer_id",), f"{where} {several}", {"rough": rough, "id": subject.customer_id})
    own = subject.names | subject.domains
    return Subject(
        subject.customer_id,
        ambiguous=frozenset(
            each for each in own if any(is_same(each, other) for other in near) or _means_more(each, titles)
        ),
        others=frozenset(other for other in near if any(names_in(other, each) for each in own)),
    )


def _asking(connection: Connection, database: str) -> Callable[..., frozenset[str]]:
    """Return what collects the values of a column from every table that has it and some others."""
    tables = tables_of(connection, database)

    def ask(column: str, beside: Iterable[str], where: str, told: Mapping[str, object]) -> frozenset[str]:
        found: set[str] = set()
        for name, columns in tables.items():
            if {column, *beside} <= columns.keys():
                source = ".".join(map(identifier, (database, *name.split("."))))
                rows = connection.execute(f"select distinct {column} from {source} where {where}", told).fetchall()
                found |= {value for (value,) in rows if value}
        return frozenset(found)

    return ask


def _is_an_id(name: str) -> bool:
    return len(name) >= (_SHORTEST_NUMBER if name.isdecimal() else _SHORTEST_ID)


def _is_a_name(name: str) -> bool:
    has_case = name.isascii() or name.lower() != name.upper()
    shortest = _SHORTEST_NAME if has_case else _SHORTEST_NAME_OF_SIGNS
    return len(name.strip()) >= shortest and not name.strip().isdecimal()


def _means_more(text: str, titles: Iterable[str]) -> bool:
    """Tell whether a name is also a word of an offer's title, of the rules or of the report's own texts."""
    finder = Finder((text,), (), ())
    return finder.holds(_own_words()) or any(map(finder.holds, titles))


@cache
def _own_words() -> str:
    """Return what the program itself says in reports and rules."""
    pages = Path(reports.__file__).parent
    found = [path.read_text(encoding="utf-8") for pattern in _PAGES for path in sorted(pages.rglob(pattern))]
    for path in sorted((Path(sql.__file__).parent / "reference").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            found += [" ".join(row) for row in csv.reader(file)]
    for each in read_rules():
        rule = each.rule
        found += [rule.title, rule.message, rule.why, rule.source, *rule.steps, *rule.not_judged.values()]
    return "\n".join(found)
