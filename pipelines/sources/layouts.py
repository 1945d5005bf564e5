"""The register of layouts: a file is recognised by its content; two layouts that both fit are an error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

from pipelines.sources import canonical_activity, canonical_readings, day_columns, hourly_load, waste_composition
from pipelines.sources.head import Head, Recognised

MODULES: tuple[ModuleType, ...] = (canonical_readings, canonical_activity, day_columns, hourly_load, waste_composition)
# Raised whenever a parser or the typing of cells changes its results: every file is then parsed again.
PARSER_VERSION = 2


@dataclass(frozen=True, slots=True)
class LayoutProblem:
    """Why no single layout was found."""

    rule_id: str
    found: str


def names() -> tuple[str, ...]:
    """Return the names of all layouts."""
    return tuple(module.NAME for module in MODULES)


def recognise(head: Head, wanted: str = "") -> Recognised | LayoutProblem:
    """Return how to read a file, or why not.

    Args:
        head: First rows and path.
        wanted: The layout the settings name for this source; empty: any.
    """
    found = []
    for module in MODULES:
        if wanted and wanted != module.NAME:
            continue
        read: Callable[[Head], Recognised | None] = module.recognise
        recognised = read(head)
        if recognised is not None:
            found.append(recognised)
    if len(found) == 1:
        return found[0]
    if found:
        return LayoutProblem("two_layouts", ", ".join(r.layout for r in found))
    first = next((row for row in head.rows if any(row)), ())
    return LayoutProblem("unknown_layout", ",".join(first)[:120])
