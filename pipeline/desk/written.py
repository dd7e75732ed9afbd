"""The files that a run has written, as long as they would be written the same today."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pipeline.program import program_version, rule_set
from pipeline.state import sha256_of

if TYPE_CHECKING:
    from pipeline.desk.desk import Desk
    from pipeline.nights import NightRef


def as_written(desk: Desk, night: NightRef, name: str, language: str = "en") -> str | None:
    """Return a file of a night's run, or None where it has to be made again.

    It has where the folder holds another run than the warehouse or another language, where the program or a rule is
    not what it was, or where something was decided about findings since. Reading it takes a third of the time of
    making it.
    """
    folder = desk.state.night(night.as_of)
    try:
        told = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        record = (told["run_id"], told["version"], told["rule_set"], told["triage_sha256"])
        is_same = record == _today(desk, night) and told.get("language", "en") == language
        is_same = is_same and not told["command"].endswith(" --mask")
        return (folder / name).read_bytes().decode("utf-8") if is_same else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _today(desk: Desk, night: NightRef) -> tuple[str, str, str, str]:
    query = f"select run_id from {night.schema}.runs where as_of = ?"
    (run_id,) = desk.connection.execute(query, [night.as_of]).fetchall()[0]
    return run_id, program_version(), rule_set(desk.config.answer_times), sha256_of(desk.state.triage)
