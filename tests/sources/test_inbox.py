"""What arrived: receipts, ledger, files seen before, nothing lost."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import pytest

from pipelines.ask import intake
from pipelines.sources import parse
from pipelines.sources.arrive import inbox
from tests.making import City, begun, one, remembered, rows_of

ROW = ("M1", "2024-04-01", "2024-05-01", 10, "L")


def scanned(city: City) -> inbox.Scan:
    found = inbox.scan(city.paths)
    limits = city.paths.settings.limits
    for batch in parse.batches(found.to_parse, limits):
        parse.parse_into_store(batch, city.paths.parsed, parse.ParseOptions(limits), city.paths.data / "tmp")
    return found


def test_a_file_seen_before_costs_nothing(city: City) -> None:
    city.bills("fuel/a.csv", [ROW])
    path = city.folder / "inbox" / "fuel" / "a.csv"
    os.utime(path, (1_700_000_000, 1_700_000_000))
    assert len(scanned(city).to_parse) == 1
    path.chmod(0o000)  # even unreadable now: its size and time are unchanged, so nobody opens it
    again = scanned(city)
    path.chmod(0o644)
    assert (again.to_parse, again.new_files, len(again.arrivals)) == ([], 0, 1)


def test_received_at_is_stated_or_first_seen_and_kept(city: City) -> None:
    city.bills("fuel/a.csv", [ROW], "2024-05-02 09:00")
    (city.folder / "inbox" / "fuel" / "b.csv").write_text("meter_id,started_at,ended_at,quantity\n", encoding="utf-8")
    first = {a.path: a.received_at for a in scanned(city).arrivals}
    assert first["a.csv"] == datetime(2024, 5, 2, 9)
    (city.folder / "inbox" / "fuel" / "copy.csv").write_text(
        "meter_id,started_at,ended_at,quantity\n", encoding="utf-8"
    )
    again = {a.path: a.received_at for a in scanned(city).arrivals}
    assert again["b.csv"] == first["b.csv"] == again["copy.csv"], "the time of first sight goes with the content"


def test_what_was_received_stays_received(city: City) -> None:
    city.bills("fuel/a.csv", [ROW])
    scanned(city)
    (city.folder / "inbox" / "fuel" / "a.csv").unlink()
    assert [a.path for a in scanned(city).arrivals] == ["a.csv"]


def test_a_row_of_received_csv_that_cannot_be_read_is_told(city: City) -> None:
    city.bills("fuel/a.csv", [ROW], "someday")
    assert [f.rule_id for f in scanned(city).findings] == ["received_row"]


def test_received_csv_may_come_from_excel(city: City) -> None:
    """Written by Excel in Japan: cp932, lines of Windows, quotes."""
    city.bills("fuel/請求.csv", [ROW])
    text = 'path,received_at\r\n\r\n"請求.csv",2024/5/2 9:00\r\n,\r\nb.csv,いつか\r\n'
    (city.folder / "inbox" / "fuel" / "received.csv").write_bytes(text.encode("cp932"))
    found = scanned(city)
    assert [a.received_at for a in found.arrivals] == [datetime(2024, 5, 2, 9)]
    assert [f.subject for f in found.findings] == ["fuel/received.csv:5"], "the line as the file counts it"


@pytest.mark.parametrize(
    "content",
    [
        b"file;when\na.csv;2024-05-02\n",
        b"\x89PNG\r\n\0",
        b"",
        b"path\na.csv\n",
        b"\xff\xfe\xff",
        b'path,received_at\n"' + b"a" * 140_000,
        b'path,received_at\n"' + b"a,2024-05-02\n" * 20_000,
    ],
)
def test_a_received_csv_that_is_none_is_told_and_stops_nothing(city: City, content: bytes) -> None:
    city.bills("fuel/a.csv", [ROW])
    (city.folder / "inbox" / "fuel" / "received.csv").write_bytes(content)
    found = scanned(city)
    assert [(f.rule_id, f.subject) for f in found.findings] == [("received_row", "fuel/received.csv")]
    assert [a.path for a in found.arrivals] == ["a.csv"]


def test_a_folder_that_cannot_be_read_is_told(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    city.bills("fuel/a.csv", [ROW])
    city.bills("fuel/closed/b.csv", [ROW])
    scandir = os.scandir

    def refusing(path: str) -> object:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    found = scanned(city)
    assert [(f.rule_id, f.subject) for f in found.findings] == [("unreadable_folder", "inbox/fuel/closed")]
    assert [a.path for a in found.arrivals] == ["a.csv"]


def test_an_inbox_that_is_gone_is_told(city: City) -> None:
    city.bills("fuel/a.csv", [ROW])
    scanned(city)
    (city.folder / "inbox").rename(city.folder / "away")
    found = scanned(city)
    assert [(f.rule_id, f.subject) for f in found.findings] == [("unreadable_folder", "inbox")]
    assert [a.path for a in found.arrivals] == ["a.csv"], "what was received stays received"


def test_links_are_told_and_not_followed(city: City) -> None:
    city.bills("fuel/a.csv", [ROW])
    (city.folder / "inbox" / "fuel" / "link.csv").symlink_to("/etc/hostname")
    (city.folder / "inbox" / "linked").symlink_to("/etc")
    found = scanned(city)
    assert [(f.rule_id, f.subject) for f in found.findings] == [
        ("not_a_file", "./linked"), ("not_a_file", "fuel/link.csv"),
    ]  # fmt: skip
    assert [a.path for a in found.arrivals] == ["a.csv"]


def test_a_file_straight_in_the_inbox_is_taken_in(city: City) -> None:
    (city.folder / "inbox").mkdir(exist_ok=True)
    (city.folder / "inbox" / "loose.csv").write_text(
        "meter_id,started_at,ended_at,quantity,unit\nM1,2024-04-01,2024-05-01,10,L\n", encoding="utf-8"
    )
    (city.folder / "inbox" / "received.csv").write_text("path,received_at\nloose.csv,2024-05-02\n", encoding="utf-8")
    with city.built("readings") as made:
        found = one(made, "SELECT source, path, received_at, rows_loaded FROM source_files")
        assert found == (".", "loose.csv", datetime(2024, 5, 2), 1)


def test_what_could_not_be_taken_in_is_new_and_a_rebuild_tells_it_too(city: City) -> None:
    city.bills("fuel/a.csv", [ROW])
    city.publish()
    (city.folder / "inbox" / "fuel" / "link.csv").symlink_to("/etc/hostname")
    _, found = begun(city.paths)
    assert found.is_new, "a file that cannot be taken in is news"
    _, again = remembered(city.paths)
    assert [f.rule_id for f in again.findings] == ["not_a_file"]
    assert again.hashes == found.hashes


def test_office_droppings_are_passed_over(city: City) -> None:
    city.bills("fuel/a.csv", [ROW])
    for name in ("Thumbs.db", "~$a.xlsx", ".DS_Store", ".hidden/x.csv"):
        path = city.folder / "inbox" / "fuel" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    assert [a.path for a in scanned(city).arrivals] == ["a.csv"]


def test_a_torn_line_of_the_ledger_is_passed_over(city: City) -> None:
    city.bills("fuel/a.csv", [ROW])
    scanned(city)
    ledger = city.paths.history / inbox.LEDGER
    ledger.write_bytes(ledger.read_bytes() + b'{"sha256": "ab')
    city.bills("fuel/b.csv", [("M1", "2024-05-01", "2024-06-01", 10, "L")])
    assert len(scanned(city).arrivals) == 2
    assert len(inbox.ledger(city.paths.history)) == 2


def test_thousands_of_small_files_make_few_parquets(city: City) -> None:
    for number in range(60):
        day = f"2024-04-{number % 28 + 1:02d}"
        city.file(
            f"fuel/{number}.csv",
            f"meter_id,started_at,ended_at,quantity\nM1,{day} {number // 28:02d}:00,{day} {number // 28:02d}:30,1\n",
        )
    scanned(city)
    assert len(list(city.paths.parsed.glob("values-*.parquet"))) == 1


def test_names_with_pattern_signs_are_read_like_any_other(city: City) -> None:
    for name in ("a[1].csv", "b*.csv", "c?.csv", "電気 {4月}.csv", "d'e\".csv"):
        city.file(
            f"fuel/{name}",
            f"meter_id,started_at,ended_at,quantity\nM1,2024-04-01,2024-05-01,1\n#{name}\n".replace("#", ""),
        )
    assert len(scanned(city).arrivals) == 5
    assert {p.rule_id for p in scanned(city).findings} == set()


OFFICE = (
    '[layouts.office]\nheader = ["計器", "月", "量"]\ncolumns = { meter = "計器", month = "月", quantity = "量" }\n'
)
BY_FOLDER = (
    '[layouts.office]\nheader = ["月", "量"]\ncolumns = { month = "月", quantity = "量" }\nmeter_from = "folders"\n'
)


@pytest.mark.parametrize(
    ("layout", "content", "place"),
    [
        (OFFICE, "計器,月,量\nM1,2024-04,10\n", "fuel/2024/a.csv"),
        (BY_FOLDER, "月,量\n2024-04,10\n", "fuel/M2/M1/a.csv"),
    ],
)
def test_a_file_moved_within_the_inbox_is_known_by_its_content(
    tmp_path: Path, layout: str, content: str, place: str
) -> None:
    """Moved, and the settings changed so that what was read must be read again: the old place is read from the new one."""
    first = "fuel/M1/a.csv" if "folders" in layout else "a.csv"
    made = City(tmp_path / "c", extra=layout)
    made.register(
        "meters",
        [{"meter_id": "M1", "facility_id": "F1", "energy_type": "kerosene", "unit": "L", "reading_kind": "bill"}],
    )
    (inbox_file := made.folder / "inbox" / first).parent.mkdir(parents=True, exist_ok=True)
    inbox_file.write_text(content, encoding="utf-8")
    made.publish()
    (moved := made.folder / "inbox" / place).parent.mkdir(parents=True, exist_ok=True)
    inbox_file.rename(moved)
    city_toml = made.folder / "city.toml"
    city_toml.write_text(
        city_toml.read_text(encoding="utf-8").replace("columns = {", 'missing = ["未"]\ncolumns = {'), encoding="utf-8"
    )
    made.publish()
    with made.built("readings") as connection:
        assert rows_of(connection, "SELECT meter_id, quantity FROM current_readings") == [("M1", 10)]
        told = rows_of(connection, "SELECT subject FROM findings WHERE rule_id = 'file_moved'")
    assert told == [(place,)]
    found = scanned(made)
    assert [f.rule_id for f in found.findings] == [], "told in the night in which it was found, not for ever"
    assert len({arrival.received_at for arrival in found.arrivals}) == 1


def test_what_a_corrected_file_of_the_same_name_replaced_is_not_held_back_today(tmp_path: Path) -> None:
    made = City(tmp_path / "c")
    made.register(
        "meters",
        [{"meter_id": "M1", "facility_id": "F1", "energy_type": "kerosene", "unit": "L", "reading_kind": "bill"}],
    )
    head = "meter_id,started_at,ended_at,quantity,unit\n"
    made.file(
        "fuel/a.csv", f"{head}M1,2024-04-01,2024-05-01,十,L\nM1,2024-05-01,2024-06-01,9,L\n", received="2024-06-02"
    )
    made.publish()
    told = intake.gather(made.paths.published)
    assert (told["counts"]["held"], len(told["held"])) == (1, 1)
    made.file(
        "fuel/a.csv", f"{head}M1,2024-04-01,2024-05-01,10,L\nM1,2024-05-01,2024-06-01,9,L\n", received="2024-06-03"
    )
    made.publish()
    told = intake.gather(made.paths.published)
    assert (told["counts"]["held"], told["held"]) == (0, [])
    with made.built("readings") as connection:
        assert one(connection, "SELECT sum(rows_quarantined) FROM source_files") == 1, (
            "the row account of the old content stays"
        )
    made.file("fuel/a.csv", "これは表ではない\n", received="2024-06-04")
    made.publish()
    assert intake.gather(made.paths.published)["counts"]["held"] == 0
