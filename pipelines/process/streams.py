r"""Print on a terminal or into a pipe that lacks signs (cp932 of an old Windows): what it lacks is written otherwise, never lost unseen.

Signs of ours have a near one there; any other is written as its number (``\\u2212``), so that nothing is taken for something else.
"""

from __future__ import annotations

import codecs
import io
import sys

NAME = "near"
# Signs that our texts and frames use -> what stands for them where they cannot be written.
NEAR = str.maketrans(
    {
        "—": "―",
        "–": "-",
        "−": "－",
        "✕": "×",
        "▸": ">",
        "‖": "∥",
        "≥": "≧",
        "≤": "≦",
        "·": "・",
        "│": "|",
        "─": "-",
        "…": "...",
    }
)


def bear_every_sign() -> None:
    """Let standard output and error write whatever they are given, in any encoding."""
    codecs.register_error(NAME, _near)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=NAME)


def _near(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    told = []
    for sign in lacking:
        other = sign.translate(NEAR)
        try:
            other.encode(error.encoding)
        except UnicodeEncodeError:
            other = sign.encode("ascii", "backslashreplace").decode("ascii")
        told.append(other)
    return "".join(told), error.end
