"""A city that has its base year and last year whole, and nothing between, gets its verdicts once the flag that names this is answered."""

from __future__ import annotations

from datetime import date

import pytest

from pipelines.review import counter
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
