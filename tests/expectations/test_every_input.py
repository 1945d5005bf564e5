"""Every kind of input goes through whole nights, gate included: first unknown to the registers, then known to them."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

import duckdb
import pytest

from expectations import night_gate
from pipelines.sources.layouts import register as layouts
from pipelines.warehouse import database
from pipelines.warehouse.publish import HeldBack
from tests.making import City, finished, rows_of
from tests.sources import made

FUELS = {"kWh": "electricity", "m3": "city_gas", "L": "kerosene", "kL": "kerosene", "kg": "lpg"}
UNKNOWN = """SELECT word, any_value(unit), any_value(reading_kind) FROM unknown_names WHERE source_kind = 'meter'
GROUP BY ALL ORDER BY ALL"""
OFFICE = {"M1", "M2", "M3"}


def night(city: City) -> duckdb.DuckDBPyConnection:
    """One night with its gate, published."""
    run = finished(city.paths)
    night_gate.check(run)
    run.publish()
    assert run.outcome.published
    return database.connect_published(city.paths.published)


def lay_in(city: City) -> None:
    """A file of each layout, each in a folder of its own where the name of a folder names no meter."""
    for layout, make in made.ALL.items():
        file = make()
        if file.path.startswith("@weather/"):
            target = city.folder / "weather" / "data.csv"
            target.parent.mkdir(parents=True)
            target.write_bytes(file.content)
        elif file.path.startswith("office/"):
            city.file(f"{layout}/{file.path.partition('/')[2]}", file.content)
        else:
            city.file(file.path, file.content)


def known(city: City, words: list[tuple[str, str | None, str | None]]) -> None:
    """Enter every word that named no meter; the files of the office's own layouts use M1 to M3 and A1."""
    units = [unicodedata.normalize("NFKC", unit or "kWh") for _, unit, _ in words]
    rows = [
        {
            "meter_id": f"N{number}", "facility_id": "F1", "energy_type": FUELS.get(unit, "electricity"),
            "unit": unit if unit in FUELS else "kWh", "reading_kind": kind, "aliases": word,
        }
        for number, ((word, _, kind), unit) in enumerate(zip(words, units, strict=True))
        if word not in OFFICE
    ]  # fmt: skip
    own = {"facility_id": "F1", "energy_type": "kerosene", "unit": "L"}
    city.register(
        "meters",
        [
            *rows,
            {"meter_id": "M1", "reading_kind": "bill", **own},
            {"meter_id": "M2", "reading_kind": "delivery", **own},
            {"meter_id": "M3", "reading_kind": "register", **own},
        ],
    )
    city.register(
        "activity_sources",
        [
            {
                "activity_source_id": "A1",
                "facility_id": "F1",
                "activity": "waste_plastic",
                "unit": "t",
                "frequency": "month",
            }
        ],
    )


def test_a_file_of_every_layout_passes_the_gate_unknown_and_known(make_city: Callable[..., City]) -> None:
    city = make_city(extra='\n[sources.pm.unit_words]\n"kWh(thousandWatt-hours)" = "kWh"\n')
    lay_in(city)
    with night(city) as published:
        words = rows_of(published, UNKNOWN)
        assert len(words) > 15
    known(city, words)
    with night(city) as published:
        taken = dict(
            rows_of(published, "SELECT layout, sum(rows_loaded + rows_superseded) FROM source_files GROUP BY ALL")
        )
        # an answer needs a question that was asked: tests/run/test_answers.py
        assert {name for name in layouts.names() if not taken.get(name)} == {"answer_sheet"}
        kinds = {row[0] for row in rows_of(published, "SELECT DISTINCT reading_kind FROM readings")}
        assert kinds == {"interval", "bill", "delivery", "register"}
        assert rows_of(published, "SELECT count(*) > 0 FROM register_states") == [(True,)]
        assert rows_of(published, "SELECT count(*) > 0 FROM weather_days") == [(True,)]
        assert rows_of(published, "SELECT count(*) > 0 FROM waste_samples") == [(True,)]
        assert rows_of(published, "SELECT count(*) > 0 FROM activity_readings") == [(True,)]


@pytest.mark.parametrize("event", ["", "closing", "opening", "reset"])
def test_two_states_of_a_register_are_published(city: City, event: str) -> None:
    meter = {
        "meter_id": "M1",
        "facility_id": "F1",
        "energy_type": "electricity",
        "unit": "kWh",
        "reading_kind": "register",
    }
    city.register("meters", [meter])
    city.file("power/r.csv", f"meter_id,read_at,register_value,event\nM1,2025-04-01,100,\nM1,2025-05-01,310,{event}\n")
    with night(city) as published:
        counted = rows_of(published, "SELECT sum(quantity) FROM readings WHERE reading_kind = 'register'")
        assert counted == [(210 if event in ("", "closing") else None,)]


def test_the_gate_sees_a_word_that_is_no_word(city: City) -> None:
    meter = {
        "meter_id": "M1",
        "facility_id": "F1",
        "energy_type": "electricity",
        "unit": "kWh",
        "reading_kind": "register",
    }
    city.register("meters", [meter])
    city.file("power/r.csv", "meter_id,read_at,register_value\nM1,2025-04-01,100\nM1,2025-05-01,310\n")
    run = finished(city.paths)
    run.connection.execute("UPDATE register_states SET event = 'turned'; UPDATE flags SET state = 'maybe'")
    with pytest.raises(HeldBack, match="register_states") as held:
        night_gate.check(run)
    assert "flags.expect_column_values_to_be_in_set(state)" in str(held.value)
