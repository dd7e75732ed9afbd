"""What made a night: the program's version, and exactly which rules, views and policy data."""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import sql

if TYPE_CHECKING:
    from collections.abc import Mapping


def program_version() -> str:
    """Return the version of csp-audit that is installed."""
    return version("csp-audit")


def rule_set(answer_times: Mapping[str, int]) -> str:
    """Return a short name for exactly these rules, views and policy data: it changes when any of them does."""
    digest = hashlib.sha256(json.dumps(dict(answer_times), sort_keys=True).encode())
    folder = Path(sql.__file__).parent
    for path in sorted((*folder.rglob("*.sql"), *folder.rglob("*.csv"))):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:8]
