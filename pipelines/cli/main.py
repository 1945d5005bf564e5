"""The command ``facility-emissions``: each command imports what it needs when it runs, so that small ones are quick."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date, datetime
from decimal import InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines import texts
from pipelines.cli import begin, common, desk, duties, factors, intake, operation, past, report, review, rounds, sql
from pipelines.cli import year as cli_year
from pipelines.cli.spoken import Spoken
from pipelines.errors import ActionableError
from pipelines.settings.city_file import CITY_FILE, history_folder
from pipelines.texts import both

if TYPE_CHECKING:
    from pipelines.sources.trial import Office

app = typer.Typer(
    name="facility-emissions",
    cls=Spoken,
    help="自治体施設のエネルギーとCO2を毎晩まとめ、目標と照らす / energy and CO2 of a city's facilities, every night.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
rounds.add_to(review.app)
desk.add_to(review.app)
app.add_typer(review.app, name="review")
app.add_typer(factors.app, name="factors")
app.add_typer(cli_year.app, name="year")
app.add_typer(report.app, name="report")
begin.add_to(app)
past.add_to(app)
sql.add_to(app)
intake.add_to(app)
operation.add_to(app)
duties.add_to(app)


@app.callback()
def options(
    context: typer.Context,
    city: Annotated[Path, typer.Option(help="市のフォルダ / city folder.")] = Path("sample_data"),
    data: Annotated[Path | None, typer.Option(help="データフォルダ / data folder.")] = None,
    today: Annotated[str | None, typer.Option(help="基準日 / the day to run for.")] = None,
    lang: Annotated[str | None, typer.Option(help="ja または en / language.")] = None,
) -> None:
    """Take the global options that stand before the command."""
    if lang not in (None, "ja", "en"):
        common.refuse(both("language_unknown", at=f"--lang {lang}"))
    common.chosen.city, common.chosen.data, common.chosen.language = city, data, lang
    common.speak()
    context.call_on_close(lambda: texts.speak(""))
    common.chosen.today = None if today is None else common.day(today, "--today")
    if common.chosen.today is not None and common.chosen.today.year not in common.YEARS:
        common.refuse(both("day_of_these_years", at=f"--today {today}", first=common.YEARS[0], last=common.YEARS[-1]))


@app.command()
def nightly(
    runner: Annotated[str, typer.Option(help="threads または dask（追加部品 scale） / where tasks run.")] = "threads",
    scheduler: Annotated[str, typer.Option(help="Daskスケジューラーのアドレス / address of a Dask scheduler.")] = "",
    workers: Annotated[int, typer.Option(help="この計算機のワーカー数 / workers on this machine.", min=0)] = 0,
    cities: Annotated[Path | None, typer.Option(help="複数の市の一覧（CSV） / a list of cities.")] = None,
    new_history: common.NewHistory = "",
    as_json: common.AsJson = False,
) -> None:
    """夜間処理のすべて / the whole night: reads what is new, judges, flags, checks, publishes.

    例 / example: facility-emissions --city mycity nightly

    --cities: 一覧（列 city と、あれば data）の市をそれぞれ処理し、用途区分別の比較を一覧と同じ名の .duckdb に書く
    / runs each city of the list, then writes aggregates by use class beside it.
    """
    from pipelines.cli import nights

    if runner not in ("threads", "dask"):
        common.refuse(f"--runner {runner}: threads / dask")
    if (scheduler or workers) and runner != "dask":
        common.refuse(both("goes_with_dask", at="--scheduler, --workers"))
    where = {"kind": runner, "scheduler": scheduler, "workers": workers}
    if cities is not None:
        _only_alone(new_history, "--cities")
        if not cities.is_file():
            common.refuse(both("no_such_file", at=f"--cities {cities}"))
        raise typer.Exit(nights.run_cities(cities, common.chosen.today, common.terminal(), where, as_json=as_json))
    _begin_anew(new_history)
    _run_flow("nightly", as_json=as_json, where=where)


@app.command()
def rebuild(
    as_known_at: common.AsKnownAt = None,
    by_receipt: common.ByReceipt = False,
    new_history: common.NewHistory = "",
    as_json: common.AsJson = False,
) -> None:
    """受領済みの記録から作り直す / the same from parsed/, history/, registers and decisions.

    --as-known-at: 過去の時点の内容を今の方法で作る（公表ファイルは変えない） / a past moment, beside the published file.
    """
    if as_known_at is None and not by_receipt:
        _begin_anew(new_history)
        _run_flow("rebuild", as_json=as_json)
    _only_alone(new_history, "--by-receipt" if as_known_at is None else "--as-known-at")
    made = common.tables_file(as_known_at, by_receipt=by_receipt)
    if as_json:
        common.print_json({"as_known_at": as_known_at, "by_receipt": by_receipt, "path": made})
    else:
        out = common.terminal()
        out.line(out.say("rebuilt_as_known", at=as_known_at, path=made))


@app.command()
def parse(
    file: Annotated[Path, typer.Argument(help="ファイル / a file.")],
    layout: Annotated[str, typer.Option(help="様式 / layout.")] = "",
    propose: Annotated[bool, typer.Option("--propose", help="様式の案を作る / draft a layout for city.toml.")] = False,
    as_json: common.AsJson = False,
) -> None:
    """ファイルの読み方を見る（何も書かない） / show how one file is read; writes nothing.

    使える値がなければ終了コード 1 / exit code 1 where no value is left.

    例 / example: facility-emissions parse inbox/power/2025-05.csv

    --propose: 知らない表の様式の案を city.toml の形で出す / drafts the section of city.toml for an unknown table.
    """
    from pipelines.reports.terminal import show_parsed
    from pipelines.sources import trial
    from pipelines.sources.parse import ParseOptions

    if not file.is_file():
        common.refuse(both("no_such_file", at=file))
    if propose:
        from pipelines.sources import propose as proposals

        known = (ParseOptions.of(common.city_folder()), _office(file)) if common.is_city() else (None, None)
        drafted = proposals.propose(file, reading=known[0], office=known[1])
        if as_json:
            common.print_json(drafted)
        else:
            show_parsed.proposal(common.terminal(), drafted)
        return
    city = common.city_folder() if common.is_city() else None
    if city:
        told = trial.read(file, layout, ParseOptions.of(city), _office(file), city.today)
    else:
        told = trial.read(file, layout, today=datetime.now().astimezone().date())
    if as_json:
        common.print_json(told)
    else:
        show_parsed.show(common.terminal(), told)
    nothing_left = told["rows_values"] == told["rows_held"] and (told["held"] or told["rejects"])
    if told["problem"] or told["units"] or nothing_left:
        raise typer.Exit(common.ERROR)


def _office(file: Path) -> Office:
    """What the office has said that bears on a file: its meters, and the unit words of the source it lies below."""
    from pipelines.registers.read import RegisterError, read_some
    from pipelines.settings.city import Source
    from pipelines.sources.trial import Office

    city = common.city_folder()
    try:
        below = file.resolve().relative_to(city.inbox.resolve()).parts
    except ValueError:
        below = ()
    words = city.settings.sources.get(below[0] if len(below) > 1 else "", Source()).unit_words
    try:
        held = read_some(city.folder / "registers", ("meters", "facilities"))
    except RegisterError:
        return Office(words)  # the night tells what is wrong with it
    meters, facilities = ([row.values for row in held.get(name, [])] for name in ("meters", "facilities"))
    return Office.of(meters, words, facilities)


@app.command()
def convert(
    quantity: Annotated[str, typer.Argument(help="数量 / quantity, e.g. 1.5")],
    unit: Annotated[str, typer.Argument(help="単位 / unit, e.g. kL")],
    energy_type: Annotated[str, typer.Argument(help="エネルギー種別 / energy type, e.g. kerosene")],
    on: Annotated[str, typer.Option("--on", help="使用日 / day of use.")],
    basis: common.Basis = "plan",
    supplier: Annotated[str | None, typer.Option(help="供給事業者の番号または名称 / supplier.")] = None,
    menu: Annotated[str | None, typer.Option(help="メニュー・残差・代替値 / menu.")] = None,
    as_json: common.AsJson = False,
) -> None:
    """一つの数量を換算する / convert one quantity: energy, crude oil, CO2, factor, edition, source.

    例 / example: facility-emissions convert 1.5 kL 灯油 --on 2024-05-01
    """
    from pipelines.ask.convert import convert as run
    from pipelines.registers import spoken

    folder = common.chosen.city if (common.chosen.city / CITY_FILE).is_file() else None
    try:
        amount = spoken.figure("", quantity)
        history = history_folder(folder, common.chosen.data) if folder else None
        day = common.day(on, "--on")
        today = common.chosen.today
        answer = run(amount, unit, energy_type, day, basis, supplier, menu, folder, history, today)
    except InvalidOperation:
        common.refuse(both("not_a_number", at=quantity))
    except ValueError as error:  # a percent sign, a ConvertError
        common.refuse(str(error))
    if as_json:
        common.print_json(answer.as_dict())
        return
    from pipelines.reports.terminal import show_converted

    typer.echo(show_converted.as_text(answer, common.language(), shutil.get_terminal_size().columns))


@app.command()
def explain(
    facility: Annotated[
        str, typer.Argument(help="施設のIDか名前、事業者ID、city / facility id or name, operator id, city.")
    ],
    fiscal_year: common.YearInWords = None,
    month: Annotated[int | None, typer.Option(min=1, max=12, help="月 / month of that year.")] = None,
    basis: common.Basis = "plan",
    exact: Annotated[
        bool, typer.Option("--exact", help="小数をすべて示す（ふだんは3桁） / all decimals, not three.")
    ] = False,
    cell: Annotated[
        str | None, typer.Option("--cell", help="定期報告書の欄（CSVの cell_id） / a cell of the periodic report.")
    ] = None,
    as_known_at: common.AsKnownAt = None,
    by_receipt: common.ByReceipt = False,
    as_json: common.AsJson = False,
) -> None:
    """数字の根拠をたどる / from the total down to readings, factors, quality, flags, decisions.

    例 / example: facility-emissions explain F009 --fiscal-year 2025 --month 8

    事業者と city は施設ごとの内訳 / of an operator or the city: the sums by facility.
    """
    from pipelines import rounding
    from pipelines.ask.explain import FacilityQuestion, UnknownFacility, explain_subject
    from pipelines.ask.explain import explain as explained
    from pipelines.reports.terminal import show_explanation
    from pipelines.review import counter
    from pipelines.settings.reports import SCREEN
    from pipelines.warehouse import query

    year = common.year_of(fiscal_year)
    if cell is not None:
        report.show_cell(facility, year, cell, as_json=as_json)
        return
    first = None if month is None else date(year + (month < 4), month, 1)
    try:
        with query.opened(common.tables_file(as_known_at, by_receipt=by_receipt)) as connection:
            subject = explain_subject(connection, facility, year, basis) if month is None else None
            told = subject or explained(connection, FacilityQuestion(facility, year, first, basis))
    except (UnknownFacility, query.QueryError) as error:
        common.refuse(str(error))
    if not subject and as_known_at is None:
        told["flags"] = common.review_step(lambda city: counter.brought_up_to_date(city, told["flags"]))
    if as_json:
        common.print_json(told | {"as_known_at": as_known_at, "by_receipt": by_receipt})
    else:
        reports = common.city_folder().settings.reports
        at = f"{as_known_at} --by-receipt" if by_receipt else as_known_at
        with rounding.on_screen(reports.document(SCREEN)):
            if subject:
                show_explanation.subject(common.terminal(), told, at, reports.documents, exact=exact)
            else:
                show_explanation.show(common.terminal(), told, at, reports.sign, reports.documents, exact=exact)


@app.command()
def flags(
    facility: Annotated[
        str | None, typer.Argument(help="この施設（IDか名前）のものだけ / only those of a facility (id or name).")
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="少額などで尋ねないものも / those that are not asked as well.")
    ] = False,
    as_known_at: common.AsKnownAt = None,
    by_receipt: common.ByReceipt = False,
    as_json: common.AsJson = False,
) -> None:
    """要確認事項の一覧（担当は今の番の人） / flags with whose turn it is now, tonnes at stake and state."""
    from pipelines.reports.terminal import show_lists
    from pipelines.review import counter

    found = common.published_rows("flags", None, as_known_at, by_receipt=by_receipt)
    found = _only(found, "flags", facility, lambda row: (str(row["facility_id"]), str(row["name"])))
    if as_known_at is None:
        found = common.review_step(lambda city: counter.brought_up_to_date(city, found))
    if as_json:
        common.print_json(found)
    else:
        show_lists.flags(common.terminal(), found, every=every)


@app.command()
def facilities(
    fiscal_year: common.YearInWords = None,
    verdict: Annotated[
        str | None, typer.Option(help="この判定のものだけ（達成、未達など） / only those of a verdict.")
    ] = None,
    department: Annotated[str | None, typer.Option(help="この所管課のものだけ / only those of a department.")] = None,
    operator: Annotated[
        str | None, typer.Option(help="この事業者（ID）のものだけ / only those of an operator (its id).")
    ] = None,
    as_known_at: common.AsKnownAt = None,
    by_receipt: common.ByReceipt = False,
    as_json: common.AsJson = False,
) -> None:
    """施設と判定の一覧 / facilities with their verdict, by default of the last closed year."""
    from pipelines import rounding
    from pipelines.reports.standing import standing_word
    from pipelines.reports.terminal import show_lists
    from pipelines.settings.reports import SCREEN

    year = common.year_of(fiscal_year)
    found = common.published_rows("facilities", {"year": year}, as_known_at, by_receipt=by_receipt)
    found = _only(found, "--verdict", verdict, standing_word)
    found = _only(found, "--department", department, lambda row: (str(row["department"]),))
    found = _only(found, "--operator", operator, lambda row: (str(row["operator_id"]),))
    if as_json:
        common.print_json(found)
    else:
        reports = common.city_folder().settings.reports
        with rounding.on_screen(reports.document(SCREEN)):
            show_lists.facilities(common.terminal(), found, reports.sign)


def _only(
    rows: list[dict[str, Any]], option: str, wanted: str | None, names: Callable[[dict[str, Any]], Sequence[str]]
) -> list[dict[str, Any]]:
    """Return the rows of one name; a name that no row has is wrong use, told with those there are."""
    if wanted is None:
        return rows
    found = [row for row in rows if wanted.casefold() in {name.casefold() for name in names(row)}]
    if not found and rows:
        known = ", ".join(sorted({names(row)[0] for row in rows}))
        common.refuse(both("none_of_this_name", at=f"{option} {wanted}", known=known))
    return found


@app.command()
def docs(as_json: common.AsJson = False) -> None:
    """係数一覧・算定方法書・結果の頁を書く / write the page of factors, the statement of the method and the pages of results."""
    from pipelines.reports.pages import documents, manual, site
    from pipelines.warehouse.query import QueryError

    city = common.city_folder()
    try:
        written = [*documents.write(city), *manual.write(city).values(), *site.write(city)]
    except QueryError as error:
        common.refuse(str(error))
    if as_json:
        common.print_json(written)
        return
    out = common.terminal()
    for path in written:
        out.line(out.say("docs_written", path=path))


@app.command()
def doctor(
    deep: Annotated[
        bool, typer.Option("--deep", help="保存したものすべてを照合する / verify everything that was kept.")
    ] = False,
    against: Annotated[
        str, typer.Option("--against", help="控えた履歴の頭（--deep、--on とともに） / a head that was noted down.")
    ] = "",
    on: Annotated[str, typer.Option("--on", help="その日付 / the day beside it.")] = "",
    as_json: common.AsJson = False,
) -> None:
    """導入と市のフォルダを点検する / is this installation and this city folder sound, and if not what to do.

    例 / example: facility-emissions doctor --deep --against 1a2b-3c4d-5e6f-7a8b --on 2026-06-15
    """
    from pipelines.reports.terminal import show_lists
    from pipelines.upkeep.doctor import examine

    if bool(against) != bool(on) or (against and not deep):
        common.refuse(both("goes_with_deep_and_on", at="--against"))
    noted = (against, common.day(on, "--on")) if against else None
    found = list(examine(common.chosen.city, common.chosen.data, deep=deep, noted=noted))
    if as_json:
        common.print_json([asdict(one) for one in found])
    elif not show_lists.checkups(common.terminal(), found):
        raise typer.Exit(common.ERROR)
    if any(one.state == "bad" for one in found):
        raise typer.Exit(common.ERROR)


def _begin_anew(reason: str) -> None:
    """Begin a new history where a reason is given; without one, a run refuses where the history is gone."""
    if not reason:
        return
    if not reason.strip():
        common.refuse(both("reason_needed", at="--new-history"))
    from pipelines.history.records import History
    from pipelines.process.recorder import recorder
    from pipelines.run.lock import PATIENCE, run_lock
    from pipelines.upkeep import history as doctor_history

    city = common.city_folder()
    with run_lock(city.data, city.now(), wait=PATIENCE):
        found = doctor_history.lost(city)
        if not found:
            common.refuse(both("nothing_of_history_gone", at="--new-history"))
        History(city.history).begin_anew(city.published, reason.strip(), recorder(), city.now(), found)


def _only_alone(new_history: str, other: str) -> None:
    """Refuse to begin a history anew beside an option that runs for other cities or publishes nothing."""
    if new_history:
        common.refuse(both("not_together_with", at="--new-history", other=other))


def _run_flow(name: str, *, as_json: bool, where: dict[str, Any] | None = None) -> None:
    """Run a flow that is registered under an entry point; this package does not know the flows."""
    from pipelines.cli.nights import run_flow

    given = sys.argv[1 : sys.argv.index(name)] if name in sys.argv else []
    options = "".join(f" {shlex.quote(word)}" for word in given)
    code = run_flow(name, common.city_folder(), common.terminal(), options, where, as_json=as_json)
    raise typer.Exit(code)


def main() -> None:
    """Run the command; whatever goes wrong ends in a sentence on the standard error, never in a traceback."""
    from pipelines.process import ending, streams

    streams.bear_every_sign()
    try:
        _run()
    except SystemExit as end:
        ending.leave(end.code)
        raise


def _run() -> None:
    try:
        app()
    except ActionableError as error:
        common.complain(str(error))
    except OSError as error:
        common.speak()
        what = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        common.complain(both("check_place_rights_disk", what=what))
    except Exception as error:  # the last net: a fault of ours
        common.speak()
        common.unexpected(error)
    else:
        return
    sys.exit(common.ERROR)


if __name__ == "__main__":
    main()
