"""What the tests of the pipeline share: the three sample nights, and one small night, each audited once."""

from __future__ import annotations

import os
import shutil
import signal
from typing import TYPE_CHECKING

import pytest

from tests.pipeline.commandline import DAYS, audit, sample, usual_umask
from tests.pipeline.exports import write_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True, scope="session")
def _interruptible() -> None:
    """Let programs that tests start be stopped: what `command &` and nohup start ignores these, for ever on."""
    for number, usual in {signal.SIGINT: signal.default_int_handler, signal.SIGHUP: signal.SIG_DFL}.items():
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, usual)


@pytest.fixture(autouse=True, scope="session")
def _no_configuration() -> None:
    """Let no command read the configuration of whoever runs the tests."""
    os.environ.pop("CSP_AUDIT_CONFIG", None)


@pytest.fixture(autouse=True)
def _usual_handlers() -> Iterator[None]:
    """Give the process its handlers back: a program that was stopped leaves them, since it ends."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(autouse=True)
def _usual_umask() -> Iterator[None]:
    """Let every test begin as a shell does, also where one calls what sets it otherwise than by a command."""
    with usual_umask():
        yield


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


@pytest.fixture(scope="session")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the exports of a small night that any date may be given; leave them as they are."""
    return write_folder(tmp_path_factory.mktemp("exports"))


@pytest.fixture(scope="session")
def audited_once(exports: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a state directory that holds that night, as of DAYS[1]; leave it as it is."""
    state = tmp_path_factory.mktemp("once") / "state"
    assert audit(exports, DAYS[1], state).code == 1
    return state


@pytest.fixture
def own(audited_once: Path, tmp_path: Path) -> Path:
    """Return a state directory of the test's own that holds that night."""
    return shutil.copytree(audited_once, tmp_path / "state", symlinks=True)
