"""Which of several readings counts when their periods cross.

The rule: in order of precedence, a reading is accepted when it overlaps none accepted before; whole readings only,
never clipped. Bands matter: ``day`` and ``night`` of one period stand side by side, ``all`` rivals both. Events (deliveries,
loads) of one set stand beside each other, and so do those of other sets with another slip number.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from pipelines import tables

BANDS_THAT_RIVAL = {"all": tables.words("time_band"), "day": ("all", "day"), "night": ("all", "night")}
Period = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Rival:
    """A candidate with its time band and period (end exclusive).

    ``receipts`` are the moments at which its file's content was received, earliest first. ``standing`` is what decides before the
    receipt does: stage, quality and issue as one text, equal for rivals between which only the receipt decides.
    """

    candidate_id: int
    band: str
    started_at: datetime
    ended_at: datetime
    receipts: Sequence[datetime]
    standing: str = ""


@dataclass(frozen=True, slots=True)
class RivalEvent:
    """The rows of one statement about a source and period (a set), or those of it with one slip number."""

    unit_no: int
    set_no: int
    slip_no: str | None
    started_at: datetime
    ended_at: datetime
    receipts: Sequence[datetime]
    standing: str = ""


def losers(in_order: Iterable[Rival]) -> dict[int, datetime]:
    """Return the candidates that lose, each with the moment from which it was beaten.

    Args:
        in_order: Rivals of one meter and kind, in order of precedence.

    Returns:
        candidate_id -> the earliest moment from which a reading that beats it had come.
    """
    periods: dict[str, list[Period]] = {band: [] for band in BANDS_THAT_RIVAL}
    accepted: dict[tuple[str, Period], Rival] = {}
    beaten: dict[int, datetime] = {}
    for rival in in_order:
        winners = [
            beaten_from(rival, accepted[band, period])
            for band in BANDS_THAT_RIVAL[rival.band]
            for period in _overlapping(periods[band], rival.started_at, rival.ended_at)
        ]
        if winners:
            beaten[rival.candidate_id] = min(winners)
        else:
            period = rival.started_at, rival.ended_at
            insort(periods[rival.band], period)
            accepted[rival.band, period] = rival
    return beaten


def losing_events(in_order: Iterable[RivalEvent]) -> dict[int, datetime]:
    """Return the units of events that lose, each with the moment from which it was beaten.

    Args:
        in_order: Units of one source, in the order of precedence of their sets.

    Returns:
        unit_no -> the earliest moment from which one that beats it had come.
    """
    periods: list[Period] = []
    accepted: dict[Period, list[RivalEvent]] = defaultdict(list)
    beaten: dict[int, datetime] = {}
    for unit in in_order:
        own = unit.started_at, unit.ended_at
        winners = [
            beaten_from(unit, other)
            for period in _overlapping(periods, *own)
            for other in accepted[period]
            if period != own or not _stand_together(unit, other)
        ]
        if winners:
            beaten[unit.unit_no] = min(winners)
            continue
        if own not in accepted:
            insort(periods, own)
        accepted[own].append(unit)
    return beaten


def beaten_from(loser: Rival | RivalEvent, winner: Rival | RivalEvent) -> datetime:
    """Return the moment from which a winner goes before a loser.

    That is when both had come. Where they are of the same standing the later receipt decides, so it is the winner's first receipt
    that is not before the loser's last.
    """
    last = loser.receipts[-1]
    came = winner.receipts[0]
    if winner.standing == loser.standing:
        came = min((moment for moment in winner.receipts if moment >= last), default=came)
    return max(loser.receipts[0], came)


def _stand_together(one: RivalEvent, other: RivalEvent) -> bool:
    """Tell whether two events of one source and period are two: of one statement, or of two slips."""
    return one.set_no == other.set_no or (
        one.slip_no is not None and other.slip_no is not None and one.slip_no != other.slip_no
    )


def _overlapping(accepted: list[Period], start: datetime, end: datetime) -> Iterable[Period]:
    """Yield the accepted periods that overlap; they never overlap each other."""
    position = max(bisect_left(accepted, (start,)) - 1, 0)
    for period in accepted[position:]:
        if period[0] >= end:
            break
        if period[1] > start:
            yield period
