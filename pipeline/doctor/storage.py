"""Checks of the disk: how much room there is, and what was put aside."""

from __future__ import annotations

import os
import shlex
import shutil
from typing import TYPE_CHECKING

from pipeline.doctor.line import failed, ok, warning
from pipeline.inbox import find_exports
from pipeline.retention.pruning import EXPIRED
from pipeline.state import is_work
from schemas.catalog import TABLES

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.doctor.line import Line
    from pipeline.doctor.subject import Subject

_MEGABYTE, _GIGABYTE = 1_000_000, 1_000_000_000
# What a run takes beside the present warehouse, of which a copy is kept: measured in docs/doctor.md.
_LEAST, _PER_BYTE = 50 * _MEGABYTE, 2.0
# With room for fewer nights than this, somebody should look before it is too late.
_NIGHTS = 3
# A night with an edition for each of many resellers has hundreds of files.
_FEWEST_NAMES = 1_000


def disk(subject: Subject) -> Line:
    """Compare the free space with what a run of tonight's exports needs."""
    place = existing(subject.places.root)
    free, need = shutil.disk_usage(place).free, _need(subject)
    found = f"{_size(free)} free at {place}, and a run needs about {_size(need)}"
    step = f"Free some space: {subject.command('prune', '--dry-run')} lists what csp-audit can spare"
    names = os.statvfs(place)
    # A file system that makes room for names as it needs them counts none.
    if names.f_files and names.f_favail < _FEWEST_NAMES:
        return failed(f"{found}, but only {names.f_favail:,} more files can be made there", step)
    if free < need:
        return failed(found, step)
    return warning(f"{found}: little more than one night", step) if free < _NIGHTS * need else ok(found)


def _need(subject: Subject) -> int:
    """Estimate the bytes of a run: what it builds and keeps, copies of the exports that are not UTF-8, what spills."""
    warehouse = subject.places.warehouse
    outside = subject.config.gate.may_link_outside
    folder = subject.exports
    found = find_exports(folder, TABLES.values(), may_link_outside=outside)[0] if folder else []
    exports = sum(item.path.stat().st_size for item in found)
    return _LEAST + round(_PER_BYTE * exports) + (warehouse.stat().st_size if warehouse.exists() else 0)


def set_aside(subject: Subject) -> Line:
    """Look for what a run or a sender has put aside, for somebody to look at."""
    places = subject.places
    if damaged := sorted(places.kept.glob("damaged-*")):
        step = f"Keep what you need of it; {subject.command('prune', '--damaged', '--dry-run')} lists what can go"
        return warning(f"a damaged warehouse is kept as {damaged[-1]}", step)
    if subject.holder is None and (left := sorted(filter(_stays, _left(places.root)))):
        found = f"a run that was killed has left {left[0]}, which this user cannot remove"
        return warning(found, f"rm -r {shlex.quote(str(left[0]))}, as root")
    mail = sorted([*places.outbox.glob("*.damaged"), *(places.outbox / EXPIRED).glob("*")])
    if mail:
        step = f"To mail a night again: {subject.command('send', 'RUN')}; then remove the files"
        return warning(f"mail that was damaged or too old was not sent (files: {len(mail):,}, such as {mail[0]})", step)
    return ok("nothing")


def _left(root: Path) -> list[Path]:
    """Return the folders in which runs, and removals of folders, have worked: the next run takes them away."""
    return [path for path in root.glob("work-*") if is_work(path.name) and path.is_dir() and not path.is_symlink()]


def _stays(folder: Path) -> bool:
    """Whether something in a folder cannot be removed by whoever asks."""
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK, effective_ids=True):
        return True
    return any(_stays(each) for each in folder.iterdir() if each.is_dir() and not each.is_symlink())


def existing(path: Path) -> Path:
    """Return the folder in which a path is, or would be made."""
    return next(parent for parent in (path, *path.absolute().parents) if parent.exists())


def _size(octets: int) -> str:
    return f"{octets / _GIGABYTE:,.1f} GB" if octets >= _GIGABYTE else f"{octets / _MEGABYTE:,.0f} MB"
