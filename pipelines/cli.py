"""The command ``facility-emissions``: each command imports what it needs when it runs, so that small ones are quick."""

from __future__ import annotations

import json
import shlex
import shutil
import sys
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from pipelines import city_file
from pipelines.city_file import CITY_FILE

if TYPE_CHECKING:
    from pipelines.reports.terminal import Terminal
    from pipelines.settings import CityFolder

OK, ERROR, WRONG_USE, HELD_BACK = 0, 1, 2, 3
app = typer.Typer(
    name="facility-emissions",
    help="自治体施設のエネルギーとCO2を毎晩まとめ、目標と照らす / energy and CO2 of a city's facilities, every night.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
review_app = typer.Typer(
    help="要確認事項への回答・承認・確認 / answering, accepting and confirming flags.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(review_app, name="review")

AsJson = Annotated[bool, typer.Option("--json", help="機械向けのJSONで出力 / print JSON.")]


@dataclass(slots=True)
class Chosen:
    """The global options."""

    city: Path
    data: Path | None
    today: date | None
    language: str | None


_chosen = Chosen(Path("sample_data"), None, None, None)


@app.callback()
def options(
    city: Annotated[Path, typer.Option(help="市のフォルダ / city folder.")] = Path("sample_data"),
    data: Annotated[Path | None, typer.Option(help="データフォルダ / data folder.")] = None,
    today: Annotated[str | None, typer.Option(help="基準日 / the day to run for.")] = None,
    lang: Annotated[str | None, typer.Option(help="ja または en / language.")] = None,
) -> None:
    """Take the global options that stand before the command."""
    _chosen.city, _chosen.data, _chosen.language = city, data, lang
    _chosen.today = None if today is None else _day(today, "--today")
    if lang not in (None, "ja", "en"):
        _refuse(f"--lang {lang}: ja / en")


@app.command()
def nightly(as_json: AsJson = False) -> None:
    """夜間処理のすべて / the whole night: reads what is new, judges, flags, checks, publishes.

    例 / example: facility-emissions --city mycity nightly
    """
    _run_flow("nightly", as_json=as_json)


@app.command()
def rebuild(as_json: AsJson = False) -> None:
    """受領済みの記録から作り直す / the same from parsed/, history/, registers and decisions."""
    _run_flow("rebuild", as_json=as_json)


@app.command()
def parse(
    file: Annotated[Path, typer.Argument(help="ファイル / a file.")],
    layout: Annotated[str, typer.Option(help="様式 / layout.")] = "",
    as_json: AsJson = False,
) -> None:
    """ファイルの読み方を見る（何も書かない） / show how one file is read; writes nothing.

    例 / example: facility-emissions parse inbox/power/2025-05.csv
    """
    from pipelines.reports import show_parsed
    from pipelines.sources import show

    if not file.is_file():
        _refuse(f"{file}: ファイルがありません / no such file")
    told = show.show(file, layout)
    if as_json:
        _print_json(told)
    else:
        show_parsed.show(_terminal(), told)
    if told["problem"]:
        raise typer.Exit(ERROR)


@app.command()
def convert(
    quantity: Annotated[str, typer.Argument(help="数量 / quantity, e.g. 1.5")],
    unit: Annotated[str, typer.Argument(help="単位 / unit, e.g. kL")],
    energy_type: Annotated[str, typer.Argument(help="エネルギー種別 / energy type, e.g. kerosene")],
    on: Annotated[str, typer.Option("--on", help="使用日 / day of use.")],
    basis: Annotated[str, typer.Option(help="plan, shk_basic, shk_adjusted")] = "plan",
    supplier: Annotated[str | None, typer.Option(help="供給事業者の番号または名称 / supplier.")] = None,
    menu: Annotated[str | None, typer.Option(help="メニュー・残差・代替値 / menu.")] = None,
    as_json: AsJson = False,
) -> None:
    """一つの数量を換算する / convert one quantity: energy, crude oil, CO2, factor, edition, source.

    例 / example: facility-emissions convert 1.5 kL kerosene --on 2024-05-01
    """
    from pipelines.convert import ConvertError
    from pipelines.convert import convert as run

    folder = _chosen.city if (_chosen.city / CITY_FILE).is_file() else None
    try:
        amount = Decimal(quantity)
        answer = run(amount, unit, energy_type, _day(on, "--on"), basis, supplier, menu, folder)
    except InvalidOperation:
        _refuse(f"{quantity}: 数値として読めません / not a number")
    except ConvertError as error:
        _refuse(str(error))
    if as_json:
        _print_json(answer.as_dict())
        return
    from pipelines.reports import show_converted

    typer.echo(show_converted.as_text(answer, _language(), shutil.get_terminal_size().columns))


@app.command()
def explain(
    facility: Annotated[str, typer.Argument(help="施設ID / facility id.")],
    fiscal_year: Annotated[int, typer.Option("--fiscal-year", help="年度 / fiscal year.")],
    month: Annotated[int | None, typer.Option(min=1, max=12, help="月 / month of that year.")] = None,
    basis: Annotated[str, typer.Option(help="plan, shk_basic, shk_adjusted")] = "plan",
    as_json: AsJson = False,
) -> None:
    """数字の根拠をたどる / from the total down to readings, factors, quality, flags, decisions.

    例 / example: facility-emissions explain F009 --fiscal-year 2025 --month 8
    """
    from pipelines.reports import explain as reader
    from pipelines.reports import show_explanation
    from pipelines.warehouse import query

    first = None if month is None else date(fiscal_year + (month < 4), month, 1)
    try:
        with query.opened(_city().published) as connection:
            told = reader.explain(connection, reader.Question(facility, fiscal_year, first, basis))
    except (reader.UnknownFacility, query.QueryError) as error:
        _refuse(str(error))
    if as_json:
        _print_json(told)
    else:
        show_explanation.show(_terminal(), told)


@app.command()
def flags(as_json: AsJson = False) -> None:
    """要確認事項の一覧 / flags with owner, tonnes at stake and state."""
    from pipelines.reports import lists

    found = _published_rows(lists.FLAGS)
    if as_json:
        _print_json(found)
    else:
        _terminal().flags(found)


@app.command()
def facilities(
    fiscal_year: Annotated[int | None, typer.Option("--fiscal-year", help="年度 / fiscal year.")] = None,
    as_json: AsJson = False,
) -> None:
    """施設と判定の一覧 / facilities with their verdict, by default of the last closed year."""
    from pipelines.periods import fiscal_year as year_of
    from pipelines.reports import lists

    year = fiscal_year or year_of(_city().today) - 1
    found = _published_rows(lists.FACILITIES, {"year": year})
    if as_json:
        _print_json(found)
    else:
        _terminal().facilities(found)


@app.command()
def posts(as_json: AsJson = False) -> None:
    """役職と選任の一覧 / posts of the Act and of the city's own rule, vacant ones marked."""
    from pipelines.reports import lists

    found = _published_rows(lists.POSTS)
    if as_json:
        _print_json(found)
    else:
        _terminal().posts(found)


@app.command()
def sql(
    statement: Annotated[str, typer.Argument(help="SELECT 文 / one SELECT.")],
    output: Annotated[str, typer.Option("--format", help="table, csv, json, parquet")] = "table",
    as_json: AsJson = False,
) -> None:
    """公表ファイルにSQLで問う（読取専用） / read-only SQL on the published file.

    例 / example: facility-emissions sql "SELECT * FROM dictionary WHERE table_name = 'flags'" --format csv
    """
    from pipelines.warehouse import query

    published = _city().published
    wanted = "json" if as_json else output
    try:
        if wanted == "parquet":
            if sys.stdout.isatty():
                _refuse("parquet はファイルへ: ... --format parquet > answer.parquet / redirect it to a file")
            sys.stdout.buffer.write(query.as_parquet(published, statement))
            return
        with query.opened(published) as connection:
            if wanted == "json":
                typer.echo(query.as_json(connection, statement))
                return
            names, rows = query.select(connection, statement)
    except query.QueryError as error:
        _refuse(str(error))
    if wanted == "csv":
        typer.echo(query.as_csv(names, rows), nl=False)
    elif wanted == "table":
        _terminal().answer(names, rows)
    else:
        _refuse(f"--format {output}: table, csv, json, parquet")


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """導入と市のフォルダを点検する / is this installation and this city folder sound, and if not what to do."""
    from pipelines import doctor as surgery

    found = list(surgery.examine(_chosen.city, _chosen.data))
    if as_json:
        _print_json([asdict(one) for one in found])
    elif not _terminal().checkups(found):
        raise typer.Exit(ERROR)
    if any(one.state == "bad" for one in found):
        raise typer.Exit(ERROR)


@review_app.command("list")
def review_list(
    state: Annotated[str | None, typer.Option(help="open, answered, accepted, returned, confirmed")] = None,
    as_json: AsJson = False,
) -> None:
    """要確認事項を今の状態で一覧する / flags with their state now, decisions since the last night included."""
    from pipelines.review import counter

    found = counter.listed(_city(), state)
    if as_json:
        _print_json(found)
    elif found:
        _terminal().flags(found)
    else:
        _terminal().line(_terminal().say("review_none"))


@review_app.command("answer")
def review_answer(
    flag: Annotated[str, typer.Argument(help="要確認事項ID（先頭だけでもよい） / flag id or its beginning.")],
    by: Annotated[str, typer.Option("--by", help="担当者ID / person id.")],
    text: Annotated[str, typer.Option("--text", help="回答 / the answer.")],
    data_are_right: Annotated[
        bool, typer.Option("--data-are-right", help="データは正しい / the data are right.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """回答する / answer a flag.

    例 / example: facility-emissions review answer 3f2a --by P604 --text "検針票を確認中" --data-are-right
    """
    from pipelines.review import counter

    _review(lambda: [counter.answer(_city(), flag, by, text, data_are_right=data_are_right)], as_json=as_json)


@review_app.command("accept")
def review_accept(
    flag: Annotated[str, typer.Argument()],
    by: Annotated[str, typer.Option("--by")],
    text: Annotated[str, typer.Option("--text")] = "",
    as_json: AsJson = False,
) -> None:
    """承認する / accept an answer."""
    from pipelines.review import counter

    _review(lambda: [counter.judge(_city(), flag, "accept", by, text)], as_json=as_json)


@review_app.command("return")
def review_return(
    flag: Annotated[str, typer.Argument()],
    by: Annotated[str, typer.Option("--by")],
    text: Annotated[str, typer.Option("--text")],
    as_json: AsJson = False,
) -> None:
    """差し戻す / return an answer with the reason."""
    from pipelines.review import counter

    _review(lambda: [counter.judge(_city(), flag, "return", by, text)], as_json=as_json)


@review_app.command("confirm")
def review_confirm(
    by: Annotated[str, typer.Option("--by", help="統括者のID / person id of the 統括者.")],
    on: Annotated[str, typer.Option("--on", help="決裁日 / date.")],
    document: Annotated[str, typer.Option("--document", help="文書番号 / document number.")],
    fiscal_year: Annotated[int, typer.Option("--fiscal-year", help="年度 / fiscal year.")],
    as_json: AsJson = False,
) -> None:
    """承認済みの一覧を確認（決裁）する / confirm the list of accepted flags of a fiscal year."""
    from pipelines.review import counter

    _review(lambda: counter.confirm(_city(), by, _day(on, "--on"), document, fiscal_year), as_json=as_json)


def _review(step: Any, *, as_json: bool) -> None:  # noqa: ANN401 - a step of the review
    from pipelines.findings import word
    from pipelines.review.desk import StepError
    from pipelines.warehouse.query import QueryError

    try:
        taken = step()
    except (StepError, QueryError) as error:
        _fail(str(error))
    if as_json:
        _print_json([asdict(decision) for decision in taken])
        return
    out = _terminal()
    for decision in taken:
        told = {
            "flag": decision.flag_id[:8],
            "step": word(decision.step, out.language),
            "post": decision.post,
            "person": decision.person_id,
        }
        out.line(out.say("review_done", **told))
    if not taken:
        out.line(out.say("review_none"))


def _run_flow(name: str, *, as_json: bool) -> None:
    """Run a flow that is registered under an entry point; this package does not know the flows."""
    from pipelines.night_command import run_flow

    given = sys.argv[1 : sys.argv.index(name)] if name in sys.argv else []
    options = "".join(f" {shlex.quote(word)}" for word in given)
    raise typer.Exit(run_flow(name, _city(), _terminal(), options, as_json=as_json))


def _city() -> CityFolder:
    from pipelines.settings import CityFolder

    return CityFolder(_chosen.city, _chosen.data, _chosen.today)


def _terminal() -> Terminal:
    from pipelines.reports.terminal import Terminal

    return Terminal(_language())


def _language() -> str:
    return _chosen.language or city_file.language(_chosen.city)


def _published_rows(statement: str, parameters: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    from pipelines.warehouse import query

    try:
        with query.opened(_city().published) as connection:
            cursor = connection.execute(statement, parameters)
            names = [column[0] for column in cursor.description or []]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    except query.QueryError as error:
        _fail(str(error))


def _day(text: str, name: str) -> date:
    from pipelines.periods import PeriodError, parse_date

    try:
        return parse_date(text)
    except PeriodError as error:
        _refuse(f"{name}: {error}")


def _print_json(value: Any) -> None:  # noqa: ANN401 - plain values
    typer.echo(json.dumps(value, ensure_ascii=False, default=str, indent=1))


def _refuse(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(WRONG_USE)


def _fail(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(ERROR)


def main() -> None:
    """Run the command; errors that a person can act on are printed without a traceback."""
    try:
        app()
    except (ValueError, RuntimeError, OSError) as error:
        if type(error).__name__ in ACTIONABLE:
            typer.echo(str(error), err=True)
            sys.exit(ERROR)
        raise


# Errors whose message is written for the person who must act.
ACTIONABLE = frozenset(
    {"SettingsError", "RegisterError", "AlreadyRunning", "StageError", "NotEvaluated", "PeriodError"}
)
