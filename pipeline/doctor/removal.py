"""The check of a removal of a customer's data that was begun and not ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.doctor.line import ok, warning
from pipeline.errors import UsageError
from pipeline.retention.record import read_pending
from pipeline.retention.words import ending_command

if TYPE_CHECKING:
    from pipeline.doctor.line import Line
    from pipeline.doctor.subject import Subject


def removal(subject: Subject) -> Line:
    """Say whether a removal is half done; whose data it is about is not said."""
    try:
        begun = read_pending(subject.places)
    except UsageError as error:
        found, _, step = str(error).rstrip(".").rpartition(". ")
        return warning(found, step)
    if begun is None:
        return ok("none is half done")
    found = f"one that began is not finished ({begun.reference}): a part of a customer's data is still there"
    return warning(found, ending_command(subject.places.root, subject.config_file, begun.reference))
