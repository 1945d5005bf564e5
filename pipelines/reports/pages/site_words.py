"""How results read on the pages: which word of a verdict may stand where, and one plain sentence of it.

The words themselves are those of ``reports.standing``, as in the terminal. Outside the office no word of a verdict stands before the year
is closed and its factors are final.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pipelines.findings import explain_reason
from pipelines.reports.plain_text import tonnes
from pipelines.reports.standing import is_its_own, read_as, standing
from pipelines.texts import label, word

JA = "ja"
CSS = {"achieved": "chip-achieved", "not_achieved": "chip-not-achieved", "undeterminable": "chip-undeterminable"}


@dataclass(frozen=True, slots=True)
class Chip:
    """A word with the class that draws its sign and colour."""

    words: str
    css: str = ""


def say(key: str, **numbers: object) -> str:
    """Return a label with its numbers."""
    return label(key, JA).format(**numbers)


def is_provisional(result: Mapping[str, Any]) -> bool:
    """Tell whether a result, or the base year it is held against, stands on a provisional factor."""
    return bool(result.get("is_provisional")) or "provisional_factor" in (result["reasons"] or "")


def chip(result: Mapping[str, Any] | None, *, is_internal: bool) -> Chip:
    """Return the word of a result, as far as it may be said there."""
    if result is None or result["verdict"] is None:
        return Chip(say("site_not_judged"))
    if result["year_state"] == "running" or (not is_internal and result["year_state"] != "closed"):
        return Chip(word(str(result["year_state"]), JA))
    if not is_internal and is_provisional(result):
        return Chip(say("site_preliminary"))
    return Chip(standing(result, JA), CSS.get(str(read_as(result)), CSS["undeterminable"]))


def amount(low: Decimal | None, high: Decimal | None) -> str:
    """Return what an amount lies between, in tonnes."""
    if low is None:
        return say("site_unknown")
    if high is None:
        return say("site_at_least", low=tonnes(low))
    first, last = tonnes(low), tonnes(high)
    return first if first == last else say("site_from_to", low=first, high=last)


def sentence(result: Mapping[str, Any] | None) -> str:
    """Return what a result says, in one sentence: the amount, what is allowed, and by how much they differ."""
    if result is None or result["actual_low_co2e_kg"] is None:
        return ""
    low, high = result["actual_low_co2e_kg"], result["actual_high_co2e_kg"]
    allowed, most = result["allowed_co2e_kg"], result["allowed_high_co2e_kg"]
    told = {"year": result["fiscal_year"], "amount": amount(low, high)}
    if allowed is None or result["year_state"] == "running":
        return say("site_actual_of", **told)
    told |= {
        "level": say("site_level" if is_its_own(result) else "site_level_of_path"),
        "allowed": amount(allowed, most),
    }
    if most is not None and low > most:
        return say("site_above", gap=tonnes(low - most), **told)
    if high is not None and high <= allowed:
        return say("site_below", gap=tonnes(allowed - high), **told)
    return say("site_between", **told)


def reasons(result: Mapping[str, Any] | None) -> list[str]:
    """Return why a result is not final, a sentence each, without what its state says already."""
    codes = ((result or {}).get("reasons") or "").split(";")
    return [explain_reason(code, JA) for code in codes if code and code not in ("running_year", "collecting")]


def turn(question: Mapping[str, Any], *, is_internal: bool) -> str:
    """Return whose turn a question is: the post, inside the office with the person who holds it."""
    person = f" {question['owner_name'] or question['owner_person_id'] or ''}".rstrip() if is_internal else ""
    return f"{question['owner_post'] or say('site_nobody')}{person}"
