"""The command ``sql``: what somebody asks of the published file, as a table, CSV, JSON or Parquet."""

from __future__ import annotations

import io
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli import common
from pipelines.texts import both

if TYPE_CHECKING:
    from pipelines.settings.city import CityFolder
    from pipelines.warehouse.answer import Answer, Bounds

FORMATS = ("table", "csv", "json", "parquet")


def add_to(app: typer.Typer) -> None:
    """Put the command into the command line."""
    app.command()(sql)


def sql(
    statement: Annotated[str, typer.Argument(help="SELECT 文 / one SELECT.")],
    output: Annotated[str, typer.Option("--format", help=", ".join(FORMATS))] = "table",
    for_excel: Annotated[
        bool,
        typer.Option(
            "--for-excel",
            help="Excelで開くCSV。= + - @ などで始まる文字のセルの前に ' を置く / CSV for Excel: no cell of it is a formula.",
        ),
    ] = False,
    as_known_at: common.AsKnownAt = None,
    by_receipt: common.ByReceipt = False,
    as_json: common.AsJson = False,
) -> None:
    """公表ファイルにSQLで問う（読取専用） / read-only SQL on the published file.

    例 / example: facility-emissions sql "SELECT * FROM dictionary WHERE table_name = 'flags'" --format csv

    csv は値をそのまま書きます。Excelで開くなら --for-excel を使ってください: ファイルや台帳から来た文字が数式として動きません。
    / csv gives values as they are; for Excel take --for-excel, where words that came with files cannot run as formulas.

    時間と行数の上限は city.toml の [sql] / its limits of time and rows stand under [sql] in city.toml.
    """
    wanted = "json" if as_json else output
    if wanted not in FORMATS:
        common.refuse(f"--format {output}: {', '.join(FORMATS)}")
    if for_excel and wanted not in ("table", "csv"):
        common.refuse(both("not_together_with", at="--for-excel", other=wanted))
    if wanted == "parquet" and sys.stdout.isatty():
        common.refuse(both("parquet_to_a_file"))
    city = common.city_folder()
    published = common.tables_file(as_known_at, by_receipt=by_receipt)
    _answer(city, published, statement, "excel" if for_excel else wanted)


def _answer(city: CityFolder, published: Path, statement: str, wanted: str) -> None:
    """Ask, and tell an answer that is not whole in a sentence and by the exit code."""
    from pipelines.texts import say
    from pipelines.warehouse import answer, query

    def told(key: str) -> str:
        limits = city.settings.sql
        return say(key, common.language(), seconds=f"{limits.longest_seconds:g}", rows=f"{limits.most_rows:,}")

    with answer.scratch(city) as folder:
        bounds = answer.Bounds.of(city, answer.give_up(lambda: common.complain(told("sql_stopped")), folder))
        try:
            given = _give(published, statement, wanted, bounds, folder)
        except query.QueryError as error:
            common.refuse(str(error))
        except answer.StoppedError:
            common.fail(told("sql_stopped"))
        except answer.TooManyRowsError:
            common.fail(told("sql_too_many"))
    if given is not None and given.is_cut:
        common.fail(told("sql_cut"))


def _give(published: Path, statement: str, wanted: str, bounds: Bounds, folder: Path | None) -> Answer | None:
    """Write the answer to the standard output as it comes."""
    from pipelines.reports.terminal import show_lists
    from pipelines.texts import say
    from pipelines.warehouse import answer, query

    spill = folder and folder / "spill"
    if wanted == "parquet":
        if folder is None:
            with query.opened(published):  # where nothing is published, that is what to tell
                common.fail(say("sql_no_folder", common.language(), folder=published.parent))
        target = folder / "answer.parquet"
        with query.opened(published, target, bounds.memory, spill) as connection:
            answer.write_parquet(connection, statement, bounds, target)
        with target.open("rb") as stream:
            shutil.copyfileobj(stream, sys.stdout.buffer)
        return None
    with query.opened(published, None, bounds.memory, spill) as connection:
        if wanted == "json":
            return answer.write_json(connection, statement, bounds, sys.stdout)
        given = answer.ask(connection, statement, bounds)
        if wanted == "csv":
            answer.write_csv(given, sys.stdout)
        elif wanted == "excel":
            text = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", newline="", write_through=True)
            answer.write_for_excel(given, text)
            text.detach()
        else:
            out = common.terminal()
            for rows in answer.blocks_or_none(given):
                show_lists.answer(out, given.names, rows)
        return given
