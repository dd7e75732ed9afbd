"""The section [mail] of the configuration: which server, who sends, and who gets what."""

from __future__ import annotations

import ipaddress
import re
import string
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from reports.languages import LANGUAGES
from reports.mail.envelope import name_and_address
from schemas.finding import Level

# ASCII only: a mailbox with other letters needs a server and a reader that both know SMTPUTF8.
_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9-]+)*"
)
_LONGEST_ADDRESS = 254
_LIST_ID = r"[A-Za-z0-9.-]+"


class Security(StrEnum):
    """How the connection is protected; `none` is for a server on this machine."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


_PORTS = {Security.STARTTLS: 587, Security.TLS: 465, Security.NONE: 25}


class Only(StrEnum):
    """On which nights somebody is mailed."""

    ALWAYS = "always"
    FINDINGS = "findings"
    FAILURE = "failure"


def is_address(text: str) -> bool:
    """Tell whether a text is one plain mail address."""
    return len(text) <= _LONGEST_ADDRESS and _ADDRESS.fullmatch(text) is not None


def _existing(language: str) -> str:
    if language not in LANGUAGES:
        message = f"there is no language {language}; there are {', '.join(LANGUAGES)}"
        raise ValueError(message)
    return language


Language = Annotated[str, AfterValidator(_existing)]


class MailSection(BaseModel):
    """A part of [mail]; as elsewhere in the file, a key that is not known is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Recipient(MailSection):
    """One address: its language, the least serious level that is listed for it, and on which nights it is mailed."""

    address: str
    language: Language = "en"
    level: Level = Level.VERIFY
    only: Only = Only.ALWAYS

    @field_validator("address")
    @classmethod
    def _is_address(cls, address: str) -> str:
        if not is_address(address):
            message = "it is not a plain mail address, as in audit@lipowa.example"
            raise ValueError(message)
        return address


class MailConfig(MailSection):
    """Where and how mail goes. `report_url` may hold {as_of}; `reseller_report_url` holds {reseller} as well.

    The password is not here: it is in the variable CSP_AUDIT_SMTP_PASSWORD, or in `password_file`.
    """

    host: str = Field(min_length=1, pattern=r"^[A-Za-z0-9.:-]+$")
    sender: str
    port: int | None = Field(None, ge=1, le=65_535)
    security: Security = Security.STARTTLS
    allow_plain: bool = False
    user: str = Field("", pattern=r"^[\x21-\x7e]*$")
    password_file: Path | None = None
    ca_file: Path | None = None
    timeout_seconds: float = Field(30, gt=0, le=600)
    attempts: int = Field(3, ge=1, le=5)
    list_id: str = Field("", pattern=rf"^({_LIST_ID})?$")
    report_url: str = ""
    reseller_report_url: str = ""
    attach_csv: bool = False
    recipients: tuple[Recipient, ...] = ()
    resellers: Path | None = None

    @field_validator("sender")
    @classmethod
    def _has_address(cls, sender: str) -> str:
        if not sender.isprintable() or not is_address(name_and_address(sender)[1]):
            message = "it is not one plain mail address, as in CSP audit <audit@lipowa.example>"
            raise ValueError(message)
        return sender

    @field_validator("report_url")
    @classmethod
    def _is_link(cls, link: str) -> str:
        if not _fields_of_link(link) <= {"as_of"}:
            message = "it may hold {as_of}, as it stands here, and no other braces"
            raise ValueError(message)
        return link

    @field_validator("reseller_report_url")
    @classmethod
    def _is_link_of_each(cls, link: str) -> str:
        fields = _fields_of_link(link)
        if not fields <= {"as_of", "reseller"}:
            message = "it may hold {as_of} and {reseller}, as they stand here, and no other braces"
            raise ValueError(message)
        if link and "reseller" not in fields:
            message = "it must hold {reseller}, or all resellers would be sent to one page"
            raise ValueError(message)
        return link

    @field_validator("recipients")
    @classmethod
    def _are_different(cls, recipients: tuple[Recipient, ...]) -> tuple[Recipient, ...]:
        seen = set[str]()
        for recipient in recipients:
            if recipient.address.lower() in seen:
                message = f"{recipient.address} is there twice"
                raise ValueError(message)
            seen.add(recipient.address.lower())
        return recipients

    @model_validator(mode="after")
    def _is_protected(self) -> MailConfig:
        if self.security is Security.NONE and not self.allow_plain and not _is_loopback(self.host):
            message = (
                f'security = "none" would send customers\' names to {self.host} in the clear; set it to "starttls" or '
                '"tls", or set allow_plain = true'
            )
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _is_for_somebody(self) -> MailConfig:
        if not self.recipients and self.resellers is None:
            message = "nobody is mailed; add [[mail.recipients]] with an address, or resellers, or leave out [mail]"
            raise ValueError(message)
        return self

    @property
    def address(self) -> str:
        """The address that sends."""
        return name_and_address(self.sender)[1]

    @property
    def list_name(self) -> str:
        """The identity of the list: as configured, else one in the sender's domain."""
        return self.list_id or f"csp-audit.{self.address.partition('@')[2]}"

    @property
    def server_port(self) -> int:
        """The port, by default the usual one for the protection."""
        return self.port or _PORTS[self.security]


def _fields_of_link(template: str) -> set[str]:
    """Return the names in braces; what is more than a name is returned whole, so that it is none that is known."""
    if template and not re.fullmatch(r"https?://[\x21-\x7e]+", template):
        message = "it is no link: it begins with https:// and has no spaces"
        raise ValueError(message)
    try:
        parts = [part for part in string.Formatter().parse(template) if part[1] is not None]
    except ValueError:
        return {"{"}
    return {f"{name}!{conversion}:{form}" if form or conversion else f"{name}" for _, name, form, conversion in parts}


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
