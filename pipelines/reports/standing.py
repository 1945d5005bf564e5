"""How a result reads, said once for the terminal and the pages.

達成 and 未達 stand only for a subject with an adopted target of its own; what follows the path of a target above, or an indicative one,
reads 経路の目安内・目安超過・確認中（参考）. Tables, JSON and CSV keep their codes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipelines.texts import LANGUAGES, collecting_text, verdict_word

BY_DEPARTMENT = "base_year_by_department"
MARKS = frozenset({"yearly_total", "baseline:yearly_total"})  # beside which a verdict stands
COUNTED = ("achieved", "not_achieved", "undeterminable", "collecting")


def is_its_own(result: Mapping[str, Any]) -> bool:
    """Tell whether a result is judged by an adopted target of the subject itself, or lacks any target."""
    return not result["is_inherited"] and result.get("path_status") != "indicative"


def is_collected(result: Mapping[str, Any]) -> bool:
    """Tell whether a result waits for months that are still to come, so that it reads 集計中 and not 判定不能."""
    note = result.get("collecting_note")
    return (
        result["year_state"] == "collecting"
        and bool(note)
        and result.get("verdict", "undeterminable") == "undeterminable"
    )


def read_as(result: Mapping[str, Any]) -> str | None:
    """The key of a verdict: 集計中 where months are to come, 基準年度は課単位 where nothing else keeps it from one."""
    if is_collected(result):
        return "collecting"
    reasons = set((result.get("reasons") or "").split(";"))
    if result.get("verdict") == "undeterminable" and BY_DEPARTMENT in reasons and reasons <= {BY_DEPARTMENT, *MARKS}:
        return BY_DEPARTMENT
    verdict = result.get("verdict")
    return None if verdict is None else str(verdict)


def result_word(result: Mapping[str, Any], language: str) -> str:
    """The word of a result, by whose target it is judged."""
    return verdict_word(read_as(result) or "undeterminable", language, is_inherited=not is_its_own(result))


def standing_word(result: Mapping[str, Any]) -> tuple[str, ...]:
    """The verdict of a result as it may be asked for: in Japanese, in English, as the table has it."""
    return (*(result_word(result, language) for language in LANGUAGES), str(read_as(result)))


def standing(result: Mapping[str, Any], language: str) -> str:
    """A verdict as people read it: 集計中 with what is still to come, else its word."""
    if is_collected(result):
        return collecting_text(str(result["collecting_note"]), language)
    return result_word(result, language)


def counted(verdicts: Mapping[str, int], of_path: Mapping[str, int], language: str) -> tuple[str, str]:
    """How many facilities stand how, of those with a target of their own and of those under a path; empty where there are none.

    Args:
        verdicts: Verdict -> facilities, all of them.
        of_path: The inherited and indicative among them.
        language: ``ja`` or ``en``.
    """
    own = {verdict: count - of_path.get(verdict, 0) for verdict, count in verdicts.items()}
    first = _counts(own, language, is_inherited=False) if any(own.values()) or not any(of_path.values()) else ""
    return first, _counts(of_path, language, is_inherited=True) if any(of_path.values()) else ""


def _counts(found: Mapping[str, int], language: str, *, is_inherited: bool) -> str:
    return " / ".join(
        f"{verdict_word(verdict, language, is_inherited=is_inherited)} {found.get(verdict, 0)}"
        for verdict in COUNTED
        if verdict != "collecting" or found.get(verdict)
    )
