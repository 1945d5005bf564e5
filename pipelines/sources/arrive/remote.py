"""An inbox that lies elsewhere: object storage (S3) or any place that fsspec reaches, copied into ``inbox/`` before the scan.

What was copied is remembered with its size and mark (ETag, time stamp or checksum), so a night fetches only what is new. Nothing
is ever deleted here: what the far side removes stays received.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path, PurePosixPath
from typing import Any

from pipelines import durable
from pipelines.errors import ActionableError
from pipelines.findings import Finding
from pipelines.settings.city import CityFolder
from pipelines.texts import both

FETCHED = "fetched.json"
MARKS = ("ETag", "etag", "mtime", "LastModified", "last_modified", "modified", "created")
CHUNK = 1 << 20


class RemoteInboxError(ActionableError, RuntimeError):
    """The far inbox cannot be reached; the message names it and says what to do. What came before stays received."""


def fetch(city: CityFolder) -> list[Finding]:
    """Copy what is new in the far inbox, if city.toml names one.

    Returns:
        Findings about names that cannot be taken and files that are too large.

    Raises:
        RemoteInboxError: it cannot be reached, or its protocol needs a package that is not installed.
    """
    url = city.settings.inbox.url
    if not url:
        return []
    from fsspec.core import url_to_fs

    try:
        files, root = url_to_fs(url)
        listed: dict[str, dict[str, Any]] = files.find(root, detail=True)
    except (OSError, ImportError, ValueError) as error:
        raise RemoteInboxError(both("inbox_not_reached", at=url, error=error)) from error
    fetched = _load(city.data / FETCHED)
    findings = []
    for name, info in sorted(listed.items()):
        relative = name.removeprefix(root).lstrip("/")
        problem = _refused(relative, info, city)
        if problem:
            numbers = {"size": info.get("size") or 0, "limit": city.settings.limits.file_bytes}
            findings.append(Finding(problem, f"{url}/{relative}", numbers))
            continue
        mark = [info.get("size"), *(str(info[key]) for key in MARKS if key in info)]
        target = city.inbox / relative
        if fetched.get(relative) == mark and target.is_file():
            continue
        _copy(files, name, target)
        fetched[relative] = mark
        _save(city.data / FETCHED, fetched)
    return findings


def _refused(relative: str, info: dict[str, Any], city: CityFolder) -> str | None:
    """Return the rule by which an object is not taken: its name would lead out of the inbox, or it is too large."""
    parts = PurePosixPath(relative).parts
    hostile = any(part in ("..", "/") or part.startswith(".") or set(part) & set("\\:\0") for part in parts)
    if not parts or hostile or (city.inbox / relative).is_symlink():
        return "remote_name"
    return "file_too_large" if (info.get("size") or 0) > city.settings.limits.file_bytes else None


def _copy(files: Any, name: str, target: Path) -> None:  # noqa: ANN401 - an fsspec file system
    """Copy one object under a hidden name, then give it its own: a scan never meets half of it."""
    durable.make_folder(target.parent)
    part = target.with_name(f".{target.name}.part")
    with files.open(name, "rb") as source, part.open("wb") as sink:
        shutil.copyfileobj(source, sink, CHUNK)
    durable.put(part, target)


def _load(path: Path) -> dict[str, list[Any]]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}  # only a shortcut: without it everything is copied again, and known by its hash
    return found if isinstance(found, dict) else {}


def _save(path: Path, fetched: dict[str, list[Any]]) -> None:
    durable.write(path, json.dumps(fetched, ensure_ascii=False).encode())
