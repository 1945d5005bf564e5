"""Tell each person in the morning what is new, due or overdue: a file a person, or a mail to this person alone.

A notice is put on record once its file is written or the server took it, never before: a run that dies between the two tells
this person twice, and nobody is left out. What the server does not take is written as a file, and tried again by the next run.
"""

from __future__ import annotations

import smtplib
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from queue import Empty, Queue

from pipelines import durable
from pipelines.ask.mornings import MorningNotice, notices
from pipelines.findings import Finding
from pipelines.history import told as history
from pipelines.process import rights
from pipelines.process.deadline import Apart
from pipelines.reports.notice_mail import counted, message
from pipelines.reports.plain_text import one_line
from pipelines.reports.workbook import file_names
from pipelines.run import announce
from pipelines.settings.city import CityFolder
from pipelines.settings.operation import ADDRESS, Mail
from pipelines.settings.secret import hidden, secrets

FOLDER = "notices"
MAIL, FILE = "mail", "file"
LONGEST_SECONDS = 300.0  # for all mails together
MOST_NAMED = 5
# what a server says of one mail, and is ready for the next
OF_ONE = (smtplib.SMTPRecipientsRefused, smtplib.SMTPResponseException)


@dataclass(slots=True)
class ToldPeople:
    """What became of a morning: how many files were written and mails taken, and what a person should know.

    Args:
        mails: Mails that the server took.
        files: Files written to be sent by hand, those of mails that were not taken included.
        no_address: Persons among those with a file whose address is missing or none.
        folder: Where the files lie; empty where there are none.
        findings: What went wrong.
    """

    mails: int = 0
    files: int = 0
    no_address: list[str] = field(default_factory=list)
    folder: str = ""
    findings: list[Finding] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Ended:
    """Nothing more is sent, and why."""

    reason: Exception


def tell(city: CityFolder) -> ToldPeople:
    """Tell everybody who is to be told today and was not.

    Raises:
        QueryError: nothing is published yet.
        HistoryLostError, OSError: what was told cannot be put on record, or no file written; the others are told by the next run.
    """
    done = ToldPeople()
    settings, mail = city.settings.notices, city.settings.announce.mail
    if not settings.is_on(city.today):
        return done
    if (
        settings.send and abs((city.now().date() - city.today).days) > 1
    ):  # a replay: nobody is written to, and nothing counts as told
        done.findings.append(Finding("notices_of_another_day", city.settings.city.name, {"today": city.today}))
        return done
    telling = notices(city)
    folder = city.data / FOLDER / str(city.today)
    names = file_names(notice.person_id for notice in telling)
    files = {notice.person_id: folder / f"{names[notice.person_id]}.eml" for notice in telling}
    reachable = [notice for notice in telling if ADDRESS.fullmatch(notice.address)]
    mailed = reachable if settings.send and mail is not None else []
    for notice in telling:
        if notice not in mailed:
            _write(city, notice, files[notice.person_id], done)
            _note(city, notice, FILE)
    done.no_address = [notice.person_id for notice in telling if notice not in reachable]
    if mail is not None and mailed:
        _send(city, mail, mailed, files, done)
    if settings.send and done.no_address:
        told = {"count": len(done.no_address), "people": _named(done.no_address), "folder": str(folder)}
        done.findings.append(Finding("notices_without_address", city.settings.city.name, told))
    return done


def _write(city: CityFolder, notice: MorningNotice, path: Path, done: ToldPeople) -> None:
    durable.write(path, message(city, notice).as_bytes())
    rights.protect_file(path, city)
    done.files += 1
    done.folder = str(path.parent)


def _note(city: CityFolder, notice: MorningNotice, way: str) -> None:
    told = counted(notice)
    history.note(
        city.history,
        history.ToldNotice(
            notice.person_id,
            str(city.today),
            str(city.now()),
            way,
            notice.waiting,
            new=told["new"],
            due=told["due"],
            overdue=told["overdue"],
            waits=notice.first_told,
        ),
    )


def _send(
    city: CityFolder, mail: Mail, telling: Sequence[MorningNotice], files: dict[str, Path], done: ToldPeople
) -> None:
    """Send to each person, and put on record at once what the server took; the others get a file, and the next run tries again."""
    known = secrets([city.settings.announce.webhook_env, mail.password_env])
    failed, problems = [], dict[str, None]()
    messages = [message(city, notice, mail.sender) for notice in telling]
    for notice, error in zip(telling, _delivered(mail, messages), strict=True):
        if error is None:
            done.mails += 1
            _note(city, notice, MAIL)
            files[notice.person_id].unlink(missing_ok=True)  # of an earlier run, which could not send it
            continue
        failed.append(notice.person_id)
        problems[hidden(one_line(announce.problem_of(error, city.settings.city.language)), known)] = None
        _write(city, notice, files[notice.person_id], done)
    if failed:
        told = {"count": len(failed), "people": _named(failed), "server": mail.host, "folder": done.folder}
        told["problem"] = one_line(" / ".join(list(problems)[:MOST_NAMED]))
        done.findings.append(Finding("notices_not_sent", city.settings.city.name, told))


def _delivered(mail: Mail, messages: Sequence[EmailMessage]) -> Iterator[Exception | None]:
    """Yield for each message, in order, what went wrong, or nothing where the server took it; all go over one connection.

    A server that keeps one message waiting for longer than ``announce.SECONDS``, or all for longer than ``LONGEST_SECONDS``, is
    left: that message and those behind it count as not sent.
    """
    outcomes: Queue[Exception | _Ended | None] = Queue()
    left, until = threading.Event(), time.monotonic() + LONGEST_SECONDS
    Apart(lambda: _deliver(mail, messages, outcomes, left), "notices")
    try:
        at = 0
        while at < len(messages):
            try:
                error = outcomes.get(timeout=max(0.0, min(announce.SECONDS, until - time.monotonic())))
            except Empty:
                error = _Ended(TimeoutError())
            if isinstance(error, _Ended):
                yield from [error.reason] * (len(messages) - at)
                return
            yield error
            at += 1
    finally:
        left.set()


def _deliver(
    mail: Mail, messages: Sequence[EmailMessage], outcomes: Queue[Exception | _Ended | None], left: threading.Event
) -> None:
    try:
        with announce.connected(mail) as server:
            for each in messages:
                if left.is_set():
                    return
                try:
                    server.send_message(each)
                except OF_ONE as error:
                    outcomes.put(error)
                else:
                    outcomes.put(None)
    except Exception as error:
        outcomes.put(_Ended(error))


def _named(people: Sequence[str]) -> str:
    more = f" +{len(people) - MOST_NAMED}" if len(people) > MOST_NAMED else ""
    return ", ".join(people[:MOST_NAMED]) + more
