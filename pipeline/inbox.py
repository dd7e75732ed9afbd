"""Finds tonight's exports in a folder by their names, and takes the newest of several."""

from __future__ import annotations

import filecmp
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.export import Found
from schemas.finding import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from schemas.table import Table


_WITHOUT_SEPARATORS = str.maketrans("", "", " _-")


def find_exports(folder: Path, tables: Iterable[Table]) -> tuple[list[Found], list[Problem]]:
    """Return the file taken for each table, and a problem for each required table without one.

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
        outcome = _newest(table, candidates) if candidates else None
        if isinstance(outcome, Found):
            taken.append(outcome)
        elif outcome is not None:
            problems.append(outcome)
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
        found = (error.strerror or str(error)).lower()
        return Problem(
            Path(error.filename).name, "", found, "a file that can be read", "Check the file and its permissions."
        )
    newest = [path for path in candidates if times[path] == max(times.values())]
    if len(newest) > 1:
        return _tie(newest)
    (path,) = newest
    if not path.is_file():
        found = "a folder" if path.is_dir() else "a pipe or a device"
        return Problem(path.name, "", found, "a CSV file", "Replace it by the export.")
    others = [other for other in candidates if other != path]
    for other in others:
        if other.is_file() and filecmp.cmp(path, other, shallow=False):
            found = f"the same content as {other.name}"
            return Problem(path.name, "", found, "each export once", "Remove one of them, then run again.")
    names = ", ".join(other.name for other in others)
    notes = (f"The newest of {len(candidates)} files was taken; not read: {names}.",) if others else ()
    return Found(table, path, datetime.fromtimestamp(times[path], UTC).replace(microsecond=0), notes)


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
