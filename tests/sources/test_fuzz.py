"""Hostile and broken bytes: no exception but ours, no hang, no lost cell. ``make torture`` runs this for ten minutes.

Bytes are drawn three ways: true files with pieces cut, doubled, swapped and overwritten; tables made of odd words; and plain
noise. What was found once stands below as a case of its own.
"""

from __future__ import annotations

import os
import random
import resource
import time
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.settings.city import Limits
from pipelines.sources.parse import ParseOptions
from pipelines.sources.propose import propose
from tests.sources import made
from tests.sources.made import Made
from tests.sources.test_layouts import parsed

SECONDS = float(os.environ.get("FUZZ_SECONDS", "15"))
LONGEST = 20.0
MOST_MEMORY = 1_500_000_000
LIMITS = ParseOptions(Limits(sheet_rows=20_000, columns=300, unzipped_bytes=20_000_000, threads=1))
WORDS = [
    "", "0", "-", "▲3", "１２", "2024-04-01", "2024/4/1 24:00", "令和6年4月", "R6.4.31", "99999999999999", "1e9", "NaN", "kWh",
    "ton", "😀", "\x1e", "\x1f", "\x00", '"', "'", "=1+1", "供給地点特定番号", "年月日", "合計", "日", "25:00", "0:00～0:30", "９９",
    "\ufeff", "；",
]  # fmt: skip


def mutated(content: bytes, chance: random.Random) -> bytes:
    data = bytearray(content)
    for _ in range(chance.randint(1, 8)):
        if not data:
            break
        at, length = chance.randrange(len(data)), chance.choice([1, 1, 2, 8, 64, 512])
        piece = bytes(data[at : at + length])
        what = chance.randrange(6)
        if what == 0:
            del data[at : at + length]
        elif what == 1:
            data[at:at] = piece * chance.randint(1, 20)
        elif what == 2:
            data[at : at + length] = bytes(chance.randrange(256) for _ in piece)
        elif what == 3:
            data[at : at + length] = chance.choice(WORDS).encode("utf-8", "surrogatepass")
        elif what == 4:
            data[at:at] = chance.choice([b"\r", b"\n", b",", b'"', b"\0", b"<!DOCTYPE a>", b"&a;", b"\x81", b"\t"])
        else:
            other = chance.randrange(len(data))
            data[at : at + length] = data[other : other + length]
    return bytes(data)


def rezipped(content: bytes, chance: random.Random) -> bytes:
    """Change what is inside a workbook or archive, so that the container still opens."""
    stream = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(stream, "w") as new:
        members = old.infolist()
        target = chance.choice(members).filename
        for info in members:
            inner = old.read(info)
            new.writestr(info.filename, mutated(inner, chance) if info.filename == target else inner)
    return stream.getvalue()


def read_without_harm(folder: Path, file: Made) -> None:
    """Read a file; ``parsed`` asserts the account of its cells."""
    begun = time.monotonic()
    found = parsed(folder, file, LIMITS)
    assert time.monotonic() - begun < LONGEST
    assert found["outcome"].problem is None or not found["values"]
    propose(folder / "inbox" / file.path, LIMITS.limits)


@pytest.mark.parametrize("name", made.ALL)
def test_mutated_files_of_each_layout(tmp_path: Path, name: str) -> None:
    file = made.ALL[name]()
    suffix = file.path.rpartition(".")[2]
    until = time.monotonic() + SECONDS / len(made.ALL)
    seed = int(os.environ.get("FUZZ_SEED", "7"))
    while time.monotonic() < until:
        chance = random.Random(f"{name}{seed}")
        inside = suffix in ("xlsx", "zip") and chance.random() < 0.7
        content = rezipped(file.content, chance) if inside else mutated(file.content, chance)
        try:
            read_without_harm(tmp_path, Made(file.path, content))
        except BaseException:
            (tmp_path / f"found-{name}-{seed}").write_bytes(content)
            raise
        seed += 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 < MOST_MEMORY


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=8), min_size=1, max_size=12),
    st.sampled_from(["utf-8", "cp932", "utf-16"]),
)
def test_tables_of_odd_words(tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], encoding: str) -> None:
    text = "\n".join(",".join(row) for row in [["meter_id", "started_at", "ended_at", "quantity", "unit"], *rows])
    content = text.encode(encoding, "replace")
    read_without_harm(tmp_path_factory.mktemp("odd"), Made("office/odd.csv", content))


@settings(max_examples=25, deadline=None)
@given(
    st.binary(max_size=400),
    st.sampled_from([b"", b"PK\x03\x04", b"<?xml version='1.0'?>", b"\xd0\xcf\x11\xe0", b"\xff\xfe"]),
)
def test_plain_noise(tmp_path_factory: pytest.TempPathFactory, noise: bytes, head: bytes) -> None:
    read_without_harm(tmp_path_factory.mktemp("noise"), Made("office/noise.csv", head + noise))


FOUND = {
    "a UTF-8 mark before other bytes": "\ufeff".encode() + b"meter_id,\x81\xff\n1,2\n",
    "UTF-16 that ends inside a character": b"\xff\xfe\0\0\0\0\0",
    "UTF-8 cut off inside a character": "meter_id,名".encode()[:-1],
    "zeros that are no UTF-16": b"m\0e\0t\0\x00\xd8",
    "a number of two hundred digits": made.utf8(
        "meter_id,started_at,ended_at,quantity",
        f"M1,2024-04-01,2024-05-01,1{'0' * 200}.5",
        f"M1,2024-04-01,2024-05-01,0.{'1' * 200}",
    ),
    "an exponent that is no plain number": made.utf8(
        "meter_id,started_at,ended_at,quantity", "M1,2024-04-01,2024-05-01,0e99", "M1,2024-04-01,2024-05-01,1E5"
    ),
}


@pytest.mark.parametrize("name", FOUND)
def test_what_was_found_before(tmp_path: Path, name: str) -> None:
    read_without_harm(tmp_path, Made("office/found.csv", FOUND[name]))
    assert parsed(tmp_path / "b", Made("office/found.csv", FOUND[name]))["values"] == []
