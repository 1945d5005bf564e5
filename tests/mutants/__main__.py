"""Apply each mutation to a copy of the program, and print who notices: a check of the gate, or the named tests.

Usage: ``python -m tests.mutants [WORD ...]`` (only the mutations whose name holds a word). Ends with 1 where one survives.
"""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.mutants.mutations import MUTATIONS, Mutation

ROOT = Path(__file__).parents[2]
PARTS = ("pipelines", "expectations", "flows", "sample_data", "tests")
AT_ONCE = 2
SECONDS = 900


def main(words: list[str]) -> int:
    """Try the mutations, two at a time, and print the table."""
    wanted = [m for m in MUTATIONS if not words or any(word in m.name for word in words)]
    with tempfile.TemporaryDirectory() as folder:
        copies: queue.SimpleQueue[Path] = queue.SimpleQueue()
        for number in range(AT_ONCE):
            copies.put(copied(Path(folder) / str(number)))
        sound = judged(copy := copies.get())
        copies.put(copy)
        if not isinstance(sound, dict) or sound["holds"] or sound["failed"]:
            say(f"the program itself does not pass its checks: {sound}")
            return 1

        def one(mutation: Mutation) -> str:
            own = copies.get()
            try:
                return noticed(own, mutation)
            finally:
                copies.put(own)

        with ThreadPoolExecutor(AT_ONCE) as pool:
            found = []
            for mutation, who in zip(wanted, pool.map(one, wanted), strict=True):
                found.append(who)
                say(f"| {mutation.name} | {who or 'NOBODY'} |")
    say(f"{sum(map(bool, found))} of {len(found)} mutations noticed")
    return 0 if all(found) else 1


def copied(folder: Path) -> Path:
    """Copy the program."""
    for part in PARTS:
        ignored = shutil.ignore_patterns("__pycache__", ".data", "*.pyc")
        shutil.copytree(ROOT / part, folder / part, ignore=ignored)
    for name in ("pyproject.toml", "README.md"):
        shutil.copyfile(ROOT / name, folder / name)
    return folder


def noticed(copy: Path, mutation: Mutation) -> str:
    """Return who notices a mutation; empty: nobody.

    Raises:
        LookupError: when the text is not there exactly once.
    """
    path = copy / mutation.file
    text = path.read_text(encoding="utf-8")
    times = text.count(mutation.old)
    if times != 1:
        raise LookupError(f"{mutation.name}: {mutation.old!r} stands {times} times in {mutation.file}")
    path.write_text(text.replace(mutation.old, mutation.new), encoding="utf-8")
    try:
        told = judged(copy)
        if isinstance(told, str):
            return f"the night fails: {told}"
        if told["holds"]:
            return "holds the night: " + ", ".join(told["holds"])
        if told["failed"]:
            checks = sorted({name for name, _ in told["failed"]})
            return f"check_failed: {', '.join(checks)} ({', '.join(sorted({whom for _, whom in told['failed']}))})"
        seen = next((test for test in mutation.tests if not passes(copy, test)), "")
        return f"tests: {seen}" if seen else ""
    finally:
        path.write_text(text, encoding="utf-8")


def judged(copy: Path) -> dict[str, Any] | str:
    """Return what the gate says of the city, or why the night fails."""
    done = run(copy, "-m", "tests.mutants.judge")
    if done.returncode == 0:
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer
    return (done.stderr.strip().splitlines() or ["?"])[-1][:120]


def passes(copy: Path, test: str) -> bool:
    """Tell whether a test file passes."""
    return run(copy, "-m", "pytest", "-n", "0", "-x", "-q", "-p", "no:cacheprovider", test).returncode == 0


def run(copy: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a copy."""
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, *words]
    return subprocess.run(
        command, cwd=copy, env=environment, capture_output=True, text=True, check=False, timeout=SECONDS
    )


def say(line: str) -> None:
    """Print one line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
