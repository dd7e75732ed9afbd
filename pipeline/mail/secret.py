"""The password of the mail server: where it may be, and that it is never shown."""

from __future__ import annotations

import os
import shlex
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeline.errors import UsageError
from pipeline.regular import open_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.mail.settings import MailConfig

_VARIABLE = "CSP_AUDIT_SMTP_PASSWORD"


@dataclass(frozen=True)
class Secret:
    """A text that no log, message or stack shows."""

    value: str = field(default="", repr=False)


def read_password(mail: MailConfig) -> Secret:
    """Return the password for the configured user, or an empty one where there is no user.

    The variable comes before the file. Raises UsageError where there is neither, where others may read the file, or
    where the password has signs that SMTP cannot carry.
    """
    if not mail.user:
        return Secret()
    password = Secret(os.environ.get(_VARIABLE, "").rstrip("\r\n") or _read(mail))
    if not password.value.isascii() or not password.value.isprintable():
        message = "the password of the mail server has signs outside ASCII. Set one of plain letters, digits and signs."
        raise UsageError(message)
    return password


def _read(mail: MailConfig) -> str:
    if mail.password_file is None:
        message = f"mail.user is set, but there is no password. Set {_VARIABLE}, or name a file in mail.password_file."
        raise UsageError(message)
    path = mail.password_file
    try:
        with open_bytes(path) as file:
            _check_mode(path, os.fstat(file.fileno()).st_mode)
            password = file.read().decode("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        message = f"{path}: the password cannot be read: {why}. Correct mail.password_file, or set {_VARIABLE}."
        raise UsageError(message) from None
    if not password:
        message = f"{path}: there is no password in it. Write it on the first line."
        raise UsageError(message)
    return password


def _check_mode(path: Path, mode: int) -> None:
    if stat.S_IMODE(mode) & 0o077:
        message = f"{path}: others may read the password. Run chmod 600 {shlex.quote(str(path))}, then run again."
        raise UsageError(message)
