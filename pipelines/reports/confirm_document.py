"""The list to confirm as a Word document (A4): what is asked of the 統括者, the fields of the document, its items, their sum.

Takes the list as plain data. The office puts it into its own system of documents; number and day are filled in there or by hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from docx import Document
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from pipelines.ask.to_confirm import Item, ListToConfirm
from pipelines.periods import to_wareki
from pipelines.reports.plain_text import at_stake, visible
from pipelines.texts import letter, word

FONT, LATIN = "MS Mincho", "Century"
PAGE = (Mm(210), Mm(297))
MARGIN = Mm(20)
# key of a column -> its width in mm; together the page without its margins
WIDTHS = {"number": 12, "facility": 54, "stake": 19, "answer": 52, "people": 33}
FIELDS = ("document_no", "decided_on", "confirmer", "drafter", "made_on", "history_head")
FIELD_WIDTHS = (34, 136)
UNBROKEN = "\u2011"  # a hyphen at which no line ends
SHADE = "E8EDF3"


def write(path: Path, told: ListToConfirm) -> None:
    """Write a list as a document."""
    document = Document()
    _page(document)
    document.core_properties.title = _title(told)
    document.core_properties.author = told.city
    document.core_properties.comments = ""
    document.add_heading(_title(told), level=1)
    _fields(document, told)
    known = letter("list_unknown", unknown=told.unknown) if told.unknown else ""
    document.add_paragraph(letter("document_asks", count=len(told.items), stake=at_stake(told.stake), unknown=known))
    _items(document, told)
    document.add_paragraph(letter("document_binds"))
    document.save(str(path))


def _title(told: ListToConfirm) -> str:
    return letter("list_title", city=told.city, fiscal_year=told.fiscal_year)


def _page(document: Any) -> None:  # noqa: ANN401 - python-docx
    """A4 with even margins, Japanese letters everywhere, and the number of each page."""
    section = document.sections[0]
    section.page_width, section.page_height = PAGE
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = MARGIN
    for name, size in (("Normal", 10.5), ("Heading 1", 14)):
        style = document.styles[name]
        style.font.name, style.font.size = LATIN, Pt(size)
        style.font.color.rgb = None
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for mark in [mark for mark in fonts.attrib if mark.endswith("Theme")]:
            del fonts.attrib[mark]
        fonts.set(qn("w:eastAsia"), FONT)
        style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(0), Pt(6)
    foot = section.footer.paragraphs[0]
    foot.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for part in ("PAGE", " / ", "NUMPAGES"):
        _field(foot, part) if part.isalpha() else foot.add_run(part)


def _fields(document: Any, told: ListToConfirm) -> None:  # noqa: ANN401 - python-docx
    known = {
        "confirmer": " ".join(told.confirmer),
        "made_on": to_wareki(told.made_on),
        "history_head": told.history_head or "-",
    }
    table = _table(document, FIELD_WIDTHS)
    for name in FIELDS:
        cells = table.add_row().cells
        _say(cells[0], word(f"document_{name}", "ja"), shade=True)
        _say(cells[1], known.get(name, ""))
    document.add_paragraph()


def _items(document: Any, told: ListToConfirm) -> None:  # noqa: ANN401 - python-docx
    table = _table(document, tuple(WIDTHS.values()))
    head = table.add_row()
    _repeated(head)
    for cell, key in zip(head.cells, WIDTHS, strict=True):
        _say(cell, word(f"document_col_{key}", "ja"), shade=True, at=WD_ALIGN_PARAGRAPH.CENTER)
    for number, item in enumerate(told.items, start=1):
        row = table.add_row()
        _whole(row)
        for cell, (key, lines) in zip(row.cells, _told(number, item).items(), strict=True):
            _say(cell, *lines, at=WD_ALIGN_PARAGRAPH.RIGHT if key in ("number", "stake") else None)
    last = table.add_row()
    _whole(last)
    label = last.cells[0].merge(last.cells[1])
    _say(label, letter("list_sum", count=len(told.items)))
    _say(last.cells[2], at_stake(told.stake), at=WD_ALIGN_PARAGRAPH.RIGHT)
    last.cells[3].merge(last.cells[4])
    document.add_paragraph()


def _told(number: int, item: Item) -> dict[str, Sequence[str]]:
    right = f"{word('list_col_data_are_right', 'ja')}: {item.data_are_right}"
    people = _by(letter("document_answered"), item.answered_by) + _by(letter("document_accepted"), item.accepted_by)
    return {
        "number": (str(number),),
        "facility": (item.facility, item.question, item.flag_id),
        "stake": (at_stake(item.stake),),
        "answer": (item.answer, *([right] if item.data_are_right else [])),
        "people": people,
    }


def _by(step: str, taken: tuple[str, ...]) -> list[str]:
    """Who took a step and when, in two lines; nothing where nobody did."""
    return [f"{step} {taken[2].replace('-', UNBROKEN)}", f"{taken[0]} {taken[1]}"] if taken else []


def _table(document: Any, widths: Sequence[int]) -> Any:  # noqa: ANN401 - python-docx
    table = document.add_table(rows=0, cols=len(widths), style="Table Grid")
    table.alignment, table.autofit = WD_TABLE_ALIGNMENT.CENTER, False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Mm(width)
    return table


def _say(cell: Any, *lines: str, shade: bool = False, at: Any = None) -> None:  # noqa: ANN401 - python-docx
    """Write lines into a cell; what strangers said is text without signs that nobody sees."""
    for number, line in enumerate(lines):
        paragraph = cell.add_paragraph() if number else cell.paragraphs[0]
        paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(1)
        paragraph.alignment = at
        paragraph.add_run(visible(line)).font.size = Pt(9)
    if shade:
        mark = OxmlElement("w:shd")
        mark.set(qn("w:val"), "clear")
        mark.set(qn("w:fill"), SHADE)
        cell._tc.get_or_add_tcPr().append(mark)


def _repeated(row: Any) -> None:  # noqa: ANN401 - python-docx
    """The heading of a table stands on each of its pages."""
    row._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))


def _whole(row: Any) -> None:  # noqa: ANN401 - python-docx
    """A line is not torn between two pages."""
    row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))


def _field(paragraph: Any, code: str) -> None:  # noqa: ANN401 - python-docx
    mark = OxmlElement("w:fldSimple")
    mark.set(qn("w:instr"), code)
    paragraph._p.append(mark)
