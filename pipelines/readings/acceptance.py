"""Which of several readings counts when their periods cross.

The rule: in order of precedence, a reading is accepted when it overlaps none accepted before; whole readings only,
never clipped. Bands matter: ``day`` and ``night`` of one period stand side by side, ``all`` rivals both.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from pipelines import tables

BANDS_THAT_RIVAL = {"all": tables.words("time_band"), "day": ("all", "day"), "night": ("all", "night")}


@dataclass(frozen=True, slots=True)
class Rival:
    """A candidate with its band, half-open period and the moment it was received."""

    candidate_id: int
    band: str
    started_at: datetime
    ended_at: datetime
    received_at: datetime


def losers(in_order: Iterable[Rival]) -> dict[int, datetime]:
    """Return the candidates that lose, each with the moment from which it was beaten.

    Args:
        in_order: Rivals of one meter and kind, in order of precedence.

    Returns:
        candidate_id -> the later of its own receipt and the earliest receipt of a reading that beats it.
    """
    accepted: dict[str, list[tuple[datetime, datetime, datetime]]] = {band: [] for band in BANDS_THAT_RIVAL}
    beaten: dict[int, datetime] = {}
    for rival in in_order:
        winners = [
            received
            for band in BANDS_THAT_RIVAL[rival.band]
            for received in _overlapping(accepted[band], rival.started_at, rival.ended_at)
        ]
        if winners:
            beaten[rival.candidate_id] = max(rival.received_at, min(winners))
        else:
            insort(accepted[rival.band], (rival.started_at, rival.ended_at, rival.received_at))
    return beaten


def _overlapping(
    accepted: list[tuple[datetime, datetime, datetime]], start: datetime, end: datetime
) -> Iterable[datetime]:
    """Yield the receipts of accepted periods that overlap; accepted ones never overlap each other."""
    position = max(bisect_left(accepted, (start,)) - 1, 0)
    for other_start, other_end, received in accepted[position:]:
        if other_start >= end:
            break
        if other_end > start:
            yield received
