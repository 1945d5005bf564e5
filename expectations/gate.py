"""The gate: run every suite on the new DuckDB file, read-only, and say what holds.

An expectation that could not be evaluated is an error of ours, never a finding about the data.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")

import great_expectations as gx

from expectations.check import Check
from expectations.engine import open_file
from expectations.suites import SUITES
from pipelines.errors import ActionableError
from pipelines.findings import Finding


class NotEvaluated(ActionableError, RuntimeError):  # noqa: N818 - what happened
    """An expectation raised instead of giving a result."""


@dataclass(frozen=True, slots=True)
class Result:
    """What one check found; ``row`` is its row of validation_results."""

    suite: str
    check: Check
    name: str
    success: bool
    checked_rows: int | None
    failing_rows: int | None

    @property
    def row(self) -> tuple[Any, ...]:
        """As a row of the table ``validation_results``."""
        return (
            self.suite, self.check.table_name, self.name, self.check.meaning_ja, self.check.meaning_en,
            self.check.is_invariant, self.success, self.checked_rows, self.failing_rows,
        )  # fmt: skip


def check(
    path: Path, at_work: Mapping[str, str] | None = None, config: Mapping[str, Any] | None = None
) -> list[Result]:
    """Run all suites on a DuckDB file.

    Args:
        path: The file.
        at_work: Table -> the table that holds the rows of it that this run wrote, and that are checked; the others were
            checked by the runs that wrote them.
        config: DuckDB's settings, such as how much memory it may take: unlimited, the largest table would take it all.

    Raises:
        NotEvaluated: naming the expectation that could not be run.
    """
    for name in ("great_expectations", "great_expectations.data_context.types.base"):  # the second sets its own level
        logging.getLogger(name).setLevel(logging.ERROR)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    source = open_file(context, path, config or {})
    results = []
    with source.get_engine().connect():  # while one is open, each of the many others opens at once
        for suite_name, make in SUITES.items():
            checks = sorted(make(), key=lambda c: c.table_name)
            for table_name, group in groupby(checks, key=lambda c: c.table_name):
                asset = source.add_table_asset(
                    name=f"{suite_name}.{table_name}", table_name=(at_work or {}).get(table_name, table_name)
                )
                batch = asset.add_batch_definition_whole_table("all").get_batch()
                of_table = list(group)
                for number, one in enumerate(of_table):
                    one.expectation.meta = {"check": number}
                suite = gx.ExpectationSuite(
                    name=f"{suite_name}.{table_name}", expectations=[c.expectation for c in of_table]
                )
                outcomes = batch.validate(suite, result_format="SUMMARY").results
                results += [_result(suite_name, *pair) for pair in _paired(of_table, outcomes)]
    return results


def broken(results: Iterable[Result]) -> dict[str, int]:
    """Return the invariants that do not hold, with the rows that break them."""
    return {
        f"{r.check.table_name}.{r.name}": r.failing_rows or 0 for r in results if r.check.is_invariant and not r.success
    }


def as_findings(results: Iterable[Result]) -> list[Finding]:
    """Turn failures that are about data into findings."""
    return [
        Finding(
            "expectation_failed",
            f"{r.check.table_name}.{r.name}",
            {"expectation": r.check.meaning_ja, "rows": r.failing_rows, "table": r.check.table_name},
        )
        for r in results
        if not r.success and not r.check.is_invariant
    ]


def _paired(checks: list[Check], outcomes: list[Any]) -> list[tuple[Check, Any]]:
    """Pair each check with its outcome by the number given to it: outcomes come in an order of their own.

    Raises:
        NotEvaluated: unless every expectation has exactly one outcome.
    """
    by_number = {outcome.expectation_config.meta["check"]: outcome for outcome in outcomes}
    if sorted(by_number) != list(range(len(checks))) or len(outcomes) != len(checks):
        raise NotEvaluated(f"{len(outcomes)} outcomes for {', '.join(_name_of(check) for check in checks)}")
    return [(check, by_number[number]) for number, check in enumerate(checks)]


def _result(suite_name: str, one: Check, outcome: Any) -> Result:  # noqa: ANN401 - Great Expectations' result
    name = _name_of(one)
    if _raised(outcome.exception_info):
        raise NotEvaluated(f"{suite_name}: {one.table_name}.{name}: {_message(outcome.exception_info)}")
    result = outcome.result
    failing = result.get("unexpected_count", result.get("observed_value"))
    success = bool(outcome.success)
    counted = failing if isinstance(failing, int) else None
    return Result(suite_name, one, name, success, result.get("element_count"), 0 if success else counted)


def _name_of(one: Check) -> str:
    expectation = one.expectation
    kind: str = expectation.expectation_type
    if kind == "unexpected_rows_expectation":
        return str(expectation.description)
    column = getattr(expectation, "column", None)
    return f"{kind}({column})" if column else kind


def _message(info: dict[str, Any]) -> str:
    """The first line of what was raised."""
    nested = [value for value in info.values() if isinstance(value, dict)]
    text = str((nested[0] if nested else info).get("exception_message"))
    return text.splitlines()[0]


def _raised(info: Any) -> bool:  # noqa: ANN401 - a dict, or a dict of dicts by metric
    if not isinstance(info, dict):
        return False
    if "raised_exception" in info:
        return bool(info["raised_exception"])
    return any(_raised(value) for value in info.values())
