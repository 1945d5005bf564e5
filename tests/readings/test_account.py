"""The row account: every value stands in exactly one place, whatever comes in."""

from __future__ import annotations

from collections.abc import Callable

from tests.making import City, broken, one, rows_of

GOOD = ("M1", "2024-04-01", "2024-05-01", 10, "L")


UNUSABLE = [
    (("M9", "2024-04-01", "2024-05-01", 10, "L"), "unknown_meter"),
    (("M1", "2024-04-01", "2024-05-01", 10, "バレル"), "unknown_unit"),
    (("M1", "2024-04-01", "2024-05-01", 10, "ton"), "ambiguous_unit"),
    (("M1", "2024-04-01", "2024-05-01", "1.2345678", "L"), "too_many_digits"),
    (("M1", "2024-04-01", "2024-05-01", "1.2345678", "kL"), "too_many_digits"),
    (("M1", "2024-04-01", "2024-05-01", "abc", "L"), "not_a_number"),
    (("M1", "2024-04-31", "2024-05-01", 10, "L"), "not_a_date"),
    (("M1", "2024-05-01", "2024-05-01", 10, "L"), "ends_before_start"),
    (("M1", "2024-04-01", "2024-05-01", -5, "L"), "negative_quantity"),
    (("M1", "2024-04-01", "2024-05-01", "▲5", "L"), "negative_quantity"),
    (("M1", "2026-06-01", "2026-07-01", 10, "L"), "in_the_future"),
    (("M1", "2024-04-01", "2024-05-01", 10_000_000_000, "L"), "number_too_large"),
    (("", "2024-04-01", "2024-05-01", 10, "L"), "missing_value"),
    (("M1", "", "2024-05-01", 10, "L"), "missing_value"),
    (("M1", "2024-04-01", "2024-05-01", "1,234", "L", "x"), "too_many_cells"),
    (("M1", "2024-04-01", "2024-05-01", 10, "m3/h"), "unknown_unit"),
]


def test_what_cannot_be_used_is_held_back_with_place_rule_and_text(city: City) -> None:
    city.bills("fuel/a.csv", [GOOD, *(row for row, _ in UNUSABLE)])
    with city.built("energy") as made:
        held = rows_of(made, "SELECT source_line, source_column, rule_id, reason, reason_en FROM quarantine ORDER BY 1")
        assert [h[:3] for h in held] == [(n, "quantity", rule) for n, (_, rule) in enumerate(UNUSABLE, start=3)]
        assert all(h[3] and h[4] and "{" not in h[3] + h[4] for h in held)
        account = "SELECT rows_received, rows_loaded, rows_superseded, rows_quarantined, rows_blank FROM source_files"
        assert one(made, account) == (len(UNUSABLE) + 1, 1, 0, len(UNUSABLE), 0)
        assert broken(made) == {}


def test_a_missing_mark_is_blank_and_never_zero(city: City) -> None:
    marks = ["", "-", "---", "－", "***"]
    city.bills("fuel/a.csv", [GOOD, *(("M1", "2024-05-01", "2024-06-01", mark, "L") for mark in marks)])
    with city.built("readings") as made:
        assert one(made, "SELECT rows_received, rows_loaded, rows_blank FROM source_files") == (6, 1, 5)
        assert one(made, "SELECT count(*) FROM readings") == 1


def test_a_duplicate_file_carries_no_rows_of_its_own(city: City) -> None:
    city.bills("fuel/a.csv", [GOOD], "2024-05-02 09:00").bills("fuel/sub/b.csv", [GOOD], "2024-05-03 09:00")
    with city.built("readings") as made:
        found = rows_of(made, "SELECT path, status, rows_received, reason FROM source_files ORDER BY path")
        assert found[0][:3] == ("a.csv", "read", 1)
        assert found[1][:3] == ("sub/b.csv", "duplicate", 0) and "fuel/a.csv" in found[1][3]


UNREADABLE = [
    (b"7z\xbc\xaf\x27\x1c" + b"0" * 50, "7-Zip"),
    (b"", "空"),
    (b"hello,world\n1,2\n", "様式"),
    (b"meter_id\xff\xfe\x81\n\x81\x00\x00", "文字コード"),
    (b"PK\x03\x04 not a workbook", "Excel"),
    (b"meter_id," + b"x" * 70_000, "1行が長すぎ"),
]


def test_a_file_that_cannot_be_read_is_on_record_and_the_night_goes_on(city: City) -> None:
    city.bills("fuel/a.csv", [GOOD])
    for number, (content, _) in enumerate(UNREADABLE):
        city.file(f"fuel/broken{number}.csv", content)
    with city.built("energy") as made:
        found = rows_of(made, "SELECT path, status, reason FROM source_files WHERE path <> 'a.csv' ORDER BY 1")
        assert [f[:2] for f in found] == [(f"broken{n}.csv", "unreadable") for n in range(len(UNREADABLE))]
        assert [told for (*_, reason), (_, told) in zip(found, UNREADABLE, strict=True) if told not in reason] == []
        assert one(made, "SELECT count(*) FROM current_readings") == 1
        assert broken(made) == {}


def test_a_unit_word_that_the_source_explains_is_taken(make_city: Callable[..., City]) -> None:
    city = make_city(extra='[sources.fuel]\nunit_words = { "ton" = "t" }\n')
    city.register(
        "meters", [{"meter_id": "M1", "facility_id": "F1", "energy_type": "lpg", "unit": "kg", "reading_kind": "bill"}]
    )
    city.bills("fuel/a.csv", [("M1", "2024-04-01", "2024-05-01", "1.5", "ton")])
    city.bills("other/a.csv", [("M1", "2024-05-01", "2024-06-01", "1.5", "ton")])
    with city.built("energy") as made:
        assert one(made, "SELECT sum(quantity), any_value(unit) FROM energy_by_meter_day WHERE quantity > 0") == (
            1500,
            "kg",
        )
        assert one(made, "SELECT rule_id FROM quarantine") == "ambiguous_unit"


def test_values_outside_the_meters_validity_are_held_back(city: City) -> None:
    meter = {"meter_id": "M1", "facility_id": "F1", "energy_type": "kerosene", "unit": "L", "reading_kind": "bill"}
    city.register("meters", [{**meter, "valid_from": "2024-04-15", "valid_to": "2025-04-01"}])
    city.bills(
        "fuel/a.csv", [GOOD, ("M1", "2024-05-01", "2024-06-01", 10, "L"), ("M1", "2025-03-15", "2025-04-15", 10, "L")]
    )
    with city.built("readings") as made:
        assert rows_of(made, "SELECT source_line, rule_id FROM quarantine ORDER BY 1") == [
            (2, "outside_validity"), (4, "outside_validity"),
        ]  # fmt: skip


def test_a_bill_may_cross_two_rows_of_the_register(city: City) -> None:
    meter = {"meter_id": "M1", "facility_id": "F1", "energy_type": "kerosene", "unit": "L", "reading_kind": "bill"}
    city.register("facilities", [{"facility_id": f, "name": f, "operator_id": "OP"} for f in ("F1", "F2")])
    city.register(
        "meters", [{**meter, "valid_to": "2024-04-11"}, {**meter, "facility_id": "F2", "valid_from": "2024-04-11"}]
    )
    city.bills("fuel/a.csv", [("M1", "2024-04-01", "2024-05-01", 300, "L")])
    with city.built("energy") as made:
        found = "SELECT facility_id, sum(quantity) FROM energy_by_meter_day WHERE quantity > 0 GROUP BY 1 ORDER BY 1"
        assert rows_of(made, found) == [("F1", 100), ("F2", 200)]


def test_a_long_value_for_an_interval_meter_must_say_what_it_is(city: City) -> None:
    meter = {
        "meter_id": "M1",
        "facility_id": "F1",
        "energy_type": "electricity",
        "unit": "kWh",
        "reading_kind": "interval",
    }
    city.register("meters", [meter])
    city.bills("power/a.csv", [("M1", "2024-04-01", "2024-05-01", 300, "kWh")])
    city.bills("power/b.csv", [("M1", "2024-04-01", "2024-05-01", 300, "kWh", "bill")], more=["reading_kind"])
    with city.built("energy") as made:
        assert one(made, "SELECT rule_id FROM quarantine") == "kind_unclear"
        assert one(made, "SELECT reading_kind FROM current_readings") == "bill"
        assert one(made, "SELECT sum(quantity) FROM energy_by_meter_day") is None, "the bill only reconciles"


def test_a_name_may_be_supply_point_or_alias(city: City) -> None:
    meter = {
        "meter_id": "M1", "facility_id": "F1", "energy_type": "kerosene", "unit": "L", "reading_kind": "bill",
        "supply_point": "0300000000000000000001", "aliases": "旧No.5; 庁舎",
    }  # fmt: skip
    city.register("meters", [meter])
    names = ["M1", "0300000000000000000001", "旧No.5", "庁舎"]
    months = [
        ("2024-04-01", "2024-05-01"),
        ("2024-05-01", "2024-06-01"),
        ("2024-06-01", "2024-07-01"),
        ("2024-07-01", "2024-08-01"),
    ]
    city.bills("fuel/a.csv", [(name, *month, 10, "L") for name, month in zip(names, months, strict=True)])
    with city.built("readings") as made:
        assert one(made, "SELECT count(*), count(DISTINCT meter_id) FROM current_readings") == (4, 1)


def test_names_match_in_any_width_case_and_composition_where_they_name_one_thing(city: City) -> None:
    meter = {
        "meter_id": "Ga-1", "facility_id": "F1", "energy_type": "kerosene", "unit": "L", "reading_kind": "bill",
        "aliases": "ボイラー室; ガレージ２",
    }  # fmt: skip
    rivals = [meter | {"meter_id": name, "aliases": ""} for name in ("Twin-3", "ＴＷＩＮ-3")]
    city.register("meters", [meter, *rivals])
    names = [
        "Ga-1",
        "ＧＡ－１",
        "ga-1",
        "ﾎﾞｲﾗｰ室",
        "ホ\u3099イラー室",
        "ガレージ2",
        " GA-1\u3000",
        "Twin-3",
        "twin-3",
        "Ga-①",
    ]
    rows = [(name, f"2024-{n:02d}-01", f"2024-{n:02d}-20", 10, "L") for n, name in enumerate(names, start=1)]
    city.bills("fuel/a.csv", rows)
    with city.built("energy") as made:
        found = "SELECT meter_id, count(*) FROM current_readings GROUP BY meter_id ORDER BY meter_id"
        assert rows_of(made, found) == [("Ga-1", 7), ("Twin-3", 1)]
        assert rows_of(made, "SELECT raw, rule_id FROM quarantine ORDER BY source_line") == [
            ("twin-3", "unknown_meter"), ("Ga-①", "unknown_meter"),
        ]  # fmt: skip
        assert broken(made) == {}
