"""What the tests of the watch share: no proxy, short waits, and two folders of exports."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.pipeline.exports import night, write_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr("pipeline.watch.ping.TIMEOUT", 1.0)
    monkeypatch.setattr("pipeline.watch.ping.PAUSE", 0.01)


@pytest.fixture(scope="session")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of exports in which no rule finds anything."""
    tables = night()
    tables["subscriptions"] = [row for row in tables["subscriptions"] if row["subscription_id"] in {"s-02", "s-03"}]
    del tables["nonprofit_notices"]
    return write_folder(tmp_path_factory.mktemp("good"), tables)


@pytest.fixture(scope="session")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of exports in which the rules find something."""
    return write_folder(tmp_path_factory.mktemp("exports"))


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder without any export."""
    return tmp_path_factory.mktemp("empty")


@pytest.fixture
def interrupting(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Return what lets the next run be interrupted in the middle of its rules."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    return lambda: monkeypatch.setattr("pipeline.run.judge_rules", stop)
