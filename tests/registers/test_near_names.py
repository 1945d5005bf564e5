"""What a word that no register has may mean: a short form, a slip, a part; never a number beside another."""

from __future__ import annotations

import pytest

from pipelines.registers.near_names import nearest

NAMES = {
    name: f"{name} (F{number})"
    for number, name in enumerate(
        ["第一小学校", "第二小学校", "本庁舎", "中央公民館", "中央図書館", "0300000000000000000001"]
    )
}


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("一小", ["第一小学校 (F0)"]),
        ("本庁舍", ["本庁舎 (F2)"]),
        ("市役所本庁舎", ["本庁舎 (F2)"]),
        ("本庁舎/ガス", ["本庁舎 (F2)"]),
        ("図書館", ["中央図書館 (F4)"]),
        ("第一 小学校", ["第一小学校 (F0)", "第二小学校 (F1)"]),
        ("給食センター", []),
        ("0300000000000000000002", []),
        ("館", []),
    ],
)
def test_the_nearest_names_are_told(word: str, found: list[str]) -> None:
    assert nearest(word, NAMES) == found


def test_at_most_three_are_told_the_nearest_first() -> None:
    names = {f"中央公民館{n}": str(n) for n in "一二三四五"} | {"中央公民館": "the one"}
    found = nearest("中央公民館", names)
    assert found[0] == "the one" and len(found) == 3
