"""The evidence on one customer: the raw lines, the rules and the findings, packed so that anyone can check them."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.database import records
from pipeline.desk.evidence.exports import ReadBack, Shelf, Standing
from pipeline.desk.evidence.findings import findings_of, rule_text, rules_of
from pipeline.desk.evidence.readme import README
from pipeline.desk.evidence.rows import LoadedRow, line_marks, rows_of
from pipeline.program import program_version, rule_set
from reports.text import csv_cell, encodable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pipeline.database import Record
    from pipeline.desk.desk import Desk

SCHEMA_VERSION = 1
# Looking for a customer among millions of rows would fill all memory that it may have with what it has read.
_MEMORY = "256MB"
_COLUMNS = ("table", "file", "line", "lines", "offset", "bytes", "sha256", "raw_file", "read_from", "text")
# A zip file holds dates; the same evidence is the same bytes.
_NO_DATE = (1980, 1, 1, 0, 0, 0)
_PLAIN_FILE = 0o100644 << 16
_UNIX = 3


@dataclass(frozen=True)
class Pack:
    """What goes into the file, by the name in it, and the exports that could not be read again, with the reason."""

    members: Mapping[str, bytes]
    not_read: Mapping[str, Standing]


@dataclass(frozen=True)
class _Export:
    """One export of the night: its row of audit.inputs, the customer's rows of it, and what was read of it again."""

    recorded: Record
    rows: Sequence[LoadedRow]
    read: ReadBack
    raw_file: str


def collect(desk: Desk, customer_id: str, folder: Path | None = None, *, verify: bool = False) -> Pack:
    """Collect the evidence on a customer from the warehouse and from the night's exports.

    The exports are read in the run's own folder, or in `folder`. There they count as unchanged by size and time; with
    `verify`, or in another folder, by their SHA-256.
    """
    desk.connection.execute(f"set memory_limit = '{_MEMORY}'")
    (run,) = records(desk.connection, "select * from audit.runs where as_of = $as_of", {"as_of": desk.as_of})
    by_hash = verify or folder is not None
    shelf = Shelf(folder or Path(run["folder"]), desk.config, by_hash, line_marks(desk.connection))
    exports = _read_exports(desk, shelf, rows_of(desk.connection, customer_id))
    findings = findings_of(desk, customer_id)
    rules = rules_of(desk, findings)
    members = {
        "rows.csv": _rows_csv(exports),
        "rows.json": _json([_as_loaded(row) for export in exports for row in export.rows]),
        **{
            export.raw_file: export.read.head + b"".join(r.content for _, r in sorted(export.read.records.items()))
            for export in exports
            if export.read.records
        },
        "findings.json": _json(findings),
        **{f"rules/{rule['rule_id']}.txt": text.encode() for rule in rules if (text := rule_text(rule))},
        "README.txt": README.encode(),
    }
    manifest = _manifest(desk, customer_id, run, exports, rules)
    members["manifest.json"] = _json({**manifest, "members": {name: _hash(members[name]) for name in sorted(members)}})
    sums = "".join(f"{_hash(members[name])}  {name}\n" for name in sorted(members))
    members["SHA256SUMS"] = sums.encode()
    lost = {Standing.GONE, Standing.CHANGED}
    return Pack(members, {e.recorded["file"]: e.read.standing for e in exports if e.read.standing in lost})


def packed(pack: Pack) -> bytes:
    """Return the pack as a zip file: the same bytes for the same evidence."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in sorted(pack.members):
            entry = zipfile.ZipInfo(name, _NO_DATE)
            entry.compress_type, entry.external_attr, entry.create_system = zipfile.ZIP_DEFLATED, _PLAIN_FILE, _UNIX
            archive.writestr(entry, pack.members[name])
    return out.getvalue()


def _read_exports(desk: Desk, shelf: Shelf, rows: Iterable[LoadedRow]) -> list[_Export]:
    inputs = records(
        desk.connection,
        "select * from audit.inputs where as_of = $as_of and file is not null order by rowid",
        {"as_of": desk.as_of},
    )
    places: dict[tuple[str, str], list[LoadedRow]] = {}
    for row in rows:
        places.setdefault((row.table, row.file), []).append(row)
    exports = []
    for number, recorded in enumerate(inputs, start=1):
        own = places.get((recorded["table_name"], recorded["file"]), [])
        # Named by us: what an export is called is data.
        exports.append(
            _Export(recorded, own, shelf.read(recorded, own), f"raw/{number:02}_{recorded['table_name']}.csv")
        )
    return exports


def _rows_csv(exports: Iterable[_Export]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows(_row(export, row) for export in exports for row in export.rows)
    return out.getvalue().encode()


def _row(export: _Export, row: LoadedRow) -> tuple[str | int, ...]:
    """Write where a row stands; without its export, what was loaded of it stands in place of the raw text."""
    place = (row.table, csv_cell(row.file), row.line)
    raw = export.read.records.get(row.line)
    if raw is None:
        return (*place, "", "", "", "", "", "warehouse", csv_cell(row.as_json))
    measures = (raw.lines, raw.offset, len(raw.content), raw.sha256)
    return (*place, *measures, export.raw_file, "export", csv_cell(raw.text))


def _as_loaded(row: LoadedRow) -> Record:
    return {"table": row.table, "file": row.file, "line": row.line, "columns": row.columns}


def _manifest(
    desk: Desk, customer_id: str, run: Record, exports: Iterable[_Export], rules: Sequence[Record]
) -> dict[str, Any]:
    unread = records(
        desk.connection,
        "select distinct table_name from core.unread_customers where customer_id = $customer order by table_name",
        {"customer": customer_id},
    )
    return {
        "schema_version": SCHEMA_VERSION,
        "customer_id": customer_id,
        "run": run,
        "packed_by": {"version": program_version(), "rule_set": rule_set(desk.config.answer_times)},
        "rules": rules,
        "inputs": [_input(export) for export in exports],
        # Rows of the customer that no rule saw; they are in the night's quarantine.csv.
        "unread_tables": [row["table_name"] for row in unread],
    }


def _input(export: _Export) -> Record:
    names = (
        "table_name",
        "file",
        "bytes",
        "sha256",
        "modified_at",
        "encoding",
        "rows",
        "loaded",
        "unread",
        "duplicates",
    )
    return {
        **{name: export.recorded[name] for name in names},
        "rows_of_customer": len(export.rows),
        "read_again": export.read.standing,
        "raw_file": export.raw_file if export.read.records else None,
    }


def _json(document: object) -> bytes:
    text = json.dumps(document, ensure_ascii=False, indent=2, default=_iso)
    return (encodable(text) + "\n").encode()


def _iso(value: object) -> str:
    """Write what JSON has no form for: days, the warehouse's times in UTC, amounts."""
    if isinstance(value, datetime):
        return f"{value.isoformat(timespec='seconds')}Z"
    return str(value)


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
