"""Who must hold which post, who does, and what is to be done about it: on any day, past or future, found again by other means."""

from __future__ import annotations

import calendar
import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.energy_act import build as energy_act
from pipelines.warehouse import database
from tests.energy_act.alone import built
from tests.making import DEFAULTS, TODAY, City, rows_of

CHIEF, PROMOTER, OFFICER, MANAGER, RESPONSIBLE = (
    "エネルギー管理統括者", "エネルギー管理企画推進者", "エネルギー管理員", "エネルギー管理者", "エネルギー管理責任者",
)  # fmt: skip
LICENCE, COURSE = "エネルギー管理士", "講習修了"
FAR = date(9999, 12, 31)
HELD = {"post": RESPONSIBLE, "person_id": "P9", "department": "総務課", "appointed_on": "2020-04-01"}
Row = dict[str, Any]


def city_of(folder: Path, appointments: list[Row], **registers: list[Row]) -> City:
    """A designated operator with one facility, which is a designated site of type 2."""
    city = City(folder)
    designated = {"operator_id": "OP", "designation_no": "0000001", "designated_on": "2020-04-01"}
    city.register("operators", registers.get("operators", [{**designated, "name": "市長部局"}]))
    site = {"site_id": "F1", "designation_no": "1", "designation": "type_2", "designated_on": "2020-04-01"}
    if rows := registers.get("sites", [{**site, "operator_id": "OP"}]):
        city.register("sites", rows)
    city.register("appointments", [{"operator_id": "OP", **row} for row in appointments])
    return city


def standing(city: City, days: list[str], post: str) -> list[tuple[Any, ...]]:
    """(person, state, faults, due) of a post on each day."""
    with built(city) as made:
        return [
            row
            for day in map(date.fromisoformat, days)
            for row in rows_of(
                made,
                """SELECT person_id, post_state, faults, CAST(due_on AS VARCHAR) FROM post_terms
                   WHERE post = ? AND coalesce(valid_from, DATE '0001-01-01') <= ? AND coalesce(valid_to, DATE '9999-12-31') > ?""",
                post,
                day,
                day,
            )
        ]


def test_a_vacancy_is_overdue_from_the_day_after_six_months(tmp_path: Path) -> None:
    """The holder leaves with the end of 31 March: by 1 October at the latest, as 民法140条 and 143条 count."""
    gone = {
        "post": PROMOTER,
        "person_id": "P",
        "appointed_on": "2020-04-01",
        "ended_on": "2025-04-01",
        "qualification": LICENCE,
    }
    city = city_of(tmp_path / "c", [{**gone, "notified_on": "2020-07-01"}])
    assert standing(city, ["2025-03-31", "2025-04-01", "2025-10-01", "2025-10-02"], PROMOTER) == [
        ("P", "filled", None, None),
        (None, "vacant", "vacant", "2025-10-01"),
        (None, "vacant", "vacant", "2025-10-01"),
        (None, "overdue", "overdue", "2025-10-01"),
    ]


def test_a_chief_is_due_without_delay(tmp_path: Path) -> None:
    gone = {
        "post": CHIEF,
        "person_id": "P",
        "appointed_on": "2020-04-01",
        "ended_on": "2025-04-01",
        "notified_on": "2020-07-01",
    }
    assert standing(city_of(tmp_path / "c", [gone]), ["2025-04-01", "2025-04-02"], CHIEF) == [
        (None, "vacant", "vacant", "2025-04-01"),
        (None, "overdue", "overdue", "2025-04-01"),
    ]


@pytest.mark.parametrize(
    ("event", "last"),
    [
        ("2025-04-01", "2025-10-01"),
        ("2024-08-30", "2025-02-28"),
        ("2024-08-31", "2025-02-28"),
        ("2023-08-29", "2024-02-29"),
        ("2023-08-30", "2024-02-29"),
        ("2025-02-28", "2025-08-31"),
        ("2024-02-29", "2024-08-31"),
        ("2024-02-28", "2024-08-28"),
        ("2025-12-31", "2026-06-30"),
    ],
)
def test_six_months_end_where_the_calendar_says(event: str, last: str) -> None:
    connection = database.connect(quick=True)
    database.define(connection, energy_act.HERE / "macros" / "periods.sql")
    found = connection.execute("SELECT last_day_within(CAST(? AS DATE), 6)", [event]).fetchone()
    assert found == (date.fromisoformat(last),) == (by_hand(date.fromisoformat(event), 6),)


def by_hand(event: date, months: int) -> date:
    """民法140条, 143条: the day after the event is the first; the eve of the day that answers to it, or the month's last."""
    first = event + timedelta(1)
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    longest = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, longest) if first.day > longest else date(year, month + 1, first.day) - timedelta(1)


def test_an_appointment_holds_from_its_first_day_to_the_eve_of_its_end(tmp_path: Path) -> None:
    """Also one that begins in the future: before it the post is vacant."""
    terms = [
        {
            "post": OFFICER,
            "facility_id": "F1",
            "person_id": "P1",
            "appointed_on": "2020-04-01",
            "ended_on": "2026-04-01",
        },
        {"post": OFFICER, "site_id": "F1", "person_id": "P2", "appointed_on": "2027-04-01"},
    ]
    city = city_of(
        tmp_path / "c", [{**row, "qualification": LICENCE, "notified_on": row["appointed_on"]} for row in terms]
    )
    days = [
        "2020-03-31",
        "2020-04-01",
        "2026-03-31",
        "2026-04-01",
        "2026-10-02",
        "2027-03-31",
        "2027-04-01",
        "2040-02-29",
    ]
    assert [row[:2] for row in standing(city, days, OFFICER)] == [
        ("P1", "filled"), ("P1", "filled"), (None, "vacant"), (None, "overdue"), (None, "overdue"), ("P2", "filled"), ("P2", "filled"),
    ]  # fmt: skip


def test_the_course_is_due_in_the_third_year_after_the_year_of_the_last(tmp_path: Path) -> None:
    row = {
        "post": PROMOTER,
        "person_id": "P",
        "appointed_on": "2020-04-01",
        "notified_on": "2020-06-01",
        "qualification": COURSE,
    }
    city = city_of(tmp_path / "c", [{**row, "training_on": "2022-04-01"}])
    assert standing(city, ["2025-03-31", "2025-04-01", "2026-03-31", "2026-04-01"], PROMOTER) == [
        ("P", "filled", None, None),
        ("P", "course_due", "course_due", "2026-03-31"),
        ("P", "course_due", "course_due", "2026-03-31"),
        ("P", "course_missed", "course_missed", "2026-03-31"),
    ]
    city = city_of(tmp_path / "d", [{**row, "training_on": "2023-03-31"}])
    assert [r[1] for r in standing(city, ["2026-03-31", "2026-04-01"], PROMOTER)] == ["course_due", "course_missed"]
    assert [r[1] for r in standing(city_of(tmp_path / "e", [row]), ["2026-03-31"], PROMOTER)] == ["course_unknown"]
    licensed = city_of(tmp_path / "f", [{**row, "qualification": f"{LICENCE}・{COURSE}", "training_on": "2001-01-01"}])
    assert [r[1] for r in standing(licensed, ["2026-03-31"], PROMOTER)] == ["filled"]


@pytest.mark.parametrize(
    ("appointed", "notified", "day", "state", "due"),
    [
        ("2025-04-01", "", "2025-07-31", "not_notified", "2025-07-31"),
        ("2025-04-01", "", "2025-08-01", "notice_overdue", "2025-07-31"),
        ("2025-08-01", "", "2026-07-31", "not_notified", "2026-07-31"),
        ("2025-04-01", "2025-07-15", "2025-07-14", "not_notified", "2025-07-31"),
        ("2025-04-01", "2025-07-15", "2025-07-15", "filled", None),
        ("2025-04-01", "2025-09-15", "2025-09-14", "notice_overdue", "2025-07-31"),
    ],
)
def test_the_notice_is_due_by_the_end_of_the_next_july(
    tmp_path: Path, appointed: str, notified: str, day: str, state: str, due: str | None
) -> None:
    row = {"post": CHIEF, "person_id": "P", "appointed_on": appointed, "notified_on": notified}
    assert [(r[1], r[3]) for r in standing(city_of(tmp_path / "c", [row]), [day], CHIEF)] == [(state, due)]


@pytest.mark.parametrize(
    ("post", "qualification", "state"),
    [
        (PROMOTER, LICENCE, "filled"), (PROMOTER, COURSE, "course_unknown"), (PROMOTER, "", "unqualified"),
        (PROMOTER, "防火管理者", "unqualified"), (CHIEF, "", "filled"),
    ],
)  # fmt: skip
def test_a_post_needs_its_qualification(tmp_path: Path, post: str, qualification: str, state: str) -> None:
    row = {
        "post": post,
        "person_id": "P",
        "appointed_on": "2020-04-01",
        "notified_on": "2020-04-01",
        "qualification": qualification,
    }
    assert [r[1] for r in standing(city_of(tmp_path / "c", [row]), [str(TODAY)], post)] == [state]


def test_two_posts_of_one_person_need_an_approval(tmp_path: Path) -> None:
    both = [
        {"post": CHIEF, "person_id": "P", "appointed_on": "2020-04-01"},
        {
            "post": PROMOTER,
            "person_id": "P",
            "appointed_on": "2024-04-01",
            "ended_on": "2025-04-01",
            "qualification": LICENCE,
        },
    ]
    noted = [{**row, "notified_on": row["appointed_on"]} for row in both]
    city = city_of(tmp_path / "c", noted)
    days = ["2024-03-31", "2024-04-01", "2025-03-31", "2025-04-01"]
    assert [r[1] for r in standing(city, days, CHIEF)] == ["filled", "combined", "combined", "filled"]
    approved = city_of(tmp_path / "d", [noted[0], {**noted[1], "approval_document": "承認第1号"}])
    assert [r[1] for r in standing(approved, days, CHIEF)] == ["filled"] * 4


def test_a_deputy_acts_and_the_vacancy_goes_on(tmp_path: Path) -> None:
    deputy = {
        "post": PROMOTER,
        "person_id": "D",
        "appointed_on": "2025-05-01",
        "ended_on": "2025-06-01",
        "acting_for": "P",
    }
    gone = {
        "post": PROMOTER,
        "person_id": "P",
        "appointed_on": "2020-04-01",
        "ended_on": "2025-04-01",
        "qualification": LICENCE,
    }
    city = city_of(tmp_path / "c", [{**gone, "notified_on": "2020-07-01"}, deputy])
    assert standing(city, ["2025-04-30", "2025-05-01", "2025-05-31", "2025-06-01"], PROMOTER) == [
        (None, "vacant", "vacant", "2025-10-01"),
        (None, "acting", "acting", "2025-10-01"),
        (None, "acting", "acting", "2025-10-01"),
        (None, "vacant", "vacant", "2025-10-01"),
    ]


def test_only_what_is_needed_is_required(tmp_path: Path) -> None:
    """No posts of the Act without a designation; what the city itself names in their place; one 責任者 a department."""
    plain = [{"operator_id": "OP", "name": "市長部局"}]
    undesignated = city_of(tmp_path / "c", [{**HELD, "ended_on": "2025-04-01"}], operators=plain, sites=[])
    with built(undesignated) as made:
        assert rows_of(made, "SELECT duty_of, subject_id, post, required_by FROM post_requirements") == [
            ("department", "総務課", RESPONSIBLE, "city")
        ]
        assert rows_of(made, "SELECT post_state, due_on FROM post_terms ORDER BY valid_from") == [
            ("filled", None),
            ("vacant", None),
        ]
    named = City(
        tmp_path / "d", extra=f'[fallback_posts]\n"{CHIEF}" = "担当部長"\n[energy_act]\nresponsible_per = "none"\n'
    )
    named.register("operators", plain)
    with built(named) as made:
        assert rows_of(made, "SELECT duty_of, subject_id, post, required_by FROM post_requirements") == [
            ("operator", "OP", "担当部長", "city")
        ]


@pytest.mark.parametrize(
    ("kind", "kl", "post", "seats"),
    [
        ("other", 5_000, OFFICER, 1), ("", 5_000, OFFICER, 1), ("manufacturing", 2_999, OFFICER, 1), ("manufacturing", 3_000, MANAGER, 1),
        ("manufacturing", 19_999, MANAGER, 1), ("mining", 20_000, MANAGER, 2), ("manufacturing", 50_000, MANAGER, 3),
        ("manufacturing", 100_000, MANAGER, 4), ("heat_supply", 99_999, MANAGER, 1), ("electricity_supply", 100_000, MANAGER, 2),
    ],
)  # fmt: skip
def test_managers_by_business_and_size(tmp_path: Path, kind: str, kl: int, post: str, seats: int) -> None:
    """施行令4・5条, at both sides of each step."""
    site = {"site_id": "F1", "operator_id": "OP", "designation_no": "1", "business_kind": kind}
    with built(city_of(tmp_path / "c", [HELD], sites=[site])) as made:
        made.execute(
            """INSERT INTO site_fiscal_years BY NAME SELECT 'OP' AS operator_id, 'F1' AS site_id, 2025 AS fiscal_year,
                   ? AS site_crude_oil_kl, ? AS site_crude_oil_low_kl, 'at_or_above' AS designation_state, ? AS type_1_state""",
            [kl, kl, "at_or_above" if kl >= 3_000 else "below"],
        )
        parameters = {"this_year": 2026, "responsible_per": "none"}
        rows = database.rows(made, energy_act.HERE / "post_requirements.sql", parameters)
    assert [(row["post"], row["seat_no"]) for row in rows if row["duty_of"] == "site"] == [
        (post, n) for n in range(1, seats + 1)
    ]


@pytest.mark.parametrize("seed", range(3))
def test_drawn_appointments_day_by_day(tmp_path: Path, seed: int) -> None:
    """The person at each seat of an operator on each of many days, by hand: in office, no deputy, the latest, the first by name."""
    luck = random.Random(seed)
    rows: dict[tuple[str, str, str], Row] = {}
    for _ in range(25):
        start = date(2024, 1, 1) + timedelta(luck.randrange(1200))
        row = {
            "post": luck.choice((CHIEF, PROMOTER)),
            "person_id": f"P{luck.randrange(6)}",
            "appointed_on": str(start),
            "ended_on": luck.choice(("", str(start + timedelta(luck.randrange(1, 500))))),
            "acting_for": luck.choice(("", "", "", "P1")),
        }
        rows[row["post"], row["person_id"], row["appointed_on"]] = row
    city = city_of(tmp_path / "c", list(rows.values()))
    with built(city) as made:
        terms = rows_of(made, "SELECT post, valid_from, valid_to, person_id FROM post_terms WHERE duty_of = 'operator'")
    for day in (date(2023, 12, 1) + timedelta(n) for n in range(0, 1600, 7)):
        for post in (CHIEF, PROMOTER):
            there = [
                row
                for row in rows.values()
                if row["post"] == post
                and not row["acting_for"]
                and row["appointed_on"] <= str(day)
                and (not row["ended_on"] or row["ended_on"] > str(day))
            ]
            there.sort(key=lambda row: row["person_id"])
            there.sort(key=lambda row: row["appointed_on"], reverse=True)
            (found,) = [
                person
                for of, since, until, person in terms
                if of == post and (since or date.min) <= day < (until or FAR)
            ]
            assert found == (there[0]["person_id"] if there else None), (post, day)


def test_what_is_wrong_with_a_seat_is_told_once_an_operator_and_post(tmp_path: Path) -> None:
    city = city_of(tmp_path / "c", [dict(DEFAULTS["appointments"][0], qualification="", notified_on="")])
    with built(city) as made:
        told = {
            (rule, subject)
            for rule, subject in rows_of(made, "SELECT rule_id, subject FROM findings WHERE subject LIKE 'OP/%'")
        }
        assert rows_of(made, "SELECT count(*) FROM findings WHERE message_ja LIKE '%?%' AND subject LIKE 'OP/%'") == [
            (0,)
        ]
    assert told == {
        ("notice_overdue", f"OP/{CHIEF}"),
        ("post_overdue", f"OP/{PROMOTER}"),
        ("post_overdue", f"OP/{OFFICER}"),
    }
