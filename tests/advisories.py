"""`make audit`: asks an advisory database about every pinned dependency, and says so where none can be reached.

Run by the python of an environment that has pip-audit, which stays apart from the project's own.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

LOCK = Path(__file__).parents[1] / "requirements.lock"
UNREACHED = "No advisory database can be reached from here: nothing was audited. Run make audit where one can."


def main() -> int:
    """Audit requirements.lock; return 1 where an advisory concerns it, else 0."""
    words = ["pip_audit", "--requirement", str(LOCK), "--disable-pip", "--progress-spinner", "off", "--format", "json"]
    ended = subprocess.run([sys.executable, "-m", *words], capture_output=True, text=True, check=False)
    code, text = verdict(ended.stdout)
    sys.stdout.write(f"{text}\n")
    return code


def verdict(output: str) -> tuple[int, str]:
    """Return the exit code, and what to say, of what pip-audit prints as JSON (nothing, where it failed)."""
    try:
        asked = json.loads(output)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return 0, UNREACHED
    known = [item for item in asked if "skip_reason" not in item]
    if not known:
        return 0, UNREACHED
    found = [f"{item['name']} {item['version']}: {_advisory(one)}" for item in known for one in item["vulns"]]
    unknown = [item["name"] for item in asked if "skip_reason" in item]
    lines = [*found, f"{len(known)} of {len(asked)} dependencies were audited; {len(found)} advisories concern them."]
    if unknown:
        lines.append(f"Not in the database: {', '.join(unknown)}.")
    return 1 if found else 0, "\n".join(lines)


def _advisory(one: dict[str, object]) -> str:
    fixed = one.get("fix_versions")
    mended = f"mended in {', '.join(map(str, fixed))}" if isinstance(fixed, list) and fixed else "not mended yet"
    return f"{one['id']}, {mended}"


if __name__ == "__main__":
    sys.exit(main())
