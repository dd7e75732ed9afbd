"""`csp-audit rules`: the rules, one of them in full, and the policy that they go by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pipeline.commands import policy
from pipeline.commands.options import epilog
from pipeline.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection

    from schemas.finding import Rule

# Below it, two ids have too little in common for one to be a slip of the other.
_LIKENESS = 0.6


@click.group(
    "rules",
    invoke_without_command=True,
    epilog=epilog("csp-audit rules", "csp-audit rules show SEG01", "csp-audit rules policy"),
)
@click.pass_context
def command(context: click.Context) -> None:
    """List the rules, show one, or show the policy that they go by."""
    if context.invoked_subcommand is None:
        context.invoke(list_rules)


command.add_command(policy.command)


@command.command("list", epilog=epilog("csp-audit rules list"))
def list_rules() -> None:
    """List every rule: id, level, title."""
    from pipeline.rulefile import read_rules

    for file in read_rules():
        click.echo(f"{file.rule.id:8} {file.rule.level:10} {file.rule.title}")


@command.command("show", epilog=epilog("csp-audit rules show SEG01"))
@click.argument("rule_id", metavar="ID")
def show(rule_id: str) -> None:
    """Show one rule: why it is there, what to do, what it needs, and its cases."""
    from pipeline.ruledocs import case_line
    from pipeline.rulefile import read_rules

    by_id = {file.rule.id: file for file in read_rules()}
    file = by_id.get(rule_id.upper())
    if file is None:
        message = f"there is no rule {rule_id}.{_suggestion(rule_id.upper(), by_id)} csp-audit rules lists them all."
        raise UsageError(message)
    _print_rule(file.rule)
    click.echo("\nCases")
    for case in file.cases:
        click.echo(f"  - {case_line(case)}")


def _suggestion(wrong: str, ids: Collection[str]) -> str:
    """Name the ids that are most like a wrong one, if any is like it at all."""
    from difflib import SequenceMatcher

    likeness = {name: SequenceMatcher(None, wrong, name).ratio() for name in ids}
    best = max(likeness.values())
    near = ", ".join(name for name, ratio in likeness.items() if ratio == best >= _LIKENESS)
    return f" Did you mean {near}?" if near else ""


def _print_rule(rule: Rule) -> None:
    click.echo(f"{rule.id}  {rule.title}  ({rule.level}, version {rule.version}, since {rule.since})\n")
    click.echo(f"Message  {rule.message}\nWhy      {rule.why}\n")
    click.echo("What to do")
    for number, step in enumerate(rule.steps, start=1):
        click.echo(f"  {number}. {step}")
    click.echo(f"\nSource   {rule.source}\nNeeds    {', '.join(rule.needs)}")
    if rule.uses:
        click.echo(f"Uses     {', '.join(rule.uses)}")
    click.echo(f"One for each  {', '.join(rule.key)}")
    if rule.gives_way_to:
        click.echo(f"Gives way to  {', '.join(rule.gives_way_to)}, where one of them reports the same")
    if rule.not_judged:
        click.echo("\nMay not be judged, subject by subject")
    for code, text in rule.not_judged.items():
        click.echo(f"  {code}: {text}")
