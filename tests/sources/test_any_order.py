"""Any order, repetition and splitting into nights of the same files gives the same tables, whatever their layouts."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.warehouse import invariants
from tests.making import City, finished
from tests.sample_data.test_same_numbers import fingerprint
from tests.sources import made
from tests.sources.test_broken_twins import HELD_BACK, REFUSED

ELECTRIC: dict[str, object] = {"facility_id": "F1", "energy_type": "electricity", "unit": "kWh"}
METERS: list[dict[str, object]] = [
    ELECTRIC | {"meter_id": "POINT", "reading_kind": "interval", "supply_point": made.POINT},
    ELECTRIC | {"meter_id": "OTHER", "reading_kind": "interval", "supply_point": made.OTHER},
    ELECTRIC | {"meter_id": "CHUBU", "reading_kind": "interval", "aliases": "9900000003"},
    ELECTRIC | {"meter_id": "CHUGOKU", "reading_kind": "interval", "aliases": "99-0000001"},
    ELECTRIC | {"meter_id": "KANSAI", "reading_kind": "interval", "aliases": "9900000002"},
    ELECTRIC | {"meter_id": "HALL", "reading_kind": "interval", "aliases": "見本市民会館;見本会館"},
    ELECTRIC | {"meter_id": "REGISTER", "reading_kind": "register", "register_digits": 5},
    {"meter_id": "M1", "facility_id": "F1", "energy_type": "kerosene", "unit": "L", "reading_kind": "delivery"},
    {
        "meter_id": "G",
        "facility_id": "F1",
        "energy_type": "city_gas",
        "unit": "m3",
        "reading_kind": "bill",
        "aliases": "G-1",
    },
]


def files() -> dict[str, tuple[bytes, str]]:
    """Path -> (content, received): every layout, broken twins, and corrections of a register and of half hours."""
    found: dict[str, tuple[bytes, str]] = {}
    for number, make in enumerate(made.ALL.values()):
        file = make()
        if not file.path.startswith("@"):
            found[file.path.replace("/", f"/{number}-", 1) if "bems" not in file.path and "見本" not in file.path else file.path] = (
                file.content, f"2026-05-{number % 28 + 1:02d} 09:00",
            )  # fmt: skip
    for number, (file, *_) in enumerate([*list(REFUSED.values())[::4], *list(HELD_BACK.values())[::3]]):
        found[f"broken/{number}-{file.path.rpartition('/')[2]}"] = (
            file.content,
            f"2026-04-{number % 28 + 1:02d} 09:00",
        )
    slips = [("3,50,1", "3,50,2", "4,60,"), ("3,55,2", "4,60,", "4,60,"), ("3,50,1", "4,70,"), ("3,-1,1", "4,x,")]
    for number, rows in enumerate(slips):  # events, with slip numbers and without; what cannot be read
        cells = [row.split(",") for row in rows]
        lines = [f"M1,2025-06-0{day},2025-06-0{int(day) + 1},{q},L,{slip}" for day, q, slip in cells]
        found[f"tank/{number}.csv"] = (
            made.utf8("meter_id,started_at,ended_at,quantity,unit,slip_no", *lines),
            f"2026-05-{10 + number} 09:00",
        )
    found["tank/again.csv"] = found["tank/0.csv"][0], "2026-05-20 09:00"  # A, B, A
    bills = [f"G,2025-{m:02d}-01,2025-{m + 1:02d}-01,{m * 10},m3" for m in (4, 5, 6)]
    gas = {
        "a": bills,
        "b": [bills[0], "G,2025-05-01,2025-06-01,1,m3"],
        "c": ["G,2025-04-01,2025-07-01,50,m3"],
        "d": bills,
    }
    for number, (name, rows_of_gas) in enumerate(gas.items()):
        head = "meter_id,started_at,ended_at,quantity,unit"
        found[f"gas-bills/{name}.csv"] = made.utf8(head, *rows_of_gas), f"2026-05-{10 + number} 10:00"
    for number, value in enumerate((130, 131, 129)):
        lines = ["meter_id,read_at,register_value", "REGISTER,2025-04-01,100", f"REGISTER,2025-05-01,{value}"]
        found[f"registers/{number}.csv"] = (made.utf8(*lines), f"2026-05-{10 + number} 09:00")
    return found


def nights(city: City, parts: list[list[str]], content: dict[str, tuple[bytes, str]]) -> dict[str, tuple[object, ...]]:
    """Run a night after each part has arrived; the last one's tables."""
    result: dict[str, tuple[object, ...]] = {}
    for part in parts:
        for path in part:
            city.file(path, *content[path])
        night = finished(city.paths)
        assert invariants.broken(night.connection) == {}, "the row account holds for every file ever seen"
        result = fingerprint(night.connection)
        night.publish()
    return result


@pytest.mark.parametrize("seed", [1, 2])
def test_order_and_nights_change_no_table(make_city: Callable[..., City], seed: int, tmp_path: Path) -> None:
    content = files()
    chance = random.Random(seed)
    at_once = make_city()
    at_once.register("meters", METERS)
    expected = nights(at_once, [sorted(content)], content)
    city = make_city()
    city.register("meters", METERS)
    shuffled = chance.sample(sorted(content), len(content))
    cuts = sorted(chance.sample(range(1, len(content)), 2))
    parts = [shuffled[: cuts[0]], shuffled[cuts[0] : cuts[1]], shuffled[cuts[1] :]]
    parts[2] += chance.sample(parts[0], 3)  # some come once more under the same name
    assert nights(city, parts, content) == expected
    assert expected["reading_doubts"][0]
    assert expected["readings"][0] and expected["quarantine"][0] and expected["register_uses"][0]
