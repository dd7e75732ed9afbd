"""The mails of the example nights, word for word."""

from __future__ import annotations

import pytest

from tests.reports.mail.write_golden import GOLDEN, golden

MADE = golden()


@pytest.mark.parametrize("name", MADE)
def test_the_mail_of_an_example_night_is_as_it_was_read_and_accepted(name: str) -> None:
    assert MADE[name] == (GOLDEN / name).read_bytes().decode()


def test_no_golden_mail_is_left_over() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == set(MADE)
