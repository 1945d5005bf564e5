"""Around a run: one at a time, stopped when it takes too long, on record and announced however it ends.

Writes ``history/runs.jsonl`` for runs that publish nothing (one that publishes records itself in what it publishes), and
``history/run_notes.jsonl``: what became of telling people, which is known only after the run has let go of its lock.
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

from pipelines.errors import ActionableError
from pipelines.findings import Finding
from pipelines.history.journal import HistoryLostError
from pipelines.history.records import History
from pipelines.process import rights
from pipelines.reports.plain_text import one_line
from pipelines.run import exchange
from pipelines.run.announce import Notice, announce
from pipelines.run.lock import Holder, run_lock
from pipelines.run.night import NOTES, LostFilesError, Night
from pipelines.settings.city import CityFolder
from pipelines.settings.secret import hidden, secrets
from pipelines.sources.arrive.remote import RemoteInboxError
from pipelines.texts import say
from pipelines.warehouse.database import StageError
from pipelines.warehouse.publish import HeldBack
from pipelines.warehouse.time_limit import TimeLimitError

# what DuckDB and the operating system say when there is no room left -> the remedy's label
NO_ROOM = ("No space left", "max_temp_directory_size", "Disk quota exceeded")
NO_RIGHTS = ("Permission denied", "Read-only file system")


class RunFailedError(ActionableError, RuntimeError):
    """The run could not go on; the message says what happened and what to do. What was published stays."""


class _After:
    """What people are told of a run, collected while it holds its lock and sent when the lock is free.

    Args:
        night: The run.
    """

    def __init__(self, night: Night) -> None:
        self.city, self.history = night.city, night.history
        self.notices: list[Notice] = []
        self.has_history = False  # until the history is known to be whole, nothing is written into it

    def note(self, outcome: str, run_id: str, detail: str, remedy: str) -> None:
        """Take note of what came of a run."""
        city = self.city.settings.city
        todo = say(remedy, city.language, data=self.city.data)
        self.notices.append(Notice(city.name, outcome, run_id, detail, todo))

    def tell(self) -> None:
        """Tell people, and put on record what came of that. Whatever goes wrong is a sentence: the run is over."""
        for notice in self.notices:
            try:
                self._tell(notice)
            except Exception as error:
                problem = one_line(f"{type(error).__name__}: {error}")
                with suppress(OSError, ValueError):  # a terminal that is gone
                    language = self.city.settings.city.language
                    sys.stderr.write(f"{say('announce_not_recorded', language, problem=problem)}\n")

    def _tell(self, notice: Notice) -> None:
        settings = self.city.settings
        sent = announce(settings.announce, notice, settings.city.language)
        told = {"run_id": notice.run_id, "outcome": notice.outcome, "at": self.city.now()}
        with suppress(OSError, ValueError):
            sys.stderr.writelines(f"{each.problem}\n" for each in sent if each.problem)
        if self.has_history:
            self.history.append(NOTES, [told | {"way": each.way, "problem": each.problem or None} for each in sent])


@contextmanager
def guarded(night: Night) -> Iterator[None]:
    """Hold the lock, the time limit and the record around a run; tell people when the lock is free again.

    Raises:
        AlreadyRunning: another run holds the lock.
        HistoryLostError: what the history said before is gone.
        HeldBack: an invariant of ours is broken.
        TimeLimitError: the run took too long.
        RunFailedError: disk, rights or a statement failed.
    """
    after = _After(night)
    try:
        with _writable(night, after):
            rights.refuse_network(night.city.data)
            settled = exchange.settle(night.city.data)
        with _writable(night, after), run_lock(night.city.data, night.started, night.outcome.run_id) as died:
            exchange.refuse_beside(night.city.data)
            rights.protect(night.city)
            if settled:
                night.outcome.notice(Finding(f"restore_{settled}", night.city.data.name, {}))
            _take_over(night, after)
            if died is not None:
                _note_crash(night, died, after)
            night.limit.at_worst = lambda: _ended_by_force(night, after)
            with _recorded(night, after):
                yield
    finally:
        after.tell()


def _take_over(night: Night, after: _After) -> None:
    """Look at the history before anything is written: a record of this run would be the first line of a new one."""
    try:
        night.history.take_over(night.city.published, night.city.parsed, night.started)
    except HistoryLostError as error:
        after.note("failed", night.outcome.run_id, str(error), "remedy_doctor")
        raise
    after.has_history = True


@contextmanager
def _recorded(night: Night, after: _After) -> Iterator[None]:
    """Put on record how the run ended, and turn what stopped it into what a person can act on."""
    try:
        with night.limit:
            yield
    except HeldBack as error:
        _ended(night, after, "held_back", str(error), "remedy_held_back")
        raise
    except TimeLimitError as error:
        _ended(night, after, "timed_out", str(error), "remedy_timed_out")
        raise
    except LostFilesError as error:
        _ended(night, after, "failed", str(error), "remedy_doctor")
        raise
    except (OSError, duckdb.Error, StageError, RemoteInboxError) as error:
        remedy = _remedy(error)
        _ended(night, after, "failed", str(error), remedy)
        raise RunFailedError(_failure(night, error, remedy)) from error
    except BaseException as error:
        _ended(night, after, "failed", f"{type(error).__name__}: {error}", "remedy_doctor")
        raise
    finally:
        night.close()
        with suppress(OSError):
            night.next_file.unlink(missing_ok=True)
    if night.outcome.published:
        after.note("published", night.outcome.run_id, "", "remedy_none")


def note_away(night: Night, reason: str) -> None:
    """Say that Prefect is left out, and why: at once, and in the run's record."""
    night.outcome.notice(Finding("prefect_away", night.city.settings.city.name, {"problem": reason}))
    told = night.outcome.notices[-1][night.city.settings.city.language]
    with suppress(OSError, ValueError):
        sys.stderr.write(f"{told}\n")
    ended = "published" if night.outcome.published else "nothing_new" if night.outcome.nothing_new else ""
    if ended:  # it is on record already
        with suppress(OSError, HistoryLostError):
            row = {"run_id": night.outcome.run_id, "outcome": ended, "at": night.city.now()}
            night.history.append(NOTES, [row | {"way": "prefect", "problem": told}])


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
def _writable(night: Night, after: _After) -> Iterator[None]:
    """Say in a sentence that the data folder cannot even take the lock."""
    try:
        yield
    except OSError as error:
        remedy = _remedy(error)
        after.note("failed", night.outcome.run_id, str(error), remedy)
        raise RunFailedError(_failure(night, error, remedy)) from error


def _failure(night: Night, error: Exception, remedy: str) -> str:
    language = night.city.settings.city.language
    told = say("run_failed", language, problem=hidden(str(error), _secrets(night)))
    return f"{told}\n→ {say(remedy, language, data=night.city.data)}"


def _secrets(night: Night) -> set[str]:
    """What of the environment no record and no message may repeat."""
    told = night.city.settings.announce
    return secrets([told.webhook_env, told.mail.password_env if told.mail else ""])


def _remedy(error: Exception) -> str:
    text, number = str(error), getattr(error, "errno", None)
    if number in (errno.ENOSPC, errno.EDQUOT) or any(sign in text for sign in NO_ROOM):
        return "remedy_no_room"
    if number in (errno.EACCES, errno.EROFS, errno.EPERM) or any(sign in text for sign in NO_RIGHTS):
        return "remedy_no_rights"
    return "remedy_doctor"


def _note_crash(night: Night, died: Holder, after: _After) -> None:
    """Put a run that died without a word on record, once, and take note that people must be told."""
    known = {row["run_id"] for row in night.history.read("runs")}
    if died.run_id in known or not died.run_id:
        return
    detail = say("run_died", night.city.settings.city.language, pid=died.pid, since=died.since, host=died.host)
    row = night.run_record("crashed", night.city.now(), detail)
    row |= {"run_id": died.run_id, "started_time": died.since, "ended_time": None, "inputs_hash": None}
    row |= {"durations_json": json.dumps({}), "files_new": 0, "rows_json": json.dumps({})}
    night.history.append("runs", [row])
    after.note("crashed", died.run_id, detail, "remedy_none")


def _ended(night: Night, after: _After, outcome: str, detail: str, remedy: str) -> None:
    told = hidden(detail, _secrets(night))
    with suppress(OSError, HistoryLostError):  # neither a full disk nor a lost history must hide why the run failed
        night.record(outcome, told)
    after.note(outcome, night.outcome.run_id, told, remedy)


def _ended_by_force(night: Night, after: _After) -> None:
    """Put on record and announce what nothing else could end; the process ends next, and with it the lock."""
    detail = str(night.limit.error)
    sys.stderr.write(f"{detail}\n")
    sys.stderr.flush()
    if night.outcome.published:  # that is on record already: what hangs comes behind it
        after.note("timed_out", night.outcome.run_id, detail, "remedy_timed_out")
    else:
        _ended(night, after, "timed_out", detail, "remedy_timed_out")
    after.tell()
