"""What goes before what: measured before estimated, and the latest receipt of a content."""

from __future__ import annotations

from datetime import datetime

from tests.making import City, one, rows_of

APRIL = ("M1", "2024-04-01", "2024-05-01")


def in_use(city: City) -> object:
    with city.built("readings") as made:
        return one(made, "SELECT quantity, quality FROM current_readings")


def test_a_late_estimate_does_not_displace_what_was_measured(city: City) -> None:
    city.bills("fuel/a.csv", [(*APRIL, 30, "L")], "2024-05-02 09:00")
    city.bills("fuel/b.csv", [(*APRIL, 20, "L", "supplier_estimated")], "2024-07-02 09:00", ["quality"])
    assert in_use(city) == (30, "measured")


def test_measured_goes_before_an_estimate_of_later_issue_but_not_of_a_higher_stage(city: City) -> None:
    more = ["quality", "stage", "issued_on"]
    city.bills("fuel/a.csv", [(*APRIL, 30, "L", "", "", "2024-05-01")], "2024-05-02 09:00", more)
    city.bills("fuel/b.csv", [(*APRIL, 20, "L", "interpolated", "", "2024-06-01")], "2024-07-02 09:00", more)
    assert in_use(city) == (30, "measured")
    city.bills("fuel/c.csv", [(*APRIL, 25, "L", "推定", "訂正", "2024-04-01")], "2024-04-02 09:00", more)
    assert in_use(city) == (25, "supplier_estimated")


def test_a_measured_value_replaces_the_estimate_whenever_it_came(city: City) -> None:
    city.bills("fuel/b.csv", [(*APRIL, 20, "L", "supplier_estimated")], "2024-07-02 09:00", ["quality"])
    city.bills("fuel/a.csv", [(*APRIL, 30, "L")], "2024-05-02 09:00")
    assert in_use(city) == (30, "measured")


def test_a_content_that_comes_again_counts_again_and_is_told(city: City) -> None:
    city.bills("fuel/a.csv", [(*APRIL, 30, "L")], "2024-05-02 09:00")
    city.bills("fuel/b.csv", [(*APRIL, 3, "L")], "2024-06-02 09:00")
    assert in_use(city) == (3, "measured")
    city.bills("fuel/c.csv", [(*APRIL, 30, "L")], "2024-07-02 09:00")
    with city.built() as made:
        assert one(made, "SELECT quantity FROM current_readings") == 30
        replaced = one(made, "SELECT known_from, known_to FROM readings WHERE quantity = 3")
        assert replaced == (datetime(2024, 6, 2, 9), datetime(2024, 7, 2, 9))
        told = one(made, "SELECT message_ja, message_en FROM findings WHERE rule_id = 'brought_back'")
        assert "fuel/c.csv" in told[0] and "fuel/b.csv" in told[0] and "{" not in told[0] and "?" not in told[0]


def test_a_copy_of_what_counts_changes_nothing(city: City) -> None:
    city.bills("fuel/b.csv", [(*APRIL, 3, "L")], "2024-04-02 09:00")
    city.bills("fuel/a.csv", [(*APRIL, 30, "L")], "2024-05-02 09:00")
    city.bills("fuel/c.csv", [(*APRIL, 30, "L")], "2024-07-02 09:00")
    with city.built() as made:
        kept = rows_of(made, "SELECT quantity, known_from, known_to FROM readings ORDER BY quantity")
        assert kept == [
            (3, datetime(2024, 4, 2, 9), datetime(2024, 5, 2, 9)),
            (30, datetime(2024, 5, 2, 9), None),
        ]
        assert rows_of(made, "SELECT rule_id FROM findings WHERE rule_id = 'brought_back'") == []


def test_crossing_periods_follow_the_same_order(city: City) -> None:
    city.bills("fuel/a.csv", [(*APRIL, 30, "L")], "2024-05-02 09:00")
    city.bills("fuel/b.csv", [("M1", "2024-04-02", "2024-05-02", 3, "L")], "2024-06-02 09:00")
    city.bills(
        "fuel/e.csv",
        [("M1", "2024-04-03", "2024-05-03", 9, "L", "supplier_estimated")],
        "2024-08-02 09:00",
        ["quality"],
    )
    city.bills("fuel/c.csv", [(*APRIL, 30, "L")], "2024-07-02 09:00")
    with city.built("readings") as made:
        assert one(made, "SELECT quantity FROM current_readings") == 30
        replaced = rows_of(made, "SELECT quantity, known_to FROM readings WHERE known_to IS NOT NULL ORDER BY 1")
        assert replaced == [(3, datetime(2024, 7, 2, 9)), (9, datetime(2024, 8, 2, 9))]
