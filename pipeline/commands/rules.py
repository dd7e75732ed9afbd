"""`csp-audit rules`: the rules, one of them in full, and the policy that they go by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pipeline.commands import options, policy

if TYPE_CHECKING:
    from pipeline.rulefile import RuleFile


@click.group(
    "rules",
    invoke_without_command=True,
    epilog=options.epilog(
        "csp-audit rules",
        "csp-audit rules list --format csv > rules.csv",
        "csp-audit rules show SEG01",
        "csp-audit rules policy",
        exit_codes="0 answered, 2 wrong usage, or no such rule",
    ),
)
@options.FORMAT
@click.pass_context
def command(context: click.Context, form: str) -> None:
    """List the rules, show one, or show the policy that they go by."""
    if context.invoked_subcommand is None:
        context.invoke(list_rules, form=form)


command.add_command(policy.command)


@command.command("list", epilog=options.epilog("csp-audit rules list", "csp-audit rules list --format json"))
@options.FORMAT
def list_rules(form: str) -> None:
    """List every rule: id, level, title."""
    from pipeline.commands.printing import print_answer
    from pipeline.desk.rules import rules_answer
    from pipeline.rulefile import read_rules

    print_answer(rules_answer(read_rules(), drawn=form == "table"), form)


@command.command(
    "show", epilog=options.epilog("csp-audit rules show SEG01", "csp-audit rules show SEG01 --format json")
)
@click.argument("rule_id", metavar="ID")
@options.FORMAT
def show(rule_id: str, form: str) -> None:
    """Show one rule: why it is there, what to do, what it needs, and its cases."""
    from pipeline.commands.printing import print_answer
    from pipeline.desk.rules import find_rule, rule_answer
    from pipeline.rulefile import read_rules

    by_id = {file.rule.id: file for file in read_rules()}
    file = by_id[find_rule(by_id, rule_id)]
    if form == "table":
        print_rule(file)
    else:
        print_answer(rule_answer(file), form)


def print_rule(file: RuleFile) -> None:
    """Print a rule in full, as a text to read."""
    from pipeline.ruledocs import case_line

    rule = file.rule
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
    click.echo("\nCases")
    for case in file.cases:
        click.echo(f"  - {case_line(case)}")
