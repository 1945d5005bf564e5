"""Where a meter's energy counts: shared meters, sub-meters, tenants, generation and export, as dated shares.

Double entry keeps every kWh counted once: what a sub-meter measures for another facility is added there and taken
off the parent's facility; a tenant's goes ``outside``; a sub-meter within its parent's facility is shown only (share
0). Own generation counts at its facility; exported power of a generator goes ``outside``. Where nothing changes the
shares of a meter add up to 1 over the positive rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise

OUTSIDE = "outside"
ONE, ZERO = Decimal(1), Decimal(0)
Split = Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class MeterVersion:
    """One dated row of the register meters."""

    meter_id: str
    facility_id: str
    energy_type: str
    reading_kind: str
    role: str
    parent: str | None
    scope: str
    since: date
    until: date


@dataclass(frozen=True, slots=True)
class Share:
    """One dated row of the register meter_shares."""

    meter_id: str
    facility_id: str
    share: Decimal
    since: date
    until: date


@dataclass(frozen=True, slots=True)
class Allocation:
    """How much of a meter counts at a facility in a period; negative: taken off there; 0: shown only."""

    version: MeterVersion
    root_meter_id: str
    facility_id: str
    share: Decimal
    since: date
    until: date


class Register:
    """Meters and shares, answering what was in force on a day."""

    def __init__(self, versions: Sequence[MeterVersion], shares: Sequence[Share]) -> None:
        self.versions: dict[str, list[MeterVersion]] = defaultdict(list)
        self.shares: dict[str, list[Share]] = defaultdict(list)
        for version in versions:
            self.versions[version.meter_id].append(version)
        for share in shares:
            self.shares[share.meter_id].append(share)

    def on(self, meter_id: str, day: date) -> MeterVersion | None:
        """Return the meter's row in force on a day."""
        return next((v for v in self.versions[meter_id] if v.since <= day < v.until), None)

    def split(self, version: MeterVersion, day: date) -> dict[str, Decimal]:
        """Return facility -> share of the meter itself on a day."""
        rows = [s for s in self.shares[version.meter_id] if s.since <= day < s.until]
        return {s.facility_id: s.share for s in rows} or {version.facility_id: ONE}

    def family(self, meter_id: str) -> list[str]:
        """Return the meter and its ancestors, the root last."""
        chain = [meter_id]
        while (parent := next((v.parent for v in self.versions[chain[-1]] if v.parent), None)) is not None:
            chain.append(parent)
        return chain


def allocate(versions: Sequence[MeterVersion], shares: Sequence[Share]) -> list[Allocation]:
    """Return where every meter counts, period by period.

    Args:
        versions: All rows of the register meters.
        shares: All rows of the register meter_shares.
    """
    register = Register(versions, shares)
    return [row for meter_id in sorted(register.versions) for row in _allocate_one(register, meter_id)]


def _allocate_one(register: Register, meter_id: str) -> Iterable[Allocation]:
    family = register.family(meter_id)
    edges = sorted(
        {edge for m in family for v in register.versions[m] for edge in (v.since, v.until)}
        | {edge for m in family for s in register.shares[m] for edge in (s.since, s.until)}
    )
    for since, until in pairwise(edges):
        version = register.on(meter_id, since)
        if version is None:
            continue
        for facility, share in _entries(register, version, since):
            yield Allocation(version, family[-1], facility, share, since, until)


def _entries(register: Register, version: MeterVersion, day: date) -> list[tuple[str, Decimal]]:
    """Return the (facility, share) entries of a meter on a day."""
    own = register.split(version, day)
    parent = register.on(version.parent, day) if version.parent else None
    above = register.split(parent, day) if parent else {}
    if version.role == "sub":
        return _shown(own) if own == above else _added(own) + _taken(above)
    if version.role == "tenant_deduct":
        return [(OUTSIDE, ONE), *_taken(above)]
    if version.role == "export":
        of_generator = parent is not None and parent.role == "generation"
        return [(OUTSIDE, ONE), *_taken(above)] if of_generator else _shown(own)
    return _added(own)


def _added(split: Split) -> list[tuple[str, Decimal]]:
    return [(facility, share) for facility, share in sorted(split.items()) if share]


def _taken(split: Split) -> list[tuple[str, Decimal]]:
    return [(facility, -share) for facility, share in sorted(split.items()) if share and facility != OUTSIDE]


def _shown(split: Split) -> list[tuple[str, Decimal]]:
    return [(facility, ZERO) for facility in sorted(split)[:1]]
