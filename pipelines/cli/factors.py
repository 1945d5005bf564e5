"""``facility-emissions factors``: look at factors, compare editions, take a ministries' new list in."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli import common
from pipelines.texts import both

app = typer.Typer(
    help="排出係数の一覧・詳細・版の比較・新しい版の取込 / factors: list, show, compare and import editions.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command("import")
def import_list(
    file: Annotated[Path, typer.Argument(help="公表された一覧（テキスト・CSV・Excel） / the published list.")],
    kind: Annotated[str | None, typer.Option(help="electricity, city_gas, heat")] = None,
    result_fy: Annotated[int | None, typer.Option("--result-fy", help="実績年度 / year of the results.")] = None,
    activity_fy: Annotated[int | None, typer.Option("--activity-fy", help="算定対象年度 / year it serves.")] = None,
    issued_on: Annotated[str | None, typer.Option("--issued-on", help="公表・更新日 / date of this issue.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="違いを示すだけ / show the difference only.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="確認を求めない / do not ask.")] = False,
    as_json: common.AsJson = False,
) -> None:
    """省庁の新しい一覧との違いを示し、版として取り込む / show what a new list changes, then keep it as an edition.

    端末では取り込む前に確認を求めます / asks before taking when used by a person.

    例 / example: facility-emissions factors import denki-r6.xlsx
    """
    from pipelines.ask import factors
    from pipelines.reference import editions, supplier_list
    from pipelines.reports.terminal import show_factors
    from pipelines.run.lock import PATIENCE, run_lock

    if not file.is_file():
        common.refuse(both("no_such_file", at=file))
    if kind is not None and kind not in supplier_list.KINDS:
        common.refuse(f"--kind {kind}: {', '.join(supplier_list.KINDS)}")
    issued = None if issued_on is None else common.day(issued_on, "--issued-on")
    try:
        read = supplier_list.read(file, kind, result_fy, activity_fy, issued)
    except supplier_list.ListError as error:
        common.refuse(str(error))
    city = common.city_folder()
    with factors.opened(city.folder, city.history) as connection:
        found = factors.difference(connection, read)
    out = common.terminal()
    if not as_json:
        show_factors.read_list(out, read, found)
    asks = sys.stdin.isatty() and not (yes or as_json or dry_run)
    if dry_run or (asks and not typer.confirm(out.say("list_take"))):
        edition, is_new = None, False
    else:
        with run_lock(city.data, city.now(), wait=PATIENCE):
            edition, is_new = editions.take(city.history, file, read, city.now())
    if as_json:
        told = {"edition_id": edition.edition_id if edition else None, "is_new": is_new, "rows": len(read.rows)}
        common.print_json(told | found.as_dict())
    else:
        show_factors.taken(out, edition, is_new=is_new)


def _known() -> tuple[Path | None, Path | None]:
    """The city folder and its history, where there is a city: what the package brings is known without one."""
    if not common.is_city():
        return None, None
    city = common.city_folder()
    return city.folder, city.history


@app.command("list")
def list_factors(
    energy_type: Annotated[str | None, typer.Option(help="electricity, city_gas, heat, plan_fuels ...")] = None,
    supplier: Annotated[str | None, typer.Option(help="事業者の名称・番号の一部 / part of name or number.")] = None,
    on: Annotated[str | None, typer.Option("--on", help="この日に有効なもの / in force on a day.")] = None,
    editions: Annotated[bool, typer.Option("--editions", help="版の一覧 / editions of lists.")] = False,
    as_json: common.AsJson = False,
) -> None:
    """ある係数の表、または条件に合う係数 / what factors there are by year, or those that are asked for, or editions.

    市のフォルダがなくても使えます / needs no city folder.

    例 / example: facility-emissions factors list --energy-type electricity --supplier A0009 --on 2025-05-01
    """
    from pipelines.ask import factors
    from pipelines.registers import spoken
    from pipelines.reports.terminal import show_factors

    folder, history = _known()
    day = None if on is None else common.day(on, "--on")
    is_all = not (energy_type or supplier or on or as_json)
    wanted = None if energy_type is None else spoken.word("meters", "energy_type", energy_type)
    with factors.opened(folder, history) as connection:
        if editions:
            found = factors.edition_names(connection, history)
        else:
            found = factors.by_year(connection) if is_all else factors.listed(connection, wanted, supplier, day)
    if as_json:
        common.print_json(found)
    elif editions:
        show_factors.editions(common.terminal(), found)
    elif is_all:
        show_factors.by_year(common.terminal(), found)
    else:
        show_factors.factors(common.terminal(), found)


@app.command("show")
def show_factor(
    factor_id: Annotated[str, typer.Argument(help="係数ID / factor id.")], as_json: common.AsJson = False
) -> None:
    """一つの係数の値・期間・版・出典 / one factor with its source and other editions."""
    from pipelines.ask import factors
    from pipelines.reports.terminal import show_factors

    with factors.opened(*_known()) as connection:
        found = factors.shown(connection, factor_id)
    if found is None:
        common.refuse(both("no_such_factor", factor_id=factor_id))
    if as_json:
        common.print_json(found)
    else:
        show_factors.factor(common.terminal(), found)


@app.command("diff")
def diff_editions(
    before: Annotated[str, typer.Argument(help="版ID（factors list --editions） / edition.")],
    after: Annotated[str, typer.Argument(help="版ID / edition.")],
    as_json: common.AsJson = False,
) -> None:
    """二つの版を比べる / compare two editions."""
    from pipelines.ask import factors
    from pipelines.reports.terminal import show_factors

    with factors.opened(*_known()) as connection:
        old, new = (factors.edition_values(connection, name) for name in (before, after))
    for name, values in ((before, old), (after, new)):
        if not values:
            common.refuse(both("no_such_edition", name=name))
    found = factors.compare(old, new, before)
    if as_json:
        common.print_json(found.as_dict())
    else:
        show_factors.difference(common.terminal(), found)
