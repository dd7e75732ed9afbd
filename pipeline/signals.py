"""Stops on SIGINT, SIGTERM and SIGHUP: once, also inside a long statement, and never in what must be whole.

The first signal raises Stopped in the main thread and interrupts every open database; later ones are ignored, so that
nothing disturbs the cleaning up. The database waits inside its own code, where Python sees no signal, and may turn
what is raised there into an error of its own: a thread does the interrupting, and `stopped_by` says what really was.
The same thread ends the program where a file that is mapped into memory cannot be read any more (`mapped`).
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, TypeVar
from weakref import WeakSet

from pipeline.errors import UsageError
from reports.text import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipeline.database import Connection

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# A statement that begins just after it was interrupted would run on, so it is interrupted again and again.
_AGAIN_SECONDS = 0.05
# What a pipe holds at most: more signals than these can not have been noted.
_ALL_AT_ONCE = 65_536
# Python's own may be held by the thread that cannot go on.
_STDERR = 2
_AS_IT_WAS = "the last good night is as it was. Run again."

_Opened = TypeVar("_Opened", bound="Connection")


class Stopped(KeyboardInterrupt):
    """A signal asks the program to stop; everything that is open is to be closed on the way out."""


@dataclass
class _Stop:
    """What is known of a stop; `undisturbed` counts the sections under way that must be whole.

    `folders` are the temporary ones. `lost` is the line to end with where what is mapped into memory cannot be read.
    """

    number: signal.Signals | None = None
    undisturbed: int = 0
    done: str = ""
    watchers: int = 0
    lost: bytes = b""
    folders: set[str] = field(default_factory=set)
    opened: WeakSet[Connection] = field(default_factory=WeakSet)
    opening: threading.Lock = field(default_factory=threading.Lock)


_STOP = _Stop()


@contextmanager
def heeding() -> Iterator[None]:
    """Stop on signals until the end of the block, but not on those that the caller ignores, as nohup does.

    Outside the main thread, which alone gets signals, it does nothing. After a stop they stay ignored.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _STOP.number, _STOP.undisturbed, _STOP.done = None, 0, ""
    ignored = {number for number in _SIGNALS if signal.getsignal(number) in {signal.SIG_IGN, None}}
    before = {number: signal.signal(number, _take) for number in _SIGNALS if number not in ignored}
    hook = sys.unraisablehook
    sys.unraisablehook = partial(_take_back, hook)
    try:
        with _interrupting():
            yield
    finally:
        sys.unraisablehook = hook
        with undisturbed():
            for number, handler in before.items():
                signal.signal(number, handler)
            # A stopped program is about to end: a second signal must not change its exit code.
            for number in before if stopped_by() else ():
                signal.signal(number, signal.SIG_IGN)


def stopped_by() -> signal.Signals | None:
    """Return the signal that stops the program; None where it goes on."""
    return _STOP.number


def stop_if_asked() -> None:
    """Raise Stopped where a signal has come: before what cannot be taken back, and between steps."""
    if _STOP.number is not None and not _STOP.undisturbed:
        raise Stopped


@contextmanager
def undisturbed(done: str = "") -> Iterator[None]:
    """Put a stop off to the end of the block, which must be short. Raises Stopped there.

    `done` is what a stop from then on says of the state: a sentence that ends with the next step.
    """
    before = _STOP.number
    _STOP.undisturbed += 1
    try:
        yield
        _STOP.done = done or _STOP.done
    finally:
        _STOP.undisturbed -= 1
    if before is None:
        stop_if_asked()


def so_far(done: str) -> None:
    """Let a stop from now on say this of the state, also where the rest of an undisturbed block fails."""
    _STOP.done = done


def surely(clean: Callable[[], None]) -> None:
    """Call what clears away; where a stop comes in the middle, call it once more before stopping."""
    try:
        clean()
    except Stopped:
        clean()
        raise


@contextmanager
def temporary_folder(prefix: str) -> Iterator[Path]:
    """Give a folder in the system's temporary directory that is gone afterwards, however the block ends."""
    folders: list[str] = []
    try:
        with undisturbed():
            folders.append(mkdtemp(prefix=prefix))
            _STOP.folders.update(folders)
        yield Path(folders[0])
    finally:
        for folder in folders:
            surely(partial(shutil.rmtree, folder, ignore_errors=True))
        _STOP.folders.difference_update(folders)


@contextmanager
def mapped(lost: str) -> Iterator[None]:
    """End the program with the line `lost` and the code of UsageError where a mapped page cannot be read (SIGBUS).

    The instruction that reads it can never go on, so no error can be raised: the watcher of `heeding` clears the
    temporary folders away and ends the program. Where none watches, as outside the main thread, nothing is changed: the
    system then ends the program, which would else try for ever. Who sends SIGBUS by hand is told the same.
    """
    before = signal.getsignal(signal.SIGBUS)
    # none stands for a handler that is not Python's, as faulthandler's
    if not _STOP.watchers or threading.current_thread() is not threading.main_thread() or before is None:
        yield
        return
    outer = _STOP.lost
    try:
        with undisturbed():
            _STOP.lost = f"csp-audit: {visible(lost)}\n".encode()
            # Python's own part of it tells the watcher, and must be there for that.
            signal.signal(signal.SIGBUS, _leave_to_the_watcher)
        yield
    finally:
        with undisturbed():
            signal.signal(signal.SIGBUS, before)
            _STOP.lost = outer


def interruptible(connection: _Opened) -> _Opened:
    """Let a stop interrupt what runs on a connection; return the connection."""
    with _STOP.opening:
        _STOP.opened.add(connection)
    return connection


def farewell(number: signal.Signals) -> str:
    """Say in one line that the program was stopped, and what that means for the warehouse."""
    return f"stopped by {number.name}; {_STOP.done or _AS_IT_WAS}"


def _take(number: int, _: object) -> None:
    if _STOP.number is None:
        _STOP.number = signal.Signals(number)
        stop_if_asked()


def _leave_to_the_watcher(number: int, _: object) -> None:
    """Do nothing: the main thread comes here only where another thread is the one that cannot go on."""


def _take_back(hook: Callable[[sys.UnraisableHookArgs], object], fault: sys.UnraisableHookArgs) -> None:
    """Act as if no signal had come where the stop was raised in code whose errors Python drops, such as a finalizer."""
    if isinstance(fault.exc_value, Stopped):
        _STOP.number = None
    else:
        hook(fault)


@contextmanager
def _interrupting() -> Iterator[None]:
    """Interrupt the open databases from a thread of its own, which learns of a signal when it arrives."""
    heard, wake = os.pipe()
    os.set_blocking(wake, False)
    over = threading.Event()
    before = signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    watcher = threading.Thread(target=_watch, args=(heard, over, threading.get_ident()), daemon=True)
    watcher.start()
    _STOP.watchers += 1
    try:
        yield
    finally:
        with undisturbed():
            _STOP.watchers -= 1
            over.set()
            signal.set_wakeup_fd(before)
            os.close(wake)
            watcher.join()
            os.close(heard)


def _watch(heard: int, over: threading.Event, main: int) -> None:
    """Wait for a byte, which is the number of a signal, or for the end; then interrupt until the end.

    The signal is sent once more while Python has not seen it: one that arrives just before a wait does not end that.
    """
    while (byte := os.read(heard, 1)) and byte[0] not in _SIGNALS:
        _end_where_lost(byte)
    os.set_blocking(heard, False)
    while byte and not over.is_set():
        _interrupt()
        over.wait(_AGAIN_SECONDS)
        # what is closed on the way out may meet the page too
        with suppress(BlockingIOError):
            _end_where_lost(os.read(heard, _ALL_AT_ONCE))
        if _STOP.number is None and not over.is_set():
            signal.pthread_kill(main, byte[0])


def _end_where_lost(heard: bytes) -> None:
    """End the program where one of these signals says that a mapped page cannot be read."""
    if not _STOP.lost or signal.SIGBUS not in heard:
        return
    # a thread that still spills may put a file into a folder while that is being emptied
    for folder in (*_STOP.folders, *_STOP.folders):
        shutil.rmtree(folder, ignore_errors=True)
    with suppress(OSError):
        os.write(_STDERR, _STOP.lost)
    os._exit(UsageError.exit_code)


def _interrupt() -> None:
    if _STOP.undisturbed:
        return
    with _STOP.opening:
        opened = list(_STOP.opened)
    for connection in opened:
        # One that is closed meanwhile is none of ours any more.
        with suppress(Exception):
            connection.interrupt()
