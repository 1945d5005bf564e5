"""Which names of the registers a word that none of them has may mean: the nearest, for a person to choose from; nothing is read by it.

An office's short form (中央公 for 中央公民館, 一小 for 第一小学校) has its signs in their order; a slip is like as a whole. Numbers
alone have no neighbours: a supply point that differs in one digit is another one.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from functools import lru_cache

from pipelines import folding

MOST, LEAST_LIKE, SHORTEST = 3, 0.6, 2


def nearest(word: str, names: Mapping[str, str]) -> list[str]:
    """Return at most three of the names, as they are told, the nearest first; none where none is near.

    Args:
        word: As a file has it; of two parts (facility/meter) the first may be meant as well.
        names: Words of the registers -> how each is told.
    """
    wanted = {folding.name(each) for each in (word, word.partition("/")[0])}
    matchers = {each: difflib.SequenceMatcher(None, "", each, autojunk=False) for each in wanted if _is_name(each)}
    scored: dict[str, float] = {}
    for name, told in names.items():
        score = max((_likeness(each, _folded(name), matcher) for each, matcher in matchers.items()), default=0)
        if score > scored.get(told, 0):
            scored[told] = score
    return sorted(scored, key=lambda told: (-scored[told], told))[:MOST]


_folded = lru_cache(maxsize=65_536)(folding.name)


def _likeness(word: str, name: str, matcher: difflib.SequenceMatcher[str]) -> float:
    """0 for not near, up to 1 for like, then short for it, within it, and the same."""
    if not _is_name(name) or set(word).isdisjoint(name):
        return 0
    matcher.set_seq1(name)
    if word == name:
        return 4
    if word in name or name in word:
        return 2 + matcher.ratio()
    if not word.isascii() and _in_order(word, name):
        return 1 + matcher.ratio()
    if matcher.real_quick_ratio() < LEAST_LIKE or matcher.quick_ratio() < LEAST_LIKE:
        return 0
    ratio = matcher.ratio()
    return ratio if ratio >= LEAST_LIKE else 0


def _is_name(text: str) -> bool:
    return len(text) >= SHORTEST and any(sign.isalpha() for sign in text)


def _in_order(word: str, name: str) -> bool:
    rest = iter(name)
    return all(sign in rest for sign in word)
