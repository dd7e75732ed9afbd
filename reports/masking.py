"""An audit without the names of customers: pseudonyms in their place, the same every night and in every file.

- A customer's name becomes "Customer 7F3A-92C1-0B4D-55E6", its id "customer-7f3a92c10b4d55e6": a keyed hash of the id,
  which is the customer's Microsoft tenant and leads anybody to its domains. Without the key nobody can compute it.
- What people and exports write freely may hold any name, also one that no finding has: the notes and reasons of triage
  and waivers, the values of unread rows, notes on inputs, and the words of a rule that failed are withheld.
- Other texts (facts, names of offers, owners, file names) have the names and ids of the audit's customers replaced,
  and every domain and address of e-mail. A name of one word is replaced in its own customer's findings only.
- A command that holds any of these is withheld: one with a pseudonym in it would not run.
- Ids of subscriptions and findings stay: by them somebody with access finds the customer again. They say nothing to
  others, but for who has a list of tenant ids: a finding's id is a hash of its rule and subject, and can be compared.
- Partners and resellers are not masked, nor are numbers and days.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from typing import TYPE_CHECKING

from reports import domains
from reports.names import Names, Owner
from reports.quoting import quotes_nothing
from schemas.finding import Judgement
from schemas.waiver import ScopeKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from schemas.change import Change
    from schemas.finding import Audit, Fact, Finding, RuleResult
    from schemas.reading import Input, Problem, Refusal, UnreadRow
    from schemas.triage import Triage
    from schemas.waiver import AppliedWaiver, WaiverUse

WITHHELD = "(masked)"
# Sixteen digits: among a million customers two share them once in forty million keys.
_DIGITS = 16
_GUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE)
# Facts from a closed vocabulary: a customer of such a name must not change what they say.
_CLOSED = frozenset(
    {"segment", "segment_source", "list_segment", "stated_segment", "name_segment", "scheduled_segment",
     "customer_type", "allowed", "outcome", "qualification", "vetting_status", "validation_status", "validation",
     "relationship", "country", "cloud", "problem", "product_type", "term_duration", "billing_cycle",
     "scheduled_action", "role", "suggested_currency"}
)  # fmt: skip


def masked(audit: Audit, key: bytes) -> Audit:
    """Return the audit with pseudonyms for its customers, under a secret key; rows keep their order.

    The same customer has the same pseudonym under the same key. Masking twice changes nothing that is shown by name.
    """
    mask = _Mask(key, Names(_names(audit)), _ids(audit))
    return replace(
        audit,
        command=mask.command(audit.command),
        findings=tuple(map(mask.finding, audit.findings)),
        rules=tuple(map(mask.result, audit.rules)),
        inputs=tuple(map(mask.input, audit.inputs)),
        unread_rows=tuple(map(mask.unread, audit.unread_rows)),
        changes=tuple(map(mask.change, audit.changes)),
        waivers=tuple(map(mask.use, audit.waivers)),
        triage_fault=_withheld(audit.triage_fault),
    )


def masked_refusal(refusal: Refusal, key: bytes) -> Refusal:
    """Return the record of a refused night without what its exports say: places and reasons stay."""
    mask = _Mask(key)
    return replace(
        refusal,
        command=mask.command(refusal.command),
        problems=tuple(
            replace(mask.problem(each), found=each.found) if quotes_nothing(each.found) else mask.problem(each)
            for each in refusal.problems
        ),
        unread_rows=tuple(map(mask.unread, refusal.unread_rows)),
    )


def _names(audit: Audit) -> dict[str, str]:
    """Return whose name each name is; of two customers of one name, the id that sorts first."""
    subjects: Iterable[Finding | Change] = (*audit.findings, *audit.changes)
    known = {(item.customer_id, item.company_name) for item in subjects if item.customer_id and item.company_name}
    return {name: customer for customer, name in sorted(known, reverse=True) if name and customer}


def _ids(audit: Audit) -> frozenset[str]:
    subjects: Iterable[Finding | Change] = (*audit.findings, *audit.changes)
    return frozenset(item.customer_id.lower() for item in subjects if item.customer_id)


def _withheld(text: str) -> str:
    return WITHHELD if text else ""


@dataclass(frozen=True)
class _Mask:
    """Replaces names, ids and domains; `ids` are those of all customers, in lower case."""

    key: bytes = field(repr=False)
    names: Names = field(default_factory=Names, repr=False)
    ids: frozenset[str] = field(default=frozenset(), repr=False)

    @cached_property
    def digits(self) -> Callable[[str], str]:
        """Return the keyed hash of a text, whatever its case."""

        @cache
        def digits(text: str) -> str:
            same = text.strip().lower().encode("utf-8", "replace")
            return hmac.new(self.key, same, hashlib.sha256).hexdigest()[:_DIGITS]

        return digits

    def id(self, customer_id: str) -> str:
        return f"customer-{self.digits(customer_id)}"

    def name(self, customer_id: str) -> str:
        digits = self.digits(customer_id).upper()
        return "Customer " + "-".join(digits[place : place + 4] for place in range(0, _DIGITS, 4))

    def text(self, text: str, owner: Owner | None = None) -> str:
        """Replace what names a customer in a text: names and ids of the audit, and every domain."""
        return self.named(domains.replaced(text, self._domain), owner)

    def named(self, text: str, owner: Owner | None = None) -> str:
        """Replace names and ids of the audit's customers in a text that people need as it is otherwise."""
        without_ids = _GUID.sub(lambda found: self._known_id(found.group()), text)
        return self.names.replaced(without_ids, self.name, owner)

    def command(self, command: str) -> str:
        return command if self.text(command) == command else WITHHELD

    def _known_id(self, guid: str) -> str:
        return self.id(guid) if guid.lower() in self.ids else guid

    def _domain(self, domain: str) -> str:
        return f"{self.digits(domain)[:8]}.invalid"

    def finding(self, finding: Finding) -> Finding:
        customer, name = finding.customer_id, finding.company_name
        owner = Owner(customer, name) if customer and name else None
        return replace(
            finding,
            customer_id=customer and self.id(customer),
            company_name=name and (self.name(customer) if customer else self.text(name)),
            offer_name=finding.offer_name and self.text(finding.offer_name, owner),
            source=self.text(finding.source, owner),
            facts={name: self.fact(name, fact, owner) for name, fact in finding.facts.items()},
            waiver=finding.waiver and self.waiver(finding.waiver, owner),
            triage=finding.triage and self.triage(finding.triage, owner),
        )

    def fact(self, name: str, fact: Fact, owner: Owner | None) -> Fact:
        return self.text(fact, owner) if isinstance(fact, str) and name not in _CLOSED else fact

    def triage(self, triage: Triage, owner: Owner | None) -> Triage:
        return replace(triage, owner=self.text(triage.owner, owner), note=_withheld(triage.note))

    def waiver(self, waiver: AppliedWaiver, owner: Owner | None) -> AppliedWaiver:
        return replace(
            waiver,
            scope=self.scope(waiver),
            reason=_withheld(waiver.reason),
            approved_by=self.text(waiver.approved_by, owner),
        )

    def scope(self, waiver: AppliedWaiver) -> str:
        covers = waiver.covers
        if covers and covers.kind is ScopeKind.CUSTOMER:
            return str(replace(covers, subject=self.id(covers.subject)))
        return self.text(waiver.scope)

    def use(self, use: WaiverUse) -> WaiverUse:
        waiver = use.waiver
        customer = waiver.customer and self.id(waiver.customer)
        approved_by = self.text(waiver.approved_by)
        return replace(
            use, waiver=replace(waiver, customer=customer, reason=_withheld(waiver.reason), approved_by=approved_by)
        )

    def result(self, result: RuleResult) -> RuleResult:
        return replace(result, reason=_withheld(result.reason)) if result.judgement is Judgement.ERROR else result

    def input(self, item: Input) -> Input:
        file = self.text(item.file) if item.file else item.file
        return replace(item, file=file, notes=tuple(map(_withheld, item.notes)))

    def unread(self, row: UnreadRow) -> UnreadRow:
        return replace(row, file=self.text(row.file), value=_withheld(row.value))

    def change(self, change: Change) -> Change:
        company_name = change.company_name and self.name(change.customer_id)
        return replace(change, customer_id=self.id(change.customer_id), company_name=company_name)

    def problem(self, problem: Problem) -> Problem:
        return replace(
            problem,
            file=self.text(problem.file),
            found=_withheld(problem.found),
            next_step=self.named(problem.next_step),
        )
