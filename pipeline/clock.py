"""Notices a clock that was set back, as in a machine restored from an older copy: names and ages by time then err."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

# A time server corrects a clock by less.
_TOLERATED = timedelta(minutes=2)
_LOCK_FORM, _KEPT_FORM = "%Y-%m-%d %H:%M:%S UTC", "warehouse-%Y%m%dT%H%M%S.%fZ.duckdb"


def lock_moment(now: datetime) -> str:
    """Write a moment as the lock file has it."""
    return now.strftime(_LOCK_FORM)


def set_back(since: str, now: datetime) -> str:
    """Say in one line that the last holder of the lock took it later than `now`; empty where that is not so.

    `since` is as `lock_moment` wrote it; what is written otherwise says nothing.
    """
    try:
        before = datetime.strptime(since, _LOCK_FORM).replace(tzinfo=UTC)
    except ValueError:
        return ""
    if before - now <= _TOLERATED:
        return ""
    return (
        f"the clock was set back: the last run began on {lock_moment(before)}, and now it is {lock_moment(now)}. "
        "Check the clock of this machine; this run goes on."
    )


def kept_name(newest: str, written: datetime) -> str:
    """Return the name of a warehouse that is kept beside the `newest`: names rise in the order of the nights.

    It says when the file was written, or a moment after its predecessor where the clock was set back meanwhile: the
    one that was kept last would else be the first to be removed.
    """
    name = written.astimezone(UTC).strftime(_KEPT_FORM)
    if name >= newest:
        return name
    try:
        after = datetime.strptime(newest, _KEPT_FORM).replace(tzinfo=UTC) + timedelta(microseconds=1)
    except ValueError:
        return name
    return after.strftime(_KEPT_FORM)
