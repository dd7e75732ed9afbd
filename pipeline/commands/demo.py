"""`csp-audit demo`: the main job on the sample nights."""

from __future__ import annotations

import shlex
import shutil
import sys
from datetime import UTC, date, datetime
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.commands.options import NamedPath, epilog
from pipeline.commands.run import summary
from pipeline.errors import UsageError
from pipeline.session import Session, announcing, open_log

if TYPE_CHECKING:
    from schemas.finding import Audit

PARTNER = "Lipowa Cloud Services sp. z o.o."
# The sample files are as old as the installation, so their age says nothing.
_ANY_AGE = 24 * 365 * 100
_MARK = "this is a demo"


@click.command("demo", epilog=epilog("csp-audit demo", "csp-audit demo --state /tmp/demo"))
@click.option(
    "--state",
    type=NamedPath(path_type=Path),
    default=Path("csp-audit-demo"),
    show_default=True,
    help="Directory for the demo's warehouse and reports; made anew each time.",
    metavar="DIR",
)
@click.pass_obj
def command(session: Session, state: Path) -> None:
    """Audit three sample nights and say where the report is."""
    _make_anew(state)
    session.folder = state
    open_log(state / "csp-audit.log", verbose=False)
    with as_file(files("sample_data") / "nights") as nights:
        for folder in sorted(path for path in nights.iterdir() if path.is_dir()):
            click.echo(summary(_audit(folder, state)))
    click.echo(f"The companies are invented. Ask on with: {_program()} findings --state {shlex.quote(str(state))}")
    click.echo("The report, to open in a browser:")
    click.echo((state / "latest" / "report.html").absolute())


def _program() -> str:
    """Name this program so that it can be typed: a virtual environment need not be on the path."""
    return "csp-audit" if shutil.which("csp-audit") else sys.argv[0]


def _audit(folder: Path, state: Path) -> Audit:
    from pipeline.config import Config, GateConfig
    from pipeline.order import Order
    from pipeline.run import run

    config = Config(partner=PARTNER, state=state, gate=GateConfig(max_age_hours=_ANY_AGE))
    with announcing() as announce:
        return run(Order(folder, date.fromisoformat(folder.name), datetime.now(UTC)), config, announce)


def _make_anew(state: Path) -> None:
    """Clear what an earlier demo left; anything else in the way stays where it is."""
    mark = state / _MARK
    if state.exists() and not mark.exists() and (not state.is_dir() or any(state.iterdir())):
        message = f"{state}: holds something that no demo wrote. Name another directory with --state."
        raise UsageError(message)
    shutil.rmtree(state, ignore_errors=True)
    state.mkdir(parents=True)
    mark.touch()
