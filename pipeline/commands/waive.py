"""`csp-audit waive`: what somebody has accepted, until when, and what that hides."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.commands import options
from pipeline.session import settings, today
from schemas.waiver import WaiverStatus

if TYPE_CHECKING:
    from datetime import date, datetime

    from pipeline.desk.desk import Desk
    from schemas.waiver import Waiver

_CODES = "0 done, 2 wrong usage, or the file has problems"
# By what a waiver comes to on the newest night.
_BEGINS = {
    WaiverStatus.IN_FORCE: "It is in force from the next run on.",
    WaiverStatus.NO_MATCH: "It is in force from the next run on.",
    WaiverStatus.NOT_YET: "It is in force on nights from {} on.",
    WaiverStatus.EXPIRED: "It has expired already, and hides nothing.",
}


@click.group(
    "waive",
    epilog=options.epilog(
        'csp-audit waive add --finding F-0123456789ab --until 2027-02-28 --approved-by "A. Nowak" --reason "ticket 40"',
        "csp-audit waive list",
        "csp-audit waive lint",
        exit_codes=_CODES,
    ),
)
def command() -> None:
    """Accept findings until a date, list what is accepted, or check the file.

    Waivers are kept in waivers.toml in the state directory, or where the configuration's key waivers says. The file is
    TOML, to be edited by hand as well. A waived finding is judged all the same, and counts for no exit code.
    """


@command.command(
    "add",
    epilog=options.epilog(
        'csp-audit waive add --finding F-0123456789ab --until 2027-02-28 --approved-by "A. Nowak" --reason "ticket 40"',
        'csp-audit waive add --customer lipowa.example --rule SEG01 --until 2027-02-28 --approved-by "A. Nowak" '
        '--reason "in vetting"',
        exit_codes=_CODES,
    ),
)
@click.option("--finding", help="Waive one finding.", metavar="F-...")
@click.option("--customer", help="Waive a customer's findings.", metavar="ID|NAME|DOMAIN")
@click.option("--subscription", help="Waive a subscription's findings.", metavar="ID")
@click.option("--rule", help="Only this rule's, beside --customer or --subscription.", metavar="ID")
@click.option("--reason", required=True, help="Why it is accepted.", metavar="TEXT")
@click.option("--approved-by", required=True, help="Who has accepted it.", metavar="NAME")
@click.option("--until", type=options.Night(), required=True, help="Last day, at most a year on.", metavar="YYYY-MM-DD")
@click.option("--created", type=options.Night(), help="First day (default: today in UTC).", metavar="YYYY-MM-DD")
@options.STATE
@options.CONFIG
def add(  # noqa: PLR0913, PLR0917 - one parameter for each option
    finding: str | None,
    customer: str | None,
    subscription: str | None,
    rule: str | None,
    reason: str,
    approved_by: str,
    until: datetime,
    created: datetime | None,
    state: Path | None,
    config_file: Path | None,
) -> None:
    """Add a waiver to the file, and say how many findings it covers.

    It is in force from the next run on.
    """
    from pipeline.desk.desk import open_desk

    first = created.date() if created else today()
    asked = {"finding": finding, "customer": customer, "subscription": subscription, "rule": rule}
    said: dict[str, str | date] = {
        "reason": reason,
        "approved_by": approved_by,
        "created": first,
        "expires": until.date(),
    }
    with open_desk(config_file, state) as desk:
        _add(desk, {key: text for key, text in asked.items() if text is not None}, said)


def _add(desk: Desk, scope: dict[str, str], said: dict[str, str | date]) -> None:
    from pipeline.config import waivers_file
    from pipeline.desk.waivers import use_waivers
    from pipeline.waivers.add import add_waiver, checked_entry

    file = waivers_file(desk.config)
    waiver = checked_entry({**_found(desk, scope), **said}, desk.known_rules)
    added = add_waiver(file, waiver, desk.known_rules, _company(desk, waiver))
    (use,) = use_waivers(desk, [added])
    findings = "1 finding" if use.findings == 1 else f"{use.findings:,} findings"
    click.echo(f"{file}, line {added.line}: {added.scope} is waived from {added.created} to {added.expires}.")
    click.echo(f"It covers {findings} of {desk.as_of}. {_BEGINS[use.status].format(added.created)}")


def _found(desk: Desk, scope: dict[str, str]) -> dict[str, str]:
    """Return the scope with the ids of what it names."""
    from pipeline.desk.customers import find_customer
    from pipeline.desk.explaining.find import find_finding_begun
    from pipeline.desk.known import find_subscription

    finders = {"finding": find_finding_begun, "customer": find_customer, "subscription": find_subscription}
    found = {key: finders[key](desk.connection, asked) for key, asked in scope.items() if key in finders}
    return {**found, "rule": scope["rule"].strip().upper()} if "rule" in scope else found


def _company(desk: Desk, waiver: Waiver) -> str:
    query = "select company_name from core.customers where customer_id = ?"
    row = desk.connection.execute(query, [waiver.customer]).fetchone() if waiver.customer else None
    return row[0] if row else ""


@command.command(
    "list",
    epilog=options.epilog(
        "csp-audit waive list",
        "csp-audit waive list --format csv > waivers.csv",
        exit_codes=_CODES,
    ),
)
@options.STATE
@options.CONFIG
@options.FORMAT
def list_waivers(state: Path | None, config_file: Path | None, form: str) -> None:
    """List the waivers: in force or not, the days left, the findings that they cover tonight."""
    from pipeline.commands.printing import print_answer
    from pipeline.config import waivers_file
    from pipeline.desk.desk import open_desk
    from pipeline.desk.waivers import waivers_answer
    from pipeline.waivers.waivers import configured_waivers

    with open_desk(config_file, state) as desk:
        waivers = configured_waivers(desk.config, desk.known_rules)
        answer = waivers_answer(desk, waivers_file(desk.config), waivers)
    print_answer(answer, form)


@command.command(
    "lint",
    epilog=options.epilog(
        "csp-audit waive lint",
        "csp-audit waive lint waivers.toml",
        exit_codes="0 all in order, 2 the file has problems",
    ),
)
@click.argument("file", type=options.NamedPath(path_type=Path), required=False)
@options.STATE
@options.CONFIG
@click.pass_context
def lint(context: click.Context, file: Path | None, state: Path | None, config_file: Path | None) -> None:
    """Check the waivers file, and name the line and key of every problem.

    FILE is the one to check; by default the one that a run would read.
    """
    from pipeline.errors import UsageError
    from pipeline.rulefile import read_rules
    from pipeline.waivers.waivers import configured_waivers, read_waivers
    from reports.text import visible

    rule_ids = {item.rule.id for item in read_rules()}
    try:
        if file:
            waivers = read_waivers(file, rule_ids, must_exist=True)
        else:
            waivers = configured_waivers(settings(config_file, state), rule_ids)
    except UsageError as error:
        # All of them, also where there is no terminal: whoever lints wants the list.
        for line in str(error).splitlines():
            click.echo(visible(f"csp-audit: {line}"), err=True)
        context.exit(error.exit_code)
    click.echo(f"{len(waivers)} {'waiver' if len(waivers) == 1 else 'waivers'}, all in order.")
