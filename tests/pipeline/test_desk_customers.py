"""A customer is found by what people call it; where that is not enough, the error says who is near."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from pipeline.desk.customers import find_customer
from pipeline.errors import UsageError
from tests.pipeline.commandline import call
from tests.pipeline.exports import guid, night, run, write_folder
from tests.sql.case_tables import parse
from tests.sql.world import world

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline.database import Connection

CUSTOMERS = """
customer_id | company_name                     | domain
c1          | Fundacja Mały  Krok              | malykrok.example
c2          | Fundacja Jasny Brzeg             | jasnybrzeg.example
c3          | Jasny                            | jasny.example
c4          | Zespół Szkół nr 7 w Dąbrówce     | zs7.example
c5          | Łódź-Ośrodek (Filia)             |
c6          | malykrok.example                 | other.example
c7          | Scuola Élan                      | elan.example
c8          | Twins                            | one.example
c9          | TWINS                            | two.example
c10         | Jasny Stok                       | shared.example
c11         | Ostoja                           | shared.example
c12         | Чайка                            | żółw.example
c13         | Ένωση Αθηνών                     | straße.example
c14         |                                  | noname.example
"""


@pytest.fixture(scope="module")
def connection() -> Iterator[Connection]:
    tables = {"customers": parse(CUSTOMERS)[1]}
    tables["customers"][4] |= {"company_name": "Łódź-Ośrodek (Filia)"}
    with world(date(2026, 11, 20), tables) as opened:
        yield opened


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("MalyKrok.Example", "c1"),
        ("fundacja maly krok", "c1"),
        ("Fundacja Mały\u00a0Krok", "c1"),
        ("maly krok", "c1"),
        ("jasny", "c3"),
        ("JASNY  BRZEG", "c2"),
        ("zespol szkol nr 7 w dabrowce", "c4"),
        ("ZESPÓŁ", "c4"),
        ("lodz-osrodek (filia)", "c5"),
        ("scuola elan", "c7"),
        ("Scuola E\u0301lan", "c7"),
        ("zs7", "c4"),
        ("żółw.example", "c12"),
        ("ZOLW.example", "c12"),
        ("Żółw", "c12"),
        ("чайка", "c12"),
        ("ΈΝΩΣΗ αθηνων", "c13"),
        ("Straße.example", "c13"),
        ("noname", "c14"),
    ],
)
def test_domain_comes_first_then_the_whole_name_then_a_part(connection: Connection, asked: str, found: str) -> None:
    assert find_customer(connection, asked) == found


@pytest.mark.parametrize(
    ("asked", "listed"),
    [
        ("fundacja", ["Fundacja Jasny Brzeg, jasnybrzeg.example, c2", "Fundacja Mały Krok, malykrok.example, c1"]),
        ("twins", ["Twins, one.example, c8", "TWINS, two.example, c9"]),
        ("SHARED.example", ["Jasny Stok, shared.example, c10", "Ostoja, shared.example, c11"]),
    ],
)
def test_several_are_listed_on_lines_of_their_own(connection: Connection, asked: str, listed: list[str]) -> None:
    with pytest.raises(UsageError) as error:
        find_customer(connection, asked)
    head, *lines = str(error.value).splitlines()
    assert head == f"{asked!r} fits {len(listed)} customers; give the domain or the id of one:"
    assert [line.strip() for line in lines] == listed


def test_no_more_than_eight_are_listed(connection: Connection) -> None:
    with pytest.raises(UsageError) as error:
        find_customer(connection, "EXAMPLE")
    head, *lines = str(error.value).splitlines()
    assert head == "'EXAMPLE' fits 13 customers; give the domain or the id of one; the first 8 are:"
    assert len(lines) == 8


@pytest.mark.parametrize(
    ("asked", "near"),
    [
        ("fundacja jasny brzek", "Fundacja Jasny Brzeg, jasnybrzeg.example, c2"),
        ("jasnybrzek.example", "Fundacja Jasny Brzeg, jasnybrzeg.example, c2"),
        ("Scuola Elann", "Scuola Élan, elan.example, c7"),
        ("Brzeg Morza", "Fundacja Jasny Brzeg, jasnybrzeg.example, c2"),
        ("zólvv.example", "Чайка, żółw.example, c12"),
        ("Szkół Żeńskich", "Zespół Szkół nr 7 w Dąbrówce, zs7.example, c4"),
    ],
)
def test_unknown_name_suggests_those_near_it(connection: Connection, asked: str, near: str) -> None:
    with pytest.raises(UsageError) as error:
        find_customer(connection, asked)
    assert f"there is no customer {asked!r}. Near it: " in str(error.value)
    assert near in str(error.value)
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize("asked", ["qqqq", "%", "_", ".*", "'; drop table x --"])
def test_name_like_no_other_suggests_nothing(connection: Connection, asked: str) -> None:
    with pytest.raises(UsageError) as error:
        find_customer(connection, asked)
    assert str(error.value) == (
        f"there is no customer {asked!r}. Name the customer by its id, its domain, or a part of its name."
    )


@pytest.mark.parametrize("asked", ["", "  ", "\u0301"])
def test_nothing_is_no_name(connection: Connection, asked: str) -> None:
    with pytest.raises(UsageError, match="has no name"):
        find_customer(connection, asked)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a state in which one customer is in no customers export."""
    folder = tmp_path_factory.mktemp("small")
    assert run(write_folder(folder / "exports", night()), folder / "state").code == 1
    return folder / "state"


def test_id_is_found_in_any_case_also_of_a_customer_that_only_has_subscriptions(small: Path) -> None:
    for number in (1, 99):
        ended = call("customer", guid(number).upper(), "--state", small, "--format", "json")
        assert (ended.code, ended.err) == (0, "")
        assert f'"customer_id": "{guid(number)}"' in ended.out


def test_unknown_id_suggests_ids_that_differ_in_a_few_digits(small: Path) -> None:
    ended = call("customer", guid(77), "--state", small)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(f"csp-audit: there is no customer '{guid(77)}'. Near it: Lipowa, Brzoza & Syn, ")
    assert ended.err.count("\n") == 1


def test_command_line_lists_all_candidates_also_without_a_terminal(audited: Path) -> None:
    ended = call("customer", "fundacja", "--state", audited)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.splitlines() == [
        "csp-audit: 'fundacja' fits 3 customers; give the domain or the id of one:",
        "csp-audit:   Fundacja Czysta Rzeka, czystarzeka.example, 270d36aa-f8d4-4744-8d7c-bf7fbcb9d781",
        "csp-audit:   Fundacja Jasny Brzeg, jasnybrzeg.example, 374ce460-b88c-4463-9528-dfa7caec8543",
        "csp-audit:   Fundacja Mały Krok, malykrok.example, 0b6a0056-23c6-4d15-8732-6190dde551e0",
    ]
