"""The gate: decides before anything is loaded whether tonight's exports can be trusted."""

from __future__ import annotations

import errno
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from pipeline.bounds import long_line, packed, too_large
from pipeline.database import DatabaseError
from pipeline.dateorder import decide_orders
from pipeline.errors import NotAuditedError
from pipeline.export import Export, Found, Header, Text
from pipeline.header import read_header, sample_records, tail_problem
from pipeline.inbox import find_exports
from pipeline.steady import unsteady
from pipeline.survey import LongLineError, survey
from pipeline.transcode import BrokenTextError, plain_text
from schemas.catalog import TABLES
from schemas.reading import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pipeline.config import Config, TableConfig

_HALF = 0.5
# The copy of an export that is transcoded finds no room, or no file can be opened: nothing is wrong with the export.
_OF_THE_MACHINE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EMFILE, errno.ENFILE})
_RERUN = "Ask for the export to be run again"


@dataclass(frozen=True)
class Question:
    """What the gate is asked: a folder, the as-of date, and the lines of each table on the last good night."""

    folder: Path
    as_of: date
    lines_before: Mapping[str, int]


def admit(question: Question, config: Config, work: Path) -> list[Export]:
    """Return the exports that were supplied, in the order of the catalog; a table of many files has as many.

    `work` takes transcoded copies. Raises NotAuditedError with every problem of every file.
    """
    found, problems = find_exports(question.folder, TABLES.values(), may_link_outside=config.gate.may_link_outside)
    exports: list[Export] = []
    refused = set()
    for item in found:
        outcome = _examine(item, question, config, work)
        if isinstance(outcome, Export):
            exports.append(outcome)
        else:
            problems += outcome
            refused.add(item.table.name)
    for name in TABLES:
        if name not in refused:
            problems += _shrunken([export for export in exports if export.table.name == name], question, config)
    problems += _offered_twice(exports)
    if problems:
        raise NotAuditedError(problems)
    return exports


def _examine(found: Found, question: Question, config: Config, work: Path) -> Export | list[Problem]:
    """Put one file through the checks; of one that changes meanwhile nothing else can be said."""
    try:
        outcome = _checked(found, question, config, work)
    except (DatabaseError, OSError):
        if problem := unsteady(found):
            return [problem]
        raise
    problem = unsteady(found, outcome.text.sha256 if isinstance(outcome, Export) else "")
    return [problem] if problem else outcome


def _checked(found: Found, question: Question, config: Config, work: Path) -> Export | list[Problem]:
    """Check the cheapest first; a later check relies on the ones before it."""
    settings = config.tables.get(found.table.name)
    if problem := _stale(found, question.as_of, config) or too_large(found, config.limits):
        return [problem]
    text = _read_text(found, settings, config.limits.max_line_bytes, work)
    if isinstance(text, Problem):
        return [text]
    delimiter = settings.delimiter if settings else None
    header = read_header(found.table, found.path.name, text, delimiter, config.limits.max_columns)
    if not isinstance(header, Header):
        return header
    export = Export(found, text, header)
    problem = _empty(export, config) or _misshapen(export)
    if problem:
        return [problem]
    orders, undecided = decide_orders(export, settings.date_order if settings else {})
    return undecided or replace(export, orders=orders)


def _stale(found: Found, as_of: date, config: Config) -> Problem | None:
    limit = _age_limit(found, config)
    end = datetime.combine(as_of + timedelta(days=1), datetime.min.time(), UTC)
    age = (end - found.modified_at) / timedelta(hours=1)
    if limit is None or age <= limit:
        return None
    return Problem(
        found.path.name,
        "",
        f"a file written {found.modified_at:%Y-%m-%d %H:%M} UTC, {age:.0f} hours before the end of {as_of}",
        f"at most {limit:g} hours",
        f"{_RERUN}, or set tables.{found.table.name}.max_age_hours in the configuration.",
    )


def _age_limit(found: Found, config: Config) -> float | None:
    """Return how old a file may be: price lists and lists kept by hand stay as they are for weeks."""
    settings = config.tables.get(found.table.name)
    if settings and settings.max_age_hours:
        return settings.max_age_hours
    return config.gate.max_age_hours if found.table.required else None


def _read_text(found: Found, settings: TableConfig | None, max_line: int, work: Path) -> Text | Problem:
    file = found.path.name
    try:
        return packed(found) or _as_text(found, settings, max_line, work)
    except LongLineError as error:
        return long_line(file, error)
    except BrokenTextError as error:
        return _broken(file, error)
    except UnicodeError:  # Configured as UTF-16, but without its mark.
        return Problem(file, "line 1", "bytes that are not utf-16", "text in that encoding", f"{_RERUN}.")
    except OSError as error:
        if error.errno in _OF_THE_MACHINE:
            raise
        expected = "a file that can be read"
        return Problem(
            file, "", (error.strerror or str(error)).lower(), expected, "Check the file and its permissions."
        )


def _broken(file: str, error: BrokenTextError) -> Problem:
    place = f"line {error.line}"
    if error.is_cut:
        found, expected = "the file ends in the middle of a character", f"whole characters of {error.encoding}"
        return Problem(file, place, found, expected, f"{_RERUN}: it looks cut off.")
    return Problem(file, place, f"bytes that are not {error.encoding}", "text in that encoding", f"{_RERUN}.")


def _as_text(found: Found, settings: TableConfig | None, max_line: int, work: Path) -> Text | Problem:
    file = found.path.name
    configured = settings.encoding if settings else None
    seen = survey(found.path, max_line)
    if seen.size == 0:
        return Problem(file, "", "an empty file", "a header line and rows", f"{_RERUN}.")
    if seen.nul_line is not None:
        nul = Problem(file, f"line {seen.nul_line}", "a NUL byte: the file is binary or damaged", "a CSV text file", "")
        return replace(nul, next_step=f"{_RERUN} as CSV; UTF-16 needs a byte order mark.")
    # Many files of one table need not all have the configured encoding.
    decided = (seen.encoding or configured) if found.table.many else (configured or seen.encoding)
    if decided is None:
        setting = f"tables.{found.table.name}.encoding"
        pages = "UTF-8, UTF-16 with a byte order mark, Windows-1250 or Windows-1252"
        found_text = "letters that could be Windows-1250 or Windows-1252"
        return Problem(file, "", found_text, pages, f'Set {setting} = "cp1250" or "cp1252" in the configuration.')
    return plain_text(found.path, seen, decided, work)


def _empty(export: Export, config: Config) -> Problem | None:
    records = sample_records(export.text, export.header)
    if any(any(map(str.strip, record)) for record in records) or export.table.name in config.gate.may_be_empty:
        return None
    return Problem(
        export.file,
        f"line {export.header.skip}",
        "a header and no rows",
        "at least one row",
        f"{_RERUN}, or add {export.table.name} to gate.may_be_empty in the configuration.",
    )


def _shrunken(exports: list[Export], question: Question, config: Config) -> list[Problem]:
    """Compare the lines of all files of one table: what moves from one list to another is not lost."""
    before = question.lines_before.get(exports[0].table.name, 0) if exports else 0
    lines = sum(export.data_lines for export in exports)
    may_halve = config.gate.max_shrink_share >= _HALF
    is_halved = not may_halve and before > config.gate.max_shrink_rows and lines * 2 <= before
    if before - lines <= max(config.gate.max_shrink_rows, before * config.gate.max_shrink_share) and not is_halved:
        return []
    share, rows = config.gate.max_shrink_share, config.gate.max_shrink_rows
    if may_halve:
        fewer = f"at most {share:.0%} or {rows} fewer"
    else:
        fewer = f"at most {share:.0%} or {rows} fewer, and never half of more"
    problem = Problem(
        " and ".join(export.file for export in exports),
        "",
        f"{lines} lines after {before} on the last good night",
        fewer,
        f"{_RERUN}, or set gate.max_shrink_share in the configuration.",
    )
    return [problem]


def _misshapen(export: Export) -> Problem | None:
    if export.data_lines == 0:
        return None
    if problem := tail_problem(export.file, export.text, export.header):
        return problem
    width = len(export.header.columns)
    records = [record for record in sample_records(export.text, export.header) if any(map(str.strip, record))]
    others = [len(record) for record in records if len(record) != width]
    if len(others) * 2 <= len(records):
        return None
    found = f"{others[0]} columns in most of the first {len(records)} rows"
    return Problem(export.file, f"line {export.header.skip + 1}", found, f"{width}, as in the header", f"{_RERUN}.")


def _offered_twice(exports: list[Export]) -> list[Problem]:
    first: dict[str, Export] = {}
    problems = []
    for export in exports:
        other = first.setdefault(export.text.sha256, export)
        if other is not export:
            found = f"the same content as {other.file}"
            is_one_table = other.table is export.table
            expected = "each export once" if is_one_table else "a file of its own for each table"
            step = "Remove one of them, then run again." if is_one_table else f"{_RERUN}."
            problems.append(Problem(export.file, "", found, expected, step))
    return problems
