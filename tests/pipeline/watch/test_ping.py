"""The sign of life: what is asked for after which end, and that no service can harm or delay a night."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from urllib.error import URLError

import pytest

from pipeline.watch.ping import _opener, failed, ping
from tests.pipeline.commandline import audit, call
from tests.pipeline.exports import AS_OF
from tests.pipeline.watch.services import HOST, closed_port, serving, silent

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HIDDEN = "s3cret-token"
# Nothing here waits for so long, however busy the machine is.
HANG = 30.0


def write_config(folder: Path, url: str) -> Path:
    path = folder / "csp-audit.toml"
    path.write_text(f'[watch]\nping_url = "{url}"\n', encoding="utf-8")
    return path


@pytest.mark.parametrize(("folder", "code", "path"), [("good", 0, ""), ("exports", 1, ""), ("empty", 3, "/fail")])
def test_each_end_asks_for_its_own_address(
    folder: str, code: int, path: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    with serving() as service:
        config = write_config(tmp_path, service.url)
        ended = audit(request.getfixturevalue(folder), AS_OF, tmp_path / "state", "--config", config)
    assert (ended.code, ended.out) == (code, "")
    assert "watch" not in ended.err
    assert (service.asked, service.agents) == ([f"/{HIDDEN}{path}"], {"csp-audit"})


def test_dry_run_is_no_sign_of_life(good: Path, tmp_path: Path) -> None:
    with serving() as service:
        config = write_config(tmp_path, service.url)
        assert audit(good, AS_OF, tmp_path / "state", "--config", config, "--dry-run").code == 0
    assert service.asked == []


def test_state_directory_that_cannot_be_is_reported_too(good: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no directory", encoding="utf-8")
    with serving() as service:
        config = write_config(tmp_path, service.url)
        ended = audit(good, AS_OF, tmp_path / "file" / "state", "--config", config)
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert service.asked == [f"/{HIDDEN}/fail"]


def test_service_that_fails_is_one_line_without_the_secret_and_changes_nothing(good: Path, tmp_path: Path) -> None:
    state, port = tmp_path / "state", closed_port()
    config = write_config(tmp_path, f"http://{HOST}:{port}/{HIDDEN}?key={HIDDEN}")
    ended = audit(good, AS_OF, state, "--config", config, "--verbose")
    assert (ended.code, ended.out) == (0, "")
    told = [line for line in ended.err.splitlines() if line.startswith("csp-audit: ")]
    why = f"http://{HOST} was not reached: Connection refused. Check watch.ping_url in the configuration"
    assert told == [f"csp-audit: watch: {why}, and the network."]
    log = (state / "csp-audit.log").read_text(encoding="ascii")
    assert f"http://{HOST} was not reached" in log
    written = (path.read_bytes() for path in state.rglob("*") if path.is_file())
    assert HIDDEN not in ended.err + log
    assert not any(HIDDEN.encode() in content for content in written)


def test_second_try_is_enough() -> None:
    with serving(500) as service:
        assert ping(service.url) == ""
    assert service.asked == [f"/{HIDDEN}"] * 2


def test_two_failures_are_one_and_say_which() -> None:
    with serving(500, 503, 200) as service:
        assert "was not reached: it said 503. " in ping(service.url)
    assert len(service.asked) == 2


@pytest.mark.parametrize("trickle", [b"", b"HTTP/1.1 200 OK\r\nX: y\r\n", b"\0"], ids=["silent", "endless", "garbage"])
def test_server_that_never_ends_its_answer_is_let_go(trickle: bytes) -> None:
    began = time.monotonic()
    with silent(trickle) as url:
        why = ping(url, timeout=0.3)
    assert time.monotonic() - began < HANG
    assert why.startswith(f"http://{HOST} was not reached: ")
    assert HIDDEN not in why


def test_redirect_is_followed_to_the_same_kind_of_address_alone() -> None:
    with serving() as target, serving(target.url) as service:
        assert ping(service.url) == ""
    assert (len(service.asked), len(target.asked)) == (1, 1)


@pytest.mark.parametrize("place", ["ftp://127.0.0.1/x", "file:///etc/passwd", "gopher://x/", "http://["])
def test_redirect_to_anything_else_is_a_failure(place: str) -> None:
    with serving(place, place) as service:
        why = ping(service.url)
    assert why.startswith(f"http://{HOST} was not reached: ")
    assert "passwd" not in why


def test_https_is_never_led_to_http() -> None:
    """The guard is in the opener of an address with https; here it meets the http that a redirect would be."""
    with serving() as service, pytest.raises(URLError):
        _opener("https://hc.example/x").open(service.url, timeout=1)
    assert service.asked == []


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://hc.example/abc", "https://hc.example/abc/fail"),
        ("https://hc.example/abc/", "https://hc.example/abc/fail"),
        ("https://hc.example", "https://hc.example/fail"),
        ("https://hc.example/ping?key=1", "https://hc.example/ping/fail?key=1"),
    ],
)
def test_failure_has_an_address_of_its_own(url: str, address: str) -> None:
    assert failed(url) == address


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('ping_url = "ftp://s3cret-token.example/x"', "watch.ping_url: string should match pattern"),
        ('ping_url = "file:///s3cret-token"', "watch.ping_url: string should match pattern"),
        ('ping_url = "https://"', "watch.ping_url: string should match pattern"),
        ('ping_url = "https:///s3cret-token"', "watch.ping_url: it is no link"),
        ('ping_url = "https://user:s3cret-token@x.example/"', "watch.ping_url: it is no link"),
        ('ping_url = "https://[s3cret-token"', "watch.ping_url: it is no link"),
        ('ping_url = "https://x.example/a#s3cret-token"', "watch.ping_url: it is no link"),
        ('ping_url = "https://x.example/s3cret-token b"', "watch.ping_url: string should match pattern"),
        ('metrics_file = ""', "watch.metrics_file: it names no file"),
        ("keep_logs = -1", "watch.keep_logs: input should be greater than or equal to 0"),
        ("colour = 1", "watch.colour: there is no such key"),
    ],
)
def test_wrong_setting_is_one_line_without_its_value(line: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "csp-audit.toml"
    path.write_text(f"[watch]\n{line}\n", encoding="utf-8")
    ended = call("run", tmp_path, "--config", path, "--state", tmp_path / "state")
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert told in ended.err
    assert HIDDEN not in ended.err


def test_stopped_run_waits_for_no_service(
    good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, interrupting: Callable[[], None]
) -> None:
    monkeypatch.setattr("pipeline.watch.ping.TIMEOUT", 4 * HANG)
    interrupting()
    began = time.monotonic()
    with silent() as url:
        ended = audit(good, AS_OF, tmp_path / "state", "--config", write_config(tmp_path, url))
    assert ended.code == 130
    assert time.monotonic() - began < 2 * HANG
