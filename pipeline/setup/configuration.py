"""The commented configuration: every key of the models with its default, so that the file cannot fall behind them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from pydantic import BaseModel

from pipeline.config import Config
from pipeline.setup.keys import KEYS, Key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic.fields import FieldInfo

_HEAD = """\
# The configuration of csp-audit, which `csp-audit run --config` reads.
# A key behind # has the value that is shown, or is an example where that is said; take the # away to set it. A key of
# a section stands below the section's name. A key that does not exist is an error, never ignored.
"""


def configuration_text(state: Path) -> str:
    """Return the configuration (TOML) with the state directory set, and every other key commented out."""
    return "\n".join([_HEAD, *_section(Config, "", {"state": state})]).rstrip() + "\n"


def toml(value: object) -> str:
    """Write a value of the configuration as TOML."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml(item)}" for key, item in value.items()) + " }"
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(map(toml, value)) + "]"
    # TOML's basic strings are those of JSON but for one sign, which no path that init takes holds.
    return json.dumps(str(value) if isinstance(value, Path) else value, ensure_ascii=False)


def _section(model: type[BaseModel], path: str, chosen: dict[str, object]) -> Iterator[str]:
    """Write a section's own keys, then the sections in it: below a section's name all keys would be that one's."""
    fields = {f"{path}{name}": field for name, field in model.model_fields.items()}
    for key, field in fields.items():
        if _model_of(field.annotation) is None:
            yield _setting(key, field, chosen)
    for key, field in fields.items():
        inner = _model_of(field.annotation)
        if inner is not None:
            yield _title(key, field)
            yield from _section(inner, f"{key}.", chosen)


def _setting(key: str, field: FieldInfo, chosen: dict[str, object]) -> str:
    known = KEYS.get(key, Key(""))
    name = key.rpartition(".")[2]
    if key in chosen:
        return f"# {known.about}\n{name} = {toml(chosen[key])}\n"
    if known.example is not None:
        return f"# {known.about} Example:\n#{name} = {toml(known.example)}\n"
    return f"# {known.about}\n#{name} = {toml(field.default)}\n"


def _title(key: str, field: FieldInfo) -> str:
    """Write a section's name: an optional one is an example as a whole."""
    known = KEYS.get(key, Key(""))
    if field.annotation is _model_of(field.annotation):
        title = f"[{key}]"
    elif isinstance(field.default, tuple):
        title = f"#[[{key}]]"
    else:
        title = f"#[{key}.{known.example}]" if known.example else f"#[{key}]"
    return f"\n# {known.about}\n{title}\n"


def _model_of(annotation: object) -> type[BaseModel] | None:
    """Return the section that a key holds, if any: itself, optional, one of many, or by name."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for part in get_args(annotation) if (model := _model_of(part))), None)
