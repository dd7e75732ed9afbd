"""The command line: one module a command, each imported only when it is asked for."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING

import click

from pipeline.commands.options import epilog
from pipeline.errors import FAULT, SIGNALLED, CspAuditError, FaultError, UsageError
from pipeline.session import LOG, Session, close_log
from pipeline.signals import Stopped, farewell, heeding, stopped_by
from reports.text import encodable, visible

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = {
    "run": "Audit one night of exports.",
    "check": "Put a folder of exports through the gate alone.",
    "doctor": "Check that tonight's run can work.",
    "demo": "Audit three sample nights and say where the report is.",
    "init": "Write a configuration, and what cron or systemd needs.",
    "findings": "List the findings of a night, and choose among them.",
    "explain": "Explain one finding, or one rule.",
    "customer": "Show the dossier of one customer.",
    "can-buy": "Say whether a customer may be sold a segment or an offer, and why.",
    "expiring": "List nonprofit eligibility that ends soon, has ended, or is lost.",
    "renewals": "List special-segment subscriptions that renew, end, or roll on.",
    "calendar": "Write the deadlines as a calendar file (.ics).",
    "evidence": "Pack the evidence on one customer into a zip file.",
    "what-if": "Say which findings would appear or vanish under a supposition.",
    "waive": "Accept findings until a date, list what is accepted, or check the file.",
    "triage": "Read back the decisions on findings, or list them.",
    "runs": "List the nights that were audited, and those that were refused.",
    "diff": "Compare two nights.",
    "report": "Write the report of a night again.",
    "send": "Mail a night again, or what waits in the outbox.",
    "sql": "Run one SELECT on the warehouse, read-only.",
    "rules": "List the rules, or show one.",
    "prune": "Remove nights and earlier warehouses that are no longer kept.",
    "forget": "Remove one customer's data for good.",
}


class _Commands(click.Group):
    """Lists commands from the table above, so that --help imports none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"pipeline.commands.{cmd_name.replace('-', '_')}").command
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; that a pipe's reader (`| head`) has gone is no failure, though click takes it for one."""
        try:
            return super().invoke(ctx)
        except Stopped as stop:
            # For the interrupt key, which a stop is a kind of, click would write an empty line.
            raise click.Abort from stop
        except BrokenPipeError:
            # Python would complain again when it flushes stdout at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=epilog(
        "csp-audit demo",
        "csp-audit run exports/ --state /var/lib/csp-audit",
        "csp-audit findings --format csv",
        exit_codes="0 audited, 1 audited with findings, 2 wrong usage, 3 not audited, 4 locked, 5 mail waits, 70 fault",
    ),
)
@click.version_option(package_name="csp-audit", message="csp-audit %(version)s")
def cli() -> None:
    """Audit a CSP partner's special-segment sales every night."""


def main() -> None:
    """Run the command line; errors become one line each on stderr, and an exit code of their own."""
    session = Session()
    try:
        with heeding():
            code = _run(session)
    except Stopped:
        # the first signal came when all was over but the end
        code = _tell_stop(stopped_by() or signal.SIGINT)
        close_log()
    sys.exit(code)


def _run(session: Session) -> int:
    try:
        _refuse_broken_words(sys.argv[1:])
        code = cli.main(prog_name="csp-audit", standalone_mode=False, obj=session)
    except BaseException as error:  # noqa: BLE001 - what a signal interrupts may fail in any way
        stop = stopped_by()
        return _tell_stop(stop) if stop else _tell_end(error, session)
    else:
        return code if isinstance(code, int) else 0
    finally:
        close_log()


def _tell_end(error: BaseException, session: Session) -> int:
    """Say how a command ended that did not end well; return its exit code. Raises what is none of ours."""
    match error:
        case click.exceptions.Abort():
            return SIGNALLED + signal.SIGINT
        case click.exceptions.NoArgsIsHelpError():
            error.show()
        case click.ClickException():
            _tell_usage(error)
        case FaultError():
            _tell_fault(error, str(error), session)
        case CspAuditError():
            _tell(error)
        case Exception():
            # The last line of defence: a fault of ours is never a bare traceback.
            _tell_fault(error, f"a fault of the program ({type(error).__name__})", session)
        case _:
            raise error
    return getattr(error, "exit_code", FAULT)


def _tell_stop(number: signal.Signals) -> int:
    """Say that a signal stopped the command; return the exit code that shells give to such an end."""
    line = farewell(number)
    # The terminal, or whatever else read it, may be what went away.
    with suppress(OSError):
        LOG.warning("%s", line)
        click.echo(f"csp-audit: {line}", err=True)
    return SIGNALLED + number


def _refuse_broken_words(words: Sequence[str]) -> None:
    """Refuse what is neither UTF-8 nor the name of a file, as a terminal of another encoding types it."""
    for number, word in enumerate(words, start=1):
        if not word.isascii() and encodable(word) != word and not os.path.exists(word):  # noqa: PTH110 - a word, not a path
            message = f"word {number} of the command is not UTF-8. Set the terminal to UTF-8, or give the id instead."
            raise UsageError(message)


def _tell_usage(error: click.ClickException) -> None:
    """Show a person how the command is used; cron gets one line."""
    if sys.stderr.isatty():
        error.show()
    else:
        click.echo(f"csp-audit: {' '.join(error.format_message().split())}", err=True)


def _tell_fault(error: BaseException, text: str, session: Session) -> None:
    """Say that the program is at fault, in one line, and where the diagnostics are."""
    from pipeline.diagnostics import write_diagnostics

    LOG.error("%s", text)
    click.echo(f"csp-audit: {text.rstrip('.')}; {write_diagnostics(error, session.folder, session.progress)}", err=True)


def _tell(error: CspAuditError) -> None:
    """Say every problem to a person, and the first one to cron, which mails each line that it is given."""
    lines = [visible(line) for line in str(error).splitlines()]
    for line in lines:
        with suppress(OSError):
            LOG.error(line)
    # Lines under a heading are one problem.
    if not sys.stderr.isatty() and len(lines) > 1 and not lines[0].endswith(":"):
        lines = [f"{lines[0]} (the first of {len(lines)} problems)"]
    # Who reads it may be gone; the exit code stands.
    with suppress(OSError):
        for line in lines:
            click.echo(f"csp-audit: {line}", err=True)


if __name__ == "__main__":
    main()
