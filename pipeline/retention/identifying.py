"""Whom somebody means by an id, a domain or a name, and all that the warehouses know of that customer."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from pipeline.desk.answer import as_text
from pipeline.desk.customers import find_customer
from pipeline.errors import UsageError
from pipeline.retention.finder import is_same
from pipeline.retention.subject import Subject, known_of, others_of, tables_of
from pipeline.retention.warehouses import opened
from pipeline.warehouse import open_warehouse

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.config import Config
    from pipeline.retention.warehouses import Warehouses


def identify(newest: Path, config: Config, warehouses: Warehouses, asked: str) -> tuple[UsageError | None, Subject]:
    """Return whom somebody means, and, where it is in no table, the error that says so: files may still name it.

    `newest` is the warehouse of the newest night. Raises UsageError, DatabaseError.
    """
    text = " ".join(asked.split())
    if whole := as_id(text):
        return _unknown(newest, config, whole), complete(warehouses, config, Subject(whole))
    subject = complete(warehouses, config, Subject(_by_name(newest, config, warehouses, text)))
    if not any(is_same(text, each) for each in (subject.customer_id, *subject.names, *subject.domains)):
        message = (
            f"{as_text(asked)!r} is only a part of a name. Its data would be gone for good: name the customer whole, "
            f"or by its id {subject.customer_id}."
        )
        raise UsageError(message)
    return None, subject


def complete(warehouses: Warehouses, config: Config, subject: Subject) -> Subject:
    """Add what every warehouse knows of the customer, and of others like it. Raises DatabaseError."""
    for path in warehouses.readable:
        with opened(path, config) as (connection, database):
            subject |= known_of(connection, database, subject.customer_id)
    for path in warehouses.readable:
        with opened(path, config) as (connection, database):
            subject |= others_of(connection, database, subject)
    return subject


def as_id(text: str) -> str:
    """Return an id as warehouses have it, if it has no hyphens or is in braces too; "" for anything else."""
    try:
        return str(UUID(text))
    except ValueError:
        return ""


def _unknown(newest: Path, config: Config, asked: str) -> UsageError | None:
    try:
        with open_warehouse(newest, config) as connection:
            find_customer(connection, asked)
    except UsageError as error:
        return error
    return None


def _by_name(newest: Path, config: Config, warehouses: Warehouses, text: str) -> str:
    """Return the id of a customer of the newest night, or else of any night."""
    try:
        with open_warehouse(newest, config) as connection:
            return find_customer(connection, text)
    except UsageError:
        ids = _ids_of(warehouses, config, text)
        if len(ids) != 1:
            raise
        return ids.pop()


def _ids_of(warehouses: Warehouses, config: Config, text: str) -> set[str]:
    found: set[str] = set()
    for path in warehouses.readable:
        with opened(path, config) as (connection, database):
            for name, columns in tables_of(connection, database).items():
                for column in {"company_name", "domain"} & columns.keys() if "customer_id" in columns else ():
                    query = f"select distinct lower(customer_id) from {name} where lower({column}) = lower(?)"
                    found |= {each for (each,) in connection.execute(query, [text]).fetchall() if each}
    return found
