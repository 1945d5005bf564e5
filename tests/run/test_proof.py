"""The history proves itself: every tampering with what a city keeps is found, and no new history begins in silence."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest
import typer
from typer.testing import CliRunner

from pipelines.cli import main
from pipelines.history import chain, frozen, journal, kept
from pipelines.history.journal import HistoryLostError
from pipelines.history.records import History
from pipelines.process.recorder import recorder
from pipelines.review.store import Decision, Store
from pipelines.run.guard import guarded
from pipelines.run.night import Night
from pipelines.settings.city import CityFolder
from pipelines.upkeep import deep
from pipelines.upkeep import history as doctor_history
from pipelines.warehouse import database, query
from tests.making import City, monthly, one, rows_of, writable

CLOCK = [datetime(2026, 6, day, 2) for day in (2, 9, 12)]


def decision(number: int, comment: str = "点検した") -> Decision:
    return Decision(
        decision_id=f"D{number}", flag_id="f", facility_id="F1", fiscal_year=2024, rule_id="over_path", subject=None,
        step="answer", person_id="P1", post="x", decided_at=datetime(2026, 6, 1, number), comment=comment,
    )  # fmt: skip


@pytest.fixture(scope="module")
def proven(tmp_path_factory: pytest.TempPathFactory) -> City:
    """A city after two publications, with decisions and an official edition; to be copied."""
    made = City(tmp_path_factory.mktemp("proven") / "city")
    made.bills("fuel/a.csv", monthly("M1", 2022, 2025, 100))
    Store(made.paths.decisions_url).append([decision(1), decision(2)])
    with pytest.MonkeyPatch.context() as patch:
        for at, moment in enumerate(CLOCK[:2]):
            patch.setattr(CityFolder, "now", lambda _, moment=moment: moment)
            made.bills(f"fuel/b{at}.csv", [("M1", "2020-04-01", "2020-05-01", 10 + at, "L")], f"2026-06-01 1{at}:00")
            made.publish()
            if at == 0:
                with query.opened(made.paths.published) as connection:
                    request = frozen.FreezeRequest("審議会", 2024, "環第1号", "P1", moment)
                    frozen.freeze(connection, made.paths.history, request)
    return made


@pytest.fixture
def twin(proven: City, tmp_path: Path) -> Iterator[City]:
    yield proven.copied(tmp_path / "twin")


def bad(city: City) -> set[str]:
    return {each.what_en for each in doctor_history.examine(city.paths) if each.state == "bad"}


def test_what_nobody_touched_is_well(twin: City) -> None:
    assert bad(twin) == set()
    files = {path.name for path in journal.files(twin.paths.history)}
    assert files >= {
        "arrivals.jsonl", "states.jsonl", "input_rows.jsonl", "runs.jsonl", "publications.jsonl", "flags.jsonl",
        "decisions.jsonl", "official_editions.jsonl", "kept_files.jsonl", "published_files.jsonl",
    }  # fmt: skip


def test_each_line_of_each_file(twin: City) -> None:
    for path in journal.files(twin.paths.history):
        whole = path.read_bytes()
        lines = whole.splitlines(keepends=True)
        for at in {0, len(lines) // 2, len(lines) - 1}:
            edited = lines[at].replace(b'{"', b'{ "', 1)
            for made in ([*lines[:at], edited, *lines[at + 1 :]], [*lines[:at], *lines[at + 1 :]]):
                path.write_bytes(b"".join(made))
                assert "chain of the history" in bad_chain(twin), (path.name, at)
        for at in {0, len(lines) // 2, len(lines) - 2} & set(range(len(lines) - 1)):
            path.write_bytes(b"".join([*lines[:at], lines[at + 1], lines[at], *lines[at + 2 :]]))
            assert bad_chain(twin), (path.name, at)
        path.write_bytes(b"")
        assert bad_chain(twin), path.name
        path.unlink()
        assert bad_chain(twin), path.name
        path.write_bytes(whole)
    assert bad(twin) == set()


def bad_chain(city: City) -> str:
    chains = chain.all_of(city.paths.history)
    return "chain of the history" if list(chain.wrong(city.paths.history, chains)) else ""


def test_a_file_cut_together_with_the_heads_is_found_by_what_the_runs_saw(twin: City) -> None:
    """Whoever also rewrites heads.json is given away by the records of the runs."""
    history = twin.paths.history
    for name in ("arrivals.jsonl", "states.jsonl", "flags.jsonl"):
        path = history / name
        kept_bytes, heads = path.read_bytes(), (history / journal.HEADS).read_bytes()
        path.unlink()
        told = journal.heads(history)
        told.pop(name)
        journal._save(history, told)
        assert any(name in each for each in chain.wrong(history, chain.all_of(history))), name
        path.write_bytes(kept_bytes)
        (history / journal.HEADS).write_bytes(heads)


@pytest.mark.parametrize(
    "pattern",
    [
        "history/kept/registers/**/*.csv", "history/kept/reference/**/*.csv",
        "history/published_facility_years/*.parquet", "history/official_edition_totals/*.parquet",
        "history/published_verdicts/*.parquet",
    ],
)  # fmt: skip
@pytest.mark.parametrize("how", ["changed", "gone"])
def test_each_kept_content(twin: City, pattern: str, how: str) -> None:
    path = sorted(twin.paths.data.glob(pattern))[0]
    if how == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert bad(twin) == {"kept registers"}


@pytest.mark.parametrize("how", ["changed", "gone", "changed with its hashes", "all gone"])
def test_each_parsed_file(twin: City, how: str) -> None:
    path = sorted(twin.paths.parsed.glob("values-*.parquet"))[0]
    hashes = path.with_name(path.stem.replace("values", "hashes") + ".json")
    if how.startswith("changed"):
        path.write_bytes(path.read_bytes()[:-1] + b"x")
    else:
        path.unlink()
    if how == "changed with its hashes":
        hashes.unlink()
    if how == "all gone":
        for other in twin.paths.parsed.glob(f"*-{path.stem.removeprefix('values-')}.*"):
            other.unlink()
    assert kept.wrong(twin.paths.history, "parsed/"), how
    told = {each.what_en for each in deep.examine(twin.paths) if each.state == "bad"}
    assert "hashes of parsed/" in told, how


@pytest.mark.parametrize(
    "how",
    [
        "UPDATE decisions SET comment = 'x' WHERE decision_id = 'D1'",
        "UPDATE decisions SET person_id = 'P2' WHERE decision_id = 'D2'",
        "DELETE FROM decisions",
        "DELETE FROM decisions WHERE decision_id = 'D1'",
        "DELETE FROM decisions WHERE decision_id = 'D2'",
    ],
)
def test_a_changed_or_deleted_decision(twin: City, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(sqlite3.connect(twin.paths.data / "decisions.sqlite")) as store:
        for verb in ("update", "delete"):
            store.execute(f"DROP TRIGGER decisions_no_{verb}")
        store.execute(how)
        store.commit()
    assert bad(twin) == {"chain of the decisions"}
    monkeypatch.setattr(CityFolder, "now", lambda _: CLOCK[2])
    night = Night(twin.paths)
    night.load_registers(night.receive())
    assert "decisions_changed" in {notice["rule_id"] for notice in night.outcome.notices}, "the next night tells it too"
    assert bad(twin) == {"chain of the decisions"}, "and does not heal it"


def test_a_changed_row_of_the_published_file_is_found_and_not_gone_on_from(
    twin: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = twin.paths.published
    totals = "SELECT facility_id, fiscal_year, basis, co2e_kg FROM emissions_by_facility_fiscal_year ORDER BY ALL"
    with database.connect_published(path) as connection:
        before = rows_of(connection, totals)
    with duckdb.connect(str(writable(path))) as connection:
        connection.execute("UPDATE emissions_by_facility_fiscal_year SET co2e_kg = co2e_kg / 2")
        connection.execute("UPDATE readings SET quantity = quantity / 2")
    assert bad(twin) == {"hash of the published file"}
    monkeypatch.setattr(CityFolder, "now", lambda _: CLOCK[2])
    twin.bills("fuel/c.csv", [("M1", "2024-06-01", "2024-07-01", 130, "L", "訂正")], more=["stage"])
    night = Night(twin.paths)
    night.receive()
    assert [notice["rule_id"] for notice in night.outcome.notices] == ["published_changed"]
    night.close()
    twin.publish()
    with database.connect_published(path) as connection:
        after = rows_of(connection, totals)
        moved = f"SELECT fiscal_year, basis, before_co2e_kg FROM restatements WHERE published_time = '{CLOCK[2]}' ORDER BY ALL"
        told = rows_of(connection, moved)
        assert one(connection, "SELECT count(*) FROM readings WHERE quantity = 50") == 0
    same = [(row, other) for row, other in zip(before, after, strict=True) if row[1] != 2024]
    assert all(row == other for row, other in same), "made anew from what was received"
    published = {(year, basis): total for _, year, basis, total in before}
    assert told == [(2024, basis, published[2024, basis]) for basis in ("plan", "shk_adjusted", "shk_basic")]
    assert bad(twin) == set() and list(twin.paths.data.glob("changed-*.duckdb")), "the changed file is kept aside"


@pytest.mark.parametrize("hidden", ["nothing", "what it was built from"])
def test_a_changed_published_file_is_no_base_of_what_is_told(
    twin: City, hidden: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody wrote tonight's inputs, and tonight's verdicts, into the file: what changed is told as the history has it."""
    path = twin.paths.published
    with duckdb.connect(str(writable(path))) as connection:
        connection.execute(
            "UPDATE internal.build_inputs SET inputs_hash = 'x' WHERE kind IN ('reference', 'settings', 'method')"
        )
        connection.execute("UPDATE emissions_by_facility_fiscal_year SET co2e_kg = co2e_kg * 2")
        connection.execute("UPDATE published_verdicts SET verdict = 'achieved'")
    if hidden == "what it was built from":  # as of an earlier version: the history has no inputs either
        lines = twin.paths.history / "published_files.jsonl"
        bare = [{k: v for k, v in record.items() if k != "inputs"} for record in journal.read(lines)]
        lines.unlink()
        (twin.paths.history / journal.HEADS).unlink()
        journal._save(twin.paths.history, {})
        journal.append(lines, bare)
    monkeypatch.setattr(CityFolder, "now", lambda _: CLOCK[2])
    twin.bills("fuel/c.csv", [("M1", "2024-06-01", "2024-07-01", 30, "L", "訂正")], more=["stage"])
    twin.publish()
    with database.connect_published(path) as connection:
        moved = f"""SELECT fiscal_year, before_co2e_kg > after_co2e_kg, before_co2e_kg < 2 * after_co2e_kg, inputs_changed
            FROM restatements WHERE published_time = '{CLOCK[2]}' AND basis = 'plan'"""
        (told,) = rows_of(connection, moved)
        kinds = rows_of(
            connection, f"SELECT DISTINCT inputs_changed FROM verdict_restatements WHERE published_time = '{CLOCK[2]}'"
        )
    assert told[:3] == (2024, True, True)
    if hidden == "nothing":
        assert told[3] == "files" and set(kinds) <= {("files",)}
    else:
        assert "files" in told[3] and "unsplit" in told[3], "nobody knows, and it says so"


def history_and_published_file(city: City) -> None:
    shutil.rmtree(city.paths.history)
    city.paths.published.unlink()


def emptied_history(city: City) -> None:
    for path in journal.files(city.paths.history):
        path.write_bytes(b"")


GONE: dict[str, Callable[[City], None]] = {
    "the whole history": lambda city: shutil.rmtree(city.paths.history),
    "an emptied history": emptied_history,
    "the ledger": lambda city: (city.paths.history / "arrivals.jsonl").unlink(),
    "history and published file": history_and_published_file,
}


@pytest.mark.parametrize("what", GONE)
def test_where_the_history_is_gone_no_new_one_begins_unsaid(
    twin: City, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CityFolder, "now", lambda _: CLOCK[2])
    GONE[what](twin)
    before = sorted(path.name for path in twin.paths.history.glob("*.jsonl"))
    for _ in range(2):
        with pytest.raises(HistoryLostError, match="restore"), guarded(Night(twin.paths)):
            pytest.fail("no run begins")
    assert sorted(path.name for path in twin.paths.history.glob("*.jsonl")) == before, "not even with a record of this"
    assert "chain of the history" in bad(twin)
    History(twin.paths.history).begin_anew(twin.paths.published, "控えもない", "P1", CLOCK[2])
    twin.publish()
    assert not bad(twin)
    (told,) = journal.read(twin.paths.history / "begun.jsonl")
    assert (told["reason"], told["by"]) == ("控えもない", "P1")
    assert "history begun anew" in {each.what_en for each in doctor_history.examine(twin.paths)}


@pytest.fixture
def command(twin: City, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str]]:
    """The command on the twin, its runs left out."""

    def no_run(*_: object, **__: object) -> None:
        raise typer.Exit

    monkeypatch.setattr(main, "_run_flow", no_run)
    monkeypatch.setattr(CityFolder, "now", lambda _: CLOCK[2])

    def run(*words: str) -> tuple[int, str]:
        result = CliRunner().invoke(main.app, ["--city", str(twin.folder), *words])
        return result.exit_code, result.output

    return run


@pytest.mark.parametrize("flow", ["nightly", "rebuild"])
def test_a_history_is_begun_anew_by_a_known_account_and_only_where_something_is_missing(
    twin: City, flow: str, command: Callable[..., tuple[int, str]]
) -> None:
    history = twin.paths.history
    code, told = command(flow, "--new-history", "念のため")
    assert code == 2 and "--new-history" in told and not (history / journal.BEGUN).exists(), "nothing is missing"
    (history / "arrivals.jsonl").unlink()
    assert command(flow, "--new-history", " ")[0] == 2
    assert command(flow, "--new-history", "控えもない")[0] == 0 and bad(twin) == set()
    (record,) = journal.read(history / journal.BEGUN)
    assert (record["by"], record["reason"]) == (recorder(), "控えもない") and "arrivals.jsonl" in str(record["found"])
    assert command(flow, "--new-history", "控えもない")[0] == 2, "once"


def test_a_history_is_begun_anew_for_what_only_a_whole_look_finds(
    twin: City, command: Callable[..., tuple[int, str]]
) -> None:
    history = twin.paths.history
    path = history / "arrivals.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"fuel"', b'"full"', 1))
    next(history.glob("kept/registers/**/*.csv")).write_bytes(b"x")
    assert bad(twin) == {"chain of the history", "kept registers"}
    assert command("nightly", "--new-history", "控えもない")[0] == 0
    assert bad(twin) == {"kept registers"}, "a content under the hash of another is never accepted"


def test_no_history_is_begun_anew_for_several_cities_or_a_past_moment(
    twin: City, command: Callable[..., tuple[int, str]]
) -> None:
    (twin.paths.history / "arrivals.jsonl").unlink()
    (twin.folder / "cities.csv").write_text("city\n.\n", encoding="utf-8")
    for words in (
        ("nightly", "--cities", str(twin.folder / "cities.csv")),
        ("rebuild", "--as-known-at", "2026-06-03"),
        ("rebuild", "--by-receipt"),
    ):
        code, told = command(*words, "--new-history", "控えもない")
        assert code == 2 and "--new-history" in told
    assert not (twin.paths.history / journal.BEGUN).exists()


@pytest.mark.parametrize("beside", ["alone", "with the heads"])
def test_a_forged_seal_hides_no_tampering_with_any_file(twin: City, beside: str) -> None:
    """Cut to its first line, or rewritten, and sealed with a reason as if a history had been begun anew there."""
    history = twin.paths.history
    for path in journal.files(history):
        whole, heads = path.read_bytes(), (history / journal.HEADS).read_bytes()
        first = whole.splitlines(keepends=True)[0]
        bare = {name: value for name, value in json.loads(first).items() if name not in ("n", "prev")}
        for above in (b"", first, json.dumps(bare | {"path": "z"}).encode() + b"\n"):
            seal = {
                "at": str(CLOCK[1]), "by": "P1", "reason": "控えもない", "sealed": hashlib.sha256(above).hexdigest(),
                "sealed_lines": bool(above), "n": 1 + bool(above), "prev": journal.first_link(path.name),
            }  # fmt: skip
            line = json.dumps(seal).encode()
            path.write_bytes(above + line + b"\n")
            if beside == "with the heads":
                told = journal.heads(history) | {path.name: journal.ChainHead(1 + bool(above), journal.hash_line(line))}
                journal._save(history, told)
            assert "chain of the history" in bad(twin), (path.name, above)
        path.write_bytes(whole)
        (history / journal.HEADS).write_bytes(heads)
    assert bad(twin) == set()


def test_a_head_that_was_noted_down_proves_that_today_continues_it(twin: City, monkeypatch: pytest.MonkeyPatch) -> None:
    history = twin.paths.history
    (edition,) = frozen.editions(history)
    head, day = edition["history_head"], CLOCK[0].date()
    assert doctor_history.against(twin.paths, head, day).state == "ok"
    assert doctor_history.against(twin.paths, chain.head_told(history), CLOCK[1].date()).state == "ok"
    assert doctor_history.against(twin.paths, head, date(2026, 5, 1)).state == "bad", "not of that day"
    assert doctor_history.against(twin.paths, "0000-0000-0000-0000", day).state == "bad"
    assert doctor_history.against(twin.paths, head[:4], day).state == "bad", "too short to prove anything"

    # whoever owns every file can build the whole chain again; the head on paper gives it away
    lines = {path: [record for _, record in journal.numbered(path)] for path in journal.files(history)}
    for path in lines:
        path.unlink()
    (history / journal.HEADS).unlink()
    for path, records in lines.items():
        told = (
            [row | {"heads_json": None, "program_state": "x"} for row in records]
            if path.name == "runs.jsonl"
            else records
        )
        journal.append(path, told)
    assert bad(twin) == set(), "consistent in itself"
    assert doctor_history.against(twin.paths, head, day).state == "bad"


def test_a_folder_of_an_earlier_version_is_taken_over(twin: City, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines without hashes, no record of files: the next run seals them, once, and what stood before is protected."""
    history = twin.paths.history
    for path in journal.files(history):
        ours = ("heads_json", "file_sha256", "seen_at", "history_head")
        records = [
            {k: v for k, v in record.items() if k not in ours or path.name == "states.jsonl"}
            for record in journal.read(path)
        ]
        path.write_text("".join(f"{json.dumps(record)}\n" for record in records), encoding="utf-8")
    for name in (journal.HEADS, "kept_files.jsonl", "published_files.jsonl", "decisions.jsonl"):
        (history / name).unlink()
    assert "chain of the history" not in bad(twin)
    monkeypatch.setattr(CityFolder, "now", lambda _: CLOCK[2])
    twin.bills("fuel/c.csv", [("M1", "2021-04-01", "2021-05-01", 7, "L")])
    twin.publish()
    assert bad(twin) == set() and len(History(history).read("publications")) == 3
    arrivals = history / "arrivals.jsonl"
    arrivals.write_bytes(arrivals.read_bytes().replace(b'"fuel"', b'"full"', 1))
    assert bad(twin) == {"chain of the history"}


def test_a_decision_keeps_its_hash_when_columns_are_added() -> None:
    from pipelines.run import decision_chain

    told = decision_chain._canonical(decision(1))
    assert "seen_co2e_kg" not in told and "D1" in told
    assert decision_chain.heads([decision(1)]) != decision_chain.heads([decision(1, "別の理由")])
