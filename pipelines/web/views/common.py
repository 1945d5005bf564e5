"""What the pages share: who asks, in which room, and the questions that a request filters."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from pipelines.review.desk import NEXT_STEP
from pipelines.review.states import CONFIRMED, FROM, counts
from pipelines.texts import label
from pipelines.web.room import Matter, Now, Room


@cache
def _room(folder: Path, data: Path) -> Room:
    return Room(settings.CITY, settings.TODAY)


def room() -> Room:
    """Return the one room of a city in this process."""
    return _room(settings.CITY.folder, settings.CITY.data)


def forget() -> None:
    """Close what is open; the next request opens it anew."""
    _room.cache_clear()


@dataclass(slots=True)
class Who:
    """Who asks.

    Attributes:
        account: The account's name.
        person: The person in office whose account it is; ``None``: a reader.
        is_administrator: Sees accounts, decides nothing.
        now: What is known at the moment of the request.
    """

    account: str
    person: str | None
    is_administrator: bool
    now: Now

    @property
    def name(self) -> str:
        """What the person is called."""
        return self.now.name_of(self.person) if self.person else self.account

    @property
    def may_act(self) -> bool:
        """Whether any step is open to this account at all."""
        return self.person is not None and not self.is_administrator

    def steps(self, matter: Matter) -> list[str]:
        """Return the steps that this person may take on flags of a matter."""
        if not self.may_act:
            return []
        return [
            step for step in ("answer", "accept", "return") if matter.state in FROM[step] and self.able(matter, step)
        ]

    def able(self, matter: Matter, step: str) -> list[str]:
        """Return the flags of a matter on which this person may take a step."""
        desk = self.now.desk
        return [f.flag_id for f in matter.flags if self.person in {who for _, who in desk.able(f, step)}]


def who(request: HttpRequest) -> Who:
    """Return who asks, with what is known now."""
    now = room().now(fresh=request.method != "GET")
    user: Any = request.user
    account = user.get_username()
    return Who(account, None if user.is_staff else now.person_of(account), user.is_staff, now)


@dataclass
class Wanted:
    """Which questions a request asks for; every filter is part of the address, so that a list can be passed on as a link."""

    query: dict[str, str]
    who: Who

    @cached_property
    def matters(self) -> list[Matter]:
        """The matters that fit every filter."""
        return [m for m in self.who.now.matters if self.fits(m)]

    def fits(self, matter: Matter, without: str = "") -> bool:
        """Tell whether a matter fits every filter but one."""
        wanted = {name: value for name, value in self.query.items() if value and name != without}
        state = wanted.get("state")
        own = {
            "state": matter.state == state if state else matter.state != CONFIRMED,
            "asking": wanted.get("asking", "asked") in (matter.asking, "all"),
            "year": str(matter.first.fiscal_year) == wanted.get("year", str(matter.first.fiscal_year)),
            "rule": matter.first.rule_id == wanted.get("rule", matter.first.rule_id),
            "department": "department" not in wanted or wanted["department"] in matter.departments,
            "mine": "mine" not in wanted or self.who.person in {person for _, person in matter.in_turn},
            "text": self._has(matter, wanted.get("text", "")),
        }
        return all(own[name] for name in own if name != without)

    def _has(self, matter: Matter, text: str) -> bool:
        sought = text.strip().casefold()
        places = self.who.now.publication.facilities
        return not sought or any(
            sought in said.casefold()
            for flag in matter.flags
            for said in (flag.facility_id, str(places[flag.facility_id]["name"]), flag.message_ja, flag.flag_id)
        )


def last_words(asking: Who, matter: Matter) -> str:
    """Return what was said in the last steps on the flags of a matter, each text once: whoever accepts it has to have read it."""
    taken = (asking.now.desk.decisions.get(flag.flag_id, []) for flag in matter.flags)
    counted = ([d for d in each if counts(d)] for each in taken)
    right = label("data_are_right", "ja")
    said = (f"[{right}] {one.comment}" if one.data_are_right else one.comment for one in (e[-1] for e in counted if e))
    return "\n".join(dict.fromkeys(filter(None, said)))


def next_step(matter: Matter) -> str | None:
    """Return the step that a matter waits for."""
    return NEXT_STEP.get(matter.state)
