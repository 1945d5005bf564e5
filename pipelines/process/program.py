"""What this program is, told by the content of its files: which of them make numbers, which read files, which say sentences.

A run compares these fingerprints with those of the last one, so that a statement, a layout or a rule that was changed is
noticed without anybody raising a version. Python counts without docstrings and comments, SQL without lines of comment: a riddle that
was rewritten makes nothing anew.
"""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
# Rooms and files that make what is published; the reading of files is apart, and so are sentences and figures of reference/.
MAKING = (
    "errors.py", "findings.py", "folding.py", "periods.py", "rounding.py", "rounding.toml", "tables.py", "tables.toml",
    "units.py", "units.txt", "settings", "warehouse", "registers", "reference", "readings", "energy", "emissions", "targets",
    "energy_act", "flags", "review", "history", "run", "ask/views.py", "ask/views",
)  # fmt: skip
SAYING = ("texts.py", "texts.toml")
CODE = frozenset({".py", ".sql", ".toml", ".txt"})


def files_of(*names: str) -> list[Path]:
    """Return the files of ours that are named, or lie in a folder that is named, sorted."""
    found = [path for name in names for path in ((ROOT / name).rglob("*") if (ROOT / name).is_dir() else [ROOT / name])]
    return sorted(path for path in found if path.suffix in CODE)


def fingerprint(paths: Iterable[Path]) -> str:
    """Return one hash over what files say and how they are named."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"{path.relative_to(ROOT).as_posix()}\0{_said(path)}\0".encode())
    return digest.hexdigest()


@cache
def making() -> str:
    """The fingerprint of what makes numbers, verdicts and flags of what was read."""
    return fingerprint(files_of(*MAKING))


@cache
def saying() -> str:
    """The fingerprint of the catalogue of texts, whose sentences stand in the tables."""
    return fingerprint(files_of(*SAYING))


@cache
def _said(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".sql":
        return " ".join(re.sub(r"(?m)^\s*--.*$", "", text).split())
    if path.suffix != ".py":
        return text
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node, clean=False):
            node.body = node.body[1:]
    return ast.dump(tree)
