"""Lines that carry the hash of the line before: what breaks them is found, what a crash tears does not stop them."""

from __future__ import annotations

import errno
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipelines.history import chain, journal

FILE = "runs.jsonl"


def wrong(folder: Path) -> list[str]:
    return list(chain.wrong(folder, chain.all_of(folder)))


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """Two files; one of them appended to three times."""
    for number in range(3):
        journal.append(tmp_path / FILE, [{"x": number}, {"x": f"値{number}"}])
    journal.append(tmp_path / "other.jsonl", [{"y": 1}])
    assert wrong(tmp_path) == journal.missing(tmp_path) == []
    return tmp_path


def lines_of(folder: Path) -> list[bytes]:
    return (folder / FILE).read_bytes().splitlines(keepends=True)


def put(folder: Path, lines: list[bytes]) -> None:
    (folder / FILE).write_bytes(b"".join(lines))


@pytest.mark.parametrize("at", range(6))
def test_an_edited_deleted_or_moved_line_is_found_wherever_it_stands(history: Path, at: int) -> None:
    lines = lines_of(history)
    tampered = {
        "edited": [*lines[:at], lines[at].replace(b'"x": ', b'"x":  '), *lines[at + 1 :]],
        "deleted": [*lines[:at], *lines[at + 1 :]],
        "garbled": [*lines[:at], b"{ x\n", *lines[at + 1 :]],
        "doubled": [*lines[:at], lines[at], *lines[at:]],
        "without hash": [*lines[:at], b'{"x": 0}\n', *lines[at:]],
        "moved": [*lines[at:], *lines[:at]] if at else [lines[1], lines[0], *lines[2:]],
    }
    for what, made in tampered.items():
        put(history, made)
        assert wrong(history), what
    put(history, lines)
    assert wrong(history) == []


@pytest.mark.parametrize("content", [b"", None])
def test_an_emptied_or_deleted_file_is_found_and_never_begun_anew(history: Path, content: bytes | None) -> None:
    if content is None:
        (history / FILE).unlink()
    else:
        (history / FILE).write_bytes(content)
    assert FILE in wrong(history)[0] and FILE in journal.missing(history)[0]
    with pytest.raises(journal.HistoryLostError, match="--new-history"):
        journal.append(history / FILE, [{"x": 9}])


def test_a_cut_or_changed_end_is_not_appended_to(history: Path) -> None:
    lines = lines_of(history)
    for made in (lines[:-1], [*lines[:-1], lines[-1].replace(b"2", b"3", 1)], [*lines, b'{"x": 1}\n']):
        put(history, made)
        with pytest.raises(journal.HistoryLostError):
            journal.append(history / FILE, [{"x": 9}])


def test_the_heads_are_missed_too(history: Path) -> None:
    (history / journal.HEADS).unlink()
    assert journal.HEADS in wrong(history)[0] and journal.HEADS in journal.missing(history)[0]
    with pytest.raises(journal.HistoryLostError):
        journal.append(history / FILE, [{"x": 9}])
    (history / journal.HEADS).write_text("{ x", encoding="utf-8")
    with pytest.raises(journal.HistoryLostError):
        journal.missing(history)


def test_a_torn_last_line_is_passed_over_and_the_chain_goes_on(history: Path) -> None:
    with (history / FILE).open("ab") as stream:
        stream.write(b'{"x": "torn')
    assert journal.missing(history) == [] and len(list(journal.read(history / FILE))) == 6
    journal.append(history / FILE, [{"x": 9}])
    assert [record["x"] for record in journal.read(history / FILE)][-2:] == ["値2", 9]
    found = chain.follow(history / FILE)
    assert found.torn == [f"{FILE}:7"] and wrong(history) == []


def test_a_line_that_lacks_only_its_end_counts(history: Path) -> None:
    (history / FILE).write_bytes((history / FILE).read_bytes().rstrip(b"\n"))
    journal.append(history / FILE, [{"x": 9}])
    assert len(list(journal.read(history / FILE))) == 7 and wrong(history) == []


def test_a_crash_before_the_heads_were_written_is_no_loss(history: Path) -> None:
    before = (history / journal.HEADS).read_bytes()
    journal.append(history / FILE, [{"x": 9}])
    journal.append(history / "new.jsonl", [{"z": 1}])
    (history / journal.HEADS).write_bytes(before)
    assert journal.missing(history) == wrong(history) == []
    journal.append(history / FILE, [{"x": 10}])
    assert wrong(history) == []


def test_lines_of_an_earlier_version_are_sealed_once(tmp_path: Path) -> None:
    old = b'{"x": 1}\n{"x": 2}\n{"x": "torn'
    (tmp_path / FILE).write_bytes(old)
    (tmp_path / "still.jsonl").write_bytes(b'{"y": 1}\n')
    assert wrong(tmp_path) == journal.missing(tmp_path) == []
    journal.seal(tmp_path)
    journal.seal(tmp_path)
    journal.append(tmp_path / FILE, [{"x": 3}])
    assert [record["x"] for record in journal.read(tmp_path / FILE)] == [1, 2, 3]
    assert sum(b"sealed_lines" in line for line in lines_of(tmp_path)) == 1 and wrong(tmp_path) == []
    sealed = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(sealed.replace(b'{"x": 1}', b'{"x": 7}'))
    assert "封印" in wrong(tmp_path)[0]
    (tmp_path / FILE).write_bytes(sealed)
    with (tmp_path / "still.jsonl").open("r+b") as stream:
        stream.write(b'{"y": 2}\n')
    assert "still" in wrong(tmp_path)[0], "sealed where nothing was appended, too"


def test_a_history_begun_anew_says_why_and_a_seal_without_a_reason_is_found(history: Path) -> None:
    (history / "other.jsonl").unlink()
    journal.seal(history, {"reason": "控えもない"}, anew=True)
    assert wrong(history) == journal.missing(history) == []
    journal.append(history / FILE, [{"x": 9}])
    assert wrong(history) == [] and len(list(journal.read(history / FILE))) == 7
    seal = next(line for line in lines_of(history) if b"sealed_lines" in line)
    assert json.loads(seal)["reason"] == "控えもない"
    journal.seal(history, anew=True)
    assert "理由のない" in wrong(history)[0]


def forged(folder: Path, above: list[bytes], **told: object) -> bytes:
    """A line that says it is the seal of a history begun anew (of the lines above, whatever they are)."""
    text = b"".join(above)
    record = {
        "at": "2026-06-02 02:00:00", "by": "P1", "reason": "控えもない", **told, "sealed": hashlib.sha256(text).hexdigest(),
        "sealed_lines": len(above), "n": len(above) + 1, "prev": journal.first_link(FILE),
    }  # fmt: skip
    return json.dumps(record, ensure_ascii=False).encode() + b"\n"


def without_hashes(lines: list[bytes]) -> list[bytes]:
    return [json.dumps({"x": json.loads(line)["x"]}).encode() + b"\n" for line in lines]


TAMPERED: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "cut": lambda lines: lines[:2],
    "edited": lambda lines: [lines[0], lines[1].replace(b'"x": ', b'"x":  '), *lines[2:]],
    "all gone": lambda _: [],
    "as of an earlier version": lambda lines: without_hashes(lines[:2]),
    "whole": lambda lines: lines,
}


# whoever rewrites the heads and every line is given away by what the runs saw, or by the head on paper
REWRITTEN = ("all gone", "as of an earlier version")
FORGED = [
    (how, beside)
    for beside in ("heads as they were", "heads rewritten", "after a beginning that was said")
    for how in TAMPERED
    if beside != "heads rewritten" or how not in REWRITTEN
]


@pytest.mark.parametrize(("how", "beside"), FORGED)
def test_a_forged_seal_hides_nothing(history: Path, how: str, beside: str) -> None:
    if beside.startswith("after"):
        journal.seal(history, {"at": "2026-06-02 02:00:00", "by": "P1", "reason": "控えもない"}, anew=True)
        journal.append(history / FILE, [{"x": 8}])
        assert wrong(history) == []
    above = TAMPERED[how]([line for line in lines_of(history) if b"sealed_lines" not in line])
    seal = forged(history, above)
    put(history, [*above, seal])
    if beside == "heads rewritten":
        told = journal.heads(history) | {FILE: journal.ChainHead(len(above) + 1, journal.hash_line(seal))}
        journal._save(history, told)
    assert wrong(history)


def test_what_was_broken_when_a_history_was_begun_anew_is_told_by_its_record_and_no_more(history: Path) -> None:
    lines = lines_of(history)
    put(history, [lines[0], lines[1].replace(b'"x": ', b'"x":  '), *lines[2:]])
    assert wrong(history)
    journal.seal(history, {"reason": "控えもない"}, anew=True)
    assert wrong(history) == [] and len(list(journal.read(history / journal.BEGUN))) == 1
    journal.seal(history, {"reason": "もう一度"}, anew=True)
    assert wrong(history) == [], "the record of the first is sealed by the second"
    put(history, [lines[0].replace(b'"x": ', b'"x":  '), *lines_of(history)[1:]])
    assert "封印" in wrong(history)[0], "what was sealed stays as it was"


def test_a_beginning_that_died_before_its_record_can_be_begun_again(
    history: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (history / "other.jsonl").unlink()
    write, done = journal._write, []

    def dies(path: Path, *args: Any, **named: Any) -> None:
        if path.name == journal.BEGUN:
            raise KeyboardInterrupt
        done.append(path.name)
        write(path, *args, **named)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(journal, "_write", dies)
        journal.seal(history, {"reason": "控えもない"}, anew=True)
    assert done == [FILE] and "begun.jsonl にない封印" in wrong(history)[0]
    journal.seal(history, {"reason": "控えもない"}, anew=True)
    assert wrong(history) == []


def test_many_appends_read_only_the_end(tmp_path: Path) -> None:
    """A line longer than a block, and numbers that go on."""
    journal.append(tmp_path / FILE, [{"x": "長" * 100_000}])
    journal.append(tmp_path / FILE, ({"x": number} for number in range(1000)))
    head = journal.head(tmp_path / FILE)
    assert head is not None and head.lines == 1001 and wrong(tmp_path) == []


def test_a_line_torn_anywhere_even_inside_a_character_is_a_torn_line(history: Path) -> None:
    whole = (history / FILE).read_bytes()
    before = list(journal.read(history / FILE))
    journal.append(history / FILE, [{"x": "値の途中"}])
    added = (history / FILE).read_bytes()[len(whole) :]
    (history / journal.HEADS).unlink()
    heads = json.dumps({FILE: [6, journal.hash_line(whole.splitlines()[-1])]})
    for cut in range(1, len(added) - 1):
        (history / journal.HEADS).write_text(heads, encoding="utf-8")
        (history / FILE).write_bytes(whole + added[:cut])
        assert list(journal.read(history / FILE)) == before, cut
        journal.append(history / FILE, [{"x": "次"}])
        assert list(journal.read(history / FILE)) == [*before, {"x": "次"}], cut
        assert [found for found in wrong(history) if found.startswith(FILE)] == [], cut


@pytest.mark.parametrize("where", ["write", "heads"])
def test_an_append_that_fails_leaves_the_old_length(history: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    """No room for the line, or for the heads beside it: what was not told as done is not there."""
    before = {path.name: path.read_bytes() for path in history.iterdir()}

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(*{"write": ("os.fsync", full), "heads": ("pipelines.durable.write", full)}[where])
    with pytest.raises(OSError, match="No space"):
        journal.append(history / FILE, [{"x": 7}])
    monkeypatch.undo()
    assert {path.name: path.read_bytes() for path in history.iterdir()} == before
    journal.append(history / FILE, [{"x": 7}])
    assert [row["x"] for row in journal.read(history / FILE)].count(7) == 1
    assert wrong(history) == []
