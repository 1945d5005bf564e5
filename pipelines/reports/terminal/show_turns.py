"""Show one matter of the review with all that the next step needs, and what waits for a person."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pipelines.reports.plain_text import at_stake, not_asked
from pipelines.reports.terminal import show_explanation, show_lists
from pipelines.reports.terminal.look import INDENT, Terminal
from pipelines.reports.terminal.show_source import Explained
from pipelines.texts import section, word

DECIMAL = re.compile(r"-?\d{1,30}\.\d+")


def matter(out: Terminal, told: Mapping[str, Any]) -> None:
    """A flag, or a question with all its flags, and the commands that come next.

    Args:
        out: Where to print.
        told: Of ``ask/turns.show``.
    """
    if told["question_id"]:
        flags = told["flags"]
        head = out.say(
            "question_of", question=told["question_id"], count=len(flags), stake=at_stake(told["stake"], out.language)
        )
        out.line(head, "bold")
    for flag in told["flags"]:
        _flag(out, flag)
    if told["commands"]:
        out.line("")
        out.line(out.say("next_commands"), "bold")
    for command in told["commands"]:
        out.verbatim(f"  {command}")
    out.rounding("emissions")


def person(out: Terminal, told: Mapping[str, Any]) -> None:
    """What waits for a person, and what the person sent on.

    Args:
        out: Where to print.
        told: Of ``ask/turns.mine``.
    """
    if not told["turn"]:
        out.line(out.say("nothing_to_do", person=told["person_id"]), "bold green")
    for step in told["turn"]:
        what = word(step["step"], out.language)
        unknown = out.say("stake_unknown", count=step["without_stake"]) if step["without_stake"] else ""
        out.line(
            out.say("your_turn", step=what, count=step["count"], stake=at_stake(step["stake"], out.language)) + unknown,
            "bold",
        )
        for flag in step["flags"]:
            show_lists.flag_line(out, flag)
    if told["sent"]:
        out.line(out.say("sent_on", count=len(told["sent"])), "bold")
        for flag in told["sent"]:
            show_lists.flag_line(out, flag)
    if told["turn"] or told["sent"]:
        out.rounding("emissions")


def round_(out: Terminal, told: Mapping[str, Any]) -> None:
    """How a round stands: a line per department and person, who is silent, and the sheets that came back.

    Args:
        out: Where to print.
        told: Of ``ask/round_progress.progress``.
    """
    out.line(out.say("round_title", round=told["round"], due=told["due_on"]), "bold")
    names = ("asked", "answered", "accepted", "open", "overdue", "gone")
    columns = [out.say(key) for key in ("col_department", "col_person", *(f"round_{name}" for name in names))]
    rows = [
        (row["department"] or word("no_department", out.language), row["person_id"] or "-", *(row[n] for n in names))
        for row in told["people"]
    ]
    out.table(columns, rows, right=frozenset(range(2, 2 + len(names))), whole=frozenset(range(2, 2 + len(names))))
    if told["silent"]:
        silent = "、".join(f"{row['department']} {row['person_id']}".strip() for row in told["silent"])
        out.line(out.say("round_silent", people=silent), "yellow")
    for sheet in told["sheets"]:
        mark = out.say("sheet_again") if sheet["is_again"] or sheet["status"] == "duplicate" else ""
        out.line(f"  {out.say('sheet_returned', **sheet)} {mark}".rstrip(), "dim")
    for each in told["changed"]:
        files = "、".join(each["files"])
        out.line(out.say("answers_differ", question=each["question_id"], files=files), "yellow")


def _flag(out: Terminal, flag: Mapping[str, Any]) -> None:
    out.line("")
    out.line(f"{flag['facility_id']} {flag['name']}  {flag['flag_id']}", "bold")
    out.indented(flag[out.language])
    if told := not_asked(flag, out.language):
        out.indented(told)
    turn = "、".join(f"{one['post']} {one['person_id']}" for one in flag["in_turn"])
    nobody = out.say("nobody_in_turn") if flag["state"] != show_lists.CONFIRMED else ""
    out.pairs(
        [
            (f"  {out.say('state_now')}", word(flag["state"], out.language)),
            (f"  {out.say('whose_turn')}", turn or nobody),
            (f"  {out.say('at_stake')}", at_stake(flag["stake"], out.language)),
            (f"  {out.say('opened_at')}", flag["opened_at"]),
            *(
                (f"  {number_name(name, out.language)}", number_told(value))
                for name, value in numbers_told(flag["numbers"])
            ),
        ]
    )
    show_explanation.doubts(Explained(out), flag["doubts"])
    if flag["history"]:
        out.line("")
        out.line(out.say("history_of_steps"), "bold")
    for step in flag["history"]:
        _step(out, step)


def _step(out: Terminal, step: Mapping[str, Any]) -> None:
    paper = " ".join(str(step[name]) for name in ("document_no", "decided_on") if step[name])
    marks = [out.say(name) for name in ("data_are_right", "discard", "recorded_only") if step[name]]
    marks += [out.say("stands_for", years=step["stands_for"])] if step["stands_for"] else []
    marks += [] if step["is_binding"] else [out.say("has_lapsed")]
    what = f"{word(step['step'], out.language)} {step['post']} {step['person_id']}"
    out.line("  " + "  ".join(filter(None, [f"{step['decided_at']:%Y-%m-%d %H:%M}", what, paper, *marks])))
    if step["text"]:
        out.indented(step["text"])
    out.line(f"{' ' * INDENT}{out.say('recorded_from', recorder=step['recorded_by'] or '-')}", "dim")


def numbers_told(numbers: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return the numbers worth telling: none twice in kg and t, and no mark of the sentence above."""
    return [
        (name, value)
        for name, value in numbers.items()
        if not isinstance(value, bool) and f"{name.removesuffix('_kg')}_t" not in numbers.keys() - {name}
    ]


def number_name(name: str, language: str) -> str:
    """The name of a number that a flag rests on; one without a word stands as the evidence calls it."""
    key = f"number_{name}"
    return word(key, language) if key in section("words") else name


def number_told(value: object) -> str:
    """Return a number of a flag as people read it: three places, below one three digits that count; anything else as it stands."""
    if isinstance(value, float) or (isinstance(value, str) and DECIMAL.fullmatch(value)):
        exact = Decimal(str(value))
        told = f"{exact:,.3f}" if abs(exact) >= 1 or not exact else f"{Decimal(f'{exact:.3g}'):f}"
        return told.rstrip("0").rstrip(".") if "." in told else told
    return "" if value is None else str(value)
