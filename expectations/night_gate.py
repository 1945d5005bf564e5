"""The gate as a step of the night: check the new file, keep the results in it, draw the page, block or let pass."""

from __future__ import annotations

from expectations import gate
from pipelines.flags.build import write_findings
from pipelines.reports.pages import validation_page
from pipelines.run.building import Building
from pipelines.warehouse import database
from pipelines.warehouse.publish import HeldBack


def check(made: Building) -> None:
    """Run every suite on the new file.

    Raises:
        HeldBack: an invariant of ours does not hold; the page tells which.
        NotEvaluated: an expectation could not be run.
    """
    made.close()
    config = database.config_of(made.memory, made.city.data / "tmp", made.city.settings.limits.threads)
    results = gate.check(made.file, made.inc.at_work, config)
    made.reopen()
    database.insert_rows(made.connection, "validation_results", [result.row for result in results])
    made.findings += gate.as_findings(results)
    write_findings(made.connection, made.findings)
    try:
        validation_page.write(made.city, [result.row for result in results], made.night.started)
    except OSError as error:  # a share that is away keeps no night from publishing
        made.outcome.page_problem = str(error)
    made.outcome.broken = gate.broken(results)
    if made.outcome.broken:
        raise HeldBack(made.outcome.broken)
