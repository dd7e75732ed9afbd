"""What a fault of the program leaves behind: one file that can be sent on, without customer data.

It says where the fault is and how far the night had come. Names in it are the program's own, or those of its
configuration; of a customer's values there are counts only, and the error's own text, which may hold some, is left out.
"""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
import traceback
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.session import current_progress

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic import BaseModel

    from pipeline.progress import Progress

_LIBRARIES = ("csp-audit", "duckdb", "pandas", "pandera", "jinja2", "click", "pydantic")
_MEMORY = {"/proc/self/status": ("VmRSS", "VmHWM"), "/proc/meminfo": ("MemTotal", "MemAvailable")}
_MEGABYTE = 1_000_000
# An error may have been raised while another was handled; longer chains say nothing more.
_MOST_ERRORS = 5


def write_diagnostics(error: BaseException, folder: Path | None = None, progress: Progress | None = None) -> str:
    """Write all that is known of a fault into `folder`, else the temporary directory; return where, as a sentence.

    `progress` is by default that of the command that runs.
    """
    lines = [*_lines(error, folder, progress or current_progress()), ""]
    name = f"csp-audit-fault-{datetime.now(UTC):%Y%m%dT%H%M%S%f}.txt"
    why: OSError | None = None
    for place in filter(None, (folder, _temporary())):
        try:
            _write(place / name, "\n".join(lines))
        except OSError as problem:
            why = why or problem
        else:
            kept = " The warehouse holds a whole night." if has_warehouse(folder) else ""
            return f"diagnostics are in {place / name}.{kept} Run again; if it happens again, report it with that file."
    return f"the diagnostics file could not be written: {why.strerror if why else 'no place for it'}"


def has_warehouse(folder: Path | None) -> bool:
    """Whether a state directory has a warehouse, as far as the system says so: a run leaves it whole or not at all."""
    with suppress(OSError):
        return folder is not None and (folder / "warehouse.duckdb").is_file()
    return False


def _temporary() -> Path | None:
    """Return the system's temporary directory, where there is one that can be written."""
    with suppress(OSError):
        return Path(tempfile.gettempdir())
    return None


def _write(path: Path, text: str) -> None:
    """Write a new file, never through a link that somebody has left in its place."""
    with path.open("x", encoding="utf-8", errors="replace") as file:
        try:
            file.write(text)
            file.flush()
        except OSError:
            path.unlink(missing_ok=True)
            raise


def _lines(error: BaseException, folder: Path | None, progress: Progress) -> Iterator[str]:
    seconds = progress.seconds()
    yield f"time      {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    yield f"error     {_named(error)}"
    yield f"python    {platform.python_version()} on {platform.platform()}"
    yield from (f"{name:9} {_version(name)}" for name in _LIBRARIES)
    yield f"step      {seconds[-1][0]}"
    yield from (f"seconds   {spent:.2f} {step}" for step, spent in seconds)
    yield from _counts(error)
    yield from _memory()
    yield from _disk(folder)
    for each in _chain(error):
        yield f"\n{_named(each)}"
        yield from _frames(each)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Give the error, and those that it came out of."""
    known: list[BaseException] = []
    each: BaseException | None = error
    while each is not None and each not in known and len(known) < _MOST_ERRORS:
        known.append(each)
        each = each.__cause__ or each.__context__
    yield from known


def _named(error: BaseException) -> str:
    """Name an error by its class; of what the system says, also which of its errors it was."""
    name = f"{type(error).__module__}.{type(error).__qualname__}"
    number = error.errno if isinstance(error, OSError) else None
    return f"{name}, {number} ({os.strerror(number)})" if isinstance(number, int) else name


def _frames(error: BaseException) -> Iterator[str]:
    for frame in traceback.extract_tb(error.__traceback__):
        yield f"{Path(frame.filename).name}:{frame.lineno} in {frame.name}"


def _held(error: BaseException) -> Iterator[Any]:
    """Give what the functions that were under way had at hand, the outermost first."""
    for frame, _ in traceback.walk_tb(error.__traceback__):
        for value in frame.f_locals.values():
            yield from value if isinstance(value, list | tuple) else (value,)


def _counts(error: BaseException) -> Iterator[str]:
    """Give the settings that were changed, by name, and how many lines, rows and findings there were by then."""
    try:
        from pipeline.config import Config
        from pipeline.export import Export
        from schemas.finding import RuleResult
        from schemas.reading import Input
    except ImportError:
        # The installation itself may be the fault.
        return
    told: dict[str, None] = {}
    for value in _held(error):
        match value:
            case Config():
                told.update(dict.fromkeys(f"changed   {key}" for key in _changed(value)))
            case Export():
                told[f"lines     {value.data_lines:,} in {value.table.name}"] = None
            case Input():
                told[f"rows      {value.loaded:,} of {value.rows:,} in {value.table}, {value.unread:,} unread"] = None
            case RuleResult():
                told[f"rule      {value.rule.id} {value.judgement}, {value.found:,} found"] = None
    yield from sorted(told, key=lambda line: ("changed", "lines", "rows", "rule").index(line.split()[0]))


def _changed(model: BaseModel, before: str = "") -> Iterator[str]:
    """Give the keys that are not at their default, without their values; what has names of its own stays whole."""
    fields: Mapping[str, Any] = type(model).model_fields
    for name, field in fields.items():
        value = getattr(model, name)
        if value == field.get_default(call_default_factory=True):
            continue
        if hasattr(type(value), "model_fields"):
            yield from _changed(value, f"{before}{name}.")
        else:
            yield f"{before}{name}"


def _memory() -> Iterator[str]:
    """Give what this process has, had at most, and what the machine has, where the system says so."""
    for file, names in _MEMORY.items():
        try:
            text = Path(file).read_text(encoding="ascii", errors="replace")
        except OSError:
            continue
        amounts = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
        yield from (f"memory    {name} {amounts[name].strip()}" for name in names if name in amounts)


def _disk(folder: Path | None) -> Iterator[str]:
    for name, place in (("state directory", folder), ("temporary directory", _temporary())):
        if place is not None:
            try:
                yield f"disk      {shutil.disk_usage(place).free // _MEGABYTE:,} MB free in the {name}"
            except OSError as error:
                yield f"disk      the {name}: {_named(error)}"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed as a package"
