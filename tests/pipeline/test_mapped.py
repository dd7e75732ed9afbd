"""What-if maps the warehouse into memory: a page that cannot be read ends it with one line, and leaves nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline.config import Config
from pipeline.database import OutOfMemoryError, supposing
from pipeline.desk.supposing.whatif import night_beside
from pipeline.errors import DamagedError
from pipeline.signals import Stopped, heeding, mapped, temporary_folder
from tests.pipeline.commandline import Ended, call
from tests.pipeline.cutting import ASKED, HANG, ON_THE_COMMAND_LINE, child

if TYPE_CHECKING:
    from collections.abc import Iterator

LINE = (
    "a part of it could not be read: the disk gives errors or is away, or the file was cut off. "
    "Check the disk, then ask again.\n"
)
CUT = "with night_beside(file, Config()) as connection:\n    cut()\n    read(connection)\n"
HEEDING = f"with heeding():\n    {CUT.replace(chr(10), chr(10) + '    ')}"
AFTER_A_STOP = """
with heeding(), night_beside(file, Config()) as connection:
    with suppress(Stopped):
        os.kill(os.getpid(), signal.SIGTERM)
    cut()
    while True:
        with suppress(Exception):
            read(connection)
"""
# A file with a hole behind its end is larger than what the job may map.
BOUNDED = """
import resource
resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
os.truncate(file, 8 << 30)
sys.argv = ["csp-audit", *sys.argv[2:]]
main()
"""


@pytest.fixture
def warehouse(own: Path) -> Path:
    file = own / "warehouse.duckdb"
    file.chmod(0o600)
    return file


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("what", [HEEDING, AFTER_A_STOP])
def test_page_that_cannot_be_read_is_told_in_one_line(warehouse: Path, scratch: Path, what: str) -> None:
    ended = child(what, warehouse, scratch)
    assert ended == Ended(2, "", f"csp-audit: {warehouse}: {LINE}")
    assert list(scratch.iterdir()) == []


def test_page_that_cannot_be_read_ends_the_command(warehouse: Path, scratch: Path) -> None:
    ended = child(ON_THE_COMMAND_LINE, warehouse, scratch, *ASKED, "--state", warehouse.parent)
    assert ended == Ended(2, "", f"csp-audit: {warehouse}: {LINE}")
    assert list(scratch.iterdir()) == []


def test_page_that_cannot_be_read_ends_a_program_that_heeds_nothing_as_ever(warehouse: Path, scratch: Path) -> None:
    assert child(CUT, warehouse, scratch).code == -signal.SIGBUS


def test_other_handler_is_left_in_place(warehouse: Path, scratch: Path) -> None:
    ended = child(HEEDING, warehouse, scratch, options=["-X", "faulthandler"])
    assert ended.code == -signal.SIGBUS
    assert ended.err.startswith("Fatal Python error: Bus error")


def test_file_that_may_not_be_mapped_is_read(warehouse: Path, scratch: Path) -> None:
    expected = call(*ASKED, "--state", warehouse.parent)
    assert expected.code == 0
    assert child(BOUNDED, warehouse, scratch, *ASKED, "--state", warehouse.parent) == expected


class TestHandler:
    def test_is_there_while_what_is_mapped_is_open(self) -> None:
        before = signal.getsignal(signal.SIGBUS)
        with heeding():
            with mapped("lost"):
                assert signal.getsignal(signal.SIGBUS) is not before
                with mapped("inner"):
                    pass
                assert signal.getsignal(signal.SIGBUS) is not before
            assert signal.getsignal(signal.SIGBUS) is before
            with suppress(Stopped), mapped("lost"):
                os.kill(os.getpid(), signal.SIGTERM)
            assert signal.getsignal(signal.SIGBUS) is before
        with mapped("lost"):
            assert signal.getsignal(signal.SIGBUS) is before

    def test_is_for_the_main_thread_alone(self) -> None:
        found: list[object] = []

        def work() -> None:
            with mapped("lost"):
                found.append(signal.getsignal(signal.SIGBUS))

        before = signal.getsignal(signal.SIGBUS)
        with heeding():
            thread = threading.Thread(target=work)
            thread.start()
            thread.join()
        assert found == [before]

    @pytest.mark.parametrize("is_stopped", [False, True])
    def test_ends_what_somebody_sends_the_signal_too(
        self, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], *, is_stopped: bool
    ) -> None:
        ended, codes, found = threading.Event(), [], []

        def end(code: int) -> None:
            codes.append(code)
            found.append(Path(folder).exists())
            ended.set()

        monkeypatch.setattr(os, "_exit", end)
        with suppress(Stopped), heeding(), temporary_folder("csp-audit-test-") as folder, mapped("los\nt\x1b"):
            if is_stopped:
                with suppress(Stopped):
                    os.kill(os.getpid(), signal.SIGTERM)
                time.sleep(0.1)
            signal.raise_signal(signal.SIGBUS)
            assert ended.wait(HANG)
        assert (codes, found) == ([2], [False])
        assert capfd.readouterr().err == "csp-audit: los\nt\ufffd\n"


class TestMapping:
    def test_is_what_the_tables_are_read_from(self, warehouse: Path) -> None:
        with night_beside(warehouse, Config()) as connection:
            assert str(warehouse) in Path("/proc/self/maps").read_text()
            assert connection.execute("select count(*) from core.customers").fetchall() != [(0,)]
        assert str(warehouse) not in Path("/proc/self/maps").read_text()

    def test_notices_a_byte_that_differs(self, warehouse: Path) -> None:
        whole = warehouse.read_bytes()
        refused = 0
        for place in range(3 * 4096 + 5000, len(whole), 262_144):
            warehouse.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
            with suppress(DamagedError), night_beside(warehouse, Config()) as connection:
                tables = connection.execute("""
                    select schema_name, table_name from duckdb_tables() where database_name = 'night'
                """).fetchall()
                for schema, table in tables:
                    connection.execute(f"select bit_xor(hash(t)) from {schema}.{table} as t").fetchall()
                continue
            refused += 1
        assert refused > 5

    def test_keeps_the_memory_limit(self, warehouse: Path, scratch: Path) -> None:
        with pytest.raises(OutOfMemoryError), supposing(warehouse, "16MB", 1, scratch) as connection:
            connection.execute("select list(hash(range)) from range(4000000)")

    def test_keeps_the_file_that_a_night_replaces(self, warehouse: Path, tmp_path: Path) -> None:
        query = "select bit_xor(hash(f)) from core.found as f"
        with night_beside(warehouse, Config()) as connection:
            expected = connection.execute(query).fetchall()
        with night_beside(warehouse, Config()) as connection:
            new = tmp_path / "new.duckdb"
            new.write_bytes(b"another night")
            new.replace(warehouse)
            assert connection.execute(query).fetchall() == expected


class TestWhatIsWrongWithTheFile:
    """The command that maps the file says the same of it as those that read it."""

    @staticmethod
    def told(warehouse: Path) -> Ended:
        ended = call(*ASKED, "--state", warehouse.parent)
        assert ended == call("findings", "--state", warehouse.parent)
        assert (ended.out, ended.err.count("\n")) == ("", 1)
        return ended

    def test_missing(self, tmp_path: Path) -> None:
        assert "there is no warehouse yet" in self.told(tmp_path / "warehouse.duckdb").err

    @pytest.mark.parametrize(("content", "words"), [(b"", "not a valid DuckDB"), (b"text\n" * 9_000, "not a valid")])
    def test_no_database(self, warehouse: Path, content: bytes, words: str) -> None:
        warehouse.write_bytes(content)
        ended = self.told(warehouse)
        assert ended.code == 2
        assert f"{warehouse}: cannot be read as a warehouse: IO Error: " in ended.err
        assert words in ended.err

    @pytest.mark.parametrize("size", [100, 4096, 12_288])
    def test_cut_off_before(self, warehouse: Path, size: int) -> None:
        os.truncate(warehouse, size)
        ended = call(*ASKED, "--state", warehouse.parent)
        assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
        assert f"{warehouse}: cannot be read as a warehouse: " in ended.err

    @pytest.mark.parametrize(("version", "words"), [(99, "newer version"), (3, "older version"), (0, "never released")])
    def test_of_another_layout(self, warehouse: Path, version: int, words: str) -> None:
        change(warehouse, f"update audit.layout set version = {version}")
        ended = self.told(warehouse)
        assert ended.code == 2
        assert words in ended.err

    def test_open_for_writing(self, warehouse: Path) -> None:
        hold = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
        argv = [sys.executable, "-c", hold, str(warehouse)]
        with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
            assert writer.stdout
            assert writer.stdout.readline() == b"open\n"
            ended = self.told(warehouse)
            writer.communicate()
        assert ended.code == 4
        assert "is open for writing in another program" in ended.err

    def test_damaged(self, warehouse: Path) -> None:
        content = bytearray(warehouse.read_bytes())
        for place in (5_000, 9_000):
            content[place] ^= 1
        warehouse.write_bytes(content)
        ended = self.told(warehouse)
        assert ended.code == 2
        assert "cannot be read as a warehouse: Corrupt database file" in ended.err

    def test_no_file(self, tmp_path: Path) -> None:
        (tmp_path / "warehouse.duckdb").mkdir()
        assert self.told(tmp_path / "warehouse.duckdb").code == 2

    def test_too_large_for_the_memory(self, warehouse: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        @contextmanager
        def fail(*_: object) -> Iterator[None]:
            message = "failed to allocate data of size 16.0 KiB"
            raise OutOfMemoryError(message)
            yield

        monkeypatch.setattr("pipeline.desk.supposing.whatif.supposing", fail)
        monkeypatch.setattr("pipeline.warehouse.reading", fail)
        ended = self.told(warehouse)
        assert ended.code == 2
        assert "memory_limit is too little to open the warehouse. Raise it in the configuration." in ended.err


def change(warehouse: Path, statement: str) -> None:
    """Write into a warehouse from a process of its own: this one may still have read it."""
    write = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); c.execute(sys.argv[2]); c.close()"
    subprocess.run([sys.executable, "-c", write, warehouse, statement], check=True)
