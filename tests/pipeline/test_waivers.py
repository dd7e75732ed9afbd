"""The waivers file: every slip of the hand is named by its line and key."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from pipeline.errors import UsageError
from pipeline.waivers.waivers import read_waivers
from schemas.waiver import Waiver
from tests.pipeline.commandline import call

if TYPE_CHECKING:
    from pathlib import Path

RULES = {"SEG01", "SEG02", "NPO01"}
CUSTOMER = "1cb0f4c7-e08a-4f69-9f5c-f43056e5c00a"
ENTRY = f"""# of the audit in November
[[waiver]]
customer = "{CUSTOMER}"
rule = "SEG01"
reason = "in vetting"
approved_by = "A. Nowak"
created = 2026-11-20
expires = 2027-02-28
"""
_NOT_HERE = "line 1, {}: found a key that is not known; expected entries under [[waiver]] only. "
_ONE = "expected one at a time. Remove one of them, or let one begin after the other ends."
# What replaces which part of the entry, and what the user reads behind the file's name.
WRONG = {
    "unknown key": (
        "reason =", "reasons =",
        "line 5, reasons: found a key that is not known; expected reason. Rename or remove the key.",
    ),
    "unknown key like no other": (
        "rule =", "xyzzy =",
        ("line 4, xyzzy: found a key that is not known; expected finding, customer, subscription, rule, reason, "
        "approved_by, created or expires."),
    ),
    "key in quotes": ("rule =", '"scope" =', "line 4, scope: found a key that is not known"),
    "unknown rule": (
        "SEG01", "SEG1", 'line 4, rule: found "SEG1", which is no rule; expected SEG01 or SEG02. csp-audit'),
    "unknown rule like no other": ("SEG01", "42", 'line 4, rule: found "42", which is no rule; expected a rule\'s id.'),
    "rule in lower case": ("SEG01", "seg01", 'line 4, rule: found "seg01", which is no rule; expected SEG01'),
    "scope with a slip": ("customer =", "custmer =", "line 3, custmer: found a key that is not known; expected cust"),
    "no reason": (
        'reason = "in vetting"\n', "",
        'line 2, waiver: found no reason; expected the key reason in every waiver. Add reason = "why it is accepted".',
    ),
    "no approver": ('approved_by = "A. Nowak"\n', "", "line 2, waiver: found no approved_by;"),
    "no beginning": ("created = 2026-11-20\n", "", "line 2, waiver: found no created;"),
    "no end": ("expires = 2027-02-28\n", "", "line 2, waiver: found no expires;"),
    "rule alone": (
        f'customer = "{CUSTOMER}"\n', "",
        ("line 3, rule: found a rule and no scope; expected exactly one of finding, customer, subscription. "
        "Add a customer or a subscription: a rule cannot be waived as a whole."),
    ),
    "no scope": (
        f'customer = "{CUSTOMER}"\nrule = "SEG01"\n', "",
        "line 2, waiver: found no scope; expected exactly one of finding, customer, subscription.",
    ),
    "two scopes": (
        'rule = "SEG01"', 'subscription = "s-1"',
        "line 4, subscription: found customer and subscription; expected exactly one of",
    ),
    "rule beside a finding": (
        f'customer = "{CUSTOMER}"', 'finding = "F-0123456789ab"',
        "line 4, rule: found a rule beside a finding; expected rule only beside customer or subscription. Remove rule",
    ),
    "finding of a wrong shape": (
        f'customer = "{CUSTOMER}"\nrule = "SEG01"', 'finding = "F-0123"',
        'line 3, finding: found "F-0123"; expected "F-" and 12 digits from 0 to f. Copy the id from csp-audit',
    ),
    "customer by name": (
        CUSTOMER, "Lipowa", 'line 3, customer: found "Lipowa"; expected a customer\'s id (a GUID).'),
    "blank reason": ('"in vetting"', '" "', "line 5, reason: found an empty text; expected some words."),
    "blank subscription": (
        f'customer = "{CUSTOMER}"', 'subscription = ""', "line 3, subscription: found an empty text; expected"),
    "number for a text": (
        '"A. Nowak"', "3", "line 6, approved_by: found a number; expected a text in quotes. Write approved_by = "),
    "list for a text": (f'"{CUSTOMER}"', "[\n]", "line 3, customer: found a list; expected a text in quotes."),
    "date in quotes": (
        "2026-11-20", '"2026-11-20"',
        ('line 7, created: found the text "2026-11-20"; expected a date without quotes. '
        "Drop the quotes: created = 2026-11-20."),
    ),
    "date as words": (
        "2027-02-28", '"next year"', ('line 8, expires: found the text "next year"; expected a date without quotes. '
        "Write expires = 2027-11-20."),
    ),
    "date with a time": (
        "2027-02-28", "2027-02-28T10:00:00Z", "line 8, expires: found a date with a time; expected a date such as"),
    "truth for a date": ("2027-02-28", "true", "line 8, expires: found true or false; expected a date such as"),
    "end before the beginning": (
        "2027-02-28", "2026-11-19",
        "line 8, expires: found 2026-11-19; expected a day on or after created (2026-11-20). Correct one of the two",
    ),
    "more than a year": (
        "2027-02-28", "2027-11-21",
        ("line 8, expires: found 2027-11-21; expected at most one year after created (2026-11-20), so "
        "2027-11-20 or earlier."),
    ),
    "more than a year after a 29 February": (
        "created = 2026-11-20\nexpires = 2027-02-28", "created = 2028-02-29\nexpires = 2029-03-01",
        "line 8, expires: found 2029-03-01; expected at most one year after created (2028-02-29), so 2029-02-28 or",
    ),
    "other table": ("# of", "[waivers]\n# of", _NOT_HERE.format("waivers") + "Write [[waiver]]."),
    "other key": ("# of", "colour = 1\n# of", _NOT_HERE.format("colour") + "Remove it."),
    "one pair of brackets": ("[[waiver]]", "[waiver]", "line 2, waiver: found waivers written in another way; expec"),
    "no TOML": ("rule =", "rule", "line 4, column 6: found text that is not TOML (expected '=' after a key in a key/"),
    "text without an end": ('"in vetting"', '"""in', "line 10, the end of the file: found text that is not TOML"),
    "key twice": ("rule =", "customer =", "line 4, column 19: found text that is not TOML (cannot overwrite a value)"),
}  # fmt: skip


def written(folder: Path, text: str) -> Path:
    path = folder / "waivers.toml"
    path.write_text(text, encoding="utf-8", newline="")
    return path


def problems(path: Path, *, must_exist: bool = False) -> list[str]:
    with pytest.raises(UsageError) as caught:
        read_waivers(path, RULES, must_exist=must_exist)
    return [line.removeprefix(f"{path}, ") for line in str(caught.value).splitlines()]


@pytest.mark.parametrize(("part", "instead", "told"), WRONG.values(), ids=WRONG.keys())
def test_a_slip_is_one_line_with_its_place(tmp_path: Path, part: str, instead: str, told: str) -> None:
    assert part in ENTRY
    (line,) = problems(written(tmp_path, ENTRY.replace(part, instead, 1) + "\n"))
    assert line.startswith(told)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_an_entry_is_read_as_the_warehouse_compares_it(tmp_path: Path, newline: str) -> None:
    text = ENTRY.replace(CUSTOMER, f" {CUSTOMER.upper()} ") + ENTRY.replace(
        f'customer = "{CUSTOMER}"\nrule = "SEG01"', 'finding = "f-0123456789AB"'
    ).replace("[[waiver]]", ' [[ "waiver" ]]  # the second')
    assert read_waivers(written(tmp_path, "\ufeff" + text.replace("\n", newline)), RULES) == (
        Waiver("in vetting", "A. Nowak", date(2026, 11, 20), date(2027, 2, 28), "SEG01", customer=CUSTOMER, line=2),
        Waiver("in vetting", "A. Nowak", date(2026, 11, 20), date(2027, 2, 28), finding="F-0123456789ab", line=10),
    )


@pytest.mark.parametrize(
    ("created", "expires"),
    [
        ("2026-11-20", "2026-11-20"),
        ("2026-11-20", "2027-11-20"),
        ("2027-11-20", "2028-11-20"),
        ("2028-02-29", "2029-02-28"),
        ("9999-11-20", "9999-12-31"),
    ],
    ids=["one day", "a year", "a year with a 29 February", "a year from a 29 February", "the end of time"],
)
def test_a_waiver_may_hold_from_one_day_to_a_year(tmp_path: Path, created: str, expires: str) -> None:
    text = ENTRY.replace("2026-11-20", created).replace("2027-02-28", expires)
    (waiver,) = read_waivers(written(tmp_path, text), RULES)
    assert (f"{waiver.created}", f"{waiver.expires}") == (created, expires)


def test_lines_are_found_behind_texts_that_look_like_entries(tmp_path: Path) -> None:
    told = '"""\n[[waiver]]\nrule = "SEG07"\nexpires = 2\n"""'
    text = ENTRY.replace('"in vetting"', told) + ENTRY.replace("2027-02-28", "2030-01-01").replace("[[", "\n[[")
    assert problems(written(tmp_path, text)) == [
        (
            "line 21, expires: found 2030-01-01; expected at most one year after created (2026-11-20), so "
            "2027-11-20 or earlier. Choose an earlier day; a waiver can be renewed when it ends."
        )
    ]


def test_every_problem_of_every_entry_is_told(tmp_path: Path) -> None:
    text = ENTRY.replace("SEG01", "SEG09") + ENTRY.replace('"A. Nowak"', "true").replace("2027-02-28", '"x"')
    places = [line.split(":")[0] for line in problems(written(tmp_path, text))]
    assert places == ["line 4, rule", "line 14, approved_by", "line 16, expires"]


def test_two_waivers_of_one_scope_may_follow_each_other_but_not_overlap(tmp_path: Path) -> None:
    later = ENTRY.replace("2026-11-20", "2027-03-01").replace("2027-02-28", "2027-06-30")
    other_rule = ENTRY.replace("SEG01", "SEG02")
    text = ENTRY + later + other_rule
    assert [waiver.line for waiver in read_waivers(written(tmp_path, text), RULES)] == [2, 10, 18]
    third = ENTRY.replace("2026-11-20", "2027-02-28").replace("2027-02-28\n", "2027-03-01\n", 2)
    third = third.replace("created = 2027-03-01", "created = 2027-02-28")
    second = f'waiver: found a second waiver of "SEG01 of customer {CUSTOMER}" from'
    assert problems(written(tmp_path, text + third)) == [
        f"line 26, {second} 2027-02-28 to 2027-02-28 (the other is in line 2); {_ONE}",
        f"line 10, {second} 2027-03-01 to 2027-03-01 (the other is in line 26); {_ONE}",
    ]


def test_every_waiver_within_a_long_one_repeats_it(tmp_path: Path) -> None:
    spans = [("2026-11-20", "2027-02-28"), ("2026-12-01", "2026-12-02"), ("2027-01-01", "2027-01-02")]
    text = "".join(ENTRY.replace("2026-11-20", first).replace("2027-02-28", last) for first, last in spans)
    told = problems(written(tmp_path, text))
    assert [line.split(", ")[0] for line in told] == ["line 10", "line 18"]
    assert all("(the other is in line 2)" in line for line in told)


def test_a_key_that_is_escaped_is_placed_at_its_entry(tmp_path: Path) -> None:
    (line,) = problems(written(tmp_path, ENTRY.replace("rule =", '"r\\u0075les" =')))
    assert line.startswith("line 2, rules: found a key that is not known; expected rule.")


@pytest.mark.parametrize("head", ["", "[[waiver]]\n"], ids=["top level", "entry"])
@pytest.mark.parametrize("key", [r"a\u001b[31m\nb\u202ec", r"\u0085\u2028", " "])
def test_nothing_unseen_of_a_key_reaches_a_terminal(tmp_path: Path, head: str, key: str) -> None:
    path = written(tmp_path, f'{head}"{key}" = 1\n{ENTRY.replace("[[waiver]]", "") if head else ENTRY}')
    (line,) = problems(path)
    assert ": found a key that is not known; " in line
    for ended in (call("waive", "lint", path), call("waive", "lint", "--state", tmp_path)):
        assert (ended.code, ended.err.count("\n")) == (2, 1)
        assert ended.err.rstrip("\n").isprintable()


@pytest.mark.parametrize("text", ["", "\ufeff", "# nobody has accepted anything\n"])
def test_a_file_may_be_empty(tmp_path: Path, text: str) -> None:
    assert read_waivers(written(tmp_path, text), RULES) == ()


@pytest.mark.parametrize("entries", ["[{ rule = 'SEG01' }]", "[]", "[1]", "3"])
def test_waivers_that_are_no_entries_are_refused(tmp_path: Path, entries: str) -> None:
    (line,) = problems(written(tmp_path, f"# x\nwaiver = {entries}\n"))
    assert line.startswith("line 2, waiver: found waivers written in another way; expected a line [[waiver]] before")


def test_a_file_that_is_not_utf_8_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "waivers.toml"
    path.write_bytes(ENTRY.replace("Nowak", "Łoś").encode("cp1250"))
    (line,) = problems(path)
    assert line.startswith("line 6: found byte 144 of the file, which is not UTF-8; expected text in UTF-8. Save it as")


def test_only_a_configured_file_must_exist(tmp_path: Path) -> None:
    path = tmp_path / "waivers.toml"
    assert read_waivers(path, RULES) == ()
    assert problems(path, must_exist=True) == [
        f"{path}: there is no such file. Correct its name in the configuration, or create it."
    ]
    (line,) = problems(tmp_path)
    assert "cannot be read: it is a folder, and has to be a file" in line


def test_lint_names_every_problem_and_exits_2(tmp_path: Path) -> None:
    path = written(tmp_path, ENTRY.replace("SEG01", "SEG99").replace("2027-02-28", "2028-02-28"))
    ended = call("waive", "lint", path)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(f'csp-audit: {path}, line 4, rule: found "SEG99", which is no rule; expected ')
    # The span of an entry is judged once its keys are in order.
    assert ended.err.count("\n") == 1
    assert call("waive", "lint", "--state", tmp_path) == ended


def test_lint_says_that_all_is_in_order(tmp_path: Path) -> None:
    assert call("waive", "lint", "--state", tmp_path).out == "0 waivers, all in order.\n"
    path = written(tmp_path, ENTRY)
    assert call("waive", "lint", path).out == "1 waiver, all in order.\n"
    path.write_text(ENTRY + ENTRY.replace("SEG01", "SEG02"), encoding="utf-8")
    assert call("waive", "lint", "--state", tmp_path).out == "2 waivers, all in order.\n"


def test_lint_reads_the_file_that_the_configuration_names(tmp_path: Path) -> None:
    config = tmp_path / "csp-audit.toml"
    config.write_text(f"waivers = '{tmp_path / 'accepted.toml'}'", encoding="utf-8")
    missing = call("waive", "lint", "--config", config)
    assert (missing.code, missing.out) == (2, "")
    assert f"{tmp_path / 'accepted.toml'}: there is no such file" in missing.err
    written(tmp_path, ENTRY).rename(tmp_path / "accepted.toml")
    assert call("waive", "lint", "--config", config).out == "1 waiver, all in order.\n"
