"""Back up and restore a data folder: one tar file with a list of hashes, checked before anything is put in place.

Kept: what was published, parsed, decided and the history. Left out: what the next run makes anew (Prefect's own
database, temporary files). Restoring moves the folder there aside, never deletes it, and can be killed at any moment.
"""

from __future__ import annotations

import io
import json
import shutil
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from pipelines import durable
from pipelines.errors import ActionableError
from pipelines.history import kept
from pipelines.process import rights
from pipelines.run import exchange
from pipelines.run.lock import LOCK_FILE, PATIENCE, run_lock
from pipelines.settings import place
from pipelines.settings.city import CityFolder
from pipelines.texts import both

# what is made again, and the key of the desk, which shall lie nowhere else: without it sessions end
LEFT_OUT = frozenset({"prefect", "tmp", "next", LOCK_FILE, place.DESK_KEY})
MANIFEST = "manifest.json"
# may be written at this very moment, so copied by SQLite itself
STORES = ("decisions.sqlite", place.ACCOUNTS)


class BackupError(ActionableError, RuntimeError):
    """A backup cannot be made or restored; the message says why and what to do."""


def back_up(city: CityFolder, target: Path) -> int:
    """Write the data folder into a tar file (``.gz``: compressed); returns how many files it holds.

    Raises:
        BackupError: there is nothing to back up, the target exists, or the store of decisions cannot be read.
        AlreadyRunning: a night is under way.
    """
    if not city.history.is_dir():
        raise BackupError(both("nothing_to_back_up", at=city.data))
    if target.exists():
        raise BackupError(both("exists_already", at=target))
    part = target.with_name(f"{target.name}.part")
    try:
        with (
            run_lock(city.data, city.now(), wait=PATIENCE),
            _open(part, compressed=target.suffix in (".gz", ".tgz")) as tar,
        ):
            hashes = _add_all(tar, city)
        rights.protect_file(part, city)
        durable.put(part, target)
    finally:
        part.unlink(missing_ok=True)
    return len(hashes)


def _add_all(tar: tarfile.TarFile, city: CityFolder) -> dict[str, str]:
    """Add every file that is kept, and the list of their hashes; returns it."""
    scratch = city.data / "tmp"
    scratch.mkdir(parents=True, exist_ok=True)
    hashes = {}
    for name, found in _kept(city.data):
        path = _settled(found, scratch / name) if name in STORES else found
        hashes[name] = kept.hash_of(path)
        tar.add(path, name, recursive=False)
        if path != found:
            path.unlink()
    manifest = json.dumps({"city": city.settings.city.name, "made": str(city.now()), "files": hashes}).encode()
    entry = tarfile.TarInfo(MANIFEST)
    entry.size = len(manifest)
    tar.addfile(entry, io.BytesIO(manifest))
    return hashes


def restore(city: CityFolder, source: Path, *, over: bool = False) -> tuple[int, Path | None]:
    """Put a backup in place of the data folder.

    Args:
        city: The city folder.
        source: A file that :func:`back_up` wrote.
        over: Move a data folder that holds something aside; else refuse.

    Returns:
        How many files were restored, and where the folder that stood there is now.

    Raises:
        BackupError: the file is no whole backup, or something stands there.
        AlreadyRunning: a night or another restore is under way.
    """
    exchange.settle(city.data, may_be_gone=True)
    if city.history.exists() and not over:
        raise BackupError(both("holds_data_already", at=city.data))
    fresh = exchange.fresh_of(city.data)
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        with tarfile.open(source) as tar:
            tar.extractall(fresh, filter="data")
        stated = json.loads((fresh / MANIFEST).read_text(encoding="utf-8"))["files"]
        found = {name: kept.hash_of(path) for name, path in _kept(fresh) if name != MANIFEST}
        if wrong := sorted(name for name in {*stated, *found} if stated.get(name) != found.get(name)):
            raise BackupError(both("differs_from_its_list", at=source, found=", ".join(wrong[:5])))
    except (OSError, tarfile.TarError, ValueError, KeyError, TypeError, EOFError) as error:
        shutil.rmtree(fresh, ignore_errors=True)
        raise BackupError(both("no_whole_backup", at=source, error=error)) from error
    except BackupError:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    (fresh / MANIFEST).unlink()
    durable.sync_all(fresh)
    aside = exchange.swap(city.data, city.now())
    if not (aside / "history").exists() and not place.standing(aside).exists():
        shutil.rmtree(aside)
        return len(found), None
    return len(found), aside


def _kept(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if name.split("/")[0] not in LEFT_OUT and path.is_file() and not path.is_symlink() and path.suffix != ".part":
            yield name, path


def _settled(path: Path, copy: Path) -> Path:
    """Copy SQLite by its own means."""
    copy.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
        try:
            source.backup(target)
        except sqlite3.DatabaseError as error:
            raise BackupError(both("no_store_of_decisions", at=path, error=error)) from error
    return copy


def _open(path: Path, *, compressed: bool) -> tarfile.TarFile:
    return tarfile.open(path, "w:gz") if compressed else tarfile.open(path, "w")
