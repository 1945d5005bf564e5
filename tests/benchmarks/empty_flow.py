"""The floor of a night: an empty flow, run as the night is, that imports Great Expectations.

``python -m tests.benchmarks.empty_flow DATA``
"""

from __future__ import annotations

import sys
from pathlib import Path

from flows.prefect_home import prepare


def main() -> None:
    """Run it."""
    prepare(Path(sys.argv[1]))
    from prefect import flow, task

    from flows import reporting
    from flows.runners import Held

    @task
    def look() -> str:
        import great_expectations

        return str(great_expectations.__version__)

    @flow(validate_parameters=False)
    def nothing(beside: Held[reporting.Beside[str]]) -> str:
        return beside.value.follow()

    with reporting.to(Path(sys.argv[1]), sys.exit) as report:
        report.around(look, lambda beside: nothing(Held(beside)))


if __name__ == "__main__":
    main()
