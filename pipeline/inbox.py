"""Finds tonight's exports in a folder by their names, and takes the newest of several, or all of a table of many."""

from __future__ import annotations

import filecmp
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.export import Found
from schemas.reading import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from schemas.table import Table


_WITHOUT_SEPARATORS = str.maketrans("", "", " _-")


def find_exports(folder: Path, tables: Iterable[Table]) -> tuple[list[Found], list[Problem]]:
    """Return the files taken for each table, and a problem for each required table without one.

    A folder that cannot be read is one problem: at night it is a share that is not mounted.
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
        if other.is_file() and filecmp.cmp(path, other, shallow=False):
            found = f"the same content as {other.name}"
            return Problem(path.name, "", found, "each export once", "Remove one of them, then run again.")
    names = ", ".join(other.name for other in others)
    notes = (f"The newest of {len(candidates)} files was taken; not read: {names}.",) if others else ()
    return replace(taken, notes=notes)


def _taken(table: Table, path: Path) -> Found | Problem:
    try:
        time = path.stat().st_mtime
    except OSError as error:
        return _unreadable(path, error)
    if not path.is_file():
        found = "a folder" if path.is_dir() else "a pipe or a device"
        return Problem(path.name, "", found, "a CSV file", "Replace it by the export.")
    return Found(table, path, datetime.fromtimestamp(time, UTC).replace(microsecond=0))


def _unreadable(path: Path, error: OSError) -> Problem:
    found = (error.strerror or str(error)).lower()
    return Problem(path.name, "", found, "a file that can be read", "Check the file and its permissions.")


def _tie(newest: list[Path]) -> Problem:
    names = " and ".join(path.name for path in newest)
    found = f"{len(newest)} files written at the same moment: {names}"
    return Problem(
        newest[0].name, "", found, "one that is newer than the others", "Remove all but one, then run again."
    )


def _missing(table: Table, paths: list[Path]) -> Problem:
    names = ", ".join(path.name for path in paths[:8]) or "nothing"
    return Problem(
        f"{table.name}.csv",
        "",
        f"no file of that name (the folder holds {names})",
        f"an export named {table.name}*.csv",
        "Ask for the export to be run again, or name another folder.",
    )
