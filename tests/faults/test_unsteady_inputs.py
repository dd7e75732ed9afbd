"""A file that changes while it is read, a pipe, a link and a strange name: refused by name, and nothing waits."""

from __future__ import annotations

import os
import socket
import threading
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline import gate, load, steady
from pipeline.config import Config, GateConfig
from pipeline.database import connect_in_memory
from pipeline.errors import NotAuditedError
from pipeline.gate import Question, admit
from pipeline.load import Engine, load_all
from pipeline.transcode import plain_text
from pipeline.warehouse import create_fixed_tables
from tests.pipeline.commandline import call
from tests.pipeline.exports import AS_OF, PLAIN, WRITTEN_AT, contents, night, records, run, write, write_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipeline.export import Export

CUSTOMERS = PLAIN.text(records(night()["customers"]))
MORE = "00000063-0000-4000-8000-00000000abcd,Later,later.example,Reseller,PL,\n"
TRANSCODED = CUSTOMERS.replace("\n", "\r\n")
STEP = "Wait until the export is complete, then run again."


def taken_away(file: Path) -> None:
    file.unlink()


def replaced(file: Path) -> None:
    other = write(file.with_name("other.tmp"), file.read_bytes())
    other.replace(file)


def cut_short(file: Path) -> None:
    os.truncate(file, file.stat().st_size - 40)


def added_to(file: Path) -> None:
    with file.open("a", encoding="utf-8") as open_file:
        open_file.write(MORE)


def written_to(file: Path) -> None:
    content = file.read_bytes()
    with file.open("r+b") as open_file:
        open_file.write(content.replace(b"Lipowa", b"Wiazow"))


def written_to_and_dated_back(file: Path) -> None:
    before = file.stat()
    written_to(file)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def a_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


CHANGES: dict[str, tuple[Callable[[Path], None], str]] = {
    "taken away": (taken_away, "taken away"),
    "replaced by the same content": (replaced, "replaced"),
    "cut short": (cut_short, "cut short"),
    "added to": (added_to, "added to"),
    "written to": (written_to, "written to"),
    "written to and dated back": (written_to_and_dated_back, "written to"),
    "made a pipe": (a_pipe, "replaced"),
}
CONTENTS = {"plain": CUSTOMERS, "transcoded": TRANSCODED}
changes = pytest.mark.parametrize(("change", "how"), CHANGES.values(), ids=CHANGES)
both_kinds = pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "work").mkdir()
    return write_folder(tmp_path / "exports")


def admitted(folder: Path, config: Config | None = None) -> list[Export]:
    question = Question(folder, date.fromisoformat(AS_OF), {})
    return admit(question, config or Config(threads=1), folder.parent / "work")


@pytest.fixture
def loading() -> Iterator[Callable[[list[Export]], object]]:
    with connect_in_memory() as connection:
        create_fixed_tables(connection)
        yield lambda exports: load_all(connection, exports, Engine.SIEVE, Config().unread)


def refusal_of(function: Callable[[], object]) -> str:
    with pytest.raises(NotAuditedError) as refusal:
        function()
    return str(refusal.value)


@both_kinds
@changes
def test_file_that_changes_between_gate_and_load_is_refused(
    change: Callable[[Path], None], how: str, content: str, folder: Path, loading: Callable[[list[Export]], object]
) -> None:
    file = write(folder / "customers.csv", content)
    exports = admitted(folder)
    change(file)
    assert refusal_of(lambda: loading(exports)) == (
        f"customers.csv: found a file that was {how} while it was read; "
        f"expected a file that stays as it is until it has been read. {STEP}"
    )


@both_kinds
@pytest.mark.parametrize(("change", "how"), [*CHANGES.values()][:-1], ids=[*CHANGES][:-1])
def test_file_that_changes_while_it_is_loaded_is_refused(
    change: Callable[[Path], None],
    how: str,
    content: str,
    folder: Path,
    loading: Callable[[list[Export]], object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = write(folder / "customers.csv", content)
    exports = admitted(folder)
    reconcile = load.reconcile

    def changing(*arguments: object) -> object:
        if file.is_file() and arguments[1] is exports[0]:
            change(file)
        return reconcile(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(load, "reconcile", changing)
    assert f"customers.csv: found a file that was {how} while it was read" in refusal_of(lambda: loading(exports))


@both_kinds
@changes
@pytest.mark.parametrize("step", ["plain_text", "read_header", "decide_orders"])
def test_file_that_changes_while_the_gate_reads_it_is_refused(
    step: str,
    change: Callable[[Path], None],
    how: str,
    content: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = write(folder / "customers.csv", content)
    original = getattr(gate, step)
    waiting = [change]

    def changing(*arguments: object) -> object:
        if waiting:
            waiting.pop()(file)
        return original(*arguments)

    monkeypatch.setattr(gate, step, changing)
    assert f"customers.csv: found a file that was {how} while it was read" in refusal_of(lambda: admitted(folder))


def test_writer_that_goes_on_writing_is_noticed_whenever_it_writes(
    folder: Path, loading: Callable[[list[Export]], object]
) -> None:
    stop = threading.Event()

    def write_on() -> None:
        while not stop.is_set():
            added_to(folder / "customers.csv")
            stop.wait(0.001)

    writer = threading.Thread(target=write_on)
    writer.start()
    try:
        said = refusal_of(lambda: loading(admitted(folder)))
    finally:
        stop.set()
        writer.join()
    assert "customers.csv: found a file that was added to while it was read" in said


def test_file_that_is_only_linked_or_touched_by_a_backup_is_read(
    folder: Path, loading: Callable[[list[Export]], object]
) -> None:
    exports = admitted(folder)
    file = folder / "customers.csv"
    (folder.parent / "backup").mkdir()
    os.link(file, folder.parent / "backup" / "customers.csv")
    file.chmod(0o640)
    assert loading(exports)


def test_changed_file_leaves_last_night_as_it_was(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = folder.parent / "state"
    assert run(folder, state).code == 1
    before = contents(state)

    def growing(path: Path, *rest: object) -> object:
        text = plain_text(path, *rest)  # type: ignore[arg-type]
        if path.name == "customers.csv":
            added_to(path)
        return text

    monkeypatch.setattr(gate, "plain_text", growing)
    ended = run(folder, state)
    assert (ended.code, ended.out, ended.err.count("\n")) == (3, "", 1)
    assert ended.err.startswith("csp-audit: customers.csv: found a file that was added to while it was read")
    after = contents(state)
    assert {name: after[name] for name in before if "warehouse" in name or name.startswith("runs/")} == {
        name: content for name, content in before.items() if "warehouse" in name or name.startswith("runs/")
    }


def check(folder: Path, *options: str | Path) -> tuple[int, str]:
    """Call `check` in a thread that may not take long: whatever blocks would hold up the night."""
    ended = []
    thread = threading.Thread(target=lambda: ended.append(call("check", folder, "--as-of", AS_OF, *options)))
    thread.daemon = True
    thread.start()
    thread.join(20)
    assert ended, "it still waits"
    return ended[0].code, ended[0].out + ended[0].err


def a_socket(file: Path) -> None:
    file.unlink()
    # The path of a socket is short, and that of a test's folder may not be.
    descriptor = os.open(file.parent, os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"/proc/self/fd/{descriptor}/{file.name}")
    os.close(descriptor)


def a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def a_dangling_link(file: Path) -> None:
    file.unlink()
    file.symlink_to("gone.csv")


def a_link_to_itself(file: Path) -> None:
    file.unlink()
    file.symlink_to(file.name)


def a_link_to_a_device(file: Path) -> None:
    file.unlink()
    file.symlink_to("/dev/zero")


def a_link_outside(file: Path) -> None:
    other = file.parent.parent / "elsewhere.csv"
    other.write_bytes(file.read_bytes())
    os.utime(other, (WRITTEN_AT, WRITTEN_AT))
    file.unlink()
    file.symlink_to("../elsewhere.csv")


# What stands in place of the file | what the gate finds
NO_FILES: dict[str, tuple[Callable[[Path], None], str]] = {
    "pipe": (a_pipe, "a pipe or a device"),
    "socket": (a_socket, "a pipe or a device"),
    "folder": (a_folder, "a folder"),
    "link to nothing": (a_dangling_link, "no such file or directory"),
    "link to itself": (a_link_to_itself, "too many levels of symbolic links"),
    "link to a device": (a_link_to_a_device, "a pipe or a device"),
    "link out of the folder": (a_link_outside, "a link that leads out of the folder"),
}


@pytest.mark.parametrize(("spoil", "found"), NO_FILES.values(), ids=NO_FILES)
def test_what_is_no_file_of_the_folder_is_refused_at_once(
    spoil: Callable[[Path], None], found: str, folder: Path
) -> None:
    spoil(folder / "customers.csv")
    code, said = check(folder)
    assert (code, f"customers.csv: found {found}; expected " in said) == (3, True), said


def test_link_inside_the_folder_is_read(folder: Path) -> None:
    (folder / "customers.csv").rename(folder / "tonight")
    (folder / "customers.csv").symlink_to("tonight")
    folder.with_name("linked").symlink_to(folder)
    assert check(folder)[0] == check(folder.with_name("linked"))[0] == 0


def test_link_out_of_the_folder_is_read_where_it_is_allowed(folder: Path) -> None:
    a_link_outside(folder / "customers.csv")
    code, said = check(folder)
    assert "set gate.may_link_outside = true in the configuration." in said
    file = folder.parent / "settings.toml"
    file.write_text("[gate]\nmay_link_outside = true\n", encoding="utf-8")
    assert (code, check(folder, "--config", file)[0]) == (3, 0)


def test_link_that_is_turned_while_the_file_is_loaded_is_refused(
    folder: Path, loading: Callable[[list[Export]], object]
) -> None:
    a_link_outside(folder / "customers.csv")
    exports = admitted(folder, Config(gate=GateConfig(may_link_outside=True)))
    (folder / "customers.csv").unlink()
    (folder / "customers.csv").symlink_to(write(folder / "other.tmp", CUSTOMERS))
    assert "customers.csv: found a file that was replaced" in refusal_of(lambda: loading(exports))


def test_link_that_is_turned_between_two_looks_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It leads inside whenever it is asked where it leads, and outside whenever it is looked at or read."""
    file = folder / "customers.csv"
    inside = write(folder / "inside.tmp", CUSTOMERS)
    a_link_outside(file)
    resolve = Path.resolve

    def turned(path: Path, **how: bool) -> Path:
        if path != file:
            return resolve(path, **how)
        file.unlink()
        file.symlink_to(inside)
        led = resolve(path, **how)
        file.unlink()
        file.symlink_to("../elsewhere.csv")
        return led

    monkeypatch.setattr(Path, "resolve", turned)
    assert "customers.csv: found a file that was replaced while it was read" in refusal_of(lambda: admitted(folder))


# Names that a careless program would take for a path, a pattern, a statement or a template.
HARMLESS = [
    "customers..%2f..%2fetc%2fpasswd.csv",
    "customers '; drop table core.run; --.csv",
    'customers "quoted" [1] {0} %s %(n)s {{ 7*7 }} $HOME `id`.csv',
    "customers*?.csv",
    "customers\\..\\x.csv",
    "customers" + "x" * 242 + ".csv",
    "customers <script>alert(1)</script>.csv".replace("/", "\u2044"),
    "customers\u00a0Łódź.csv",
]
UNSHOWN = ["customers\n.csv", "customers\x1b[2J.csv", "customers\u202evsc.csv", os.fsdecode(b"customers\xff.csv")]


@pytest.mark.parametrize("content", [CUSTOMERS, TRANSCODED], ids=["plain", "transcoded"])
@pytest.mark.parametrize("name", HARMLESS, ids=range(len(HARMLESS)))
def test_file_of_any_name_that_can_be_shown_is_loaded(
    name: str, content: str, folder: Path, loading: Callable[[list[Export]], list[object]]
) -> None:
    (folder / "customers.csv").unlink()
    write(folder / name, content)
    (loaded,) = (item for item in loading(admitted(folder)) if item.table == "customers")  # type: ignore[attr-defined]
    assert (loaded.file, loaded.loaded, loaded.unread) == (name, 6, 0)  # type: ignore[attr-defined]
    assert not list((folder.parent / "work").glob("customers*"))


@pytest.mark.parametrize("name", UNSHOWN, ids=range(len(UNSHOWN)))
def test_name_that_cannot_be_shown_is_refused_on_one_line(name: str, folder: Path) -> None:
    (folder / "customers.csv").rename(folder / name)
    code, said = check(folder)
    assert (code, said.count("\n")) == (3, 1)
    assert "\ufffd" in said
    assert "found a name with characters that cannot be shown" in said
    assert said.strip().isprintable()


def test_names_of_folders_say_nothing_of_the_rows(
    tmp_path: Path, loading: Callable[[list[Export]], list[object]]
) -> None:
    """DuckDB can read columns from folders named so, and would put them in place of the file's own."""
    place = tmp_path / "raw_country=XX" / "raw_company_name=evil"
    place.mkdir(parents=True)
    (place / "work").mkdir()
    folder = write_folder(place / "exports")
    (loaded,) = (item for item in loading(admitted(folder)) if item.table == "customers")  # type: ignore[attr-defined]
    assert (loaded.loaded, loaded.unread) == (6, 0)  # type: ignore[attr-defined]


def test_older_file_that_cannot_be_read_does_not_hold_up_the_newest(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = write(folder / "customers-old.csv", CUSTOMERS)
    os.utime(older, (WRITTEN_AT - 3600, WRITTEN_AT - 3600))

    def denied(*_: object, **__: object) -> bool:
        raise PermissionError(13, "Permission denied", str(older))

    monkeypatch.setattr("pipeline.inbox.filecmp.cmp", denied)
    assert next(export.file for export in admitted(folder)) == "customers.csv"


def test_a_file_of_the_same_content_is_told_by_its_hash(tmp_path: Path) -> None:
    file = write(tmp_path / "x.csv", "a")
    stamp = steady.Stamp.of(file.stat())
    file.chmod(0o600 if file.stat().st_mode & 0o044 else 0o644)
    sha256 = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
    assert steady.change_since(file, stamp, sha256) is None
    assert steady.change_since(file, stamp, "0" * 64) is steady.Change.WRITTEN_TO
