"""How figures are rounded for people: named rules, and which output uses which, from ``rounding.toml`` beside it.

Inside, figures stay exact; an output rounds once, at the end, and can say by which rule.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_HALF_UP, Decimal, localcontext
from functools import cache
from pathlib import Path
from typing import Any

MODES = {"half_up": ROUND_HALF_UP, "cut": ROUND_DOWN, "ceiling": ROUND_CEILING}
CHANGE_NEGATIVE, REDUCTION_POSITIVE = "change_negative", "reduction_positive"
EXACT_DIGITS = 12  # kilograms have nine decimals, tonnes twelve


@dataclass(frozen=True, slots=True)
class RoundingRule:
    """A rule of rounding: how, to how many decimals, of which unit; ``from_rounded``: a rate of rounded figures."""

    name: str
    mode: str
    digits: int
    per: Decimal
    unit: str
    ja: str
    en: str
    from_rounded: bool = False

    def rounded(self, value: Decimal, more: int = 0) -> Decimal:
        """Return a value (kg, or a share for percent) in the printed unit; ``more``: decimals beyond the rule's."""
        with localcontext() as context:
            context.prec = 60
            return (value / self.per).quantize(Decimal(1).scaleb(-self.digits - more), MODES[self.mode])

    def text(self, value: Decimal | None, more: int = 0, *, signed: bool = False) -> str:
        """Return a value as printed, with its unit; ``-`` for none."""
        if value is None:
            return "-"
        return f"{self.rounded(value, more):{'+' if signed else ''},f} {self.unit}"

    def sentence(self, language: str) -> str:
        """What the rule does, in words."""
        return self.ja if language == "ja" else self.en


@cache
def _catalogue() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


@cache
def rules() -> dict[str, RoundingRule]:
    """Return every rule by name."""
    return {
        name: RoundingRule(
            name, r["mode"], r["digits"], Decimal(r["per"]), r["unit"], r["ja"], r["en"], r.get("from") == "rounded"
        )
        for name, r in _catalogue()["rules"].items()
    }


def rule_of(output: str) -> RoundingRule:
    """Return the rule that an output uses.

    Raises:
        KeyError: rounding.toml names no rule for it.
    """
    return rules()[_catalogue()["outputs"][output]]


def outputs() -> dict[str, str]:
    """Return output -> name of its rule."""
    return dict(_catalogue()["outputs"])


def pair(actual: Decimal, allowed: Decimal, rule: RoundingRule) -> tuple[str, str]:
    """Return both as printed, with as many more digits as it takes to show that the actual is above the allowed.

    Where the actual is not above, the rule's own digits serve: what is printed then never looks like exceeding.
    """
    more = 0
    while actual > allowed and rule.rounded(actual, more) <= rule.rounded(allowed, more) and more < EXACT_DIGITS:
        more += 1
    return rule.text(actual, more), rule.text(allowed, more)


def change_rate(new: Decimal, old: Decimal, rule: RoundingRule, figures: RoundingRule | None = None) -> Decimal | None:
    """Return (new - old) / old as a share; ``None`` where old is zero.

    Args:
        new: kg.
        old: kg.
        rule: The rate's rule; one that works from rounded figures needs ``figures``.
        figures: The rule by which the figures themselves are printed.
    """
    if rule.from_rounded:
        if figures is None:
            raise ValueError(f"{rule.name}: which rule rounds the figures?")
        new, old = figures.rounded(new), figures.rounded(old)
    if old == 0:
        return None
    with localcontext() as context:
        context.prec = 60
        return (new - old) / old


def rate_text(share: Decimal | None, rule: RoundingRule, sign: str = CHANGE_NEGATIVE) -> str:
    """Return a change as printed under a convention of sign; the convention is named beside it by ``sign_name``."""
    if share is None:
        return "-"
    return rule.text(share if sign == CHANGE_NEGATIVE else -share, signed=True)


def sign_name(sign: str, language: str) -> str:
    """Return the name of a convention."""
    return str(_catalogue()["signs"][sign][language])
