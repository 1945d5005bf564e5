"""Why a past total changed, and what was known before: parts against cities built with one cause after the other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from pipelines.history import frozen as official
from pipelines.history.journal import HistoryLostError
from pipelines.history.records import History
from pipelines.run import past
from pipelines.run.inputs import Unknown
from pipelines.settings.city import CityFolder
from pipelines.warehouse import database, query
from tests.making import DEFAULTS, City, monthly, one, rows_of

OFFSET = "result_fy_offset = -1"
TARGET = DEFAULTS["targets"][0]
POWER = {"facility_id": "F1", "energy_type": "electricity", "unit": "kWh", "reading_kind": "bill"}
FIRST, SECOND, THIRD = (datetime(2026, 6, day, 2) for day in (2, 9, 12))
TOTALS = "SELECT facility_id, fiscal_year, basis, co2e_kg FROM emissions_by_facility_fiscal_year ORDER BY ALL"


class Clock:
    """What the clock says."""

    moment = FIRST

    def now(self) -> datetime:
        return self.moment


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(CityFolder, "now", lambda _: made.now())
    return made


def factors(value: str) -> list[dict[str, object]]:
    """A supplier's factors of four years; that of FY2024 as ``value`` says."""
    common = {
        "supplier": "みほん電力",
        "kind": "single",
        "energy_type": "electricity",
        "unit": "t-CO2/kWh",
        "source": "試験",
    }
    values = {2023: "0.000400", 2024: value, 2025: "0.000450", 2026: "0.000440"}
    return [{**common, "activity_fy": year, "basic": v, "adjusted": v} for year, v in values.items()]


def power(city: City) -> City:
    """Two meters at F1, one supplier, bills of FY2023 to FY2025, received on 1 June."""
    city.register("facilities", [{"facility_id": f, "name": f, "operator_id": "OP"} for f in ("F1", "F2")])
    city.register("meters", [{**POWER, "meter_id": m} for m in ("M1", "M2")])
    city.register("contracts", [{"meter_id": m, "supplier": "みほん電力"} for m in ("M1", "M2")])
    city.register("supplier_factors", factors("0.000500"))
    for meter, amount in (("M1", 1000), ("M2", 70)):
        city.bills(f"power/{meter}.csv", monthly(meter, 2023, 2025, amount, "kWh"))
    return city


def correct_data(city: City) -> None:
    rows = [
        ("M1", "2024-05-01", "2024-06-01", 1300, "kWh", "corrected"),
        ("M1", "2026-04-01", "2026-05-01", 900, "kWh", ""),
    ]
    city.bills("power/correction.csv", rows, "2026-06-08 10:00", more=["stage"])


def move_a_meter(city: City) -> None:
    city.register("meters", [{**POWER, "meter_id": "M1"}, {**POWER, "meter_id": "M2", "facility_id": "F2"}])


def another_edition(city: City) -> None:
    city.register("supplier_factors", factors("0.000520"))


def another_method(city: City) -> None:
    path = city.folder / "city.toml"
    path.write_text(path.read_text(encoding="utf-8").replace(OFFSET, "result_fy_offset = 0"), encoding="utf-8")


CHANGES = (another_method, correct_data, move_a_meter, another_edition)


def totals_after(city: City, changes: tuple[Callable[[City], None], ...]) -> dict[tuple[str, int, str], Decimal]:
    """The totals of a city built from scratch with these changes made."""
    power(city)
    for change in changes:
        change(city)
    with city.built("emissions") as made:
        return {(f, y, b): kg for f, y, b, kg in rows_of(made, TOTALS)}


def test_a_change_with_four_causes_is_split_exactly(make_city: Callable[..., City], clock: Clock) -> None:
    city = power(make_city())
    city.publish()
    clock.moment = SECOND
    for change in CHANGES:
        change(city)
    published = database.connect_published(city.publish())
    found = rows_of(
        published,
        """SELECT facility_id, fiscal_year, basis, before_co2e_kg, after_co2e_kg, method_co2e_kg, data_co2e_kg,
           register_co2e_kg, factor_co2e_kg, inputs_changed, year_rule FROM restatements""",
    )
    published.close()
    steps = [totals_after(make_city(), CHANGES[:n]) for n in range(5)]
    assert steps[0].get(("F1", 2026, "plan")) != steps[4]["F1", 2026, "plan"], (
        "the running year changed and is no restatement"
    )
    assert steps[0]["F1", 2025, "plan"] != steps[4]["F1", 2025, "plan"], "so did the year that is being collected"
    keys = {key for step in steps for key in step if steps[0].get(key) != steps[4].get(key) and key[1] < 2025}
    assert {row[:3] for row in found} == keys and len(found) == len(keys) > 6
    for facility, year, basis, before, after, *parts, inputs, rule in found:
        reached = [step.get((facility, year, basis), Decimal(0)) for step in steps]
        assert (before or 0, after or 0) == (reached[0], reached[4])
        assert parts == [b - a for a, b in pairwise(reached)], (facility, year, basis)
        assert sum(parts) == (after or 0) - (before or 0)
        assert (inputs, rule) == ("factor_registers, files, registers, settings", "by_day")
    causes = {
        name
        for row in found
        for name, part in zip(("method", "data", "register", "factor"), row[5:9], strict=True)
        if part
    }
    assert causes == {"method", "data", "register", "factor"}, "every cause must be seen to matter"


def test_another_edition_restates_the_years_it_serves_as_factor_and_the_past_can_be_had_again(
    city: City, clock: Clock
) -> None:
    power(city).publish()
    before = dump(city.paths.published)
    clock.moment = SECOND
    another_edition(city)
    city.publish()
    after = dump(city.paths.published)
    published = database.connect_published(city.paths.published)
    rows = rows_of(
        published, "SELECT fiscal_year, basis, factor_co2e_kg, after_co2e_kg - before_co2e_kg FROM restatements"
    )
    assert {row[:2] for row in rows} == {(2024, b) for b in ("plan", "shk_basic", "shk_adjusted")}
    assert all(factor == moved == Decimal(1070 * 12) * Decimal("0.02") for *_, factor, moved in rows)
    # every total ever published stands on record, with its run and method; what stayed is not written again
    record = """SELECT count(DISTINCT run_id), count(*) FILTER (run_id = (SELECT max(run_id) FROM publications))
        FROM published_facility_years"""
    assert one(published, record) == (2, 3)
    known = """SELECT count(*) FROM input_history WHERE input = 'registers/supplier_factors' AND known_to {}"""
    assert one(published, known.format("IS NULL")) == 4
    assert one(published, known.format("= '2026-06-09 02:00:00'")) == 1
    published.close()

    clock.moment = THIRD
    then = past.file(city.paths, datetime(2026, 6, 5))
    assert dump(then) == before != after
    assert past.file(city.paths, datetime(2026, 6, 5)) == then, "built once"
    assert dump(past.file(city.paths, datetime(2026, 6, 10))) == after
    with pytest.raises(Unknown, match="--by-receipt"):
        past.file(city.paths, datetime(2026, 5, 31))
    earlier = dump(past.file(city.paths, datetime(2026, 5, 31), by_receipt=True))
    assert earlier["readings"] == [], "nothing was received by then"
    received = dump(past.file(city.paths, datetime(2026, 6, 1, 12), by_receipt=True))
    assert received["readings"] == before["readings"], "received by then, seen by the first run"


def test_a_change_of_method_alone_is_all_method(city: City, clock: Clock) -> None:
    power(city).publish()
    clock.moment = SECOND
    another_method(city)
    published = database.connect_published(city.publish())
    rows = rows_of(published, "SELECT method_co2e_kg, after_co2e_kg - before_co2e_kg, inputs_changed FROM restatements")
    assert rows and all(method == moved != 0 for method, moved, _ in rows)
    assert {row[2] for row in rows} == {"settings"}
    versions = rows_of(
        published,
        "SELECT count(DISTINCT version) FROM published_facility_years GROUP BY facility_id, fiscal_year, year_rule, basis",
    )
    assert set(versions) == {(2,)}, "a total of another method stands on record as such"
    published.close()


def dump(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """What a file says of readings, energy, emissions, verdicts and flags."""
    connection = database.connect_published(path)
    names = (
        "readings",
        "energy_by_meter_day",
        "emissions_by_facility_fiscal_year",
        "facility_results",
        "flags",
        "factor_choices",
    )
    found = {name: rows_of(connection, f"FROM {name} ORDER BY ALL") for name in names}
    connection.close()
    return found


def test_a_change_whose_inputs_are_not_kept_says_that_it_is_not_split(city: City, clock: Clock) -> None:
    power(city).publish()
    (city.paths.history / "states.jsonl").unlink()
    with pytest.raises(HistoryLostError, match=r"states\.jsonl"):
        city.publish()
    History(city.paths.history).begin_anew(city.paths.published, "控えもない", "P1", SECOND)
    clock.moment = SECOND
    another_edition(city)
    another_method(city)
    published = database.connect_published(city.publish())
    rows = rows_of(
        published, "SELECT method_co2e_kg = after_co2e_kg - before_co2e_kg, inputs_changed FROM restatements"
    )
    assert rows and set(rows) == {(True, "factor_registers, settings (unsplit)")}
    published.close()


def test_an_official_edition_stays_and_today_is_shown_against_it(city: City, clock: Clock) -> None:
    """Frozen for the council, then a correction and another factor: the edition stands, the parts add up to the difference."""
    power(city)
    city.register(
        "targets", [{**TARGET, "target_id": "T2", "subject_id": "OP", "subject_kind": "operator", "base_co2e_t": "7.2"}]
    )
    city.register(
        "published_totals",
        [{"document": "旧報告書", "fiscal_year": 2024, "subject": "city", "basis": "plan", "co2e_t": "6"}],
    )
    city.publish()
    history = city.paths.history
    clock.moment = SECOND

    def freeze(year: int, document: str, purpose: str = "審議会") -> dict[str, object]:
        with query.opened(city.paths.published) as connection:
            return official.freeze(
                connection,
                history,
                official.FreezeRequest(purpose, year, document, "P1", SECOND, accept_incomplete=True),
            )

    record = freeze(2024, "環第1号")
    assert (record["as_known_at"], record["frozen_at"]) == (str(FIRST), str(SECOND))
    for year, document, purpose, says in (
        (2024, "環第1号", "審議会", "確定済み"), (2026, "環第2号", "審議会", "終わっていません"), (2024, "環第2号", "広報", "purpose"),
    ):  # fmt: skip
        with pytest.raises(official.FreezeError, match=says):
            freeze(year, document, purpose)
    correct_data(city)
    another_edition(city)
    published = database.connect_published(city.publish())
    columns = "subject_kind, subject_id, basis, frozen_co2e_kg, co2e_kg, data_co2e_kg, register_co2e_kg, factor_co2e_kg, method_co2e_kg"
    rows = {
        row[:3]: row[3:]
        for row in rows_of(published, f"SELECT {columns} FROM official_edition_differences WHERE fiscal_year = 2024")
    }
    frozen, today, *parts = rows["city", "city", "plan"]
    assert (frozen, today) == (1070 * 12 * Decimal("0.5"), (1070 * 12 + 300) * Decimal("0.52"))
    # 300 kWh more at the old factor, then all of it at the new one
    assert parts == [300 * Decimal("0.5"), 0, (1070 * 12 + 300) * Decimal("0.02"), 0]
    assert rows["facility", "F1", "plan"] == rows["city", "city", "plan"] and rows["operator", "OP", "plan"][1] == today
    printed = """SELECT printed_co2e_t FROM official_edition_totals
        WHERE subject_kind = 'city' AND fiscal_year = 2024 AND basis = 'plan'"""
    assert one(published, printed) == 6
    assert one(published, "SELECT published_co2e_kg, co2e_kg FROM published_total_differences") == (6000, today)
    lines = dict(rows_of(published, "SELECT line, co2e_kg FROM base_year_lines WHERE target_id = 'T2'"))
    assert lines["as_published"] == 7200 and lines["recalculated"] == lines["existing_then"]
    published.close()
    assert dump(past.file(city.paths, datetime(2026, 6, 5)))["emissions_by_facility_fiscal_year"]


def test_the_base_year_in_three_lines_where_a_facility_moved(city: City) -> None:
    """F2 came to OP from OP2 after the base year: recalculated for today's scope it counts, for the facilities of then not."""
    city.register("operators", [{"operator_id": o, "name": o} for o in ("OP", "OP2")])
    city.register(
        "facilities", [{"facility_id": f, "name": f, "operator_id": o} for f, o in (("F1", "OP"), ("F2", "OP2"))]
    )
    city.register("facility_periods", [{"facility_id": "F2", "valid_from": "2024-04-01", "operator_id": "OP"}])
    kerosene = {"energy_type": "kerosene", "unit": "L", "reading_kind": "bill"}
    city.register("meters", [{**kerosene, "meter_id": m, "facility_id": f} for m, f in (("M1", "F1"), ("M2", "F2"))])
    city.register("targets", [{**TARGET, "subject_kind": "operator", "subject_id": "OP"}])
    city.bills("fuel/a.csv", [*monthly("M1", 2022, 2025, 100), *monthly("M2", 2022, 2025, 10)])
    with city.built("targets") as made:
        lines = dict(rows_of(made, "SELECT line, (co2e_kg, facilities) FROM base_year_lines"))
        own = dict(
            rows_of(
                made,
                """SELECT facility_id, co2e_kg FROM emissions_by_facility_fiscal_year
            WHERE fiscal_year = 2022 AND basis = 'plan'""",
            )
        )
    assert lines == {"recalculated": (own["F1"] + own["F2"], 2), "existing_then": (own["F1"], 1)}
