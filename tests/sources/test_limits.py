"""Files that would take the machine: refused before anything is allocated, or the process that reads them is, never the night."""

from __future__ import annotations

import io
import os
import signal
import struct
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
import xlsxwriter

from pipelines.findings import rules
from pipelines.process import child as child_process
from pipelines.process.child import ChildDiedError, ChildStoppedError
from pipelines.settings.city import Limits, Settings
from pipelines.sources.layouts import xml_tokens
from pipelines.sources.open import read_apart, workbook, xls_cells
from pipelines.sources.open.inspect_file import inspect
from pipelines.sources.parse import ParseOptions
from pipelines.texts import both
from pipelines.upkeep import doctor
from pipelines.warehouse import database
from tests.making import City, monthly, one
from tests.sources import made
from tests.sources.made import Made
from tests.sources.test_layouts import parsed

GB = 1_000_000_000
CANONICAL = ("meter_id", "started_at", "ended_at", "quantity", "unit")


def problem_of(folder: Path, file: Made, **limits: Any) -> tuple[str, dict[str, object]]:
    found = parsed(folder, file, ParseOptions(Limits(**limits)))["outcome"].problem
    assert found is not None
    for language in ("ja", "en"):
        assert "?" not in rules()[found[0]].sentence(language, found[1])
    return found  # type: ignore[no-any-return]


def sheet_of(rows: int, columns: int = 5) -> bytes:
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True, "constant_memory": True})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, CANONICAL)
    for row in range(1, rows):
        sheet.write_row(row, 0, ["M1", "2025-04-01", "2025-05-01", row, "kWh", *range(columns - 5)])
    book.close()
    return stream.getvalue()


def two_far_cells_xls(sheets: int = 40) -> bytes:
    """An .xls whose sheets each span all 65,536 x 256 cells with two: calamine lays out 16.7 million cells for each."""

    def record(kind: int, content: bytes) -> bytes:
        return struct.pack("<HH", kind, len(content)) + content

    def begin(kind: int) -> bytes:
        return record(0x809, struct.pack("<HHHHII", 0x600, kind, 0, 0, 0, 0))

    body = b"".join(record(0x203, struct.pack("<HHHd", row, col, 0, 1.0)) for row, col in ((0, 0), (65_535, 255)))
    part = begin(0x10) + body + record(0x0A, b"")
    names = [f"S{n:02d}".encode() for n in range(sheets)]
    first = begin(5)
    bounds = sum(12 + len(name) for name in names)
    start = len(first) + bounds + 4
    listed = b"".join(
        record(0x85, struct.pack("<IHBB", start + n * len(part), 0, len(name), 0) + name)
        for n, name in enumerate(names)
    )
    stream = first + listed + record(0x0A, b"") + part * sheets
    stream += b"\0" * (max(4_096, -(-len(stream) // 512) * 512) - len(stream))
    sectors = len(stream) // 512
    fat = [0xFFFFFFFD, 0xFFFFFFFE, *range(3, sectors + 2), 0xFFFFFFFE]
    fat += [0xFFFFFFFF] * (128 - len(fat))

    def entry(name: str, kind: int, child: int, begins: int, size: int) -> bytes:
        wide = name.encode("utf-16-le")
        return (
            wide.ljust(64, b"\0")
            + struct.pack("<HBBIII", len(wide) + 2, kind, 1, 0xFFFFFFFF, 0xFFFFFFFF, child)
            + b"\0" * 36
            + struct.pack("<IQ", begins, size)
        )

    head = (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        + b"\0" * 16
        + struct.pack("<HHHHH6xIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, 4_096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
        + struct.pack("<I", 0)
        + b"\xff\xff\xff\xff" * 108
    )
    listing = entry("Root Entry", 5, 1, 0xFFFFFFFE, 0) + entry("Workbook", 2, 0xFFFFFFFF, 2, len(stream)) + b"\0" * 256
    return head[:512] + struct.pack("<128I", *fat) + listing + stream


# ---------------------------------------------------------------- before allocation


def test_a_workbook_is_measured_by_all_its_cells_before_it_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = Made("office/a.xlsx", sheet_of(220))
    assert len(parsed(tmp_path / "few", file, ParseOptions(Limits(workbook_cells=1_100)))["rejects"]) == 0
    problem = problem_of(tmp_path / "many", file, workbook_cells=1_099)
    assert problem == ("workbook_too_large", {"found": "220 x 5", "limit": 1_099})
    import python_calamine

    monkeypatch.setattr(python_calamine.CalamineWorkbook, "from_path", lambda *_: pytest.fail("opened"))
    with pytest.raises(workbook.TooLargeWorkbookError):
        workbook.sheets(tmp_path / "many/inbox/office/a.xlsx", Limits(workbook_cells=1_099))


@pytest.mark.parametrize(("sheets", "is_read"), [(1, True), (2, False), (40, False)])
def test_an_old_workbook_is_measured_before_it_is_opened(tmp_path: Path, sheets: int, is_read: bool) -> None:
    path = tmp_path / "a.xls"
    path.write_bytes(two_far_cells_xls(sheets))
    assert [(each.height, each.width) for each in xls_cells.sheets(path)][2:] == [(65_536, 256)] * sheets
    if not is_read:
        with pytest.raises(workbook.TooLargeWorkbookError):
            workbook.sheets(path, Limits())


@pytest.mark.parametrize("at", range(0, 1_600, 13))
def test_a_damaged_compound_file_is_measured_or_left_to_its_reader(tmp_path: Path, at: int) -> None:
    content = bytearray(two_far_cells_xls(2))
    content[at : at + 4] = b"\x03\0\0\0"
    (tmp_path / "a.xls").write_bytes(content)
    assert len(xls_cells.sheets(tmp_path / "a.xls")) < 10
    (tmp_path / "a.xls").write_bytes(content[: 4 * at])
    assert len(xls_cells.sheets(tmp_path / "a.xls")) < 10


@pytest.mark.parametrize("lines", [10, 11])
def test_the_rows_of_a_file_are_limited_by_name(tmp_path: Path, lines: int) -> None:
    months = [f"M1,{2000 + n}-04-01,{2000 + n}-05-01,{n},kWh" for n in range(lines - 1)]
    texts = {
        "csv": Made("office/a.csv", made.utf8(",".join(CANONICAL), *months)),
        "cp932": Made("office/b.csv", made.cp932(",".join(CANONICAL) + ",備考", *(f"{month},電" for month in months))),
        "workbook": Made("office/c.xlsx", made.sheets(S=[CANONICAL, *(month.split(",") for month in months)])),
        "archive": Made("office/d.zip", made.zipped(a__csv=made.utf8(",".join(CANONICAL), *months))),
    }
    for name, file in texts.items():
        told = parsed(tmp_path / name, file, ParseOptions(Limits(file_rows=10)))
        if lines == 10:
            assert told["outcome"].problem is None and len(told["values"]) == 9, name
        else:
            numbers = {"found": 11, "limit": 10, "setting": "file_rows"}
            assert told["outcome"].problem == ("too_many_rows", numbers), name


def test_the_readings_of_a_document_are_limited_by_name(tmp_path: Path) -> None:
    points = [(f"{n:022d}", "0", "JP06123", "1.5") for n in range(11)]
    assert (
        parsed(tmp_path / "10", made.grid_day(points[:10]), ParseOptions(Limits(file_rows=10)))["outcome"].problem
        is None
    )
    problem = problem_of(tmp_path / "11", made.grid_day(points), file_rows=10)
    assert problem == ("too_many_rows", {"found": "> 10", "limit": 10, "setting": "file_rows"})


LONG = xml_tokens.LONGEST + 100
TOKENS = {
    "an attribute": f'<feed a="{"x" * LONG}"/>',
    "an attribute full of brackets": f'<feed a="{">" * LONG}"/>',
    "a name": f"<{'x' * LONG}/>",
    "a comment": f"<feed><!-- {'<' * LONG} --></feed>",
    "an instruction": f"<?x {'<' * LONG}?><feed/>",
    "a tag never closed": f"<feed><e {'x' * LONG}",
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be"])
@pytest.mark.parametrize("name", TOKENS)
def test_a_document_with_a_token_beyond_measure_is_refused_before_it_is_parsed(
    tmp_path: Path, name: str, encoding: str
) -> None:
    path = tmp_path / "a.xml"
    path.write_bytes(TOKENS[name].encode(encoding))
    assert inspect(path, Limits()).problem == ("xml_long_token", {"limit": xml_tokens.LONGEST})
    path.write_bytes(TOKENS[name].replace("x" * LONG, "x" * 1_000).replace("<" * LONG, "<").encode(encoding))
    assert (inspect(path, Limits()).problem or ("",))[0] in ("", "broken_xml", "xml_long_token")


def test_wide_characters_that_hold_the_byte_of_a_bracket_hide_no_token(tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    path.write_bytes(f'<feed a="{"㰀㰼" * LONG}"/>'.encode("utf-16"))
    assert inspect(path, Limits()).problem == ("xml_long_token", {"limit": xml_tokens.LONGEST})


@pytest.mark.parametrize("size", [1, 7, 64, 300_000])
def test_tokens_are_measured_alike_however_a_document_is_cut(size: int) -> None:
    whole = b"<a><!-- < -- > --><![CDATA[<<]]]]><?x ?>" + b"<b c='>'>text</b>" * 40_000 + b"</a>"
    measured = xml_tokens.Measure()
    for start in range(0, len(whole), size):
        measured.feed(whole[start : start + size])
    with pytest.raises(xml_tokens.LongTokenError):
        for _ in range(0, LONG + 300_000, size):
            measured.feed(b"x" * size)


def test_a_hostile_attribute_costs_no_minutes(tmp_path: Path) -> None:
    begun = time.monotonic()
    content = b'<?xml version="1.0"?><SBD-MSG a="' + b"x" * 40_000_000 + b'"/>'
    assert problem_of(tmp_path, Made("grid/a.xml", content))[0] == "xml_long_token"
    assert time.monotonic() - begun < 20, "expat 2.5 takes minutes for it"


def test_an_attribute_within_a_workbook_is_measured_too(tmp_path: Path) -> None:
    stream = io.BytesIO(sheet_of(5))
    with zipfile.ZipFile(stream) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").replace(
            b"<sheetData>", b'<sheetData hidden="' + b"x" * LONG + b'">'
        )
    fresh = io.BytesIO()
    with zipfile.ZipFile(stream) as old, zipfile.ZipFile(fresh, "w") as new:
        for info in old.infolist():
            content = sheet if info.filename == "xl/worksheets/sheet1.xml" else old.read(info)
            new.writestr(info.filename, content)
    assert problem_of(tmp_path, Made("office/a.xlsx", fresh.getvalue()))[0] == "broken_workbook"


def test_an_archive_with_an_endless_directory_is_refused_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(20):
            archive.writestr(f"{number}-{'n' * 2_000}.csv", "")
    monkeypatch.setattr(zipfile.ZipFile, "infolist", lambda *_: pytest.fail("read whole"))
    found = inspect(path, Limits(zip_members=20)).problem
    assert found is not None and found[0] == "archive_too_many"


# ---------------------------------------------------------------- the process that reads


def swallow(size: int) -> int:
    return len(bytearray(size))


def spin() -> None:
    while True:
        pass


def sleep(seconds: float) -> None:
    time.sleep(seconds)


def kill_itself() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def abort() -> None:
    os.abort()


def panic() -> None:
    raise type("PanicException", (BaseException,), {"__module__": "pyo3_runtime"})("index out of bounds")


def its_number() -> int:
    return os.getpid()


def refuse() -> None:
    from pipelines.sources.layouts.head import RefusedFileError

    raise RefusedFileError("line_too_long", limit=3)


def ask(function: Callable[..., Any], *arguments: object, memory: int = GB, seconds: int = 30) -> Any:
    return child_process.call(function, *arguments, memory=memory, seconds=seconds)


@pytest.mark.parametrize(
    ("function", "arguments", "rule_id", "found"),
    [
        (swallow, (2 * GB,), "reading_memory", GB),
        (spin, (), "reading_seconds", 2),
        (sleep, (60,), "reading_seconds", 2),
        (kill_itself, (), "reading_died", "SIGKILL"),
        (abort, (), "reading_died", "SIGABRT"),
        (panic, (), "reading_died", "PanicException: index out of bounds"),
    ],
)
def test_a_child_that_dies_or_passes_its_limits_is_told_and_the_next_one_answers(
    function: Callable[..., Any], arguments: tuple[Any, ...], rule_id: str, found: object
) -> None:
    begun = time.monotonic()
    with pytest.raises(ChildDiedError) as died:
        ask(function, *arguments, seconds=2 if rule_id == "reading_seconds" else 30)
    assert died.value.rule_id == rule_id and found in died.value.numbers.values()
    assert time.monotonic() - begun < 15
    assert ask(swallow, 1_000) == 1_000


def test_a_child_is_asked_again_and_again_unless_it_grew_large() -> None:
    """Whoever starts it may be large: that is not counted as the child's."""
    large = bytearray(900_000_000)
    large[::4_096] = b"x" * len(large[::4_096])
    child_process._child.end()
    first = ask(its_number)
    assert ask(its_number) == first != os.getpid()
    with pytest.raises(Exception, match="line_too_long") as refused:
        ask(refuse)
    assert refused.value.numbers == {"limit": 3}  # type: ignore[attr-defined]
    assert ask(its_number) == first, "what a function raises is an answer"
    ask(swallow, 600_000_000)
    second = ask(its_number)
    assert second != first, "its memory may be in pieces"
    psutil.Process(second).kill()
    time.sleep(0.2)
    assert ask(its_number) not in (first, second), "killed while nobody asked it: no file is to blame"


def test_where_the_system_sets_no_limits_memory_is_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child_process, "limited_by", lambda: child_process.BY_WATCHING)
    monkeypatch.setattr(child_process, "_resident", lambda _: 2 * GB)
    with pytest.raises(ChildDiedError) as died:
        ask(sleep, 60)
    assert died.value.rule_id == "reading_memory"


def test_a_child_that_is_stopped_blames_nobody() -> None:
    ask(its_number)
    threading.Timer(1, child_process.stop).start()
    with pytest.raises(ChildStoppedError):
        ask(sleep, 60)


def test_a_child_whose_run_was_killed_does_not_go_on() -> None:
    code = (
        "import sys; from tests.sources import test_limits as t; print(t.ask(t.its_number), flush=True); t.ask(t.spin)"
    )
    run = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert run.stdout is not None
    child = psutil.Process(int(run.stdout.readline()))
    time.sleep(0.3)
    run.kill()
    run.wait()
    child.wait(timeout=10)


def test_a_workbook_that_takes_its_reader_with_it_is_held_back_by_name_and_the_night_goes_on(city: City) -> None:
    text = (city.folder / "city.toml").read_text(encoding="utf-8")
    limits = '[limits]\nreading_memory = "1GB"\nworkbook_cells = 500_000_000\nsheet_rows = 70_000\n'
    (city.folder / "city.toml").write_text(text.replace("[limits]\n", limits), encoding="utf-8")
    city.bills("fuel/a.csv", monthly("M1", 2024, 2025, 100))
    city.file("fuel/far.xls", two_far_cells_xls(25))
    connection = database.connect_published(city.publish())
    assert one(connection, "SELECT count(*) FROM current_readings") == 24
    status, reason = one(connection, "SELECT status, reason FROM source_files WHERE path = 'far.xls'")
    connection.close()
    assert status == "unreadable" and ("limits.reading_memory" in reason or "異常終了" in reason)


def test_a_panic_of_the_library_is_held_back_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import python_calamine

    path = tmp_path / "a.xlsx"
    path.write_bytes(sheet_of(5))
    monkeypatch.setattr(python_calamine.CalamineWorkbook, "from_path", lambda *_: panic())
    with pytest.raises(workbook.WorkbookError, match="PanicException: index"):
        workbook.sheets(path, Limits())


def test_long_texts_that_are_decoded_whole_are_read_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    real = child_process.call

    def noted(function: Callable[..., Any], *arguments: object, **limits: int) -> Any:
        asked.append(function)
        return real(function, *arguments, **limits)

    monkeypatch.setattr(child_process, "call", noted)
    monkeypatch.setattr(read_apart, "LONG_TEXT_BYTES", 10)
    for name in ("chugoku_hours", "gas_bill_lines", "canonical_readings"):
        told = parsed(tmp_path / name, made.ALL[name]())
        from tests.sources.test_layouts import golden

        assert told["values"] == golden(name)
    assert len(asked) == 2, "what is plain is never decoded"


def test_a_change_of_limits_has_files_read_again() -> None:
    usual = Settings.model_validate({"city": {"name": "x"}})
    for limits in ({"memory": "2GB"}, {"threads": 1}):
        same = Settings.model_validate({"city": {"name": "x"}, "limits": limits})
        assert same.wanted("a") == usual.wanted("a") == ""
    other = Settings.model_validate({"city": {"name": "x"}, "limits": {"file_rows": 11}})
    assert other.wanted("a") != usual.wanted("a")


@pytest.mark.parametrize(
    ("held", "state", "told"),
    [
        (child_process.BY_SYSTEM, "ok", "limits_kept_by_system"),
        (child_process.BY_WATCHING, "ok", "limits_kept_by_watching"),
        (child_process.BY_CLOCK, "note", "only_time_limit_kept"),
    ],
)
def test_doctor_says_what_keeps_the_limits(
    city: City, monkeypatch: pytest.MonkeyPatch, held: str, state: str, told: str
) -> None:
    monkeypatch.setattr(child_process, "limited_by", lambda: held)
    monkeypatch.setattr(child_process, "call", lambda *_, **__: held)
    (found,) = [each for each in doctor.examine(city.folder, None) if each.what_en == "reading process"]
    assert (found.state, found.detail) == (state, both(told))


def test_doctor_sees_that_no_process_can_be_started(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_: object, **__: object) -> None:
        raise PermissionError(13, "not allowed")

    monkeypatch.setattr(child_process, "call", refuses)
    (found,) = [each for each in doctor.examine(city.folder, None) if each.what_en == "reading process"]
    assert found.state == "bad" and "not allowed" in found.detail
