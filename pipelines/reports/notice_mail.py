"""The notice of the morning as a mail: plain text, to one person alone. Names and sentences are text, never part of the head."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from email.message import EmailMessage
from email.utils import format_datetime
from zoneinfo import ZoneInfo

from pipelines.ask.mornings import DUE_WITHIN_DAYS, MorningNotice, WaitingQuestion
from pipelines.findings import stable_id
from pipelines.periods import to_wareki
from pipelines.reports.plain_text import one_line, tonnes
from pipelines.settings.city import CityFolder
from pipelines.settings.operation import ADDRESS
from pipelines.texts import letter, word

MOST_LINES = 20
LONGEST_SENTENCE = 90  # of what is asked; the whole stands where the notice says


def counted(notice: MorningNotice) -> dict[str, int]:
    """Return how many questions of a notice are new, due and overdue; one may be new and due."""
    return {
        "new": sum(question.is_new for question in notice.questions),
        "due": sum(question.is_due for question in notice.questions),
        "overdue": sum(question.is_overdue for question in notice.questions),
    }


def message(city: CityFolder, notice: MorningNotice, sender: str = "") -> EmailMessage:
    """Return the mail to a person.

    Args:
        city: The city folder.
        notice: What to tell.
        sender: Who sends it; empty: a draft that a mail program opens, to be sent by hand.
    """
    made = EmailMessage()
    title = letter("notice_subject", city=city.settings.city.name, count=notice.waiting, **counted(notice))
    made["Subject"] = one_line(title)
    if ADDRESS.fullmatch(notice.address):
        made["To"] = notice.address
    made["Date"] = format_datetime(city.now().replace(tzinfo=ZoneInfo(city.settings.city.time_zone)))
    if sender:
        made["From"] = sender
        # the same of the same morning: what is sent twice can be told as one
        same = stable_id("notice", city.settings.city.name, notice.person_id, city.today)
        made["Message-ID"] = f"<{same}@{sender.rpartition('@')[2]}>"
    else:
        made["X-Unsent"] = "1"  # Outlook opens it as a draft
    made.set_content("\n".join(one_line(line) for line in _lines(notice)) + "\n", charset="utf-8")
    return made


def _lines(notice: MorningNotice) -> Iterable[str]:
    yield letter("notice_to", name=notice.name or notice.person_id)
    yield ""
    yield letter("notice_count", count=notice.waiting, days=DUE_WITHIN_DAYS, **counted(notice))
    yield ""
    shown, more = notice.questions[:MOST_LINES], notice.questions[MOST_LINES:]
    yield from map(_line, shown)
    if more:
        yield letter("notice_more", count=len(more), stake=_stake(more))
    if earlier := notice.waiting - len(notice.questions):
        yield letter("notice_earlier", count=earlier)
    yield ""
    yield letter("notice_where", person=notice.person_id)


def _line(question: WaitingQuestion) -> str:
    name, count = question.facilities
    name = _cut(name, LONGEST_SENTENCE // 3)
    due = question.due
    return letter(
        "notice_line",
        mark=letter("notice_new") if question.is_new else "",
        step=word(question.step, "ja"),
        facility=name if count == 1 else letter("answers_facilities", name=name, others=count - 1),
        year=question.fiscal_year,
        stake=_stake([question]),
        when=_when(question) if due is not None else letter("notice_since", day=to_wareki(question.since)),
        question=question.question_id[:8],
        sentence=_cut(question.sentence, LONGEST_SENTENCE),
    )


def _when(question: WaitingQuestion) -> str:
    day, left = to_wareki(question.due) if question.due else "", question.days_left or 0
    if question.is_overdue:
        return letter("notice_overdue", day=day, days=-left)
    return letter("notice_due", day=day, days=left)


def _stake(questions: Sequence[WaitingQuestion]) -> str:
    """What is at stake in tonnes, as far as it is known, and of how many flags it is not: never silently a zero."""
    known = [question.stake for question in questions if question.stake is not None]
    unknown = sum(question.without_stake for question in questions)
    if not known:
        return letter("notice_unknown")
    told = tonnes(sum(known, Decimal(0)))
    return letter("notice_partly", stake=told, count=unknown) if unknown else told


def _cut(text: str, most: int) -> str:
    line = one_line(text)
    return line if len(line) <= most else f"{line[: most - 1]}…"
