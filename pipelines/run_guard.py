"""Around a run: one at a time, stopped when it takes too long, on record and announced however it ends.

Writes ``history/runs.jsonl`` for runs that publish nothing (one that publishes records itself in what it publishes).
"""

from __future__ import annotations

import errno
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

import duckdb
from cronsim import CronSim

from pipelines import exchange, rights
from pipelines.announce import Notice, announce
from pipelines.errors import ActionableError
from pipelines.findings import Finding
from pipelines.night import LostFilesError, Night
from pipelines.reports.words import label
from pipelines.settings import CityFolder
from pipelines.sources.remote import RemoteInboxError
from pipelines.warehouse.database import StageError
from pipelines.warehouse.history import History
from pipelines.warehouse.lock import Holder, run_lock
from pipelines.warehouse.publish import HeldBack
from pipelines.warehouse.time_limit import TimeLimitError

# what DuckDB and the operating system say when there is no room left -> the remedy's label
NO_ROOM = ("No space left", "max_temp_directory_size", "Disk quota exceeded")
NO_RIGHTS = ("Permission denied", "Read-only file system")


class RunFailedError(ActionableError, RuntimeError):
    """The run could not go on; the message says what happened and what to do. What was published stays."""


@contextmanager
def guarded(night: Night) -> Iterator[None]:
    """Hold the lock, the time limit and the record around a run.

    Raises:
        AlreadyRunning: another run holds the lock.
        HistoryLostError: what the history said before is gone.
        HeldBack: an invariant of ours is broken.
        TimeLimitError: the run took too long.
        RunFailedError: disk, rights or a statement failed.
    """
    with _writable(night):
        rights.refuse_network(night.city.data)
        settled = exchange.settle(night.city.data)
    with _writable(night), run_lock(night.city.data, night.started, night.outcome.run_id) as died:
        exchange.refuse_beside(night.city.data)
        rights.protect(night.city)
        if settled:
            night.outcome.notice(Finding(f"restore_{settled}", night.city.data.name, {}))
        # before anything is written: a record of this run would be the first line of a new history
        night.history.take_over(night.city.published, night.city.parsed, night.started)
        if died is not None:
            _note_crash(night, died)
        night.limit.at_worst = lambda: _ended_by_force(night)
        try:
            with night.limit:
                yield
        except HeldBack as error:
            _ended(night, "held_back", str(error), "remedy_held_back")
            raise
        except TimeLimitError as error:
            _ended(night, "timed_out", str(error), "remedy_timed_out")
            raise
        except LostFilesError as error:
            _ended(night, "failed", str(error), "remedy_doctor")
            raise
        except (OSError, duckdb.Error, StageError, RemoteInboxError) as error:
            remedy = _remedy(error)
            _ended(night, "failed", str(error), remedy)
            raise RunFailedError(_failure(night, error, remedy)) from error
        except BaseException as error:
            _ended(night, "failed", f"{type(error).__name__}: {error}", "remedy_doctor")
            raise
        finally:
            night.close()
            with suppress(OSError):
                night.next_file.unlink(missing_ok=True)
        if night.outcome.published:
            _tell(night, "published", night.outcome.run_id, "", "remedy_none")


def missed(city: CityFolder) -> datetime | None:
    """Return when the last night was due, if no run has been started since then; ``None`` before the first night."""
    runs = History(city.history).read("runs")
    if not runs:
        return None
    last = max(datetime.fromisoformat(row["started_time"]) for row in runs)
    now = city.now()
    due = None
    for moment in CronSim(city.settings.schedule.cron, last):
        if moment > now:
            break
        due = moment
    return due


@contextmanager
def _writable(night: Night) -> Iterator[None]:
    """Say in a sentence that the data folder cannot even take the lock."""
    try:
        yield
    except OSError as error:
        raise RunFailedError(_failure(night, error, _remedy(error))) from error


def _failure(night: Night, error: Exception, remedy: str) -> str:
    language = night.city.settings.city.language
    told = label("run_failed", language).format(problem=error)
    return f"{told}\n→ {label(remedy, language).format(data=night.city.data)}"


def _remedy(error: Exception) -> str:
    text, number = str(error), getattr(error, "errno", None)
    if number in (errno.ENOSPC, errno.EDQUOT) or any(sign in text for sign in NO_ROOM):
        return "remedy_no_room"
    if number in (errno.EACCES, errno.EROFS, errno.EPERM) or any(sign in text for sign in NO_RIGHTS):
        return "remedy_no_rights"
    return "remedy_doctor"


def _note_crash(night: Night, died: Holder) -> None:
    """Put a run that died without a word on record, once, and announce it."""
    known = {row["run_id"] for row in night.history.read("runs")}
    if died.run_id in known or not died.run_id:
        return
    detail = label("run_died", night.city.settings.city.language).format(pid=died.pid, since=died.since, host=died.host)
    row = night.run_record("crashed", night.city.now(), detail)
    row |= {"run_id": died.run_id, "started_time": died.since, "ended_time": None, "inputs_hash": None}
    row |= {"durations_json": json.dumps({}), "files_new": 0, "rows_json": json.dumps({})}
    night.history.append("runs", [row])
    _tell(night, "crashed", died.run_id, detail, "remedy_none")


def _ended(night: Night, outcome: str, detail: str, remedy: str) -> None:
    with suppress(OSError):  # a full disk must not hide why the run failed
        night.record(outcome, detail)
    _tell(night, outcome, night.outcome.run_id, detail, remedy)


def _ended_by_force(night: Night) -> None:
    """Put on record and announce what nothing else could end; the process ends next, and with it the lock."""
    detail = str(night.limit.error)
    sys.stderr.write(f"{detail}\n")
    sys.stderr.flush()
    if night.outcome.published:  # that is on record already: what hangs comes behind it
        _tell(night, "timed_out", night.outcome.run_id, detail, "remedy_timed_out")
    else:
        _ended(night, "timed_out", detail, "remedy_timed_out")


def _tell(night: Night, outcome: str, run_id: str, detail: str, remedy: str) -> None:
    settings = night.city.settings
    language = settings.city.language
    todo = label(remedy, language).format(data=night.city.data)
    notice = Notice(settings.city.name, outcome, run_id, detail, todo)
    for problem in announce(settings.announce, notice, language):
        sys.stderr.write(f"{problem}\n")
