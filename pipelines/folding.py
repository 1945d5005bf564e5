"""Fold what is the same sign in another width, and nothing else.

Unicode's own compatibility form (NFKC) goes too far for figures: it makes ① of a footnote a 1, ² of 1234² a 2 and ½ three signs.
Here full-width forms become half-width ones (digits, signs, letters, the blank); a sign that would become a digit stays what it is.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_FIRST, _LAST, _SHIFT = 0xFF01, 0xFF5E, 0xFEE0
_WIDTHS = {code: code - _SHIFT for code in range(_FIRST, _LAST + 1)} | {0x3000: 0x20}
# Units are written so, and mean no figure beside the number.
_OF_UNITS = frozenset("㎡㎥㎢㎣")
_POWERS = re.compile("(?<=[mMｍ])[²³]")
# Eras in one sign, as offices write them.
_ERAS = {"㋿": "令和", "㍻": "平成", "㍼": "昭和", "㍽": "大正", "㍾": "明治"}


def figures(text: str) -> str:
    """Return a number or date with full-width forms as half-width ones; every other sign stays."""
    return text if text.isascii() else text.translate(_WIDTHS)


def date(text: str) -> str:
    """Return a date with full-width forms as half-width ones and the one-sign names of eras spelled out."""
    if text.isascii():
        return text
    plain = figures(text)
    return "".join(_ERAS.get(sign, sign) for sign in plain)


@lru_cache(maxsize=4_096)
def word(text: str) -> str:
    """Return a word of a heading or a name in one width; signs that would become digits (①, ₁, ½) stay, but those of units."""
    composed = _POWERS.sub(lambda power: "2" if power.group() == "²" else "3", unicodedata.normalize("NFC", text))
    return unicodedata.normalize("NFC", "".join(_folded(sign) for sign in composed))


def name(text: str) -> str:
    """Return by what names are compared: NFC, one width, without regard to capitals and outer blanks."""
    return (
        unicodedata.normalize("NFC", "".join(_folded(sign) for sign in unicodedata.normalize("NFC", text)))
        .strip()
        .casefold()
    )


def _folded(sign: str) -> str:
    plain = unicodedata.normalize("NFKC", sign)
    if plain == sign or sign in _OF_UNITS or _FIRST <= ord(sign) <= _LAST:
        return plain
    return sign if any(part.isdigit() for part in plain) else plain
