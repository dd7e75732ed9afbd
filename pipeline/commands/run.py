"""`csp-audit run`: the night."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from pipeline.commands import options
from pipeline.errors import MAIL_WAITS
from pipeline.priority import behind_others
from pipeline.session import LOG, Session, announcing, open_log, say, settings, today

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.config import Config
    from pipeline.order import Order
    from pipeline.state import State
    from pipeline.watch.attempt import Attempt
    from schemas.finding import Audit, Counts

_FAIL_ON = ("violation", "deadline", "verify", "new", "none")


@click.command(
    "run",
    epilog=options.epilog(
        "csp-audit run exports/",
        "csp-audit run exports/ --as-of 2026-11-20 --state /var/lib/csp-audit",
        "csp-audit run exports/ --fail-on new",
        exit_codes="0 audited, 1 audited with findings, 2 usage, 3 not audited, 4 locked, 5 mail waits, 70 fault, "
        "129, 130 or 143 stopped",
    ),
)
@options.FOLDER
@options.AS_OF
@options.STATE
@options.CONFIG
@click.option(
    "--engine",
    type=click.Choice(["sieve", "pandera"]),
    default="sieve",
    show_default=True,
    help="Who judges the rows: SQL with pandera as its referee, or pandera alone (slow).",
)
@click.option(
    "--fail-on",
    type=click.Choice(_FAIL_ON),
    default="violation",
    show_default=True,
    help="From which findings on the exit code is 1.",
)
@options.LANGUAGE
@options.MASK
@click.option("--dry-run", is_flag=True, help="Audit, but leave warehouse and reports as they are.")
@click.option("--no-mail", is_flag=True, help="Mail nobody; csp-audit send does it later.")
@options.VERBOSE
@click.pass_obj
def command(  # noqa: PLR0913, PLR0917 - one parameter for each option
    session: Session,
    folder: Path,
    as_of: datetime | None,
    state: Path | None,
    config_file: Path | None,
    engine: str,
    fail_on: str,
    language: str | None,
    mask: bool,  # noqa: FBT001 - click passes flags by position
    dry_run: bool,  # noqa: FBT001
    no_mail: bool,  # noqa: FBT001
    verbose: bool,  # noqa: FBT001
) -> int:
    """Audit one night of exports.

    FOLDER holds customers*.csv, subscriptions*.csv and qualifications*.csv, and any of price_list*.csv, partners*.csv,
    gcc_validations*.csv, nonprofit_notices*.csv and qualification_requests*.csv.
    """
    from pipeline.load import Engine
    from pipeline.order import FailOn, Order
    from pipeline.state import State
    from pipeline.watch.attempt import Attempt, watched

    asked = as_of.date() if as_of else today()
    attempt = Attempt(asked, datetime.now(UTC), folder, is_dry=dry_run, root=state)
    with watched(attempt):
        config = settings(config_file, state)
        places = State(config.state)
        order = Order(
            folder=folder,
            as_of=asked,
            started_at=attempt.started_at,
            engine=Engine(engine),
            fail_on=FailOn(fail_on),
            dry_run=dry_run,
            config_file=config_file,
            language=language or "",
            mask=mask,
            date_was_given=as_of is not None,
        )
        attempt.root, attempt.run_id, attempt.watch = places.root, order.run_id, config.watch
        attempt.may_link_outside = config.gate.may_link_outside
        places.create()
        session.folder = config.state
        open_log(places.log, verbose=verbose, run_id=order.run_id)
        _run(attempt, order, config, with_mail=not (dry_run or no_mail))
    return attempt.exit_code


def _run(attempt: Attempt, order: Order, config: Config, *, with_mail: bool) -> None:
    """Audit, and say what a person or cron has to know of it."""
    from pipeline.commands.mailing import mailing
    from pipeline.run import run
    from pipeline.state import State

    places = State(config.state)
    try:
        with behind_others(), mailing(config, places, wanted=with_mail) as post, announcing() as announce:
            audit = attempt.audit = run(order, config, attempt.steps(announce), post, attempt.has_audited)
    finally:
        # Without the lock, a removal that is under way looks like one that stopped.
        if attempt.has_begun:
            _name_removal(places, order.config_file)
    attempt.exit_code = MAIL_WAITS if post.waits else audit.exit_code
    _name_faults(audit)
    LOG.info("%s: %s, exit code %s", audit.run_id, audit.verdict, attempt.exit_code)
    say(summary(audit))
    if not order.dry_run:
        say(f"Report: {places.night(order.as_of) / 'report.html'}")


def _name_removal(places: State, config_file: Path | None) -> None:
    """Say that a removal of a customer's data was begun and not ended; how the run ends is its own affair."""
    from pipeline.errors import UsageError
    from pipeline.retention.record import told_of_pending
    from reports.text import visible

    try:
        line = told_of_pending(places, config_file)
    except UsageError as error:
        line = str(error)
    if line:
        LOG.warning(line)
        click.echo(f"csp-audit: {visible(line)}", err=True)


def _name_faults(audit: Audit) -> None:
    """Say what the night had to do without."""
    from pipeline.recovery import told
    from pipeline.suspects import told_of_suspect
    from reports.text import visible
    from schemas.finding import Judgement

    for result in audit.rules:
        if result.judgement is Judgement.ERROR:
            LOG.error("rule %s: %s", result.rule.id, result.reason)
            click.echo(
                f"csp-audit: rule {result.rule.id} failed and was not judged. See the run in the report.", err=True
            )
    if audit.recovery:
        LOG.warning(told(audit.recovery))
        click.echo(f"csp-audit: {told(audit.recovery)}", err=True)
    for result in audit.suspects:
        LOG.warning(told_of_suspect(result))
        click.echo(f"csp-audit: {told_of_suspect(result)}", err=True)
    if audit.triage_fault:
        LOG.error(audit.triage_fault)
        click.echo(f"csp-audit: decisions are not shown: {visible(audit.triage_fault).splitlines()[0]}", err=True)


def summary(audit: Audit) -> str:
    """Say in two lines what the night came to."""
    from schemas.finding import Level

    names = {Level.VIOLATION: "violations", Level.DEADLINE: "deadlines", Level.VERIFY: "to verify"}
    levels = "; ".join(_level(audit.counts[level], name) for level, name in names.items())
    closed = sum(count.closed for count in audit.counts.values())
    waived = sum(count.waived for count in audit.counts.values())
    suspect = sum(count.suspect for count in audit.counts.values())
    apart = (f"; {waived} waived" if waived else "", f"; {suspect} suspect, counted apart" if suspect else "")
    at_rest = f"{closed} closed{''.join(apart)}"
    unjudged = ", ".join(result.rule.id for result in audit.rules if not result.is_judged)
    partly = ", ".join(result.rule.id for result in audit.rules if result.is_judged and not result.is_complete)
    judged = (f"not judged: {unjudged}" if unjudged else "", f"partly judged: {partly}" if partly else "")
    backfill = f"; backfill: {audit.newer_night} had been audited before" if audit.is_backfill else ""
    complete = f"{audit.unread} unread rows; {'; '.join(filter(None, judged)) or 'every rule judged'}{backfill}"
    return f"{audit.as_of}: {audit.verdict}. {levels}; {at_rest}.\n{complete}."


def _level(counts: Counts, name: str) -> str:
    by_rule = f", {counts.by_rule} by a new rule" if counts.by_rule else ""
    return f"{counts.found} {name}, {counts.new} new{by_rule}"
