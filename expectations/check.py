"""One check: an expectation on a table, its meaning in both languages, and what a failure means."""

from __future__ import annotations

from dataclasses import dataclass

import great_expectations.expectations as gxe
from great_expectations.expectations.expectation import Expectation


@dataclass(frozen=True, slots=True)
class Check:
    """An expectation on one table.

    ``is_invariant``: a failure means our own program is wrong and blocks the publication; otherwise the data are at
    fault, and the failure becomes a finding.
    """

    table_name: str
    expectation: Expectation
    meaning_ja: str
    meaning_en: str
    is_invariant: bool = True


def rows_that(name: str, query: str) -> gxe.UnexpectedRowsExpectation:
    """Return an expectation that a query selects nothing; ``{batch}`` stands for the table."""
    return gxe.UnexpectedRowsExpectation(description=name, unexpected_rows_query=query)
