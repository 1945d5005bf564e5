"""What the 統括者 confirms: accepted flags of a fiscal year, apart by who may confirm them, and what the document says of each.

A list is confirmed whole or not at all (``counter.confirm_list``): what another 統括者 confirms, or what this one took a step on
himself, belongs on another list. Reads the published file and the decisions store.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from pipelines.ask import select
from pipelines.history import chain
from pipelines.review import counter
from pipelines.review.desk import Desk, Flag, StepError
from pipelines.review.states import ACCEPT_MINOR, ACCEPTED, AFTER, counts
from pipelines.review.store import Decision
from pipelines.settings.city import CityFolder
from pipelines.texts import both, word

JA = "ja"


@dataclass(frozen=True, slots=True)
class Waiting:
    """Accepted flags of a fiscal year that the same people may confirm.

    Attributes:
        fiscal_year: Their fiscal year.
        able: (post, person) of who may confirm them, the first in line first; empty: nobody is left.
        flags: The flags, the gravest first.
    """

    fiscal_year: int
    able: tuple[tuple[str, str], ...]
    flags: tuple[Flag, ...]

    @property
    def stake(self) -> Decimal | None:
        """What is at stake together, kg, as far as it is known; ``None``: of none."""
        return _sum(flag.co2e_at_stake_kg for flag in self.flags)


@dataclass(frozen=True, slots=True)
class Item:
    """A line of the list: what was asked, answered and accepted.

    Attributes:
        stake: kg; ``None``: not known.
        data_are_right: In words; empty where nobody was asked it.
        answered_by: Post, person and day; empty where nobody was asked.
        accepted_by: Post, person and day.
    """

    flag_id: str
    facility: str
    question: str
    stake: Decimal | None
    answer: str
    data_are_right: str
    answered_by: tuple[str, ...]
    accepted_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ListToConfirm:
    """The list as plain data, for whatever it is written as.

    Attributes:
        city: The city's name.
        fiscal_year: The fiscal year.
        made_on: The day it was made.
        history_head: The head of the history then.
        confirmer: Post and name of who is to confirm it; empty where nobody is left.
        items: Its lines.
        stands_on: Flag -> what it stands on, as a hash.
    """

    city: str
    fiscal_year: int
    made_on: date
    history_head: str
    confirmer: tuple[str, ...]
    items: tuple[Item, ...]
    stands_on: dict[str, str]

    @property
    def stake(self) -> Decimal | None:
        """What is at stake together, kg, as far as it is known; ``None``: of none."""
        return _sum(item.stake for item in self.items)

    @property
    def unknown(self) -> int:
        """Of how many lines it is not known."""
        return sum(item.stake is None for item in self.items)


def waiting(desk: Desk) -> list[Waiting]:
    """Return every list that waits to be confirmed, the last fiscal year first."""
    found: dict[tuple[int, tuple[tuple[str, str], ...]], list[Flag]] = {}
    for flag in desk.asked:
        if desk.state(flag) == ACCEPTED:
            found.setdefault((flag.fiscal_year, tuple(desk.able(flag, "confirm"))), []).append(flag)
    lists = [Waiting(year, able, tuple(flags)) for (year, able), flags in found.items()]
    return sorted(lists, key=lambda one: (-one.fiscal_year, not one.able, one.able))


def list_to_confirm(
    city: CityFolder, fiscal_year: int, person: str | None = None, only: Collection[str] | None = None
) -> ListToConfirm:
    """Return the list of a fiscal year as it goes out.

    Args:
        city: The city folder; something must be published.
        fiscal_year: The fiscal year.
        person: What this person may confirm; ``None``: everything, where one person may confirm it all.
        only: These flags of it alone; ``None``: all.

    Raises:
        QueryError: nothing is published yet.
        StepError: nothing is accepted (that this person may confirm), or it takes more than one person to confirm it all.
    """
    head = chain.head_told(city.history)
    with counter.desk(city) as desk:
        lists = [one for one in waiting(desk) if one.fiscal_year == fiscal_year]
        if person is not None:
            lists = [one for one in lists if person in {who for _, who in one.able}]
        chosen = [flag for one in lists for flag in one.flags if only is None or flag.flag_id in only]
        if not chosen:
            raise StepError(both("nothing_accepted", fiscal_year=fiscal_year))
        alike = set.intersection(*(set(one.able) for one in lists))
        if person is None and len(lists) > 1 and not alike:
            people = ", ".join(dict.fromkeys(f"{post} {who}" for one in lists for post, who in one.able[:1]))
            raise StepError(both("list_of_several", people=people or "-"))
        names = {row["person_id"]: row["name"] for row in select.rows(desk.connection, "desk_people")}
        by = next((pair for one in lists for pair in one.able if person in (None, pair[1])), None)
        return ListToConfirm(
            city.settings.city.name,
            fiscal_year,
            city.today,
            head,
            () if by is None else (by[0], names.get(by[1]) or by[1]),
            tuple(_item(desk, flag) for flag in chosen),
            {flag.flag_id: counter.stands_on(desk, flag) for flag in chosen},
        )


def _item(desk: Desk, flag: Flag) -> Item:
    taken = [d for d in desk.decisions[flag.flag_id] if counts(d) and desk.binds(flag, d)]
    accept = next(d for d in reversed(taken) if AFTER[d.step] == ACCEPTED)
    facility = f"{flag.facility_id} {flag.facility_name}"
    told: tuple[str, str, tuple[str, ...]]
    if accept.step == ACCEPT_MINOR:  # nobody was asked
        told = (f"{word(ACCEPT_MINOR, JA)} {accept.document_no} {accept.decided_on}", "", ())
    else:
        answer = next(d for d in reversed(taken) if d.step == "answer")
        told = (answer.comment or "", _said_of_the_data(flag, answer), _by(answer))
    return Item(flag.flag_id, facility, flag.message_ja, flag.co2e_at_stake_kg, *told, _by(accept))


def _by(taken: Decision) -> tuple[str, ...]:
    return (taken.post, taken.person_id, f"{taken.decided_at:%Y-%m-%d}")


def _said_of_the_data(flag: Flag, answer: Decision) -> str:
    """Whether the data are right; nothing where there is no doubt that this could lift: nobody was asked it."""
    if answer.discard or answer.data_are_right:
        return word("discard_rows" if answer.discard else "yes", JA)
    return word("no", JA) if flag.has_doubts else ""


def _sum(stakes: Iterable[Decimal | None]) -> Decimal | None:
    known = [stake for stake in stakes if stake is not None]
    return sum(known, Decimal(0)) if known else None
