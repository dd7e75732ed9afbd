"""Two nights of which the second comes to harm, with mail, and what must hold after any harm."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeline.mail.outbox import Outbox
from pipeline.mail.parcel import message_id_of
from tests.faults.harm import DOCUMENTED
from tests.pipeline.exports import contents, night, write_folder
from tests.pipeline.mail.nights import ANNA, BRUNO, CARLA, write_config
from tests.pipeline.mail.servers import free_port
from tests.pipeline.test_crash import content

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.harm import Doomed, Life
    from tests.pipeline.mail.servers import Keeper

LAST, TONIGHT = "2026-11-19", "2026-11-20"
MAILED = (ANNA, BRUNO, CARLA)
# Audited with findings; the second where mail waits.
_FOUND, _NOT_MAILED = 1, 5
# Of these there may be more or fewer after some harm: logs, post-mortems, kept warehouses, and what waits for the post.
_MAY_DIFFER = re.compile(r"csp-audit\.log\.N|csp-audit-fault-[^/]*|kept/.*|outbox/H\.(json|eml)|refused.*")
_DAY_OF = re.compile(r"<(\d{4}-\d\d-\d\d)-")


@dataclass
class Outcome:
    """What became of one run that was harmed: whose content the warehouse had, and which promises were broken.

    `doubled` counts messages sent once more where SMTP leaves open whether the server had them. `leftover` tells apart
    what is left, but for what differs from run to run.
    """

    code: int
    seconds: float
    whose: str = ""
    broken: list[str] = field(default_factory=list)
    doubled: int = 0
    leftover: str = ""
    was_rerun: bool = False


def normalised(path: str) -> str:
    """Return a path with numbers and keys as inject.c has them."""
    return re.sub(r"[0-9a-f]{16,}|[0-9]+", lambda found: "H" if len(found[0]) >= 16 else "N", path)


def names(state: Path) -> set[str]:
    """Return the paths of all files below a state directory, normalised."""
    return {
        normalised(os.path.relpath(os.path.join(folder, name), state))  # noqa: PTH118 - links are not followed
        for folder, folders, files in os.walk(state)
        for name in (*folders, *files)
    }


class Stage:
    """Last night is audited and its mail waits; tonight comes, and can be repeated from there.

    After harm at most `most_again` leftovers are run again.
    """

    def __init__(self, folder: Path, keeper: Keeper, doomed: Doomed, most_again: int = 1_000_000) -> None:
        self.keeper, self.doomed, self.most_again = keeper, doomed, most_again
        self.base, self.state = folder / "base", folder / "state"
        tables = night()
        self.exports = write_folder(folder / "tonight", tables)
        tables["subscriptions"] = tables["subscriptions"][1:]
        tables["qualifications"] = tables["qualifications"][1:]
        before = write_folder(folder / "last", tables)
        for name in ("closed", "open"):
            (folder / name).mkdir()
        closed = write_config(folder / "closed", free_port())
        self.config = write_config(folder / "open", keeper.port)
        life = doomed.live(["run", str(before), "--as-of", LAST, "--state", str(self.state), "--config", str(closed)])
        assert life.code in {_FOUND, _NOT_MAILED}, life
        self.state.rename(self.base)
        self.waiting = {(each.recipient, each.message_id) for each in Outbox(self.base / "outbox").parcels()}
        assert len(self.waiting) == len(MAILED)
        self.last, self.report = content(self.base), contents(self.base / "runs" / LAST)
        self._live_well()

    def words(self) -> list[str]:
        """Return the command of tonight."""
        options = ["--as-of", TONIGHT, "--state", str(self.state), "--config", str(self.config)]
        return ["run", str(self.exports), *options]

    def reset(self) -> None:
        """Go back to the evening."""
        shutil.rmtree(self.state, ignore_errors=True)
        shutil.copytree(self.base, self.state, symlinks=True)
        self.keeper.kept.clear()

    def _live_well(self) -> None:
        """Live through tonight in good health, twice, and learn from that what is right."""
        self.reset()
        life = self.doomed.live(self.words())
        assert (life.code, life.said) == (_FOUND, ()), life
        self.lifetime = life.seconds
        self.tonight = content(self.state)
        assert self.tonight != self.last
        folder = self.state / "runs" / TONIGHT
        self.findings = {name: (folder / name).read_bytes() for name in ("findings.csv", "quarantine.csv")}
        self.files = set(contents(folder))
        life = self.doomed.live(self.words())
        assert life.code == _FOUND, life
        self.names = names(self.state)
        assert self._mail_faults(set()) == ([], 0)

    def outcome(self, life: Life, seen: set[str], *, was_killed: bool) -> Outcome:
        """Hold what is left against the promises; then send, run again, and hold that against them too.

        That is done once for each distinct leftover, of which `seen` takes those that have been.
        """
        found = Outcome(life.code, life.seconds)
        found.broken += _badly_told(life, was_killed=was_killed)
        found.whose = self._whose(found.broken)
        self._check_reports(found.broken)
        doubts = self._doubts()
        found.leftover = self._leftover(found.whose, doubts)
        if found.leftover not in seen and len(seen) < self.most_again:
            seen.add(found.leftover)
            found.was_rerun = True
            self._run_again(found, doubts)
        return found

    def _whose(self, broken: list[str]) -> str:
        try:
            tables = content(self.state)
        except Exception as error:  # noqa: BLE001 - a warehouse may be broken in any way
            broken.append(f"the warehouse cannot be read: {type(error).__name__}")
            return "nobody"
        if tables not in (self.last, self.tonight):
            broken.append("the warehouse has neither night's content")
            return "nobody"
        return "last" if tables == self.last else "tonight"

    def _check_reports(self, broken: list[str]) -> None:
        if contents(self.state / "runs" / LAST) != self.report:
            broken.append("last night's files have changed")
        folder = self.state / "runs" / TONIGHT
        if folder.exists() and not self._is_whole(folder):
            broken.append("tonight's files are not whole")
        if not (self.state / "latest" / "report.html").exists():
            broken.append("latest leads nowhere")

    def _is_whole(self, folder: Path) -> bool:
        files = contents(folder)
        return (
            set(files) == self.files
            and all(files[name] == content for name, content in self.findings.items())
            and files["report.html"].rstrip().endswith(b"</html>")
            and json.loads(files["run.json"])["as_of"] == TONIGHT
        )

    def _doubts(self) -> set[tuple[str, str]]:
        """Return the messages of which the outbox says that nobody knows whether the server has them."""
        return {(each.recipient, each.message_id) for each in Outbox(self.state / "outbox").parcels() if each.doubts}

    def _leftover(self, whose: str, doubts: set[tuple[str, str]]) -> str:
        mail = sorted((to, self._kind(which)) for to, which in self._delivered().elements())
        doubtful = sorted((to, self._kind(which)) for to, which in doubts)
        waiting = sorted((each.recipient, each.night) for each in Outbox(self.state / "outbox").parcels())
        return json.dumps([whose, sorted(names(self.state) - {"csp-audit.log.N"}), mail, doubtful, waiting])

    @staticmethod
    def _kind(message_id: str) -> str:
        found = _DAY_OF.match(message_id)
        return found[1] if found else ""

    def _run_again(self, found: Outcome, doubts: set[tuple[str, str]]) -> None:
        common = ["--state", str(self.state), "--config", str(self.config)]
        sent = self.doomed.live(["send", "--outbox", *common])
        if sent.code:
            found.broken.append(f"csp-audit send --outbox afterwards: exit code {sent.code}: {sent.said}")
        again = self.doomed.live(self.words())
        if (again.code, again.said) != (_FOUND, ()):
            found.broken.append(f"the run afterwards: exit code {again.code}: {again.said}")
        if self._whose(found.broken) != "tonight" or (self.state / "latest").readlink().name != TONIGHT:
            found.broken.append("the run afterwards has not left tonight")
        self._check_reports(found.broken)
        if left := self._too_many():
            found.broken.append(f"left behind: {', '.join(sorted(left))}")
        faults, found.doubled = self._mail_faults(doubts)
        found.broken += faults

    def _too_many(self) -> set[str]:
        return {
            name
            for name in names(self.state) - self.names
            if not _MAY_DIFFER.fullmatch(name) or (name == "outbox/H.eml" and not self._waits())
        }

    def _waits(self) -> bool:
        return bool(Outbox(self.state / "outbox").parcels())

    def _delivered(self) -> Counter[tuple[str, str]]:
        return Counter((to, message_id_of(text)) for _, addresses, text in self.keeper.kept for to in addresses)

    def _mail_faults(self, doubts: set[tuple[str, str]]) -> tuple[list[str], int]:
        """Return what was lost or doubled, and how often a message went twice because nobody could know."""
        delivered = self._delivered()
        waiting = {(each.recipient, each.message_id) for each in Outbox(self.state / "outbox").parcels()}
        there = {*delivered, *waiting}
        faults = [f"lost: {to} of {LAST}" for to, which in sorted(self.waiting) if (to, which) not in there]
        tonight = {to for to, which in there if self._kind(which) == TONIGHT}
        faults += [f"lost: {to} of {TONIGHT}" for to in MAILED if to not in tonight]
        twice = {what: number - 1 for what, number in delivered.items() if number > 1}
        faults += [f"doubled: {to}, {which}" for to, which in twice if (to, which) not in doubts]
        faults += [f"sent {more + 1} times: {to}, {which}" for (to, which), more in twice.items() if more > 1]
        return faults, sum(twice.values())


def _badly_told(life: Life, *, was_killed: bool) -> list[str]:
    """Say how the end of a run was told otherwise than is documented."""
    broken = ["it hung"] if life.hung else []
    if was_killed and life.code < 0:
        return broken
    if life.code not in DOCUMENTED:
        broken.append(f"exit code {life.code}")
    if any("Traceback" in line for line in life.said):
        broken.append(f"a bare traceback: {life.said[-1]}")
    elif not all(line.startswith("csp-audit: ") for line in life.said):
        broken.append(f"said: {life.said}")
    if life.code not in {0, 1} and len(life.said) != 1:
        broken.append(f"{len(life.said)} lines on stderr: {life.said}")
    return broken
