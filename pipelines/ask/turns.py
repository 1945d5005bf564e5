"""Whose turn it is: one matter with all that a person needs for the next step, and what waits for a person.

Reads the published file and the decisions store; a decision counts from the moment it is taken, before any night.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from pipelines.ask import select
from pipelines.review import counter
from pipelines.review.desk import NEXT_STEP, Desk, Flag, StepError
from pipelines.review.states import OPEN, counts
from pipelines.review.store import Decision
from pipelines.settings.city import CityFolder
from pipelines.texts import both

PROGRAM = "facility-emissions"
# step -> what its command takes besides the flags and the person, for the person to fill in
TO_FILL_IN = {
    "answer": (("--text", "…"),),
    "accept": (),
    "return": (("--text", "…"),),
    "confirm": (("--on", "YYYY-MM-DD"), ("--document", "…")),
}


def show(city: CityFolder, matter: str) -> dict[str, Any]:
    """Return a flag, a doubt of it, or a question with its flags: sentence, numbers, doubts, history, whose turn, commands.

    Args:
        city: The city folder; something must be published.
        matter: An id, or a unique beginning of one.

    Raises:
        QueryError: nothing is published yet.
        StepError: when none or several fit.
    """
    with counter.desk(city) as desk:
        like = desk.questions_like(matter)
        known = [key for key in desk.flags | desk.doubts if key.startswith(matter)]
        if len(like) + len(known) != 1:
            raise StepError(both("matters_fit", matter=matter, matters=len(like) + len(known)))
        flags = next(iter(like.values())) if like else [desk.find(key) for key in known]
        return {
            "question_id": next(iter(like), None),
            "stake": _at_stake(flags),
            "flags": shown(desk, flags),
            "commands": _commands(desk, flags),
        }


def mine(city: CityFolder, person: str) -> dict[str, Any]:
    """Return what waits for a person now, by step, and what the person sent on, with who has it.

    Raises:
        QueryError: nothing is published yet.
        StepError: nobody of this id holds or held a post.
    """
    with counter.desk(city) as desk:
        own = desk.of_person(person)
        sent = [f for f in desk.asked if f not in own and desk.in_turn(f) and _is_last_of(desk, f, person)]
        if not own and not sent and not select.rows(desk.connection, "people_like", {"person": person}):
            raise StepError(both("no_such_person", person=person))
        by_step: dict[str, list[Flag]] = {}
        for flag in own:
            by_step.setdefault(NEXT_STEP[desk.state(flag)], []).append(flag)
        return {
            "person_id": person,
            "turn": [
                {
                    "step": step,
                    "count": len(flags),
                    "stake": _at_stake(flags),
                    "without_stake": sum(f.co2e_at_stake_kg is None for f in flags),
                    "flags": [counter.as_row(desk, flag) for flag in flags],
                }
                for step, flags in by_step.items()
            ],
            "sent": [counter.as_row(desk, flag) for flag in sent],
        }


def _at_stake(flags: Sequence[Flag]) -> Decimal | None:
    """Return what is at stake with flags together, as far as it is known; nothing where it is of none."""
    known = [flag.co2e_at_stake_kg for flag in flags if flag.co2e_at_stake_kg is not None]
    return sum(known, Decimal(0)) if known else None


def _is_last_of(desk: Desk, flag: Flag, person: str) -> bool:
    taken = [d for d in desk.decisions.get(flag.flag_id, []) if counts(d)]
    return bool(taken) and taken[-1].person_id == person and desk.state(flag) != OPEN


def shown(desk: Desk, flags: Sequence[Flag]) -> list[dict[str, Any]]:
    """Return flags, each with its numbers, doubts and history, and whose turn it is."""
    asked = {"flags": [flag.flag_id for flag in flags]}
    numbers = {row["flag_id"]: row["evidence"] for row in select.rows(desk.connection, "flag_numbers", asked)}
    doubts: dict[str, list[dict[str, Any]]] = {}
    for row in select.rows(desk.connection, "flag_doubts", asked):
        doubts.setdefault(row.pop("flag_id"), []).append(row)
    return [
        counter.as_row(desk, flag)
        | _not_asked(desk, flag)
        | {
            "opened_at": flag.opened_at,
            "numbers": json.loads(numbers.get(flag.flag_id) or "{}"),
            "doubts": doubts.get(flag.flag_id, []),
            "in_turn": [{"post": post, "person_id": who} for post, who in desk.in_turn(flag)],
            "history": [_step(desk, flag, decision) for decision in desk.decisions.get(flag.flag_id, [])],
        }
        for flag in flags
    ]


def _not_asked(desk: Desk, flag: Flag) -> dict[str, Any]:
    """Whether a flag is asked, and the answer of an earlier year that was to stand for it too."""
    told = desk.asking(flag)
    given = (d for steps in desk.decisions.values() for d in steps if d.decision_id == told.standing_decision_id)
    answer = next(given, None) if told.standing_decision_id else None
    return {
        "asking": told.asking,
        "asked_from": told.asked_from,
        "standing_decision_id": told.standing_decision_id,
        "standing_until": told.standing_until,
        "standing_state": told.standing_state,
        "standing_on": answer and answer.decided_at.date(),
        "standing_post": answer and answer.post,
    }


def _step(desk: Desk, flag: Flag, taken: Decision) -> dict[str, Any]:
    """A step that was taken, as people read it, and whether it still binds."""
    told = (
        "decided_at",
        "step",
        "post",
        "person_id",
        "data_are_right",
        "discard",
        "document_no",
        "decided_on",
        "recorded_by",
        "stands_for",
    )
    return {name: getattr(taken, name) for name in (*told, "recorded_only")} | {
        "text": taken.comment,
        "is_binding": desk.binds(flag, taken),
    }


def _commands(desk: Desk, flags: Sequence[Flag]) -> list[str]:
    """The commands that may come next, ready to type but for what only the person can say."""
    told: dict[str, None] = {}
    for state in dict.fromkeys(desk.state(flag) for flag in flags):
        step = NEXT_STEP.get(state)
        of_state = [flag for flag in flags if desk.state(flag) == state]
        turn = desk.turn(of_state[0])
        if step is None or turn is None:
            continue
        for each in (step, "return") if step == "accept" else (step,):
            if each == "confirm":
                named = [f"--fiscal-year {year}" for year in sorted({flag.fiscal_year for flag in of_state})]
            else:
                named = [" ".join(flag.flag_id for flag in of_state)]
            for which in named:
                rest = [part for option in TO_FILL_IN[each] for part in option]
                told[f"{PROGRAM} review {each} {which} {shlex.join(['--by', turn[1], *rest])}"] = None
    return list(told)
