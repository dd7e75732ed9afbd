"""Cuts a warehouse off while another process has it mapped into memory."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.pipeline.commandline import ROOT, Ended

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# Far above what an end takes on a busy machine: one that hangs fails.
HANG = 60.0
ASKED = ("what-if", "--policy-as-of", "2024-01-31")
# Each cuts the file, of which the database has read no more than it needs to attach it, and reads its tables.
BEGIN = """
import os, signal, sys
from contextlib import suppress
from pathlib import Path
import pipeline.database
from pipeline.cli import main
from pipeline.config import Config
from pipeline.desk.supposing.whatif import night_beside
from pipeline.signals import Stopped, heeding

file = Path(sys.argv[1])
TABLES = ("customers", "subscriptions", "qualifications", "found")

def cut(*_):
    os.truncate(file, 3 * 4096)

def read(connection):
    for table in TABLES:
        connection.execute(f"select bit_xor(hash(t)) from night.core.{table} as t").fetchall()
"""
ON_THE_COMMAND_LINE = """
real = pipeline.database.shut
pipeline.database.shut = lambda connection: (cut(), real(connection))
sys.argv = ["csp-audit", *sys.argv[2:]]
main()
"""


def child(what: str, warehouse: Path, scratch: Path, *words: str | Path, options: Sequence[str] = ()) -> Ended:
    """Run a program on a warehouse; its temporary files are in `scratch`."""
    argv = [sys.executable, *options, "-c", BEGIN + what, warehouse, *words]
    environment = {**os.environ, "TMPDIR": str(scratch), "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(
        argv, cwd=scratch, env=environment, capture_output=True, text=True, check=False, timeout=HANG
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)
