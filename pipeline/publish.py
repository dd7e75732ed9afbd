"""Writes what people read: built in a folder of its own, then put into place as one."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from reports import render

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from pipeline.state import State
    from schemas.finding import Audit, Refusal


def write_files(audit: Audit, folder: Path) -> None:
    """Write the report and the data files of one night into an empty folder."""
    for name, text in {
        "report.html": render.report_html(audit),
        "findings.csv": render.findings_csv(audit),
        "findings.json": render.findings_json(audit),
        "quarantine.csv": render.quarantine_csv(audit),
        "run.json": render.run_json(audit),
    }.items():
        (folder / name).write_text(text, encoding="utf-8", newline="")


def put_in_place(built: Path, state: State, as_of: date) -> Path:
    """Replace the night's folder by the one that was built, and point `latest` at it."""
    night = state.night(as_of)
    replaced = built.with_name(f"{built.name}-replaced")
    if night.exists():
        night.replace(replaced)
    built.replace(night)
    shutil.rmtree(replaced, ignore_errors=True)
    link = built.with_name("latest")
    link.symlink_to(os.path.relpath(night, state.root))
    link.replace(state.latest)
    return night


def record_refusal(refusal: Refusal, state: State) -> Path:
    """Leave a record of a run that was refused; nothing of the last good night is touched."""
    folder = state.refused(refusal.as_of)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "run.json").write_text(render.refusal_json(refusal), encoding="utf-8")
    (folder / "quarantine.csv").write_text(render.quarantine_csv(refusal), encoding="utf-8", newline="")
    return folder
