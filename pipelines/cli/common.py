"""What the commands share: the global options, the city they name, how they print and how they end."""

from __future__ import annotations

import json
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn, TypeVar

import typer

from pipelines import tables, texts
from pipelines.settings import city_file
from pipelines.texts import both

if TYPE_CHECKING:
    from pipelines.reports.terminal.look import Terminal
    from pipelines.settings.city import CityFolder

    BasisWord = str
else:
    BasisWord = Literal[tables.words("basis")]

Told = TypeVar("Told")
OK, ERROR, WRONG_USE, HELD_BACK = 0, 1, 2, 3
UNEXPECTED = "予期しない誤りです"
AsJson = Annotated[bool, typer.Option("--json", help="機械向けのJSONで出力 / print JSON.")]
FiscalYear = Annotated[int, typer.Option("--fiscal-year", help="年度 / fiscal year.", min=1990, max=2100)]
YearInWords = Annotated[
    str | None,
    typer.Option(
        "--fiscal-year",
        help="年度（2025、令和7、R7。省略は終わった年度） / fiscal year; without: the last that is over.",
    ),
]
Basis = Annotated[BasisWord, typer.Option(help="算定の基準 / basis.")]
AsKnownAt = Annotated[
    str | None,
    typer.Option(
        "--as-known-at", help="この日時に把握していた内容で（例 2026-04-01 09:00） / as known at a local time."
    ),
]
NewHistory = Annotated[
    str,
    typer.Option(
        "--new-history",
        help="履歴が失われ控えもないとき、理由を記して新しい履歴を始める / begin a new history, with the reason.",
    ),
]
ByReceipt = Annotated[
    bool,
    typer.Option(
        "--by-receipt",
        help="--as-known-at とともに: 把握していたものではなく受領していたもので / what had been received, not known.",
    ),
]

# days a night can be run for: outside them a fiscal year or a day before is no date
YEARS = range(1990, 2100)


@dataclass(slots=True)
class Chosen:
    """The global options."""

    city: Path
    data: Path | None
    today: date | None
    language: str | None


chosen = Chosen(Path("sample_data"), None, None, None)


def year_of(text: str | None) -> int:
    """Return the fiscal year that is meant: ``2025``, ``令和7年度``, ``R7``; without one the last that is over."""
    from pipelines.periods import PeriodError, fiscal_year, parse_fiscal_year

    if text is None:
        return fiscal_year(city_folder().today) - 1
    try:
        year = parse_fiscal_year(text)
    except PeriodError as error:
        refuse(f"--fiscal-year {text}: {error}")
    if year not in YEARS:
        refuse(both("fiscal_year_of_these", at=f"--fiscal-year {text}", first=YEARS[0], last=YEARS[-1]))
    return year


def city_folder() -> CityFolder:
    """Return the city folder that the global options name."""
    from pipelines.settings.city import CityFolder

    return CityFolder(chosen.city, chosen.data, chosen.today)


def is_city() -> bool:
    """Tell whether the folder that the global options name is a city at all."""
    return (chosen.city / city_file.CITY_FILE).is_file()


def terminal() -> Terminal:
    """Return where to print, in the language asked for."""
    from pipelines.reports.terminal.look import Terminal

    return Terminal(language())


def speak() -> None:
    """Tell everything from here on in the language asked for."""
    texts.speak(language())


def language() -> str:
    """Return ``ja`` or ``en``: as asked for, else as the city's settings say."""
    return chosen.language or city_file.language(chosen.city)


def tables_file(as_known_at: str | None = None, *, by_receipt: bool = False) -> Path:
    """Return the published file, or the file with the tables as known on a past moment (built where needed)."""
    if as_known_at is None:
        if by_receipt:
            refuse(both("goes_with_as_known_at", at="--by-receipt"))
        return city_folder().published
    from pipelines.periods import PeriodError, parse_moment
    from pipelines.run import past
    from pipelines.run.inputs import Unknown
    from pipelines.texts import say

    try:
        moment = parse_moment(as_known_at)
        if by_receipt:
            typer.echo(say("by_receipt", language(), at=as_known_at), err=True)
            first = past.first_seen(city_folder())
            if first is not None and moment < first:
                typer.echo(say("before_first_seen", language(), first=first), err=True)
        return past.file(city_folder(), moment, chosen.today, by_receipt=by_receipt)
    except PeriodError as error:
        refuse(f"--as-known-at: {error}")
    except Unknown as error:
        fail(f"--as-known-at: {error}")


def published_rows(
    name: str,
    parameters: dict[str, Any] | None = None,
    as_known_at: str | None = None,
    *,
    by_receipt: bool = False,
) -> list[dict[str, Any]]:
    """Return what a SELECT of ``pipelines/ask/select`` finds in the published file; ends the command where there is none."""
    from pipelines.ask import select
    from pipelines.warehouse import query

    try:
        with query.opened(tables_file(as_known_at, by_receipt=by_receipt)) as connection:
            return select.rows(connection, name, parameters)
    except query.QueryError as error:
        fail(str(error))


def file_to_write(path: Path) -> Path:
    """Return the path of a file that a command is to write; one that is a folder, or nothing, is wrong use."""
    if path.is_dir():
        refuse(both("is_a_folder", at=path))
    return path


def review_step(step: Callable[[CityFolder], Told]) -> Told:
    """Return what a step of the review gives for the city; ends the command where it cannot be taken."""
    from pipelines.errors import ActionableError

    try:
        return step(city_folder())
    except ActionableError as error:
        fail(str(error))


def day(text: str, name: str) -> date:
    """Read a date of an option; ends the command where it is none."""
    from pipelines.periods import PeriodError, parse_date

    try:
        return parse_date(text)
    except PeriodError as error:
        refuse(f"{name}: {error}")


def print_json(value: Any) -> None:  # noqa: ANN401 - plain values
    """Print plain values for machines."""
    typer.echo(json.dumps(value, ensure_ascii=False, default=str, indent=1))


def complain(message: str) -> None:
    """Tell what is wrong, on the standard error."""
    from pipelines.reports.plain_text import visible

    typer.echo(visible(message), err=True)


def unexpected(error: Exception) -> None:
    """Tell a fault of the program itself in a sentence; its details are kept in a file for those who can mend it."""
    with tempfile.NamedTemporaryFile("w", prefix="facility-emissions-", suffix=".log", delete=False) as stream:
        stream.writelines(traceback.format_exception(error))
    path = stream.name
    what = f"{type(error).__name__}: {error}".splitlines()[0]
    complain(both("fault_of_the_program", what=what, path=path))


def refuse(message: str) -> NoReturn:
    """End the command: it was used wrongly."""
    complain(message)
    raise typer.Exit(WRONG_USE)


def fail(message: str) -> NoReturn:
    """End the command: it could not be done."""
    complain(message)
    raise typer.Exit(ERROR)
