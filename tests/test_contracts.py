"""What the project promises about itself: which folder knows what, and where every dependency comes from."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
FORBIDDEN = {
    "schemas": {"duckdb", "click", "jinja2", "rich", "sql", "reports", "pipeline"},
    "sql": {"duckdb", "schemas", "reports", "pipeline"},
    "reports": {"duckdb", "click", "pandas", "pandera", "rich", "sql", "pipeline"},
    "sample_data": {"duckdb"},
}
SOURCES = [(folder, path) for folder in FORBIDDEN for path in sorted((ROOT / folder).rglob("*.py"))]
# Places that a lock for everybody's machine must not name.
ADDRESS = re.compile(r"://|--index-url|--extra-index-url|--find-links|--trusted-host|\s@\s|(?m:^-)")


def imported(path: Path) -> set[str]:
    """Return the packages that a file names in any import, also one inside a function or for types only."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").partition(".")[0])
    return names


@pytest.mark.parametrize(("folder", "path"), SOURCES, ids=[str(path.relative_to(ROOT)) for _, path in SOURCES])
def test_file_imports_only_what_its_folder_may_know(folder: str, path: Path) -> None:
    assert not imported(path) & FORBIDDEN[folder]


def test_import_contracts_hold() -> None:
    program = "import sys; from importlinter.cli import lint_imports_command; lint_imports_command()"
    ended = subprocess.run(
        [sys.executable, "-c", program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    contracts = len(PROJECT["tool"]["importlinter"]["contracts"])
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert f"Contracts: {contracts} kept, 0 broken." in ended.stdout


def folded(requirement: str) -> str:
    """Return the name in a requirement as package indexes compare them."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\s<>=!~;\[]", requirement)[0]).lower()


def required() -> list[str]:
    own = PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["dev"]
    return sorted({folded(requirement) for requirement in own})


@pytest.mark.parametrize("name", required())
def test_every_dependency_has_its_reason_in_the_decisions(name: str) -> None:
    decisions = re.sub(r"[-_.]+", "-", (ROOT / "DECISIONS.md").read_text(encoding="utf-8")).lower()
    assert re.search(rf"\b{re.escape(name)}\b", decisions)


def test_every_package_that_the_source_imports_is_a_dependency() -> None:
    source = {
        name for folder in (*FORBIDDEN, "pipeline") for p in (ROOT / folder).rglob("*.py") for name in imported(p)
    }
    foreign = source - sys.stdlib_module_names - {*FORBIDDEN, "pipeline", ""}
    # Parts of other dependencies: jinja2's own string type, and pydantic's error details.
    companions = {"markupsafe", "pydantic-core", "numpy"}
    names = {folded(requirement) for requirement in PROJECT["project"]["dependencies"]}
    assert {folded(name) for name in foreign} - companions == names


def pins() -> list[str]:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    return [pin for pin in re.split(r"\n(?=\S)", text.strip()) if not pin.startswith("#")]


def test_lock_pins_every_dependency_with_hashes() -> None:
    for pin in pins():
        assert re.match(r"[a-zA-Z0-9._-]+==\S+", pin), pin.splitlines()[0]
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", pin), pin.splitlines()[0]
    assert set(required()) <= {folded(pin) for pin in pins()}


def test_lock_names_no_address() -> None:
    assert not ADDRESS.search("\n".join(pins()))
