"""The floor of a night: an empty flow, run as the night is, that imports Great Expectations.

``python -m tests.benchmarks.empty_flow DATA``
"""

from __future__ import annotations

import sys
from pathlib import Path

from flows.surroundings import prepare


def main() -> None:
    """Run it."""
    prepare(Path(sys.argv[1]))
    from prefect import flow, task
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    @task
    def look() -> str:
        import great_expectations

        return str(great_expectations.__version__)

    @flow
    def nothing() -> str:
        return look()

    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        nothing()


if __name__ == "__main__":
    main()
