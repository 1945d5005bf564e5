"""The lock (``requirements.txt``) as data: which packages, which versions, under which condition, with which hashes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements.txt"
_PIN = re.compile(r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;]+)(?:\s*;\s*(?P<marker>.+))?")
_HASH = re.compile(r"--hash=(sha256:[0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Pin:
    """One line of the lock: a package of one version, where its marker holds."""

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]


def pins() -> Iterator[Pin]:
    """Yield every pin of the lock."""
    text = LOCK.read_text(encoding="utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        if line.startswith("#") or not line.strip():
            continue
        found = _PIN.match(line.split(" --hash")[0].strip())
        if found is None:
            raise ValueError(f"{LOCK.name}: {line[:80]}: not a pin")
        hashes = tuple(_HASH.findall(line))
        yield Pin(found["name"], found["version"], (found["marker"] or "").strip(), hashes)
