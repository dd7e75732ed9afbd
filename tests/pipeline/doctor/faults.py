"""Every fault that the doctor knows, alone in a healthy world, and what it says of it."""

from __future__ import annotations

import fcntl
import json
import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import duckdb

from pipeline.mail.handed import set_down
from pipeline.mail.outbox import Outbox
from pipeline.mail.parcel import Parcel, write_parcel
from pipeline.retention.record import Pending, write_pending
from pipeline.retention.subject import Subject
from pipeline.state import State
from pipeline.warehouse import LAYOUT
from tests.pipeline.mail.test_delivery import message

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.pipeline.doctor.worlds import World

# Locks that a test holds, until it lets them go.
HELD: list[Any] = []


def hold(world: World, text: str) -> None:
    """Hold the lock until the test process ends the file, as a run does."""
    lock = (world.state / "lock").open("w", encoding="utf-8")
    HELD.append(lock)
    fcntl.flock(lock, fcntl.LOCK_EX)
    lock.write(text)
    lock.flush()


def since(hours: float) -> str:
    began = datetime.now(UTC) - timedelta(hours=hours)
    return json.dumps({"pid": 4711, "since": f"{began:%Y-%m-%d %H:%M:%S} UTC"})


def replace_warehouse(world: World, content: bytes) -> None:
    warehouse = world.state / "warehouse.duckdb"
    warehouse.unlink()
    warehouse.write_bytes(content)


def relabel(world: World, layout: int) -> None:
    """Let the warehouse be one of another version."""
    warehouse = world.state / "warehouse.duckdb"
    warehouse.chmod(0o600)
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("update audit.layout set version = ?", [layout])


def refuse(world: World) -> None:
    folder = world.state / "refused" / "2099-01-01"
    folder.mkdir(parents=True)
    (folder / "run.json").write_text("{}")


def expose(world: World) -> None:
    for path in (world.state, world.state / "runs", *(world.state / "runs").iterdir()):
        path.chmod(0o755)
    (world.state / "latest" / "findings.csv").chmod(0o644)


def wait_in_outbox(world: World, doubts: int = 0) -> None:
    outbox = Outbox(world.state / "outbox")
    (parcel,) = outbox.put([message("a@lipowa.example")])
    values = {**parcel.__dict__, "doubts": doubts, "last_error": "mail.lipowa.example:587: connection refused"}
    write_parcel(outbox.folder, Parcel(**values))


def damage_envelope(world: World) -> None:
    (world.state / "outbox").mkdir(mode=0o700)
    (world.state / "outbox" / f"{'0' * 32}.json").write_text("{")


def leave_unrecorded(world: World) -> None:
    outbox = Outbox(world.state / "outbox")
    set_down(outbox.folder, outbox.put([message("a@lipowa.example")]))


def damage_parcel(world: World) -> None:
    (world.state / "outbox").mkdir(mode=0o700)
    (world.state / "outbox" / f"{'0' * 32}.json.damaged").write_text("{")


FAILED_ATTEMPT = {
    "run_id": None, "as_of": "2026-11-20", "started_at": "2026-11-20T02:00:00Z", "ended_at": "2026-11-20T02:00:07Z",
    "seconds": 7.0, "exit_code": 70, "verdict": None, "error": "FaultError", "message": "a fault of the program.",
}  # fmt: skip


def attempt(world: World, **told: object) -> None:
    """Let the last run be one that ended otherwise."""
    path = world.state / "status.json"
    path.write_text(json.dumps({"schema_version": 1, **told}), encoding="utf-8")


def put(name: str, text: str, mode: int = 0o600) -> Callable[[World], None]:
    """Return what writes a file into the state directory."""

    def write(world: World) -> None:
        path = world.state / name
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)

    return write


def ping_for_all(world: World) -> None:
    world.configure('[watch]\nping_url = "https://ping.example/secret-path"\n')
    world.config.chmod(0o644)


def half_removed(world: World) -> None:
    write_pending(State(world.state), Pending("R-0a1b2c3d", Subject("00000001-0000-4000-8000-00000000abcd")))


def from_the_future(world: World) -> None:
    tomorrow = (datetime.now(UTC) + timedelta(hours=5)).timestamp()
    os.utime(world.exports / "qualifications.csv", (tomorrow, tomorrow))


MAIL = '[mail]\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\nsender = "audit@lipowa.example"\n'
FAULTS: dict[str, tuple[Callable[[World], object], str, str, str, str]] = {
    "a run is at work": (
        lambda world: hold(world, since(1)), "lock", "warning", "a run is at work: process 4711, since 20", "Wait",
    ),
    "a run hangs": (
        lambda world: hold(world, since(13)), "lock", "failed", "it hangs, and tonight's run would be refused",
        "ps -fp 4711, then kill 4711",
    ),
    "a lock that says nothing": (
        lambda world: hold(world, "[]"), "lock", "warning", "the lock file does not say which", "lsof ",
    ),
    "a warehouse of zeros": (
        lambda world: replace_warehouse(world, bytes(8192)), "last good run", "failed", "warehouse.duckdb",
        "csp-audit run ",
    ),
    "a warehouse of a newer version": (
        lambda world: relabel(world, 999), "last good run", "failed", "newer version of csp-audit", "Mend that",
    ),
    "a warehouse of an older version": (
        lambda world: relabel(world, LAYOUT - 1), "last good run", "warning", "of an older version", "csp-audit run ",
    ),
    "no warehouse": (
        lambda world: (world.state / "warehouse.duckdb").unlink(), "last good run", "warning",
        "no night has been audited", "csp-audit run ",
    ),
    "a night refused since": (
        refuse, "last good run", "warning", "1 refused since, the newest 2099-01-01", "csp-audit runs ",
    ),
    "an export is missing": (
        lambda world: (world.exports / "customers.csv").unlink(), "exports", "failed", "customers.csv: found no file",
        "csp-audit check ",
    ),
    "no exports at all": (
        lambda world: [path.unlink() for path in world.exports.iterdir()], "exports", "failed",
        "(the first of 3 problems)", "csp-audit check ",
    ),
    "an export from the future": (
        from_the_future, "clock", "warning", "qualifications.csv was written later", "timedatectl",
    ),
    "waivers with problems": (
        put("waivers.toml", '[[waiver]]\nrule = "SEG01"\n'), "waivers", "failed", "(the first of ",
        "csp-audit waive lint",
    ),
    "a decision nobody can read": (
        put("triage.csv", "finding_id\n"), "triage", "warning", "no decision is shown", "Correct the line",
    ),
    "a key that others may read": (
        put("masking.key", "00" * 32, 0o644), "permissions", "failed", "masking.key: others may read it", "chmod 600 ",
    ),
    "an address of a watchdog that others may read": (
        ping_for_all, "permissions", "failed", "csp-audit.toml: others may read it", "chmod 600 ",
    ),
    "a state directory that everybody may change": (
        lambda world: world.state.chmod(0o777), "permissions", "failed", "everybody may change it", "chmod o-w ",
    ),
    "a configuration that everybody may change": (
        lambda world: world.config.chmod(0o666), "permissions", "failed", "everybody may change it", "chmod o-w ",
    ),
    "findings that others may read": (
        expose, "permissions", "warning", 'findings.csv: may be read by others than privacy.readable_by = "owner"',
        "chmod -R go-rwx ",
    ),
    "a folder of the metrics file that is not there": (
        lambda world: world.configure('[watch]\nmetrics_file = "/nowhere/at/all.prom"\n'), "write access", "failed",
        "/nowhere/at: it is no folder", "Put a folder in the place of /nowhere/at",
    ),
    "mail that waits": (wait_in_outbox, "outbox", "warning", "connection refused", "csp-audit send --outbox --state "),
    "mail that is held": (
        lambda world: wait_in_outbox(world, 2), "outbox", "warning", "held: 1: mail.lipowa",
        "csp-audit send --outbox --held ",
    ),
    "mail whose envelope is damaged": (
        damage_envelope, "outbox", "warning", "damaged mails: 1", "csp-audit send --outbox --state ",
    ),
    "mail that the record could not take": (
        leave_unrecorded, "outbox", "warning", "mails that went and are not in the record yet: 1",
        "csp-audit send --outbox --state ",
    ),
    "damaged mail": (
        damage_parcel, "set aside", "warning", "(files: 1, such as ", "To mail a night again: csp-audit send RUN ",
    ),
    "mail that was given up": (
        lambda world: (world.state / "outbox" / "expired").mkdir(parents=True)
        or (world.state / "outbox" / "expired" / "one.eml").touch(),
        "set aside", "warning", "one.eml", "To mail a night again: csp-audit send RUN ",
    ),
    "a damaged warehouse that was put aside": (
        lambda world: (world.state / "kept" / "damaged-20261120T020000.duckdb").touch(), "set aside", "warning",
        "damaged-20261120T020000.duckdb", "Keep what you need",
    ),
    "a removal that is half done": (
        half_removed, "removal", "warning", "one that began is not finished (R-0a1b2c3d)",
        "csp-audit forget R-0a1b2c3d --yes --state ",
    ),
    "a removal whose file says nothing": (
        put("forgetting.json", "{"), "removal", "warning", "forgetting.json: cannot be read", "Remove it, then run ",
    ),
    "a run that died": (
        lambda world: attempt(world, running={"pid": 4711, "since": "2026-11-20T02:00:00Z"}), "last attempt", "warning",
        "the run that began 2026-11-20 02:00 UTC died (process 4711)", "csp-audit run ",
    ),
    "an attempt that failed": (
        lambda world: attempt(world, last_attempt=FAILED_ATTEMPT), "last attempt", "warning",
        "exit code 70: a fault of the program", "csp-audit run ",
    ),
    "a list of resellers that is not there": (
        lambda world: world.configure(MAIL.format(port=1) + 'resellers = "/nowhere/resellers.csv"\n'), "resellers",
        "failed", "/nowhere/resellers.csv", "Correct /nowhere/resellers.csv",
    ),
}  # fmt: skip
