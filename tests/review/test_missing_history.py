"""A city that has its base year and last year whole, and nothing between, gets its verdicts once the flag that names this is answered."""

from __future__ import annotations

from datetime import date

import pytest

from pipelines.ask import checklist
from pipelines.review import counter
from pipelines.review.desk import StepError
from pipelines.review.evidence import Evidence
from pipelines.warehouse import query
from tests.making import City, monthly, rows_of, verdict

PAPER = Evidence(document_no="環政第9号", document_date=date(2026, 6, 10))


@pytest.mark.parametrize(("last", "expected"), [(40, "achieved"), (95, "not_achieved")])
def test_a_base_year_and_last_year_alone_are_judged_after_one_answer(city: City, last: int, expected: str) -> None:
    city.bills("fuel/base.csv", monthly("M1", 2022, 2022, 100)).bills("fuel/last.csv", monthly("M1", 2025, 2025, last))
    city.publish()
    with query.opened(city.paths.published) as made:
        found, reasons = verdict(made, "F1", 2025)
        asked = rows_of(made, "SELECT flag_id, message_ja, message_en FROM flags WHERE rule_id LIKE 'unit_slip%'")
    assert (found, reasons) == ("undeterminable", {"unit_slip_unchecked", "baseline:unit_slip_unchecked"})
    ((flag, ja, en),) = asked
    for said in ("2022-04-01..2023-03-31, 2025-04-01..2026-03-31", "2023, 2024", "unit_slip_agreeing_years"):
        assert said in ja and said in en, ja
    counter.answer(city.paths, flag, "P3", "請求書の写しと照合した", data_are_right=True)
    counter.judge(city.paths, flag, "accept", "P2", "", PAPER)
    city.publish()
    with query.opened(city.paths.published) as made:
        assert verdict(made, "F1", 2025) == (expected, set())


def test_the_question_is_informed_by_floor_areas_of_its_use_and_by_the_contract(city: City) -> None:
    """Four schools of 1,000 m2; one has bills in units of 1,000, which a single year cannot show."""
    schools = ("F1", "F2", "F3", "F4")
    facility = {"operator_id": "OP", "department": "総務課", "use_class": "school"}
    city.register("facilities", [{**facility, "facility_id": f, "name": f"学校{f}"} for f in schools])
    city.register("facility_facts", [{"facility_id": f, "floor_area_m2": "1000"} for f in schools])
    power = {"energy_type": "electricity", "unit": "kWh", "reading_kind": "bill"}
    city.register("meters", [{**power, "meter_id": f"E{f}", "facility_id": f} for f in schools])
    city.register("contracts", [{"meter_id": "EF1", "supplier": "S", "contract_kw": "50"}])
    used = {"F1": 12, "F2": 9_000, "F3": 12_000, "F4": 15_000}
    for name, quantity in used.items():
        city.bills(f"power/{name}.csv", monthly(f"E{name}", 2025, 2025, quantity, "kWh"))
    with city.built() as made:
        told = dict(
            rows_of(
                made,
                "SELECT facility_id, message_ja || message_en FROM raised_flags WHERE rule_id = 'unit_slip_unchecked'",
            )
        )
    # 12 kWh x 12 months / 1,000 m2 = 0.1; the others 108, 144 and 180
    assert "0.1 kWh（同じ用途の他の 3 施設の中央値は 144.0 kWh）" in told["F1"]
    assert "median of 3 other facilities of its use: 144.0 kWh" in told["F1"]
    assert "契約電力で全時間使った場合の 0 %" in told["F1"] and "契約電力" not in told["F2"]


def test_one_answer_lifts_the_cause_at_every_facility_it_blocks(city: City) -> None:
    """Three facilities with the base year and last year alone: one line of the checklist, one answer, one acceptance."""
    facility = {"operator_id": "OP", "department": "総務課"}
    names = ("F1", "F2", "F3")
    city.register("facilities", [{**facility, "facility_id": f, "name": f"施設{f}"} for f in names])
    kerosene = {"energy_type": "kerosene", "unit": "L", "reading_kind": "bill"}
    city.register("meters", [{**kerosene, "meter_id": f"K{f}", "facility_id": f} for f in names])
    for f in names:
        city.bills(f"fuel/{f}a.csv", monthly(f"K{f}", 2022, 2022, 100))
        city.bills(f"fuel/{f}b.csv", monthly(f"K{f}", 2025, 2025, 40))
    city.publish()
    [cause] = [c for c in checklist.gather(city.paths.published, 2025)["causes"] if "unit_slip" in c["reason"]]
    assert [each["facility_id"] for each in cause["facilities"]] == list(names)
    command = cause["remedy_ja"].partition("review answer ")[2].partition(" --by")[0].split()
    assert len(command) == 3 and "review accept" in cause["remedy_ja"] and "--document" in cause["remedy_ja"]
    with pytest.raises(StepError):
        counter.answer_all(city.paths, [*command, "nosuch"], "P3", "照合した", data_are_right=True)
    assert counter.listed(city.paths, "answered") == [], "all or none"
    counter.answer_all(city.paths, [*command, command[0]], "P3", "請求書の写しと照合した", data_are_right=True)
    assert len(counter.judge_all(city.paths, command, "accept", "P2", "", PAPER)) == 3
    city.publish()
    with query.opened(city.paths.published) as made:
        assert {f: verdict(made, f, 2025)[0] for f in names} == dict.fromkeys(names, "achieved")
