"""What the Act and the city's own calendar ask: posts on any day, and what falls due."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli import common

A_YEAR = timedelta(365)


def add_to(app: typer.Typer) -> None:
    """Put the commands beside the others."""
    app.command()(posts)
    app.command()(deadlines)


def posts(
    on: Annotated[
        str | None, typer.Option("--on", help="いつの時点か（過去・将来も） / as of a day, past or future.")
    ] = None,
    by_facility: Annotated[
        bool, typer.Option("--by-facility", help="施設ごとの担当者 / who answers for each facility today.")
    ] = False,
    as_json: common.AsJson = False,
) -> None:
    """役職と選任の状態: することがあるものから / posts of the Act and of the city's own rule, what is to be done first.

    例 / example: facility-emissions posts --on 2027-04-01
    """
    from pipelines.reports.terminal import show_duties, show_lists

    if by_facility:
        found = common.published_rows("posts")
        show = show_lists.posts
    else:
        day = common.day(on, "--on") if on else common.city_folder().today
        found = common.published_rows("seats", {"on": day})
        show = show_duties.seats
    if as_json:
        common.print_json(found)
    else:
        show(common.terminal(), found)


def deadlines(
    until: Annotated[
        str | None, typer.Option("--until", help="この日までの期限 / up to a day (one year ahead).")
    ] = None,
    ics: Annotated[
        Path | None, typer.Option("--ics", help="カレンダーのファイルに書く / write a calendar file.")
    ] = None,
    as_json: common.AsJson = False,
) -> None:
    """期限の一覧: 省エネ法の届出・選任・講習と市の定め / what falls due by the Act and the city's own calendar, overdue first.

    例 / example: facility-emissions deadlines --until 2027-03-31 --ics 期限.ics
    """
    from pipelines.reports import calendar
    from pipelines.reports.terminal import show_duties

    city = common.city_folder()
    last = common.day(until, "--until") if until else city.today + A_YEAR
    found = common.published_rows("deadlines", {"until": last, "since": city.today})
    out = common.terminal()
    if ics is not None:
        try:
            calendar.write(common.file_to_write(ics), found, city.settings.city.name, city.now())
        except OSError as error:
            common.refuse(f"{ics}: {error.strerror or error}")
    if as_json:
        common.print_json(found)
        return
    show_duties.deadlines(out, found)
    if ics is not None:
        out.line(out.say("calendar_written", file=ics, items=len(found)))
