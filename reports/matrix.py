"""The purchase matrix as a table: what the rules allow, and what was sold tonight all the same."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from reports.address import filtered
from reports.order import is_at_rest
from reports.terms import NO_QUALIFICATION, PLUS, term
from reports.waived import waived
from schemas.finding import Purchase, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reports.wording import Words
    from schemas.finding import Finding, MatrixCell

# The id of a rule, a customer type and a segment.
Place: TypeAlias = tuple[str | None, str | None, str | None]

_SEGMENTS = ("Commercial", "Nonprofit", "Education", "GovernmentCommunityCloud")
# The order of the published table; a combination reads the same whichever part comes first.
_PUBLISHED = (
    frozenset({NO_QUALIFICATION}),
    frozenset({"Nonprofit"}),
    frozenset({"Education"}),
    frozenset({"Nonprofit", "Education"}),
    frozenset({"GovernmentCommunityCloud"}),
    frozenset({"StateOwnedEntity"}),
    frozenset({"Education", "StateOwnedEntity"}),
    frozenset({"StateOwnedEntity", "GovernmentCommunityCloud"}),
)
_NONE: Mapping[Place, int] = MappingProxyType({})
_UNLISTED = frozenset({Purchase.UNLISTED_INSIDE, Purchase.UNLISTED_OUTSIDE})


class Look(StrEnum):
    """How a cell looks; its text says the same."""

    ALLOWED = "allowed"
    FORBIDDEN = "forbidden"
    FORBIDDEN_SOLD = "sold"
    OUTSIDE = "outside"
    OUTSIDE_SOLD = "outside-sold"
    MISSING = "missing"


@dataclass(frozen=True)
class Cell:
    """One cell as shown; `href` leads to its findings or, where there are none, to its rule; or is empty."""

    look: Look
    text: str
    note: str = ""
    href: str = ""


@dataclass(frozen=True)
class MatrixRow:
    """One customer type; one that the published matrix does not list is marked."""

    name: str
    listed: bool
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class MatrixTable:
    """The segments across, the customer types down."""

    segments: tuple[str, ...]
    rows: tuple[MatrixRow, ...]

    @property
    def has_unlisted(self) -> bool:
        """Whether any customer has a combination that is not listed."""
        return not all(row.listed for row in self.rows)


def matrix_table(
    words: Words,
    cells: Iterable[MatrixCell],
    rule_ids: frozenset[str],
    accepted: Mapping[Place, int] = _NONE,
    found: Mapping[Place, int] = _NONE,
) -> MatrixTable:
    """Arrange the cells: listed customer types in the published order, then the others as they come.

    `accepted` counts those of the reported subscriptions whose findings are waived, `found` the findings that are not.
    """
    types: dict[str, dict[str, MatrixCell]] = {}
    for cell in cells:
        types.setdefault(cell.customer_type, {})[cell.segment] = cell
    others = {segment for row in types.values() for segment in row} - set(_SEGMENTS)
    segments = (*_SEGMENTS, *sorted(others))
    rows = [
        MatrixRow(
            name=term(words, name),
            listed=_is_listed(row),
            cells=tuple(_cell(words, row.get(segment), rule_ids, accepted, found) for segment in segments),
        )
        for name, row in sorted(types.items(), key=lambda item: _place(*item))
    ]
    return MatrixTable(tuple(term(words, segment) for segment in segments), tuple(rows))


def _is_listed(row: dict[str, MatrixCell]) -> bool:
    return not any(cell.outcome in _UNLISTED for cell in row.values())


def _place(name: str, row: dict[str, MatrixCell]) -> tuple[bool, int]:
    parts = frozenset(name.split(PLUS))
    published = _PUBLISHED.index(parts) if parts in _PUBLISHED else len(_PUBLISHED)
    return not _is_listed(row), published


def waived_places(findings: Iterable[Finding]) -> Mapping[Place, int]:
    """Count tonight's findings that are waived, by the place of their cell."""
    at_rest = (item for item in findings if item.state is State.WAIVED and item.confirmed)
    return Counter((item.rule.id, item.customer_type, item.segment) for item in at_rest)


def found_places(findings: Iterable[Finding]) -> Mapping[Place, int]:
    """Count tonight's findings that ask for something, by the place of their cell and, under no rule, of all rules."""
    places: Counter[Place] = Counter()
    for item in findings:
        if is_at_rest(item):
            continue
        for rule_id in (item.rule.id, None):
            places[(rule_id, item.customer_type, item.segment)] += 1
    return places


def _cell(
    words: Words,
    cell: MatrixCell | None,
    rule_ids: frozenset[str],
    accepted: Mapping[Place, int],
    found: Mapping[Place, int],
) -> Cell:
    if cell is None:
        return Cell(Look.MISSING, words.gettext("no data"))
    match cell.outcome:
        case Purchase.ALLOWED | Purchase.UNLISTED_INSIDE:
            return Cell(Look.ALLOWED, words.number(cell.sold))
        case Purchase.FORBIDDEN if cell.sold == 0:
            return Cell(Look.FORBIDDEN, words.gettext("not allowed"))
        case Purchase.UNLISTED_OUTSIDE if cell.sold == 0:
            return Cell(Look.OUTSIDE, words.gettext("not listed"))
    place = (cell.rule_id, cell.customer_type, cell.segment)
    text, note = _sold(words, cell, accepted.get(place, 0))
    href = _href(cell, rule_ids, accepted, found)
    look = Look.FORBIDDEN_SOLD if cell.outcome is Purchase.FORBIDDEN else Look.OUTSIDE_SOLD
    return Cell(look, text, note, href)


def _href(cell: MatrixCell, rule_ids: frozenset[str], accepted: Mapping[Place, int], found: Mapping[Place, int]) -> str:
    """Lead to what the cell counts: to its rule's findings, to those that are waived, or to those of a sharper rule."""
    rule, where = cell.rule_id or "", (cell.customer_type, cell.segment)
    if (cell.rule_id, *where) in found:
        return filtered(type=cell.customer_type, segment=cell.segment, rule=rule)
    if (cell.rule_id, *where) in accepted:
        return filtered(type=cell.customer_type, segment=cell.segment, rule=rule, state=State.WAIVED.value)
    if (None, *where) in found:
        return filtered(type=cell.customer_type, segment=cell.segment)
    return f"#rule-{rule}" if rule in rule_ids else ""


def _sold(words: Words, cell: MatrixCell, accepted: int) -> tuple[str, str]:
    """Say how many were reported, and of how many sold where the two differ (a sharper rule has the rest)."""
    sold = words.ngettext("%(n)s sold", "%(n)s sold", cell.sold)
    forbidden, counting = cell.outcome is Purchase.FORBIDDEN, cell.reported - accepted
    if not cell.reported:
        return sold, words.gettext("not allowed") if forbidden else words.gettext("not listed")
    if not counting:
        return sold, waived(words, accepted)
    others = words.gettext("of %(n)s sold", n=words.number(cell.sold)) if counting != cell.sold else ""
    suspect = words.gettext("suspect, counted apart") if cell.suspect else ""
    note = ", ".join(filter(None, (others, suspect, waived(words, accepted))))
    if forbidden:
        return words.ngettext("%(n)s violation", "%(n)s violations", counting), note
    return words.ngettext("%(n)s to verify", "%(n)s to verify", counting), note
