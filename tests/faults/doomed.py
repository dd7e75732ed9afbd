"""A process that runs csp-audit in children of its own, which fare badly: it imports once, so that many can.

Started with the library of inject.c, where there is one. Each line on stdin is a request in JSON:
  `words`    of the command line
  `said`     the file that takes what the child says
  `limit`    after how many seconds it is taken to hang
  `seconds`  after how long it is killed (left out: never)
  `strike`   which call fails: `kind`, `place`, `turn`, `error`, `sticky`; with `folders` in which calls count
  `calls`    the file that takes every call, instead
  `largest`  how many bytes a file may have
  `clock`    by how many seconds the clock is wrong
answered by `status` as of wait, `seconds` lived, `peak` memory in bytes, and whether it `hung`.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import resource
import signal
import sys
import time
from typing import Any

import pandera.pandas

import pipeline.commands.run
import pipeline.mail.night
import pipeline.mail.post
import pipeline.run
from pipeline.cli import main

LOADED = (pandera.pandas, pipeline.commands.run, pipeline.mail.night, pipeline.mail.post, pipeline.run)
_POLL_SECONDS = 0.002


def arm(request: dict[str, Any]) -> None:
    """Tell the library what is to fail."""
    library = ctypes.CDLL(None)
    one, other = (*request["folders"], "")[:2]
    listed = os.open(request["calls"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC) if "calls" in request else -1
    strike = request.get("strike", {})
    number = getattr(errno, strike["error"]) if strike else 0
    texts = [os.fsencode(each) for each in (one, other, strike.get("kind", ""), strike.get("place", ""))]
    turn, sticky = ctypes.c_long(strike.get("turn", 0)), int(strike.get("sticky", False))
    library.faults_arm(texts[0], texts[1], listed, texts[2], texts[3], turn, number, sticky)


def live(request: dict[str, Any]) -> None:
    """Be the child."""
    said = os.open(request["said"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(said, 1)
    os.dup2(said, 2)
    if "clock" in request:
        ctypes.CDLL(None).faults_set_clock(ctypes.c_long(request["clock"]))
    if "largest" in request:
        resource.setrlimit(resource.RLIMIT_FSIZE, (request["largest"], request["largest"]))
    if "folders" in request:
        arm(request)
    sys.argv = ["csp-audit", *request["words"]]
    main()


def outlive(child: int, request: dict[str, Any]) -> dict[str, Any]:
    """Wait for the child, kill it at its moment, and say how it ended."""
    started = time.monotonic()
    end, hung = started + request.get("seconds", request["limit"]), False
    while True:
        over, status, usage = os.wait4(child, os.WNOHANG)
        if over:
            return {
                "status": status,
                "seconds": time.monotonic() - started,
                "peak": usage.ru_maxrss * 1024,
                "hung": hung,
            }
        if time.monotonic() > end:
            hung = "seconds" not in request
            os.kill(child, signal.SIGKILL)
            end = float("inf")
        time.sleep(_POLL_SECONDS)


for line in sys.stdin:
    asked = json.loads(line)
    born = os.fork()
    if not born:
        sys.stdin.close()
        live(asked)
    print(json.dumps(outlive(born, asked)), flush=True)  # noqa: T201
