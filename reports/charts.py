"""The geometry of the two charts; their SVG is in templates/, their colours are the style sheet's.

All lengths are units of the SVG's own coordinates, one decimal, with y growing downwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from reports.terms import level_names
from schemas.finding import Level

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from reports.wording import Words
    from schemas.finding import Night, Week

WEEKS = 13
NIGHTS = 30
SOON = 4  # weeks drawn strong, because a letter to the customer is due now
WIDTH = 456.0
_TICK_WEEKS = 3
_TICK_DAYS = 7
_LINE_HEIGHT = 17.0
_CHARACTER = 8.4  # width of a bold character, on the safe side
_GRID_LINES = 4


@dataclass(frozen=True)
class Bar:
    """One week; `middle` is where its texts are centred, `ticked` whether its date is written below."""

    week: Week
    x: float
    y: float
    width: float
    height: float
    middle: float
    soon: bool
    ticked: bool


@dataclass(frozen=True)
class Bars:
    """Nonprofit eligibility ending per week, on a base line."""

    bars: tuple[Bar, ...]
    total: int
    width: float = WIDTH
    height: float = 152.0
    base: float = 128.0


@dataclass(frozen=True)
class Line:
    """One level over the nights: its points, its end, and where its label stands beside it."""

    level: Level
    label: str
    points: str
    end: float
    label_y: float
    first: int
    last: int


@dataclass(frozen=True)
class Lines:
    """Open findings per night between `left` and `right`; `grid` holds (y, count), `days` (x, day)."""

    lines: tuple[Line, ...]
    nights: int
    left: float
    right: float
    grid: tuple[tuple[float, int], ...]
    days: tuple[tuple[float, date], ...]
    width: float = WIDTH
    height: float = 204.0
    base: float = 176.0


def bars(weeks: Sequence[Week]) -> Bars | None:
    """Draw the first 13 weeks; nothing where eligibility ends in none of them."""
    shown = weeks[:WEEKS]
    most = max((week.customers for week in shown), default=0)
    if not most:
        return None
    step, tall = WIDTH / WEEKS, Bars.base - 22.0
    drawn = [
        Bar(
            week=week,
            x=round(place * step + 3, 1),
            y=round(Bars.base - tall * week.customers / most, 1),
            width=round(step - 6, 1),
            height=round(tall * week.customers / most, 1),
            middle=round((place + 0.5) * step, 1),
            soon=place < SOON,
            ticked=place % _TICK_WEEKS == 0,
        )
        for place, week in enumerate(shown)
    ]
    return Bars(tuple(drawn), total=sum(week.customers for week in shown))


@dataclass(frozen=True)
class _Scale:
    """Where a day and a count lie; `top` is the highest count on the axis."""

    first: date
    last: date
    top: int
    left: float
    right: float

    def x(self, day: date) -> float:
        span = max((self.last - self.first).days, 1)
        return round(self.right - (self.right - self.left) * (self.last - day).days / span, 1)

    def y(self, count: int) -> float:
        return round(Lines.base - (Lines.base - 12) * count / self.top, 1)


def lines(words: Words, nights: Sequence[Night]) -> Lines | None:
    """Draw the last 30 nights by their dates, so that a skipped night is a gap; one night is its ends."""
    shown = nights[-NIGHTS:]
    if not shown:
        return None
    names = {level: level_names(words, level) for level in Level}
    labels = {level: f"{words.number(_open(shown[-1], level))} {name}" for level, name in names.items()}
    scale = _scale(words, shown, longest=max(map(len, labels.values())))
    label_y = apart({level: scale.y(_open(shown[-1], level)) for level in Level}, lowest=Lines.base)
    return Lines(
        lines=tuple(_line(shown, level, labels[level], label_y[level], scale) for level in Level),
        nights=len(shown),
        left=scale.left,
        right=scale.right,
        grid=tuple((scale.y(count), count) for count in range(0, scale.top + 1, scale.top // _GRID_LINES)),
        days=tuple((scale.x(day), day) for day in _ticks(scale.first, scale.last)),
    )


def _scale(words: Words, nights: Sequence[Night], longest: int) -> _Scale:
    """Leave room for the numbers on the left and for the longest label on the right."""
    top = _ceiling(max(_open(night, level) for night in nights for level in Level))
    return _Scale(
        first=nights[0].as_of,
        last=nights[-1].as_of,
        top=top,
        left=round(10 + _CHARACTER * len(words.number(top)), 1),
        right=round(WIDTH - 14 - _CHARACTER * longest, 1),
    )


def _open(night: Night, level: Level) -> int:
    return night.open.get(level, 0)


def _line(nights: Sequence[Night], level: Level, label: str, label_y: float, scale: _Scale) -> Line:
    first, last = _open(nights[0], level), _open(nights[-1], level)
    points = " ".join(f"{scale.x(night.as_of)},{scale.y(_open(night, level))}" for night in nights)
    return Line(level, label, points, end=scale.y(last), label_y=label_y, first=first, last=last)


def _ceiling(most: int) -> int:
    """Return the first round number that is not below `most` and falls into even steps."""
    unit = 1
    while True:
        for step in (1, 2, 5):
            if step * unit * _GRID_LINES >= most:
                return step * unit * _GRID_LINES
        unit *= 10


def _ticks(first: date, last: date) -> tuple[date, ...]:
    """Return the last day and every seventh before it; within one week, the first day and the last."""
    weeks = (last - first).days // _TICK_DAYS
    if not weeks:
        return (last, first) if first < last else (last,)
    return tuple(last - timedelta(days=_TICK_DAYS * week) for week in range(weeks + 1))


def apart(wanted: Mapping[Level, float], lowest: float) -> dict[Level, float]:
    """Move labels as little as needed to stand a line apart, none below `lowest`."""
    placed: dict[Level, float] = {}
    floor = lowest
    for level, at in sorted(wanted.items(), key=lambda item: (-item[1], -item[0].rank)):
        placed[level] = min(at, floor)
        floor = placed[level] - _LINE_HEIGHT
    return placed
