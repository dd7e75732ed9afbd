"""The rule docs, made from the rule files: `python -m pipeline.ruledocs` prints docs/rules.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.rulefile import RULES_FOLDER, read_rules

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline.rulecases import Case
    from pipeline.rulefile import RuleFile

_HEAD = """# Rules

Made from the rule files by `python -m pipeline.ruledocs`; `csp-audit rules show ID` shows one of them.

A rule that lacks one of its needs is not judged. One that lacks an input that it uses is judged, but closes nothing
while that input was there of late. A rule gives way where another one reports the same subject: one sale, one finding.
Single subjects that a rule cannot judge are counted by their reason. `csp-audit rules policy` shows the policy in force
at a date, such as the purchase matrix and the answer times.

| rule | level | title | needs |
|-|-|-|-|"""


def rule_docs() -> str:
    """Return the docs of all rules as Markdown."""
    files = read_rules()
    return "\n".join([_HEAD, *map(_row, files), "", *("\n".join(_section(file)) for file in files)])


def case_line(case: Case) -> str:
    """Name a case, its night, and how many rows it finds."""
    rows = case.finds.strip().count("\n")
    return f"{case.name} ({case.as_of}): {f'finds {rows}' if rows else 'finds nothing'}"


def _row(file: RuleFile) -> str:
    rule = file.rule
    return f"| {_link(rule.id)} | {rule.level} | {_cell(rule.title)} | {', '.join(rule.needs)} |"


def _section(file: RuleFile) -> list[str]:
    rule = file.rule
    return [
        f"## {rule.id}\n",
        f"**{rule.title}** ({rule.level}, version {rule.version}, since {rule.since})\n",
        f"> {rule.message}\n",
        f"{rule.why}\n",
        "What to do:\n",
        *(f"{number}. {step}" for number, step in enumerate(rule.steps, start=1)),
        "",
        *_facts(file),
        "\nCases:\n",
        *(f"- {case_line(case)}" for case in file.cases),
        "",
    ]


def _facts(file: RuleFile) -> Iterable[str]:
    """List what a rule stands on; what a rule does not have is left out."""
    rule = file.rule
    (path,) = RULES_FOLDER.glob(f"{rule.id}_*.sql")
    yield f"- Source: {rule.source}"
    yield f"- Needs: {', '.join(rule.needs)}"
    if rule.uses:
        yield f"- Uses: {', '.join(rule.uses)}"
    yield f"- One finding for each: {', '.join(rule.key)}"
    if rule.gives_way_to:
        yield f"- Gives way to: {', '.join(map(_link, rule.gives_way_to))}"
    for code, text in rule.not_judged.items():
        yield f"- Not judged (`{code}`): {text}"
    yield f"- File: [{path.name}](../sql/rules/{path.name})"


def _link(rule_id: str) -> str:
    return f"[{rule_id}](#{rule_id.lower()})"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    print(rule_docs(), end="")  # noqa: T201 - the module's one purpose
