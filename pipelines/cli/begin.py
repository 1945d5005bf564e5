"""The commands to begin with: ``init`` makes a city folder, ``registers`` says what its registers hold, ``start`` what is still missing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from pipelines.cli import common
from pipelines.texts import both


def add_to(app: typer.Typer) -> None:
    """Put the commands into the command line."""
    app.command()(init)
    app.command()(registers)
    app.command()(start)
    app.command()(manual)


def init(
    folder: Annotated[Path, typer.Argument(help="新しい市のフォルダ / the new city folder.", metavar="DIR")],
    name: Annotated[str, typer.Option(help="市の名前 / name of the city.")] = "",
    as_json: common.AsJson = False,
) -> None:
    """新しい市のフォルダを作る / make a city folder to begin with: settings, registers with examples, inbox.

    例 / example: facility-emissions init 見本市 --name 見本市
    """
    from pipelines.ask import register_guide
    from pipelines.registers import new_city
    from pipelines.reports import registers_book

    try:
        made = new_city.make(folder, name or folder.resolve().name)
        book = folder / registers_book.NAME
        registers_book.write(book, [register_guide.guide(each) for each in register_guide.names()])
    except new_city.FolderInUseError as error:
        common.refuse(str(error))
    except OSError as error:
        common.refuse(f"{folder}: {error.strerror or error}")
    if as_json:
        common.print_json({"city": folder, "files": [*made, book]})
        return
    out = common.terminal()
    out.line(out.say("init_made", folder=folder), "bold")
    for step in ("registers", "city", "inbox", "nightly"):
        out.line(out.say(f"init_{step}", folder=folder, book=book.name))


def registers(
    name: Annotated[str, typer.Argument(help="台帳の名前 / a register.", metavar="[NAME]")] = "",
    as_json: common.AsJson = False,
) -> None:
    """台帳の列・意味・使える語・記入例 / the columns of a register: meaning, words, whether needed, an example.

    例 / example: facility-emissions registers meters
    """
    from pipelines.ask import register_guide
    from pipelines.registers import spoken
    from pipelines.reports.terminal import show_registers

    known = register_guide.names()
    meant = spoken.register(name)
    if name and meant not in known:
        common.refuse(both("no_such_register", at=name, known=", ".join(known)))
    chosen = [register_guide.guide(each) for each in ([meant] if name else known)]
    if as_json:
        common.print_json(chosen[0] if name else chosen)
    elif name:
        show_registers.one(common.terminal(), chosen[0])
    else:
        show_registers.every(common.terminal(), chosen)


def start(
    fiscal_year: Annotated[
        int | None,
        typer.Option(
            "--fiscal-year", help="年度（省略は前年度） / fiscal year; last year without.", min=1990, max=2100
        ),
    ] = None,
    as_json: common.AsJson = False,
) -> None:
    """判定が出るまでに足りないもの / what still keeps each facility from a verdict, and the line to write.

    例 / example: facility-emissions --city mycity start
    """
    from pipelines.ask import checklist, factors, loose_ends
    from pipelines.findings import rules
    from pipelines.periods import fiscal_year as year_of
    from pipelines.reference import contract_names
    from pipelines.registers import checks, read
    from pipelines.reports.terminal import show_checklist
    from pipelines.review import counter
    from pipelines.sources.arrive import inbox
    from pipelines.warehouse.query import QueryError

    city = common.city_folder()
    out = common.terminal()
    beside: dict[str, Any] = {"waiting": inbox.waiting(city)} | loose_ends.gather(city.settings, city.registers)
    if not city.published.is_file():
        try:
            found = read.read(city.registers, checks.of_city(city.settings))
        except read.RegisterError as error:
            common.refuse(str(error))
        empty = [name for name in read.REQUIRED if not found[name]]
        if as_json:
            common.print_json({"published": False, "empty_registers": empty} | beside)
            return
        for name in empty:
            out.line(out.say("start_empty_register", name=name), "yellow")
        with factors.opened(city.folder, city.history) as connection:
            for finding in contract_names.findings(connection):
                out.line(rules()[finding.rule_id].sentence(out.language, finding.numbers), "yellow")
        show_checklist.waiting(out, beside["waiting"])
        show_checklist.loose_ends(out, beside)
        out.line(out.say("start_first_night"))
        return
    try:
        states = {flag["flag_id"]: flag["state"] for flag in counter.listed(city, None)}
        told = checklist.gather(city.published, fiscal_year or year_of(city.today) - 1, states) | beside
    except QueryError as error:
        common.refuse(str(error))
    if as_json:
        common.print_json(told)
    else:
        show_checklist.show(out, told, city.settings.city.name)


def manual(as_json: common.AsJson = False) -> None:
    """手引きを頁として書き出す / write the manual as pages: office, analysts, operators.

    例 / example: facility-emissions --city mycity manual
    """
    from pipelines.reports.pages import manual as pages

    made = pages.write(common.city_folder())
    if as_json:
        common.print_json({"pages": list(made.values())})
        return
    out = common.terminal()
    for title, path in made.items():
        out.line(f"{title}: {path}")
