"""Any text table becomes lines that DuckDB can cut: record by record, nothing lost, wherever quotes stand."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.sources.open import lines

TEXTS = st.lists(st.text(alphabet='ab",', max_size=8), max_size=12).map("\n".join)


def rows(text: str, at_once: int = 10_000) -> list[lines.Row | None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(lines, "ROWS_AT_ONCE", at_once)
        return [tuple(row) if row else None for row in lines._quoted_rows(text, ",")]


@given(text=TEXTS, at_once=st.integers(1, 5))
def test_records_do_not_depend_on_how_many_are_read_at_once(text: str, at_once: int) -> None:
    assert rows(text, at_once) == rows(text)


@given(text=TEXTS)
def test_every_line_has_its_row_and_no_letter_is_lost(text: str) -> None:
    found = rows(text)
    assert len(found) == len(text.split("\n")) - text.endswith("\n") - (not text)
    cells = "".join(cell for row in found for cell in row or () if cell != lines.UNCLOSED)
    assert [char for char in cells if char in "ab"] == [char for char in text if char in "ab"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('a,"b,c",d\n', [("a", "b,c", "d")]),
        ('a,"b\nc",d\ne\n', [("a", "b\nc", "d"), None, ("e",)]),
        ('a,"say ""b""",d\n', [("a", 'say "b"', "d")]),
        ('x"y,1\nz"w,2\n', [(lines.UNCLOSED, 'x"y,1'), (lines.UNCLOSED, 'z"w,2')]),
        ('"a,1\nb,2\n', [(lines.UNCLOSED, '"a,1'), ("b", "2")]),
        ('x"y,"z\na",b\nc\n', [(lines.UNCLOSED, 'x"y,"z'), (lines.UNCLOSED, 'a",b'), ("c",)]),
        ("\n\na\n", [None, None, ("a",)]),
    ],
)
def test_quotes(text: str, found: list[lines.Row | None]) -> None:
    for at_once in (1, 2, 10_000):
        assert rows(text, at_once) == found


def test_a_cell_beyond_what_csv_takes_costs_its_own_line() -> None:
    long = '"' + "\n".join(["a" * 20_000] * 9) + '",1\nb,2\n'
    found = rows(long)
    assert found[0] == (lines.UNCLOSED, '"' + "a" * 20_000)
    assert found[-1] == ("b", "2")
    assert len(found) == 10


def test_a_rewritten_line_holds_no_sign_that_could_break_it(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    counted = lines.write_rows(path, [("a", "b\nc\x1fd\x00e"), None, ("f", "g"), ("",)])
    assert path.read_text(encoding="utf-8") == "a\x1fb c d e\n\nf\x1fg\n\n"
    assert counted == lines.Counted(4, 3)
