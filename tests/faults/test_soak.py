"""Nights in a row on which things go wrong show what a second implementation says: a small part of the soak.

`make faults` lives through sixty of them (tests/faults/soak.py).
"""

from __future__ import annotations

import pytest

from tests.faults.soak import WINDOW, figures, growth, soak

# What is covered is told by other tests; measuring it would double the time.
pytestmark = pytest.mark.no_cover
NIGHTS = 8


def test_nights_on_which_things_go_wrong() -> None:
    with soak(seed=20261204) as found:
        for number in range(NIGHTS):
            found.night(number)
    told = figures(found)
    assert told["broken promises"] == []
    assert told["nights"] == NIGHTS
    assert sum(told["what went wrong"].values()) > told["what went wrong"]["nothing"]
    assert told["findings compared with the second implementation"] > 200


def test_growth_is_between_the_last_nights_and_those_before() -> None:
    assert growth([1] * 90 + [100] * WINDOW + [150] * WINDOW) == 1.5
