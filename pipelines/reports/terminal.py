"""What people see in the terminal, in Japanese or English: summaries, lists, explanations. Plain data in, text out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any, Literal

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from pipelines.findings import collecting_text, explain_reason, word
from pipelines.reports.layout import pair_lines, percent, tonnes, visible, wrapped
from pipelines.reports.words import label
from pipelines.rounding import CHANGE_NEGATIVE, change_rate, pair, rate_text, rule_of, sign_name

VERDICT_STYLE = {"achieved": "green", "not_achieved": "bold red", "undeterminable": "yellow", "collecting": "yellow"}
SEVERITY_STYLE = {"error": "bold red", "warning": "yellow", "info": "cyan"}
STATE_STYLE = {"ok": "green", "note": "yellow", "bad": "bold red"}
TOP_FLAGS = 12
TOP_HELD = 5
TOP_UNKNOWN = 3
INDENT = 4
INHERITED = "*"  # in a list, where the words would fill the column
READABLE = 12  # a narrower column breaks words and numbers


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
        return label(key, self.language).format(**numbers)

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
        self.console.print(Padding(Text(wrapped(text, self.console.width - INDENT)), (0, 0, 0, INDENT)))

    # ------------------------------------------------------------------ the night

    def night(self, outcome: dict[str, Any], city_name: str, published: str, page: str, options: str = "") -> None:
        """The closing summary of a night; ``options`` are the global options that a next command needs too."""
        title = self.say("night_title", city=city_name, today=outcome["today"])
        self.console.print(Text(title, style="bold"))
        for check in outcome["failed_checks"]:
            label_of = "night_check_not_run" if check["problem"] else "night_check_failed"
            self.line(self.say(label_of, meaning=check[self.language], **check), "bold red")
        for notice in outcome["notices"]:
            self.line(notice[self.language], "yellow")
        if outcome["verdict_changes"]:
            from pipelines.reports import show_past

            show_past.verdicts(self, outcome["verdict_changes"], show_past.MOST_VERDICTS)
        if outcome["nothing_new"]:
            self.line(self.say("nothing_new"))
            self._head(outcome)
            return
        counts = outcome["counts"]
        self.line(self.say("night_files", new=outcome["files_new"], total=outcome["files_total"]))
        self.line(self.say("night_rows", **{name: f"{value:,}" for name, value in counts.items()}))
        for problem in outcome["file_problems"]:
            self.line(f"  {problem['path']}", "yellow")
            self.indented(problem[self.language])
        self.held(outcome["held_back"])
        for row in outcome["unknown"][:TOP_UNKNOWN]:
            self.line(f"  {self.say('inbox_unknown', **row)}", "yellow")
            self.indented(row["proposal"])
        verdicts = " / ".join(
            f"{word(v, self.language)} {outcome['verdicts'].get(v, 0)}"
            for v in ("achieved", "not_achieved", "undeterminable", "collecting")
            if v != "collecting" or v in outcome["verdicts"]
        )
        self.line(self.say("night_verdicts", year=outcome["year"], verdicts=verdicts))
        if outcome["changes"]:
            from pipelines.reports import show_past

            self.line(show_past.summary(self, outcome["changes"]))
        self.flags(outcome["flags"], TOP_FLAGS)
        self.line(self.say("night_published", path=published))
        self.line(self.say("night_page", path=page))
        self._head(outcome)
        if outcome["page_problem"]:
            self.line(self.say("page_problem", why=outcome["page_problem"]), "yellow")
        if outcome["flags"]:
            first = outcome["flags"][0]
            self.line(
                self.say("night_next", options=options, facility=first["facility_id"], year=outcome["year"]), "dim"
            )

    def _head(self, outcome: dict[str, Any]) -> None:
        """The head of the history, to be copied to where nobody can change it."""
        if outcome.get("history_head"):
            self.line(self.say("night_head", head=outcome["history_head"], on=outcome["history_head_on"]), "dim")

    def held(self, values: Sequence[dict[str, Any]]) -> None:
        """Values in quarantine, the latest first: where they stand, what was written, what to do; a line's own once."""
        lines = [list(same) for _, same in groupby(values, lambda v: (v["path"], v["line"], v[self.language]))]
        for first, *others in lines[:TOP_HELD]:
            column = f"{first['column']} … {others[-1]['column']}" if others else first["column"]
            self.line(f"  {first['path']} {self.say('line', line=first['line'], column=column)}", "yellow")
            self.indented(first[self.language])
        if more := sum(len(same) for same in lines[TOP_HELD:]):
            self.line(self.say("more_held", count=more), "dim")

    def held_back(self, broken: dict[str, int]) -> None:
        """Tell that an invariant of ours is broken and the old file stays."""
        self.error(self.say("held_back"))
        for name, rows in broken.items():
            self.error(f"  {name}: {rows}")

    def flags(self, flags: Sequence[dict[str, Any]], most: int | None = None) -> None:
        """A list of flags, the gravest first; at most ``most`` of them, and how many more there are."""
        facilities = len({flag["facility_id"] for flag in flags})
        self.console.print(Text(self.say("flags_title", flags=len(flags), facilities=facilities), style="bold"))
        for flag in flags[:most]:
            mark = Text("● ", style=SEVERITY_STYLE.get(flag["severity"], ""))
            head = f"{flag['facility_id']} {flag['name']}"
            state = word(flag["state"], self.language)
            rest = f"  {tonnes(flag['stake'])}  {flag['owner'] or '-'}  {state}  {flag['flag_id'][:8]}"
            self.console.print(Text.assemble(mark, (head, "bold"), (rest, "dim")))
            self.indented(flag[self.language])
        if most is not None and len(flags) > most:
            self.line(self.say("more", count=len(flags) - most), "dim")
        if flags:
            self.rounding("emissions")

    # ------------------------------------------------------------------ lists

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

    def answer(self, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """The answer to a question in SQL: a table, or one block a row where the columns do not fit side by side."""
        cells = [["NULL" if cell is None else str(cell) for cell in row] for row in rows]
        needed = sum(
            2 + max(cell_len(column), *(min(cell_len(row[n]), READABLE) for row in cells), 0)
            for n, column in enumerate(columns)
        )
        if needed <= self.console.width:
            self.table(columns, cells)
            return
        for row in cells:
            self.pairs(zip(columns, row, strict=True))
            self.line("")

    def facilities(self, rows: Sequence[dict[str, Any]], sign: str = CHANGE_NEGATIVE) -> None:
        """Facilities with their last closed year; ``sign``: the convention for the change against the base year."""
        columns = [
            self.say(key)
            for key in (
                "col_id",
                "col_facility",
                "col_department",
                "col_verdict",
                "col_actual",
                "col_allowed",
                "col_rate",
                "col_coverage",
                "col_reasons",
            )
        ]
        self.table(
            columns,
            (
                (
                    r["facility_id"],
                    r["name"],
                    r["department"],
                    self.verdict("collecting" if is_collected(r) else r["verdict"])
                    + (INHERITED if r["is_inherited"] else ""),
                    *actual_and_allowed(r),
                    rate_text(change_against_base(r), rule_of("rate"), sign),
                    percent(r["coverage"]),
                    self.why(r),
                )
                for r in rows
            ),
            right=frozenset({4, 5, 6, 7}),
            whole=frozenset({0, 3}),
        )
        if any(r["is_inherited"] for r in rows):
            self.line(INHERITED + self.say("inherited_means"), "dim")
        self.rounding("emissions", "rate", "coverage", sign=sign)

    def rounding(self, *outputs: str, sign: str = "") -> None:
        """Say by which rules the figures above are rounded, and what the sign of a rate means."""
        told = dict.fromkeys(rule_of(output).sentence(self.language) for output in outputs)
        if sign:
            told[f"{self.say('col_rate')}: {sign_name(sign, self.language)}"] = None
        self.line(
            ("※ " if self.language == "ja" else "* ") + ("。" if self.language == "ja" else "; ").join(told), "dim"
        )

    def posts(self, rows: Sequence[dict[str, Any]]) -> None:
        """Posts by facility, vacant ones marked."""
        columns = [self.say(key) for key in ("col_facility", "col_post", "col_person")]
        vacant = Text(self.say("vacant"), style="bold red")
        self.table(
            columns,
            (
                (f"{r['facility_id']} {r['facility_name']}", post_text(r), vacant if r["is_vacant"] else holder_text(r))
                for r in rows
            ),
        )

    def verdict(self, verdict: str | None, is_inherited: bool = False) -> Text:
        """A verdict with its mark."""
        if verdict is None:
            return Text("-")
        mark = f"（{word('inherited', self.language)}）" if is_inherited else ""
        return Text(word(verdict, self.language) + mark, style=VERDICT_STYLE[verdict])

    def reasons(self, reasons: str | None) -> str:
        """Reasons as sentences, one a line."""
        return "\n".join(explain_reason(reason, self.language) for reason in (reasons or "").split(";") if reason)

    def why(self, result: Mapping[str, Any]) -> str:
        """The reasons of a result; that months are still to come is told with which they are."""
        told = self.reasons(result["reasons"])
        if not is_collected(result):
            return told
        rest = [r for r in (result["reasons"] or "").split(";") if r != "collecting"]
        return "\n".join([standing(result, self.language), *([self.reasons(";".join(rest))] if rest else [])])

    # ------------------------------------------------------------------ one thing

    def pairs(self, pairs: Iterable[tuple[str, Any]]) -> None:
        """Label and value, one a line; empty values are left out."""
        for name, value in pair_lines(pairs, self.console.width):
            self.console.print(Text.assemble((name, "dim"), value))

    def checkups(self, found: Iterable[Any]) -> bool:
        """What doctor found; returns whether all is well."""
        well = True
        for one in found:
            what = one.what_ja if self.language == "ja" else one.what_en
            mark = self.say(f"state_{one.state}")
            self.console.print(Text.assemble((f"{mark} ", STATE_STYLE[one.state]), (f"{what}: ", "bold"), one.detail))
            if one.remedy:
                self.line(f"    → {one.remedy}", "cyan")
            well = well and one.state != "bad"
        return well


def is_collected(result: Mapping[str, Any]) -> bool:
    """Tell whether a result waits for months that are still to come, so that it reads 集計中 and not 判定不能."""
    note = result.get("collecting_note")
    return (
        result["year_state"] == "collecting"
        and bool(note)
        and result.get("verdict", "undeterminable") == "undeterminable"
    )


def standing(result: Mapping[str, Any], language: str) -> str:
    """A verdict as people read it: 集計中 with what is still to come, else the word of the verdict."""
    if is_collected(result):
        return collecting_text(str(result["collecting_note"]), language)
    return word(result.get("verdict") or "undeterminable", language)


def actual_and_allowed(row: dict[str, Any]) -> tuple[str, str]:
    """Both as printed, told apart where the actual is above."""
    actual, allowed = row["actual_low_co2e_kg"], row["allowed_co2e_kg"]
    if actual is None or allowed is None:
        return tonnes(actual), tonnes(allowed)
    return pair(actual, allowed, rule_of("emissions"))


def change_against_base(row: dict[str, Any]) -> Decimal | None:
    """The change against the base year as a share, only where both years are known for sure."""
    actual, base = row["actual_low_co2e_kg"], row["baseline_low_co2e_kg"]
    if None in (actual, base) or actual != row["actual_high_co2e_kg"] or base != row["baseline_high_co2e_kg"]:
        return None
    return change_rate(actual, base, rule_of("rate"))


def post_text(row: dict[str, Any]) -> str:
    """The post, and the one that acts for it where the operator need not have it."""
    return row["required_post"] if row["post"] == row["required_post"] else f"{row['required_post']} ← {row['post']}"


def holder_text(row: dict[str, Any]) -> str:
    """Who holds a post."""
    return " ".join(str(row[key]) for key in ("position", "name", "person_id") if row[key])
