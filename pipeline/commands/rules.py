"""`csp-audit rules`: the rules, and one of them in full."""

from __future__ import annotations

import click

from pipeline.commands.options import epilog
from pipeline.errors import UsageError


@click.group("rules", invoke_without_command=True, epilog=epilog("csp-audit rules", "csp-audit rules show SEG01"))
@click.pass_context
def command(context: click.Context) -> None:
    """List the rules, or show one."""
    if context.invoked_subcommand is None:
        context.invoke(list_rules)


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
    from pipeline.rulefile import read_rules

    by_id = {file.rule.id: file for file in read_rules()}
    file = by_id.get(rule_id.upper())
    if file is None:
        message = f"there is no rule {rule_id}. The rules are {', '.join(by_id)}."
        raise UsageError(message)
    rule = file.rule
    click.echo(f"{rule.id}  {rule.title}  ({rule.level}, version {rule.version}, since {rule.since})\n")
    click.echo(f"Message  {rule.message}\nWhy      {rule.why}\n")
    click.echo("What to do")
    for number, step in enumerate(rule.steps, start=1):
        click.echo(f"  {number}. {step}")
    click.echo(f"\nSource   {rule.source}\nNeeds    {', '.join(rule.needs)}\nOne for each  {', '.join(rule.key)}\n")
    click.echo("Cases")
    for case in file.cases:
        finds = case.finds.strip().count("\n")
        click.echo(f"  - {case.name} ({case.as_of}): {f'finds {finds}' if finds else 'finds nothing'}")
