"""An audit without the names of customers: pseudonyms in their place, the same every night and in every file.

- A customer's name becomes "Customer 7F3A-92C1-0B4D-55E6", its id "customer-7f3a92c10b4d55e6": a keyed hash of the id,
  which is the customer's Microsoft tenant and leads anybody to its domains. Without the key nobody can compute it.
- What people and exports write freely may hold any name, also one that no finding has: the notes and reasons of triage
  and waivers, the values of unread rows, notes on inputs, and the words of a rule that failed are withheld.
- Other texts (facts, names of offers, owners, file names, the command) have the names and ids of the audit's customers
  replaced where they occur, and every domain and address of e-mail.
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

from schemas.finding import Judgement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from schemas.change import Change
    from schemas.finding import Audit, Fact, Finding, RuleResult
    from schemas.reading import Input, Problem, Refusal, UnreadRow
    from schemas.triage import Triage
    from schemas.waiver import AppliedWaiver, WaiverUse

WITHHELD = "(masked)"
# Sixteen digits: among a million customers two share them once in forty million keys.
_DIGITS = 16
_WORD = re.compile(r"\w+")
_GUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE)
_DOMAIN = re.compile(r"(?:[\w.+-]+@)?(?:[^\W_](?:[\w-]*[^\W_])?\.)+(?:[^\W\d_]{2,}|xn--[\w-]+)(?!\w)")
_SCOPE = re.compile(r"(?<=customer )\S+")
# These look like domains and are names of files, which people need to know where to look.
_FILES = frozenset({"csv", "json", "toml", "html", "txt", "xlsx", "eml", "duckdb"})
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
    mask = _Mask(key, _names(audit), _ids(audit))
    return replace(
        audit,
        command=mask.text(audit.command),
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
        command=mask.text(refusal.command),
        problems=tuple(map(mask.problem, refusal.problems)),
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
    """Replaces names and ids; `names` gives the customer's id for each name, `ids` are those of all customers."""

    key: bytes = field(repr=False)
    names: dict[str, str] = field(default_factory=dict, repr=False)
    ids: frozenset[str] = field(default=frozenset(), repr=False)

    @cached_property
    def digits(self) -> Callable[[str], str]:
        """Return the keyed hash of a text, whatever its case."""

        @cache
        def digits(text: str) -> str:
            same = text.strip().lower().encode("utf-8", "replace")
            return hmac.new(self.key, same, hashlib.sha256).hexdigest()[:_DIGITS]

        return digits

    @cached_property
    def by_first_word(self) -> dict[str, list[tuple[str, str]]]:
        """Return names with the pseudonym of each, the longest first, by their first word."""
        index: dict[str, list[tuple[str, str]]] = {}
        for name in sorted(self.names, key=len, reverse=True):
            word = _WORD.search(name)
            if word:
                rest = name[word.start() :].rstrip()
                index.setdefault(word.group().casefold(), []).append((rest.casefold(), self.name(self.names[name])))
        return index

    def id(self, customer_id: str) -> str:
        return f"customer-{self.digits(customer_id)}"

    def name(self, customer_id: str) -> str:
        digits = self.digits(customer_id).upper()
        return "Customer " + "-".join(digits[place : place + 4] for place in range(0, _DIGITS, 4))

    def text(self, text: str) -> str:
        """Replace what names a customer in a text: names and ids of the audit, and every domain."""
        without_ids = _GUID.sub(lambda found: self._known_id(found.group()), text)
        return self._without_names(_DOMAIN.sub(lambda found: self._domain(found.group()), without_ids))

    def _known_id(self, guid: str) -> str:
        return self.id(guid) if guid.lower() in self.ids else guid

    def _domain(self, text: str) -> str:
        ending = text.rpartition(".")[2].lower()
        return text if ending in _FILES or ending == "invalid" else f"{self.digits(text)[:8]}.invalid"

    def _without_names(self, text: str) -> str:
        return "".join(self._parts(text)) if self.names else text

    def _parts(self, text: str) -> Iterator[str]:
        place = 0
        for word in _WORD.finditer(text):
            if word.start() < place:
                continue
            for name, pseudonym in self.by_first_word.get(word.group().casefold(), ()):
                end = word.start() + len(name)
                if text[word.start() : end].casefold() == name and not text[end : end + 1].isalnum():
                    yield text[place : word.start()] + pseudonym
                    place = end
                    break
        yield text[place:]

    def finding(self, finding: Finding) -> Finding:
        customer = finding.customer_id
        return replace(
            finding,
            customer_id=customer and self.id(customer),
            company_name=finding.company_name
            and (self.name(customer) if customer else self.text(finding.company_name)),
            offer_name=finding.offer_name and self.text(finding.offer_name),
            source=self.text(finding.source),
            facts={name: self.fact(name, fact) for name, fact in finding.facts.items()},
            waiver=finding.waiver and self.waiver(finding.waiver),
            triage=finding.triage and self.triage(finding.triage),
        )

    def fact(self, name: str, fact: Fact) -> Fact:
        return self.text(fact) if isinstance(fact, str) and name not in _CLOSED else fact

    def triage(self, triage: Triage) -> Triage:
        return replace(triage, owner=self.text(triage.owner), note=_withheld(triage.note))

    def waiver(self, waiver: AppliedWaiver) -> AppliedWaiver:
        return replace(
            waiver,
            scope=_SCOPE.sub(lambda found: self.id(found.group()), waiver.scope),
            reason=_withheld(waiver.reason),
            approved_by=self.text(waiver.approved_by),
        )

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
            next_step=self.text(problem.next_step),
        )
