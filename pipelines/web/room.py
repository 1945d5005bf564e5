"""What the desk knows now: the published file, opened once and anew when a night replaces it, and the decisions taken since.

One room serves all requests of a process. Reading costs a look at a file's identity and one count; only what changed is read again.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from pipelines.ask import select
from pipelines.errors import ActionableError
from pipelines.findings import stable_id
from pipelines.reports.workbook import file_names
from pipelines.review import counter
from pipelines.review.desk import NEXT_STEP, Desk, Flag
from pipelines.review.store import Decision, Store
from pipelines.settings.city import CityFolder
from pipelines.warehouse import database, query

MEMORY = "200MB"
RECORDER = "desk"  # the machine beside the account in what is recorded
# of a published file, and the day it is looked at
Identity = tuple[str, int, int, date]


@dataclass(frozen=True, slots=True)
class Matter:
    """The flags of a question that are in one state: what a person sees as one thing and answers at once.

    Attributes:
        question_id: The question.
        state: Their state.
        asking: asked, waiting, minor, standing or silent.
        flags: The flags, the largest first.
        stake: What is at stake together, kg; ``None``: known of none.
        in_turn: (post, person) of who is next, each once.
        departments: Of their facilities.
    """

    question_id: str
    state: str
    asking: str
    flags: tuple[Flag, ...]
    stake: Decimal | None
    in_turn: tuple[tuple[str, str], ...]
    departments: tuple[str, ...]

    @property
    def first(self) -> Flag:
        """The flag whose sentence stands for all."""
        return self.flags[0]

    @property
    def facilities(self) -> int:
        """How many facilities it is about."""
        return len({flag.facility_id for flag in self.flags})


class Publication:
    """One published file, open as long as somebody looks at it."""

    def __init__(self, city: CityFolder, identity: Identity) -> None:
        self.city, self.identity = city, identity
        with ExitStack() as opening:  # what fails here is told by who opened the file: damaged, or of another version
            self._connection = opening.enter_context(query.opened(city.published, memory=MEMORY))
            tolerance = Decimal(str(city.settings.thresholds.decision_tolerance))
            self.desk = Desk(self._connection, [], city.today, tolerance)
            self.facilities = {row["facility_id"]: row for row in select.rows(self._connection, "desk_facilities")}
            self.people = {row["person_id"]: row["name"] for row in select.rows(self._connection, "desk_people")}
            self.page_of = file_names(self.facilities)
            self.told = select.rows(self._connection, "site_city")[0]
            self._open = opening.pop_all()

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Return a connection of its own to the file, for one thread."""
        return database.another(self._connection, "city")


class Now:
    """What is known at one moment: a publication with all decisions."""

    def __init__(self, publication: Publication, decisions: Sequence[Decision], stands_at: int = 0) -> None:
        """Hold a publication and all decisions; ``stands_at``: of which file, to tell one that was restored."""
        self.publication, self.stands_at = publication, stands_at
        self.city = publication.city
        self.decisions = decisions
        self.desk = publication.desk.seen_anew(decisions)
        self.matters = self._matters()

    def person_of(self, account: str) -> str | None:
        """Return whose account it is, by the posts held today."""
        return self.desk.posts.person_of(account)

    def name_of(self, person: str) -> str:
        """Return a person's name, or the id where none is registered."""
        return self.publication.people.get(person) or person

    def desk_of(self, account: str) -> Desk:
        """Return a desk on which steps are recorded from an account of the web; it is for one request."""
        return self.desk.seen_anew(self.decisions, f"{account}@{RECORDER}", self.publication.cursor())

    def rows(self, name: str, **parameters: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - values of SELECTs
        """Return the rows of one of our SELECTs."""
        return select.rows(self.publication.cursor(), name, parameters)

    def of(self, question_id: str) -> list[Matter]:
        """Return the matters of a question, one for each state its flags are in."""
        return [matter for matter in self.matters if matter.question_id == question_id]

    def turn_of(self, person: str | None) -> list[Matter]:
        """Return the matters whose next step is this person's."""
        return [m for m in self.matters if m.asking == "asked" and person in {who for _, who in m.in_turn}]

    def seen(self, flags: Sequence[Flag]) -> str:
        """Return a mark of what somebody looked at: it differs as soon as a flag stands on something else."""
        return stable_id(*sorted(f"{f.flag_id} {counter.stands_on(self.desk, f)}" for f in flags))

    def _matters(self) -> list[Matter]:
        grouped: dict[tuple[str, str], list[Flag]] = {}
        asking: dict[tuple[str, str], str] = {}
        for flag in self.desk.asked:
            state = self.desk.state(flag)
            key = (self.desk.question_of(flag), state)
            grouped.setdefault(key, []).append(flag)
            asking[key] = self.desk.asking(flag).asking if state == "open" else "asked"
        found = [
            self._matter(question, state, asking[question, state], flags)
            for (question, state), flags in grouped.items()
        ]
        return sorted(
            found,
            key=lambda m: (m.asking != "asked", -(Decimal("Infinity") if m.stake is None else m.stake), m.question_id),
        )

    def _matter(self, question: str, state: str, asking: str, flags: list[Flag]) -> Matter:
        flags.sort(key=lambda f: (-(f.co2e_at_stake_kg or Decimal(0)), f.flag_id))
        known = [f.co2e_at_stake_kg for f in flags if f.co2e_at_stake_kg is not None]
        in_turn = dict.fromkeys(pair for f in flags for pair in self.desk.in_turn(f)) if state in NEXT_STEP else {}
        places = self.publication.facilities
        departments = dict.fromkeys(str(places[f.facility_id]["department"] or "") for f in flags)
        stake = sum(known, Decimal(0)) if known else None
        return Matter(question, state, asking, tuple(flags), stake, tuple(in_turn), tuple(departments))


class Room:
    """Keeps what is known up to date."""

    def __init__(self, city: CityFolder, today: date | None = None) -> None:
        self.city, self._today = city, today
        self._store: Store | None = None
        self._stands_at = 0
        self._lock = threading.Lock()
        self._now: Now | None = None
        self._opening: threading.Thread | None = None
        self._unreadable: Identity | None = None
        self.stepping = threading.Lock()

    def now(self, *, fresh: bool = True) -> Now:
        """Return what is known now, with every decision taken so far.

        Args:
            fresh: Of the file that is published at this moment; else, while that is being opened, still of the one before.

        Raises:
            QueryError: nothing is published yet, or it cannot be read.
            DecisionsError: the decisions cannot be read.
        """
        wanted = self._wanted()
        with self._lock:
            known = self._now
            if known is not None and not fresh and wanted not in (known.publication.identity, self._unreadable):
                if self._opening is None or not self._opening.is_alive():
                    self._opening = threading.Thread(
                        target=self._open_anew, name="opens what was published", daemon=True
                    )
                    self._opening.start()
                wanted = known.publication.identity
            if known is None or known.publication.identity != wanted:
                self._now = known = Now(self._publication(wanted), self._decisions().all(), self._stands_at)
            elif self._decisions().count() != len(known.decisions) or self._stands_at != known.stands_at:
                self._now = known = Now(known.publication, self._decisions().all(), self._stands_at)
            return known

    def _open_anew(self) -> None:
        """Open what was published meanwhile, while the one before is still read."""
        wanted = self._wanted()
        try:
            made = Now(self._publication(wanted), self._decisions().all(), self._stands_at)
        except ActionableError:
            self._unreadable = wanted  # whoever asks next tries it himself, and is told
            return
        with self._lock:
            self._now = made

    def _wanted(self) -> Identity:
        path = self.city.published
        today = self._today or self.city.settings.city.today or self.city.now().date()
        if not path.is_file():
            return (str(path), 0, 0, today)
        told = path.stat()
        return (str(path), told.st_ino, told.st_mtime_ns, today)

    def _publication(self, wanted: Identity) -> Publication:
        return Publication(CityFolder(self.city.folder, self.city.data, wanted[-1]), wanted)

    def _decisions(self) -> Store:
        """The store behind its address; opened anew where another file stands there, as after a restore."""
        file = Path(self.city.decisions_url.removeprefix("sqlite:///"))
        standing = file.stat().st_ino if file.is_file() else 0
        if self._store is None or self._stands_at != standing:
            if self._store is not None:
                self._store.engine.dispose()
            self._store = Store(self.city.decisions_url)
            self._stands_at = file.stat().st_ino if file.is_file() else 0
        return self._store
