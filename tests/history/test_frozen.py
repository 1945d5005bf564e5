"""An edition with facilities without a verdict is frozen only by somebody in office who says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.history import frozen
from pipelines.warehouse import query
from tests.making import DEFAULTS, City, monthly, rows_of

ENDED = DEFAULTS["appointments"][2] | {"person_id": "P8", "ended_on": "2026-06-15"}


@pytest.fixture(scope="module")
def gap_once(tmp_path_factory: pytest.TempPathFactory) -> City:
    """FY2024 is whole, FY2025 lacks a month."""
    city = City(tmp_path_factory.mktemp("gap") / "city")
    city.register("appointments", [*DEFAULTS["appointments"], ENDED])
    city.bills(
        "fuel/a.csv", monthly("M1", 2022, 2025, lambda y, m: None if (y, m) == (2025, 11) else 100 if y == 2022 else 60)
    )
    city.publish()
    return city


@pytest.fixture
def gap(gap_once: City, tmp_path: Path) -> City:
    return gap_once.copied(tmp_path / "gap")


def freeze(city: City, year: int, by: str, accepts: bool) -> dict[str, object]:
    wanted = frozen.FreezeRequest("庁内", year, "環第77号", by, city.paths.now(), "me@pc", accepts)
    with query.opened(city.paths.published) as connection:
        return frozen.freeze(connection, city.paths.history, wanted)


@pytest.mark.parametrize(
    ("by", "accepts", "told"),
    [
        ("P3", False, "判定不能の施設が 1 あります（F1）"),
        ("P9", True, "在任中"),
        ("", True, "在任中"),
        ("P8", True, "在任中"),
    ],
)
def test_a_year_with_facilities_without_a_verdict_is_not_frozen(gap: City, by: str, accepts: bool, told: str) -> None:
    with pytest.raises(frozen.FreezeError, match=told):
        freeze(gap, 2025, by, accepts)
    assert frozen.editions(gap.paths.history) == []


def test_somebody_in_office_may_take_it_on_and_the_edition_says_so(gap: City) -> None:
    record = freeze(gap, 2025, "P3", True)
    assert (record["facilities_undeterminable"], record["recorded_by"]) == (1, "me@pc")
    with gap.built() as made:
        rows = rows_of(made, "SELECT frozen_by, recorded_by, facilities_undeterminable FROM official_editions")
    assert rows == [("P3", "me@pc", 1)]


def test_a_whole_year_is_frozen_as_before(gap: City) -> None:
    assert freeze(gap, 2024, "P9", False)["facilities_undeterminable"] == 0
