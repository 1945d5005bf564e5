"""Put a file in place so that it survives a failing machine: synced, then renamed, then its folder synced.

A rename alone may reach the disk before the bytes do: after a power cut the name then stands over an empty file. So
nothing names a file (a line of the history, another name) before the file itself is durable.
"""

from __future__ import annotations

import os
from pathlib import Path


def write(path: Path, content: bytes, *, synced: bool = True) -> None:
    """Write a whole file under its name, or leave what stands there; not ``synced``: what a power cut spoils is made again anyway."""
    make_folder(path.parent)
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(content)
    if synced:
        put(part, path)
    else:
        part.replace(path)


def put(part: Path, path: Path) -> None:
    """Give a file that was written whole its name."""
    sync(part)
    move(part, path)


def move(path: Path, target: Path) -> None:
    """Give a file or folder that is durable already another name."""
    path.replace(target)
    for folder in dict.fromkeys((target.parent, path.parent)):
        sync_folder(folder)


def sync(path: Path) -> None:
    """Make the content of a file durable."""
    with path.open("rb" if os.name == "posix" else "rb+") as stream:  # one without write bit is made durable as well
        os.fsync(stream.fileno())


def make_folder(folder: Path) -> None:
    """Make a folder with those above it, each durable."""
    if folder.is_dir():
        return
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for each in missing:
        sync_folder(each.parent)


def sync_all(folder: Path) -> None:
    """Make everything in a folder durable, and the folders in it."""
    for path in folder.rglob("*"):
        if path.is_dir():
            sync_folder(path)
        else:
            sync(path)
    sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable, where the operating system can."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
