"""Tables and columns: what the design lists is there, and what cannot be compiled is refused on import."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import pytest

from schemas.catalog import TABLES
from schemas.column import TEXT, Column, Kind, Stored, one_of
from schemas.conditions import Either, Present, Shape
from schemas.table import MOST_CONDITIONS, Flag, Table

# The design's own words: `*` marks a required column or table.
DESIGNED = {
    "customers*": "customer_id*, company_name*, domain, relationship, country, reseller_id, tags",
    "subscriptions*": """
        subscription_id*, customer_id*, offer_id*, offer_name, segment, product_type, quantity, status*,
        auto_renew_enabled, is_trial, term_duration, billing_cycle, creation_date*, effective_start_date,
        commitment_end_date, cancellation_allowed_until_date, partner_tenant_id, reseller_id, parent_subscription_id,
        migrated_from_subscription_id, scheduled_action, scheduled_offer_id, unit_price, currency
    """,
    "qualifications*": "customer_id*, qualification*, vetting_status, vetting_reason, vetting_create_date",
    "price_list": """
        product_id, sku_id, product_title, sku_title, segment*, term_duration, billing_plan, market, currency,
        unit_price, erp_price, tags, effective_start_date, effective_end_date, offer_id
    """,
    "partners": """
        tenant_id*, name, role*, mpn_id, provider_tenant_id, azure_gcc_tenant_id, gcc_approved_date, gcc_requested_date,
        gcc_high_invited, azure_government_enrolled
    """,
    "gcc_validations": "customer_id*, validation_id, submitted_date*, submitted_tenant_id*, status*, decided_date",
    "qualification_requests": "customer_id*, qualification*, requested_date*, outcome",
    "nonprofit_notices": "customer_id*, notice_date*, removal_date, contested",
}
TYPES = {
    "customer_id": "GUID",
    "partner_tenant_id": "GUID",
    "tenant_id": "GUID",
    "gcc_high_invited": "true or false",
    "azure_government_enrolled": "true or false",
    "quantity": "whole number",
    "auto_renew_enabled": "true or false",
    "is_trial": "true or false",
    "contested": "true or false",
    "country": "country code",
    "market": "country code",
    "unit_price": "number",
    "erp_price": "number",
}


def marked(name: str, *, required: bool) -> str:
    return f"{name}*" if required else name


def test_tables_have_exactly_the_designed_columns() -> None:
    built = {
        marked(table.name, required=table.required): [marked(c.name, required=c.required) for c in table.columns]
        for table in TABLES.values()
    }
    assert built == {table: [c.strip() for c in columns.split(",")] for table, columns in DESIGNED.items()}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_columns_have_the_designed_kinds(table: Table) -> None:
    for column in table.columns:
        expected = "date" if column.name.endswith("_date") else TYPES.get(column.name)
        assert expected is None or column.kind.name == expected, column.name


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_every_table_and_column_says_what_it_means(table: Table) -> None:
    assert table.purpose
    names = [column.name for column in table.columns]
    assert len(names) == len(set(names))
    assert all(column.meaning.strip() == column.meaning != "" for column in table.columns)


def test_documentation_row_tells_name_kind_need_headers_and_meaning() -> None:
    column = TABLES["subscriptions"].column("quantity")
    assert column.documentation == ("quantity", "whole number", "optional", "SeatCount, AvailableSeats", "seats")
    assert TABLES["customers"].column("customer_id").documentation[2] == "required"


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_keys_and_pairs_name_columns_of_the_table(table: Table) -> None:
    names = {column.name for column in table.columns}
    assert names.issuperset(table.key)
    assert names.issuperset(name for pair in table.ordered for name in (pair.first, pair.second))
    assert names.issuperset(name for either in table.either for name in either.columns)
    assert names.issuperset(column for _, column in table.preamble)


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_derived_columns_have_names_of_their_own_and_need_columns_of_the_table(table: Table) -> None:
    names = {column.name for column in table.columns}
    assert not names & {derived.name for derived in table.derived}
    assert names.issuperset(name for derived in table.derived for name in derived.needs)


@dataclass(frozen=True)
class Even:
    """A condition that the sieve knows nothing of."""

    expected: str = "an even number"


def table_of(*columns: Column) -> Table:
    return Table(name="things", purpose="things", columns=columns)


def column_of(*conditions: object, name: str = "thing") -> Column:
    return Column(name, Kind("thing", "VARCHAR", Stored.AS_WRITTEN, conditions), "a thing")  # type: ignore[arg-type]


def test_condition_that_cannot_be_compiled_is_refused_on_import() -> None:
    with pytest.raises(TypeError, match=r"things\.thing: .*Even.* is not in the closed vocabulary"):
        table_of(column_of(Even()))


def test_table_of_many_files_with_a_key_is_refused_on_import() -> None:
    column = Column("thing", TEXT, "x")
    with pytest.raises(TypeError, match="things: keys are compared within one file"):
        Table(name="things", purpose="things", columns=(column,), key=("thing",), many=True)


EITHER = Flag("a", Either((("a", "b"), ("c",))))


@pytest.mark.parametrize(
    ("present", "place"),
    [("abc", "a"), ("ab", "a"), ("c", "c"), ("bc", "b"), ("d", None)],
)
def test_row_without_either_group_is_listed_under_the_first_column_that_there_is(
    present: str, place: str | None
) -> None:
    assert EITHER.place(frozenset(present)) == place


def test_row_needs_one_whole_group() -> None:
    rows = pd.DataFrame(
        [("1", "2", None), ("1", None, None), (None, None, "3"), (None, "2", "3"), (None, None, None)],
        columns=list("abc"),
        dtype="str",
    )
    condition = EITHER.condition
    assert isinstance(condition, Either)
    assert condition.holds(rows).tolist() == [True, False, True, True, False]
    assert condition.holds(rows[["a", "b"]]).tolist() == [True, False, False, False, False]
    assert condition.expected == "a and b, or c"


def test_mask_has_63_bits_and_a_64th_condition_is_refused_on_import() -> None:
    table = table_of(*(column_of(Present(), name=f"thing_{n}") for n in range(MOST_CONDITIONS)))
    assert len(table.flags) == 63
    with pytest.raises(TypeError, match="more than 63 conditions"):
        table_of(*table.columns, column_of(Present(), name="one_more"))


@pytest.mark.parametrize(
    "second",
    [Column("Com-pany Name", TEXT, "x"), Column("other", TEXT, "x", aliases=("COMPANY_NAME",))],
    ids=["name", "alias"],
)
def test_header_claimed_by_two_columns_is_refused_on_import(second: Column) -> None:
    with pytest.raises(TypeError, match=r"two columns claim the header .*companyname"):
        table_of(Column("company_name", TEXT, "x"), second)


@pytest.mark.parametrize(
    "pattern", [r"\d+", r"\w", r"\s*", r"a\b", "(?=a)b", "(?!a)b", "(?i)a", "(?P<x>a)", r"(a)\1", "^a", "a$", "a.b"]
)
def test_shape_that_two_engines_could_read_differently_is_refused(pattern: str) -> None:
    with pytest.raises(TypeError, match="leaves the subset"):
        Shape(pattern, "a thing")


@pytest.mark.parametrize("pattern", ["[0-9]{4}", "(?:a|b)+", "[.]", "-?[0-9]{1,3}(?:[.][0-9]+)?"])
def test_shape_in_plain_classes_is_accepted(pattern: str) -> None:
    assert Shape(pattern, "a thing").pattern == pattern


def test_spellings_of_a_closed_list_lead_to_the_canonical_value() -> None:
    kind = one_of("answer", {"Yes": ("Of Course",), "No": ()})
    assert [dict(c.spellings) for c in kind.conditions] == [{"yes": "Yes", "ofcourse": "Yes", "no": "No"}]  # type: ignore[union-attr]
    assert [c.expected for c in kind.conditions] == ["one of Yes, No"]
