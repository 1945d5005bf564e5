"""Why a past total changed: corrected data, register or scope, factor edition, method - parts that add up exactly.

A change with one cause is that cause's. With several, the totals of the facilities concerned are counted again with one
cause after the other taken from tonight, in this order: data, register or scope, factor; with the inputs of the last
publication and tonight's method to begin with, so that the method is the remainder.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import duckdb

from pipelines.history import totals
from pipelines.history.totals import FacilityYear, Totals
from pipelines.registers.read import Registers
from pipelines.run import inputs as run_inputs
from pipelines.run import recipe
from pipelines.run.inputs import CAUSES, DATA, FACTOR, METHOD, REGISTER, Inputs
from pipelines.settings.city import CityFolder
from pipelines.warehouse import database, incremental

ORDER = (DATA, REGISTER, FACTOR)
ZERO = Decimal(0)
NONE = "none"
# the inputs of the publication are not kept, so that all of the change stands under method
UNSPLIT = "unsplit"


def since(
    city: CityFolder,
    connection: duckdb.DuckDBPyConnection,
    present: Inputs,
    inputs: Mapping[str, str],
    run: Mapping[str, Any],
    before: totals.Published | None,
    *,
    is_kept: bool = True,
) -> list[dict[str, Any]]:
    """Return the rows of ``restatements`` that tonight's file makes against the published one.

    Args:
        city: Where the published file, ``parsed/`` and the history are.
        connection: The new file, its history loaded.
        present: Tonight's inputs.
        inputs: Their hashes by kind.
        run: ``run_id``, ``published_time`` and ``version`` of tonight.
        before: What was published last; ``None``: nothing.
        is_kept: The published file is the one that says so. Where somebody changed it, the history says so, and a change is not
            split.
    """
    if before is None:
        return []
    in_force = totals.totals_and_rules(connection)
    after = {key: total for key, (total, _) in in_force.items()}
    keys = totals.changed(before, after, present.today, totals.once_closed(connection))
    if not keys:
        return []
    kinds = sorted(kind for kind in CAUSES if before.inputs.get(kind) != inputs[kind])
    causes = {CAUSES[kind] for kind in kinds} or {METHOD}
    steps = _steps(city, present, causes, {key.facility_id for key in keys}, is_kept=is_kept)
    rows = []
    for key in keys:
        old, new = before.totals.get(key), after.get(key)
        parts = _parts(key, old or ZERO, new or ZERO, causes, steps)
        rows.append(
            {
                "run_id": run["run_id"],
                "published_time": run["published_time"],
                "version": run["version"],
                **key._asdict(),
                "year_rule": in_force[key][1] if key in in_force else before.rules[key],
                "before_co2e_kg": old,
                "after_co2e_kg": new,
                **{f"{cause}_co2e_kg": parts[cause] for cause in (*ORDER, METHOD)},
                "inputs_changed": ", ".join(kinds) + ("" if steps is not None else f" ({UNSPLIT})"),
            }
        )
    return rows


def _parts(
    key: FacilityYear, old: Decimal, new: Decimal, causes: set[str], steps: dict[str, Totals] | None
) -> dict[str, Decimal]:
    """Return cause -> its part of ``new - old``; the method is what the others leave."""
    parts = dict.fromkeys((*ORDER, METHOD), ZERO)
    if steps is not None:
        last = steps[NONE].get(key, ZERO) if NONE in steps else old
        for cause in (c for c in ORDER if c in causes):
            reached = steps[cause].get(key, ZERO) if cause in steps else new
            parts[cause] = reached - last
            last = reached
    parts[METHOD] = new - old - sum(parts[cause] for cause in ORDER)
    return parts


def _steps(
    city: CityFolder, present: Inputs, causes: set[str], facilities: set[str], *, is_kept: bool
) -> dict[str, Totals] | None:
    """Count the totals between the last publication and tonight, one cause after the other.

    Returns:
        Cause -> totals once that cause is taken from tonight (``none``: the method alone is tonight's). The last cause
        needs no counting, nor does the first when the method stayed. ``None`` where the inputs of the publication are
        not kept: all is method then.
    """
    wanted = [cause for cause in ORDER if cause in causes]
    if not wanted:
        return {}
    counted: dict[str, Totals] = {}
    if METHOD not in causes and len(wanted) == 1:
        return counted
    known = run_inputs.published(city, present) if is_kept else None
    if known is None:
        return None
    if METHOD in causes:
        counted[NONE] = _count(city, known, facilities)
    for cause in wanted[:-1]:
        known = known.with_cause(cause, present)
        counted[cause] = _count(city, known, facilities)
    return counted


def _count(city: CityFolder, known: Inputs, facilities: set[str]) -> Totals:
    """Count the totals of some facilities with today's method from given inputs, in memory."""
    limits = city.settings.limits
    connection = database.connect(limits.memory, city.data / "tmp", limits.threads)
    try:
        run_inputs.lay_out(connection, city, replace(known, registers=_only(known.registers, facilities)))
        count(connection, city, known)
        return totals.totals(connection)
    finally:
        connection.close()


def count(connection: duckdb.DuckDBPyConnection, city: CityFolder, known: Inputs) -> None:
    """From readings to the totals of facility-years."""
    inc = incremental.begin(connection)
    for stage in recipe.TO_TOTALS:
        stage(inc, city.settings, known)


def _only(known: Registers, facilities: set[str]) -> Registers:
    """Keep the meters and activities that can count at the facilities: theirs, shared ones, and their families."""
    shared = [(row["meter_id"], row["facility_id"]) for row in known["meter_shares"]]
    links = [(row["meter_id"], row["facility_id"]) for row in known["meters"]] + shared
    family = [(row["meter_id"], row["parent_meter_id"]) for row in known["meters"] if row["parent_meter_id"]]
    meters = {meter for meter, facility in links if facility in facilities}
    while more := {a for pair in family if set(pair) & meters for a in pair} - meters:
        meters |= more
    rows = dict(known.rows)
    rows["meters"] = [row for row in known["meters"] if row["meter_id"] in meters]
    rows["activity_sources"] = [row for row in known["activity_sources"] if row["facility_id"] in facilities]
    return Registers(rows, known.contents)


def rows_since(rows: list[dict[str, Any]], moment: datetime) -> list[dict[str, Any]]:
    """Return the restatements published at or after a moment."""
    return [row for row in rows if datetime.fromisoformat(str(row["published_time"])) >= moment]
