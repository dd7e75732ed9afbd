"""The report as a file: safe, whole, and the same every time."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports import accepted, promises, render, squeezed, waived
from reports.languages import LANGUAGES, words_of
from schemas.finding import Judgement, State
from tests.reports import example_changes, examples, parts
from tests.reports.example_changes import EVERY
from tests.reports.parts import finding

if TYPE_CHECKING:
    from schemas.finding import Audit

PAGES = {name: render.report_html(make()) for name, make in EVERY.items()}
ALL_PAGES = pytest.mark.parametrize("page", PAGES.values(), ids=list(PAGES))


class Outline(HTMLParser):
    """The elements of a page, its text, and its ids and links."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.extend(attrs)

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def values(self, name: str) -> list[str]:
        return [value or "" for key, value in self.attributes if key == name]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def texts(page: str) -> str:
    """Return the words of a page without its style sheet and its scripts."""
    return Outline(re.sub(r"<(style|script)\b.*?</\1>", "", page, flags=re.DOTALL)).text


@ALL_PAGES
def test_the_policy_allows_the_one_style_sheet_and_the_one_script_and_nothing_else(page: str) -> None:
    (style,) = re.findall(r"<style>(.*?)</style>", page, flags=re.DOTALL)
    scripts = re.findall(r"<script\b[^>]*>(.*?)</script>", page, flags=re.DOTALL)
    assert len(scripts) == (2 if 'id="findings-data"' in page else 0)
    hashes = " ".join(f"'{_hash(text)}'" for text in scripts)
    script = f" script-src {hashes};" if scripts else ""
    policy = f"style-src '{_hash(style)}';{script} img-src data:; base-uri 'none'; form-action 'none'"
    assert f"\"default-src 'none'; {policy}\"" in page


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@ALL_PAGES
def test_nothing_else_runs_and_nothing_is_fetched(page: str) -> None:
    outline = Outline(page)
    assert not {"img", "iframe", "object", "form", "base"} & set(outline.tags)
    assert outline.tags.count("script") in {0, 2}
    assert re.findall(r"<script[^>]*>", page)[:1] in (
        [], ['<script type="application/octet-stream" id="findings-data">'],
    )  # fmt: skip
    names = {name for name, _ in outline.attributes}
    assert not {name for name in names if name.startswith("on")}
    assert not {"style", "src", "srcset", "action"} & names
    links = {link for link in outline.values("href") if not link.startswith("#")}
    assert links <= {"data:,", "findings.csv", "quarantine.csv"}
    assert "url(" not in page
    assert "@import" not in page


@ALL_PAGES
def test_every_link_on_the_page_has_its_target_and_every_id_is_unique(page: str) -> None:
    outline = Outline(page)
    ids = outline.values("id")
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in outline.values("href") if link.startswith("#")} <= set(ids)
    labels = {part for value in outline.values("aria-labelledby") for part in value.split()}
    assert labels <= set(ids)


@ALL_PAGES
def test_no_character_works_unseen(page: str) -> None:
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]", page)
    page.encode()


@pytest.mark.parametrize("name", EVERY)
def test_the_same_audit_gives_the_same_bytes(name: str) -> None:
    assert render.report_html(EVERY[name]()) == PAGES[name]


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(), max_size=40), st.sampled_from(["<b>", "{{7*7}}", "</title>", "'\"><i", "&lt;"]))
def test_hostile_text_stays_text(noise: str, markup: str) -> None:
    text = markup + noise
    bad = finding(1, company_name=text, offer_name=text, customer_type=text, facts={"allowed": text, text: text})
    clean = replace(examples.clean(), findings=(finding(1),))
    tags = Outline(render.report_html(replace(clean, partner="x"))).tags
    page = render.report_html(replace(clean, findings=(bad,), partner=text))
    extra = Outline(page).tags
    for tag in set(extra) - {"dt", "dd", "bdi", "small"}:
        assert extra.count(tag) == tags.count(tag)


def test_templates_in_facts_are_not_run() -> None:
    words = texts(PAGES["hostile"])
    assert str(7919 * 7919) not in words
    assert "{{7919*7919}}" in words


def test_the_first_screen_says_it_all() -> None:
    words = texts(PAGES["busy"])
    assert "13 sales break the segment rules. 3 are new since last night." in words
    assert "The nearest deadline is 21 Nov (tomorrow): Bluefin Robotics , GCC validation unanswered." in words
    assert "1 deadline has already passed." in words
    assert "Not everything was checked. 24,809 of 24,822 rows were audited; 13 could not be read." in words
    assert "13 Violations 3 new · 2 closed · 2 rules not judged" in words


def test_deadlines_that_have_all_passed() -> None:
    busy = examples.busy()
    passed = tuple(item for item in busy.findings if item.due_on and item.due_on < busy.as_of)
    assert "1 deadline has passed: Valle Verde Energia" in texts(render.report_html(replace(busy, findings=passed)))


def test_a_clean_night_is_calm() -> None:
    words = texts(PAGES["clean"])
    assert "No sale breaks the segment rules. None last night either." in words
    assert "All 24,822 rows were audited and every rule was judged." in words
    assert "Nothing needs doing tonight." in words
    assert "Not everything was checked." not in words


def test_an_incomplete_night_is_not_called_clean() -> None:
    words = texts(PAGES["incomplete"])
    assert "No violation found, but not everything was checked. None on 17 Nov either." in words
    assert "No deadline was found in what was checked." in words
    assert "1 of 12 rules could not be judged: SEG01." in words
    assert 'Binder Error: Referenced column "segmnt" not found!' in words
    assert "No sale breaks" not in words


def test_a_refused_night_counts_nothing() -> None:
    words = texts(PAGES["empty"])
    assert "Not audited: the exports could not be trusted." in words
    assert "\u2013 Violations not audited" in words
    assert "Nothing needs doing" not in words
    assert "csp-audit run exports --as-of 2026-11-20 --state state" in words


def test_rules_not_judged_never_show_a_count() -> None:
    busy = examples.busy()
    rules = tuple(replace(rule, judgement=Judgement.INPUT_MISSING, reason="gone") for rule in busy.rules)
    page = render.report_html(replace(busy, rules=rules))
    assert '<span class="c">' not in page
    assert page.count(">not judged</span>") == len(rules)


def test_a_rule_that_was_partly_judged_says_what_it_left_out() -> None:
    words = texts(PAGES["partners"])
    assert "Not everything was checked. 2 of 12 rules could be judged only in part: GCC07, PART01. See why" in words
    assert (
        "1 new Exposure a month: 21,600.00 PLN partly judged 1 not judged: partners does not say whether the partner "
        "is invited 1,200 not judged: the sale names no partner, and partners holds more than one"
    ) in words
    for said in ("Partly judged, nothing found", "GCC07 version 1, partly judged", "PART01 version 1, partly judged"):
        assert said in words
    assert 'href="#partly-judged"' in PAGES["partners"]
    assert "No sale breaks" not in words


def test_money_stands_below_the_seats_and_is_summed() -> None:
    words = texts(PAGES["partners"])
    assert "4 Violations 1 new · 1 closed · 2 rules partly judged Exposure a month: 21,600.00 PLN, 310.50 USD" in words
    assert words.count("250 21,600.00 PLN a month") == 2


def test_every_file_of_a_table_is_listed() -> None:
    words = texts(PAGES["partners"])
    for name in ("new-commerce-2026-11.csv", "legacy-2026-11.csv", "education-2026-11.csv"):
        assert f"price_list {name} Written: 19 Nov, 23:38 UTC · UTF-8" in words


def test_where_a_partner_is_the_subject_nobody_is_called_none() -> None:
    words = texts(PAGES["partners"])
    assert "Lipowa Reselling Partner GCC validation sent on 16 Nov 2026" in words
    assert "None" not in words


def test_every_finding_of_tonight_has_a_row_that_leads_to_its_rule() -> None:
    page = PAGES["busy"]
    assert page.count('<tr id="finding-F-') == 48
    row = page.partition('<tr id="finding-F-000000000002">')[2].partition("<tr ")[0]
    assert texts(row) == (
        "Hospicjum Pod Lipami Commercial Education offer sold to a customer that is Commercial; allowed: Commercial "
        "SEG01 Violation 10 now 20 Nov reopened"
    )
    assert '<a href="#rule-SEG01">' in row


def test_what_is_left_out_is_said() -> None:
    page = render.report_html(examples.many(503))
    assert "Listed here: 100 of 503, the most pressing first. findings.csv beside this page has all of them" in texts(
        page
    )
    assert "21 more are in quarantine.csv beside this page." in texts(PAGES["busy"])


def test_the_run_is_told() -> None:
    words = texts(PAGES["busy"])
    for said in ("1: audited; findings at or above the level that fails a run", "rule set 2026.11, engine sieve",
                 "Columns not known and ignored: CommerceId, BillingProfile.", "partners not supplied",
                 "subscriptions.csv 118 quantity -4 expected a whole number, 0 or more"):  # fmt: skip
        assert said in words
    assert f'title="{examples.busy().inputs[0].sha256}"' in PAGES["busy"]


def test_unread_rows_without_their_list_are_told() -> None:
    page = render.report_html(replace(examples.busy(), unread_rows=()))
    assert "13 rows could not be read; quarantine.csv beside this page says why." in texts(page)


@pytest.mark.parametrize(("code", "meaning"), [(0, "nothing at or above"), (70, "a fault"), (99, "not known")])
def test_exit_codes_have_a_meaning(code: int, meaning: str) -> None:
    assert f"{code}: " in (words := texts(render.report_html(replace(examples.clean(), exit_code=code))))
    assert meaning in words


def test_the_file_stays_small() -> None:
    assert len(PAGES["busy"].encode()) < 150_000
    assert len(render.report_html(examples.many(12_000)).encode()) < 1_000_000


def test_a_finding_that_was_not_seen_tonight_says_so() -> None:
    audit = examples.busy()
    assert "not confirmed tonight" not in render.report_html(audit)
    kept = replace(audit, findings=tuple(replace(item, confirmed=False) for item in audit.findings))
    assert "not confirmed tonight" in render.report_html(kept)


def test_the_first_screen_says_what_changed_overnight() -> None:
    words = texts(PAGES["eventful"])
    for said in (
        "6 sales break the segment rules. 2 are new since last night.",
        "LEG01 is new: 2 findings by it are not news.",
        "4 waivers to look at",
        "6 Violations 2 new · 1 by a new rule · 1 closed · 1 closed by a change of rules Exposure a month: not known",
        "Exposure a month: not known 2 waived 2 promises are overdue 2 Deadlines",
        "1 promise is overdue 2 To verify",
        "Since last night Approved These customers can now be sold Education: Liceum im. Curie, Rogowo ; Istituto",
        "Nothing more can be sold to these customers: Lakeside Unified Schools (State-owned entity)",
        "Vetting decided Fundacja Jasny Brzeg (Nonprofit: Denied) Qualifications lost Croce Azzurra Onlus (Nonprofit)",
        "Muzeum Ziemi Górskiej and 112 more",
    ):
        assert said in words
    assert words.index("Since last night") < words.index("Do these first")


def test_a_night_without_changes_says_so_in_one_line_and_the_first_says_nothing() -> None:
    assert "No qualification and no customer has changed since last night." in texts(PAGES["clean"])
    assert "No qualification and no customer has changed since 17 Nov." in texts(PAGES["backfilled"])
    for name in ("first_run", "empty"):
        assert "has changed since" not in texts(PAGES[name])
        assert "Since last night" not in texts(PAGES[name])


def test_the_tag_of_a_state_says_how_fresh_a_finding_is() -> None:
    page = PAGES["eventful"]
    for tag in (
        '"tag new">new<', '"tag new_rule">new rule<', '"tag reopened">reopened for the 2nd time<',
        '"tag open">reopened once<',
    ):  # fmt: skip
        assert tag in page
    assert "8 Nov open for 12 days" in texts(page)


def test_a_link_with_filters_leads_somewhere_without_a_script() -> None:
    page = PAGES["busy"]
    for address in ("findings?level=violation", "findings?type=StateOwnedEntity&amp;segment=Nonprofit&amp;rule=SEG01"):
        assert f'href="#{address}"' in page
        assert f'<td id="{address}">' in page
    few = render.report_html(replace(examples.busy(), findings=examples.busy().findings[:1]))
    assert re.search(r'<noscript>(<span id="findings[^"]+"></span>)+</noscript>', few)
    assert "<noscript>" not in PAGES["clean"]


def test_a_resellers_edition_says_whose_it_is_and_leaves_out_what_it_has_not() -> None:
    nothing = dict.fromkeys(("inputs", "unread_rows", "matrix", "nights", "weeks"), ())
    page = render.report_html(replace(example_changes.eventful(), edition="Rogowo & Partners", **nothing))
    words = texts(page)
    assert "Only the customers of Rogowo & Partners" in words
    assert "Rogowo & Partners (Lipowa Cloud Services sp. z o.o.), 20 Nov 2026" in words
    ids = set(Outline(page).values("id"))
    assert not {"matrix", "unread", "weeks-title", "nights-title"} & ids
    for said in ("Who was sold what", "Inputs", "No input was read.", "Unread row", "No night has been recorded"):
        assert said not in words
    assert {link[1:] for link in Outline(page).values("href") if link.startswith("#")} <= ids
    assert "Only the customers of" not in texts(PAGES["eventful"])


def test_exposure_by_segment_is_drawn_and_said() -> None:
    said = texts(PAGES["partners"])
    assert "GCC: 21,600.00 PLN; Nonprofit: 0.00 PLN; Nonprofit: 310.50 USD" in said.replace("\u00a0", " ")
    assert "Each currency has a scale of its own." in said
    assert "1 subscription has no known price." in said
    assert "No price is known of what was found." in texts(PAGES["busy"])
    assert "Exposure by segment" not in texts(PAGES["clean"])


def test_waived_findings_have_a_section_with_reason_approver_and_end() -> None:
    page = PAGES["eventful"]
    assert '<a class="aside" href="#waived">2 waived</a>' in page
    assert '<a class="aside" href="#promises">2 promises are overdue</a>' in page
    words = texts(page[page.index('id="waived"') :])
    for said in (
        "2 findings that somebody has accepted. They were judged all the same, and are in no count above.",
        "allowed: Commercial Microsoft is vetting the customer; ticket 2611200040",
        "SEG01 Anna Nowak 11 Dec",
        "SEG01 Anna Nowak 30 Jun 2027",
        "Waivers to look at",
        "expired after 14 Nov: 2 findings count again",
    ):
        assert said in words


def test_waivers_to_look_at_are_listed_where_nothing_is_waived() -> None:
    audit = replace(examples.clean(), waivers=example_changes.waivers())
    words = texts(render.report_html(audit))
    assert "Waived No finding is waived tonight. Waivers to look at" in words
    assert "All 24,822 rows were audited and every rule was judged." in words
    assert ">Waived<" not in PAGES["clean"]


def test_what_people_have_decided_and_not_done_is_said() -> None:
    words = texts(PAGES["eventful"])
    assert "Owner: Piotr Zieliński · Promised for 16 Nov" in words
    assert "Overdue promises The day that was promised has passed, and the finding is still there." in words
    assert "contest the review nobody 19 Nov 1 day ago" in words
    assert "Overdue promises" not in texts(PAGES["busy"])


def test_a_backfill_says_that_it_changes_no_newer_night() -> None:
    said = "This night was audited on 24 Nov 2026, after 23 Nov 2026 had been: it changes no newer night."
    assert said in texts(PAGES["backfilled"])
    assert "it changes no newer night" not in texts(PAGES["eventful"])


def test_more_than_is_listed_is_counted() -> None:
    late = tuple(finding(number, triage=example_changes.LATE) for number in range(promises.MOST + 3))
    taken = tuple(finding(number, state=State.WAIVED) for number in range(200, 200 + accepted.MOST + 2))
    uses = example_changes.waivers()[2:3] * (waived.MOST + 1)
    words = texts(render.report_html(replace(examples.clean(), findings=late + taken, waivers=uses)))
    assert f"{promises.MOST + 3} promises are overdue" in words
    assert "3 more promises are overdue; csp-audit triage list --overdue lists all." in words
    assert "2 more findings are waived; findings.csv beside this page has all of them." in words
    assert "1 more waiver needs a look; csp-audit waive list shows all." in words


def worst() -> Audit:
    """Return a night with as much on its page as a page holds: rows, waivers, promises, changes and inputs."""
    eventful = example_changes.eventful()
    more = tuple(replace(item, finding_id=f"F-1{item.finding_id[3:]}") for item in examples.many(503).findings)
    late = tuple(finding(900 + number, triage=example_changes.LATE) for number in range(promises.MOST))
    read = parts.inputs(unread=13, price_lists=tuple(f"prices-{number}.csv" for number in range(12)))
    listed = {"inputs": read, "unread_rows": parts.unread_rows(13), "nights": parts.nights(30), "weeks": parts.weeks()}
    return replace(eventful, findings=eventful.findings + more + late, **listed)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_fullest_page_has_few_elements_without_a_script(language: str) -> None:
    page = render.report_html(worst(), words_of(language))
    assert page.count('<tr id="finding-') == 100
    drawn = re.sub(r"<template\b.*?</template>", "<template>", page, flags=re.DOTALL)
    assert len(Outline(drawn).tags) < 1_500


def test_a_page_that_stands_alone_leads_to_no_file_and_says_what_has_the_rest() -> None:
    for audit in (worst(), examples.busy(), replace(examples.clean(), findings=(finding(1, state=State.CLOSED),))):
        page = render.report_html(audit, beside=False)
        assert "beside this page" not in texts(page)
        assert not {"findings.csv", "quarantine.csv"} & set(Outline(page).values("href"))
        assert "csp-audit findings --format csv has" in texts(page)
    edition = render.report_html(replace(worst(), edition="Rogowo & Partners"), beside=False)
    assert "csp-audit findings" not in texts(edition)


def test_an_edition_says_nothing_of_files_and_lines_that_its_reader_does_not_have() -> None:
    audit = replace(worst(), edition="Rogowo & Partners", waivers=example_changes.waivers()[2:3] * (waived.MOST + 1))
    page = render.report_html(audit)
    words = texts(page)
    assert "Table Written Rows" in words
    assert "price_list prices-0.csv" not in words
    assert not [link for link in Outline(page).values("title") if link]
    assert "csp-audit waive" not in words
    assert "csp-audit triage" not in words
    assert "Waiver Reason Approved by Why to look at it" in words


def test_a_squeezed_script_keeps_its_texts_and_its_patterns() -> None:
    text = """/* it's a "note" */
      const a = b.replace(/[", ]+ \\/ x/g, " a  b ") + ' "" ';
      if (a in b) return  +1 - -c / 2;"""
    assert squeezed.script(text) == (
        'const a=b.replace(/[", ]+ \\/ x/g," a  b ")+\' "" \';if(a in b)return+1- -c/2;'
    )  # fmt: skip


def test_a_squeezed_style_sheet_keeps_what_parts_its_selectors() -> None:
    text = '/* no */ a :is(b, c) > d { margin: 0 auto; content: " ; "/"" ; }\n@media screen and (x: 1px) { e { f: g } }'
    assert squeezed.style_sheet(text) == (
        'a :is(b,c) > d{margin:0 auto;content:" ; "/""}@media screen and (x:1px){e{f:g}}'
    )
