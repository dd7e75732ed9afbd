"""Takes one customer out of the files of a state directory.

- A night's file that names the customer goes, and a note in its folder says how to get it again without the customer.
  Where the customer is in a line that nobody could read, all of the night's files go: how much of such a line each of
  them shows cannot be told.
- Of run.json, the log and other records the text stays, with "(forgotten)" in place of the customer.
- A mail that waits goes unsent. Decisions on the customer's findings go from triage.csv.
- What people have written into the state directory, and the waivers, are theirs to edit. So is what a link leads to,
  but where one of csp-audit's own places was moved away and linked.
"""

from __future__ import annotations

import os
import re
import zipfile
import zlib
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.beside import alone, replace_file
from pipeline.errors import UsageError
from pipeline.mail.parcel import sync_folder
from pipeline.retention.contents import texts
from pipeline.retention.walking import walked
from pipeline.state import is_work
from pipeline.triage.triage import entry_lines, read_entries

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipeline.retention.finder import Finder
    from pipeline.retention.subject import Subject
    from pipeline.state import State

NOTE = "FORGOTTEN.txt"
RECORD, PENDING = "forgotten.csv", "forgetting.json"
DAMAGED = "damaged-"
_QUARANTINE, _RUN = "quarantine.csv", "run.json"
_OF_NIGHTS = ("runs", "refused")
_LOGS = re.compile(r"csp-audit\.log(\.[0-9]+)?|csp-audit-fault-\w+\.txt|status\.json")
# Locks, what this command writes itself, and the key for pseudonyms, which is random.
_NEVER = re.compile(rf"lock|\..*\.lock|masking\.key|{re.escape(RECORD)}|{re.escape(PENDING)}|{re.escape(NOTE)}")
# What a broken archive, or one that is packed in a way that is not known (NotImplementedError), is told by.
_UNREADABLE = (ValueError, OSError, EOFError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error)
_SAID = """\
Files of this night were removed: they named a customer whose data was removed for good.
csp-audit report {night} --out report.html writes the report of an audited night again, without that customer.
"""


class _Kind(Enum):
    NIGHT = auto()
    RECORD = auto()
    MAIL = auto()
    DECISIONS = auto()
    BY_HAND = auto()


@dataclass(frozen=True)
class Cleaned:
    """What becomes of the files: `decisions` are lines of triage.csv, `mails` files of the outbox.

    `by_hand` are files that only people may change; each has the numbers of its lines, or none where it is no text.
    """

    removed: tuple[Path, ...] = ()
    changed: tuple[Path, ...] = ()
    mails: tuple[Path, ...] = ()
    decisions: int = 0
    by_hand: dict[Path, list[int]] = field(default_factory=dict)

    @property
    def parcels(self) -> int:
        """How many mails go."""
        return len({path.name.partition(".")[0] for path in self.mails})

    def without(self, others: Iterable[Path]) -> Cleaned:
        """Return the same without some files, which go otherwise."""
        gone = set(map(os.path.realpath, others))

        def stays(path: Path) -> bool:
            return os.path.realpath(path) not in gone

        removed, changed = tuple(filter(stays, self.removed)), tuple(filter(stays, self.changed))
        mails, by_hand = tuple(filter(stays, self.mails)), {p: n for p, n in self.by_hand.items() if stays(p)}
        return Cleaned(removed, changed, mails, self.decisions, by_hand)


def look(state: State, waivers: Path, subject: Subject) -> Cleaned:
    """Say what is to become of each file, and change none. Raises UsageError where one cannot be read."""
    finder = subject.finder
    found: dict[_Kind, list[Path]] = {kind: [] for kind in _Kind}
    for path, kind in _files(state, waivers):
        if kind is not _Kind.DECISIONS and _names(path, finder):
            found[kind].append(path)
    torn = {path.parent for path in found[_Kind.NIGHT] if path.name == _QUARANTINE}
    nights = [
        path for path, kind in _files(state, waivers) if kind is _Kind.NIGHT and not torn.isdisjoint(path.parents)
    ]
    return Cleaned(
        tuple(sorted({*found[_Kind.NIGHT], *nights})),
        tuple(found[_Kind.RECORD]),
        tuple(found[_Kind.MAIL]),
        _decisions(state, subject),
        {path: _lines(path, finder) for path in found[_Kind.BY_HAND]},
    )


def clean(state: State, found: Cleaned, subject: Subject) -> None:
    """Do what was found to be done, but for what is to be done by hand.

    The state directory must be locked and sending stopped. Raises OSError where a file cannot be changed, and what
    `alone` raises.
    """
    finder = subject.finder
    for path in found.removed:
        _note(state, path)
        path.unlink(missing_ok=True)
    for path in found.mails:
        _drop_mail(path)
    for path in found.changed:
        text = path.read_bytes().decode("utf-8", "surrogateescape")
        replace_file(path, finder.without(text).encode("utf-8", "surrogateescape"))
    if found.decisions:
        _forget_decisions(state, subject)


def _files(state: State, waivers: Path) -> Iterator[tuple[Path, _Kind]]:
    """Return every file but warehouses: csp-audit's own in the order of their names, then what is behind links."""
    for path, is_own in walked(state.root, _places(state)):
        inside = path.relative_to(state.root).parts
        if path in {waivers, state.latest} or is_work(inside[0]) or _is_of_a_warehouse(state, path):
            continue
        if not is_own or not path.exists():
            yield path, _Kind.BY_HAND
        elif not _NEVER.fullmatch(path.name):
            yield path, _kind(inside)
    yield from ((path, _Kind.RECORD) for path in _older_logs(state.log))
    if waivers.is_file():
        yield waivers, _Kind.BY_HAND


def _places(state: State) -> list[Path]:
    """Return what csp-audit itself has put into the directory; a link there is the user's way to move it."""
    return [
        path for path in sorted(state.root.iterdir()) if path == state.kept or _kind((path.name,)) is not _Kind.BY_HAND
    ]


def _is_of_a_warehouse(state: State, path: Path) -> bool:
    """Tell whether a file goes with the warehouses: the log of a warehouse that is gone does not."""
    of = path.with_suffix("") if path.suffix == ".wal" else path
    is_one = of == state.warehouse or (of.parent == state.kept and (of.suffix == ".duckdb" or _is_damaged(of)))
    return is_one and (of == path or of.exists() or _is_damaged(of))


def _is_damaged(path: Path) -> bool:
    return path.name.startswith(DAMAGED)


def _older_logs(log: Path) -> Iterator[Path]:
    """Return the older logs where the log is a link: they are beside the file that it leads to."""
    if log.is_symlink():
        target = Path(os.path.realpath(log))
        older = re.compile(rf"{re.escape(target.name)}\.[0-9]+")
        beside = sorted(target.parent.iterdir()) if target.parent.is_dir() else []
        yield from (path for path in beside if older.fullmatch(path.name) and path.is_file())


def _kind(inside: tuple[str, ...]) -> _Kind:
    folder, name = inside[0], inside[-1]
    if folder in _OF_NIGHTS or (inside[:-1] in ((), ("kept",)) and name.endswith(".duckdb.wal")):
        return _Kind.RECORD if name == _RUN else _Kind.NIGHT
    if folder == "outbox":
        return _Kind.RECORD if inside[1:] == ("delivered.csv",) else _Kind.MAIL
    if inside == ("triage.csv",):
        return _Kind.DECISIONS
    return _Kind.RECORD if len(inside) == 1 and _LOGS.fullmatch(name) else _Kind.BY_HAND


def _names(path: Path, finder: Finder) -> bool:
    """Tell whether a file names the customer; one that cannot be looked into may."""
    try:
        content = path.read_bytes()
    except OSError as error:
        if not path.exists():
            # A file that is gone names nobody. Of a link that leads nowhere, as to a disk that is away, nobody can say.
            return path.is_symlink()
        message = f"{path}: cannot be read: {error.strerror}. Check its permissions, then run again."
        raise UsageError(message) from error
    try:
        return path.suffix == ".duckdb" or finder.holds(path.name) or any(map(finder.holds, texts(content)))
    except _UNREADABLE:
        return True


def _lines(path: Path, finder: Finder) -> list[int]:
    if path.suffix == ".duckdb" or not path.exists():
        return []
    lines = path.read_bytes().decode("utf-8", "replace").splitlines()
    return [number for number, line in enumerate(lines, start=1) if finder.holds(line)]


def _note(state: State, path: Path) -> None:
    """Leave a note in the night's folder, before its first file goes."""
    night = state.root.joinpath(*path.relative_to(state.root).parts[:2])
    if night != path and not (night / NOTE).exists():
        replace_file(night / NOTE, _SAID.format(night=night.name).encode())


def _drop_mail(path: Path) -> None:
    """Take away both files of a parcel; the envelope first, since a message without one is never sent."""
    name = path.name.removesuffix(".damaged")
    key = name.removesuffix(".json").removesuffix(".eml")
    for each in (f"{key}.json", f"{key}.eml", f"{key}.json.damaged", f"{key}.eml.damaged", path.name):
        path.with_name(each).unlink(missing_ok=True)
    sync_folder(path.parent)


def _decisions(state: State, subject: Subject) -> int:
    finder = subject.finder
    entries = read_entries(state.triage)
    return sum(entry.finding_id in subject.findings or finder.holds(entry_lines([entry], with_header=False))
               for entry in entries)  # fmt: skip


def _forget_decisions(state: State, subject: Subject) -> None:
    with alone(state.triage):
        left = [entry for entry in read_entries(state.triage) if entry.finding_id not in subject.findings]
        text = subject.finder.without(entry_lines(left, with_header=True))
        replace_file(state.triage, text.encode())
