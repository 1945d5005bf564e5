"""Taking a step: who may, what is recorded, why not.

answer: the owner, or another holder of a post at the facility. accept/return: the 企画推進者, who also accepts what was too small to
ask, as one list with a document. confirm: the 統括者, with date and document number. A deputy may take what the holder may. Answering,
judging and confirming are three people's work: whoever did one of them for a flag does no other one for it, it goes one post up. Where
nobody is left the flag stays as it is and a finding says so. Asking again after a return is the same work, not another.

A step counts as its decider's own when it is recorded from the account that appointments.csv gives that person alone. Recorded from
another account it needs evidence, else it stays 記録のみ: on record, moving nothing. For a person without such an account, evidence is
needed only where the step lifts something: accepting an answer that the data are right, or that rows are to be discarded.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb

from pipelines.errors import ActionableError
from pipelines.periods import fiscal_year
from pipelines.process.recorder import recorder
from pipelines.review.asked import ASKED, MINOR, Asked, of_flags
from pipelines.review.evidence import NONE, Evidence
from pipelines.review.posts import DEPUTY, FIRST_LINE, LADDER, Posts
from pipelines.review.states import (
    ACCEPT_MINOR,
    ACCEPTED,
    ANSWERED,
    FROM,
    MOST_YEARS,
    OPEN,
    RETURNED,
    Present,
    binds,
    by_flag,
    effective,
    state_of,
)
from pipelines.review.store import Decision
from pipelines.texts import LANGUAGES, Bilingual, both, word
from pipelines.warehouse import database

HERE = Path(__file__).parent

# step -> the work it is part of; nobody does two of them for one flag
WORK = {"answer": "answer", "accept": "judge", "return": "judge", "confirm": "confirm", ACCEPT_MINOR: "judge"}
POSTS = {"accept": LADDER, "return": LADDER, "confirm": LADDER[1:], ACCEPT_MINOR: LADDER}
# state -> the step that a flag in it waits for; an open one needs no other than its owner
WAITS_FOR = {ANSWERED: "accept", ACCEPTED: "confirm"}
NEXT_STEP = {OPEN: "answer", RETURNED: "answer", **WAITS_FOR}


class StepError(ActionableError, ValueError):
    """A step that cannot be taken; the message says why and who can."""


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag as published, with what decisions bind to."""

    flag_id: str
    facility_id: str
    facility_name: str
    rule_id: str
    severity: str
    fiscal_year: int
    subject: str | None
    message_ja: str
    message_en: str
    co2e_at_stake_kg: Decimal | None
    owner_post: str | None
    owner_person_id: str | None
    opened_at: date
    total_co2e_kg: Decimal | None
    published_state: str = OPEN
    quantity: Decimal | None = None
    seen_days: str | None = None
    seen_rows: str | None = None

    @property
    def has_doubts(self) -> bool:
        """Whether data are in doubt or held back: only then an answer that they are right lifts anything."""
        return self.seen_days is not None or self.seen_rows is not None

    def present(self, this_year: int) -> Present:
        """What a decision on this flag is held against."""
        rule, is_closed = f"{self.rule_id}:{self.severity}", self.fiscal_year < this_year
        return Present(self.total_co2e_kg, rule, is_closed, self.seen_days, self.seen_rows)


def flags(connection: duckdb.DuckDBPyConnection) -> list[Flag]:
    """Return the flags of the published file, the gravest first."""
    rows = connection.execute(
        """SELECT f.flag_id, f.facility_id, n.name, f.rule_id, f.severity, f.fiscal_year, f.subject, f.message_ja,
               f.message_en, f.co2e_at_stake_kg, f.owner_post, f.owner_person_id, f.opened_at, y.co2e_kg, f.state
           FROM flags AS f
           JOIN facilities AS n ON n.facility_id = f.facility_id
           LEFT JOIN emissions_by_facility_fiscal_year AS y
               ON y.facility_id = f.facility_id AND y.fiscal_year = f.fiscal_year AND y.basis = 'plan'
           ORDER BY f.severity <> 'error', f.co2e_at_stake_kg DESC NULLS LAST, f.facility_id, f.rule_id, f.flag_id"""
    ).fetchall()
    seen: dict[str, list[dict[str, str | None]]] = {}
    quantities: dict[str, Decimal] = {}
    for flag_id, doubt in _doubts_of_flags(connection):
        seen.setdefault(flag_id, []).extend(_periods(doubt))
        quantities[flag_id] = quantities.get(flag_id, Decimal(0)) + (doubt["quantity"] or 0)
    held = _rows_held(connection)
    return [
        replace(
            Flag(*row),
            quantity=quantities.get(row[0]),
            seen_days=_as_text(seen.get(row[0])),
            seen_rows=_as_text(held.get(row[0])),
        )
        for row in rows
    ]


def doubts(connection: duckdb.DuckDBPyConnection, of_flags: list[Flag]) -> list[Flag]:
    """Return every doubt as what can be answered by its own id: like the first flag that asks about it, for its days alone."""
    by_id = {flag.flag_id: flag for flag in of_flags}
    held = _rows_held(connection)
    found: dict[str, Flag] = {}
    for flag_id, doubt in _doubts_of_flags(connection):
        like = by_id[flag_id]
        own = replace(
            like,
            flag_id=doubt["doubt_id"],
            rule_id=doubt["rule_id"],
            fiscal_year=doubt["fiscal_year"],
            subject=doubt["source_id"],
            quantity=doubt["quantity"],
            seen_days=_as_text(_periods(doubt)),
            seen_rows=_as_text(held.get(doubt["doubt_id"])),
        )
        found.setdefault(own.flag_id, own)
    return list(found.values())


def _doubts_of_flags(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, dict[str, Any]]]:
    found = database.rows(connection, HERE / "doubts_of_flags.sql")
    return [(row["flag_id"], row) for row in found]


def _periods(doubt: dict[str, Any]) -> list[dict[str, str | None]]:
    """The days of a doubt as an answer sees them."""
    whose = {name: doubt[name] for name in ("source_kind", "source_id", "rule_id")}
    return [whose | period for period in json.loads(doubt["periods_json"])]


def _rows_held(connection: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[Any, ...]]]:
    """The rows held back on the days of each doubt, by its id and by the flags that ask about it, each with whose it was taken for."""
    rows = connection.execute(database.sql_text(HERE / "asked_rows.sql")).fetchall()
    found: dict[str, list[tuple[Any, ...]]] = {}
    for asked, *row in rows:
        found.setdefault(asked, []).append(tuple(row))
    return found


def _as_text(seen: Sequence[Any] | None) -> str | None:
    return json.dumps(seen, ensure_ascii=False, sort_keys=True) if seen else None


class Desk:
    """Steps on the flags of a published file.

    Args:
        connection: The published file.
        decisions: All decisions so far.
        today: Decides which year is running; no step is dated later.
        tolerance: By which share a closed year's total may move before decisions lapse.
        recorded_by: The account that puts steps on record; ``None``: as the operating system knows it.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        decisions: Sequence[Decision],
        today: date,
        tolerance: Decimal,
        recorded_by: str | None = None,
    ) -> None:
        self.connection = connection
        self.recorded_by = recorded_by
        self.decisions = by_flag(decisions)
        self.known = {flag_id: len(steps) for flag_id, steps in self.decisions.items()}
        self.today = today
        self.this_year = fiscal_year(today)
        self.tolerance = tolerance
        self.flags = {flag.flag_id: flag for flag in flags(connection)}
        self.doubts = {doubt.flag_id: doubt for doubt in doubts(connection, list(self.flags.values()))}
        self.posts = Posts(connection, today)
        self._asking = of_flags(connection)

    def seen_anew(
        self,
        decisions: Sequence[Decision],
        recorded_by: str | None = None,
        connection: duckdb.DuckDBPyConnection | None = None,
    ) -> Desk:
        """Return the desk on the same publication with all decisions so far, on a connection of its own; this one stays as it is."""
        anew = copy(self)
        anew.connection = connection or self.connection
        anew.recorded_by = recorded_by
        anew.decisions = by_flag(decisions)
        anew.known = {flag_id: len(steps) for flag_id, steps in anew.decisions.items()}
        return anew

    @property
    def asked(self) -> list[Flag]:
        """The flags, and the doubts that somebody has answered by their own id."""
        return [*self.flags.values(), *(doubt for key, doubt in self.doubts.items() if key in self.decisions)]

    def state(self, flag: Flag) -> str:
        """The state of a flag now, decisions taken since the last publication included."""
        return state_of(self.decisions.get(flag.flag_id, []), flag.present(self.this_year), self.tolerance)

    def binds(self, flag: Flag, decision: Decision) -> bool:
        """Tell whether a decision on a flag still binds."""
        return binds(decision, flag.present(self.this_year), self.tolerance)

    def find(self, flag_id: str) -> Flag:
        """Return a flag, or one doubt of it, by its id or a unique beginning of it.

        Raises:
            StepError: when none or several fit.
        """
        fitting = [flag for key, flag in (self.flags | self.doubts).items() if key.startswith(flag_id)]
        if len(fitting) != 1:
            raise StepError(both("flags_fit", flag_id=flag_id, flags=len(fitting)))
        return fitting[0]

    def spread(self, asked: Iterable[str], step: str) -> list[str]:
        """Return flags for ids of flags and questions: of a question those that can take this step now, each once.

        Raises:
            StepError: an id, or the beginning of one, fits nothing, several, or a question of which nothing can take the step.
        """
        found: dict[str, None] = {}
        for each in asked:
            whole = self.questions_like(each)
            if len(whole) != 1 or any(key.startswith(each) for key in self.flags | self.doubts):
                found[self.find(each).flag_id] = None
                continue
            (of_it,) = whole.values()
            ready = [flag.flag_id for flag in of_it if self.state(flag) in FROM[step]]
            found |= dict.fromkeys(ready or [self._ready(of_it[0].flag_id, step).flag_id])
        return list(found)

    def questions_like(self, begins: str) -> dict[str, list[Flag]]:
        """Return the questions whose id begins so, each with its flags in whatever state."""
        found: dict[str, list[Flag]] = {}
        for flag_id, each in self._asking.items():
            if begins and each.question_id.startswith(begins):
                found.setdefault(each.question_id, []).append(self.flags[flag_id])
        return found

    def minor(self, year: int) -> list[Flag]:
        """Return the flags of a year that were too small to ask and nobody has taken a step on."""
        return [
            flag
            for flag in self.flags.values()
            if flag.fiscal_year == year and self.asking(flag).asking == MINOR and self.state(flag) in FROM[ACCEPT_MINOR]
        ]

    def accept_minor(
        self, flag: Flag, person: str, on: date, document_no: str, now: datetime, evidence: Evidence = NONE
    ) -> Decision:
        """Accept a flag that was too small to ask, as part of a list with a document; it lifts nothing.

        Raises:
            StepError: no document number, a date to come, or the person may not accept here.
        """
        if not document_no.strip():
            raise StepError(both("document_number_for_confirming"))
        if on > self.today:
            raise StepError(
                both("decision_date_outside", at=flag.flag_id, on=on, opened_at=flag.opened_at, today=self.today)
            )
        post = self._post_of(flag, ACCEPT_MINOR, person)
        paper = Evidence(evidence.sha256, document_no, on, evidence.content)
        return self._keep(self._decision(flag, ACCEPT_MINOR, person, post, now, paper))

    def answer(
        self,
        flag_id: str,
        person: str,
        text: str,
        now: datetime,
        evidence: Evidence = NONE,
        *,
        data_are_right: bool,
        discard: bool = False,
        cause: str | None = None,
        stands_for: int = 1,
    ) -> Decision:
        """Answer a flag; the answer may stand for more fiscal years than the flag's own, that one counted.

        Raises:
            StepError: wrong state, empty text, two answers at once, the person holds no post at the facility, or it cannot stand so long.
        """
        flag = self._ready(flag_id, "answer")
        if not text.strip():
            raise StepError(both("answer_is_empty"))
        if data_are_right and discard:
            raise StepError(both("right_or_discarded"))
        post = self._post_of(flag, "answer", person)
        if discard and not flag.seen_rows:
            raise StepError(both("no_rows_to_discard"))
        if not 1 <= stands_for <= MOST_YEARS:
            raise StepError(both("stands_too_long", most=MOST_YEARS))
        pattern = self.asking(flag).pattern if stands_for > 1 else None
        if stands_for > 1 and pattern is None:
            raise StepError(both("cannot_stand", flag_id=flag.flag_id))
        taken = self._decision(flag, "answer", person, post, now, evidence)
        rows = flag.seen_rows if data_are_right or discard else None
        said = replace(taken, comment=text, data_are_right=data_are_right, discard=discard, answer_cause=cause)
        return self._keep(
            replace(said, seen_rows=rows, stands_for=stands_for if pattern else None, seen_pattern=pattern)
        )

    def judge(
        self, flag_id: str, step: str, person: str, text: str, now: datetime, evidence: Evidence = NONE
    ) -> Decision:
        """Accept or return an answer.

        Raises:
            StepError: wrong state, a return without a reason, or the person may not take this step.
        """
        flag = self._ready(flag_id, step)
        if step == "return" and not text.strip():
            raise StepError(both("return_needs_reason"))
        post = self._post_of(flag, step, person)
        return self._keep(replace(self._decision(flag, step, person, post, now, evidence), comment=text))

    def confirm(
        self, flag_id: str, person: str, on: date, document_no: str, now: datetime, evidence: Evidence = NONE
    ) -> Decision:
        """Confirm an accepted flag as part of a list.

        Raises:
            StepError: wrong state, no document number, a date before the flag was opened or to come, or the person may
                not take this step.
        """
        flag = self._ready(flag_id, "confirm")
        if not document_no.strip():
            raise StepError(both("document_number_for_confirming"))
        if not flag.opened_at <= on <= self.today:
            raise StepError(
                both("decision_date_outside", at=flag.flag_id, on=on, opened_at=flag.opened_at, today=self.today)
            )
        post = self._post_of(flag, "confirm", person)
        paper = Evidence(evidence.sha256, document_no, on, evidence.content)
        return self._keep(self._decision(flag, "confirm", person, post, now, paper))

    def able(self, flag: Flag, step: str) -> list[tuple[str, str]]:
        """Return (post, person) of everybody who may take a step on a flag now, the first in line first."""
        taken = {d.person_id for d in self._standing(flag) if WORK[d.step] != WORK[step]}
        if step == "answer":
            return self.posts.able(flag.facility_id, (*FIRST_LINE, *LADDER), taken)
        return self.posts.climb(flag.facility_id, POSTS[step], taken)

    def in_turn(self, flag: Flag) -> list[tuple[str, str]]:
        """Return (post, person) of whose turn it is now: the holder first, then the deputies; nobody once it is confirmed."""
        step = NEXT_STEP.get(self.state(flag))
        if step is None:
            return []
        able = self.able(flag, step)
        return self._asked_first(flag, able) if step == "answer" else able

    def turn(self, flag: Flag) -> tuple[str, str] | None:
        """Return (post, person) of the first whose turn it is, decisions since the last night included."""
        return next(iter(self.in_turn(flag)), None)

    def of_person(self, person: str) -> list[Flag]:
        """Return the flags that are asked and whose next step is this person's, the gravest first."""
        return self.waiting().get(person, [])

    def waiting(self) -> dict[str, list[Flag]]:
        """Return person -> the flags that are asked and whose next step is this person's, the gravest first."""
        found: dict[str, list[Flag]] = {}
        for flag in self.asked:
            if self._is_asked(flag):
                for person in dict.fromkeys(who for _, who in self.in_turn(flag)):
                    found.setdefault(person, []).append(flag)
        return found

    def question_of(self, flag: Flag) -> str:
        """Return the id of the question that a flag is part of; its own where it is part of none."""
        return self.asking(flag).question_id or flag.flag_id

    def asking(self, flag: Flag) -> Asked:
        """Return the question a flag is part of (itself where it is of none), whether that is asked, and why not."""
        return self._asking.get(flag.flag_id) or Asked(flag.flag_id)

    def _is_asked(self, flag: Flag) -> bool:
        """Tell whether people are asked: not where the night decided otherwise, unless a step was taken."""
        return self.asking(flag).asking == ASKED or self.state(flag) != OPEN

    def _asked_first(self, flag: Flag, able: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return who is asked to answer: the owner with his deputies; whoever answered before, where it comes back."""
        owner = None
        if flag.owner_post is not None and flag.owner_person_id is not None:
            owner = (flag.owner_post, flag.owner_person_id)
        if flag.published_state not in FROM["answer"]:  # what is published names who was to judge
            answered = [(d.post, d.person_id) for d in self._standing(flag) if d.step == "answer"]
            owner = answered[-1] if answered else None
        if owner is None or (able and owner not in able):
            owner = next(iter(able), None)
        if owner is None:
            return []
        deputies = f"{owner[0].removesuffix(DEPUTY)}{DEPUTY}"
        return [owner, *(pair for pair in able if pair[0] == deputies and pair != owner)]

    def stuck_at(self, flag: Flag) -> str | None:
        """Return the step that a flag waits for where nobody is left who may take it."""
        step = WAITS_FOR.get(self.state(flag))
        return step if step is not None and not self.able(flag, step) else None

    def _ready(self, flag_id: str, step: str) -> Flag:
        flag = self.find(flag_id)
        state = self.state(flag)
        if state not in FROM[step]:
            told = {
                key: Bilingual(*(word(value, language) for language in LANGUAGES))
                for key, value in (("state", state), ("step", step))
            }
            raise StepError(both("cannot_take_step", flag_id=flag.flag_id, **told))
        return flag

    def _post_of(self, flag: Flag, step: str, person: str) -> str:
        """Return the post under which a person may take a step."""
        able = self.able(flag, step)
        if found := next((post for post, who in able if who == person), None):
            return found
        if not able and step != "answer":
            raise StepError(both("nobody_left", at=flag.flag_id))
        told = _told(able)
        if step == "answer":
            raise StepError(both("no_post_at_facility", person=person, told=told))
        raise StepError(both("step_is_for", told=told))

    def _lifts(self, flag: Flag, step: str) -> bool:
        """Tell whether a step lifts something: it accepts that the data are right, or that rows go."""
        answers = [d for d in self._standing(flag) if d.step == "answer"]
        return step == "accept" and bool(answers) and (answers[-1].data_are_right or answers[-1].discard)

    def _standing(self, flag: Flag) -> Sequence[Decision]:
        return effective(self.decisions.get(flag.flag_id, []), flag.present(self.this_year), self.tolerance)

    def _decision(self, flag: Flag, step: str, person: str, post: str, now: datetime, evidence: Evidence) -> Decision:
        present = flag.present(self.this_year)
        recorded_by = self.recorded_by or recorder()
        return Decision(
            uuid4().hex,
            flag.flag_id,
            flag.facility_id,
            flag.fiscal_year,
            flag.rule_id,
            flag.subject,
            step,
            person,
            post,
            now,
            decided_on=evidence.document_date,
            document_no=evidence.document_no,
            seen_co2e_kg=present.co2e_kg,
            seen_quantity=flag.quantity,
            seen_state=present.state,
            seen_days=flag.seen_days,
            recorded_by=recorded_by,
            evidence=evidence.sha256,
            recorded_only=not evidence and not self._is_own(person, recorded_by, lifts=self._lifts(flag, step)),
        )

    def _keep(self, decision: Decision) -> Decision:
        self.decisions.setdefault(decision.flag_id, []).append(decision)
        return decision

    def _is_own(self, person: str, recorded_by: str, *, lifts: bool) -> bool:
        """Tell whether a step without evidence counts as the person's own."""
        accounts = self.posts.accounts(person)
        if not accounts:
            return not lifts
        return recorded_by in accounts or recorded_by.rpartition("@")[0] in accounts


def _told(able: Sequence[tuple[str, str]]) -> str:
    return "、".join(f"{post}（{person}）" for post, person in able) or "-"
