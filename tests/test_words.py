"""Every list of allowed words stands once, in the catalogue: contracts, registers, layouts and parsers read it there."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from expectations import suites
from expectations.contracts import contract
from pipelines import tables
from pipelines.registers.read import RegisterError, typed
from pipelines.settings.layout import Layout
from pipelines.sources.layouts.cell_words import AGREED_WORDS

ROOT = Path(__file__).parents[1]
RAW = tomllib.loads((ROOT / "pipelines" / "tables.toml").read_text(encoding="utf-8"))
LISTS = {frozenset(words) for words in RAW["words"].values() if len(words) > 1}


def displays(path: Path) -> Iterator[tuple[int, frozenset[str]]]:
    """Every list, tuple or set of texts that a file writes down, and every text of words with bars, commas or slashes between."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            texts = [e.value for e in node.elts if isinstance(e, ast.Constant) and isinstance(e.value, str)]
            if len(texts) == len(node.elts):
                yield node.lineno, frozenset(texts)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            for between in ("|", ",", "/"):
                if between in node.value:
                    yield node.lineno, frozenset(map(str.strip, node.value.strip("^$()").split(between))) - {""}


def test_no_python_file_holds_a_second_list_of_words() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {', '.join(sorted(words))}"
        for folder in ("pipelines", "expectations", "flows")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for line, words in displays(path)
        if words in LISTS
    ]
    assert found == [], "read them with tables.words()"


def test_the_scan_finds_a_list_a_set_and_a_pattern(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text(
        "A = ['month', 'year']\nB = {'year', 'month'}\nC = '^(|month|year)$'\nD = ['month', 'day']\nE = 'month, year'\n"
    )
    assert [line for line, words in displays(path) if words in LISTS] == [1, 2, 3, 5]


def listed(meaning: str) -> Iterator[frozenset[str]]:
    """The words that a column's meaning lists in brackets, each perhaps with what it means."""
    for inside in re.findall("（([^（）]*)）", meaning):
        items = [re.fullmatch(r"(\w+)(=[^,]*)?", item.strip()) for item in inside.split(",")]
        if len(items) > 1 and all(items):
            yield frozenset(item[1] for item in items if item)


def test_every_column_whose_meaning_lists_words_has_them() -> None:
    """What a person is told may stand there, a contract checks."""
    for name, (_, _, meaning, _) in RAW["columns"].items():
        known = {frozenset(words) for entry, words in RAW["words"].items() if entry.rpartition(".")[2] == name}
        for words in listed(meaning):
            assert words in known, f"{name}: {', '.join(sorted(words))}"
    assert list(listed("状態（running=進行中, closed=締め済）／場所（;区切り）")) == [frozenset({"running", "closed"})]


@pytest.mark.parametrize("column", ["year_state", "doubt_state", "designation_state", "effect", "side", "purpose"])
def test_states_are_contracted_where_a_run_writes_them(column: str) -> None:
    contracted = {c.table_name for make in suites.SUITES.values() for c in make()}
    derived = {
        t.name for t in tables.catalogue().values() if t.kind in ("derived", "reference") and column in t.column_names
    }
    assert tables.words(column) and {name for name in derived if not tables.table(name).is_view} <= contracted


def test_every_entry_names_a_column_of_the_catalogue() -> None:
    for entry in RAW["words"]:
        table, _, column = entry.rpartition(".")
        assert column in RAW["columns"], entry
        if table:
            assert column in tables.table(table).column_names, entry


def test_contracts_check_every_column_that_has_words() -> None:
    contracted = {c.table_name for make in suites.SUITES.values() for c in make()} - {"invariant_results"}
    assert {"readings", "register_states", "flags", "facility_results", "source_files"} <= contracted
    for name in contracted:
        made = {
            check.expectation.column: tuple(check.expectation.value_set)
            for check in contract(name)
            if check.expectation.expectation_type == "expect_column_values_to_be_in_set"
        }
        assert made == {c.name: c.words for c in tables.table(name).columns if c.words}, name


def test_a_column_may_have_other_words_in_one_table() -> None:
    assert tables.words("state")[-1] == "missing"
    assert tables.words("state", "flags") == ("open", "answered", "accepted", "returned", "confirmed")
    assert tables.words("basis", "waste_samples") == ("wet", "dry")
    assert tables.words("basis", "gaps") == () == tables.words("facility_id")


def test_registers_layouts_and_parsers_take_the_words_of_the_catalogue() -> None:
    head = b"meter_id,facility_id,energy_type,unit,reading_kind\n"
    for kind in tables.words("reading_kind"):
        assert typed({"meters": head + f"M,F,kerosene,L,{kind}\n".encode()})["meters"][0]["reading_kind"] == kind
        Layout(header=("a",), columns={"meter": "a", "date": "b", "quantity": "c"}, reading_kind=kind)
        assert AGREED_WORDS["reading_kind"][kind] == kind
    with pytest.raises(RegisterError, match="bill, delivery, interval, register"):
        typed({"meters": head + b"M,F,kerosene,L,monthly\n"})
    with pytest.raises(ValueError, match="reading_kind"):
        Layout(header=("a",), columns={"meter": "a", "date": "b", "quantity": "c"}, reading_kind="monthly")
