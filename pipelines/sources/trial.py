"""Read one file on trial, writing nothing: the layout, the values, the rejects with line and reason."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from pipelines import folding, units
from pipelines.findings import rules
from pipelines.registers import near_names
from pipelines.settings.city import Limits
from pipelines.sources.arrive.odd_names import as_text, readable
from pipelines.sources.open.inspect_file import inspect
from pipelines.sources.open.open_file import Inbound
from pipelines.sources.parse import ParseOptions, parse
from pipelines.warehouse import database

MOST_ROWS = 20
HELD_AT_NIGHT = Path(__file__).with_name("held_at_night.sql")
# Bytes of text up to which planning a statement costs more than its rows do: some hundred lines.
HANDFUL = 16_384


@dataclass(frozen=True, slots=True)
class Office:
    """What the office has said that a file is held against: words of units of its source, and whose each word is.

    ``meters``: a word as names are compared (:func:`folding.name`) -> (meter, energy type). ``names``: what an unknown word may mean,
    of meters and facilities, as written -> as it is told.
    """

    unit_words: Mapping[str, str] = field(default_factory=dict)
    meters: Mapping[str, tuple[str, str]] | None = None
    names: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        meters: Iterable[Mapping[str, Any]],
        unit_words: Mapping[str, str],
        facilities: Iterable[Mapping[str, Any]] = (),
    ) -> Office:
        """Gather the words of the registers: of meters id, supply point and aliases, of facilities id and name."""
        named: dict[str, tuple[str, str]] = {}
        names: dict[str, str] = {}
        for row in meters:
            meter, aliases = str(row["meter_id"]), str(row["aliases"] or "").split(";")
            words = [str(word).strip() for word in (meter, row["supply_point"], *aliases) if word]
            named |= {folding.name(word): (meter, str(row["energy_type"])) for word in words}
            names |= {word: meter if word == meter else f"{word} ({meter})" for word in words if word}
        for row in facilities:
            facility, name = str(row["facility_id"]), str(row["name"])
            names |= {facility: facility, name: f"{name} ({facility})"}
        return cls(unit_words, named, names)


def read(
    path: Path,
    layout: str = "",
    reading: ParseOptions | None = None,
    office: Office | None = None,
    today: date | None = None,
) -> dict[str, Any]:
    """Return what the parser makes of a file.

    Args:
        path: Any file. Layouts that name the meter by the path see the last three folders.
        layout: The layout to try; empty: recognised by content.
        reading: Limits and the city's own layouts.
        office: What units and words of meters are held against, as the night does; ``None``: units alone.
        today: The day by which a value lies in the future; ``None``: none does.
    """
    chosen = reading or ParseOptions(Limits())
    where = as_text("/".join(path.resolve().parts[-3:]))
    with tempfile.TemporaryDirectory() as scratch:
        inspected = inspect(readable(path, Path(scratch), chosen.limits.file_bytes), chosen.limits)
        connection = database.connect(quick=inspected.kind == "text" and inspected.size <= HANDFUL)
        outcome = parse([Inbound("-", where, inspected, layout)], connection, chosen, Path(scratch))[0]
        counted = "SELECT rows_received, rows_blank, rows_ignored, unread, cells_rounded FROM parsed_files"
        counts = connection.execute(counted).fetchone() or (0, 0, 0, "", 0)
        values = _rows(connection, "parsed_values ORDER BY source_line, source_column")
        rejects = _rows(connection, "parsed_rejects ORDER BY source_line, source_column")
        held = database.dicts(connection, database.sql_text(HELD_AT_NIGHT), {"today": today})
        totals = connection.execute(
            "SELECT (SELECT count(*) FROM parsed_values), (SELECT count(*) FROM parsed_rejects)"
        ).fetchone()
        written = connection.execute(
            """SELECT key, unit, count(*), bool_or(record IN ('reading', 'register')) FROM parsed_values
               WHERE record NOT IN ('weather', 'composition') GROUP BY key, unit ORDER BY min(source_line), key, unit"""
        ).fetchall()
        connection.close()
    for row in (*rejects, *held[:MOST_ROWS]):
        row |= {language: rules()[row["rule_id"]].sentence(language, {"raw": row["raw"]}) for language in ("ja", "en")}
    problem = None
    if outcome.problem:
        rule = rules()[outcome.problem[0]]
        numbers = outcome.problem[1]
        problem = {"rule_id": rule.rule_id, "ja": rule.sentence("ja", numbers), "en": rule.sentence("en", numbers)}
    return {
        "path": as_text(str(path)),
        "sha256": inspected.sha256,
        "bytes": inspected.size,
        "encoding": inspected.encoding if inspected.kind == "text" else inspected.kind,
        "layout": outcome.layout,
        "problem": problem,
        "rows_received": counts[0],
        "rows_values": totals[0] if totals else 0,
        "rows_rejected": totals[1] if totals else 0,
        "rows_blank": counts[1],
        "rows_ignored": counts[2],
        "unread": counts[3],
        "cells_rounded": counts[4],
        "values": values,
        "rejects": rejects,
        "rows_held": len(held),
        "held": held[:MOST_ROWS],
        "meters": _named(written, office or Office()),
        "units": _not_understood(written, office or Office()),
    }


Written = list[tuple[str, str | None, int, bool]]


def _named(written: Written, office: Office) -> list[dict[str, Any]]:
    """Return whose each word of the file is; nothing where there is no register to ask."""
    if office.meters is None:
        return []
    words = dict.fromkeys(key for key, _, _, is_metered in written if is_metered)
    found: list[dict[str, Any]] = [
        {"key": key, "meter_id": office.meters.get(folding.name(key), (None, ""))[0]} for key in words
    ]
    unknown = [row for row in found if row["meter_id"] is None][:MOST_ROWS]
    for row in unknown:
        row["near"] = near_names.nearest(str(row["key"]), office.names)
    return found


def _not_understood(written: Written, office: Office) -> list[dict[str, Any]]:
    """Return the units that the night would hold back, with the reason: unknown ones, and those that do not fit the meter's energy."""
    found = []
    for key, unit, values, _ in written:
        if unit is None:
            continue
        energy_type = (office.meters or {}).get(folding.name(key), ("", ""))[1]
        try:
            if energy_type:
                units.counted(unit, energy_type, tuple(office.unit_words.items()))
            else:
                units.meaning(unit, office.unit_words)
        except units.UnitError as error:
            told = {"raw": unit, "right": error.detail}
            rule = rules()[error.rule_id]
            found.append(
                {"key": key, "unit": unit, "values": values, "rule_id": rule.rule_id}
                | {language: rule.sentence(language, told) for language in ("ja", "en")}
            )
    return found


def _rows(connection: Any, what: str) -> list[dict[str, Any]]:  # noqa: ANN401 - a DuckDB connection
    without = f"SELECT * EXCLUDE (source_sha256, wanted, file_member) FROM {what} LIMIT {MOST_ROWS}"
    return database.dicts(connection, without)
