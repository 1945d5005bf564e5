"""The one catalogue of texts: every word, label and sentence that people read, in Japanese and English, from ``texts.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

LANGUAGES = ("ja", "en")


@cache
def texts() -> dict[str, Any]:
    """Return the whole catalogue of texts."""
    return tomllib.loads(Path(__file__).with_name("texts.toml").read_text(encoding="utf-8"))


def word(key: str, language: str) -> str:
    """Return a word of the office vocabulary; an unknown key is shown as it is."""
    pair = texts()["words"].get(key)
    return key if pair is None else str(pair[LANGUAGES.index(language)])


def label(key: str, language: str) -> str:
    """Return a label in a language.

    Raises:
        KeyError: when the catalogue has no such label.
    """
    return str(texts()["labels"][key][LANGUAGES.index(language)])


def verdict_words(change: Mapping[str, Any], language: str) -> dict[str, str]:
    """Return the verdicts before and after a change, and its causes, as words."""
    causes = [word(f"cause_{cause}", language) for cause in str(change["causes"]).split(";")]
    told = {
        "before": word(str(change["before"] or "no_verdict_row"), language),
        "after": word(str(change["after"] or "no_verdict_row"), language),
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
