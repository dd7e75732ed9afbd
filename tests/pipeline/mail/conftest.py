"""What the tests of the post share: certificates, made once, and a message."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.pipeline.mail.servers import make_authority, make_certificate

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Certificates:
    """An authority; a certificate by it for this machine, one for another, and one that nobody vouches for."""

    authority: Path
    good: Path
    other_name: Path
    foreign: Path


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    ours, foreign = tmp_path_factory.mktemp("ours"), tmp_path_factory.mktemp("foreign")
    authority = make_authority(ours)
    make_authority(foreign)
    return Certificates(
        authority,
        make_certificate(ours, "good", "IP:127.0.0.1,DNS:localhost"),
        make_certificate(ours, "other", "DNS:mail.lipowa.example"),
        make_certificate(foreign, "foreign", "IP:127.0.0.1"),
    )
