"""What is written down of a removal: while it goes on, whose data goes; afterwards, only that somebody's went."""

from __future__ import annotations

import csv
import io
import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.beside import replace_file
from pipeline.errors import UsageError
from pipeline.mail.parcel import sync_folder, write_durably
from pipeline.regular import read_bytes, read_text
from pipeline.retention.files import PENDING, RECORD
from pipeline.retention.rewriting import HALF
from pipeline.retention.subject import Subject
from pipeline.retention.words import ending_command

if TYPE_CHECKING:
    from datetime import datetime

    from pipeline.state import State

_COLUMNS = (
    "reference", "removed_at", "warehouses", "rows", "rows_changed", "files", "files_changed", "mails", "decisions",
)  # fmt: skip
_USER = "removed_by"


@dataclass(frozen=True)
class Pending:
    """A removal that has begun, under the reference that its record will have."""

    reference: str
    subject: Subject


def new_reference() -> str:
    """Return a random reference: nothing in it is of the customer."""
    return f"R-{secrets.token_hex(4)}"


def read_pending(state: State) -> Pending | None:
    """Return the removal that was begun and not ended. Raises UsageError where its file cannot be read."""
    path = state.root / PENDING
    try:
        told = json.loads(read_text(path))
        texts = {name: frozenset(value) for name, value in told["subject"].items() if name != "customer_id"}
        return Pending(told["reference"], Subject(told["subject"]["customer_id"], **texts))
    except FileNotFoundError:
        return None
    except OSError as error:
        # It alone has the customer's older names and ids: that it cannot be read now is no reason to throw it away.
        message = f"{path}: cannot be read: {error.strerror}. Mend that, then run csp-audit forget again."
        raise UsageError(message) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"{path}: cannot be read. Remove it, then run csp-audit forget again with the customer's id."
        raise UsageError(message) from error


def is_pending(state: State) -> bool:
    """Whether a removal was begun and not ended, as far as the system says so."""
    return os.path.lexists(state.root / PENDING)


def told_of_pending(state: State, config_file: Path | None) -> str:
    """Say in one line that a removal was begun and not ended, and what ends it; "" where there is none.

    The command names `config_file`. Raises UsageError where its file cannot be read.
    """
    begun = read_pending(state)
    if begun is None:
        return ""
    ending = ending_command(state.root, config_file, begun.reference)
    return f"the removal of a customer's data is not finished: {ending} ends it."


def write_pending(state: State, pending: Pending) -> None:
    """Write down what has begun, for its owner only and on disk for good. Raises OSError."""
    subject = {
        name: value if isinstance(value, str) else sorted(value) for name, value in asdict(pending.subject).items()
    }
    text = json.dumps({"reference": pending.reference, "subject": subject}, ensure_ascii=True)
    write_durably(state.root / PENDING, text.encode())


def end_pending(state: State) -> None:
    """Say that nothing is begun. Raises OSError."""
    (state.root / PENDING).unlink(missing_ok=True)
    sync_folder(state.root)


def drop_half_warehouses(state: State) -> None:
    """Take away the warehouses that a removal which was killed has half written; `State.work` knows the rest."""
    for half in _halves(state):
        half.unlink(missing_ok=True)


def half_warehouses(state: State) -> list[Path]:
    """Return the warehouses that a removal has half written."""
    return [half for half in _halves(state) if os.path.lexists(half)]


def _halves(state: State) -> list[Path]:
    """Return the places of what is half written: beside the warehouses that are to be replaced."""
    targets = [Path(os.path.realpath(each)) for each in (state.warehouse, *state.kept.glob("*.duckdb"))]
    return [target.with_name(f".{target.name}{HALF}") for target in targets]


def add_record(state: State, reference: str, now: datetime, counts: dict[str, int]) -> None:
    """Add a line of one removal, unless it is there; nobody's name stays in older ones. Raises OSError."""
    path = state.root / RECORD
    before = _without_users(_read(path))
    if any(line.startswith(f"{reference},") for line in before.splitlines()):
        return
    text = io.StringIO()
    writer = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
    if not before:
        writer.writeheader()
    writer.writerow({"reference": reference, "removed_at": f"{now:%Y-%m-%dT%H:%M:%SZ}", **counts})
    replace_file(path, (before + text.getvalue()).encode())


def _read(path: Path) -> str:
    try:
        return read_bytes(path).decode("utf-8", "replace")
    except FileNotFoundError:
        return ""


def _without_users(before: str) -> str:
    """Return a record without the column that once said who had removed something."""
    rows = csv.DictReader(io.StringIO(before))
    if _USER not in (rows.fieldnames or ()):
        return before
    text = io.StringIO()
    writer = csv.DictWriter(text, _COLUMNS, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
