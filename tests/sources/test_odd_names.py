"""Names of files that are not text: taken in, kept so that they come back, told."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from pipelines.cli import main
from pipelines.sources.arrive import inbox, odd_names
from tests.cli.test_cli import run
from tests.making import City, monthly, one, rows_of
from tests.sources.made import sheets

SIGNS = st.sampled_from(["a", "x", "5", "c", "8", "3", "\\", "\udc83", "\ud83d", "報", "\\x83", "\\x5c"])
NAMES = st.lists(SIGNS, max_size=8).map("".join)
REPORT, BOOK, GAS = (os.fsdecode(name.encode("cp932")) for name in ("報告.csv", "本.xlsx", "ガス"))


@given(NAMES, NAMES)
def test_every_name_comes_back_and_no_two_become_one(one_name: str, other: str) -> None:
    text = odd_names.as_text(one_name)
    assert odd_names.as_name(text) == one_name
    assert (text == odd_names.as_text(other)) == (one_name == other)
    text.encode("utf-8")


@pytest.mark.skipif(sys.platform != "linux", reason="only here may a name be any bytes")
def test_files_with_names_of_cp932_are_read_in_folders_and_books_alike(city: City) -> None:
    city.bills("gas/a.csv", monthly("M1", 2022, 2024, 100))
    city.bills("fuel/b.csv", monthly("M1", 2025, 2025, 100))
    head = ["meter_id", "started_at", "ended_at", "quantity", "unit"]
    city.file("fuel/c.xlsx", sheets(Sheet1=[head, ["M1", "2026-04-01", "2026-05-01", 100, "L"]]))
    inbox_folder = city.folder / "inbox"
    (inbox_folder / "gas" / "received.csv").write_text(
        "path,received_at\n報告.csv,2026-05-01 09:00\n", encoding="utf-8"
    )
    for old, new in (
        ("gas/a.csv", f"gas/{REPORT}"),
        ("fuel/b.csv", r"fuel/\x95\xf1.csv"),
        ("fuel/c.xlsx", f"fuel/{BOOK}"),
        ("gas", GAS),
    ):
        (inbox_folder / old).rename(inbox_folder / new)
    city.publish()
    with city.built() as made:
        files = rows_of(
            made, "SELECT source, path, status, CAST(received_at AS VARCHAR) FROM source_files ORDER BY ALL"
        )
        assert one(made, "SELECT count(*) FROM current_readings") == 49
        told = dict(rows_of(made, "SELECT subject, message_ja FROM findings WHERE rule_id = 'odd_name'"))
    assert [file[:3] for file in files] == [
        ("\\x83K\\x83X", "\\x95\\xf1\\x8d\\x90.csv", "read"),
        ("fuel", "\\x5cx95\\x5cxf1.csv", "read"),
        ("fuel", "\\x96{.xlsx", "read"),
    ]
    assert files[0][3] == "2026-05-01 09:00:00", "received.csv writes the name as people read it"
    assert "ガス/報告.csv" in told["\\x83K\\x83X/\\x95\\xf1\\x8d\\x90.csv"] and len(told) == 3
    arrivals = inbox.ledger(city.paths.history).values()
    assert all(inbox.path_of(city.paths, a.source, a.path).is_file() for a in arrivals)


@pytest.mark.skipif(sys.platform != "linux", reason="only here may a name be any bytes")
def test_a_file_and_a_folder_on_the_command_line_may_be_named_so(city: City, tmp_path: Path) -> None:
    file = tmp_path / REPORT
    file.write_text("meter_id,started_at,ended_at,quantity,unit\nM1,2025-04-01,2025-05-01,10,L\n", encoding="utf-8")
    code, said, _ = run(city, "parse", str(file), "--json")
    assert code == 0 and json.loads(said)["rows_values"] == 1
    folder = tmp_path / GAS
    shutil.copytree(city.folder, folder)
    for words in (("nightly",), ("doctor",), ("facilities",)):
        result = CliRunner().invoke(main.app, ["--city", str(folder), *words])
        assert result.exit_code in (1, 2) and "名前に変えて" in f"{result.output}{result.exception}", words
