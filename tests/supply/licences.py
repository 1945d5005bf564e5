"""Under which licence each package of the lock stands: ``python -m tests.supply.licences`` writes LICENCES.md.

Read from the metadata of the installed packages (an SPDX expression, else the licence named, else the classifier) and from
``licences.toml``, which also lists what is allowed. A test holds the list against lock and metadata, so it is never out of date.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from tests.supply import lock

LIST = lock.ROOT / "LICENCES.md"
HEAD = """# Licences

Every package of `requirements.txt` with its licence, as its own metadata states it. Written by `make licences`; which licences are
allowed, and why, stands in `tests/supply/licences.toml`. The licence texts lie inside the wheels.

使用する部品（`requirements.txt`）とそのライセンスの一覧です。`make licences` で作り直せます。本文は各部品に同梱されています。

| package | version | licence |
|---|---|---|
"""


class UnknownLicenceError(ValueError):
    """A package says nothing that is known as a licence."""


@cache
def rules() -> Mapping[str, Mapping[str, str]]:
    """``allowed`` licences with the reason, other ``words`` for them, and what is ``told`` of single packages."""
    told: dict[str, Any] = tomllib.loads(Path(__file__).with_name("licences.toml").read_text(encoding="utf-8"))
    return told


def licence_of(name: str) -> str:
    """Return a package's licence as an SPDX expression.

    Raises:
        UnknownLicenceError: neither its metadata nor ``licences.toml`` says.
    """
    if name in rules()["told"]:
        return rules()["told"][name]
    try:
        found = metadata.metadata(name)
    except metadata.PackageNotFoundError as error:
        raise UnknownLicenceError(f"{name}: not installed here: add what its licence file says under [told]") from error
    classifiers = [text.rpartition(" :: ")[2] for text in found.get_all("Classifier") or [] if "License ::" in text]
    stated = [text for key in ("License-Expression", "License") for text in found.get_all(key) or []]
    words = [*stated, *(classifiers if len(classifiers) == 1 else ())]
    for word in filter(None, words):
        spelled = str(rules()["words"].get(word.strip(), word.strip()))
        if all(part in rules()["allowed"] or "-" in part for part in _parts(spelled)) and "\n" not in spelled:
            return spelled
    raise UnknownLicenceError(f"{name}: says {words} {classifiers}: add what its licence file says under [told]")


def is_allowed(expression: str) -> bool:
    """Tell whether an SPDX expression can be kept by using allowed licences only."""
    tokens = re.findall(r"[()]|[^\s()]+", expression)

    def either() -> bool:
        found = both()
        while tokens and tokens[0] == "OR":
            tokens.pop(0)
            found = both() or found
        return found

    def both() -> bool:
        found = one()
        while tokens and tokens[0] == "AND":
            tokens.pop(0)
            found = one() and found
        return found

    def one() -> bool:
        word = tokens.pop(0)
        if word == "(":
            found = either()
            tokens.pop(0)
            return found
        return word in rules()["allowed"]

    return either() and not tokens


def text() -> str:
    """Return the whole list."""
    versions: dict[str, list[str]] = {}
    for pin in lock.pins():
        versions.setdefault(pin.name, []).append(pin.version)
    return HEAD + "".join(f"| {name} | {', '.join(found)} | {licence_of(name)} |\n" for name, found in versions.items())


def _parts(expression: str) -> list[str]:
    return [part for part in re.findall(r"[^\s()]+", expression) if part not in ("AND", "OR", "WITH")]


if __name__ == "__main__":
    LIST.write_text(text(), encoding="utf-8")
