"""Small nights and the configuration by which they are mailed."""

from __future__ import annotations

import errno
import os
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import TYPE_CHECKING

from tests.pipeline.exports import night, write_folder
from tests.pipeline.mail.servers import HOST

if TYPE_CHECKING:
    from email.message import EmailMessage

    import pytest

ANNA, BRUNO, CARLA, DAWID = (f"{name}@lipowa.example" for name in ("anna", "bruno", "carla", "dawid"))
RECIPIENTS = f"""
[[mail.recipients]]
address = "{ANNA}"
[[mail.recipients]]
address = "{BRUNO}"
language = "it"
level = "violation"
[[mail.recipients]]
address = "{CARLA}"
only = "findings"
[[mail.recipients]]
address = "{DAWID}"
language = "pl"
only = "failure"
"""
NORTH, SOUTH = "R-north", "R/south & sons"


def write_config(folder: Path, port: int, more: str = "", recipients: str = RECIPIENTS) -> Path:
    """Write a configuration for a plain server on loopback that is tried once."""
    path = folder / "csp-audit.toml"
    path.write_text(
        f'[mail]\nhost = "{HOST}"\nport = {port}\nsecurity = "none"\nattempts = 1\ntimeout_seconds = 5\n'
        f'sender = "CSP audit <audit@lipowa.example>"\n{more}\n{recipients}',
        encoding="utf-8",
    )
    return path


def write_exports(folder: Path) -> Path:
    """Write exports in which two resellers have customers, and some have none."""
    tables = night()
    owners = [NORTH, NORTH, SOUTH, "", "", SOUTH]
    tables["customers"] = [row | {"reseller_id": owner} for row, owner in zip(tables["customers"], owners, strict=True)]
    return write_folder(folder, tables)


def read_mail(content: bytes) -> EmailMessage:
    """Read a message as a mail program does, and insist that it is well formed."""
    mail = message_from_bytes(content, policy=default)
    assert all(not part.defects for part in mail.walk())
    assert max(map(len, content.split(b"\r\n"))) <= 998
    return mail  # type: ignore[return-value]


def forbid(monkeypatch: pytest.MonkeyPatch, folder: Path, number: int = errno.EACCES) -> None:
    """Let the system refuse to list a folder; who runs the tests may be allowed everything."""
    listed = os.listdir

    def listdir(path: str | Path) -> list[str]:
        if Path(path) == folder:
            raise OSError(number, os.strerror(number), str(path))
        return listed(path)

    monkeypatch.setattr("os.listdir", listdir)
