"""Small nights on which a finding comes, goes, and is there again in a backfill."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.pipeline.commandline import audit
from tests.pipeline.exports import AS_OF, night, write_folder

if TYPE_CHECKING:
    from pathlib import Path

GONE, BACKFILLED, NEWEST = "2026-11-21", "2026-11-22", "2026-11-23"


def exports(folder: Path) -> tuple[Path, Path]:
    """Write two folders: in the second one the subscription s-01, which SEG01 reports, is cancelled."""
    cancelled = night()
    for row in cancelled["subscriptions"]:
        if row["subscription_id"] == "s-01":
            row["status"] = "deleted"
    return write_folder(folder / "with", night()), write_folder(folder / "without", cancelled)


def gone_and_backfilled(folder: Path) -> Path:
    """Return a state in which s-01 was reported, then no longer, and is so again in a backfill before the newest."""
    has_it, has_not = exports(folder)
    days = ((has_it, AS_OF), (has_not, GONE), (has_not, NEWEST), (has_it, BACKFILLED))
    return audited(folder, *days)


def backfilled_without(folder: Path) -> Path:
    """Return a state in which s-01 was reported on the first and the newest night, and not in a backfill between."""
    has_it, has_not = exports(folder)
    return audited(folder, (has_it, AS_OF), (has_it, NEWEST), (has_not, BACKFILLED))


def audited(folder: Path, *days: tuple[Path, str]) -> Path:
    """Audit exports of any age, one night after the other; return the state."""
    config = folder / "any.toml"
    config.write_text("gate = { max_age_hours = 1000 }\n", encoding="utf-8")
    for exported, day in days:
        assert audit(exported, day, folder / "state", "--config", config).code == 1
    return folder / "state"
