"""The crontab line and the systemd units of `csp-audit init`, as their readers take them."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from pipeline.config import load_config
from pipeline.setup.files import setup_files
from pipeline.setup.places import Places, installed_program
from tests.pipeline.commandline import DAYS, ROOT, call, sample, uncovered
from tests.pipeline.initial import cron_line, written

NAMES = [
    "plain", "with space", "100%", "%n%%", "d'Élan", 'say "so"', "$HOME", "${PATH}", "`id`", "a;b", "a && b", "#1", "*",
    "~", "-f", "@", "Zażółć", "東京",
]  # fmt: skip


def units(text: str) -> dict[str, dict[str, str]]:
    """Read a unit strictly: a key twice, a key without a section or an inline comment would fail."""
    parser = configparser.ConfigParser(
        delimiters=("=",), comment_prefixes=("#",), interpolation=None, strict=True, empty_lines_in_values=False
    )
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(text)
    assert not parser.defaults()
    return {name: dict(parser[name]) for name in parser.sections()}


def unit_words(value: str, *, variables: bool) -> list[str]:
    """Read quoted words as systemd does: C escapes, then specifiers, then variables."""
    words = [word.replace('\\"', '"') for word in re.findall(r'"((?:[^"\\]|\\.)*)"', value)]
    assert " ".join(f'"{word}"' for word in words).replace('"', "") == value.replace('\\"', "").replace('"', "")
    assert not [word for word in words if re.search(r"(?<!%)(%%)*%(?!%)", word)]
    words = [word.replace("%%", "%") for word in words]
    if variables:
        assert not [word for word in words if re.search(r"(?<!\$)(\$\$)*\$(?!\$)", word)]
        words = [word.replace("$$", "$") for word in words]
    return words


def test_paths_that_are_too_long_for_cron_are_refused(tmp_path: Path) -> None:
    ended = call("init", "--dir", tmp_path / "new", "--exports", "/x" * 500)
    assert (ended.code, list(tmp_path.iterdir())) == (2, [])
    assert ended.err == "csp-audit: the crontab line would be longer than 998 bytes. Use shorter paths.\n"


@pytest.mark.parametrize("name", NAMES)
def test_cron_and_systemd_read_paths_as_they_are(name: str, tmp_path: Path) -> None:
    folder, exports, state = tmp_path / name, tmp_path / "in" / name, tmp_path / "out" / name
    texts = written(folder, "--exports", exports, "--state", state)
    night = [*installed_program(), "run", str(exports), "--config", str(folder / "csp-audit.toml")]
    argv = ["/bin/sh", "-c", f"printf '%s\\0' {cron_line(texts['csp-audit.cron'])}"]
    assert subprocess.run(argv, capture_output=True, text=True, check=True).stdout.split("\0")[:-1] == night
    service = units(texts["csp-audit.service"])["Service"]
    program, *rest = unit_words(service["ExecStart"], variables=True)
    assert [program, *rest] == night
    assert unit_words(service["ReadWritePaths"], variables=False) == [str(state)]
    assert load_config(folder / "csp-audit.toml").state == state


def test_the_guide_shows_what_init_writes() -> None:
    places = Places(
        Path("/etc/csp-audit"), Path("/srv/exports"), Path("/var/lib/csp-audit"),
        ("/opt/csp-audit/bin/csp-audit",), "audit",
    )  # fmt: skip
    lines = {line for text in setup_files(places).values() for line in text.splitlines()}
    guide = (ROOT / "docs" / "scheduling.md").read_text(encoding="utf-8")
    shown = re.findall(r"^```(?:crontab|ini)\n(.*?)^```", guide, re.DOTALL | re.MULTILINE)
    assert len(shown) == 2
    assert {line for block in shown for line in block.splitlines()} <= lines


def test_units_keep_the_service_to_what_it_needs(tmp_path: Path) -> None:
    texts = written(tmp_path)
    service, timer = units(texts["csp-audit.service"]), units(texts["csp-audit.timer"])
    assert (list(service), list(timer)) == (["Unit", "Service"], ["Unit", "Timer", "Install"])
    promised = {
        "Type": "oneshot", "Nice": "10", "UMask": "0077", "NoNewPrivileges": "yes", "PrivateTmp": "yes",
        "ProtectSystem": "strict", "SuccessExitStatus": "1",
    }  # fmt: skip
    assert service["Service"].items() >= promised.items()
    assert timer["Timer"] == {
        "OnCalendar": "*-*-* 02:30:00 UTC", "RandomizedDelaySec": "10min", "Persistent": "true",
    }  # fmt: skip
    assert timer["Install"] == {"WantedBy": "timers.target"}


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not here")
def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    texts = written(tmp_path / '100% d\'Élan "$HOME"')
    folder = tmp_path / "units"
    folder.mkdir()
    for name in ("csp-audit.service", "csp-audit.timer"):
        (folder / name).write_text(texts[name], encoding="utf-8")
    argv = ["systemd-analyze", "verify", *map(str, sorted(folder.iterdir()))]
    ended = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert "csp-audit" not in ended.stdout + ended.stderr
    (folder / "csp-audit.service").write_text(texts["csp-audit.service"].replace("UMask", "Umsak"), encoding="utf-8")
    ended = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert "Umsak" in ended.stdout + ended.stderr


def test_the_crontab_line_audits_a_night_from_anywhere_in_a_bare_environment(tmp_path: Path) -> None:
    exports = tmp_path / "exports of 100%"
    shutil.copytree(sample(DAYS[2]), exports, copy_function=shutil.copy)
    text = written(tmp_path / "d'Élan", "--exports", exports, "--state", tmp_path / "state")["csp-audit.cron"]
    argv = ["/usr/bin/env", "-i", "PATH=/usr/bin:/bin", "/bin/sh", "-c", cron_line(text)]
    ended = subprocess.run(argv, cwd="/", capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", "")
    assert (tmp_path / "state" / "latest" / "report.html").exists()


# As ProtectSystem=strict and ReadWritePaths do: everything is read-only but the state directory.
_READ_ONLY = """
mount --bind "$1" "$1" && mount --bind "$1/state" "$1/state" && mount -o remount,bind,ro "$1" \
    && mount -o remount,bind,ro / || exit 99
touch "$1/elsewhere" 2>/dev/null && exit 98
eval "$2"
"""


def can_mount() -> bool:
    words = ["unshare", "--mount", "mount", "-o", "remount,bind,ro", "/"]
    return bool(shutil.which("unshare")) and subprocess.run(words, capture_output=True, check=False).returncode == 0


def test_a_night_writes_nothing_outside_the_state_directory(tmp_path: Path) -> None:
    if not can_mount():
        pytest.skip("nobody may mount anything here")
    shutil.copytree(sample(DAYS[2]), tmp_path / "exports", copy_function=shutil.copy)
    words = ("--exports", tmp_path / "exports", "--state", tmp_path / "state")
    line = cron_line(written(tmp_path / "setup", *words)["csp-audit.cron"])
    (tmp_path / "state").mkdir()
    argv = ["unshare", "--mount", "/bin/sh", "-c", _READ_ONLY, "sh", str(tmp_path), line]
    ended = subprocess.run(argv, capture_output=True, text=True, check=False, env=uncovered())
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", "")
    assert (tmp_path / "state" / "latest" / "report.html").exists()
