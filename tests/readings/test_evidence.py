"""Evidence: PDFs and pictures are no faults, the file that a row names is bound by its hash, and what is missing or replaced is told."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence
from typing import Any

import duckdb
import pytest

from pipelines.ask import explain
from pipelines.readings import build
from tests.making import City, begun, broken, nightly, one, rebuilt, rows_of
from tests.sources.made import sheets, zipped

HEAD = [
    "計器（市名/計器ID）",
    "検針月",
    "期間の初日",
    "期間の末日",
    "前回指示数",
    "今回指示数",
    "使用量",
    "単位",
    "金額（円）",
    "証憑ファイル名",
]
DOCUMENTS = {
    "a.pdf": b"%PDF-1.7 a", "b.PNG": b"\x89PNG\r\n\x1a\n0", "c.jpg": b"\xff\xd8\xff\xe0 c", "d.gif": b"GIF89a", "e.tif": b"II*\0rest",
    "f.tiff": b"MM\0*rest", "g.heic": b"\0\0\0\x18ftypheic0000", "h.csv": b"\n%PDF-1.4 named otherwise",
}  # fmt: skip


def workbook(*evidence: str, quantity: int = 100) -> bytes:
    """An entry workbook of M1: a month from April 2025 on for each name."""
    ends = ("2025-04-30", "2025-05-31", "2025-06-30", "2025-07-31")
    rows = [
        ["試験市/M1", f"2025年{end[6]}月", f"{end[:8]}01", end, None, None, quantity, "L", None, name or None]
        for end, name in zip(ends, evidence, strict=False)
    ]
    return sheets(請求書=[HEAD, *rows])


def bound(city: City) -> tuple[list[tuple[Any, ...]], list[tuple[str, str]]]:
    """What is bound, and what is told of it and of documents that nobody names."""
    with city.built("readings") as made:
        assert broken(made) == {}
        found = rows_of(
            made,
            "SELECT evidence_name, evidence_path, evidence_sha256, evidence_state FROM evidence ORDER BY source_line, evidence_state DESC",
        )
        return found, told(made)


def told(made: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    return sorted((each.rule_id, each.subject) for each in build._evidence_findings(made))


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_pdfs_and_pictures_are_documents_and_no_faults(city: City) -> None:
    for name, content in DOCUMENTS.items():
        city.file(f"paper/{name}", content)
    with city.built("readings") as made:
        assert {row[0] for row in rows_of(made, "SELECT status FROM source_files")} == {"document"}
        assert told(made) == [("document_not_entered", f"paper/{name}") for name in sorted(DOCUMENTS)]


@pytest.mark.parametrize("content", [b"7z\xbc\xaf\x27\x1c00", b"Rar!00", b"hello %PDF-1.7\n", b"BM,1\n2,3\n"])
def test_what_only_resembles_a_document_is_still_told_as_unreadable(city: City, content: bytes) -> None:
    city.file("paper/a.pdf", content)
    with city.built("readings") as made:
        assert one(made, "SELECT status FROM source_files") == "unreadable"


def test_documents_in_an_archive(city: City) -> None:
    city.file("paper/only.zip", zipped(**{"a.pdf": b"%PDF-1", "b.pdf": b"%PDF-2"}))
    bills = b"meter_id,started_at,ended_at,quantity,unit\nM1,2025-04-01,2025-05-01,100,L\n"
    city.file("paper/both.zip", zipped(**{"a.pdf": b"%PDF-1", "b_csv": bills}))
    city.file("paper/bad.zip", zipped(**{"a.pdf": b"%PDF-1", "b_csv": b"hello\n"}))
    with city.built("readings") as made:
        found = rows_of(
            made, "SELECT path, status, rows_loaded, rows_quarantined, unread FROM intake_log ORDER BY path"
        )
    assert found == [
        ("bad.zip", "unreadable", 0, 0, None),
        ("both.zip", "read", 1, 0, "a.pdf"),
        ("only.zip", "document", 0, 0, None),
    ]


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("paper/R7/a.pdf", "a.pdf"),
        ("paper/R7/a.pdf", "./a.pdf"),
        ("paper/R7/a.pdf", "A.PDF"),
        ("paper/R7/scan/a.pdf", "scan\\a.pdf"),
        ("paper/R7/ガス.pdf", unicodedata.normalize("NFD", "ガス.pdf")),
    ],
)
def test_the_file_beside_the_workbook_is_bound_by_its_hash(city: City, place: str, name: str) -> None:
    city.file(place, b"%PDF-1").file("paper/R7/x.xlsx", workbook(name))
    assert bound(city) == ([(name, place, sha(b"%PDF-1"), "bound")], [])


def test_a_workbook_straight_in_the_inbox_names_what_lies_below_it(city: City) -> None:
    city.file("paper/a.pdf", b"%PDF-1")
    (city.folder / "inbox" / "x.xlsx").write_bytes(workbook("paper/a.pdf"))
    assert bound(city) == ([("paper/a.pdf", "paper/a.pdf", sha(b"%PDF-1"), "bound")], [])


@pytest.mark.parametrize(
    "name", ["../a.pdf", "..\\a.pdf", "x/../../a.pdf", "/etc/passwd", "C:\\a.pdf", "https://example.jp/a.pdf"]
)
def test_a_name_that_leads_out_of_the_folder_binds_nothing(city: City, name: str) -> None:
    city.file("paper/a.pdf", b"%PDF-1").file("paper/R7/x.xlsx", workbook(name))
    findings = [("document_not_entered", "paper/a.pdf"), ("evidence_outside", f"paper/R7/x.xlsx {name}")]
    assert bound(city) == ([(name, None, None, "outside")], findings)


def test_evidence_that_comes_a_night_later_is_bound_then_and_a_rebuild_says_the_same(city: City) -> None:
    city.file("paper/x.xlsx", workbook("a.pdf", "a.pdf", "", "b.pdf"))
    nightly(city.paths)
    with duckdb.connect(str(city.paths.published), read_only=True) as first:
        assert told(first) == [("evidence_missing", "paper/x.xlsx a.pdf"), ("evidence_missing", "paper/x.xlsx b.pdf")]
    city.file("paper/a.pdf", b"%PDF-1", "2026-06-02 09:00")
    made = nightly(city.paths)
    assert made.continues
    statement = "SELECT * FROM evidence ORDER BY source_line"
    with duckdb.connect(str(city.paths.published), read_only=True) as after:
        found = after.execute(statement).fetchall()
    assert [row[-1] for row in found] == ["bound", "bound", "missing"]
    rebuilt(city.paths)
    with duckdb.connect(str(city.paths.published), read_only=True) as after:
        assert after.execute(statement).fetchall() == found


def test_evidence_that_is_replaced_is_told_until_the_workbook_is_sent_again(city: City) -> None:
    city.file("paper/a.pdf", b"%PDF-1", "2026-06-01 09:00").file("paper/x.xlsx", workbook("a.pdf"), "2026-06-01 10:00")
    begun(city.paths)[0].close()
    city.file("paper/a.pdf", b"%PDF-2", "2026-06-02 09:00")
    (city.folder / "inbox/paper/received.csv").write_text(
        "path,received_at\na.pdf,2026-06-02 09:00\nx.xlsx,2026-06-01 10:00\n", encoding="utf-8"
    )
    begun(city.paths)[0].close()
    changed = [("evidence_changed", "paper/x.xlsx a.pdf")]
    assert bound(city) == ([("a.pdf", "paper/a.pdf", sha(b"%PDF-1"), "changed")], changed)
    city.file("paper/x.xlsx", workbook("a.pdf", quantity=101), "2026-06-03 09:00")
    (city.folder / "inbox/paper/received.csv").write_text(
        "path,received_at\na.pdf,2026-06-02 09:00\nx.xlsx,2026-06-03 09:00\n", encoding="utf-8"
    )
    found, _ = bound(city)
    assert found[-1] == ("a.pdf", "paper/a.pdf", sha(b"%PDF-2"), "bound")


def test_a_row_left_empty_or_held_back_binds_nothing(city: City) -> None:
    city.file("paper/a.pdf", b"%PDF-1")
    rows: list[Sequence[object]] = [HEAD, ["試験市/M1", "2025年4月", None, None, None, None, None, "L", None, "a.pdf"],
            ["試験市/M1", "2025年5月", "2025-05-01", "2025-05-31", None, None, "約", "L", None, "a.pdf"]]  # fmt: skip
    city.file("paper/x.xlsx", sheets(請求書=rows))
    assert bound(city) == ([], [("document_not_entered", "paper/a.pdf")])


def test_the_removed_original_stays_bound(city: City) -> None:
    city.file("paper/a.pdf", b"%PDF-1").file("paper/x.xlsx", workbook("a.pdf"))
    begun(city.paths)[0].close()
    (city.folder / "inbox/paper/a.pdf").unlink()
    assert bound(city) == ([("a.pdf", "paper/a.pdf", sha(b"%PDF-1"), "bound")], [])


def test_explain_shows_the_evidence_of_each_value(city: City) -> None:
    city.file("paper/a.pdf", b"%PDF-1").file("paper/x.xlsx", workbook("a.pdf", "none.pdf"))
    with city.built() as made:
        found = explain.explain(made, explain.FacilityQuestion("F1", 2025, None, "plan"))
    readings = found["sources"][0]["readings"]
    assert [(r["evidence_path"], r["evidence_state"]) for r in readings] == [
        ("paper/a.pdf", "bound"),
        (None, "missing"),
    ]
