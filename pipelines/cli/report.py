"""``facility-emissions report``: documents of a year."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from pipelines.cli import common

app = typer.Typer(
    help="年度の書類（定期報告書の転記用など） / documents of a year.", no_args_is_help=True, rich_markup_mode=None
)


@app.callback()
def documents() -> None:
    """Take the name of the document."""


@app.command("periodic")
def periodic(
    operator: Annotated[str, typer.Option("--operator", help="事業者ID / operator id.")],
    fiscal_year: common.FiscalYear,
    out: Annotated[Path, typer.Option("--out", help="書き出すExcelのファイル / the workbook.")] = Path(
        "定期報告書.xlsx"
    ),
    as_json: common.AsJson = False,
) -> None:
    """定期報告書の転記用のExcelとCSV、自己点検 / the periodic report of an operator to copy from, with the self-check.

    例 / example: facility-emissions report periodic --operator OP1 --fiscal-year 2025 --out 定期報告書.xlsx
    """
    from pipelines.reports import periodic_book
    from pipelines.reports.terminal import show_duties

    city = common.city_folder()
    found = asked(operator, fiscal_year)
    try:
        periodic_book.write(common.file_to_write(out), found, city.settings.city.name, str(city.today))
    except OSError as error:
        common.refuse(f"{out}: {error.strerror or error}")
    if as_json:
        common.print_json({**asdict(found), "file": out})
    else:
        show_duties.periodic(common.terminal(), found, out)


def show_cell(operator: str, fiscal_year: int, cell_id: str, *, as_json: bool) -> None:
    """Show a cell of an operator's periodic report, for ``explain --cell``."""
    from pipelines.ask.periodic import NoReportError
    from pipelines.reports.terminal import show_duties

    try:
        found = asked(operator, fiscal_year).cell(cell_id)
    except NoReportError as error:
        common.refuse(str(error))
    if as_json:
        common.print_json({**asdict(found), "cell_id": found.cell_id})
    else:
        show_duties.cell(common.terminal(), found)


def asked(operator: str, fiscal_year: int) -> Any:  # noqa: ANN401 - a PeriodicReport, imported when it is needed
    """Return an operator's report from the published file; ends the command where there is none."""
    from pipelines.ask import periodic as reports
    from pipelines.warehouse import query

    try:
        with query.opened(common.city_folder().published) as connection:
            return reports.report(connection, operator, fiscal_year, common.city_folder().today)
    except (reports.NoReportError, query.QueryError) as error:
        common.refuse(str(error))
