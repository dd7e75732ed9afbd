"""A process that runs csp-audit in children of its own: it imports once, so that many can die quickly.

Each line on stdin is a request in JSON: `words` of the command line, and one of
  `seconds`  after how long the child is killed (null: never); answered by its wait status and how long it lived;
  `copies`   a folder that takes a copy of the state directory before every change that the child makes to it.
"""

import json
import os
import shutil
import signal
import sys
import time
from itertools import count
from pathlib import Path

import pandera.pandas

import pipeline.run
from pipeline.cli import main

CHANGES = {"os.rename", "os.link", "os.symlink", "os.remove", "os.mkdir", "os.rmdir", "shutil.rmtree"}
LOADED = (pandera.pandas, pipeline.run)


def copy_before_each_change(state: Path, copies: Path) -> None:
    numbers, busy = count(), False

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal busy
        writes = event == "open" and str(arguments[1])[:1] in {"w", "a", "x"}
        if busy or not (writes or event in CHANGES):
            return
        busy = True
        shutil.copytree(state, copies / f"{next(numbers):03}", symlinks=True)
        busy = False

    sys.addaudithook(hook)


def live(words: list[str], copies: str | None) -> None:
    if copies:
        copy_before_each_change(Path(words[words.index("--state") + 1]), Path(copies))
    sys.argv = ["csp-audit", *words]
    main()


for line in sys.stdin:
    request = json.loads(line)
    started = time.monotonic()
    child = os.fork()
    if not child:
        sys.stdin.close()
        live(request["words"], request.get("copies"))
    if request.get("seconds") is not None:
        time.sleep(request["seconds"])
        os.kill(child, signal.SIGKILL)
    status = os.waitpid(child, 0)[1]
    print(json.dumps({"status": status, "seconds": time.monotonic() - started}), flush=True)  # noqa: T201
