"""`csp-audit can-buy`: whether a customer may be sold a segment or an offer, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pipeline.commands import options

if TYPE_CHECKING:
    from pathlib import Path

# In the order of Reply: yes, no, cannot tell.
_EXIT_CODES = {"yes": 0, "no": 1, "cannot tell": 3}


@click.command(
    "can-buy",
    epilog=options.epilog(
        "csp-audit can-buy jasnybrzeg.example Education",
        "csp-audit can-buy jasnybrzeg.example CFQ7TTC0LHPM:0001",
        'csp-audit can-buy "Maple County Clerk" gcc --format json',
        exit_codes="0 yes, 1 no, 2 no such customer, segment or offer, 3 cannot tell",
    ),
)
@click.argument("customer", metavar="CUSTOMER")
@click.argument("asked", metavar="SEGMENT|OFFER")
@options.STATE
@options.CONFIG
@options.FORMAT
def command(customer: str, asked: str, state: Path | None, config_file: Path | None, form: str) -> int:
    """Say whether a customer may be sold a segment or an offer tonight, why, and what is missing.

    CUSTOMER is an id, a domain or a name. SEGMENT may be said by any of its names, such as edu, charity or gcc.
    OFFER is ProductId:SkuId, or the id of a legacy offer.
    """
    from pipeline.commands.printing import print_answer
    from pipeline.desk.buying.buying import can_buy
    from pipeline.desk.customers import find_customer
    from pipeline.desk.desk import open_desk

    with open_desk(config_file, state) as desk:
        decision = can_buy(desk, find_customer(desk.connection, customer), asked)
    print_answer(decision.answer, form)
    return _EXIT_CODES[decision.reply]
