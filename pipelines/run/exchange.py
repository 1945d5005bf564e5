"""Put one data folder in the place of another so that a death at any moment loses neither.

What is to be exchanged is written down beside the folder before the first move, under a lock of its own (the run's lock moves
with the folder). Whoever starts next and finds such a note, with nobody at work on it, finishes the exchange where the old
folder has been moved already, else undoes it.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from pipelines import durable
from pipelines.errors import ActionableError
from pipelines.run.lock import LOCK_FILE, PATIENCE, AlreadyRunning, run_lock
from pipelines.texts import both


class HalfExchangedError(ActionableError, RuntimeError):
    """A restore died and what it left cannot be put right by itself; the message says where the folders are."""


def fresh_of(data: Path) -> Path:
    """Return where the folder is made that is to come."""
    return data.with_name(f"{data.name}.restoring")


def swap(data: Path, now: datetime) -> Path:
    """Put the folder that was made (:func:`fresh_of`) in the place of the data folder; returns where that is now.

    Raises:
        AlreadyRunning: another run works in the data folder.
    """
    aside = _free(data.with_name(f"{data.name}.before-{now:%Y%m%dT%H%M%S}"))
    with _alone(data), run_lock(data, now, wait=PATIENCE):
        durable.write(_note(data), json.dumps({"aside": aside.name}).encode())
        durable.move(data, aside)
        durable.move(fresh_of(data), data)
        _end(data)
    return aside


def settle(data: Path, *, may_be_gone: bool = False) -> str:
    """Finish or undo what a restore that died left; say in a word what was done (finished, undone, or nothing: empty).

    Args:
        data: The data folder.
        may_be_gone: Go on where no data folder stands beside what a restore left: one is about to be put there.

    Raises:
        AlreadyRunning: a restore is under way.
        HalfExchangedError: no data folder, and nothing to make one of.
    """
    if not _note(data).is_file():
        if not may_be_gone and not _is_there(data) and (left := _left(data)):
            raise HalfExchangedError(_told(data, left))
        return ""
    with _alone(data):
        if not _note(data).is_file():  # another one was quicker
            return ""
        aside, fresh = _aside(data), fresh_of(data)
        if _is_there(data):
            done = "finished" if aside is not None and aside.is_dir() else "undone"
            shutil.rmtree(fresh, ignore_errors=True)
        elif fresh.is_dir():
            if data.is_dir():  # a run that came between made it for its lock
                shutil.rmtree(data)
            durable.move(fresh, data)
            done = "finished"
        elif may_be_gone:
            done = "undone"
        else:
            raise HalfExchangedError(_told(data, _left(data)))
        _end(data)
    return done


def refuse_beside(data: Path) -> None:
    """Refuse to work in a data folder that is being exchanged since one has looked.

    Raises:
        AlreadyRunning: it is.
    """
    if is_under_way(data):
        raise AlreadyRunning(both("restore_has_begun"))


def is_under_way(data: Path) -> bool:
    """Tell whether an exchange was begun that nobody has ended."""
    return _note(data).is_file()


def _is_there(data: Path) -> bool:
    """Tell whether a data folder stands there; one with nothing but a lock is none."""
    return data.is_dir() and any(path.name != LOCK_FILE for path in data.iterdir())


def _left(data: Path) -> list[Path]:
    return [path for path in (fresh_of(data), *sorted(data.parent.glob(f"{data.name}.before-*"))) if path.is_dir()]


def _told(data: Path, left: list[Path]) -> str:
    named = ", ".join(path.name for path in left) or "-"
    return both("restore_died", at=data, named=named, name=data.name)


def _aside(data: Path) -> Path | None:
    try:
        return data.with_name(Path(json.loads(_note(data).read_bytes())["aside"]).name)
    except (ValueError, KeyError, TypeError):
        return None


def _free(path: Path) -> Path:
    number = 1
    while os.path.lexists(path):
        number += 1
        path = path.with_name(f"{path.name.partition('+')[0]}+{number}")
    return path


def _end(data: Path) -> None:
    _note(data).unlink(missing_ok=True)
    durable.sync_folder(data.parent)


def _note(data: Path) -> Path:
    return data.with_name(f"{data.name}.exchange.json")


@contextmanager
def _alone(data: Path) -> Iterator[None]:
    """Hold the lock of exchanges, which stands beside the data folder."""
    with run_lock(data.parent, datetime.now(), file=f"{data.name}.exchange.lock"):  # noqa: DTZ005 - for people
        yield
