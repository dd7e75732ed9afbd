"""The sign of life: a dead-man service that is not asked for a day raises the alarm by itself."""

from __future__ import annotations

import time
from http import HTTPStatus
from threading import Thread
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable
    from urllib.request import OpenerDirector

# Seconds until an answer, tries, and seconds between them.
TIMEOUT, TRIES, PAUSE = 10.0, 2, 2.0


def ping(url: str, *, timeout: float | None = None, tries: int | None = None) -> str:
    """Ask for an address; return nothing, or why it did not answer: a line that says no more of it than its host.

    No try lasts longer than `timeout` seconds, whatever the name service or the server does.
    """
    for number in range(tries or TRIES):
        if number:
            time.sleep(PAUSE)
        why = _within(timeout or TIMEOUT, lambda limit: _get(url, limit))
        if not why:
            return ""
    return f"{_place(url)} was not reached: {why}. Check watch.ping_url in the configuration, and the network."


def failed(url: str) -> str:
    """Return the address that reports a failure: as dead-man services have it, with /fail at the end of its path."""
    parts = urlsplit(url)
    return parts._replace(path=f"{parts.path.rstrip('/')}/fail").geturl()


def _place(url: str) -> str:
    """Return scheme and host: the rest of the address is often the secret."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}"


def _within(seconds: float, work: Callable[[float], str]) -> str:
    """Let a thread work, and go on without it: a socket's own timeout begins anew with each byte."""
    answers: list[str] = []
    thread = Thread(target=lambda: answers.append(work(seconds)), daemon=True)
    thread.start()
    thread.join(seconds)
    return answers[0] if answers else f"no answer within {seconds:g} seconds"


def _get(url: str, timeout: float) -> str:
    """Return why there was no good answer, or nothing; a server's own words are left out."""
    from http.client import HTTPException
    from urllib.error import HTTPError, URLError

    try:
        with _opener(url).open(url, timeout=timeout) as answer:
            return "" if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES else f"it said {answer.status}"
    except HTTPError as error:
        with error:
            return f"it said {error.code}"
    except URLError as error:
        return _why(error.reason)
    except (OSError, HTTPException, ValueError) as error:
        return _why(error)


def _why(error: object) -> str:
    if isinstance(error, str):
        return "it led to an address of another kind"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return (isinstance(error, OSError) and error.strerror) or type(error).__name__


def _opener(url: str) -> OpenerDirector:
    """Return what asks for http and https alone; an answer to https does not lead it to http."""
    from urllib import request
    from urllib.error import URLError

    class Protected(request.BaseHandler):
        def http_request(self, asked: request.Request) -> request.Request:
            raise URLError(asked.type)

    handlers = [
        request.ProxyHandler(),
        request.HTTPHandler(),
        request.HTTPSHandler(),
        request.HTTPDefaultErrorHandler(),
        request.HTTPRedirectHandler(),
        request.HTTPErrorProcessor(),
        request.UnknownHandler(),
    ]
    opener = request.OpenerDirector()
    opener.addheaders = [("User-Agent", "csp-audit")]
    for handler in handlers + ([Protected()] if urlsplit(url).scheme == "https" else []):
        opener.add_handler(handler)
    return opener
