"""The validation page: what failed first, then every check of every suite, in Japanese and English."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from pipelines.reports.pages import page
from pipelines.settings.city import CityFolder
from pipelines.tables import table

NAME = "validation.html"
SUITE_NAMES = {
    "reference": ("係数・熱量・温暖化係数", "Factors, heat contents, warming potentials"),
    "readings": ("検針値・受領ファイル", "Readings and files received"),
    "results": ("排出量・判定・不変条件", "Emissions, verdicts, invariants"),
}


def write(city: CityFolder, rows: Sequence[Sequence[Any]], at: datetime) -> Path:
    """Write ``validation.html`` in both folders of pages and return its path in that for everybody.

    Args:
        city: Names the city and its data folder.
        rows: Rows of validation_results.
        at: When the run began.
    """
    names = table("validation_results").column_names
    checks = [dict(zip(names, row, strict=True)) for row in rows]
    suites = [_suite(str(name), list(group)) for name, group in groupby(checks, key=lambda c: str(c["suite"]))]
    return page.write(
        city,
        NAME,
        "validation_page.html",
        at=at,
        today=city.today,
        suites=suites,
        checks=checks,
        failed=sorted(
            (check for check in checks if not check["success"]),
            key=lambda c: (not c["is_invariant"], c["suite"], c["table_name"]),
        ),
    )


def _suite(name: str, checks: list[dict[str, Any]]) -> dict[str, Any]:
    """One section of the page, failures first."""
    ja, en = SUITE_NAMES.get(name, (name, name))
    return {"ja": ja, "en": en, "checks": sorted(checks, key=lambda c: (c["success"], c["table_name"]))}
