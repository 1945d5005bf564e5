"""Append-only records as JSON lines, safe against a torn last line."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any


def append(path: Path, records: Iterable[dict[str, Any]]) -> None:
    """Append records and make them durable before returning. Nothing is ever rewritten."""
    text = "".join(json.dumps(record, ensure_ascii=False, default=str) + "\n" for record in records)
    if not text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab+") as stream:
        if stream.tell() > 0:
            stream.seek(-1, os.SEEK_END)
            if stream.read(1) != b"\n":
                text = "\n" + text  # the last writer died inside a line: close it, it will not parse
        stream.write(text.encode())
        stream.flush()
        os.fsync(stream.fileno())


def read(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the records in order; a line that a crash tore is passed over (its writer never said it was done)."""
    if not path.is_file():
        return
    with path.open(encoding="utf-8") as stream:
        for line in stream:
            try:
                record = json.loads(line)
            except ValueError:
                continue
            if isinstance(record, dict):
                yield record
