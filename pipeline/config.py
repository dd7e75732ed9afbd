"""The configuration: a small TOML file, every key of which has a default."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from pipeline.encoding import Encoding
from pipeline.errors import UsageError
from pipeline.mail.settings import MailConfig
from pipeline.privacy import ReadableBy
from pipeline.regular import read_text
from pipeline.watch.settings import WatchConfig
from reports.languages import LANGUAGES
from schemas.dates import DateOrder

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic_core import ErrorDetails


# Nobody waits a year for an answer: more is a slip of the hand.
BusinessDays = Annotated[int, Field(strict=True, ge=1, le=250)]


class Section(BaseModel):
    """A part of the file; a key that is not known is an error, since it would silently do nothing."""

    # TOML knows numbers without end, of which no hours or bytes can be made.
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class GateConfig(Section):
    """When an export is refused. Shares are of rows; hours are counted back from the end of the as-of day."""

    max_age_hours: float = Field(36, gt=0)
    max_shrink_share: float = Field(0.3, ge=0, le=1)
    max_shrink_rows: int = Field(10, ge=0)
    may_be_empty: tuple[str, ...] = ()
    may_link_outside: bool = False

    @field_validator("may_be_empty")
    @classmethod
    def _tables_exist(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        _check_tables(names)
        return names


class BreakerConfig(Section):
    """When a rule is suspect: it reports more than a share of the customers and so many `times` its usual number.

    The usual number is the median of the last `nights` nights; with fewer than `least_nights` to go by no rule is
    suspect.
    """

    max_share: float = Field(0.1, ge=0, le=1)
    times: float = Field(10, ge=1)
    nights: int = Field(14, ge=1)
    least_nights: int = Field(3, ge=1)


class LimitsConfig(Section):
    """What no honest export passes: bytes of a line, columns of the header, and the file's size (10^9 bytes)."""

    max_line_bytes: int = Field(1_048_576, ge=1_024)
    max_columns: int = Field(1_000, ge=1)
    max_file_gb: float = Field(20, gt=0)


class UnreadConfig(Section):
    """How many rows may go unread before a night counts as not audited (both bounds must be passed)."""

    max_share: float = Field(0.01, ge=0, le=1)
    max_rows: int = Field(10, ge=0)
    kept_rows: int = Field(10_000, ge=1)


class PrivacyConfig(Section):
    """Who may read the files that the program writes, beside their owner."""

    readable_by: ReadableBy = ReadableBy.OWNER


class RetentionConfig(Section):
    """How much is kept: folders of nights and of refusals, the newest first, and days for which mail may wait."""

    runs: int = Field(400, ge=1)
    refused: int = Field(60, ge=1)
    # More days back than a hundred years there is no date any more.
    mail_days: int = Field(30, ge=1, le=36_500)


class TableConfig(Section):
    """What an export is, where its own content cannot tell."""

    max_age_hours: float | None = Field(None, gt=0)
    encoding: Encoding | None = None
    delimiter: str | None = Field(None, min_length=1, max_length=1)
    date_order: dict[str, DateOrder] = {}


class Config(Section):
    """All settings. Memory limit and threads are DuckDB's; `keep` counts earlier warehouses.

    `answer_times` are business days by qualification, in place of those in sql/reference. `waivers` is the waivers
    file; by default it is waivers.toml in the state directory, which need not exist. Without `mail` nothing is sent.
    """

    partner: str = "Cloud Solution Provider partner"
    language: str = "en"
    state: Path = Path("csp-audit-state")
    waivers: Path | None = None
    memory_limit: str = Field("1GB", pattern=r"^[0-9]+(\.[0-9]+)? ?(MB|MiB|GB|GiB)$")
    threads: int = Field(2, ge=1)
    keep: int = Field(3, ge=0)
    gate: GateConfig = GateConfig()
    unread: UnreadConfig = UnreadConfig()
    breaker: BreakerConfig = BreakerConfig()
    limits: LimitsConfig = LimitsConfig()
    privacy: PrivacyConfig = PrivacyConfig()
    retention: RetentionConfig = RetentionConfig()
    mail: MailConfig | None = None
    watch: WatchConfig = WatchConfig()
    answer_times: dict[str, BusinessDays] = {}
    tables: dict[str, TableConfig] = {}

    @field_validator("language")
    @classmethod
    def _language_exists(cls, language: str) -> str:
        if language not in LANGUAGES:
            message = f"there is no language {language}; there are {', '.join(LANGUAGES)}"
            raise ValueError(message)
        return language

    @field_validator("answer_times")
    @classmethod
    def _answer_times_exist(cls, days: dict[str, int]) -> dict[str, int]:
        from pipeline.policy import answered_qualifications

        known = answered_qualifications()
        for name in days:
            if name not in known:
                message = f"there is no answer time for {name}; there is one for {' and '.join(known)}"
                raise ValueError(message)
        return days

    @field_validator("tables")
    @classmethod
    def _tables_exist(cls, tables: dict[str, TableConfig]) -> dict[str, TableConfig]:
        from schemas.catalog import TABLES

        _check_tables(tables)
        for name, table in tables.items():
            for column in set(table.date_order) - {column.name for column in TABLES[name].columns}:
                message = f"{name}.date_order: there is no column {column}"
                raise ValueError(message)
        return tables


def _check_tables(names: Iterable[str]) -> None:
    from schemas.catalog import TABLES

    for name in names:
        if name not in TABLES:
            message = f"there is no table {name}; the tables are {', '.join(TABLES)}"
            raise ValueError(message)


def load_config(path: Path | None) -> Config:
    """Read the configuration; without a file everything is at its default.

    Raises UsageError with one line for each key that is wrong.
    """
    if path is None:
        return Config()
    try:
        return Config.model_validate(tomllib.loads(read_text(path)))
    except ValidationError as error:
        raise UsageError("\n".join(f"{path}: {_wrong(item)}" for item in error.errors())) from error
    # A number of thousands of digits is a ValueError of Python's own, lists in lists without end a RecursionError.
    except (OSError, ValueError, RecursionError) as error:
        why = (error.strerror if isinstance(error, OSError) else "") or error
        message = f"{path}: the configuration cannot be read: {why}. Correct the file and run again."
        raise UsageError(message) from error


def waivers_file(config: Config) -> Path:
    """Return where the waivers are: the file that the configuration names, else the one in the state directory."""
    return config.waivers or config.state / "waivers.toml"


def _wrong(item: ErrorDetails) -> str:
    """Say which key is wrong and why, without the value."""
    why = "there is no such key" if item["type"] == "extra_forbidden" else item["msg"].removeprefix("Value error, ")
    return f"{'.'.join(map(str, item['loc']))}: {why[:1].lower()}{why[1:]}. Correct it and run again."
