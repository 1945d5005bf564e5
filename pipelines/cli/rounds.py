"""``facility-emissions review``, the rounds: workbooks for the departments, and what came back of them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli import common

FOLDER = "rounds"
Round = Annotated[str, typer.Option("--round", help="回の名前（例 2026-1） / the round, such as 2026-1.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands to ``facility-emissions review``."""
    app.command("sheet")(review_sheet)
    app.command("round")(review_round)


def review_sheet(
    name: Round,
    department: Annotated[
        str | None, typer.Option("--department", help="この所管課だけ / of this department alone.")
    ] = None,
    due: Annotated[
        str | None, typer.Option("--due", help="回答期限（省略は設定の日数） / due date; without: by the settings.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="書き出すフォルダ / folder; without: rounds/ in the data folder.")
    ] = None,
    as_json: common.AsJson = False,
) -> None:
    """所管課ごとの回答票（Excel）と送付の下書きを作る / a workbook and a draft of a letter per department.

    例 / example: facility-emissions review sheet --round 2026-1
    """
    from pipelines.history.rounds import checked_name
    from pipelines.reports import answer_sheets
    from pipelines.texts import word

    city = common.city_folder()
    common.review_step(lambda _: checked_name(name))
    folder = out or city.data / FOLDER / name
    last = city.today + timedelta(days=city.settings.answers.answer_days) if due is None else common.day(due, "--due")
    made = common.review_step(lambda _: answer_sheets.issue(city, name, last, folder, department))
    if as_json:
        common.print_json(asdict(made) | {"folder": folder})
        return
    shown = common.terminal()
    for book in made.books:
        people = "、".join(book.people) or shown.say("nobody_in_turn")
        of = book.department or word("no_department", shown.language)
        shown.line(shown.say("sheet_made", department=of, count=len(book.questions), people=people, path=book.file))
    shown.line(shown.say("sheet_made_in", folder=folder, due=made.due_on))


def review_round(
    name: Annotated[
        str | None, typer.Argument(metavar="ROUND", help="回の名前（省略は最後の回） / the round; without: the last.")
    ] = None,
    as_json: common.AsJson = False,
) -> None:
    """回の進み: 所管課と人ごとの回答・承認・未回答・期限超過、再び戻った回答票 / how a round stands.

    例 / example: facility-emissions review round 2026-1
    """
    from pipelines.ask import round_progress
    from pipelines.reports.terminal import show_turns

    told = common.review_step(lambda city: round_progress.progress(city, name))
    if as_json:
        common.print_json(told)
    else:
        show_turns.round_(common.terminal(), told)
