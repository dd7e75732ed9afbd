"""Views and rules stay inside the portable subset, the lint refuses what is outside, and each runs as it stands."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

import sql
from pipeline.rulefile import RULES_FOLDER
from pipeline.rules import VIEWS_FOLDER
from tests.pipeline.commandline import DAYS, audit, sample
from tests.sql.portable import problems

if TYPE_CHECKING:
    from collections.abc import Iterator

FILES = [*sorted(VIEWS_FOLDER.glob("*.sql")), *sorted(RULES_FOLDER.glob("*.sql"))]
BAD = {
    # reading
    "select * from core.sale as s": "SELECT *",
    "select s.* from core.sale as s": "SELECT *",
    "from core.sale": "SELECT *",
    "select count(*) from core.sale as s": "a column without a name",
    "select distinct s.line from core.sale as s": "SELECT with DISTINCT",
    "select s.line from core.sale as s order by s.line": "ORDER BY outside a window",
    "select s.line from core.sale as s limit 1": "SELECT with LIMIT",
    "select s.line, from core.sale as s": "a comma with nothing behind it",
    "select a.line from (select s.line from core.sale as s) as a": "SUBQUERY is not in the subset",
    "select (select 1 as n) as n from core.sale as s": "SUBQUERY is not in the subset",
    "select s.line from core.sale as s tablesample 10%": "TABLESAMPLE is not in the subset",
    "select s.line from 'sale.parquet' as s": "IDENTIFIER with QUOTED",
    'select s."line" from core.sale as s': 'quoted name "line": a text on some engines',
    "select r.day from range(3) as r(day)": "function range",
    "with recursive a as (select 1 as n) select a.n from a": "WITH with RECURSIVE",
    "with a as materialized (select 1 as n) select a.n from a": "CTE with MATERIALIZED",
    "select ? as n": "operator ?",
    "select 1 as n; drop table core.sale": "one SELECT, and nothing else",
    "drop table core.sale": "one SELECT, and nothing else",
    # joining
    "select a.n from a, b": "a join without ON that is not a CROSS JOIN",
    "select a.n from a join b using (n)": "JOIN with USING",
    "select a.n from a natural join b": "JOIN with METHOD",
    "select a.n from a asof join b on a.n >= b.n": "JOIN with METHOD",
    "select a.n from a positional join b": "JOIN with METHOD",
    "select a.n from a semi join b on a.n = b.n": "SEMI JOIN",
    "select a.n from a anti join b on a.n = b.n": "ANTI JOIN",
    "select a.n from a right join b on a.n = b.n": "RIGHT JOIN",
    "select a.n from a where a.n not in (select b.n from b)": "IN with QUERY",
    "select a.n from a where a.n = any(select b.n from b)": "function any",
    "select 1 as n union select 2 as n": "UNION without ALL",
    "select 1 as n union all by name select 2 as n": "UNION with BY_NAME",
    "select 1 as n except select 2 as n": "one SELECT, and nothing else",
    # grouping
    "select s.line, count(*) as n from s group by all": "GROUP BY names columns: no ordinals, no expressions, not ALL",
    "select s.line, count(*) as n from s group by 1": "GROUP BY names columns: no ordinals, no expressions, not ALL",
    "select s.n from s group by s.n having count(*) > 1": "SELECT with HAVING",
    "select count(distinct s.n) as n from s": "DISTINCT is not in the subset",
    "select count(*) filter (where s.n > 1) as n from s": "FILTER is not in the subset",
    "select avg(s.n) as n from s": "AVG is not in the subset",
    "select string_agg(s.n, ',') as n from s": "function string_agg",
    "select list(s.n) as n from s": "function list",
    "select max(s.n, 2) as n from s": "MAX with COUNT",
    "select any_value(s.n) as n from s": "function any_value",
    # dates
    "select current_date as n": "CURRENTDATE is not in the subset",
    "select now() as n": "function now",
    "select today() as n": "function today",
    "select r.as_of + 90 as n from core.run as r": "date arithmetic: join ref.calendar",
    "select n.removal_date - n.notice_date as n from n": "date arithmetic: join ref.calendar",
    "select date '2026-11-20' - 1 as n": "date arithmetic: join ref.calendar",
    "select r.as_of + interval 1 day as n from core.run as r": "INTERVAL is not in the subset",
    "select date_diff('day', a.n, a.m) as n from a": "function date_diff",
    "select year(r.as_of) as n from core.run as r": "function year",
    "select extract(month from r.as_of) as n from core.run as r": "function extract",
    # texts and numbers
    "select a.n / 2 as n from a": "DIV is not in the subset",
    "select a.n // 2 as n from a": "operator //",
    "select a.n ** 2 as n from a": "operator **",
    "select round(a.n) as n from a": "function round",
    "select a.n from a where a.n ilike 'x'": "ILIKE is not in the subset",
    "select a.n from a where a.n like 'x!%' escape '!'": "ESCAPE is not in the subset",
    "select a.n from a where a.n ~ 'x'": "operator ~",
    "select a.n from a where a.n similar to 'x'": "SIMILARTO is not in the subset",
    "select a.n from a where regexp_matches(a.n, 'x')": "function regexp_matches",
    "select concat(a.n, 'x') as n from a": "function concat",
    "select a.n from a where a.n == 'x'": "operator ==",
    "select ifnull(a.n, 'x') as n from a": "function ifnull",
    "select len(a.n) as n from a": "function len",
    "select trim(both 'x' from a.n) as n from a": "TRIM with EXPRESSION",
    "select substring(a.n, 1, 2) as n from a": "function substring",
    r"select 'a\b' as n": "a backslash in a text is an escape on some engines",
    "select lower(s.offer_name) as n from s": "LOWER of something that is not a column declared ASCII",
    "select upper(trim(s.customer_id)) as n from s": "UPPER of something that is not a column declared ASCII",
    # types
    "select cast(a.n as varchar) as n from a": "CAST to TEXT",
    "select cast(a.n as double) as n from a": "CAST to DOUBLE",
    "select cast(a.n as timestamp) as n from a": "CAST to TIMESTAMP",
    "select cast(a.n as decimal) as n from a": "CAST to DECIMAL without precision and scale",
    "select try_cast(a.n as bigint) as n from a": "TRYCAST is not in the subset",
    "select a.n::bigint as n from a": "operator ::",
    "select [1, 2] as n": "ARRAY is not in the subset",
    "select a.n[1] as n from a": "BRACKET is not in the subset",
    "select {'a': 1} as n": "STRUCT is not in the subset",
    "select list_transform(a.n, lambda x: x) as n from a": "LAMBDA is not in the subset",
    # windows
    "select row_number() over () as n from s": "a window without a total ORDER BY",
    "select row_number() over (order by s.segment) as n from s": "a window without a total ORDER BY",
    "select rank() over (order by s.quantity, s.line) as n from s": (
        "a window ordered by what may be null: engines put nulls first or last"
    ),
    "select sum(s.n) over (order by s.line) as n from s": "a windowed SUM without explicit ROWS",
    "select sum(s.n) over (order by s.line range between 1 preceding and current row) as n from s": (
        "a windowed SUM without explicit ROWS"
    ),
    "select first_value(s.n) over (order by s.line) as n from s": "function first_value",
    "select count(*) over (order by s.line) as n from s": "COUNT over a window",
    "select lag(s.n ignore nulls) over (order by s.line) as n from s": "IGNORENULLS is not in the subset",
    "select s.n from s qualify row_number() over (order by s.line) = 1": "SELECT with QUALIFY",
    "select row_number() over w as n from s window w as (order by s.line)": "SELECT with WINDOWS",
    "select (1 as n": "not SQL",
}
GOOD = """
with priced as (
    select
        s.line, s.customer_id, cast(s.unit_price * s.quantity as decimal(18,6)) as price, s.quantity % 7 as odd,
        upper(c.country) as country, trim(s.offer_name) || ' (' || coalesce(s.segment, 'unknown') || ')' as label
    from core.subscriptions as s
    left join core.customers as c on s.customer_id = c.customer_id
    full outer join ref.calendar as d on s.creation_date = d.day
    cross join core.run as r
    where (s.creation_date <= r.as_of or s.offer_name is null) and s.offer_name like '%Pricing%'
        and exists (select 1 as one from core.qualifications as q where q.customer_id = s.customer_id)
        and s.status not in ('expired', 'deleted') and s.quantity between 1 and 9 and -s.quantity < 0
        and s.segment is distinct from 'Education' and not s.is_trial = true and s.term_duration <> 'P1M'
)
select
    p.line, null as due_on, case when length(p.label) > 9 then 1 else nullif(p.odd, 0) end as n,
    row_number() over (partition by p.customer_id order by p.line desc) as place,
    lag(p.price, 1) over (order by coalesce(p.price, 0), p.line) as before,
    sum(p.price) over (order by p.line rows between unbounded preceding and current row) as total
from priced as p
union all
select
    p.line, date '2026-11-20' as due_on, count(*) as n, min(p.line) as place, max(p.price) as before,
    sum(p.price) as total
from priced as p
group by p.line
"""


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_view_and_rule_stays_inside_the_portable_subset(path: Path) -> None:
    assert problems(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(("select", "reason"), BAD.items(), ids=BAD.keys())
def test_the_lint_refuses_what_is_outside_and_says_why(select: str, reason: str) -> None:
    assert [why for why in problems(select) if why.startswith(reason)] != [], problems(select)


def test_the_lint_lets_the_whole_subset_pass() -> None:
    assert problems(GOOD) == []


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the warehouse of the sample nights as any DuckDB shell would."""
    state = tmp_path_factory.mktemp("night") / "state"
    for day in DAYS:
        assert audit(sample(day), day, state).err == ""
    with duckdb.connect(str(state / "warehouse.duckdb"), read_only=True) as connection:
        yield connection


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_view_and_rule_runs_as_it_stands_in_plain_duckdb(
    warehouse: duckdb.DuckDBPyConnection, path: Path
) -> None:
    rows = warehouse.execute(path.read_text(encoding="utf-8"))
    columns = [column[0] for column in rows.description]
    assert columns == list(dict.fromkeys(columns))
    if path.parent == RULES_FOLDER:
        assert {"customer_id", "subscription_id", "due_on"} < set(columns)
    assert rows.fetchone() is not None, "a sample night trips every rule"


def test_no_sql_file_stands_outside_the_folders_that_are_linted() -> None:
    folder = Path(sql.__file__).parent
    assert {path for path in folder.rglob("*.sql") if path not in FILES} == {
        folder / "warehouse.sql",
        folder / "calendar.sql",
    }
