"""`csp-audit init`: its files are right for those who read them, whatever the paths are called, and replace nothing."""

from __future__ import annotations

import re
import shlex
import subprocess
import sysconfig
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click
import pytest
from pydantic import BaseModel

from pipeline.cli import cli
from pipeline.config import Config, load_config
from pipeline.setup.configuration import toml
from pipeline.setup.files import next_steps
from pipeline.setup.keys import KEYS
from pipeline.setup.places import Places, installed_program
from tests.pipeline.commandline import call
from tests.pipeline.exports import contents
from tests.pipeline.initial import cron_line, written

if TYPE_CHECKING:
    from collections.abc import Iterator

FILES = ["csp-audit.cron", "csp-audit.service", "csp-audit.timer", "csp-audit.toml"]
# What each reader could misread, and what the message calls it.
REFUSED = {"line\nbreak": "line\ufffdbreak", "tab\t": "tab\ufffd", "back\\slash": "back\\slash", "bell\a": "bell\ufffd"}


def keys_of(model: type[BaseModel], path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every key of the models with its default; a section has None."""
    for name, field in model.model_fields.items():
        inner = [part for part in flat(field.annotation) if isinstance(part, type) and issubclass(part, BaseModel)]
        yield f"{path}{name}", None if inner or field.is_required() else field.default
        for part in inner:
            yield from keys_of(part, f"{path}{name}.")


def flat(annotation: object) -> list[object]:
    return [annotation, *(part for inner in get_args(annotation) for part in flat(inner))]


def test_init_writes_four_files_for_their_owner_alone_and_nothing_else(tmp_path: Path) -> None:
    texts = written(tmp_path / "new" / "folder")
    assert list(texts) == FILES
    assert [path.name for path in tmp_path.iterdir()] == ["new"]
    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "new" / "folder").iterdir()}
    assert modes == {0o600}
    assert all(text.endswith("\n") for text in texts.values())


def test_paths_are_in_the_folder_unless_they_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert call("init").code == 0
    assert load_config(tmp_path / "csp-audit.toml").state == tmp_path / "state"
    assert shlex.split(cron_line((tmp_path / "csp-audit.cron").read_text()))[-4:] == [
        "run", str(tmp_path / "exports"), "--config", str(tmp_path / "csp-audit.toml"),
    ]  # fmt: skip
    texts = written(tmp_path / "b", "--exports", "../in", "--state", "s")
    assert load_config(tmp_path / "b" / "csp-audit.toml").state == tmp_path / "s"
    assert str(tmp_path.parent / "in") in shlex.split(cron_line(texts["csp-audit.cron"]))


def test_configuration_has_every_default_and_the_state(tmp_path: Path) -> None:
    written(tmp_path)
    assert load_config(tmp_path / "csp-audit.toml") == Config(state=tmp_path / "state")


def test_configuration_shows_every_key_with_its_default(tmp_path: Path) -> None:
    text = written(tmp_path)["csp-audit.toml"]
    shown = tomllib.loads(re.sub(r"^#(?=[a-z_]+ = |\[)", "", text, flags=re.MULTILINE))
    assert Config.model_validate(shown).mail is not None
    # The examples of sections that are named or many stand for all of them.
    shown["tables"] = shown["tables"]["subscriptions"]
    shown["mail"]["recipients"] = shown["mail"]["recipients"][0]
    for key, default in keys_of(Config):
        value = shown
        for part in key.split("."):
            value = value[part]
        if default not in (None, {}) and key not in ("state", "mail.recipients"):
            assert toml(value) == toml(default), key


def test_every_key_of_the_configuration_is_explained_and_no_other() -> None:
    assert set(KEYS) == {key for key, _ in keys_of(Config)}
    assert [key for key, known in KEYS.items() if not known.about or len(known.about) > 100] == []


@pytest.mark.parametrize("there", FILES)
def test_a_file_that_is_there_is_named_and_nothing_is_written(there: str, tmp_path: Path) -> None:
    (tmp_path / there).write_text("mine\n")
    before = contents(tmp_path)
    ended = call("init", "--dir", tmp_path)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == (
        f"csp-audit: {tmp_path / there}: is there already, and nothing was written. Name another folder with --dir, or "
        "overwrite it with --force.\n"
    )
    assert contents(tmp_path) == before
    assert list(written(tmp_path, "--force")) == FILES
    assert (tmp_path / there).read_text() != "mine\n"


def test_a_link_that_leads_nowhere_is_there_too(tmp_path: Path) -> None:
    (tmp_path / "csp-audit.toml").symlink_to(tmp_path / "gone")
    assert call("init", "--dir", tmp_path).code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["csp-audit.toml"]


def test_init_again_with_force_writes_the_same_bytes(tmp_path: Path) -> None:
    assert written(tmp_path) == written(tmp_path, "--force")


@pytest.mark.parametrize("option", ["--dir", "--exports", "--state"])
@pytest.mark.parametrize("name", REFUSED)
def test_a_path_that_could_be_misread_is_refused_in_one_line(option: str, name: str, tmp_path: Path) -> None:
    words = ("init", "--dir", tmp_path / "new", option, tmp_path / name)
    ended = call(*words)
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert f"csp-audit: {option}: {tmp_path / REFUSED[name]}: " in ended.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["d'Élan", 'say "so"', "$HOME", "back\\slash"])
def test_a_program_that_systemd_would_not_start_is_refused(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / name / "csp-audit"
    script.parent.mkdir()
    script.touch(mode=0o755)
    monkeypatch.setattr(sysconfig, "get_path", lambda _: str(script.parent))
    ended = call("init", "--dir", tmp_path / "new")
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert ended.err.startswith(f"csp-audit: the program: {script}: ")
    assert not (tmp_path / "new").exists()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ended = call("init", "--dir", tmp_path / "file" / "new")
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert f"{tmp_path / 'file' / 'new'}: cannot be written: Not a directory. Name another folder" in ended.err


def test_next_steps_are_commands_that_work(tmp_path: Path) -> None:
    folder = tmp_path / "d'Élan 100%"
    ended = call("init", "--dir", folder)
    commands = [line.strip() for line in ended.out.splitlines() if line.startswith("   ")]
    subprocess.run(["/bin/sh", "-n", "-c", "\n".join(commands)], check=True)
    ours = [shlex.split(line) for line in commands if line.startswith(str(installed_program()[0]))]
    assert [words[1:] for words in ours] == [
        [name, str(folder / "exports"), "--config", str(folder / "csp-audit.toml")] for name in ("doctor", "run")
    ]
    for _, name, *words in ours:
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        command.make_context(name, words)


@pytest.mark.parametrize("place", ["folder", "exports", "state"])
def test_who_uses_tmp_is_told_that_a_service_has_another(place: str) -> None:
    places = Places(Path("/etc/csp-audit"), Path("/srv/in"), Path("/var/lib/csp-audit"), ("csp-audit",), "audit")
    assert "would not see" not in next_steps(places)
    hidden = replace(places, **{place: Path("/var/tmp/a b")})  # noqa: S108 - nothing is written there
    assert next_steps(hidden).endswith(" would not see /var/tmp/a b. Use another place.\n")


def test_a_program_without_a_script_of_its_own_is_started_as_a_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sysconfig, "get_path", lambda _: str(tmp_path))
    (tmp_path / "pipeline.py").write_text("raise SystemExit('not mine')\n")
    ended = subprocess.run(
        [*installed_program(), "--version"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert ended.stdout.startswith("csp-audit ")


@pytest.mark.parametrize("state", ["here", "./link", "other/../here"])
def test_one_folder_for_exports_and_state_is_refused(
    state: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here").mkdir()
    (tmp_path / "link").symlink_to("here")
    ended = call("init", "--dir", "new", "--exports", "here", "--state", state)
    assert (ended.code, ended.err.count("\n"), (tmp_path / "new").exists()) == (2, 1, False)
    assert ended.err.startswith("csp-audit: --exports and --state are one folder, ")
    assert call("init", "--dir", "new", "--exports", "here", "--state", "state").code == 0
