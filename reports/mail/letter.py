"""What a mail needs beside the audit: who sends it, to whom, and where the report is."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.finding import Level


@dataclass(frozen=True)
class Letter:
    """What a mail needs beside the audit.

    `sender` and `to` are ASCII addresses, with or without a name: `CSP audit <audit@lipowa.example>`. `list_id` is a
    name in the sender's own domain. `report_url` leads to the report; one that is not http or https is shown as a path,
    and without one the mail says in which folder of the state directory the report is. `lowest` is the least serious
    level that is listed; `attach_csv` adds findings.csv.
    """

    sender: str
    to: tuple[str, ...]
    list_id: str
    report_url: str = ""
    lowest: Level = Level.VERIFY
    attach_csv: bool = False

    @property
    def has_link(self) -> bool:
        """Whether the report can be opened from the mail."""
        return self.report_url.lower().startswith(("https://", "http://"))
