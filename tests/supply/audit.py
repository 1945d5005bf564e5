"""Known weaknesses of what the lock names: ``python -m tests.supply.audit`` (``make audit``; not part of the test run).

pip-audit lives in an environment of its own, so that none of its packages runs beside the product. It looks at the lock as it holds on
this platform. Where it cannot be installed or its database does not answer, the audit is skipped and says so by name: a database that
knows none of the packages has not found them sound.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
import venv
from pathlib import Path
from typing import Any

from tests.supply import lock

HOME = Path(sys.prefix) / "audit"
SKIPPED, SOUND, WEAK = "skipped", "sound", "weak"


def judge(told: str) -> tuple[str, list[str]]:
    """Return what an audit's JSON says, and a line per weakness or package that it could not look at.

    Args:
        told: The standard output of pip-audit; no JSON when it failed.
    """
    try:
        found: list[dict[str, Any]] = json.loads(told)["dependencies"]
    except (ValueError, KeyError):
        return SKIPPED, ["pip-audit could not ask its database"]
    unseen = [f"{one['name']}: not looked at: {one['skip_reason']}" for one in found if "skip_reason" in one]
    weak = [
        f"{one['name']} {one['version']}: {weakness['id']}, mended in {', '.join(weakness['fix_versions']) or 'no version'}"
        for one in found
        for weakness in one.get("vulns", ())
    ]
    if weak:
        return WEAK, [*weak, *unseen]
    if len(unseen) == len(found):
        return SKIPPED, ["the database knows none of the packages"]
    return SOUND, unseen


def _tool() -> Path | None:
    """Install pip-audit where it is not yet; nothing where that cannot be."""
    scripts = HOME / ("Scripts" if os.name == "nt" else "bin")
    program = scripts / ("pip-audit.exe" if os.name == "nt" else "pip-audit")
    if not program.exists():
        wanted = tomllib.loads((lock.ROOT / "pyproject.toml").read_text(encoding="utf-8"))
        [requirement] = wanted["project"]["optional-dependencies"]["audit"]
        venv.create(HOME, with_pip=True)
        done = subprocess.run([scripts / "python", "-m", "pip", "install", "--quiet", requirement], check=False)
        if done.returncode:
            return None
    return program


def main() -> int:
    """Audit the lock; 1 where something in it is known to be weak."""
    program = _tool()
    if program is None:
        state, lines = SKIPPED, ["pip-audit cannot be installed here"]
    else:
        words = [str(program), "--requirement", str(lock.LOCK), "--disable-pip", "--require-hashes", "--format", "json"]
        done = subprocess.run(
            [*words, "--progress-spinner", "off", "--timeout", "15"], capture_output=True, text=True, check=False
        )
        state, lines = judge(done.stdout)
        if state == SKIPPED and not done.stdout:
            lines += done.stderr.splitlines()[-1:]
    sys.stdout.write("".join(f"audit: {line}\n" for line in [state, *lines]))
    return 1 if state == WEAK else 0


if __name__ == "__main__":
    sys.exit(main())
