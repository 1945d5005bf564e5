"""What state a flag is in, from the decisions about it: open, answered, accepted, returned, confirmed.

A decision about doubts binds to the days and quantities, and to the rows held back, that it was shown; any other, for a closed
year, to the facility's total within a tolerance, for the running year to the state of the rule. When that changed, the decisions
lapse and the question is open again. A step that is 記録のみ is passed over. What was not worth asking is accepted as one list
(accept_minor): that ends the question and lifts nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from pipelines import tables
from pipelines.review.store import Decision

OPEN, ANSWERED, ACCEPTED, RETURNED, CONFIRMED = tables.words("state", "flags")
ACCEPT_MINOR = "accept_minor"
AFTER = {"answer": ANSWERED, "accept": ACCEPTED, "return": RETURNED, "confirm": CONFIRMED, ACCEPT_MINOR: ACCEPTED}
FROM = {
    "answer": frozenset({OPEN, RETURNED}),
    "accept": frozenset({ANSWERED}),
    "return": frozenset({ANSWERED}),
    "confirm": frozenset({ACCEPTED}),
    ACCEPT_MINOR: frozenset({OPEN, RETURNED}),
}


# how many fiscal years an answer may stand at most, the flag's own counted: DESIGN of the questions, no setting
MOST_YEARS = 3


@dataclass(frozen=True, slots=True)
class Override:
    """A doubt that an accepted answer lifts: on these days, as long as their quantity is the one that was seen.

    Args:
        source_kind: meter or activity.
        source_id: The meter or activity source.
        rule_id: The rule that doubts it.
        since: First day.
        until: Exclusive end.
        quantity: Sum of the days when the answer was given; ``None``: nothing stood there.
    """

    source_kind: str
    source_id: str
    rule_id: str
    since: date
    until: date
    quantity: Decimal | None


class HeldRow(NamedTuple):
    """A row held back, as an answer settles it: its place, and the meter or activity source it was taken for."""

    source_sha256: str
    source_member: str | None
    source_line: int
    source_column: str | None
    source_kind: str
    source_id: str


@dataclass(frozen=True, slots=True)
class Present:
    """What decisions are held against today."""

    co2e_kg: Decimal | None
    state: str
    is_closed_year: bool
    seen_days: str | None = None
    seen_rows: str | None = None


def binds(decision: Decision, present: Present, tolerance: Decimal) -> bool:
    """Tell whether a decision still binds."""
    if decision.seen_rows is not None and decision.seen_rows != present.seen_rows:
        return False
    if decision.seen_days is not None:
        return decision.seen_days == present.seen_days
    if not present.is_closed_year:
        return decision.seen_state == present.state
    if decision.seen_co2e_kg is None or present.co2e_kg is None:
        return decision.seen_co2e_kg == present.co2e_kg
    return abs(present.co2e_kg - decision.seen_co2e_kg) <= abs(decision.seen_co2e_kg) * tolerance


def state_of(decisions: Sequence[Decision], present: Present, tolerance: Decimal) -> str:
    """Return the state of a flag from its decisions, oldest first; lapsed ones do not count."""
    state = OPEN
    for decision in effective(decisions, present, tolerance):
        if state in FROM[decision.step]:
            state = AFTER[decision.step]
    return state


def counts(decision: Decision) -> bool:
    """Tell whether a step counts: one recorded for somebody else without evidence (記録のみ) moves and lifts nothing."""
    return not decision.recorded_only


def effective(decisions: Sequence[Decision], present: Present, tolerance: Decimal) -> list[Decision]:
    """Return the steps that count and still bind, oldest first."""
    return [decision for decision in decisions if counts(decision) and binds(decision, present, tolerance)]


def standing_answer(decisions: Sequence[Decision]) -> Decision | None:
    """Return the accepted answer that lifts something (the data are right, or rows go), if nothing came after it."""
    answer: Decision | None = None
    standing: Decision | None = None
    for decision in filter(counts, decisions):
        if decision.step == "answer":
            answer, standing = decision, None
        elif decision.step == "return":
            answer, standing = None, None
        elif decision.step == "accept" and answer is not None and (answer.data_are_right or answer.discard):
            standing = answer
    return standing


def by_flag(decisions: Iterable[Decision]) -> dict[str, list[Decision]]:
    """Group decisions by flag, keeping their order."""
    grouped: dict[str, list[Decision]] = {}
    for decision in decisions:
        grouped.setdefault(decision.flag_id, []).append(decision)
    return grouped


def overrides(decisions: Iterable[Decision]) -> list[Override]:
    """Return what the accepted answers lift that say the data are right; rows held back are settled one by one (settled)."""
    found: set[Override] = set()
    for flag in by_flag(decisions).values():
        answer = standing_answer(flag)
        if answer and answer.data_are_right and answer.seen_days:
            found |= {_override(seen) for seen in json.loads(answer.seen_days) if seen["rule_id"] != "held_back"}
    return sorted(found, key=str)


def settled(decisions: Iterable[Decision]) -> list[HeldRow]:
    """Return the rows held back that accepted answers discard, or beside which they say that the data in use are right."""
    found = set()
    for flag in by_flag(decisions).values():
        answer = standing_answer(flag)
        if answer and answer.seen_rows:
            found |= {HeldRow(*row) for row in json.loads(answer.seen_rows)}
    return sorted(found, key=str)


def _override(seen: dict[str, str | None]) -> Override:
    quantity = seen["quantity"]
    return Override(
        str(seen["source_kind"]),
        str(seen["source_id"]),
        str(seen["rule_id"]),
        date.fromisoformat(str(seen["since"])),
        date.fromisoformat(str(seen["until"])),
        None if quantity is None else Decimal(quantity),
    )
