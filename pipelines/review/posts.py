"""Who may act at a facility, and from which account: holders, their deputies, and the accounts of appointments.csv.

Reads post_holders, post_deputies and appointments of a file, published or under construction; one that an older
version published has no deputies and no accounts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import duckdb

from pipelines.warehouse import database

FIRST_LINE = ("エネルギー管理員", "エネルギー管理者", "エネルギー管理責任者")
LADDER = ("エネルギー管理企画推進者", "エネルギー管理統括者")
DEPUTY = "（代理）"


@dataclass(frozen=True, slots=True)
class Seat:
    """A post at a facility: its holder, and the deputies who act beside the holder."""

    holder: str | None
    deputies: tuple[str, ...]


class Posts:
    """The seats of every facility today."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, today: date) -> None:
        self.seats: dict[str, dict[str, Seat]] = defaultdict(dict)
        held = connection.execute("SELECT facility_id, required_post, person_id FROM post_holders").fetchall()
        deputies: dict[tuple[str, str], list[str]] = defaultdict(list)
        if database.exists(connection, "post_deputies"):
            for facility, post, person in connection.execute(
                "SELECT facility_id, required_post, person_id FROM post_deputies ORDER BY ALL"
            ).fetchall():
                deputies[facility, post].append(person)
        for facility, post, person in held:
            self.seats[facility][post] = Seat(person, tuple(deputies[facility, post]))
        self._accounts = _accounts(connection, today)

    def able(self, facility: str, posts: Sequence[str], taken: set[str]) -> list[tuple[str, str]]:
        """Return (post, person) of everybody at these posts, deputies included, who is not in ``taken``."""
        return [pair for post in posts for pair in self._at(facility, post) if pair[1] not in taken]

    def climb(self, facility: str, posts: Sequence[str], taken: set[str]) -> list[tuple[str, str]]:
        """Return (post, person) of who may decide: the first post, and one post up where its holder may not."""
        found: list[tuple[str, str]] = []
        for post in posts:
            found += self.able(facility, (post,), taken)
            seat = self.seats[facility].get(post)
            if seat is not None and seat.holder is not None and seat.holder not in taken:
                break
        return found

    def accounts(self, person: str) -> frozenset[str]:
        """Return the accounts that are this person's alone."""
        return frozenset(a for a, people in self._accounts.items() if people == {person})

    def person_of(self, account: str) -> str | None:
        """Return the person in office whose account this is; nobody where it is registered for several.

        Somebody in office without a registered account has the one that is called like the person's id.
        """
        people = self._accounts.get(account, set())
        if len(people) == 1:
            return next(iter(people))
        in_office = {
            p for seats in self.seats.values() for seat in seats.values() for p in (seat.holder, *seat.deputies)
        }
        return account if not people and account in in_office and not self.accounts(account) else None

    def _at(self, facility: str, post: str) -> Iterator[tuple[str, str]]:
        seat = self.seats[facility].get(post)
        if seat is None:
            return
        if seat.holder is not None:
            yield post, seat.holder
        for person in seat.deputies:
            if person != seat.holder:
                yield f"{post}{DEPUTY}", person


def _accounts(connection: duckdb.DuckDBPyConnection, today: date) -> dict[str, set[str]]:
    """Return account -> the persons in office for whom it is registered."""
    names = [column[0] for column in connection.execute("SELECT * FROM appointments LIMIT 0").description or []]
    if "account" not in names:
        return {}
    rows = connection.execute(
        """SELECT DISTINCT account, person_id FROM appointments
           WHERE account IS NOT NULL AND appointed_on <= $today AND coalesce(ended_on, DATE '9999-12-31') > $today""",
        {"today": today},
    ).fetchall()
    found: dict[str, set[str]] = defaultdict(set)
    for account, person in rows:
        found[account].add(person)
    return found
