"""`csp-audit can-buy`: yes, no or cannot tell, why, and what is missing."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.desk.buying.buying import can_buy
from pipeline.errors import UsageError
from tests.pipeline.commandline import call
from tests.pipeline.desk_worlds import desk_world
from tests.pipeline.exports import guid, night, run, write_folder
from tests.pipeline.golden import check_golden
from tests.sql.case_tables import parse

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from pipeline.desk.buying.buying import Decision

AS_OF = date(2026, 11, 20)
CODES = {"yes": 0, "no": 1, "cannot tell": 3}
GCC = "GovernmentCommunityCloud"


def asked(state: Path, customer: str, what: str) -> tuple[int, dict[str, Any]]:
    ended = call("can-buy", customer, what, "--state", state, "--format", "json")
    assert ended.err == ""
    return ended.code, json.loads(ended.out)


@pytest.mark.parametrize("form", ["table", "csv", "json"])
@pytest.mark.parametrize(
    ("customer", "what", "code"),
    [
        ("jasnybrzeg.example", "Education", 1),
        ("zielonadolina.example", "charity", 0),
        ("fortlarkindepot.example", "CFQ7TTC0GHE3:2", 3),
        ("teatrolumera.example", "edu", 3),
    ],
)
def test_answer_is_what_it_was(
    audited: Path, customer: str, what: str, code: int, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "140")
    ended = call("can-buy", customer, what, "--state", audited, "--format", form)
    assert (ended.code, ended.err) == (code, "")
    name = f"can_buy_{customer.partition('.')[0]}_{what.replace(':', '_')}_{form}.txt"
    check_golden(name, ended.out)


@pytest.mark.parametrize(
    ("customer", "what", "answer", "told"),
    [
        ("liceum2rogowo", "student", "no", "Education is denied (No longer an Education Customer), requested on"),
        ("scuolavalfiorita", "academic", "no", "Education is in review since 2026-11-12"),
        ("zs7dabrowka", "Education", "no", "Education is in the export without a vetting status"),
        ("bibliosanvero", "edu", "yes", "it is Education, and the purchase matrix allows that"),
        ("museotorreluna", "Education", "yes", "it is Nonprofit + Education, and the purchase matrix allows that"),
        ("teatrolumera", "corporate", "yes", "read strictly, each of these qualifications allows Commercial"),
        ("muzeumtarnica", "Nonprofit", "cannot tell", "read strictly, not each of these qualifications allows"),
        ("czystarzeka", "npo", "no", "was to be removed on 2026-11-19"),
        ("amicisorgente", "non-profit", "no", "was to be removed on 2026-11-01"),
        ("nordhaven", "Commercial", "no", "its relationship is none"),
        ("maplecounty", "gcc", "yes", "its GCC validation was approved on 2022-02-21"),
        ("palmareal", "government community cloud", "yes", "Lipowa Distribution sp. z o.o. is approved for GCC"),
        ("ospreyhousing", "government", "no", "its GCC validation is denied"),
        ("birchfieldsheriff", "GCC", "no", "its GCC validation is in review since 2026-11-12"),
        ("maplecounty", "Commercial", "no", "the purchase matrix then allows only GovernmentCommunityCloud"),
        ("comune-montelaro", "gcc", "no", "and the customer is in IT"),
    ],
)
def test_sample_customers_by_segment(audited: Path, customer: str, what: str, answer: str, told: str) -> None:
    code, document = asked(audited, f"{customer}.example", what)
    assert (code, document["answer"]) == (CODES[answer], answer)
    assert told in document["lead"][0]


@pytest.mark.parametrize(
    ("what", "answer", "segment"),
    [
        ("CFQ7TTC0LHPM:0001", "yes", "Education"),
        ("cfq7ttc0lhpm:1:CFQ7TTC0XXXX", "yes", "Education"),
        ("5B0F93DE-61C4-4C0B-9D6E-0C8A7F1E2B36", "yes", "Education"),
        ("CFQ7TTC0LCHC:10", "no", "Nonprofit"),
        ("CFQ7TTC0HD32:5", "cannot tell", None),
    ],
)
def test_offer_is_known_by_its_id_however_it_is_written(
    audited: Path, what: str, answer: str, segment: str | None
) -> None:
    code, document = asked(audited, "oakmere.example", what)
    assert (code, document["answer"], document["segment"]) == (CODES[answer], answer, segment)


def test_request_budget_and_support(audited: Path) -> None:
    assert asked(audited, "kodbrzoza.example", "edu")[1]["missing"] == [
        {
            "what": "the qualification Education: denied (Not an Academic Domain), requested on 2026-09-28; "
            "no request is left",
            "next_step": "Open a case with Microsoft Support; another request would be refused.",
        }
    ]
    (missing,) = asked(audited, "jasnybrzeg.example", "edu")[1]["missing"]
    assert missing["what"] == "the qualification Education: not in the export; requests left: 3"


def test_unlisted_combination_shows_each_qualification_and_when_its_cell_came_into_force(audited: Path) -> None:
    facts = {row["fact"]: row for row in asked(audited, "teatrolumera.example", "Education")[1]["why"]}
    assert facts["purchase matrix"]["says"] == "cannot tell"
    assert facts["Education alone"]["value"] == "Education, Education: allowed; in force always"
    listed = {row["fact"]: row for row in asked(audited, "museotorreluna.example", "gcc")[1]["why"]}
    assert listed["purchase matrix"]["value"].endswith("forbidden; in force since 2024-02-01")
    assert "after January 2024" in listed["purchase matrix"]["source"]


@pytest.mark.parametrize(
    ("what", "near"),
    [
        ("Microsoft 365 E3 GCC Hihg", "Microsoft 365 E3 GCC High (cfq7ttc0ghe3:0002)"),
        ("CFQ7TTC0LHPM", "Microsoft 365 A3 for faculty (cfq7ttc0lhpm:0001)"),
        ("CFQ7TTC0LHPM:0009", "Microsoft 365 A3 for faculty (cfq7ttc0lhpm:0001)"),
        ("visio plan", "Visio Plan 2 (cfq7ttc0hd32:0002)"),
    ],
)
def test_unknown_offer_suggests_those_near_it(audited: Path, what: str, near: str) -> None:
    ended = call("can-buy", "oakmere.example", what, "--state", audited)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(
        f"csp-audit: {what!r} is no segment, and no offer of the price list or of a subscription"
    )
    assert near in ended.err
    assert ended.err.count("\n") == 1


@pytest.mark.parametrize("what", ["Reklama", "Microsoft Community Cloud", "gov", "%", "None"])
def test_mistaken_translations_and_nonsense_are_no_segment(audited: Path, what: str) -> None:
    ended = call("can-buy", "oakmere.example", what, "--state", audited)
    assert (ended.code, ended.out) == (2, "")
    assert "Name one of Commercial, Education, Nonprofit, GovernmentCommunityCloud" in ended.err


def test_unknown_customer_is_said_before_the_offer(audited: Path) -> None:
    ended = call("can-buy", "jasny brzek", "edu", "--state", audited)
    assert (ended.code, ended.out) == (2, "")
    assert "Near it: Fundacja Jasny Brzeg, jasnybrzeg.example, " in ended.err


def test_customers_with_gaps_cannot_be_told(tmp_path: Path) -> None:
    tables = night()
    tables["qualifications"][0]["vetting_status"] = "Perhaps"
    tables["customers"][1]["country"] = "Poland"
    tables["customers"][2]["relationship"] = ""
    state = tmp_path / "state"
    assert run(write_folder(tmp_path / "exports", tables), state).code == 1
    for customer, told in (
        (guid(99), "it is not in the customers export"),
        ("lipowa.example", "a row of its qualifications could not be read"),
        (guid(2), "its row of the customers export could not be read"),
        ("elan.example", "the export does not say what its relationship is"),
    ):
        code, document = asked(state, customer, "edu")
        assert (code, document["answer"]) == (3, "cannot tell")
        assert told in document["lead"][0]
        assert document["missing"]
    code, document = asked(state, "pine.example", "gcc")
    assert (code, document["missing"][0]["next_step"]) == (
        3,
        "Supply partners with the column gcc_approved_date, and run again.",
    )


# What follows needs no export: one customer, held qualifications and a few rows each.

QUALIFIED = "customer_id | qualification | vetting_status\nc1 | {} | Approved"
CUSTOMER = "customer_id | relationship | country\nc1 | reseller | {}"
PARTNERS = """
tenant_id | name     | role | provider_tenant_id | gcc_approved_date | gcc_high_invited | azure_government_enrolled
direct    | Direct   | direct_bill       |             | 2026-11-20        | true             | false
provider  | Provider | indirect_provider |             | 2026-11-21        | false            | true
reseller  | Reseller | indirect_reseller | provider    |                   |                  |
silent    |          | direct_bill       |             |                   |                  |
"""


def asking(what: str, held: str, country: str = "US", without: Collection[str] = (), **tables: str) -> Decision:
    """Ask for one customer of a drawn world."""
    drawn = {"customers": CUSTOMER.format(country), "qualifications": QUALIFIED.format(held), "partners": PARTNERS}
    rows = {name: parse(text)[1] for name, text in (drawn | tables).items()}
    with desk_world(AS_OF, rows, without=without) as desk:
        return can_buy(desk, "c1", what)


def sales(*booked: str) -> str:
    lines = [f"s{n} | c1 | o:0001:x | {tenant}" for n, tenant in enumerate(booked)]
    return "\n".join(["subscription_id | customer_id | offer_id | partner_tenant_id", *lines])


@pytest.mark.parametrize(
    ("booked", "answer", "told"),
    [
        (["direct"], "yes", "Direct is approved for GCC"),
        (["provider"], "no", "Provider is not approved for GCC"),
        (["reseller"], "no", "Provider is not approved for GCC"),
        (["silent"], "no", "silent is not approved for GCC"),
        (["direct", "provider"], "cannot tell", "it depends on who transacts (yes: Direct; no: Provider)"),
        (["stranger"], "cannot tell", "nobody can tell whether the partner is approved for GCC"),
        ([""], "cannot tell", "nobody can tell whether the partner is approved for GCC"),
        ([], "cannot tell", "it depends on who transacts (yes: Direct; no: Provider, silent)"),
    ],
)
def test_transacting_partner_is_that_of_the_customers_sales(booked: list[str], answer: str, told: str) -> None:
    decision = asking("gcc", GCC, subscriptions=sales(*booked))
    assert decision.reply == answer
    assert told in decision.answer.lead[0]


@pytest.mark.parametrize("without", ["partners", "partners.gcc_approved_date"])
def test_partner_is_not_known_where_partners_does_not_say(without: str) -> None:
    decision = asking("gcc", GCC, without=[without], subscriptions=sales("direct"))
    assert decision.reply == "cannot tell"
    assert "nobody can tell whether the partner is approved for GCC" in decision.answer.lead[0]


@pytest.mark.parametrize(("country", "answer"), [("US", "yes"), ("PR", "yes"), ("", "yes"), ("PL", "no")])
def test_gcc_is_for_the_united_states_and_a_country_not_known_is_only_noted(country: str, answer: str) -> None:
    decision = asking("gcc", GCC, country, subscriptions=sales("direct"))
    assert decision.reply == answer
    assert ("Note: its country is not known." in decision.answer.lead) is (country == "")


@pytest.mark.parametrize(
    ("rows", "answer", "value"),
    [
        ("2026-11-01 | t | Approved | 2026-11-20", "yes", "approved on 2026-11-20"),
        ("2026-11-01 | t | Approved | ", "yes", "approved"),
        ("2026-11-01 | t | Approved | 2026-11-21", "no", "approved only on 2026-11-21"),
        ("2026-11-01 | t | Denied | 2026-11-03", "no", "denied"),
        ("2026-11-01 | t | InReview | ", "no", "in review since 2026-11-01"),
        ("2026-11-01 | t | Denied | \nc1 | 2026-10-01 | t | Approved | 2026-10-02", "yes", "approved on 2026-10-02"),
    ],
)
def test_gcc_validation_must_be_approved_where_there_is_one(rows: str, answer: str, value: str) -> None:
    header = "customer_id | submitted_date | submitted_tenant_id | status | decided_date\nc1 | "
    decision = asking("gcc", GCC, subscriptions=sales("direct"), gcc_validations=header + rows)
    (told,) = [row for row in decision.answer.sections[0].rows if row[0] == "GCC validation"]
    assert (decision.reply, told[1]) == (answer, value)


def test_gcc_validations_that_are_missing_or_unread_are_told_apart() -> None:
    missing = asking("gcc", GCC, without=["gcc_validations"], subscriptions=sales("direct"))
    assert missing.reply == "yes"
    assert any("no gcc_validations file" in str(row[1]) for row in missing.answer.sections[0].rows)
    unread = asking(
        "gcc", GCC, subscriptions=sales("direct"), unread_customers="table_name | customer_id\ngcc_validations | c1"
    )
    assert unread.reply == "cannot tell"


HIGH = "product_id | sku_id | sku_title | segment\np1 | 0001 | Office 365 E3 GCC High | GovernmentCommunityCloud"


@pytest.mark.parametrize(
    ("booked", "answer", "told"),
    [
        ("direct", "yes", "Direct is invited to sell GCC High"),
        ("provider", "no", "Provider is not invited to sell GCC High"),
        ("silent", "cannot tell", "nobody can tell whether the partner is invited to sell GCC High"),
    ],
)
def test_gcc_high_needs_an_invitation(booked: str, answer: str, told: str) -> None:
    decision = asking("p1:1", GCC, subscriptions=sales(booked), price_list=HIGH)
    assert decision.reply == answer
    assert told in decision.answer.lead[0]
    assert "Note: GCC High is for qualified federal entities, which no export tells." in decision.answer.lead


@pytest.mark.parametrize(("booked", "answer"), [("provider", "yes"), ("direct", "no")])
def test_azure_government_needs_an_enrolment_and_is_no_discount(booked: str, answer: str) -> None:
    subscriptions = f"""
    subscription_id | customer_id | offer_id | offer_name     | segment | product_type | partner_tenant_id
    s1              | c1          | ms-azr-1 | Azure GCC High | {GCC}   | azure        | {booked}
    """
    decision = asking("MS-AZR-1", GCC, subscriptions=subscriptions)
    assert decision.reply == answer
    assert "enrolled for Azure Government" in decision.answer.lead[0]


@pytest.mark.parametrize(
    ("rows", "answer", "told"),
    [
        ("azure |", "no", "no Education discount exists for azure"),
        ("software | p1y", "no", "no Education discount exists for software with the term p1y"),
        ("software | onetime", "yes", "it is Education"),
        ("software |", "yes", "it is Education"),
        (
            "software | p1y\ns2 | c1 | o:1:x | Education | software | onetime",
            "cannot tell",
            "for software with the term p1y",
        ),
        ("onlineservicesnce | p1y", "yes", "it is Education"),
        ("unheard | p1y", "yes", "it is Education"),
        (" | p1y", "yes", "it is Education"),
    ],
)
def test_no_discount_exists_for_azure_and_software_subscriptions(rows: str, answer: str, told: str) -> None:
    header = "subscription_id | customer_id | offer_id | segment | product_type | term_duration\n"
    decision = asking("o:0001", "Education", subscriptions=f"{header}s1 | c1 | o:1:x | Education | {rows}")
    assert decision.reply == answer
    assert told in decision.answer.lead[0]


def test_terms_of_the_price_list_come_before_those_of_the_sales() -> None:
    decision = asking(
        "p1:0001",
        "Education",
        subscriptions="subscription_id | customer_id | offer_id | product_type | term_duration\n"
        "s1 | c1 | p1:0001:x | software | p1y",
        price_list="product_id | sku_id | segment | term_duration\np1 | 0001 | Education | onetime",
    )
    assert decision.reply == "yes"


@pytest.mark.parametrize(
    ("removal", "answer", "told"),
    [
        ("2026-11-20", "no", "was to be removed on 2026-11-20"),
        ("2026-11-21", "yes", "removed on 2026-11-21, in 1 day;"),
    ],
)
def test_notice_that_runs_is_a_warning_until_the_day_of_the_removal(removal: str, answer: str, told: str) -> None:
    notices = f"customer_id | notice_date | removal_date | contested\nc1 | 2026-09-01 | {removal} | true"
    decision = asking("npo", "Nonprofit", nonprofit_notices=notices)
    assert decision.reply == answer
    assert any(told in line for line in decision.answer.lead)
    assert any("contested" in str(row[1]) for row in decision.answer.sections[0].rows)


def test_notices_that_are_missing_or_unread_are_told_apart() -> None:
    missing = asking("npo", "Nonprofit", without=["nonprofit_notices"])
    assert missing.reply == "yes"
    assert any("no nonprofit_notices file" in str(row[1]) for row in missing.answer.sections[0].rows)
    unread = asking("npo", "Nonprofit", unread_customers="table_name | customer_id\nnonprofit_notices | c1")
    assert unread.reply == "cannot tell"


def test_qualification_that_was_lost_is_said() -> None:
    history = (
        "customer_id | qualification | vetting_status | first_night | gone_on\n"
        "c1 | Nonprofit | Approved | 2026-01-01 | 2026-11-18"
    )
    decision = asking("npo", "None", history=history)
    assert decision.reply == "no"
    assert "Note: its nonprofit qualification was first missing on 2026-11-18." in decision.answer.lead


@pytest.mark.parametrize("without", [[], ["qualification_requests"]])
def test_requests_are_not_known_where_the_table_is_missing_or_unread(without: list[str]) -> None:
    unread = "table_name | customer_id\nqualification_requests | c1" if not without else "table_name | customer_id"
    decision = asking("edu", "None", without=without, unread_customers=unread)
    assert "requests left: not known" in str(decision.answer.sections[1].rows[0][0])


def test_evidence_that_conflicts_is_noted_and_the_price_list_is_used() -> None:
    decision = asking(
        "p1:0001",
        "Education",
        subscriptions="subscription_id | customer_id | offer_id | offer_name\ns1 | c1 | p1:0001:x | Teams (Charity)",
        price_list="product_id | sku_id | segment\np1 | 0001 | Education",
    )
    assert decision.reply == "yes"
    assert decision.answer.lead[1] == "Note: the evidence for the segment conflicts (price list and offer name)."


def test_offer_sold_as_several_segments_cannot_be_told() -> None:
    decision = asking(
        "o:0001",
        "Education",
        subscriptions="subscription_id | customer_id | offer_id | offer_name\n"
        "s1 | c1 | o:0001:x | Teams (Charity)\ns2 | c1 | o:0001:x | Teams for faculty\ns3 | c1 | o:0001:x | Teams",
    )
    assert decision.reply == "cannot tell"
    assert decision.answer.lead[1] == (
        "Note: the evidence for the segment conflicts (sold as Education and as Nonprofit)."
    )


def test_rows_of_the_price_list_that_are_not_in_force_count_only_where_none_is() -> None:
    header = "product_id | sku_id | segment | effective_start_date | effective_end_date\n"
    ended = "p1 | 0001 | Nonprofit | 2025-01-01 | 2026-11-19"
    begun = "p1 | 0001 | Education | 2026-11-20 |"
    assert asking("p1:1", "Education", price_list=f"{header}{ended}\n{begun}").answer.facts["segment"] == "Education"
    assert asking("p1:1", "Education", price_list=header + ended).answer.facts["segment"] == "Nonprofit"


def test_offer_near_nothing_suggests_nothing() -> None:
    with pytest.raises(UsageError) as error:
        asking("qqqq", "Education")
    assert "Near it" not in str(error.value)


@pytest.mark.parametrize("qualification", ["Education", "Nonprofit", GCC])
def test_denied_without_day_and_reason_is_said_as_far_as_known(qualification: str) -> None:
    rows = f"customer_id | qualification | vetting_status | vetting_reason\nc1 | {qualification} | Denied |"
    decision = asking(qualification, "None", qualifications=rows)
    assert decision.reply == "no"
    assert f"{qualification} is denied" in decision.answer.lead[0]
    assert decision.answer.sections[1].rows[0][0] == f"the qualification {qualification}: denied; requests left: 3"
