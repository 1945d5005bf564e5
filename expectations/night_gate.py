"""The gate as a step of the night: check the new file, keep the results in it, draw the page, block or let pass."""

from __future__ import annotations

from expectations import gate
from pipelines.flags.build import write_findings
from pipelines.reports.pages import validation_page
from pipelines.run.night import Night
from pipelines.warehouse import database
from pipelines.warehouse.publish import HeldBack


def check(night: Night) -> None:
    """Run every suite on the new file.

    Raises:
        HeldBack: an invariant of ours does not hold; the page tells which.
        NotEvaluated: an expectation could not be run.
    """
    night.close()
    config = database.config_of(night.memory, night.city.data / "tmp", night.city.settings.limits.threads)
    results = gate.check(night.next_file, night.inc.at_work, config)
    night.reopen()
    database.insert_rows(night.connection, "validation_results", [result.row for result in results])
    night.findings += gate.as_findings(results)
    write_findings(night.connection, night.findings)
    try:
        validation_page.write(night.city, [result.row for result in results], night.started)
    except OSError as error:  # a share that is away keeps no night from publishing
        night.outcome.page_problem = str(error)
    night.outcome.broken = gate.broken(results)
    if night.outcome.broken:
        raise HeldBack(night.outcome.broken)
