"""Write the golden mails anew: `python -m tests.reports.mail.write_golden`, then read the difference.

A mail says its styles at every tag. So that the difference of a changed text can be read, each distinct list of
attributes stands once in attributes.txt, and in the mails by its mark.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING

from reports.mail.digest import digest
from tests.reports.example_changes import EVERY
from tests.reports.mail.letters import LETTER, html_of, text_of
from tests.reports.mail.refusals import REFUSALS, refused_mail

if TYPE_CHECKING:
    from collections.abc import Mapping

GOLDEN = Path(__file__).parent / "golden"
_TAG = re.compile(r"<(\w+) ([^>]+)>")


def golden() -> Mapping[str, str]:
    """Return every golden text by the name of its file."""
    mails = {name: digest(make(), LETTER) for name, make in EVERY.items()}
    pages = {f"{name}.html": html_of(mail) for name, mail in mails.items()}
    listed = sorted({attributes for page in pages.values() for _, attributes in _TAG.findall(page)})
    marks = {attributes: hashlib.sha256(attributes.encode()).hexdigest()[:5] for attributes in listed}
    return {
        **{f"{name}.txt": text_of(mail) for name, mail in mails.items()},
        **{name: _TAG.sub(lambda tag: f"<{tag[1]} {marks[tag[2]]}>", page) for name, page in pages.items()},
        "attributes.txt": "".join(f"{marks[attributes]} {attributes}\n" for attributes in listed),
        **{f"refused_{name}.txt": text_of(refused_mail(name)) for name in REFUSALS},
    }


def main() -> None:
    for name, text in golden().items():
        (GOLDEN / name).write_bytes(text.encode())


if __name__ == "__main__":
    main()
