"""A user is called by the login, or by its number where nobody has it."""

from __future__ import annotations

import pytest

from pipeline.users import user_name


@pytest.mark.parametrize(("user", "name"), [(0, "root"), (4_000_000_001, "4000000001")])
def test_name_of_a_user(user: int, name: str) -> None:
    assert user_name(user) == name
