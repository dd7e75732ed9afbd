"""What a fault of the program leaves behind: a file that can be sent on, without customer data."""

from __future__ import annotations

import platform
import tempfile
import traceback
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_LIBRARIES = ("csp-audit", "duckdb", "pandas", "pandera", "jinja2", "click", "pydantic")


def write_diagnostics(error: BaseException, folder: Path | None = None) -> str:
    """Write versions and the stack, and return a sentence that says where; the error's own text is left out.

    An error's text may hold values of a customer; its type and its place do not.
    """
    stack = traceback.extract_tb(error.__traceback__)
    lines = [
        f"time      {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        f"error     {type(error).__module__}.{type(error).__qualname__}",
        f"python    {platform.python_version()} on {platform.platform()}",
        *(f"{name:9} {_version(name)}" for name in _LIBRARIES),
        "",
        *(f"{Path(frame.filename).name}:{frame.lineno} in {frame.name}" for frame in stack),
    ]
    target = (folder or Path(tempfile.gettempdir())) / f"csp-audit-fault-{datetime.now(UTC):%Y%m%dT%H%M%S%f}.txt"
    try:
        target.write_text("\n".join(lines) + "\n", encoding="utf-8")
    except OSError as problem:
        return f"the diagnostics file could not be written: {problem.strerror}"
    return (
        f"diagnostics are in {target}. The warehouse holds a whole night. Run again; if it happens again, report it "
        "with that file."
    )


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed as a package"
