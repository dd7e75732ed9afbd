"""The outgoing nouns: what a night has found, as values that every format is a function of."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime
    from decimal import Decimal

    from schemas.change import Change, ChangeKind
    from schemas.reading import Input, UnreadRow
    from schemas.triage import Triage
    from schemas.waiver import AppliedWaiver, WaiverUse

Fact = str | int | float | bool | None


class Level(StrEnum):
    """How serious a finding is, most serious first."""

    VIOLATION = "violation"
    DEADLINE = "deadline"
    VERIFY = "verify"

    @property
    def rank(self) -> int:
        """0 for the most serious level."""
        return _RANKS[self]


_RANKS = {level: rank for rank, level in enumerate(Level)}


class State(StrEnum):
    """A finding compared with the last good run.

    NEW_RULE: nothing has changed but that a rule is new, or finds more than its last version did.
    """

    NEW = "new"
    NEW_RULE = "new rule"
    REOPENED = "reopened"
    OPEN = "open"
    CLOSED = "closed"
    WAIVED = "waived"

    @property
    def is_current(self) -> bool:
        """Whether the finding was found tonight."""
        return self is not State.CLOSED


class Verdict(StrEnum):
    """What a run says of the night as a whole."""

    CLEAN = "audited, clean"
    INCOMPLETE = "audited, not everything was checked"
    FINDINGS = "audited, with findings"
    NOT_AUDITED = "not audited"


class Judgement(StrEnum):
    """Whether a rule could be judged tonight; PARTLY closes no finding on a subject that could not be."""

    JUDGED = "judged"
    PARTLY = "partly judged"
    INPUT_MISSING = "not judged: input missing"
    ERROR = "not judged: error"


class Purchase(StrEnum):
    """What the purchase matrix says of one customer type and one segment.

    The two INSIDE/OUTSIDE outcomes belong to combinations of qualifications that the matrix
    does not list; they are read strictly (only what every held qualification allows alone).
    """

    ALLOWED = "allowed"
    FORBIDDEN = "forbidden"
    UNLISTED_INSIDE = "unlisted, inside the strictest reading"
    UNLISTED_OUTSIDE = "unlisted, outside the strictest reading"


@dataclass(frozen=True)
class Rule:
    """One rule as its file states it; `message` holds {fact} fields.

    Without one of its `needs` it is not judged. Without one of its `uses` it is, but closes nothing for a while.
    It drops a finding on a subject that one of the rules it `gives_way_to` reports. `not_judged` explains, by code,
    why single subjects could not be judged.
    """

    id: str
    version: int
    level: Level
    title: str
    message: str
    why: str
    steps: tuple[str, ...]
    source: str
    needs: tuple[str, ...]
    key: tuple[str, ...]
    since: date
    uses: tuple[str, ...] = ()
    gives_way_to: tuple[str, ...] = ()
    not_judged: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Suspicion:
    """Why a rule, or the data it rests on, is suspect: it reports far more customers than it usually does.

    `hit` of so many `customers` are reported tonight, `usual` is the median of the nights before. An edition, which
    must not count others' customers, has no numbers.
    """

    hit: int | None = None
    customers: int | None = None
    usual: float | None = None


@dataclass(frozen=True)
class RuleResult:
    """What one rule came to tonight; counts are findings, `found` without those that are waived.

    `gaps` counts the subjects that it could not judge, by their code in the rule's `not_judged`. Findings of a rule
    with a `suspicion` are counted here and nowhere else.
    """

    rule: Rule
    judgement: Judgement
    reason: str = ""
    found: int = 0
    new: int = 0
    closed: int = 0
    waived: int = 0
    gaps: Mapping[str, int] = field(default_factory=dict, hash=False)
    suspicion: Suspicion | None = None

    @property
    def is_judged(self) -> bool:
        """Whether the rule saw all the inputs it needs and ran, if only on some of its subjects."""
        return self.judgement in {Judgement.JUDGED, Judgement.PARTLY}

    @property
    def is_complete(self) -> bool:
        """Whether the rule judged every subject."""
        return self.judgement is Judgement.JUDGED


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong or coming, about one subject.

    `finding_id` is "F-" and 12 hex digits. `customer_id` is None where the partner itself is the subject. `facts`
    are the rule's columns beyond the subject; `seats` counts licences, and `monthly_amount` is what they cost a month
    in `currency`, where a price is known; `source` is "file:line" of the row that the finding rests on, or "" where
    there is none. One that is not `confirmed` was not seen tonight, but nothing says that it is over: its rule was
    not judged, or a row is unread. It is open since `opened_on`, and was closed and opened again `reopened` times.
    `cause` says why it was closed where that is not the exports' doing. `reseller_id` is the reseller of record of the
    sale, or of the customer where no one sale is concerned. One that is `suspect` is by a rule that is suspect tonight:
    it is open like any other, and counted apart.
    """

    finding_id: str
    rule: Rule
    state: State
    customer_id: str | None
    company_name: str | None
    customer_type: str | None
    subscription_id: str | None
    offer_name: str | None
    segment: str | None
    seats: int | None
    due_on: date | None
    first_seen: date
    source: str
    facts: Mapping[str, Fact] = field(default_factory=dict)
    confirmed: bool = True
    monthly_amount: Decimal | None = None
    currency: str | None = None
    opened_on: date | None = None
    reopened: int = 0
    cause: str = ""
    waiver: AppliedWaiver | None = None
    triage: Triage | None = None
    reseller_id: str | None = None
    suspect: bool = False

    @property
    def level(self) -> Level:
        """The level of the finding's rule."""
        return self.rule.level


@dataclass(frozen=True)
class MatrixCell:
    """One cell of the purchase matrix with tonight's live subscriptions (`sold`) and those reported (`reported`).

    One is `suspect` where the rule that reports them is.
    """

    customer_type: str
    segment: str
    outcome: Purchase
    sold: int
    reported: int
    rule_id: str | None = None
    suspect: bool = False


@dataclass(frozen=True)
class Week:
    """Nonprofit eligibility that ends in the seven days from `start` on; unit: customers."""

    start: date
    customers: int


@dataclass(frozen=True)
class Night:
    """Findings that were open after one night, by level."""

    as_of: date
    open: Mapping[Level, int]


@dataclass(frozen=True)
class Counts:
    """Findings of one level: found tonight and not waived, of these new or reopened; closed since the last good run.

    `by_rule` counts those found because a rule is new, or of a higher version; they are not among the `new` ones.
    `suspect` counts those of suspect rules: found, not waived, and in no other number here.
    """

    found: int
    new: int
    closed: int
    waived: int = 0
    by_rule: int = 0
    suspect: int = 0


@dataclass(frozen=True)
class Recovery:
    """What a night did about a damaged warehouse: `damaged` names the file in `kept/` that it was kept aside as.

    `restored_from` is the newest night of the kept copy that history was read from; None: none could be read.
    """

    damaged: str
    restored_from: date | None = None


@dataclass(frozen=True)
class Audit:
    """Everything one night came to: what the report, the mail and the data files are made of.

    `findings` holds tonight's findings and those closed since the last good run, most pressing first.
    `compared_with` is the as-of date of that last good run (None: this is the first).
    `unread_before` is that run's number of unread rows. `changes` lists some of the changes of each kind,
    `change_counts` counts all. `newer_night` is set where this is a backfill: the newest night that had been audited.
    `no_longer_waived` counts findings that were waived on the last good run and count again. `triage_sha256` is that of
    the file with the decisions that are shown, or empty; `triage_fault` says why it could not be read. `edition` names
    the reseller whose customers alone are in it; empty: all are. `recovery` is set where the warehouse was damaged.
    """

    run_id: str
    as_of: date
    partner: str
    verdict: Verdict
    exit_code: int
    started_at: datetime
    data_as_of: datetime | None
    version: str
    rule_set: str
    engine: str
    command: str
    compared_with: date | None
    unread_before: int
    counts: Mapping[Level, Counts]
    inputs: tuple[Input, ...]
    rules: tuple[RuleResult, ...]
    findings: tuple[Finding, ...]
    matrix: tuple[MatrixCell, ...]
    weeks: tuple[Week, ...]
    nights: tuple[Night, ...]
    unread_rows: tuple[UnreadRow, ...] = ()
    changes: tuple[Change, ...] = ()
    change_counts: Mapping[ChangeKind, int] = field(default_factory=dict)
    waivers: tuple[WaiverUse, ...] = ()
    newer_night: date | None = None
    triage_sha256: str = ""
    triage_fault: str = ""
    no_longer_waived: int = 0
    edition: str = ""
    recovery: Recovery | None = None

    @property
    def is_backfill(self) -> bool:
        """Whether a newer night had been audited before this one."""
        return self.newer_night is not None

    @property
    def suspects(self) -> tuple[RuleResult, ...]:
        """The rules that are suspect tonight, in the order of `rules`."""
        return tuple(result for result in self.rules if result.suspicion)

    @property
    def unread(self) -> int:
        """Rows of all inputs that no rule saw."""
        return sum(item.unread for item in self.inputs)
