"""One small city with something of everything: shares, deductions, generation, bands of a day, activities, twelve bills, groups."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from tests.making import DEFAULTS, City, monthly

TWELVE_BILLS = """
[[rules.year_rule]]
year_rule = "twelve_bills"
operator_id = "OP2"
energy_type = "electricity"
source = "試験"
"""
BILL = {"energy_type": "electricity", "unit": "kWh", "reading_kind": "bill"}
SUPPLIED = ("E1", "E2", "E3", "E4", "T1", "S1", "E5")


def target(target_id: str, kind: str, subject: str, rate: str, **more: object) -> dict[str, object]:
    """A row of the register of targets, from FY2022 to FY2030."""
    about = {"target_id": target_id, "subject_kind": kind, "subject_id": subject, "reduction_rate": rate}
    return DEFAULTS["targets"][0] | about | more


def make(folder: Path) -> City:
    """Write the city's registers and files."""
    city = City(folder, extra=TWELVE_BILLS)
    registers(city)
    files(city)
    return city


def registers(city: City) -> None:
    """What the office keeps."""
    city.register("operators", [
        {"operator_id": "OP", "name": "市長部局", "designation_no": "0000001"}, {"operator_id": "OP2", "name": "教育委員会"},
    ])  # fmt: skip
    city.register("facilities", [
        {"facility_id": f, "name": f, "operator_id": operator, "department": "課" + f[1], "closed_on": closed}
        for f, operator, closed in (
            ("F1", "OP", ""), ("F2", "OP", ""), ("F3", "OP2", ""), ("F4", "OP", "2024-10-01"), ("F5", "OP2", ""), ("F6", "OP", ""),
        )
    ])  # fmt: skip
    city.register("facility_periods", [{"facility_id": "F2", "valid_from": "2024-04-01", "operator_id": "OP2"}])
    city.register("meters", [
        {"meter_id": "E1", "facility_id": "F1", **BILL},
        {"meter_id": "T1", "facility_id": "F1", "role": "tenant_deduct", "parent_meter_id": "E1", "energy_act_scope": "tenant", **BILL},
        {"meter_id": "S1", "facility_id": "F6", "role": "sub", "parent_meter_id": "E1", **BILL},
        {"meter_id": "E2", "facility_id": "F2", **BILL},
        {"meter_id": "E3", "facility_id": "F3", **BILL | {"multiplier": "2"}},
        {"meter_id": "E4", "facility_id": "F4", **BILL},
        {"meter_id": "E5", "facility_id": "F5", **BILL | {"reading_kind": "interval", "daily_limit": 100}},
        {"meter_id": "PV", "facility_id": "F5", **BILL | {"energy_type": "solar_self_use"}, "role": "generation"},
        {"meter_id": "K6", "facility_id": "F6", "energy_type": "kerosene", "unit": "L", "reading_kind": "bill", "valid_from": "2022-04-01"},
    ])  # fmt: skip
    city.register("meter_shares", [
        {"meter_id": "E2", "facility_id": f, "share": share, "valid_from": since, "valid_to": until}
        for f, share, since, until in (
            ("F2", "0.6", "2020-04-01", "2024-04-01"), ("F3", "0.4", "2020-04-01", "2024-04-01"),
            ("F2", "0.5", "2024-04-01", ""), ("F3", "0.3", "2024-04-01", ""), ("outside", "0.2", "2024-04-01", ""),
        )
    ])  # fmt: skip
    city.register("contracts", [{"meter_id": m, "supplier_no": "A1", "supplier": "甲電力"} for m in SUPPLIED])
    city.register("supplier_factors", [
        {
            "supplier_no": "A1", "supplier": "甲電力", "kind": "single", "energy_type": "electricity", "activity_fy": year,
            "basic": f"0.0004{year % 10}", "adjusted": "0.0005", "unit": "t-CO2/kWh", "source": "試験",
        }
        for year in range(2021, 2026)
    ])  # fmt: skip
    city.register("activity_sources", [
        {"activity_source_id": "W", "facility_id": "F6", "activity": "incin_continuous", "unit": "t", "frequency": "month"},
        {"activity_source_id": "A", "facility_id": "F4", "activity": "sewage_terminal", "unit": "m3", "frequency": "month"},
    ])  # fmt: skip
    city.register("groups", [{"group_id": "G", "name": "学校", "set_up_on": "2020-04-01"}])
    city.register("group_members", [{"group_id": "G", "facility_id": "F5"}])
    city.register("targets", [
        target("T-CITY", "city", "city", "0.4", base_co2e_t="500"),
        target("T-OP", "operator", "OP", "0.3", base_co2e_t="80"),
        target("T-OP2", "operator", "OP2", "0.5", path="milestones", milestones="2024:0.2;2027:0.4"),
        target("T-G", "group", "G", "0.1"),
        target("T-F6", "facility", "F6", "0.3333", superseded_on="2024-06-01"),
        target("T-LATE", "facility", "F3", "0.2", adopted_on="2025-06-01"),
    ])  # fmt: skip


def files(city: City) -> None:
    """What was received: five fiscal years, a replaced bill, a missing day, a day too few of another kind."""
    rows = [
        *monthly("E1", 2022, 2025, lambda y, m: 3000 + 7 * m - (y == 2025), "kWh"),
        *monthly("T1", 2022, 2025, 401, "kWh"),
    ]
    rows += [
        *monthly("S1", 2022, 2025, 307, "kWh"),
        *monthly("E2", 2022, 2025, lambda y, m: 1001 if y < 2025 else 500, "kWh"),
    ]
    rows += [
        *monthly("E4", 2022, 2023, 500, "kWh"),
        *monthly("PV", 2022, 2025, 71, "kWh"),
        *monthly("K6", 2022, 2025, "99.9"),
    ]
    rows += [("E4", f"2024-0{m}-01", f"2024-{m + 1:02d}-01", 500, "kWh") for m in range(4, 10)]
    city.bills("power/bills.csv", rows)
    edge = date(2022, 3, 11)
    crossing = []
    for number in range(50):
        until = edge + timedelta(days=30)
        crossing.append(("E3", edge, until, 800 if number < 30 else 300, "kWh"))
        edge = until
    city.bills("power/crossing.csv", crossing)
    old = [(*row, "provisional") for row in monthly("K6", 2023, 2023, 90)]
    city.bills("fuel/early.csv", old, "2023-06-01 09:00", more=("stage",))
    city.bills("fuel/barrel.csv", [("K6", "2022-04-01", "2022-05-01", 5, "バレル")])
    days = [date(2022, 4, 1) + timedelta(days=n) for n in range(1461)]
    city.bills(
        "days/e5.csv", [("E5", d, d + timedelta(days=1), 40 + d.day % 7, "kWh") for d in days if d != date(2024, 6, 12)]
    )
    city.bills(
        "days/e5bill.csv", [(*row, "bill") for row in monthly("E5", 2025, 2025, 1310, "kWh")], more=("reading_kind",)
    )
    head = "activity_source_id,started_on,ended_on,quantity,unit\n"
    lines = [f"W,{a},{b},{q},t" for _, a, b, q, _ in monthly("W", 2022, 2025, "12.345678")]
    lines += [f"A,{a},{b},{q},m3" for _, a, b, q, _ in monthly("A", 2022, 2023, 10_000)]
    lines += [f"A,2024-0{m}-01,2024-{m + 1:02d}-01,9000,m3" for m in range(4, 10)]
    city.file("activity/a.csv", head + "\n".join([*lines, ""]))
