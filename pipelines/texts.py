"""The one catalogue of texts: every word, label and sentence that people read, in Japanese and English, from ``texts.toml``."""

from __future__ import annotations

import re
import string
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

LANGUAGES = ("ja", "en")
# what is told where nobody knows the reader's language, so that both languages are told at once
TOLD_IN_BOTH = ("errors", "checks", "notes")
SECTIONS = (
    "rules",
    "words",
    "labels",
    *TOLD_IN_BOTH,
    "letters",
    "layout_keys",
    "layout_titles",
    "usage",
    "factor_notes",
)


class _Spoken(string.Formatter):
    """Fills in numbers; ``{files:file is|files are}`` is the first word for one and the second for any other number."""

    def format_field(self, value: Any, format_spec: str) -> str:  # noqa: ANN401 - whatever a sentence names
        one, bar, many = format_spec.partition("|")
        if bar:
            return one if value == 1 else many
        return str(super().format_field(value, format_spec))


@cache
def _headed() -> list[str]:
    """The catalogue cut before every heading; no text of it runs over a line."""
    return re.split(r"^(?=\[)", Path(__file__).with_name("texts.toml").read_text(encoding="utf-8"), flags=re.MULTILINE)


@cache
def section(name: str) -> dict[str, Any]:
    """Return a section of the catalogue. The others are not parsed: a quick answer shall not wait for texts it does not tell."""
    wanted = (f"[{name}]", f"[{name}.")
    return dict(tomllib.loads("".join(part for part in _headed() if part.startswith(wanted)))[name])


def texts() -> dict[str, Any]:
    """Return the whole catalogue of texts."""
    return {name: section(name) for name in SECTIONS}


def filled(text: str, numbers: Mapping[str, object]) -> str:
    """Return a text with its numbers; of a word in singular and plural the one that the number asks for."""
    return _Spoken().vformat(text, (), numbers)


class Bilingual(str):
    """A text in both languages. As a string it is in the reader's, where a command said who reads, and else in both at once."""

    __slots__ = ("en", "ja")
    ja: str
    en: str

    def __new__(cls, ja: str, en: str, at_once: str = "") -> Bilingual:
        """Make it of the two; ``at_once``: both together, where that is less than one behind the other."""
        told = super().__new__(cls, {"ja": ja, "en": en}.get(_reader["language"], at_once or f"{ja} / {en}"))
        told.ja, told.en = ja, en
        return told

    def __reduce__(self) -> tuple[type[Bilingual], tuple[str, str]]:
        """Make it again in another process."""
        return Bilingual, (self.ja, self.en)


_reader = {"language": ""}


def speak(language: str) -> None:
    """Say who reads what is told from here on: ``ja``, ``en``, or nobody that is known (an empty text)."""
    _reader["language"] = language


def in_language(value: object, language: str) -> object:
    """Return what of a value is in a language: a text of both has a part in each, anything else is the same in all."""
    return getattr(value, language) if isinstance(value, Bilingual) else value


@cache
def _told_in_both() -> dict[str, Any]:
    return {key: text for name in TOLD_IN_BOTH for key, text in section(name).items()}


def ja_en(key: str, /, **numbers: object) -> tuple[str, str]:
    """Return a text in Japanese and in English, with its numbers.

    Raises:
        KeyError: when the catalogue has no such text, or a number that it names is not given.
    """
    ja, en = (
        filled(text, {name: in_language(number, language) for name, number in numbers.items()})
        for language, text in zip(LANGUAGES, _told_in_both()[key], strict=True)
    )
    return ja, en


def both(key: str, /, *, at: object = None, **numbers: object) -> Bilingual:
    """Return a text for an error or note: in the reader's language where that is known, else in both languages at once.

    Args:
        key: What is told: a key of the sections ``errors``, ``checks`` and ``notes``.
        at: What it is told of (a file, a line, an option), named before it.
        numbers: What the text names in braces.

    Raises:
        KeyError: when the catalogue has no such text, or a number that it names is not given.
    """
    told = Bilingual(*ja_en(key, **numbers))
    return told if at is None else told_of(at, told)


def told_of(at: object, told: object) -> Bilingual:
    """Return what is told with what it is told of before it."""
    ja, en = (f"{in_language(at, language)}: {in_language(told, language)}" for language in LANGUAGES)
    return Bilingual(ja, en, f"{at}: {told}")


def in_both(key: str, /, **numbers: object) -> str:
    """Return a text in both languages whoever reads: for what is kept, and read later by others."""
    return " / ".join(ja_en(key, **numbers))


def note(text: str | None, language: str) -> str:
    """Return a note of the reference, which is English, in a language; what no pattern fits is shown as it is."""
    parts = [part.strip() for part in (text or "").split(";") if part.strip()]
    if language == "en":
        return "; ".join(parts)
    return "。".join(_by_patterns(part) for part in parts)


def _by_patterns(part: str) -> str:
    fits = ((ja, found) for pattern, ja in section("factor_notes")["patterns"] if (found := re.search(pattern, part)))
    return next((found.expand(ja) for ja, found in fits), part)


def letter(key: str, /, **numbers: object) -> str:
    """Return a sentence of the letters and forms that departments get: these are in Japanese only."""
    return filled(section("letters")[key], numbers)


def word(key: str, language: str) -> str:
    """Return a word of the office vocabulary; an unknown key is shown as it is."""
    pair = section("words").get(key)
    return key if pair is None else str(pair[LANGUAGES.index(language)])


def rule_name(rule_id: str, language: str) -> str:
    """Return how a rule that raises flags is called in lists; one without a name stands as it is called in tables."""
    pair = section("words").get(f"rule_{rule_id}")
    return rule_id if pair is None else str(pair[LANGUAGES.index(language)])


def label(key: str, language: str) -> str:
    """Return a label in a language.

    Raises:
        KeyError: when the catalogue has no such label.
    """
    return str(section("labels")[key][LANGUAGES.index(language)])


def say(key: str, language: str, /, **numbers: object) -> str:
    """Return a label in a language with what it names in braces filled in.

    Raises:
        KeyError: when the catalogue has no such label, or what it names is not given.
    """
    return filled(label(key, language), numbers)


def verdict_word(verdict: str | None, language: str, *, is_inherited: bool = False) -> str:
    """Return the word of a verdict; under a target that is not the subject's own, that of the path."""
    key = str(verdict or "no_verdict_row")
    of_path = f"{key}_of_path"
    return word(of_path if is_inherited and of_path in section("words") else key, language)


def verdict_words(change: Mapping[str, Any], language: str) -> dict[str, str]:
    """Return the verdicts before and after a change, and its causes, as words; ``before_is_inherited``: whose target that was."""
    causes = [word(f"cause_{cause}", language) for cause in str(change["causes"]).split(";")]
    told = {
        "before": verdict_word(change["before"], language, is_inherited=bool(change.get("before_is_inherited"))),
        "after": verdict_word(change["after"], language, is_inherited=bool(change.get("after_is_inherited"))),
    }
    return told | {"causes": ("・" if language == "ja" else ", ").join(causes)}


def collecting_text(note: str, language: str) -> str:
    """Return what a year that is being collected still lacks (``electricity:2026-03..2026-03``) as words."""
    told = []
    for part in note.split(";"):
        source_type, _, months = part.rpartition(":")
        first, last = int(months[5:7]), int(months[-2:])
        if language == "ja":
            span = f"{first}月分" if first == last else f"{first}〜{last}月分"
            told.append(f"{span} {word(source_type, language)}")
        else:
            span = months[:7] if first == last else months.replace("..", " to ")
            told.append(f"{word(source_type, language)} {span}")
    lacking = ("、" if language == "ja" else ", ").join(told)
    return word("collecting_lacks", language).format(lacking=lacking)
