"""Removes one customer's data for good: files first, then earlier warehouses, last the warehouse of the newest night.

Before anything goes, every warehouse is read to its end, and all by which the customer is known is written down in
forgetting.json, so that a removal which was killed is ended by the next one; the file goes last. Each warehouse is
always whole: the old one or the new one.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pipeline.config import waivers_file
from pipeline.errors import UsageError
from pipeline.retention.files import Cleaned, clean, look
from pipeline.retention.finder import is_same
from pipeline.retention.identifying import as_id, complete, identify
from pipeline.retention.places import sending_stopped
from pipeline.retention.record import (
    Pending,
    add_record,
    drop_half_warehouses,
    end_pending,
    half_warehouses,
    is_pending,
    new_reference,
    read_pending,
    told_of_pending,
    write_pending,
)
from pipeline.retention.rewriting import Removed, counted, rewrite
from pipeline.retention.warehouses import Warehouses, opened, warehouses_of
from pipeline.retention.words import ending_command, not_finished, told_plainly
from pipeline.signals import undisturbed
from pipeline.state import State

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pipeline.config import Config
    from pipeline.retention.subject import Subject

# What a stop says of the removal, from the moment at which it begins to the one at which it is done.
_DONE = "what had begun to be removed is gone, and forgotten.csv has its line. To remove another customer, run again."


@dataclass(frozen=True)
class Forgotten:
    """What went, or would go: by warehouse, and of the files. `damaged` warehouses go whole.

    `ambiguous` are names that were not looked for in texts, since they are somebody else's or mean other things too.
    `left` is what killed programs have left: a removal clears it away before it looks. `unfinished` says that another
    one, or this one, was begun. Neither is known while a run or a removal is under way, which `is_busy` says.
    """

    reference: str = ""
    warehouses: dict[Path, Removed] = field(default_factory=dict)
    damaged: tuple[Path, ...] = ()
    files: Cleaned = field(default_factory=Cleaned)
    ambiguous: tuple[str, ...] = ()
    left: tuple[Path, ...] = ()
    unfinished: str = ""
    is_busy: bool = False

    @property
    def removed(self) -> Removed:
        """What went from all warehouses together."""
        return sum(self.warehouses.values(), Removed())

    @property
    def is_nothing(self) -> bool:
        """Whether nowhere anything was found."""
        files = self.files
        found = (files.removed, files.changed, files.mails, files.decisions, files.by_hand)
        return self.removed == Removed() and not any(found)


def preview(config: Config, asked: str, *, config_file: Path | None = None) -> Forgotten:
    """Say what would go, and what a killed removal has left; nothing is changed.

    The command that ends one names `config_file`. Raises UsageError where there is no such customer, and where the
    system or the database refuses something.
    """
    state = State(config.state)
    with told_plainly(config):
        is_busy = state.holder() is not None
        left = () if is_busy else (*state.left(), *half_warehouses(state))
        unfinished = "" if is_busy else told_of_pending(state, config_file)
        found = _found(state, config, asked, left)
        return replace(found, left=left, unfinished=unfinished, is_busy=is_busy)


def _found(state: State, config: Config, asked: str, left: Sequence[Path]) -> Forgotten:
    warehouses, begun = warehouses_of(state, config), read_pending(state)
    if begun and _is_meant(begun, asked):
        found = _look(state, config, warehouses, complete(warehouses, config, begun.subject))
        return replace(found, files=found.files.without(left))
    unknown, subject = identify(state.warehouse, config, warehouses, asked)
    found = _look(state, config, warehouses, subject)
    found = replace(found, files=found.files.without(left))
    if unknown and found.is_nothing:
        raise unknown
    return found


def forget(config: Config, asked: str, *, go_on: bool = False, config_file: Path | None = None) -> Forgotten:
    """Remove a customer's data, after a removal that was begun and not ended, whose reference can be `asked` as well.

    The command that ends a removal names `config_file`. Raises UsageError where there is no such customer, where files
    that only people may change name it, unless it is to `go_on` without them, and where a warehouse is of a newer
    layout, or the newest night's cannot be read to its end; LockedError where a run or a sender is at work. Nothing is
    changed then, but where the error says that the removal is not finished.
    """
    state = State(config.state)
    with told_plainly(config), state.locked(), sending_stopped(state), state.work() as work:
        removal = _Removal(state, config, work, config_file, go_on)
        begun = read_pending(state)
        if begun:
            ended, warehouses = removal.end(begun)
            if _is_meant(begun, asked):
                return ended
        else:
            with undisturbed():
                drop_half_warehouses(state)
            warehouses = warehouses_of(state, config)
        unknown, subject = identify(state.warehouse, config, warehouses, asked)
        if unknown and _look(state, config, warehouses, subject).is_nothing:
            raise unknown
        return removal.carry_out(warehouses, Pending(new_reference(), subject))


@dataclass(frozen=True)
class _Removal:
    """Where and how customers are removed; `work` is a folder to build in."""

    state: State
    config: Config
    work: Path
    config_file: Path | None
    go_on: bool

    def end(self, begun: Pending) -> tuple[Forgotten, Warehouses]:
        """End what was begun; return what went, and the warehouses that are left."""
        ending = self._ending(begun)
        with told_plainly(self.config, ending):
            with undisturbed(not_finished(ending)):
                drop_half_warehouses(self.state)
            warehouses = warehouses_of(self.state, self.config)
            known = Pending(begun.reference, complete(warehouses, self.config, begun.subject))
            return self.carry_out(warehouses, known), Warehouses(warehouses.readable)

    def carry_out(self, warehouses: Warehouses, begun: Pending) -> Forgotten:
        """Write down what is begun, and remove all of it. Each error from then on names what ends it."""
        files, ending = self._files(begun.subject), self._ending(begun)
        try:
            with undisturbed(not_finished(ending)):
                write_pending(self.state, begun)
        except OSError:
            # What is in its place has begun, though it may not be on disk for good.
            with told_plainly(self.config, ending if is_pending(self.state) else ""):
                raise
        with told_plainly(self.config, ending):
            return self._remove(warehouses, begun, files)

    def _remove(self, warehouses: Warehouses, begun: Pending, files: Cleaned) -> Forgotten:
        state, config, subject = self.state, self.config, begun.subject
        clean(state, files, subject)
        for path in warehouses.damaged:
            path.unlink(missing_ok=True)
        removed = {path: rewrite(path, self.work, config, subject) for path in warehouses.readable}
        _check(state, config, subject)
        done = Forgotten(begun.reference, removed, warehouses.damaged, files, _ambiguous(subject))
        add_record(state, begun.reference, datetime.now(UTC), _counts(done))
        with undisturbed(_DONE):
            end_pending(state)
        return done

    def _files(self, subject: Subject) -> Cleaned:
        files = look(self.state, waivers_file(self.config), subject)
        if files.by_hand and not self.go_on:
            raise UsageError(_by_hand(files.by_hand))
        return files

    def _ending(self, begun: Pending) -> str:
        return ending_command(self.state.root, self.config_file, begun.reference)


def _check(state: State, config: Config, subject: Subject) -> None:
    """Look at every file once more: a program that was writing meanwhile may have named the customer again."""
    left = look(state, waivers_file(config), subject)
    found = [*left.removed, *left.changed, *left.mails]
    if found or left.decisions:
        path = found[0] if found else state.triage
        message = f"{path}: was written meanwhile, and names the customer again. Run the same command again."
        raise UsageError(message)


def _look(state: State, config: Config, warehouses: Warehouses, subject: Subject) -> Forgotten:
    removed = {}
    for path in warehouses.readable:
        with opened(path, config) as (connection, database):
            removed[path] = counted(connection, database, subject)
    files = look(state, waivers_file(config), subject)
    return Forgotten("", removed, warehouses.damaged, files, _ambiguous(subject))


def _is_meant(begun: Pending, asked: str) -> bool:
    subject = begun.subject
    known = (begun.reference, subject.customer_id, *subject.names, *subject.domains)
    return any(is_same(as_id(asked) or asked, each) for each in known)


def _ambiguous(subject: Subject) -> tuple[str, ...]:
    return tuple(sorted(subject.ambiguous & (subject.names | subject.domains)))


def _by_hand(files: dict[Path, list[int]]) -> str:
    return "\n".join(["edit these files by hand, or go on without them with --yes:", *by_hand_lines(files)])


def by_hand_lines(files: dict[Path, list[int]]) -> list[str]:
    """Return a line for each file that only people may change."""
    return [
        f"  {path}: {'line' if len(lines) == 1 else 'lines'} {', '.join(map(str, lines))}" if lines else f"  {path}"
        for path, lines in files.items()
    ]


def _counts(done: Forgotten) -> dict[str, int]:
    files = done.files
    return {
        "warehouses": len(done.warehouses) + len(done.damaged),
        "rows": done.removed.rows,
        "rows_changed": done.removed.changed,
        "files": len(files.removed),
        "files_changed": len(files.changed),
        "mails": files.parcels,
        "decisions": files.decisions,
    }
