r"""Names of files that are not text, as a system hands them over: bytes of cp932 on Linux, say. Kept as text, reversibly.

A byte that is no UTF-8 becomes ``\x83``; in a name that has such bytes, or that looks as if it had, a backslash itself becomes
``\x5c``. So two names never become one, and the name on the disk comes back. All other names are what they are.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from pathlib import Path

_LOOKS_ODD = re.compile(r"[\ud800-\udfff]|\\x[0-9a-f]{2}|\\ud[89a-f][0-9a-f]{2}")
_ESCAPED = re.compile(r"\\x([0-9a-f]{2})|\\u(d[89a-f][0-9a-f]{2})")
_LONE = re.compile(r"[\ud800-\udfff\\]")
ESCAPED_BYTES = range(0xDC80, 0xDD00)


def is_odd(name: str) -> bool:
    """Tell whether a name is not text, or looks like one that was escaped."""
    return _LOOKS_ODD.search(name) is not None


def as_text(name: str) -> str:
    """Return a name as the records keep it."""
    return _LONE.sub(lambda found: _escaped(found[0]), name) if is_odd(name) else name


def as_name(text: str) -> str:
    """Return the name on the disk of a name in the records."""
    return _ESCAPED.sub(lambda found: _unescaped(*found.groups()), text)


def read_as_japanese(name: str) -> str | None:
    """Return what a name that is not text says in cp932, for people; ``None`` where it says nothing there."""
    try:
        return os.fsencode(name).decode("cp932")
    except UnicodeError:
        return None


def readable(file: Path, scratch: Path, most: int) -> Path:
    """Return a path that every reader takes: the file's own, or that of a copy of up to so many bytes under a plain name."""
    try:
        if not is_odd(str(file)) or file.stat().st_size > most:
            return file
        scratch.mkdir(parents=True, exist_ok=True)
        copy = scratch / hashlib.sha256(os.fsencode(file)).hexdigest()[:32]
        shutil.copyfile(file, copy)
    except OSError:  # told as that of the file itself
        return file
    return copy


def _escaped(sign: str) -> str:
    if sign == "\\":
        return r"\x5c"
    code = ord(sign)
    return f"\\x{code - 0xDC00:02x}" if code in ESCAPED_BYTES else f"\\u{code:04x}"


def _unescaped(byte: str | None, sign: str | None) -> str:
    if sign:
        return chr(int(sign, 16))
    code = int(byte or "", 16)
    return chr(code) if code < 0x80 else chr(code + 0xDC00)  # a byte of ASCII is text already
