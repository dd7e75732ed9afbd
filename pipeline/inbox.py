"""Finds tonight's exports in a folder by their names, and takes the newest of several, or all of a table of many."""

from __future__ import annotations

import filecmp
import re
import stat
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.export import Found
from pipeline.steady import Stamp
from reports.text import REPLACEMENT, visible
from schemas.reading import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from schemas.table import Table


# A message names this many files; the others are counted.
_MOST_NAMES = 8
_LINE_BREAKS = re.compile("[\t\n]")
_WITHOUT_SEPARATORS = str.maketrans("", "", " _-")


def find_exports(
    folder: Path, tables: Iterable[Table], *, may_link_outside: bool = False
) -> tuple[list[Found], list[Problem]]:
    """Return the files taken for each table, and a problem for each required table without one.

    A folder that cannot be read is one problem: at night it is a share that is not mounted. A link that leads out of
    the folder is a problem unless `may_link_outside`.
    """
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        found = (error.strerror or str(error)).lower()
        step = "Check that it is there, mounted and readable, then run again."
        return [], [Problem(str(folder), "", found, "a folder that holds the exports", step)]
    taken: list[Found] = []
    problems: list[Problem] = []
    for table in tables:
        candidates = [path for path in paths if _is_named(path, table)]
        if candidates:
            outcomes = [_taken(table, path) for path in candidates] if table.many else [_newest(table, candidates)]
            if not may_link_outside:
                outcomes = [_kept_inside(folder, outcome) for outcome in outcomes]
            taken += [outcome for outcome in outcomes if isinstance(outcome, Found)]
            problems += [outcome for outcome in outcomes if isinstance(outcome, Problem)]
        elif table.required:
            problems.append(_missing(table, paths))
    return taken, problems


def _is_named(path: Path, table: Table) -> bool:
    stem = path.stem.lower().translate(_WITHOUT_SEPARATORS)
    return path.suffix.lower() == ".csv" and stem.startswith(table.name.translate(_WITHOUT_SEPARATORS))


def _newest(table: Table, candidates: list[Path]) -> Found | Problem:
    try:
        times = {path: path.stat().st_mtime for path in candidates}
    except OSError as error:
        return _unreadable(Path(error.filename), error)
    newest = [path for path in candidates if times[path] == max(times.values())]
    if len(newest) > 1:
        return _tie(newest)
    (path,) = newest
    taken = _taken(table, path)
    if isinstance(taken, Problem):
        return taken
    others = [other for other in candidates if other != path]
    for other in others:
        if _are_same(path, other):
            found = f"the same content as {shown(other.name)}"
            return Problem(path.name, "", found, "each export once", "Remove one of them, then run again.")
    names = _listed(others)
    notes = (f"The newest of {len(candidates)} files was taken; not read: {names}.",) if others else ()
    return replace(taken, notes=notes)


def _taken(table: Table, path: Path) -> Found | Problem:
    if shown(path.name) != path.name:
        found = "a name with characters that cannot be shown"
        step = "Rename the file, then run again."
        return Problem(shown(path.name), "", found, "a name of letters, digits and signs", step)
    try:
        seen = path.stat()
    except OSError as error:
        return _unreadable(path, error)
    if not stat.S_ISREG(seen.st_mode):
        found = "a folder" if stat.S_ISDIR(seen.st_mode) else "a pipe or a device"
        return Problem(path.name, "", found, "a CSV file", "Replace it by the export.")
    return Found(table, path, datetime.fromtimestamp(seen.st_mtime, UTC).replace(microsecond=0), Stamp.of(seen))


def _kept_inside(folder: Path, outcome: Found | Problem) -> Found | Problem:
    """Refuse a link that leads out of the folder: who may write to it need not be let read other files.

    The stamp is taken anew of the file inside that the link has led to: one that is turned later leads to another file.
    """
    if isinstance(outcome, Problem):
        return outcome
    real = outcome.path.resolve()
    if real.is_relative_to(folder.resolve()):
        try:
            return replace(outcome, stamp=Stamp.of(real.lstat()))
        except OSError as error:
            return _unreadable(outcome.path, error)
    found = "a link that leads out of the folder"
    step = "Put the export itself there, or set gate.may_link_outside = true in the configuration."
    return Problem(outcome.path.name, "", found, "a file in the folder", step)


def _are_same(path: Path, other: Path) -> bool:
    """Compare two files; one that cannot be read is not taken, so it may be whatever it is."""
    try:
        return other.is_file() and filecmp.cmp(path, other, shallow=False)
    except OSError:
        return False


def shown(name: str) -> str:
    """Return a file's name on one line, with a replacement sign for every character that works unseen."""
    return visible(_LINE_BREAKS.sub(REPLACEMENT, name))


def _listed(paths: list[Path]) -> str:
    names = ", ".join(shown(path.name) for path in paths[:_MOST_NAMES])
    return names + (f" and {len(paths) - _MOST_NAMES} more" if len(paths) > _MOST_NAMES else "")


def _unreadable(path: Path, error: OSError) -> Problem:
    found = (error.strerror or str(error)).lower()
    return Problem(shown(path.name), "", found, "a file that can be read", "Check the file and its permissions.")


def _tie(newest: list[Path]) -> Problem:
    names = " and ".join(shown(path.name) for path in newest)
    found = f"{len(newest)} files written at the same moment: {names}"
    return Problem(
        shown(newest[0].name), "", found, "one that is newer than the others", "Remove all but one, then run again."
    )


def _missing(table: Table, paths: list[Path]) -> Problem:
    names = _listed(paths) or "nothing"
    return Problem(
        f"{table.name}.csv",
        "",
        f"no file of that name (the folder holds {names})",
        f"an export named {table.name}*.csv",
        "Ask for the export to be run again, or name another folder.",
    )
