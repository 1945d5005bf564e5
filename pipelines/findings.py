"""Findings and the register of rules: a stable id, a severity, one sentence in Japanese and English, the numbers.

The sentences stand in the catalogue of texts. A rule without a text there cannot be raised.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from pipelines.texts import Bilingual, in_language, section, word


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of the register: its id, how grave it is, and its sentence in both languages."""

    rule_id: str
    severity: str
    ja: str
    en: str

    def both(self, numbers: dict[str, Any]) -> Bilingual:
        """Return the sentence for an error: in the reader's language where that is known, else in both."""
        return Bilingual(self.sentence("ja", numbers), self.sentence("en", numbers))

    def sentence(self, language: str, numbers: Mapping[str, Any]) -> str:
        """Return the sentence with its numbers; a number the text does not name is left to the evidence."""
        spelled = _Spelled({name: in_language(number, language) for name, number in numbers.items()})
        return (self.ja if language == "ja" else self.en).format_map(spelled)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a person should know: which rule, about what, with which numbers."""

    rule_id: str
    subject: str
    numbers: dict[str, Any]
    facility_id: str | None = None
    fiscal_year: int | None = None

    @property
    def finding_id(self) -> str:
        """A stable id: the same finding of another night has the same one."""
        return stable_id(self.rule_id, self.facility_id, self.fiscal_year, self.subject)

    def row(self) -> tuple[Any, ...]:
        """The finding as a row of the table ``findings``."""
        rule = rules()[self.rule_id]
        numbers = {"subject": self.subject, **self.numbers}
        return (
            self.finding_id,
            self.rule_id,
            rule.severity,
            self.subject,
            self.facility_id,
            self.fiscal_year,
            rule.sentence("ja", numbers),
            rule.sentence("en", numbers),
            json.dumps(self.numbers, ensure_ascii=False, default=str),
        )


class _Spelled(dict[str, Any]):
    """Numbers for a sentence; a missing one shows as ``?`` rather than breaking the night."""

    def __missing__(self, key: str) -> str:
        return "?"


def stable_id(*parts: object) -> str:
    """Return a short hash of the parts: the same parts give the same id, every night and on every machine."""
    text = "\x1f".join("" if part is None else str(part) for part in parts)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


@cache
def rules() -> dict[str, Rule]:
    """Return the register of rules by id."""
    return {key: Rule(key, entry["severity"], entry["ja"], entry["en"]) for key, entry in section("rules").items()}


def explain_reason(reason: str, language: str) -> str:
    """Return a verdict's reason (``missing_data``, ``baseline:missing_data``) as words."""
    prefix, _, rule_id = reason.rpartition(":")
    rule = rules().get(rule_id)
    text = reason if rule is None else rule.sentence(language, {})
    short = f"reason_{rule_id}"
    if short in section("words"):  # a rule whose sentence names numbers has words without them
        text = word(short, language)
    return (word("baseline_prefix", language) if prefix == "baseline" else "") + text
