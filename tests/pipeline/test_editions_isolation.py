"""A reseller's edition holds nothing of another's: not a name, not an id, not a count, not in any byte of any file."""

from __future__ import annotations

import base64
import gzip
import html
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pipeline.audit import read_audit
from pipeline.editions import read_edition, reseller_ids
from pipeline.nights import nights
from pipeline.rulefile import read_rules
from pipeline.triage.triage import Triage
from pipeline.warehouse import open_warehouse
from reports import render
from reports.mail.digest import digest
from reports.mail.letter import Letter
from tests.pipeline.commandline import audit
from tests.pipeline.exports import AS_OF, write_folder
from tests.pipeline.resellers import RESELLERS, World, night_before, world

if TYPE_CHECKING:
    from email.message import EmailMessage

    from schemas.finding import Audit

LETTER = Letter("Audit <audit@house.example>", ("sales@r.example",), "audit.house.example", attach_csv=True)
STARTED = datetime(2026, 11, 20, 2, tzinfo=UTC)
# An example is two or four whole nights; there is nothing in a seed that could be made smaller.
STEADY = settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
_PACKED = re.compile(rb'<script type="application/octet-stream"[^>]*>([^<]+)</script>')


@dataclass(frozen=True)
class Audited:
    """A night of a world: the whole audit, and the edition of one reseller on it and on the night before."""

    whole: Audit
    edition: Audit
    before: Audit


@cache
def rules() -> tuple[object, ...]:
    return tuple(file.rule for file in read_rules())


def audited(made: World, reseller: str) -> Audited:
    """Audit two nights of a world; what the clock and the place of the files say is taken out."""
    with TemporaryDirectory() as folder:
        root = Path(folder)
        state = root / "state"
        config = root / "any.toml"
        config.write_text("gate = { max_age_hours = 1000 }\nunread = { max_rows = 100 }\n", encoding="utf-8")
        state.mkdir()
        (state / "waivers.toml").write_text(made.waivers, encoding="utf-8")
        for day, tables in (("2026-11-19", night_before(made)), (AS_OF, made.tables)):
            ended = audit(write_folder(root / day, tables), day, state, "--config", config)
            assert ended.code in {0, 1}, ended.err
        with open_warehouse(state / "warehouse.duckdb") as connection:
            newest, earlier = nights(connection)
            plain = read_audit(connection, rules())  # type: ignore[arg-type]
            notes = {f.finding_id: Triage("wait", "M. Rossi", note=f"{f.company_name} knows") for f in plain.findings}
            whole = read_audit(connection, rules(), newest, notes)  # type: ignore[arg-type]
            old = read_audit(connection, rules(), earlier)  # type: ignore[arg-type]
            assert reseller_ids(connection) == list(RESELLERS)
            edition = read_edition(connection, whole, reseller)
            before = read_edition(connection, old, reseller, earlier)
    steady = {"run_id": "2026-11-20-x", "started_at": STARTED, "rule_set": "x"}
    return Audited(whole, replace(edition, **steady), replace(before, **steady))  # type: ignore[arg-type]


def files(edition: Audit) -> dict[str, bytes]:
    """Return every file that an edition is made into, and the mail."""
    made = {
        "report.html": render.report_html(edition),
        "findings.csv": render.findings_csv(edition),
        "findings.json": render.findings_json(edition),
        "quarantine.csv": render.quarantine_csv(edition),
        "run.json": render.run_json(edition),
    }
    return {name: text.encode() for name, text in made.items()} | {"digest.eml": digest(edition, LETTER)}


def opened(content: bytes) -> str:
    """Return all that a file says, with what is packed, encoded or escaped in it in plain text too."""
    parts = [content, *(gzip.decompress(base64.b64decode(packed)) for packed in _PACKED.findall(content))]
    if content.startswith((b"From:", b"Message-ID:", b"MIME-Version:", b"Date:", b"Subject:")):
        message: EmailMessage = message_from_bytes(content, policy=policy.default)  # type: ignore[assignment]
        parts += [str(value).encode() for value in message.values()]
        parts += [part.get_payload(decode=True) for part in message.walk() if not part.is_multipart()]  # type: ignore[misc]
    text = b"\n".join(parts).decode("utf-8", "replace")
    return f"{text}\n{html.unescape(text)}".casefold()


def written(number: int) -> tuple[str, ...]:
    """Return the ways in which a report may write a number of six digits."""
    thousands, rest = divmod(number, 1000)
    return (str(number), *(f"{thousands}{mark}{rest:03}" for mark in (",", ".", " ", "\u00a0", "\u202f")))


def leaks(edition: Audit, made: World, reseller: str) -> set[tuple[str, str]]:
    """Return what of others is in the files of an edition, with the name of the file."""
    foreign = {text.casefold() for text in made.foreign_texts(reseller)}
    foreign |= {text for number in made.foreign_numbers(reseller) for text in written(number)}
    texts = {name: opened(content) for name, content in files(edition).items()}
    return {(name, text) for name, content in texts.items() for text in foreign if text in content}


@STEADY
@given(seed=st.integers(0, 2**32 - 1), reseller=st.sampled_from(RESELLERS))
def test_nothing_of_another_is_in_any_byte(seed: int, reseller: str) -> None:
    made = world(seed, reseller, unread=seed % 2 == 1)
    night = audited(made, reseller)
    assert {finding.reseller_id for finding in night.edition.findings} <= {reseller}
    assert len(night.edition.findings) < len(night.whole.findings)
    assert leaks(night.edition, made, reseller) == set()
    assert leaks(night.before, made, reseller) == set()


@settings(STEADY, max_examples=2)
@given(seed=st.integers(0, 2**32 - 1), reseller=st.sampled_from(RESELLERS))
def test_edition_is_the_same_bytes_whatever_the_others_have(seed: int, reseller: str) -> None:
    one = audited(world(seed, reseller), reseller)
    other = audited(world(seed, reseller, others="other", unread=True), reseller)
    assert len(one.whole.findings) != 0
    assert files(one.edition) == files(other.edition)
    # How far a rule was judged on an older night is known of the whole only, and said in words without a number.
    assert files(replace(one.before, rules=())) == files(replace(other.before, rules=()))


@pytest.fixture(scope="module")
def mixed() -> tuple[World, Audited]:
    made = world(7, RESELLERS[0])
    return made, audited(made, RESELLERS[0])


def test_grep_finds_one_foreign_finding(mixed: tuple[World, Audited]) -> None:
    made, night = mixed
    foreign = next(f for f in night.whole.findings if f.reseller_id == RESELLERS[1] and f.subscription_id)
    spoilt = replace(night.edition, findings=(*night.edition.findings, foreign))
    found = leaks(spoilt, made, RESELLERS[0])
    assert {"report.html", "findings.csv", "findings.json"} <= {name for name, _ in found}
    assert str(foreign.company_name).casefold() in {text for _, text in found}


def test_grep_finds_one_foreign_number_and_what_is_packed(mixed: tuple[World, Audited]) -> None:
    made, night = mixed
    seats = max(made.foreign_numbers(RESELLERS[0]))
    first, *rest = night.edition.findings
    spoilt = replace(night.edition, findings=(replace(first, seats=seats), *rest))
    assert {text for _, text in leaks(spoilt, made, RESELLERS[0])} & set(written(seats))
    packed = base64.b64encode(gzip.compress(b"Reseller7720002Kilo"))
    page = b'<script type="application/octet-stream" id="data">' + packed + b"</script>"
    assert "reseller7720002kilo" in opened(page)


def test_whole_audit_would_leak(mixed: tuple[World, Audited]) -> None:
    made, night = mixed
    names = {name for name, _ in leaks(night.whole, made, RESELLERS[0])}
    assert _PACKED.search(files(night.edition)["report.html"])
    assert names >= {"report.html", "findings.csv", "findings.json", "digest.eml"}
