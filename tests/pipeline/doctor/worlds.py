"""Small worlds for the doctor: a healthy one, and what it says of it."""

from __future__ import annotations

import json
import os
import shlex
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from pipeline.cli import cli
from tests.pipeline.commandline import audit, call
from tests.pipeline.exports import write_folder

if TYPE_CHECKING:
    from pathlib import Path

    from tests.pipeline.commandline import Ended

HEALTHY = {
    "versions", "configuration", "clock", "write access", "permissions", "disk", "lock", "last good run",
    "last attempt", "exports", "waivers", "triage", "resellers", "mail server", "outbox", "set aside",
    "removal",
}  # fmt: skip


@dataclass(frozen=True)
class World:
    """A folder with exports, a configuration, and a state directory in which last night was audited."""

    root: Path

    @property
    def exports(self) -> Path:
        return self.root / "exports"

    @property
    def state(self) -> Path:
        return self.root / "state"

    @property
    def config(self) -> Path:
        return self.root / "csp-audit.toml"

    def configure(self, text: str) -> None:
        self.config.write_text(text, encoding="utf-8")

    def copied(self, to: Path) -> World:
        shutil.copytree(self.root, to, symlinks=True)
        return World(to)

    def doctor(self, *more: str | Path) -> Ended:
        return call("doctor", self.exports, "--state", self.state, "--config", self.config, *more)


@dataclass(frozen=True)
class Said:
    """What the doctor says of each check: its state, what it found, and the next step."""

    code: int
    lines: dict[str, tuple[str, str, str]]

    @property
    def wrong(self) -> set[str]:
        return {check for check, (state, _, _) in self.lines.items() if state != "ok"}


def healthy(root: Path) -> World:
    """Write exports of this very moment, and audit them as of yesterday."""
    world = World(root)
    world.root.mkdir(exist_ok=True)
    write_folder(world.exports)
    for file in world.exports.iterdir():
        os.utime(file)
    world.configure("")
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    assert audit(world.exports, str(yesterday), world.state, "--config", world.config).code == 1
    return world


def said_of(world: World, *more: str | Path) -> Said:
    """Ask the doctor; it must change nothing, and every command that it names must be one."""
    before = snapshot(world.root)
    ended = world.doctor("--json", *more)
    assert snapshot(world.root) == before
    assert ended.err == ""
    told = json.loads(ended.out)
    assert told["schema_version"] == 1
    for check in told["checks"]:
        assert set(check) == {"check", "state", "found", "next"}
        assert bool(check["next"]) == (check["state"] != "ok")
        assert_is_command(check["next"])
    lines = {check["check"]: (check["state"], check["found"], check["next"]) for check in told["checks"]}
    assert len(lines) == len(told["checks"])
    assert ended.code == int("failed" in {state for state, _, _ in lines.values()})
    return Said(ended.code, lines)


def snapshot(root: Path) -> dict[str, tuple[object, ...]]:
    """Return the mode, the time and the content of all that is below a folder, and of the folder itself."""
    found: dict[str, tuple[object, ...]] = {}
    for path in (root, *root.rglob("*")):
        facts = path.lstat()
        content = path.read_bytes() if path.is_file() else b""
        found[str(path)] = facts.st_mode, facts.st_mtime_ns, facts.st_ino, content
    return found


def assert_is_command(step: str) -> None:
    """Insist that a step which begins with the program's name is a command line that it accepts."""
    words = shlex.split(step) if step.startswith("csp-audit ") else []
    command: click.Command = cli
    rest = words[1:]
    while words and isinstance(command, click.Group) and rest:
        _, command, rest = command.resolve_command(click.Context(cli), rest)
    if words:
        command.make_context(step, rest, parent=click.Context(cli))
