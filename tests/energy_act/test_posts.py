"""Who holds which post: drawn appointments, each holder found again by other means."""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.registers.checks import LEGAL_POSTS
from tests.making import TODAY, City, rows_of

OPERATOR_POSTS = ("エネルギー管理統括者", "エネルギー管理企画推進者")
ACTING = "省エネ担当部長"
FIELDS = ("facility_id", "site_id", "department", "operator_id")


def drawn(seed: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    """Facilities, their periods and appointments."""
    luck = random.Random(seed)
    facilities = [
        {
            "facility_id": f"F{n}",
            "name": f"F{n}",
            "operator_id": luck.choice(("OP", "P2")),
            "department": luck.choice(("甲課", "乙課", "")),
        }
        for n in range(8)
    ]
    periods = [
        {
            "facility_id": f"F{n}",
            "valid_from": "2024-04-01",
            "valid_to": luck.choice(("", "2026-04-01")),
            "site_id": f"S{n % 2}",
        }
        for n in range(5)
    ]
    appointments, keys = [], set()
    for _ in range(60):
        row = {
            "post": luck.choice((*LEGAL_POSTS, ACTING)),
            "person_id": f"P{luck.randrange(30)}",
            "appointed_on": str(TODAY - timedelta(luck.choice((-1, 0, 1, 30, 400)))),
            "ended_on": luck.choice(("", str(TODAY), str(TODAY + timedelta(1)))),
            "facility_id": luck.choice(("", "", f"F{luck.randrange(8)}")),
            "site_id": luck.choice(("", "", "S0")),
            "department": luck.choice(("", "甲課")),
            "operator_id": luck.choice(("OP", "P2", "")),
            "acting_for": luck.choice(("", "", "P1")),
        }  # fmt: skip
        key = tuple(row[k] for k in (*FIELDS, "post", "person_id", "appointed_on"))
        if key not in keys:
            appointments.append(row)
            keys.add(key)
    return facilities, periods, appointments


def holder(place: dict[str, str], post: str, appointments: list[dict[str, Any]]) -> str | None:
    """The person, by hand: those in office at the place, no deputies, the most specific, the latest, the first by name."""
    at_the_place = [
        row
        for row in appointments
        if row["post"] == post
        and not row["acting_for"]
        and date.fromisoformat(row["appointed_on"]) <= TODAY
        and (not row["ended_on"] or date.fromisoformat(row["ended_on"]) > TODAY)
        and all(not row[name] or row[name] == place[name] for name in FIELDS)
    ]
    at_the_place.sort(key=lambda row: row["person_id"])
    at_the_place.sort(key=lambda row: row["appointed_on"], reverse=True)
    at_the_place.sort(key=lambda row: [not row[name] for name in FIELDS])
    return at_the_place[0]["person_id"] if at_the_place else None


@pytest.mark.parametrize("seed", range(4))
def test_every_holder_is_found_again(tmp_path: Path, seed: int) -> None:
    facilities, periods, appointments = drawn(seed)
    city = City(tmp_path / "city", extra=f'[fallback_posts]\n"{OPERATOR_POSTS[0]}" = "{ACTING}"\n')
    city.register(
        "operators",
        [{"operator_id": "OP", "name": "a", "designation_no": "0000001"}, {"operator_id": "P2", "name": "b"}],
    )
    city.register("facilities", facilities)
    city.register("facility_periods", periods)
    city.register(
        "meters",
        [{"meter_id": "M1", "facility_id": "F1", "energy_type": "kerosene", "unit": "L", "reading_kind": "bill"}],
    )
    city.register("appointments", appointments)
    sites = {row["facility_id"]: row["site_id"] for row in periods if not row["valid_to"]}
    expected = {}
    for facility in facilities:
        place = {**facility, "site_id": sites.get(facility["facility_id"], "")}
        for post in LEGAL_POSTS:
            acting = ACTING if post == OPERATOR_POSTS[0] and place["operator_id"] == "P2" else post
            person = holder(place, acting, appointments)
            expected[place["facility_id"], post] = (acting, person, person is None)
    with city.built("targets") as made:
        rows = rows_of(made, "SELECT facility_id, required_post, post, person_id, is_vacant FROM post_holders")
    assert {row[:2]: row[2:] for row in rows} == expected
    assert sum(vacant for *_, vacant in expected.values()) not in (0, len(expected)), "both kinds are drawn"


def test_a_facility_that_is_closed_or_not_yet_open_needs_no_posts(tmp_path: Path) -> None:
    city = City(tmp_path / "city")
    plain = {"operator_id": "OP", "department": "総務課"}
    city.register("facilities", [
        {"facility_id": "F1", "name": "a", **plain},
        {"facility_id": "F2", "name": "b", **plain, "closed_on": str(TODAY)},
        {"facility_id": "F3", "name": "c", **plain, "opened_on": str(TODAY + timedelta(1))},
        {"facility_id": "F4", "name": "d", **plain, "opened_on": str(TODAY), "closed_on": str(TODAY + timedelta(1))},
    ])  # fmt: skip
    with city.built("targets") as made:
        assert rows_of(made, "SELECT DISTINCT facility_id FROM post_holders ORDER BY 1") == [("F1",), ("F4",)]
