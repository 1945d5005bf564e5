"""``facility-emissions year``: the states of fiscal years, and closing one."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.cli import common

app = typer.Typer(
    help="年度の状態（進行中・集計中・締め済）と締め / states of fiscal years, and closing one.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command("close")
def close(
    operator: Annotated[str, typer.Option("--operator", help="事業者ID / operator id.")],
    document: Annotated[str, typer.Option("--document", help="文書番号 / document number.")],
    on: Annotated[str, typer.Option("--on", help="締めた日 / date of the closing.")],
    by: Annotated[str, typer.Option("--by", help="締めた役職者のID / person id of a post-holder.")],
    fiscal_year: common.FiscalYear,
    as_json: common.AsJson = False,
) -> None:
    """年度を締める: 未了の施設・事項・月を示し、記録する / close a year: lists what is open and records it.

    例 / example: facility-emissions year close --fiscal-year 2025 --operator OP1 --document 環第20号 --on 2026-06-30 --by P101
    """
    from pipelines.history import closings
    from pipelines.process.recorder import recorder
    from pipelines.reports.terminal import show_years
    from pipelines.warehouse import query

    city = common.city_folder()
    day = common.day(on, "--on")
    wanted = closings.ClosingRequest(fiscal_year, operator, document, day, by, city.now(), recorder())
    try:
        with query.opened(city.published) as connection:
            record, still_open = closings.close(connection, city.history, wanted, city.today)
    except (closings.ClosingError, query.QueryError) as error:
        common.refuse(str(error))
    if as_json:
        common.print_json(record | still_open)
    else:
        show_years.closed(common.terminal(), record, still_open)


@app.command("status")
def status(
    fiscal_year: Annotated[int | None, typer.Option("--fiscal-year", help="年度 / fiscal year.")] = None,
    as_json: common.AsJson = False,
) -> None:
    """事業者・年度ごとの状態 / the state of each operator and year, closings since the last night included.

    例 / example: facility-emissions year status
    """
    from pipelines.history import closings
    from pipelines.reports.terminal import show_years

    found = common.published_rows("years", {"year": fiscal_year})
    known = {(r["fiscal_year"], r["operator_id"]): r for r in closings.read(common.city_folder().history)}
    for row in found:
        if record := known.get((row["fiscal_year"], row["operator_id"])):
            told = {name: record[name] for name in ("closed_on", "document_no", "closed_by")}
            row |= {"year_state": "closed", **told}
    if as_json:
        common.print_json(found)
    else:
        show_years.states(common.terminal(), found)
