"""What a pipe cannot write is written otherwise, and can still be told from what it is not."""

from __future__ import annotations

import codecs

import pytest

from pipelines.process import streams


@pytest.mark.parametrize(
    ("text", "encoding", "told"),
    [
        ("−40.5 % — 達成", "cp932", "－40.5 % ― 達成"), ("m² \U0001f600", "cp932", "m\\xb2 \\U0001f600"),
        ("达标", "cp932", "\\u8fbe\\u6807"), ("達成 –", "ascii", "\\u9054\\u6210 -"), ("達成 −", "utf-8", "達成 −"),
    ],
)  # fmt: skip
def test_a_sign_that_is_lacking_is_written_by_a_near_one_or_by_its_number(text: str, encoding: str, told: str) -> None:
    codecs.register_error(streams.NAME, streams._near)
    assert text.encode(encoding, streams.NAME).decode(encoding) == told
