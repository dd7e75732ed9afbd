"""What the tests of the pipeline share: the three sample nights, audited once."""

from __future__ import annotations

import os
import shutil
import signal
from typing import TYPE_CHECKING

import pytest

from tests.pipeline.commandline import DAYS, audit, sample

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True, scope="session")
def _interruptible() -> None:
    """Let programs that tests start be interrupted: what a shell starts in the background ignores it, for ever on."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _usual_umask() -> Iterator[None]:
    """Let every test begin as a shell does: a command called in this process sets its own and leaves it behind."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture(scope="session")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a state directory that holds the three sample nights; leave it as it is."""
    state = tmp_path_factory.mktemp("audited") / "state"
    for day in DAYS:
        ended = audit(sample(day), day, state)
        assert (ended.code, ended.out, ended.err) == (1, "", "")
    return state


@pytest.fixture
def state(audited: Path, tmp_path: Path) -> Path:
    """Return a state directory of the test's own that holds the three sample nights."""
    return shutil.copytree(audited, tmp_path / "state", symlinks=True)
