"""What everything in the terminal is made of: lines, tables, verdicts and their reasons, in Japanese or English."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType
from rich.markup import escape
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from pipelines.findings import explain_reason
from pipelines.registers import spoken
from pipelines.reports.plain_text import pair_lines, visible, wrapped
from pipelines.reports.standing import BY_DEPARTMENT, is_collected, is_its_own, read_as, standing
from pipelines.rounding import rule_of, sign_name
from pipelines.texts import say, verdict_word, word

VERDICT_STYLE = {
    "achieved": "green", "not_achieved": "bold red", "undeterminable": "yellow", "collecting": "yellow", BY_DEPARTMENT: "yellow",
}  # fmt: skip
STATE_STYLE = {"ok": "green", "note": "yellow", "bad": "bold red"}
TABLE_WIDTH = 100  # below it a list is printed in blocks
INDENT = 4
YEARLY_TOTAL = "†"  # in a list, where the words would fill the column


class _Console(Console):
    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=visible(segment.text))


class Terminal:
    """Prints in one language; a narrow terminal wraps, a pipe gets plain text."""

    def __init__(self, language: str, console: Console | None = None) -> None:
        self.language = language
        self.console = console or _Console(highlight=False)

    def say(self, key: str, **numbers: object) -> str:
        """A label of the catalogue in the language of this terminal."""
        return say(key, self.language, **numbers)

    def whose(self, subject_kind: str, subject_id: str) -> str:
        """Whom a target is set for: ``市``, ``所管課 学校教育課``."""
        kind = (
            spoken.usual("targets", "subject_kind").get(subject_kind, subject_kind)
            if self.language == "ja"
            else subject_kind
        )
        return kind if subject_kind == "city" else f"{kind} {subject_id}"

    def line(self, text: str, style: str = "") -> None:
        """Print one line."""
        self.console.print(Text(wrapped(text, self.console.width)), style=style or None)

    def verbatim(self, text: str) -> None:
        """Print text that goes into a file: no line of it may be broken."""
        self.console.print(Text(text), soft_wrap=True)

    def error(self, text: str) -> None:
        """Print an error for the person who must act."""
        self.console.print(Text(text), style="red")

    def indented(self, text: str) -> None:
        """Print a sentence below its heading."""
        for line in wrapped(text, self.console.width - INDENT).split("\n"):
            self.console.print(Text(" " * INDENT + line))

    def table(
        self,
        columns: Sequence[str],
        rows: Iterable[Sequence[Any]],
        *,
        right: frozenset[int] = frozenset(),
        whole: frozenset[int] = frozenset(),
    ) -> None:
        """Any table: headings and rows; some columns at the right, some never broken."""
        table = Table(show_edge=False, pad_edge=False, box=None, padding=(0, 2, 0, 0))
        for number, column in enumerate(columns):
            justify: Literal["left", "right"] = "right" if number in right else "left"
            table.add_column(column, justify=justify, overflow="fold", no_wrap=number in whole)
        for row in rows:
            table.add_row(
                *(cell if isinstance(cell, Text) else escape("" if cell is None else str(cell)) for cell in row)
            )
        self.console.print(table)

    def columns(self, rows: Sequence[Sequence[str | Text]], *, right: frozenset[int] = frozenset()) -> None:
        """Rows in columns without headings, each as wide as it needs to be; two lines a row where they do not fit side by side."""
        widths = [max(map(_wide, column)) for column in zip(*rows, strict=True)]
        fits = sum(widths) + 2 * len(widths) <= self.console.width
        for row in rows:
            line = Text("  ")
            for number, (cell, width) in enumerate(zip(row, widths, strict=True)):
                blank = " " * (width - _wide(cell))
                if number == 1 and not fits:
                    line.rstrip()
                    self.console.print(line)
                    line = Text(" " * INDENT)
                line.append(blank if number in right else "").append(cell).append("" if number in right else blank)
                line.append("  ")
            line.rstrip()
            self.console.print(line)

    def rounding(self, *outputs: str, sign: str = "") -> None:
        """Say by which rules the figures above are rounded, and what the sign of a rate means."""
        told = dict.fromkeys(rule_of(output).sentence(self.language) for output in outputs)
        if sign:
            told[f"{self.say('col_rate')}: {sign_name(sign, self.language)}"] = None
        self.line(
            ("※ " if self.language == "ja" else "* ") + ("。" if self.language == "ja" else "; ").join(told), "dim"
        )

    def verdict(self, result: Mapping[str, Any]) -> Text:
        """The word of a result: 達成 and 未達 only under an adopted target of the subject itself."""
        verdict = read_as(result)
        if verdict is None:
            return Text("-")
        said = verdict_word(verdict, self.language, is_inherited=not is_its_own(result))
        return Text(said, style=VERDICT_STYLE[verdict])

    def reasons(self, reasons: str | None) -> str:
        """Reasons as sentences, one a line."""
        return "\n".join(explain_reason(reason, self.language) for reason in (reasons or "").split(";") if reason)

    def why(self, result: Mapping[str, Any]) -> str:
        """The reasons of a result and its marks; that months are still to come is told with which they are."""
        marks = [word(mark, self.language) for mark in (result.get("method_marks") or "").split(";") if mark]
        return "\n".join(filter(None, [self._reasons_of(result), *marks]))

    def _reasons_of(self, result: Mapping[str, Any]) -> str:
        told = self.reasons(result["reasons"])
        if not is_collected(result):
            return told
        rest = [r for r in (result["reasons"] or "").split(";") if r != "collecting"]
        return "\n".join([standing(result, self.language), *([self.reasons(";".join(rest))] if rest else [])])

    def pairs(self, pairs: Iterable[tuple[str, Any]]) -> None:
        """Label and value, one a line; empty values are left out."""
        for name, value in pair_lines(pairs, self.console.width):
            self.console.print(Text.assemble((name, "dim"), value))


def _wide(cell: str | Text) -> int:
    return cell_len(cell if isinstance(cell, str) else cell.plain)
