"""Gate, load and validate alone, into a warehouse on disk.

Run as `python -m tests.bench.load FOLDER WORK MEMORY THREADS ENGINE`.
"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

from pipeline.config import Config, UnreadConfig
from pipeline.gate import Question, admit
from pipeline.load import Engine, load_all
from pipeline.warehouse import build


def main(folder: Path, work: Path, memory: str, threads: int, engine: str) -> None:
    """Do what a night does up to the rules; any number of rows may be unread."""
    (work / "spill").mkdir(parents=True, exist_ok=True)
    config = Config(memory_limit=memory, threads=threads, unread=UnreadConfig(max_share=1))
    exports = admit(Question(folder, date(2026, 11, 20), {}), config, work)
    with build(work, config, work / "none.duckdb", date(2026, 11, 20)) as connection:
        load_all(connection, exports, Engine(engine), config.unread)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]), sys.argv[5])
