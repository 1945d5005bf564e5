"""Who may read what a run keeps: what names persons, and history, backups and logs, is for the owner or a group that city.toml names.

What was published and the pages are for whoever may enter the data folder. On Windows the rights of the folder count as they
are inherited, and nothing is set here.
"""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path

from pipelines.errors import ActionableError
from pipelines.settings.city import CityFolder
from pipelines.texts import both

# folders that others cannot even enter, below the data folder
PRIVATE = ("history", "evidence", "rounds", "notices", "prefect", "tmp", "next", "pages_internal")
DECISIONS = ("decisions.sqlite", "decisions.sqlite-wal", "decisions.sqlite-shm", "decisions.sqlite-journal")
NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre", "ncpfs", "fuse.sshfs"}
)
MOUNTS = Path("/proc/self/mountinfo")


class DataFolderError(ActionableError, RuntimeError):
    """The data folder cannot be used where it lies, or not as city.toml says; the message says why and what to do."""


def protect(city: CityFolder) -> None:
    """Give the folders and files that are not for everybody their rights; folders that are not there are made.

    Raises:
        DataFolderError: there is no such group, or one may not give files to it.
    """
    if os.name != "posix":
        return
    for name in PRIVATE:
        folder = city.data / name
        folder.mkdir(parents=True, exist_ok=True)
        _give(folder, city, 0o700)
    for name in DECISIONS:
        if (city.data / name).is_file():
            _give(city.data / name, city, 0o600)


def protect_file(path: Path, city: CityFolder) -> None:
    """Give a file that was made elsewhere, as a backup is, the same rights."""
    if os.name == "posix":
        _give(path, city, 0o600)


def refuse_network(data: Path, mounts: Path = MOUNTS) -> None:
    """Refuse a data folder on a network drive, where it can be told: locks and renames are not to be relied on there.

    Raises:
        DataFolderError: it lies on one.
    """
    kind = _network_kind(data, mounts)
    if kind:
        raise DataFolderError(both("data_on_network", at=data, kind=kind))


def _network_kind(path: Path, mounts: Path) -> str:
    if str(path).startswith(("\\\\", "//")):
        return "UNC"
    if sys.platform == "win32":
        import ctypes

        return "network drive" if ctypes.windll.kernel32.GetDriveTypeW(f"{path.drive}\\") == 4 else ""
    with suppress(OSError):
        found = [_mount(line) for line in mounts.read_text(encoding="utf-8", errors="replace").splitlines()]
        above = [(point, kind) for point, kind in found if path.is_relative_to(point)]
        if above:
            kind = max(enumerate(above), key=lambda one: (len(Path(one[1][0]).parts), one[0]))[1][1]
            return kind if kind in NETWORK else ""
    return ""


def _mount(line: str) -> tuple[str, str]:
    """Return (mount point, kind of file system) of a line of mountinfo."""
    before, _, after = line.partition(" - ")
    point = before.split(" ")[4].encode().decode("unicode_escape") if len(before.split(" ")) > 4 else "/"
    return point, after.split(" ")[0]


def _give(path: Path, city: CityFolder, mode: int) -> None:
    group = city.settings.rights.group
    wanted = mode | mode >> 3 if group else mode
    try:
        if path.stat().st_mode & 0o777 != wanted:
            path.chmod(wanted)
        if group:
            shutil.chown(path, group=group)
    except (LookupError, PermissionError) as error:
        if not group and isinstance(error, PermissionError):
            return  # somebody else's file in a folder we may write into: its owner decides
        raise DataFolderError(both("group_not_given", group=group, name=path.name, error=error)) from error
