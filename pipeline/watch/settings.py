"""The section [watch] of the configuration: who is told that a night has run, and how many logs stay."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator


class WatchConfig(BaseModel):
    """`ping_url` is asked after each run, `metrics_file` written for Prometheus; `keep_logs` counts older logs."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ping_url: str = Field("", pattern=r"^(https?://[\x21-\x7e]+)?$")
    metrics_file: Path | None = None
    keep_logs: int = Field(7, ge=0)

    @field_validator("ping_url")
    @classmethod
    def _has_host(cls, url: str) -> str:
        if url and not _names_host(url):
            message = "it is no link: after https:// comes the name of the service, without a user or a # in it"
            raise ValueError(message)
        return url

    @field_validator("metrics_file")
    @classmethod
    def _has_name(cls, path: Path | None) -> Path | None:
        if path is not None and not path.name:
            message = "it names no file, as in /var/lib/node_exporter/csp_audit.prom"
            raise ValueError(message)
        return path


def _names_host(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and "@" not in parts.netloc and not parts.fragment and parts.port != 0
    except ValueError:
        return False
