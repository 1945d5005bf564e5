"""The workbook that says how each register is filled (台帳の書き方.xlsx), made from the catalogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipelines.reports import workbook
from pipelines.texts import label

NAME = "台帳の書き方.xlsx"
COLUMNS = ("heading", "needed", "meaning", "written", "example", "also", "column")
WIDTHS = (22, 8, 48, 44, 24, 30, 22)


def write(path: Path, guides: Sequence[Mapping[str, Any]], language: str = "ja") -> None:
    """Write a sheet per register: its columns, what they mean, what may stand there, an example."""
    with workbook.written(path) as book:
        head = book.add_format({"bold": True, "bg_color": "#e8f1fe", "border": 1, "text_wrap": True, "valign": "top"})
        cell = book.add_format({"text_wrap": True, "valign": "top", "border": 1})
        title = book.add_format({"bold": True, "font_size": 13})
        for guide in guides:
            sheet = book.add_worksheet(guide["register"])
            needed = label("register_needed" if guide["is_needed"] else "register_optional", language)
            sheet.write(0, 0, f"{guide['register']}.csv: {guide[f'grain_{language}']} ({needed})", title)
            sheet.write_row(1, 0, [label(f"guide_{column}", language) for column in COLUMNS], head)
            for number, column in enumerate(guide["columns"], start=2):
                sheet.write_row(number, 0, row(column, language), cell)
            for number, width in enumerate(WIDTHS):
                sheet.set_column(number, number, width)
            sheet.freeze_panes(2, 1)
            sheet.set_landscape()
            sheet.fit_to_pages(1, 0)


def row(column: Mapping[str, Any], language: str) -> list[str]:
    """Return a column of a register as the cells of a table."""
    kind = label(f"kind_{column['kind'].lower()}", language)
    words = "、".join(each["written"] for each in column["words"]) or kind
    unit = f" [{column['unit']}]" if column["unit"] else ""
    return [
        column["heading"],
        label("guide_yes", language) if column["is_needed"] else "",
        f"{column[f'meaning_{language}']}{unit}",
        words,
        column["example"],
        "、".join(column["also"]),
        column["column"],
    ]
