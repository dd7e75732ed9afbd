"""Masking: no name of a customer in any file, the same pseudonym for the same customer, rows in their order."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from email import message_from_bytes, policy
from unicodedata import normalize

import pytest

from reports import render
from reports.languages import words_of
from reports.mail.digest import digest
from reports.mail.letter import Letter
from reports.masking import WITHHELD, masked, masked_refusal
from schemas.change import Change, ChangeKind
from schemas.finding import Audit, Judgement
from schemas.reading import Input, Problem, Refusal, UnreadRow
from schemas.triage import Triage
from schemas.waiver import AppliedWaiver, Waiver, WaiverStatus, WaiverUse
from tests.reports import examples
from tests.reports.parts import AS_OF

KEY, OTHER_KEY = b"k" * 32, b"o" * 32
LETTER = Letter("Audit <audit@house.example>", ("desk@house.example",), "audit.house.example", attach_csv=True)
FREE = "call Firma Żółw, see www.zolw-firma.pl or anna@zolw-firma.pl"
ZOLW = "aaaaaaaa-0000-4000-8000-00000000abcd"


def spoken() -> Audit:
    """Return a busy night in which every text that may hold a name does."""
    audit = examples.busy()
    first, second, *rest = audit.findings
    waiver = AppliedWaiver(f"SEG01 of customer {ZOLW}", FREE, "Firma Żółw", AS_OF, AS_OF)
    told = replace(
        first,
        customer_id=ZOLW,
        company_name="Firma Żółw",
        offer_name="Teams for FIRMA ŻÓŁW (test)",
        facts={
            **first.facts,
            "vetting_reason": FREE,
            "tenant_id": ZOLW.upper(),
            "partner_name": "Firma Żółw reselling",
        },
        waiver=waiver,
        triage=Triage("wait", "anna@zolw-firma.pl", None, FREE),
    )
    return replace(
        audit,
        findings=(told, second, *rest),
        command="csp-audit run '/data/Firma Żółw' --state /data/zolw-firma.pl",
        inputs=tuple(replace(item, notes=(FREE,)) for item in audit.inputs),
        unread_rows=(UnreadRow("customers", "Firma Żółw.csv", 7, "company_name", FREE, "expected a text"),),
        changes=(Change(ChangeKind.CAME, ZOLW, "Firma Żółw"),),
        change_counts={ChangeKind.CAME: 1},
        waivers=(WaiverUse(Waiver(FREE, "Firma Żółw", AS_OF, AS_OF, customer=ZOLW, line=3), WaiverStatus.IN_FORCE, 1),),
        rules=(replace(audit.rules[0], judgement=Judgement.ERROR, reason=FREE), *audit.rules[1:]),
        triage_fault=FREE,
    )


def files(audit: Audit) -> dict[str, str]:
    """Return what the files of an audit and its mail say, escaped and not."""
    made = {
        "report.html": render.report_html(audit),
        "findings.csv": render.findings_csv(audit),
        "findings.json": render.findings_json(audit),
        "quarantine.csv": render.quarantine_csv(audit),
        "run.json": render.run_json(audit),
        "report_pl.html": render.report_html(audit, words_of("pl")),
    }
    message = message_from_bytes(digest(audit, LETTER), policy=policy.default)
    parts = [part.get_payload(decode=True) for part in message.walk() if not part.is_multipart()]
    made["digest.eml"] = "\n".join(part.decode() for part in parts if isinstance(part, bytes))
    made["headers"] = "\n".join(str(value) for value in message.values())
    return {name: f"{text}\n{html.unescape(text)}".casefold() for name, text in made.items()}


def names(audit: Audit) -> set[str]:
    """Return the names and ids of all customers that a night speaks of."""
    found = {text for item in audit.findings if item.customer_id for text in (item.customer_id, item.company_name)}
    return {text.casefold() for text in found if text}


def test_no_name_id_or_domain_of_a_customer_is_in_any_file() -> None:
    audit = spoken()
    secrets = names(audit) | {"firma żółw", "zolw-firma", "anna"}
    assert len(secrets) > 20
    for name, text in files(masked(audit, KEY)).items():
        assert {secret for secret in secrets if secret in text} == set(), name


def test_unmasked_files_hold_the_names() -> None:
    texts = files(spoken())
    assert all("firma żółw" in texts[name] for name in ("report.html", "findings.csv", "findings.json", "digest.eml"))


def test_customer_has_one_pseudonym_in_every_place_and_on_every_night() -> None:
    night, next_night = masked(spoken(), KEY), masked(replace(examples.clean(), findings=spoken().findings[:1]), KEY)
    first = night.findings[0]
    assert re.fullmatch(r"Customer [0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}", str(first.company_name))
    digits = str(first.company_name).removeprefix("Customer ").replace("-", "").lower()
    assert first.customer_id == f"customer-{digits}"
    (change,), (use,) = night.changes, night.waivers
    assert (change.customer_id, change.company_name) == (first.customer_id, first.company_name)
    assert use.waiver.customer == first.customer_id == first.facts["tenant_id"]
    assert first.waiver
    assert first.waiver.scope == f"SEG01 of customer {first.customer_id}"
    assert first.offer_name == f"Teams for {first.company_name} (test)"
    assert first.facts["partner_name"] == f"{first.company_name} reselling"
    (again,) = next_night.findings
    assert again == first


def test_free_texts_are_withheld_and_say_so() -> None:
    night = masked(spoken(), KEY)
    first = night.findings[0]
    assert first.triage
    assert first.waiver
    withheld = (first.triage.note, first.waiver.reason, night.waivers[0].waiver.reason, night.triage_fault)
    assert {*withheld, night.unread_rows[0].value, night.rules[0].reason, night.inputs[0].notes[0]} == {WITHHELD}
    assert re.fullmatch(r"[0-9a-f]{8}\.invalid", first.triage.owner)
    assert night.unread_rows[0].reason == "expected a text"


def test_same_key_same_bytes_and_another_key_other_pseudonyms() -> None:
    audit = spoken()
    assert files(masked(audit, KEY)) == files(masked(audit, KEY))
    one, other = masked(audit, KEY), masked(audit, OTHER_KEY)
    assert {item.company_name for item in one.findings if item.customer_id}.isdisjoint(
        item.company_name for item in other.findings if item.customer_id
    )
    assert KEY.hex() not in files(one)["findings.json"]


def test_two_customers_never_share_a_pseudonym_even_of_one_name() -> None:
    template = examples.busy().findings[0]
    many = tuple(
        replace(template, customer_id=f"{n:08x}-0000-4000-8000-00000000abcd", company_name="One and the same")
        for n in range(20_000)
    )
    night = masked(replace(examples.clean(), findings=many), KEY)
    assert len({item.company_name for item in night.findings}) == len(many)
    assert len({item.customer_id for item in night.findings}) == len(many)


@pytest.mark.parametrize("audit", [examples.busy(), examples.clean(), examples.first_run()])
def test_rows_numbers_and_what_is_nobodys_stay(audit: Audit) -> None:
    night = masked(audit, KEY)
    assert [item.finding_id for item in night.findings] == [item.finding_id for item in audit.findings]
    for was, is_now in zip(audit.findings, night.findings, strict=True):
        assert (was.rule, was.state, was.seats, was.due_on, was.segment, was.subscription_id) == (
            is_now.rule, is_now.state, is_now.seats, is_now.due_on, is_now.segment, is_now.subscription_id,
        )  # fmt: skip
    kept = ("counts", "matrix", "weeks", "nights", "verdict", "partner", "run_id")
    assert all(getattr(audit, name) == getattr(night, name) for name in kept)


def test_customer_that_is_called_like_a_term_does_not_change_the_terms() -> None:
    first, *rest = examples.busy().findings
    called = replace(first, company_name="Education", segment="Education", facts={"segment": "Education"})
    night = masked(replace(examples.busy(), findings=(called, *rest)), KEY)
    assert (night.findings[0].segment, night.findings[0].facts["segment"]) == ("Education", "Education")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("customers-2026.csv", "customers-2026.csv"),
        ("Office 365 E1 v1.0 of Rovere S.r.l.", "Office 365 E1 v1.0 of Rovere S.r.l."),
        ("7f3a92c1.invalid", "7f3a92c1.invalid"),
        ("Firma Żółwie", "Firma Żółwie"),
        ("FIRMA ŻÓŁW.", "{name}."),
        (f"tenant {ZOLW}!", "tenant {id}!"),
        ("bbbbbbbb-0000-4000-8000-00000000abcd", "bbbbbbbb-0000-4000-8000-00000000abcd"),
    ],
)
def test_texts_lose_the_names_of_customers_and_nothing_else(text: str, shown: str) -> None:
    first = replace(examples.busy().findings[0], customer_id=ZOLW, company_name="Firma Żółw", facts={"note": text})
    (finding,) = masked(replace(examples.clean(), findings=(first,)), KEY).findings
    assert finding.facts["note"] == shown.format(name=finding.company_name, id=finding.customer_id)


def test_refused_night_keeps_where_and_why_and_loses_what_was_found() -> None:
    night = examples.clean()
    refusal = Refusal(
        run_id=night.run_id,
        as_of=night.as_of,
        started_at=night.started_at,
        exit_code=3,
        version=night.version,
        command=night.command,
        last_good=None,
        problems=(Problem("customers.csv", "line 7", FREE, "a header", "Export it again."),),
        unread_rows=(UnreadRow("customers", "customers.csv", 7, "domain", "zolw-firma.pl", "expected a text"),),
    )
    (problem,) = masked_refusal(refusal, KEY).problems
    assert str(problem) == f"customers.csv, line 7: found {WITHHELD}; expected a header. Export it again."
    assert masked_refusal(refusal, KEY).unread_rows[0].value == WITHHELD


def test_input_without_a_file_stays_one() -> None:
    night = masked(replace(examples.clean(), inputs=(Input("partners", None),)), KEY)
    assert night.inputs == (Input("partners", None),)


def noted(name: str, text: str, *others: str) -> tuple[str, str]:
    """Return a fact of a finding of a customer of a name, masked, and the pseudonym; others are customers too."""
    first = replace(examples.busy().findings[0], customer_id=ZOLW, company_name=name, facts={"note": text})
    more = [replace(first, customer_id=f"customer {n}", company_name=other) for n, other in enumerate(others)]
    finding, *_ = masked(replace(examples.clean(), findings=(first, *more)), KEY).findings
    return str(finding.facts["note"]), str(finding.company_name)


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Straßenbau Großmann GmbH", "Straßenbau Großmann GmbH"),
        ("Straßenbau Großmann GmbH", "STRASSENBAU GROSSMANN GMBH"),
        ("İstanbul Okulu", "İstanbul Okulu"),
        ("Oﬃne Büro AG", "Oﬃne Büro AG"),
        ("Zoë Café", normalize("NFD", "Zoë Café")),
        (normalize("NFD", "Zoë Café"), "Zoë Café"),
        ("Lipowa Straße", "Lipowa  Straße"),
        ("Firma Lipowa", "Firma\u00a0 Lipowa"),
        ("Firma  Lipowa", "Firma Lipowa"),
        ("A&B", "a&b"),
    ],
)
def test_name_is_found_however_it_is_spelt(name: str, written: str) -> None:
    shown, pseudonym = noted(name, f"E1 for {written} (Straße), {written}!")
    assert shown == f"E1 for {pseudonym} (Straße), {pseudonym}!"


def test_the_longest_of_several_names_is_meant() -> None:
    shown, pseudonym = noted("Firma Lipowa Cloud", "for Firma Lipowa Cloud", "Firma Lipowa", "Firma")
    assert shown == f"for {pseudonym}"


def test_name_of_one_word_changes_texts_on_its_own_customer_only() -> None:
    first, second, *_ = examples.busy().findings
    called = replace(first, company_name="Office", offer_name="E1 for Office")
    other = replace(second, company_name="Lipa", offer_name="Office 365 E1")
    audit = replace(examples.clean(), findings=(called, other), command="csp-audit run /data/office --language it")
    night = masked(audit, KEY)
    assert [item.offer_name for item in night.findings] == [f"E1 for {night.findings[0].company_name}", "Office 365 E1"]
    assert night.command == audit.command


def test_two_customers_of_one_name_have_each_its_own_pseudonym_in_their_texts() -> None:
    first = replace(examples.busy().findings[0], customer_id=ZOLW, company_name="Lipa", offer_name="for Lipa")
    audit = replace(examples.clean(), findings=(first, replace(first, customer_id="another")))
    night = masked(audit, KEY)
    assert [item.offer_name for item in night.findings] == [f"for {item.company_name}" for item in night.findings]


@pytest.mark.parametrize(
    "text",
    ["Microsoft 365 E5.Nonprofit", "E5.Education", "set gate.max_age_hours", "dates.subscriptions", "a.kowalski",
     "/srv/exports.old/customers.csv", "customers_20.11.2026.csv.gz", "10.0.0.1", "Sp. z o.o.", "1.5m.PLN"],
)  # fmt: skip
def test_text_with_dots_that_is_no_domain_stays(text: str) -> None:
    assert noted("Firma Lipowa", text)[0] == text


@pytest.mark.parametrize(
    "domain",
    ["firma.pl", "www.firma.anything", "joe@firma.anything", "firma.co.uk", "FIRMA.COM", "xn--fa-hia.de", "a.xn--p1ai",
     "firma.org", "фирма.рф", "zolw.foundation"],
)  # fmt: skip
def test_domain_and_address_are_replaced(domain: str) -> None:
    shown, _ = noted("Firma Lipowa", f"see {domain}, please")
    assert re.fullmatch(r"see [0-9a-f]{8}\.invalid, please", shown)


def test_command_with_a_name_or_a_domain_in_it_is_withheld() -> None:
    assert masked(spoken(), KEY).command == WITHHELD
    assert masked(examples.busy(), KEY).command == examples.busy().command
