"""Workbooks of two departments never share a file."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipelines.reports.workbook import file_names


@given(st.sets(st.text(alphabet="課A a+=・()2/\\", min_size=1, max_size=6), max_size=12))
def test_no_two_departments_share_a_file_and_none_leaves_its_folder(departments: set[str]) -> None:
    names = file_names(departments)
    assert set(names) == departments
    assert len({name.casefold() for name in names.values()}) == len(departments), "also where case is no difference"
    assert not any(sign in name for name in names.values() for sign in "/\\+=")


def test_a_plain_name_is_kept() -> None:
    assert file_names(["福祉課・東", "福祉課（東", "総務課"]) == {
        "総務課": "総務課", "福祉課・東": "福祉課_東", "福祉課（東": "福祉課_東(2)",
    }  # fmt: skip
