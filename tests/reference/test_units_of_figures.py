"""Every unit that a figure of the reference is stated in is one that pint knows; a slip is named by file and line."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from pipelines import units
from pipelines.reference.load import FOLDER

FILES = ("emission_factors.csv", "heat_contents.csv", "densities.csv")


def problems(path: Path) -> list[str]:
    """What is wrong with the units of a file."""
    found = []
    with path.open(encoding="utf-8", newline="") as stream:
        for line, row in enumerate(csv.DictReader(stream), start=2):
            try:
                units.registry().Quantity(1, row["unit"])
            except Exception as error:  # pint has many ways to refuse
                found.append(f"{path.name} line {line}: unit {row['unit']!r}: {type(error).__name__} {error}")
    return found


@pytest.mark.parametrize("name", FILES)
def test_every_unit_of_a_figure_is_known(name: str) -> None:
    assert problems(FOLDER / name) == []


def test_a_slip_is_named_by_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "emission_factors.csv"
    path.write_text("key,unit\nkerosene,kgC/MJ\ngasoline,kgC/\n")
    assert [told.split(": ")[0] for told in problems(path)] == ["emission_factors.csv line 3"]
