"""What each person is to be told this morning: the questions that wait for this person and are new, due or overdue.

Reads the published file, the decisions store, the rounds and what was told before. Due is the day of the last round that asked;
a question that no round asked, and one that waits to be accepted or confirmed, has none: it says since when it waits.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from pipelines.ask import select
from pipelines.history import rounds, told
from pipelines.review import counter
from pipelines.review.desk import NEXT_STEP, Desk, Flag
from pipelines.review.states import FROM, counts
from pipelines.settings.city import CityFolder

DUE_WITHIN_DAYS = 7


@dataclass(frozen=True, slots=True)
class WaitingQuestion:
    """A question that waits for a person, with those of its flags that do.

    Args:
        question_id: Its id; of a doubt that was answered by its own id that one.
        step: What is to be done: answer, accept or confirm.
        facilities: Name of the first facility, and how many there are.
        fiscal_year: Fiscal year.
        sentence: What is asked, of the gravest flag, in Japanese.
        stake: kg CO2e at stake as far as it is known; nothing where it is of no flag.
        without_stake: Of how many flags it is not known.
        since: Since when it waits.
        due: Last day for the answer, where a round set one.
        days_left: Days until then; negative: since then.
        is_new: Something of it was never told to this person as it waits now.
        waits: Its flags, each as it waits now.
    """

    question_id: str
    step: str
    facilities: tuple[str, int]
    fiscal_year: int
    sentence: str
    stake: Decimal | None
    without_stake: int
    since: date
    due: date | None
    days_left: int | None
    is_new: bool
    waits: tuple[str, ...]

    @property
    def is_overdue(self) -> bool:
        """Its day is over."""
        return self.days_left is not None and self.days_left < 0

    @property
    def is_due(self) -> bool:
        """Its day is near, and not over."""
        return self.days_left is not None and 0 <= self.days_left <= DUE_WITHIN_DAYS


@dataclass(frozen=True, slots=True)
class MorningNotice:
    """What one person is told.

    Args:
        person_id: Who.
        name: The name in the register; empty where it stands in none.
        address: What the register states as address; unchecked, empty where nothing.
        waiting: How many questions wait in all.
        questions: Those that are overdue, due or new, in this order.
        first_told: The flags told for the first time, each as it waits now.
    """

    person_id: str
    name: str
    address: str
    waiting: int
    questions: tuple[WaitingQuestion, ...]
    first_told: tuple[str, ...]


def notices(city: CityFolder) -> list[MorningNotice]:
    """Return what there is to tell today, by person; of nobody who was told today, or is not in office.

    Raises:
        QueryError: nothing is published yet.
    """
    known: dict[str, set[str]] = defaultdict(set)
    done = set()
    for each in told.read(city.history):
        known[each.person_id].update(each.waits)
        if each.told_on == str(city.today):
            done.add(each.person_id)
    due = _due_days(city)
    found = []
    with counter.desk(city) as desk:
        asked = {row["flag_id"]: row["asked_on"] for row in select.rows(desk.connection, "asked_days")}
        waiting = desk.waiting()
        for person in select.rows(desk.connection, "people_in_office", {"today": city.today}):
            who = str(person["person_id"])
            if who in done:
                continue
            questions = _questions(desk, waiting.get(who, ()), due, asked, known[who])
            telling = [q for q in questions if q.is_new or q.is_due or q.is_overdue]
            if telling:
                telling.sort(key=lambda q: (not q.is_overdue, not q.is_due, q.due or date.max))
                first = tuple(key for q in telling for key in q.waits if key not in known[who])
                name, address = (str(person[column] or "") for column in ("name", "email"))
                found.append(MorningNotice(who, name, address, len(questions), tuple(telling), first))
    return found


def _due_days(city: CityFolder) -> dict[str, date]:
    """Return flag -> the day by which the last round that asked it wanted the answer."""
    return {
        flag.flag_id: date.fromisoformat(issue.due_on)
        for issue in rounds.issues(city.history)
        for book in issue.books
        for question in book.questions
        for flag in question.flags
    }


def _questions(
    desk: Desk, flags: Sequence[Flag], due: Mapping[str, date], asked: Mapping[str, date], known: Set[str]
) -> list[WaitingQuestion]:
    """Fold flags by question and by what is to be done, in the order of the flags."""
    folded: dict[tuple[str, str], list[Flag]] = defaultdict(list)
    for flag in flags:
        folded[desk.question_of(flag), NEXT_STEP[desk.state(flag)]].append(flag)
    return [_question(desk, key, of_it, due, asked, known) for key, of_it in folded.items()]


def _question(
    desk: Desk,
    key: tuple[str, str],
    flags: Sequence[Flag],
    due: Mapping[str, date],
    asked: Mapping[str, date],
    known: Set[str],
) -> WaitingQuestion:
    stakes = [flag.co2e_at_stake_kg for flag in flags if flag.co2e_at_stake_kg is not None]
    waits = tuple(_as_it_waits(desk, flag) for flag in flags)
    days = [due[flag.flag_id] for flag in flags if flag.flag_id in due and desk.state(flag) in FROM["answer"]]
    last = min(days, default=None)
    return WaitingQuestion(
        *key,
        facilities=(flags[0].facility_name, len({flag.facility_id for flag in flags})),
        fiscal_year=flags[0].fiscal_year,
        sentence=flags[0].message_ja,
        stake=sum(stakes, Decimal(0)) if stakes else None,
        without_stake=len(flags) - len(stakes),
        since=min(_since(desk, flag, asked) for flag in flags),
        due=last,
        days_left=None if last is None else (last - desk.today).days,
        is_new=not known >= set(waits),
        waits=waits,
    )


def _as_it_waits(desk: Desk, flag: Flag) -> str:
    """A flag with its state and the last step that counts: what was answered and came back waits anew."""
    taken = [d for d in desk.decisions.get(flag.flag_id, []) if counts(d)]
    return f"{flag.flag_id} {desk.state(flag)} {taken[-1].decision_id[:12] if taken else '-'}"


def _since(desk: Desk, flag: Flag, asked: Mapping[str, date]) -> date:
    taken = [d for d in desk.decisions.get(flag.flag_id, []) if counts(d)]
    return taken[-1].decided_at.date() if taken else asked.get(flag.flag_id, flag.opened_at)
