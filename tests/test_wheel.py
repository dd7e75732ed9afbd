"""The wheel has every file of the source folders, and works from any directory."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("schemas", "sql", "reports", "pipeline", "sample_data")
BUILT_FROM = ("pyproject.toml", "README.md", "LICENSE")


def run(*words: str | Path, cwd: Path) -> str:
    quiet = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
    ended = subprocess.run(
        [str(word) for word in words], cwd=cwd, env=os.environ | quiet, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the source, so that building leaves nothing behind in ours."""
    folder = tmp_path_factory.mktemp("tree")
    for name in PACKAGES:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    for name in BUILT_FROM:
        shutil.copy(ROOT / name, folder)
    return folder


@pytest.fixture(scope="module")
def wheel(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, tree, cwd=tree)
    (made,) = out.iterdir()
    return made


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an environment with the wheel; it borrows the libraries from ours, so that nothing is downloaded."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", wheel, cwd=folder)
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder


def test_wheel_has_every_file_of_the_source_folders_and_no_other(tree: Path, wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    files = [path for name in PACKAGES for path in (tree / name).rglob("*") if path.is_file()]
    assert packed == {path.relative_to(tree).as_posix() for path in files}
    for kind in (".sql", ".csv", ".html", ".css", ".py", ".md"):
        assert any(name.endswith(kind) for name in packed)


def test_wheel_is_for_every_platform_and_carries_its_licence(wheel: Path) -> None:
    assert wheel.name.endswith("-py3-none-any.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if ".dist-info/" in name]
        (entry_points,) = [name for name in names if name.endswith("entry_points.txt")]
        assert archive.read(entry_points).decode().split() == [
            "[console_scripts]",
            "csp-audit",
            "=",
            "pipeline.cli:main",
        ]
    assert any(name.endswith("/licenses/LICENSE") for name in names)


def test_installed_program_runs_the_demo_from_another_directory(environment: Path, tmp_path: Path) -> None:
    where = run(environment / "bin" / "python", "-c", "import pipeline; print(pipeline.__file__)", cwd=tmp_path)
    assert Path(where.strip()).is_relative_to(environment)
    out = run(environment / "bin" / "csp-audit", "demo", cwd=tmp_path)
    report = Path(out.splitlines()[-1])
    assert report == tmp_path / "csp-audit-demo" / "latest" / "report.html"
    assert report.read_text(encoding="utf-8").rstrip().endswith("</html>")
    assert run(environment / "bin" / "csp-audit", "--version", cwd=tmp_path).startswith("csp-audit ")
