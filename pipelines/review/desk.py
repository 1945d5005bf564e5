"""Taking a step: who may, what is recorded, why not.

answer: the owner, or another holder of a post at the facility. accept/return: the 企画推進者, or one post up when that
person answered. confirm: the 統括者, with date and document number, never the person who accepted. Where nobody is left
the flag stays open and a finding says so.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import duckdb

from pipelines.review.states import FROM, Present, by_flag, state_of
from pipelines.review.store import Decision

LADDER = ("エネルギー管理企画推進者", "エネルギー管理統括者")
FIRST_LINE = ("エネルギー管理員", "エネルギー管理者", "エネルギー管理責任者")


class StepError(ValueError):
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
    quantity: Decimal | None = None
    seen_days: str | None = None

    def present(self, this_year: int) -> Present:
        """What a decision on this flag is held against."""
        return Present(
            self.total_co2e_kg, f"{self.rule_id}:{self.severity}", self.fiscal_year < this_year, self.seen_days
        )


def flags(connection: duckdb.DuckDBPyConnection) -> list[Flag]:
    """Return the flags of the published file, the gravest first."""
    rows = connection.execute(
        """SELECT f.flag_id, f.facility_id, n.name, f.rule_id, f.severity, f.fiscal_year, f.subject, f.message_ja,
               f.message_en, f.co2e_at_stake_kg, f.owner_post, f.owner_person_id, f.opened_at, y.co2e_kg
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
    return [replace(Flag(*row), quantity=quantities.get(row[0]), seen_days=_as_text(seen.get(row[0]))) for row in rows]


def doubts(connection: duckdb.DuckDBPyConnection, of_flags: list[Flag]) -> list[Flag]:
    """Return every doubt as what can be answered by its own id: like the first flag that asks about it, for its days alone."""
    by_id = {flag.flag_id: flag for flag in of_flags}
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
        )
        found.setdefault(own.flag_id, own)
    return list(found.values())


def _doubts_of_flags(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, dict[str, Any]]]:
    cursor = connection.execute(
        """SELECT f.flag_id, d.doubt_id, d.source_kind, d.source_id, d.rule_id, d.fiscal_year, d.quantity, d.periods_json
           FROM flag_doubts AS f JOIN doubts AS d ON d.doubt_id = f.doubt_id ORDER BY ALL"""
    )
    names = [column[0] for column in cursor.description or []]
    return [(row[0], dict(zip(names, row, strict=True))) for row in cursor.fetchall()]


def _periods(doubt: dict[str, Any]) -> list[dict[str, str | None]]:
    """The days of a doubt as an answer sees them."""
    whose = {name: doubt[name] for name in ("source_kind", "source_id", "rule_id")}
    return [whose | period for period in json.loads(doubt["periods_json"])]


def _as_text(seen: list[dict[str, str | None]] | None) -> str | None:
    return json.dumps(seen, ensure_ascii=False, sort_keys=True) if seen else None


class Desk:
    """Steps on the flags of a published file.

    Args:
        connection: The published file.
        decisions: All decisions so far.
        today: Decides which year is running.
        tolerance: By which share a closed year's total may move before decisions lapse.
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, decisions: list[Decision], this_year: int, tolerance: Decimal
    ) -> None:
        self.connection = connection
        self.decisions = by_flag(decisions)
        self.this_year = this_year
        self.tolerance = tolerance
        self.flags = {flag.flag_id: flag for flag in flags(connection)}
        self.doubts = {doubt.flag_id: doubt for doubt in doubts(connection, list(self.flags.values()))}

    def state(self, flag: Flag) -> str:
        """The state of a flag now, decisions taken since the last publication included."""
        return state_of(self.decisions.get(flag.flag_id, []), flag.present(self.this_year), self.tolerance)

    def find(self, flag_id: str) -> Flag:
        """Return a flag, or one doubt of it, by its id or a unique beginning of it.

        Raises:
            StepError: when none or several fit.
        """
        fitting = [flag for key, flag in (self.flags | self.doubts).items() if key.startswith(flag_id)]
        if len(fitting) != 1:
            raise StepError(f"要確認事項 {flag_id} は{len(fitting)}件あります。 / {len(fitting)} flags fit {flag_id}")
        return fitting[0]

    def answer(self, flag_id: str, person: str, text: str, now: datetime, *, data_are_right: bool) -> Decision:
        """Answer a flag.

        Raises:
            StepError: wrong state, empty text, or the person holds no post at the facility.
        """
        flag = self._ready(flag_id, "answer")
        if not text.strip():
            raise StepError("回答の内容が空です。 / the answer is empty")
        post = self._post_of(flag, person, (*FIRST_LINE, *LADDER))
        return self._decide(flag, "answer", person, post, now, comment=text, data_are_right=data_are_right)

    def judge(self, flag_id: str, step: str, person: str, text: str, now: datetime) -> Decision:
        """Accept or return an answer.

        Raises:
            StepError: wrong state, or the person may not take this step.
        """
        flag = self._ready(flag_id, step)
        taken_by = self.decisions[flag.flag_id][-1].person_id
        post = self._may_step(flag, person, taken_by, LADDER)
        return self._decide(flag, step, person, post, now, comment=text)

    def confirm(self, flag_id: str, person: str, on: date, document_no: str, now: datetime) -> Decision:
        """Confirm an accepted flag as part of a list.

        Raises:
            StepError: wrong state, no document number, or the person may not take this step.
        """
        flag = self._ready(flag_id, "confirm")
        if not document_no.strip():
            raise StepError("文書番号が要ります。 / a document number is needed")
        taken_by = self.decisions[flag.flag_id][-1].person_id
        post = self._may_step(flag, person, taken_by, LADDER[1:])
        return self._decide(flag, "confirm", person, post, now, decided_on=on, document_no=document_no)

    def _ready(self, flag_id: str, step: str) -> Flag:
        flag = self.find(flag_id)
        state = self.state(flag)
        if state not in FROM[step]:
            raise StepError(
                f"{flag.flag_id} は {state} のため {step} できません。 / cannot {step} a flag that is {state}"
            )
        return flag

    def _holders(self, flag: Flag) -> dict[str, str]:
        """Return required post -> person for the flag's facility."""
        rows = self.connection.execute(
            "SELECT required_post, person_id FROM post_holders WHERE facility_id = $facility AND person_id IS NOT NULL",
            {"facility": flag.facility_id},
        ).fetchall()
        return dict(rows)

    def _post_of(self, flag: Flag, person: str, posts: tuple[str, ...]) -> str:
        holders = self._holders(flag)
        for post in posts:
            if holders.get(post) == person:
                return post
        able = "、".join(f"{post} {holders[post]}" for post in posts if post in holders) or "-"
        raise StepError(
            f"{person} はこの施設の役職者ではありません（手続できる人: {able}）。 / no post at this facility"
        )

    def _may_step(self, flag: Flag, person: str, taken_by: str, posts: tuple[str, ...]) -> str:
        """Return the post under which a person may take the next step: one post up when it took the last one."""
        holders = self._holders(flag)
        able = [(post, holders[post]) for post in posts if post in holders and holders[post] != taken_by]
        if not able:
            raise StepError(
                f"{flag.flag_id}: 次の手続を行える別の役職者がいません。 / nobody else is left to take the next step"
            )
        post, holder = able[0]
        if holder != person:
            raise StepError(f"この手続は {post}（{holder}）が行います。 / this step is for {holder}")
        return post

    def _decide(
        self,
        flag: Flag,
        step: str,
        person: str,
        post: str,
        now: datetime,
        *,
        comment: str | None = None,
        data_are_right: bool = False,
        decided_on: date | None = None,
        document_no: str | None = None,
    ) -> Decision:
        present = flag.present(self.this_year)
        decision = Decision(
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
            comment,
            data_are_right,
            decided_on,
            document_no,
            present.co2e_kg,
            flag.quantity,
            present.state,
            flag.seen_days,
        )
        self.decisions.setdefault(flag.flag_id, []).append(decision)
        return decision
