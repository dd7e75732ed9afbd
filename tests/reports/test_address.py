"""Addresses with filters: the same in every language, and nothing in a value can end it."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.address import filtered


@pytest.mark.parametrize(
    ("filters", "address"),
    [
        ({}, "#findings"),
        ({"level": "violation"}, "#findings?level=violation"),
        ({"level": "", "rule": "SEG01"}, "#findings?rule=SEG01"),
        ({"type": "Nonprofit + Education"}, "#findings?type=Nonprofit%20%2B%20Education"),
        ({"type": "(none)", "segment": "Education"}, "#findings?type=%28none%29&segment=Education"),
    ],
)
def test_filters_stand_in_the_address(filters: dict[str, str], address: str) -> None:
    assert filtered(**filters) == address


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.text(st.characters(exclude_categories=["Cs"])))
def test_a_value_is_read_as_it_was_written(kind: str, segment: str) -> None:
    query = filtered(type=kind, segment=segment).removeprefix("#findings?")
    wanted = [(name, value) for name, value in (("type", kind), ("segment", segment)) if value]
    assert parse_qsl(query, keep_blank_values=True) == wanted
    assert query.isascii()
    assert not set(query) & set(" \"'<>#")
