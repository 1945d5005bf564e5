"""The commands about what comes in: ``inbox``, and the office's collection from its departments (``collect``)."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from pipelines.cli import common

collect_app = typer.Typer(
    help="所管課からの収集：調査票・回答状況・督促 / collection from departments: workbooks, answers, reminders.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Month = Annotated[
    int | None, typer.Option("--month", help="月（省略は12か月）/ month; all twelve without.", min=1, max=12)
]
OVERDUE_STYLE = {"answered": "green", "partly": "yellow", "silent": "bold red"}


def add_to(app: typer.Typer) -> None:
    """Put the commands into the command line."""
    app.command()(inbox)
    app.command()(layouts)
    app.command("propose-facilities")(propose_facilities)
    app.add_typer(collect_app, name="collect")


def inbox(
    every: Annotated[bool, typer.Option("--all", help="12件までとせず、すべて / all, not a dozen of each.")] = False,
    as_json: common.AsJson = False,
) -> None:
    """受領状況：届いたもの・届いていないもの・保留と対応 / what came, what did not, what is held back and what to do."""
    from pipelines.ask import intake
    from pipelines.reports.terminal import show_intake
    from pipelines.warehouse.query import QueryError

    city = common.city_folder()
    try:
        told = intake.gather(city.published)
    except QueryError as error:
        common.refuse(str(error))
    if as_json:
        common.print_json(told)
        return
    page = str(city.pages / "intake.html")
    show_intake.show(common.terminal(), told, page, None if every else show_intake.TOP)


def layouts(
    keys: Annotated[bool, typer.Option("--keys", help="city.toml に書く項目の一覧 / the keys of a layout.")] = False,
    as_json: common.AsJson = False,
) -> None:
    """読める様式の一覧 / the layouts that are recognised, those of the city first.

    --keys: 様式を city.toml に書くときの項目と意味 / what the keys of a layout in city.toml mean.

    例 / example: facility-emissions layouts --keys
    """
    if keys:
        _layout_keys(as_json=as_json)
        return
    from pipelines.sources.layouts import described
    from pipelines.sources.layouts import register as known

    own = described.readers(common.city_folder().settings.layouts) if common.is_city() else ()
    found = [{"layout": layout.name, "title": layout.title} for layout in (*own, *known.known())]
    if as_json:
        common.print_json(found)
        return
    out = common.terminal()
    for row in found:
        out.line(row["layout"], "bold")
        out.indented(row["title"])


def _layout_keys(*, as_json: bool) -> None:
    from pipelines.settings.layout import explained

    told = explained()
    if as_json:
        common.print_json(told)
        return
    out = common.terminal()
    for row in told:
        out.line(f"{row['key']}{' = ' + row['usual'] if row['usual'] else ''}", "bold")
        out.indented(row[out.language])


def propose_facilities(
    files: Annotated[list[Path], typer.Argument(help="公共施設一覧のCSV / lists of facilities.")],
    as_json: common.AsJson = False,
) -> None:
    """公共施設一覧（推奨データセット）から施設台帳の行の案を作る / rows for facilities.csv from open-data lists.

    例 / example: facility-emissions propose-facilities lists/*.csv > proposal.csv
    """
    from pipelines.registers import read
    from pipelines.sources import facility_list

    held = read.read_some(common.chosen.city / "registers", ("facilities",))
    known = frozenset(row["name"] for row in held.get("facilities", []))
    try:
        found = facility_list.propose(files, known)
    except (facility_list.FacilityListError, OSError) as error:
        common.refuse(str(error))
    if as_json:
        common.print_json(found.rows)
        return
    typer.echo(found.as_csv(), nl=False)
    told = common.terminal().say("facilities_proposed", read=found.read, merged=found.merged, rows=len(found.rows))
    typer.echo(told, err=True)


@collect_app.command()
def issue(
    fiscal_year: common.FiscalYear,
    due: Annotated[str, typer.Option("--due", help="回答期限 / due date.")],
    sender: Annotated[str, typer.Option("--sender", help="依頼元（課・担当・連絡先）/ who asks.")],
    month: Month = None,
    out: Annotated[Path | None, typer.Option("--out", help="書き出すフォルダ / folder.")] = None,
    as_json: common.AsJson = False,
) -> None:
    """所管課ごとの調査票（Excel）を作る / a workbook per department, last year's value beside each cell.

    例 / example: facility-emissions collect issue --fiscal-year 2026 --month 10 --due 2026-11-20 --sender "環境政策課"
    """
    from pipelines.reports import collection
    from pipelines.warehouse.query import QueryError

    city = common.city_folder()
    folder = out or city.data / "collect"
    try:
        made = collection.issue(city, fiscal_year, month, common.day(due, "--due"), sender, folder)
    except QueryError as error:
        common.refuse(str(error))
    if as_json:
        common.print_json([{"department": i.department, "path": i.path, "cells": len(i.items)} for i in made])
        return
    printed = common.terminal()
    for one in made:
        printed.line(
            printed.say("collect_issued", department=one.department or "-", cells=len(one.items), path=one.path)
        )


@collect_app.command()
def bills(
    fiscal_year: common.FiscalYear,
    department: Annotated[str | None, typer.Option("--department", help="所管課（省略は全部）/ only this.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="書き出すフォルダ / folder.")] = None,
    as_json: common.AsJson = False,
) -> None:
    """紙・PDFの請求書の入力表（Excel）を所管課ごとに作る / a workbook per department to enter bills on paper or as PDF.

    例 / example: facility-emissions collect bills --fiscal-year 2025
    """
    from pipelines.reports import bill_book
    from pipelines.warehouse.query import QueryError

    city = common.city_folder()
    try:
        made = bill_book.make(city, fiscal_year, out or city.data / "collect", department)
    except QueryError as error:
        common.refuse(str(error))
    if as_json:
        common.print_json([asdict(each) for each in made])
        return
    printed = common.terminal()
    for each in made:
        printed.line(printed.say("collect_bills", **asdict(each)))
    last = (
        ("collect_bills_next", {"inbox": city.inbox}) if made else ("collect_bills_none", {"fiscal_year": fiscal_year})
    )
    printed.line(printed.say(last[0], **last[1]))


@collect_app.command()
def status(fiscal_year: common.FiscalYear, month: Month = None, as_json: common.AsJson = False) -> None:
    """回答状況 / who has answered, and what is still open."""
    found = _status(fiscal_year, month)
    if as_json:
        common.print_json(found)
        return
    printed = common.terminal()
    if not found:
        printed.line(printed.say("collect_none"))
    for row in found:
        line = printed.say(
            "collect_status", **{**row, "department": row["department"] or "-", "open": len(row["open"])}
        )
        printed.line(f"{printed.say('collect_' + row['state'])}  {line}", OVERDUE_STYLE[row["state"]])


@collect_app.command()
def remind(
    fiscal_year: common.FiscalYear,
    month: Month = None,
    out: Annotated[Path | None, typer.Option("--out", help="書き出すフォルダ / folder for the texts.")] = None,
    as_json: common.AsJson = False,
) -> None:
    """督促文を作る（送るのは人）/ a reminder text per department that has something open; a person sends it."""
    from pipelines import durable
    from pipelines.reports import collection

    name = common.city_folder().settings.city.name
    texts = {row["department"]: collection.reminder(row, name) for row in _status(fiscal_year, month) if row["open"]}
    if out is not None:
        for number, text in enumerate(texts.values(), start=1):
            durable.write(out / f"{fiscal_year}-{number:02d}.txt", f"{text}\n".encode())
    if as_json:
        common.print_json(texts)
        return
    for text in texts.values():
        typer.echo(text)
        typer.echo("-" * 40)


def _status(fiscal_year: int, month: int | None) -> list[dict[str, Any]]:
    from pipelines.reports import collection
    from pipelines.warehouse.query import QueryError

    try:
        return collection.status(common.city_folder(), fiscal_year, month)
    except QueryError as error:
        common.refuse(str(error))
