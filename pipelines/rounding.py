"""How figures are rounded for people: named rules, and which output uses which, from ``rounding.toml`` beside it.

Inside, figures stay exact; an output rounds once, at the end, and can say by which rule. A city may state rules of its own for the
screen and for its documents (``[reports.rounding]`` in city.toml).
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
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


@dataclass(frozen=True, slots=True)
class Document:
    """The city's own rules for a document: its figures, its rates, and each gas before its warming potential, where it is rounded then."""

    figures: RoundingRule
    rate: RoundingRule
    gas: RoundingRule | None = None

    def total(self, exact_kg: Decimal, gases: Iterable[tuple[Decimal, Decimal]] = ()) -> Decimal:
        """Return the kg that the document prints its figure of.

        Args:
            exact_kg: The total as it is.
            gases: kg and warming potential of each gas, for a document that rounds them first.
        """
        if self.gas is None:
            return exact_kg
        return sum((self.gas.rounded(kg) * self.gas.per * potential for kg, potential in gases), Decimal(0))

    def sentence(self, language: str) -> str:
        """What the rules do, in words."""
        rules = (rule for rule in (self.gas, self.figures, self.rate) if rule is not None)
        return ("。" if language == "ja" else "; ").join(rule.sentence(language) for rule in rules)


def document(
    name: str,
    *,
    digits: int = 1,
    mode: str = "half_up",
    rate_digits: int = 1,
    rate_mode: str = "half_up",
    rate_from: str = "exact",
    gas_digits: int | None = None,
) -> Document:
    """Return the rules that a city states for a document; digits are decimals of a tonne and of a percent."""
    from_rounded = rate_from == "rounded"
    tonne, percent = Decimal(1000), Decimal("0.01")
    rate_phrase = "rate_of_rounded" if from_rounded else "rate"
    figures = RoundingRule(name, mode, digits, tonne, "t", *_phrase("figures", digits, mode))
    rate = RoundingRule(
        f"{name}/rate",
        rate_mode,
        rate_digits,
        percent,
        "%",
        *_phrase(rate_phrase, rate_digits, rate_mode),
        from_rounded,
    )
    if gas_digits is None:
        return Document(figures, rate)
    return Document(
        figures, rate, RoundingRule(f"{name}/gas", mode, gas_digits, tonne, "t", *_phrase("gas", gas_digits, mode))
    )


def _phrase(key: str, digits: int, mode: str) -> tuple[str, str]:
    step = f"{Decimal(1).scaleb(-digits):f}"
    phrases = _catalogue()["phrases"]
    ja, en = (text.format(step=step, mode=phrases[mode][n]) for n, text in enumerate(phrases[key]))
    return ja, en


_on_screen: ContextVar[Document | None] = ContextVar("on_screen", default=None)


@contextmanager
def on_screen(stated: Document | None) -> Iterator[None]:
    """Let emissions and rates be shown by a city's own rules for the screen, where it has some."""
    token = _on_screen.set(stated)
    try:
        yield
    finally:
        _on_screen.reset(token)


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
    stated = _on_screen.get()
    if stated is not None and output in ("emissions", "rate"):
        return stated.figures if output == "emissions" else stated.rate
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
