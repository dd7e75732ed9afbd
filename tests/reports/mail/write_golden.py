"""Write the golden mails anew: `python -m tests.reports.mail.write_golden`, then read the difference."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from reports.mail.digest import digest
from tests.reports.example_changes import EVERY
from tests.reports.mail.letters import LETTER, html_of, text_of
from tests.reports.mail.refusals import REFUSALS, refused_mail

if TYPE_CHECKING:
    from collections.abc import Mapping

GOLDEN = Path(__file__).parent / "golden"


def golden() -> Mapping[str, str]:
    """Return every golden text by the name of its file."""
    mails = {name: digest(make(), LETTER) for name, make in EVERY.items()}
    return {
        **{f"{name}.txt": text_of(mail) for name, mail in mails.items()},
        **{f"{name}.html": html_of(mail) for name, mail in mails.items()},
        **{f"refused_{name}.txt": text_of(refused_mail(name)) for name in REFUSALS},
    }


def main() -> None:
    for name, text in golden().items():
        (GOLDEN / name).write_bytes(text.encode())


if __name__ == "__main__":
    main()
