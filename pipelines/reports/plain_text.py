"""How figures and sentences are set as plain text: Japanese line breaks, label and value, tonnes and percent."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any

from rich.cells import cell_len, set_cell_size

from pipelines import texts
from pipelines.rounding import rule_of
from pipelines.texts import say

GAP = 2
LONGEST_LINE = 200  # of what is told in one line, to a screen or in a mail
# Characters that command a terminal, or turn the direction of writing, as something one can see.
UNSEEN = str.maketrans(
    {code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\t\n"}
    | {0x7F: "\u2421"}
    | dict.fromkeys((*range(0x80, 0xA0), 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)), "\ufffd")
)


def visible(text: str) -> str:
    """Return a text without characters that would do something in a terminal: names and cells of files are strangers' words."""
    return text.translate(UNSEEN)


def one_line(text: str) -> str:
    """Return a text as one printable line of bounded length: what would end a line or command a terminal becomes a blank."""
    clean = "".join(" " if unicodedata.category(sign)[0] in "CZ" else sign for sign in text)
    line = " ".join(clean.split())
    return line if len(line) <= LONGEST_LINE else f"{line[: LONGEST_LINE - 1]}…"


def not_asked(flag: Mapping[str, Any], language: str) -> str:
    """Return why an open flag is not asked, or asked again, where an earlier answer or a new rule is behind it; else nothing."""
    if flag["state"] != "open":
        return ""
    if state := flag.get("standing_state"):
        told = {"on": flag["standing_on"], "post": flag["standing_post"], "until": flag["standing_until"]}
        return say(f"standing_{state}", language, decision=flag["standing_decision_id"][:12], **told)
    return say("asking_silent", language, day=flag["asked_from"]) if flag.get("asked_from") else ""


def pair_lines(pairs: Iterable[tuple[str, object]], width: int) -> list[tuple[str, str]]:
    """Set labels and values in two columns: (label or blanks, one line of the value); empty values are left out."""
    told = [(label, str(value)) for label, value in pairs if value not in (None, "", {}) and str(value)]
    indent = max((cell_len(label) for label, _ in told), default=0) + GAP
    lines = []
    for label, value in told:
        for number, line in enumerate(wrapped(value, max(width - indent, GAP)).split("\n")):
            lines.append((set_cell_size("" if number else label, indent), line))
    return lines


def padded(text: str, width: int) -> str:
    """A text with blanks behind it, so many columns wide where it is narrower; a full-width sign takes two."""
    return text + " " * (width - cell_len(text))


def wrapped(text: str, width: int) -> str:
    """Break lines as Japanese is set: between any two characters, but not in a Latin word, nor before 。、） or after （「.

    A line that begins with blanks goes on under its first word, two places further in.
    """
    lines: list[str] = []
    for paragraph in text.split("\n"):
        indent = len(paragraph) - len(paragraph.lstrip(" "))
        hang = " " * (indent + GAP if indent else 0)
        line = ""
        for piece in _pieces(paragraph, width - len(hang)):
            if line.strip() and cell_len(line + piece) > width:
                lines.append(line.rstrip())
                line = hang
                piece = piece.lstrip(" ")  # noqa: PLW2901 - a blank at the break is not carried over
            line += piece
        lines.append(line)
    return "\n".join(lines)


def _pieces(paragraph: str, width: int) -> Iterator[str]:
    """Yield what must not be broken: a character or a Latin word, with the opening signs before and the closing ones after it."""
    for piece in re.findall(r"[「（『]*(?:[!-~]+|.)[。、）」』]*", paragraph):
        while cell_len(piece) > width:  # an address longer than a line
            yield piece[:width]
            piece = piece[width:]  # noqa: PLW2901 - the rest of it
        if piece:
            yield piece


def tonnes(kg: Decimal | None) -> str:
    """Kilograms as tonnes for reading; the exact figure is in the table."""
    return rule_of("emissions").text(kg)


def at_stake(kg: Decimal | None, language: str = "ja") -> str:
    """What is at stake with a question, as tonnes; one that is not known is told so, and looks like no small one."""
    return texts.label("site_unknown", language) if kg is None else tonnes(kg)


def percent(share: Decimal | None) -> str:
    """A coverage as percent, cut so that only the whole is 100 %."""
    return rule_of("coverage").text(share)


def figure(number: Decimal | None, *, exact: bool = False, digits: int = 3) -> str:
    """A decimal to so many places without trailing zeros; ``exact``: to its last one."""
    if number is None or exact:
        return plain(number)
    with localcontext() as context:
        context.prec = 60
        return plain(number.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP) + 0)


def plain(number: Decimal | None) -> str:
    """A decimal without trailing zeros."""
    if number is None:
        return "-"
    text = f"{number:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
