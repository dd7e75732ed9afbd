"""Finds every file of a folder, behind links too, each of them once.

Where one of its own places is a link, somebody has moved that place: what is behind is as good as inside. What any
other link leads to is somebody else's.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pipeline.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


def walked(root: Path, places: Iterable[Path]) -> Iterator[tuple[Path, bool]]:
    """Return each file by its path through the folder, and whether it is its own; its own come first.

    `places` may be links. A link that leads nowhere is returned as a file; pipes and devices are not. Raises UsageError
    where a folder cannot be read.
    """
    seen: set[str] = set()
    links: list[Path] = []
    for own in (*places, root):
        for path in _behind(own, seen, links):
            yield path, True
    # What is behind a link may have further links in it.
    for link in links:
        for path in _behind(link, seen, links):
            yield path, False


def _behind(path: Path, seen: set[str], links: list[Path]) -> Iterator[Path]:
    """Return the files there and below, but for those behind links, which are put on a list."""
    # Path.resolve would raise RuntimeError where links go round in a circle.
    real = os.path.realpath(path)
    if real in seen:
        return
    seen.add(real)
    if path.is_dir():
        for each in _inside(path):
            if each.is_symlink():
                links.append(each)
            else:
                yield from _behind(each, seen, links)
    elif path.is_file() or not path.exists():
        yield path


def _inside(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except FileNotFoundError:
        return []
    except OSError as error:
        message = f"{folder}: cannot be read: {error.strerror}. Check its permissions, then run again."
        raise UsageError(message) from error
