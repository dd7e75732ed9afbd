"""The table of all findings in Chromium, against a plain filter over the same audit."""

from __future__ import annotations

import csv
import io
import unicodedata
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from reports.evidence import evidence
from reports.exposure import monthly
from reports.messages import message
from reports.order import by_pressure, is_at_rest
from reports.render import findings_csv, report_html
from reports.rows import since
from reports.terms import level_name, term
from reports.text import visible
from reports.wording import ENGLISH
from schemas.finding import Level, State
from tests.reports import example_changes, examples, parts
from tests.reports.example_changes import LATE, PROMISED
from tests.reports.parts import finding
from tests.reports.rulebook import GCC06, NPO03, QUAL01, SEG01

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date

    from playwright.sync_api import Browser, Page

    from schemas.finding import Audit, Finding

PAGE = 50
MANY = 130
RULES = (SEG01, NPO03, GCC06, QUAL01)
STATES = (State.OPEN, State.NEW, State.OPEN, State.REOPENED, State.OPEN, State.CLOSED, State.WAIVED, State.NEW_RULE)
HOSTILE = (
    "</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>", "{{7*7}}", "\u202egpj.exe\u202c",
    "nul\x00nul", '=HYPERLINK("http://x")', "a\r\nBcc: x", "%(n)s ${1} $& '\"",
)  # fmt: skip


def _one(number: int) -> Finding:
    rule, state = RULES[number % 4], STATES[number % 8]
    kind, segment = (("Nonprofit", "Education"), ("(none)", "Nonprofit"), ("Education + StateOwnedEntity", None))[
        number % 3
    ]
    due = parts.AS_OF + parts.timedelta(days=number - 5) if number % 5 else None
    made = finding(number, rule, state, customer_type=kind, segment=segment, due_on=due)
    return replace(
        made,
        company_name=f"{made.company_name} {number % 7}",
        seats=None if number % 11 == 0 else made.seats,
        reseller_id=f"R{number % 3}" if number % 6 else None,
        triage=(None, LATE, None, PROMISED)[number % 4],
        waiver=example_changes.ACCEPTED if state is State.WAIVED else None,
        facts={"allowed": "Commercial", "created_on": f"2026-10-{1 + number % 28:02}", "qualification": "Education"},
    )


def night() -> Audit:
    """Return a night with findings of every level, state, type, segment, reseller and owner."""
    return example_changes.night([_one(number) for number in range(MANY)])


def hostile() -> Audit:
    """Return a night with hostile text in every column."""
    made = []
    for number, text in enumerate(HOSTILE):
        triage = replace(LATE, owner=text, note=text, decision=text)
        waiver = replace(example_changes.ACCEPTED, reason=text, approved_by=text)
        made.append(
            finding(
                number, company_name=text, customer_id=text, customer_type=text, subscription_id=text, offer_name=text,
                segment=text, source=text, facts={"allowed": text, text: text}, triage=triage, reseller_id=text,
                currency=text, waiver=waiver, cause=text,
            )
        )  # fmt: skip
    return example_changes.night(made)


AUDIT = night()
FINDINGS = by_pressure(AUDIT.findings)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return the reports of these nights as files."""
    folder = tmp_path_factory.mktemp("findings")
    closed = example_changes.night([finding(1, state=State.CLOSED)])
    owners = [finding(k, triage=replace(LATE, owner=f"Owner {k}") if k else None) for k in range(40)]
    resellers = example_changes.night([finding(number, reseller_id=f"R-{number}") for number in range(40)])
    made = {
        "night": AUDIT,
        "resellers": resellers,
        "closed": closed,
        "owners": example_changes.night(owners),
        "hostile": hostile(),
        "clean": examples.clean(),
        "eventful": example_changes.eventful(),
    }
    for name, audit in made.items():
        (folder / f"{name}.html").write_bytes(report_html(audit).encode())
    return {name: folder / f"{name}.html" for name in made}


@contextmanager
def opened(browser: Browser, path: Path, address: str = "", **options: object) -> Iterator[Page]:
    """Open a report, by default the night's; without a message, an error or a request."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})  # type: ignore[arg-type]
    page = context.new_page()
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda line: said.append(line.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: asked.append(request.url))
    try:
        page.goto(path.as_uri() + address)
        if options.get("java_script_enabled", True) and page.locator("#found").count():
            page.wait_for_selector("#findings[data-ready]")
        yield page
        assert said == []
        assert {url for url in asked if not url.startswith("blob:")} <= {
            path.as_uri(),
            path.as_uri() + address,
            "data:,",
        }
    finally:
        context.close()


@pytest.fixture(scope="module")
def table(browser: Browser, files: dict[str, Path]) -> Iterator[Page]:
    """Return one page with the night's table, for all tests that begin with an address."""
    with opened(browser, files["night"]) as page:
        yield page


def go(page: Page, /, **wanted: str) -> None:
    """Go to an address of the table, and wait until it is drawn."""
    page.evaluate(
        "hash => new Promise(done => { if (location.hash === hash) return done();"
        " addEventListener('hashchange', () => done(), {once: true}); location.hash = hash; })",
        "#findings?" + urlencode(wanted),
    )


def until(page: Page, fact: str) -> None:
    """Wait until a JavaScript expression is true; the page's own policy allows no evaluation of text."""
    page.evaluate(
        "() => new Promise((done, fail) => { const end = performance.now() + 5000; const look = () => "
        f"({fact}) ? done() : performance.now() > end ? fail(Error('never true')) : requestAnimationFrame(look);"
        " look(); })"
    )


def listed(page: Page) -> list[str]:
    """Return the ids of the findings that have a row."""
    return page.locator("#found tbody tr[id]").evaluate_all("rows => rows.map(row => row.id.slice(8))")


def counted(page: Page) -> int:
    """Return how many findings the table says there are."""
    said = page.locator("#findings [role=status]").inner_text()
    return int(said.rsplit(" ", 1)[-1].replace(",", "")) if " of " in said else 0


def expect(page: Page, wanted: list[Finding]) -> None:
    """Assert that the table shows the first page of these findings, in their order."""
    assert (counted(page), listed(page)) == (len(wanted), [item.finding_id for item in wanted[:PAGE]])


def current() -> list[Finding]:
    return [item for item in FINDINGS if not is_at_rest(item)]


def fold(text: str) -> str:
    plain = unicodedata.normalize("NFD", text.lower())
    return "".join(c for c in plain if not unicodedata.combining(c)).replace("ł", "l")


def forms(day: date) -> tuple[str, ...]:
    """Return a day as it is searched for: ISO, as the row shows it, and in full."""
    return day.isoformat(), ENGLISH.near_day(day, parts.AS_OF), ENGLISH.day(day)


def texts(item: Finding) -> str:
    triage = item.triage
    said = (triage.owner, triage.decision, triage.note) if triage else ()
    known = (
        item.finding_id, item.customer_id, item.company_name, item.subscription_id, item.offer_name, item.source,
        item.rule.id, item.rule.title, message(ENGLISH, item), item.reseller_id,
        term(ENGLISH, item.customer_type or ""), term(ENGLISH, item.segment or ""),
        level_name(ENGLISH, item.level), monthly(ENGLISH, item),
        *(form for day in (item.due_on, since(item)) if day for form in forms(day)),
        *said, *(value for _, value in evidence(ENGLISH, item)),
    )  # fmt: skip
    return "\n".join(fold(text) for text in known if text)


def test_the_table_opens_with_what_is_current(table: Page) -> None:
    go(table)
    expect(table, current())
    assert table.locator("#findings [role=status]").inner_text() == f"1 to 50 of {len(current())}"


FILTERS: tuple[tuple[dict[str, str], Callable[[Finding], bool]], ...] = (
    ({"level": "deadline"}, lambda item: item.level is Level.DEADLINE),
    ({"rule": "NPO03"}, lambda item: item.rule.id == "NPO03"),
    ({"type": "Education + StateOwnedEntity"}, lambda item: item.customer_type == "Education + StateOwnedEntity"),
    ({"segment": "Education"}, lambda item: item.segment == "Education"),
    ({"reseller": "R1"}, lambda item: item.reseller_id == "R1"),
    ({"owner": "Piotr Zieliński"}, lambda item: bool(item.triage and item.triage.owner == "Piotr Zieliński")),
    ({"owner": "(nobody)"}, lambda item: item.triage is None),
    (
        {"segment": "Nonprofit", "type": "(none)", "rule": "SEG01"},
        lambda item: (item.segment, item.customer_type, item.rule.id) == ("Nonprofit", "(none)", "SEG01"),
    ),
    ({"rule": "no such rule"}, lambda _: False),
    ({"rule": "npo03", "level": "VIOLATION"}, lambda item: item.rule.id == "NPO03"),
)


@pytest.mark.parametrize(("wanted", "fits"), FILTERS, ids=[urlencode(wanted) for wanted, _ in FILTERS])
def test_a_filter_in_the_address_shows_what_fits(
    table: Page, wanted: dict[str, str], fits: Callable[[Finding], bool]
) -> None:
    go(table, **wanted)
    expect(table, [item for item in current() if fits(item)])


@pytest.mark.parametrize("state", [*State, None], ids=str)
def test_every_state_can_be_chosen_and_all_of_them(table: Page, state: State | None) -> None:
    go(table, state=state.value if state else "all")
    expect(table, [item for item in FINDINGS if state is None or item.state is state])


@pytest.mark.parametrize(
    "query",
    ["zielinski", "PIOTR", "liceum 3", "łapy", "lapy", "F-000000000007", "subscriptions.csv:20", "oct 2026 nonprofit",
     "hospicjum", "education", "commercial offer", "R2", "zzz", "  ", "%", "papers november",
     "violation", "2026-11-20", "24 nov"],
)  # fmt: skip
def test_the_search_finds_words_in_all_texts_whatever_their_case_and_accents(table: Page, query: str) -> None:
    go(table, q=query, state="all")
    expect(table, [item for item in FINDINGS if all(word in texts(item) for word in fold(query).split())])


SORTS: dict[str, Callable[[Finding], object]] = {
    "seats": lambda item: item.seats,
    "due": lambda item: item.due_on,
    "since": since,
    "rule": lambda item: item.rule.id,
}


@pytest.mark.parametrize("name", SORTS)
@pytest.mark.parametrize("sign", ["", "-"])
def test_a_column_sorts_both_ways_and_what_is_empty_comes_last(table: Page, name: str, sign: str) -> None:
    go(table, sort=sign + name)
    key = SORTS[name]
    known = [item for item in current() if key(item) is not None]
    known.sort(key=key, reverse=bool(sign))  # type: ignore[arg-type]
    expect(table, known + [item for item in current() if key(item) is None])


@pytest.mark.parametrize(("name", "place"), [("customer", "th"), ("what", "td button")])
def test_texts_sort_as_the_language_does(table: Page, name: str, place: str) -> None:
    orders = []
    for sign in ("", "-"):
        go(table, sort=sign + name)
        orders.append(
            table.evaluate(
                "place => { const c = new Intl.Collator('en', {numeric: true}), rows = [...found.tBodies[0].rows];"
                " const texts = rows.map(row => row.querySelector(place).firstChild.textContent);"
                " return texts.slice(1).map((text, k) => Math.sign(c.compare(texts[k], text))); }",
                place,
            )
        )
    assert 1 not in orders[0]
    assert -1 not in orders[1]
    assert -1 in orders[0]


def test_pages_follow_each_other_and_the_focus_stays(table: Page) -> None:
    go(table)
    following = table.locator(".pages").first.get_by_role("button", name="Next")
    previous = table.locator(".pages").first.get_by_role("button", name="Previous")
    assert previous.get_attribute("aria-disabled") == "true"
    following.focus()
    table.keyboard.press("Enter")
    until(table, "location.hash.includes('page=2')")
    until(table, "document.querySelector('.pages span').textContent.startsWith('Page 2')")
    assert listed(table) == [item.finding_id for item in current()[PAGE : 2 * PAGE]]
    assert following.evaluate("e => e === document.activeElement")
    following.focus()
    last = (len(current()) - 1) // PAGE + 1
    go(table, page="99")
    assert listed(table) == [item.finding_id for item in current()[(last - 1) * PAGE :]]
    assert following.get_attribute("aria-disabled") == "true"


def test_controls_change_the_address_and_back_brings_the_view_back(browser: Browser, files: dict[str, Path]) -> None:
    with opened(browser, files["night"]) as page:
        page.locator("select[name=level]").select_option("violation")
        until(page, "location.hash === '#findings?level=violation'")
        page.locator("select[name=rule]").select_option("SEG01")
        until(page, "location.hash === '#findings?level=violation&rule=SEG01'")
        expect(page, [item for item in current() if item.rule.id == "SEG01"])
        page.go_back()
        until(page, "location.hash === '#findings?level=violation'")
        expect(page, [item for item in current() if item.level is Level.VIOLATION])
        assert page.locator("select[name=rule]").input_value() == ""
        page.get_by_role("searchbox").press_sequentially("comune")
        until(page, "location.hash.endsWith('q=comune')")
        expect(page, [item for item in current() if item.level is Level.VIOLATION and "comune" in texts(item)])
        page.go_back()
        until(page, "!location.hash")
        expect(page, current())


def test_clear_brings_everything_back(browser: Browser, files: dict[str, Path]) -> None:
    with opened(browser, files["night"], "#findings?level=deadline&q=a&sort=-seats") as page:
        assert page.locator("select[name=level]").input_value() == "deadline"
        assert page.locator("[data-sort=seats]").get_attribute("aria-sort") == "descending"
        page.get_by_role("button", name="Clear").click()
        until(page, "location.hash === '#findings?'")
        expect(page, current())
        assert page.get_by_role("searchbox").input_value() == ""


def test_a_filter_with_many_values_suggests_them(browser: Browser, files: dict[str, Path]) -> None:
    with opened(browser, files["resellers"]) as page:
        field = page.locator("[name=reseller]")
        field.press_sequentially("r-3")
        assert page.locator("datalist option").evaluate_all("all => all.map(o => o.value)") == [
            f"R-{number}" for number in (3, *range(30, 40))
        ]
        page.keyboard.type("1")
        until(page, "location.hash === '#findings?reseller=R-31'")
        until(page, "document.querySelectorAll('#found tbody tr').length === 1")
        assert listed(page) == ["F-00000000001f"]


def test_quick_choices_do_not_undo_each_other(browser: Browser, files: dict[str, Path]) -> None:
    with opened(browser, files["night"]) as page:
        page.evaluate(
            "() => { const wanted = {level: 'violation', rule: 'SEG01', segment: 'Nonprofit'};"
            " for (const [name, value] of Object.entries(wanted)) {"
            " const control = document.querySelector(`select[name=${name}]`);"
            " control.value = value; control.dispatchEvent(new Event('change')); } }"
        )
        until(page, "location.hash === '#findings?level=violation&rule=SEG01&segment=Nonprofit'")
        wanted = [item for item in current() if item.rule.id == "SEG01" and item.segment == "Nonprofit"]
        until(page, f"document.querySelectorAll('#found tbody tr').length === {min(len(wanted), PAGE)}")
        expect(page, wanted)


def test_a_header_sorts_up_then_down_then_not_at_all(browser: Browser, files: dict[str, Path]) -> None:
    with opened(browser, files["night"]) as page:
        head = page.locator("[data-sort=seats]")
        head.get_by_role("button").focus()
        for sort, said in (("sort=seats", "ascending"), ("sort=-seats", "descending"), ("", "")):
            page.keyboard.press("Enter")
            until(page, f"location.hash === '#findings?{sort}'")
            until(page, f"(document.querySelector('[data-sort=seats]').getAttribute('aria-sort') ?? '') === '{said}'")
            assert head.get_by_role("button").evaluate("e => e === document.activeElement")


def test_evidence_opens_and_closes_by_keyboard_alone(browser: Browser, files: dict[str, Path]) -> None:
    item = current()[0]
    with opened(browser, files["night"]) as page:
        button = page.locator(f"#finding-{item.finding_id} td button")
        button.focus()
        assert button.get_attribute("aria-expanded") == "false"
        page.keyboard.press("Enter")
        assert button.get_attribute("aria-expanded") == "true"
        said = page.locator(f"#finding-{item.finding_id} + tr.evidence").inner_text()
        assert item.rule.steps
        for text in (*item.rule.steps, item.finding_id, item.customer_id or "", item.source):
            assert text in said
        for label, value in evidence(ENGLISH, item):
            assert f"{label}\n{value}" in said.replace("\n\n", "\n") or (label in said and value in said)
        page.keyboard.press("Space")
        assert page.locator("tr.evidence").count() == 0
        assert button.evaluate("e => e === document.activeElement")


def test_what_was_decided_and_why_it_was_closed_stands_in_the_row(browser: Browser, files: dict[str, Path]) -> None:
    with opened(browser, files["eventful"], "#findings?state=all") as page:
        said = page.locator("#found").inner_text()
        assert (
            "Owner: Piotr Zieliński\nPromised for: 16 Nov\nDecision: contest the review\n"
            "Note: Papers were sent on 12 November."
        ) in said
        assert "Closed because the rule has changed; that does not say that anything was mended." in said
        assert "Closed because the rule is retired; that does not say that anything was mended." in said
        waived = page.locator(f"#finding-{example_changes.waived()[0].finding_id}")
        waived.get_by_role("button").click()
        detail = page.locator("tr.evidence").inner_text()
        for text in (example_changes.ACCEPTED.scope, example_changes.ACCEPTED.reason, "Anna Nowak", "11 Dec 2026"):
            assert text in detail


def test_a_link_to_a_finding_opens_it_wherever_it_is(browser: Browser, files: dict[str, Path]) -> None:
    far = current()[-1]
    closed = next(item for item in FINDINGS if item.state is State.CLOSED)
    for item, address in ((far, "#findings?finding="), (closed, "#findings?finding="), (current()[0], "#finding-")):
        with opened(browser, files["night"], address + item.finding_id) as page:
            row = page.locator(f"#finding-{item.finding_id}")
            assert row.get_by_role("button").get_attribute("aria-expanded") == "true"
            box = f"document.getElementById('finding-{item.finding_id}').getBoundingClientRect()"
            until(page, f"{box}.top >= 0 && {box}.bottom <= innerHeight")


def test_links_of_the_page_lead_to_the_row_and_its_evidence(browser: Browser, files: dict[str, Path]) -> None:
    with opened(browser, files["night"]) as page:
        page.locator("select[name=level]").select_option("verify")
        until(page, "location.hash.includes('verify')")
        link = page.locator(".act th a").first
        href = link.get_attribute("href") or ""
        link.click()
        page.wait_for_selector("tr.evidence")
        assert page.locator("tr.evidence").count() == 1
        assert href[-14:] in page.locator("tr.evidence").inner_text()


def downloaded(page: Page) -> list[list[str]]:
    """Return the rows of the CSV that the page gives."""
    with page.expect_download() as waited:
        page.get_by_role("button", name="Download CSV").click()
    raw = Path(waited.value.path()).read_bytes()
    assert waited.value.suggested_filename == "findings.csv"
    assert raw.startswith(b"\xef\xbb\xbf")
    text = raw.decode("utf-8-sig")
    assert text.endswith("\r\n")
    assert "\n" not in text.replace("\r\n", "")
    return list(csv.reader(io.StringIO(text, newline="")))


def test_the_csv_has_what_is_chosen_as_findings_csv_has_it(browser: Browser, files: dict[str, Path]) -> None:
    whole = list(csv.reader(io.StringIO(findings_csv(AUDIT))))
    with opened(browser, files["night"], "#findings?state=all", accept_downloads=True) as page:
        assert downloaded(page) == whole
        go(page, level="deadline", state="all")
        assert downloaded(page) == [whole[0], *(row for row in whole if row[2] == "deadline")]


def test_hostile_text_is_text_in_the_table_and_harmless_in_the_csv(browser: Browser, files: dict[str, Path]) -> None:
    with opened(browser, files["hostile"], "#findings?state=all", accept_downloads=True) as page:
        for button in page.locator("#found td button").all():
            button.click()
        said = page.locator("#found").evaluate("e => e.textContent")
        for text in HOSTILE:
            assert visible(text).replace("\r\n", "\n") in said.replace("\r\n", "\n")
        assert page.locator("#found :is(script, img)").count() == 0
        assert page.evaluate("document.documentElement.scrollWidth") <= 1280
        rows = downloaded(page)
        assert len(rows) == 1 + len(HOSTILE)
        assert not [cell for row in rows for cell in row if cell.lstrip()[:1] in set("=+-@\t\r") and cell]


def test_without_a_script_the_most_pressing_can_be_read(browser: Browser, files: dict[str, Path]) -> None:
    with opened(browser, files["night"], java_script_enabled=False) as page:
        assert listed(page) == [item.finding_id for item in current()[:100]]
        assert page.locator("#findings :is(button, input, select)").count() == 0
        said = page.locator("#findings").inner_text()
        assert "findings.csv beside this page has all of them" in said
        assert message(ENGLISH, current()[0]) in said
        assert page.locator("*").count() < 1500


def test_the_page_stays_small_and_a_clean_night_has_no_controls(browser: Browser, files: dict[str, Path]) -> None:
    with opened(browser, files["night"]) as page:
        assert page.locator("*").count() < 1500
    with opened(browser, files["closed"]) as page:
        assert page.locator("#findings [role=status]").inner_text() == "No finding tonight."
        go(page, state="closed")
        assert counted(page) == 1
        go(page, q="nothing like it")
        assert "No finding matches" in page.locator("#findings [role=status]").inner_text()
    with opened(browser, files["clean"]) as page:
        assert page.locator("#findings").inner_text().endswith("No finding tonight.")
        assert page.locator("#findings button").count() == 0


@pytest.mark.parametrize("address", ["#finding-%", "#finding-%E0%A4%A", "#findings?q=%"])
def test_a_malformed_address_shows_the_table(browser: Browser, files: dict[str, Path], address: str) -> None:
    with opened(browser, files["night"], address) as page:
        assert page.locator("#found tbody tr").count() == (PAGE if address.startswith("#finding-") else 0)


@pytest.mark.parametrize("address", ["#findings?finding=", "#finding-"])
def test_a_link_to_a_finding_that_is_not_there_says_so(browser: Browser, files: dict[str, Path], address: str) -> None:
    with opened(browser, files["night"], f"{address}F-gone") as page:
        status = page.locator("#findings [role=status]")
        assert status.inner_text() == f"Finding F-gone is not in this report. 1 to 50 of {len(current())}"
        go(page, level="verify")
        assert "not in this report" not in status.inner_text()


def test_the_search_box_follows_the_address_even_where_it_has_the_focus(
    browser: Browser, files: dict[str, Path]
) -> None:
    with opened(browser, files["night"]) as page:
        box = page.get_by_role("searchbox")
        box.press_sequentially("liceum")
        until(page, "location.hash.endsWith('q=liceum')")
        go(page, q="comune")
        assert (box.input_value(), box.evaluate("e => e === document.activeElement")) == ("comune", True)
        go(page)
        assert box.input_value() == ""


def test_the_caption_says_nothing_that_a_filter_makes_untrue(browser: Browser, files: dict[str, Path]) -> None:
    with opened(browser, files["night"], "#findings?state=closed") as page:
        assert page.locator("#found caption").inner_text() == "Findings, as they are chosen and sorted above."
        described = page.locator("#found").get_attribute("aria-describedby")
        assert page.locator("#findings [role=status]").get_attribute("id") == described


@pytest.mark.parametrize(
    ("name", "address", "wanted"),
    [("night", "owner=anna", "anna"), ("night", "rule=SEG99", "SEG99"), ("resellers", "owner=anna", "anna"),
     ("night", "rule=seg01", "SEG01"), ("resellers", "reseller=R-99", "R-99")],
)  # fmt: skip
def test_a_filter_of_the_address_is_always_seen(
    browser: Browser, files: dict[str, Path], name: str, address: str, wanted: str
) -> None:
    with opened(browser, files[name], f"#findings?{address}") as page:
        control = page.locator(f"#findings [name={address.partition('=')[0]}]")
        assert control.is_visible()
        assert control.input_value() == wanted
        page.get_by_role("button", name="Clear").click()
        until(page, "location.hash === '#findings?'")
        assert control.input_value() == ""


def test_many_values_are_suggested_by_what_they_are_called(browser: Browser, files: dict[str, Path]) -> None:
    with opened(browser, files["owners"]) as page:
        field = page.locator("[name=owner]")
        field.press_sequentially("nobody")
        until(page, "location.hash === '#findings?owner=%28nobody%29'")
        until(page, "document.querySelectorAll('#found tbody tr').length === 1")
        go(page, owner="Owner 7")
        assert field.input_value() == "Owner 7"
        go(page, owner="(nobody)")
        assert field.input_value() == "nobody"


def test_what_has_the_focus_gets_it_back_after_printing(browser: Browser, files: dict[str, Path]) -> None:
    item = current()[3]
    with opened(browser, files["night"]) as page:
        button = page.locator(f"#finding-{item.finding_id} td button")
        button.click()
        for held in (button, page.locator("tr.evidence a")):
            held.focus()
            page.evaluate("dispatchEvent(new Event('beforeprint'))")
            page.evaluate("dispatchEvent(new Event('afterprint'))")
            assert held.evaluate("e => e === document.activeElement")
        assert held.inner_text() == f"Link to finding {item.finding_id}"


def test_a_header_shows_that_it_sorts(table: Page) -> None:
    go(table)
    signs = table.locator("#found thead button").evaluate_all(
        "all => all.map(e => getComputedStyle(e, '::after').content)"
    )
    assert len(signs) == 6
    assert all("\u2195" in sign for sign in signs)


def test_paper_has_more_rows_than_a_screen(browser: Browser, files: dict[str, Path]) -> None:
    with opened(browser, files["night"]) as page:
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert listed(page) == [item.finding_id for item in current()]
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert len(listed(page)) == PAGE


def test_the_same_audit_gives_the_same_bytes(files: dict[str, Path]) -> None:
    assert report_html(night()).encode() == files["night"].read_bytes()


@pytest.mark.parametrize("width", [1280, 390])
def test_controls_and_open_evidence_are_accessible(
    browser: Browser, files: dict[str, Path], axe: Path, width: int
) -> None:
    size = {"width": width, "height": 900}
    with opened(browser, files["night"], "#findings?state=all", viewport=size, bypass_csp=True) as page:
        for button in page.locator("#found td button").all()[:3]:
            button.click()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.add_script_tag(path=axe)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            found = page.evaluate("axe.run('#findings', {runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']})")
            assert found["passes"]
            assert [(item["id"], item["nodes"][0]["html"]) for item in found["violations"]] == []
