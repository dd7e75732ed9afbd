"""Removes one customer's data for good: files first, then earlier warehouses, last the warehouse of the newest night.

Before anything goes, every warehouse is read to its end, and all by which the customer is known is written down in
forgetting.json, so that a removal which was killed is ended by the next one; the file goes last. Each warehouse is
always whole: the old one or the new one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from pipeline.config import waivers_file
from pipeline.database import DatabaseError, OutOfMemoryError, reading
from pipeline.desk.answer import as_text
from pipeline.desk.customers import find_customer
from pipeline.errors import UsageError
from pipeline.retention.files import Cleaned, clean, look
from pipeline.retention.finder import is_same
from pipeline.retention.places import sending_stopped
from pipeline.retention.record import (
    Pending,
    add_record,
    drop_halves,
    end_pending,
    ending_command,
    new_reference,
    read_pending,
    write_pending,
)
from pipeline.retention.rewriting import Removed, counted, rewrite
from pipeline.retention.subject import Subject, known_of, others_of, tables_of
from pipeline.retention.warehouses import Warehouses, database_of, warehouses_of
from pipeline.signals import undisturbed
from pipeline.state import State
from pipeline.warehouse import open_warehouse

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.config import Config

# What a stop says of the removal, from the moment at which it begins to the one at which it is done.
_DONE = "what had begun to be removed is gone, and forgotten.csv has its line. To remove another customer, run again."


@dataclass(frozen=True)
class Forgotten:
    """What went, or would go: by warehouse, and of the files. `damaged` warehouses go whole.

    `ambiguous` are names that were not looked for in texts, since they are somebody else's or mean other things too.
    """

    reference: str = ""
    warehouses: dict[Path, Removed] = field(default_factory=dict)
    damaged: tuple[Path, ...] = ()
    files: Cleaned = field(default_factory=Cleaned)
    ambiguous: tuple[str, ...] = ()

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


def preview(config: Config, asked: str) -> Forgotten:
    """Say what would go; nothing is changed. Raises UsageError where there is no such customer."""
    state = State(config.state)
    warehouses, begun = warehouses_of(state, config), read_pending(state)
    if begun and _is_meant(begun, asked):
        return _look(state, config, warehouses, _complete(warehouses, begun.subject))
    unknown, subject = _identify(state, config, warehouses, asked)
    found = _look(state, config, warehouses, subject)
    if unknown and found.is_nothing:
        raise unknown
    return found


def forget(config: Config, asked: str, *, go_on: bool = False) -> Forgotten:
    """Remove a customer's data, after a removal that was begun and not ended, whose reference can be `asked` as well.

    Raises UsageError where there is no such customer, where files that only people may change name it, unless it is to
    `go_on` without them, and where a warehouse is of a newer layout, or the newest night's cannot be read to its end;
    LockedError where a run or a sender is at work. Nothing is changed then.
    """
    state = State(config.state)
    with state.locked(), sending_stopped(state), state.work() as work:
        begun = read_pending(state)
        with undisturbed(_unfinished(state, begun) if begun else ""):
            drop_halves(state)
        warehouses = warehouses_of(state, config)
        if begun:
            known = Pending(begun.reference, _complete(warehouses, begun.subject))
            ended = _carry_out(state, config, work, warehouses, known, go_on=go_on)
            if _is_meant(begun, asked):
                return ended
            warehouses = Warehouses(warehouses.readable)
        unknown, subject = _identify(state, config, warehouses, asked)
        if unknown and _look(state, config, warehouses, subject).is_nothing:
            raise unknown
        return _carry_out(state, config, work, warehouses, Pending(new_reference(), subject), go_on=go_on)


def _carry_out(  # noqa: PLR0913 - where, how, and what
    state: State, config: Config, work: Path, warehouses: Warehouses, begun: Pending, *, go_on: bool
) -> Forgotten:
    subject = begun.subject
    files = look(state, waivers_file(config), subject)
    if files.by_hand and not go_on:
        raise UsageError(_by_hand(files.by_hand))
    try:
        with undisturbed(_unfinished(state, begun)):
            write_pending(state, begun)
        clean(state, files, subject)
        for path in warehouses.damaged:
            path.unlink(missing_ok=True)
        removed = {path: rewrite(path, work, config, subject) for path in warehouses.readable}
        _check(state, config, subject)
        done = Forgotten(begun.reference, removed, warehouses.damaged, files, _ambiguous(subject))
        add_record(state, begun.reference, datetime.now(UTC), _counts(done))
        with undisturbed(_DONE):
            end_pending(state)
    except OutOfMemoryError as error:
        message = f"memory_limit = {config.memory_limit} is too little for this. Raise it, then run again."
        raise UsageError(message) from error
    except (OSError, DatabaseError) as error:
        said = str(error).splitlines()[0] if isinstance(error, DatabaseError) else error.strerror
        message = f"{state.root}: not all is removed yet: {said}. Mend that, then run the same command again."
        raise UsageError(message) from error
    return done


def _unfinished(state: State, begun: Pending) -> str:
    return f"the removal is not finished; {ending_command(state, begun)} ends it."


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
        with reading(path, config.memory_limit, config.threads) as connection:
            removed[path] = counted(connection, database_of(connection), subject)
    files = look(state, waivers_file(config), subject)
    return Forgotten("", removed, warehouses.damaged, files, _ambiguous(subject))


def _complete(warehouses: Warehouses, subject: Subject) -> Subject:
    """Add what every warehouse knows of the customer, and of others like it."""
    for path in warehouses.readable:
        with reading(path) as connection:
            subject |= known_of(connection, database_of(connection), subject.customer_id)
    for path in warehouses.readable:
        with reading(path) as connection:
            subject |= others_of(connection, database_of(connection), subject)
    return subject


def _identify(state: State, config: Config, warehouses: Warehouses, asked: str) -> tuple[UsageError | None, Subject]:
    """Return whom somebody means, and, where it is in no table, the error that says so: files may still name it.

    Raises UsageError.
    """
    text = " ".join(asked.split())
    if whole := _as_id(text):
        return _unknown(state, config, whole), _complete(warehouses, Subject(whole))
    subject = _complete(warehouses, Subject(_by_name(state, config, warehouses, text)))
    if not any(is_same(text, each) for each in (subject.customer_id, *subject.names, *subject.domains)):
        message = (
            f"{as_text(asked)!r} is only a part of a name. Its data would be gone for good: name the customer whole, "
            f"or by its id {subject.customer_id}."
        )
        raise UsageError(message)
    return None, subject


def _as_id(text: str) -> str:
    """Return an id as warehouses have it, if it has no hyphens or is in braces too; "" for anything else."""
    try:
        return str(UUID(text))
    except ValueError:
        return ""


def _unknown(state: State, config: Config, asked: str) -> UsageError | None:
    try:
        with open_warehouse(state.warehouse, config) as connection:
            find_customer(connection, asked)
    except UsageError as error:
        return error
    return None


def _by_name(state: State, config: Config, warehouses: Warehouses, text: str) -> str:
    """Return the id of a customer of the newest night, or else of any night."""
    try:
        with open_warehouse(state.warehouse, config) as connection:
            return find_customer(connection, text)
    except UsageError:
        ids = _ids_of(warehouses, text)
        if len(ids) != 1:
            raise
        return ids.pop()


def _ids_of(warehouses: Warehouses, text: str) -> set[str]:
    found: set[str] = set()
    for path in warehouses.readable:
        with reading(path) as connection:
            for name, columns in tables_of(connection, database_of(connection)).items():
                for column in {"company_name", "domain"} & columns.keys() if "customer_id" in columns else ():
                    query = f"select distinct lower(customer_id) from {name} where lower({column}) = lower(?)"
                    found |= {each for (each,) in connection.execute(query, [text]).fetchall() if each}
    return found


def _is_meant(begun: Pending, asked: str) -> bool:
    subject = begun.subject
    known = (begun.reference, subject.customer_id, *subject.names, *subject.domains)
    return any(is_same(_as_id(asked) or asked, each) for each in known)


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
