"""The crontab line of `csp-audit init` under the cron daemon of Debian: silent when it goes well, one line when not.

It needs root, Debian's package cron, and a machine without a mail program, for which it stands in; it starts the daemon
where none runs. Root's crontab is as it was afterwards. CSP_AUDIT_REQUIRE_CRON=1 turns a skip into a failure.
"""

from __future__ import annotations

import email
import os
import re
import shutil
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.pipeline.commandline import DAYS, call, sample

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# What is covered is told by other tests; measuring it would double the time.
pytestmark = pytest.mark.no_cover
SENDMAIL = Path("/usr/sbin/sendmail")  # the one place where Debian's cron looks
LONGEST_WAIT = 400  # seconds: cron wakes each minute, and a night goes behind everything else on a busy machine


def hindrance() -> str:
    """Say why cron cannot be tried here, if anything."""
    if not (shutil.which("cron") and shutil.which("crontab")):
        return "Debian's package cron is not here"
    if os.geteuid() != 0:
        return "only root may start cron"
    return f"{SENDMAIL} is here, and cron would really mail" if SENDMAIL.exists() else ""


@pytest.fixture(scope="module", autouse=True)
def _machine_for_cron() -> None:
    why = hindrance()
    if why and os.environ.get("CSP_AUDIT_REQUIRE_CRON") == "1":
        pytest.fail(why)
    if why:
        pytest.skip(why)


@contextmanager
def mail_to(folder: Path) -> Iterator[None]:
    """Let what cron mails be written into a folder, a file for each mail, named when it is whole."""
    script = f"#!/bin/sh\ncat > '{folder}'/.$$ && mv '{folder}'/.$$ '{folder}'/$$\n"
    SENDMAIL.write_text(script, encoding="utf-8")
    try:
        SENDMAIL.chmod(0o755)
        yield
    finally:
        SENDMAIL.unlink()


@contextmanager
def crontab(text: str) -> Iterator[Callable[[], None]]:
    """Add lines to root's crontab, as the next steps of init say; give what takes them out again."""
    before = subprocess.run(["crontab", "-l"], capture_output=True, text=True, check=False).stdout

    def take_out() -> None:
        if before:
            subprocess.run(["crontab", "-"], input=before, text=True, check=True)
        else:
            subprocess.run(["crontab", "-r"], capture_output=True, check=False)

    try:
        subprocess.run(["crontab", "-"], input=before + text, text=True, check=True)
        yield take_out
    finally:
        take_out()


@contextmanager
def cron() -> Iterator[int]:
    """Give the process of the cron daemon: the one that runs, else one in the environment of a service manager."""
    pidfile = Path("/run/crond.pid")
    running = pidfile.read_text(encoding="ascii").strip() if pidfile.exists() else ""
    name = Path("/proc", running, "comm")
    if running and name.exists() and name.read_text(encoding="utf-8") == "cron\n":
        yield int(running)
        return
    with subprocess.Popen(["/usr/sbin/cron", "-f"], env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}, cwd="/") as daemon:
        try:
            yield daemon.pid
        finally:
            daemon.terminate()


def children(process: int) -> str:
    return Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii")


def wait_for(happened: Callable[[], object], what: str) -> None:
    end = time.monotonic() + LONGEST_WAIT
    while not happened():
        assert time.monotonic() < end, f"{what} has not happened in {LONGEST_WAIT} s"
        time.sleep(0.2)


def each_minute(folder: Path, exports: Path) -> str:
    """Return the crontab that init writes, with other times and nothing else changed."""
    assert call("init", "--dir", folder, "--exports", exports).code == 0
    text = (folder / "csp-audit.cron").read_text(encoding="utf-8")
    changed, times = re.subn(r"^30 2 \* \* \* ", "* * * * * ", text, flags=re.MULTILINE)
    assert times == 1
    return changed


def test_cron_runs_the_line_and_mails_one_line_where_it_fails(tmp_path: Path) -> None:
    good, bad, mails = tmp_path / "100% d'Élan", tmp_path / 'bad "$HOME" night', tmp_path / "mails"
    shutil.copytree(sample(DAYS[2]), tmp_path / "exports", copy_function=shutil.copy)
    mails.mkdir()
    lines = each_minute(good, tmp_path / "exports") + each_minute(bad, tmp_path / "no exports")
    lines += f"* * * * * env > {tmp_path}/environment\n"
    report, environment = good / "state" / "latest" / "report.html", tmp_path / "environment"
    with mail_to(mails), crontab(lines) as take_out, cron() as daemon:
        wait_for(environment.exists, "cron's minute")
        take_out()  # once is enough
        wait_for(lambda: not children(daemon), "the end of the jobs")
    # cron gives a command hardly anything, and certainly not this test's environment.
    variables = dict(line.split("=", 1) for line in environment.read_text(encoding="utf-8").splitlines())
    assert set(variables) <= {"HOME", "LOGNAME", "MAILTO", "PATH", "PWD", "SHELL", "SHLVL", "_", "LANG", "LC_ALL", "TZ"}
    assert variables["PATH"] == "/usr/bin:/bin"
    # The night is there, and nobody was mailed for it.
    assert report.read_text(encoding="utf-8").rstrip().endswith("</html>")
    everything = [email.message_from_bytes(path.read_bytes()) for path in mails.iterdir()]
    (mailed,) = [mail for mail in everything if "csp-audit run" in mail["Subject"]]
    assert mailed["To"] == "root"
    body = mailed.get_payload()
    assert body.count("\n") == 1
    assert body.startswith(f"csp-audit: {tmp_path / 'no exports'}: ")
