"""What state a flag is in, from the decisions about it: open, answered, accepted, returned, confirmed.

A decision binds, for a closed year, to the facility's total within a tolerance; for the running year to the state of
the rule. When that changed, the decisions lapse and the question is open again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pipelines.review.store import Decision

OPEN, ANSWERED, ACCEPTED, RETURNED, CONFIRMED = "open", "answered", "accepted", "returned", "confirmed"
AFTER = {"answer": ANSWERED, "accept": ACCEPTED, "return": RETURNED, "confirm": CONFIRMED}
FROM = {
    "answer": frozenset({OPEN, RETURNED}),
    "accept": frozenset({ANSWERED}),
    "return": frozenset({ANSWERED}),
    "confirm": frozenset({ACCEPTED}),
}
# The doubt that an accepted answer to a flag may lift.
LIFTS = {"unit_slip": "unit_slip", "zero_days": "zero_day"}


@dataclass(frozen=True, slots=True)
class Present:
    """What decisions are held against today."""

    co2e_kg: Decimal | None
    state: str
    is_closed_year: bool


def binds(decision: Decision, present: Present, tolerance: Decimal) -> bool:
    """Tell whether a decision still binds."""
    if not present.is_closed_year:
        return decision.seen_state == present.state
    if decision.seen_co2e_kg is None or present.co2e_kg is None:
        return decision.seen_co2e_kg == present.co2e_kg
    return abs(present.co2e_kg - decision.seen_co2e_kg) <= abs(decision.seen_co2e_kg) * tolerance


def state_of(decisions: Sequence[Decision], present: Present, tolerance: Decimal) -> str:
    """Return the state of a flag from its decisions, oldest first; lapsed ones do not count."""
    state = OPEN
    for decision in decisions:
        if binds(decision, present, tolerance) and state in FROM[decision.step]:
            state = AFTER[decision.step]
    return state


def standing_override(decisions: Sequence[Decision]) -> Decision | None:
    """Return the accepted answer that says the data are right, if there is one and nothing came after it."""
    answer: Decision | None = None
    standing: Decision | None = None
    for decision in decisions:
        if decision.step == "answer":
            answer, standing = decision, None
        elif decision.step == "return":
            answer, standing = None, None
        elif decision.step == "accept" and answer is not None and answer.data_are_right:
            standing = answer
    return standing


def by_flag(decisions: Iterable[Decision]) -> dict[str, list[Decision]]:
    """Group decisions by flag, keeping their order."""
    grouped: dict[str, list[Decision]] = {}
    for decision in decisions:
        grouped.setdefault(decision.flag_id, []).append(decision)
    return grouped


def overrides(decisions: Iterable[Decision]) -> list[tuple[str, int, str, Decimal]]:
    """Return (meter, fiscal year, doubt, quantity seen) for every accepted answer that says the data are right."""
    found = []
    for flag in by_flag(decisions).values():
        answer = standing_override(flag)
        if answer and answer.rule_id in LIFTS and answer.subject and answer.seen_quantity is not None:
            found.append((answer.subject, answer.fiscal_year, LIFTS[answer.rule_id], answer.seen_quantity))
    return sorted(found)
