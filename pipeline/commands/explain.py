"""`csp-audit explain`: one finding or one rule, with everything that is known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pipeline.commands import options

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.desk.desk import Desk
    from pipeline.rulefile import RuleFile


@click.command(
    "explain",
    epilog=options.epilog(
        "csp-audit explain F-0123456789ab",
        "csp-audit explain F-0123",
        "csp-audit explain SEG01 --format json",
        exit_codes="0 answered, 2 wrong usage, no such finding or rule, or no warehouse",
    ),
)
@click.argument("asked", metavar="FINDING|RULE")
@options.STATE
@options.CONFIG
@options.FORMAT
def command(asked: str, state: Path | None, config_file: Path | None, form: str) -> None:
    """Explain a finding, or a rule and what it came to on the newest night.

    FINDING is its id, or the beginning of it. It is explained with its message, the cell of the purchase matrix, the
    rows of the exports that it rests on, what to do, its history, waivers and triage.
    """
    from pipeline.commands.printing import print_answer
    from pipeline.desk.desk import open_desk
    from pipeline.desk.explaining.explaining import finding_answer
    from pipeline.desk.explaining.find import find_explained
    from pipeline.rulefile import read_rules

    with open_desk(config_file, state) as desk:
        finding_id, rule_id = find_explained(desk.connection, asked, desk.rules)
        if finding_id:
            print_answer(finding_answer(desk, finding_id, drawn=form == "table"), form)
            return
        (file,) = (file for file in read_rules() if file.rule.id == rule_id)
        _print_rule(desk, file, form)


def _print_rule(desk: Desk, file: RuleFile, form: str) -> None:
    """Print a rule; a table has it in the words of `rules show`."""
    from pipeline.commands.printing import print_answer
    from pipeline.commands.rules import print_rule
    from pipeline.desk.explaining.rule import explained_rule, tonight_answer

    if form == "table":
        print_rule(file)
        click.echo()
        print_answer(tonight_answer(desk, file.rule), form)
    else:
        print_answer(explained_rule(desk, file), form)
