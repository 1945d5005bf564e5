"""Commands about what was published before: ``restatements`` and ``edition``."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines import tables
from pipelines.cli import common

edition_app = typer.Typer(
    help="公式の版（審議会・公表・定期報告・庁内）の確定と一覧 / official editions: freeze and list.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def add_to(app: typer.Typer) -> None:
    """Put the commands into the command line."""
    app.command()(restatements)
    app.add_typer(edition_app, name="edition")


def restatements(
    since: Annotated[str, typer.Option("--since", help="この日以降の公表 / published on or after.")] = "0001-01-01",
    as_json: common.AsJson = False,
) -> None:
    """過年度修正とその内訳、締め済の年度の判定の変更 / closed years whose total or verdict changed, and why.

    例 / example: facility-emissions restatements --since 2026-04-01
    """
    from pipelines.reports.terminal import show_past

    first = common.day(since, "--since")
    found = common.published_rows("restatements", {"since": first})
    verdicts = common.published_rows("verdict_restatements", {"since": first})
    if as_json:
        common.print_json([{"kind": "verdict"} | row for row in verdicts] + [{"kind": "total"} | row for row in found])
        return
    out = common.terminal()
    if verdicts:
        show_past.verdicts(out, verdicts)
    if found or not verdicts:
        show_past.restatements(out, found)


@edition_app.command("freeze")
def freeze(
    purpose: Annotated[str, typer.Option("--purpose", help=", ".join(tables.words("purpose")))],
    fiscal_year: common.FiscalYear,
    document: Annotated[str, typer.Option("--document", help="文書番号 / document number.")],
    by: Annotated[str, typer.Option("--by", help="確定した者（役職者のID） / who (person id).")] = "",
    accept_incomplete: Annotated[
        bool,
        typer.Option(
            "--accept-incomplete", help="判定不能の施設があっても確定する / freeze with facilities without a verdict."
        ),
    ] = False,
    as_json: common.AsJson = False,
) -> None:
    """公表ファイルの値を公式の版として確定する / freeze the published totals for a purpose.

    例 / example: facility-emissions edition freeze --purpose 審議会 --fiscal-year 2025 --document 環第12号 --by P101
    """
    from pipelines.history import frozen
    from pipelines.process.recorder import recorder
    from pipelines.run.lock import PATIENCE, run_lock
    from pipelines.warehouse import query

    city = common.city_folder()
    me = recorder()
    wanted = frozen.FreezeRequest(purpose, fiscal_year, document, by or me, city.now(), me, accept_incomplete)
    try:
        with run_lock(city.data, city.now(), wait=PATIENCE), query.opened(city.published) as connection:
            record = frozen.freeze(connection, city.history, wanted, city.settings.reports.document(purpose))
    except (frozen.FreezeError, query.QueryError) as error:
        common.refuse(str(error))
    if as_json:
        common.print_json(record)
    else:
        out = common.terminal()
        out.line(out.say("edition_frozen", **record))
        if record["facilities_undeterminable"]:
            out.line(out.say("edition_incomplete", **record), "yellow")


@edition_app.command("list")
def list_editions(as_json: common.AsJson = False) -> None:
    """公式の版・以前の公表値・基準年度と、今の値との差 / official editions, older publications and base years against today."""
    from pipelines.history import frozen
    from pipelines.reports.terminal import show_past

    known = frozen.editions(common.city_folder().history)
    moved = common.published_rows("edition_differences")
    older = common.published_rows("published_differences")
    bases = common.published_rows("base_years")
    if as_json:
        common.print_json({"editions": known, "differences": moved, "published_before": older, "base_years": bases})
    else:
        out = common.terminal()
        show_past.official(out, known, moved)
        show_past.older(out, older, bases)
