"""The register of layouts: a file is recognised by its content; two layouts that both fit are an error."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.sources.layouts import (
    answer_sheet,
    chugoku_hours,
    collection_book,
    described,
    green_button,
    grid_messages,
    hokkaido_halfhours,
    jma_daily,
    kansai_hours,
)
from pipelines.sources.layouts.head import LayoutReader, Recognised, TableHead
from pipelines.texts import section

# Layouts that columns alone cannot describe: days across, or XML. All others are data (layouts.toml).
MODULES = (
    chugoku_hours, kansai_hours, hokkaido_halfhours, grid_messages, green_button, answer_sheet, collection_book, jma_daily,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LayoutProblem:
    """Why no single layout was found."""

    rule_id: str
    found: str


def known() -> tuple[LayoutReader, ...]:
    """Return every layout that comes with the package."""
    modules = tuple(LayoutReader(m.NAME, m.recognise, section("layout_titles")[m.NAME]) for m in MODULES)
    return described.own_layouts() + modules


def names() -> tuple[str, ...]:
    """Return the names of all layouts that come with the package."""
    return tuple(layout.name for layout in known())


def recognise(head: TableHead, wanted: str = "", of_city: tuple[LayoutReader, ...] = ()) -> Recognised | LayoutProblem:
    """Return how to read a table, or why not.

    Args:
        head: First rows and path.
        wanted: The layout the settings name for this source; empty: any.
        of_city: The city's own layouts; where one of them fits, it goes before the package's.
    """
    for layouts in (of_city, known()):
        asked = [layout for layout in layouts if wanted in ("", layout.name)]
        found = [recognised for layout in asked if (recognised := layout.recognise(head))]
        found = [each for each in found if not each.problem or each.problem[0] != "no_fact_of_file"] or found[:1]
        if len(found) == 1:
            return found[0]
        if found:
            return LayoutProblem("two_layouts", ", ".join(r.layout for r in found))
    first = next((row for row in head.rows if any(row)), ())
    return LayoutProblem("unknown_layout", (",".join(first) or head.root)[:120])
