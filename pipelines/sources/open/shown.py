"""How Excel would show a stored number: whether its number format scales it, gives it a unit, or hides it.

A format like ``#,##0,`` shows 5629 as 6, ``0.0,"MWh"`` as 5.6MWh, ``0%`` a hundred times as much. What a person saw in the cell
is then not what is stored, and only a unit that says so makes both the same. Rule: ECMA-376 part 1, 18.8.31.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from functools import lru_cache

from pipelines import folding, units

# The formats that have a number and no code in the file; only those that show something else than what is stored.
BUILT_IN = {"9": "0%", "10": "0.00%"}
# Marks that stand for nothing in the cell of a zero.
NOTHING = frozenset({"", "-", "0", "－", "―", "ー", "—", "–", "‐"})
# Behind a part that shows a zero: the condition that says so, as formats write it.
ZERO = "[=0]"
_TOKEN = re.compile(r'"(?P<quoted>[^"]*)"?|\\(?P<escaped>.)|_.|\*.|\[(?P<bracket>[^\]]*)\]|(?P<sign>.)', re.DOTALL)
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?\d+(?:\.\d+)?)")
_DATES = re.compile(r"[ymdhsge年月日]", re.IGNORECASE)
_ELAPSED = re.compile(r"\[[hms]+\]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Section:
    """One of the up to four parts of a format: by what it scales, what it writes beside the digits, for which values it is."""

    scale: Fraction = Fraction(1)
    literal: str = ""
    has_digits: bool = True
    condition: tuple[str, Decimal] | None = None


def may_differ(code: str) -> bool:
    """Tell whether any part of a format shows something else than the number that is stored."""
    return any(_differs(section, number) for number, section in enumerate(_sections(code)))


def part_for(code: str, value: float) -> str:
    """Return the part of a format that shows a value, where it shows it otherwise than stored; else an empty text."""
    number, section = _chosen(code, value)
    if section is None:
        return ""
    part = _texts(code)[number].strip() or code
    if (
        value == 0 and section.has_digits
    ):  # a zero is a zero at any scale and under any sign; a unit beside it still says one
        return f"{part}{ZERO}" if _unit_in(section.literal) else ""
    return part if _differs(section, 2 if value == 0 and section.condition is None else number) else ""


def agrees(part: str, unit: str | None) -> tuple[bool, str | None]:
    """Tell whether what a part of a format shows is what is stored in the unit.

    Args:
        part: As :func:`part_for` gives it.
        unit: The unit of the cell's row, column or layout; ``None``: nothing says one.

    Returns:
        Whether both agree, and the unit that the format itself states where nothing else does.
    """
    section = _sections(part)[0]
    literal = _unit_in(section.literal)
    if section.condition == ("=", Decimal(0)):
        return _ratio(literal, unit or literal) is not None, None if unit else literal
    if not section.has_digits or (not literal and section.scale != 1):
        return False, None
    if not literal:
        return _sign_fits(section.literal), None
    if unit is None:
        return section.scale == 1 and _ratio(literal, literal) is not None, literal
    ratio = Fraction(1) if literal == _plain(unit) else _ratio(literal, unit)
    return ratio is not None and ratio * section.scale == 1, None


def _differs(section: Section, number: int) -> bool:
    if number == 2 and section.condition is None:  # a zero is a zero at any scale, unless a word stands for it
        return not section.has_digits and _plain(section.literal) not in NOTHING
    wrong_sign = number == 0 and section.condition is None and not _sign_fits(section.literal)
    return section.scale != 1 or not section.has_digits or wrong_sign or bool(_unit_in(section.literal))


def _chosen(code: str, value: float) -> tuple[int, Section | None]:
    """Return which part of a format is for a value."""
    sections = _sections(code)
    if any(section.condition for section in sections):
        for number, section in enumerate(sections):
            if section.condition is None or _holds(section.condition, value):
                return number, section
        return 0, None
    if len(sections) == 1:
        return 0, sections[0]
    number = 1 if value < 0 else 2 if value == 0 and len(sections) > 2 else 0
    return number, sections[number]


def _holds(condition: tuple[str, Decimal], value: float) -> bool:
    sign, edge = condition
    number = Decimal(str(value))
    return {
        "<": number < edge, "<=": number <= edge, ">": number > edge, ">=": number >= edge, "=": number == edge, "<>": number != edge,
    }[sign]  # fmt: skip


@lru_cache(maxsize=1_024)
def _sections(code: str) -> tuple[Section, ...]:
    return tuple(_section(text) for text in _texts(code)[:3]) or (Section(),)


@lru_cache(maxsize=1_024)
def _texts(code: str) -> tuple[str, ...]:
    """Cut a format at its semicolons, quoted ones left alone."""
    texts, start = [], 0
    for token in _TOKEN.finditer(code):
        if token.group("sign") == ";":
            texts.append(code[start : token.start()])
            start = token.end()
    return (*texts, code[start:])


def _section(text: str) -> Section:
    if not text.strip():
        return Section(has_digits=False)
    digits, literal, condition = "", "", None
    for token in _TOKEN.finditer(text):
        quoted, escaped, bracket, sign = (token.group(name) for name in ("quoted", "escaped", "bracket", "sign"))
        if quoted is not None or escaped is not None:
            literal += quoted or escaped or ""
        elif bracket is not None:
            condition = _condition(bracket) or condition
            literal += bracket[1:].partition("-")[0] if bracket.startswith("$") else ""
        elif sign is not None:
            digits += sign
            literal += sign if sign not in "0#?.,/%@" else ""
    if _is_time(digits, text):
        return Section(condition=condition)
    literal = re.sub(r"(?i)general|standard|g標準|e[+-]", "", literal)
    digits = re.sub(r"(?i)general|standard|g/標準|@", "0", digits)
    pattern = "".join(sign for sign in digits if sign in "0#?.,/%") if "/" not in digits else "0"
    power = sum(len(commas) for commas in re.findall(r",+(?=[.%]|$)", pattern))
    scale = Fraction(1000) ** -power * Fraction(100) ** digits.count("%")
    return Section(scale, literal, bool(re.search(r"[0#?]", pattern)), condition)


def _is_time(digits: str, text: str) -> bool:
    """Dates and times are no quantities; calamine gives them as such, and a quantity that is one is held back there."""
    return bool(_ELAPSED.search(text)) or (
        not re.search(r"[0#?]", digits.partition(".")[0]) and bool(_DATES.search(digits))
    )


def _condition(bracket: str) -> tuple[str, Decimal] | None:
    match = _CONDITION.fullmatch(bracket)
    try:
        return (match.group(1), Decimal(match.group(2))) if match else None
    except InvalidOperation:  # pragma: no cover - the pattern lets only numbers through
        return None


def _ratio(literal: str, unit: str) -> Fraction | None:
    """Return how many of a unit one of the unit in a format is; ``None``: one of them is no unit, or of another kind."""
    try:
        stated, meant = (units.canonical(text).removesuffix("_final") for text in (literal, unit))
        return units.convert(Fraction(1), stated, meant)
    except units.UnitError:
        return None


def _sign_fits(literal: str) -> bool:
    """Tell whether what stands beside the digits of a value that is not negative says that it is."""
    return not any(sign in literal for sign in "-△▲−－")


def _unit_in(literal: str) -> str:
    """Return what a format writes beside the digits, without the signs of a negative number."""
    text = _plain(literal)
    if text.startswith("(") and text.endswith(")"):
        text = text[1:-1]
    return text.lstrip("+-△▲−－")


def _plain(text: str) -> str:
    return "".join(folding.word(text).split())
