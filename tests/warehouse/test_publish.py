"""Publishing: built beside, swapped in, held back by our own invariants; readers never wait or see half a state."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from pipelines import tables
from pipelines.history import chain, kept
from pipelines.history.records import History
from pipelines.history.snapshots import Snapshots
from pipelines.run import lock
from pipelines.run.building import Building
from pipelines.warehouse import database, invariants, publish, query
from tests.making import City, finished, monthly, one, rows_of, writable

ROWS = monthly("M1", 2022, 2025, 100)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Building]:
    """One built night, to be damaged inside transactions."""
    city = City(tmp_path_factory.mktemp("built") / "city").bills("fuel/a.csv", ROWS)
    night = finished(city.paths)
    yield night
    night.close()


DAMAGES = [
    ("row_account", "UPDATE source_files SET rows_loaded = rows_loaded - 1"),
    ("row_account_tables", "DELETE FROM readings WHERE source_line = 2"),
    ("accepted_do_not_overlap", "UPDATE readings SET ended_at = ended_at + INTERVAL 1 DAY"),
    ("spreading_conserves", "UPDATE meter_days SET quantity = quantity + 0.000001 WHERE local_date = '2024-04-01'"),
    (
        "allotting_conserves",
        "UPDATE energy_by_meter_day SET quantity = quantity + 0.000001 WHERE local_date = '2024-04-01'",
    ),
    ("months_conserve", "UPDATE emissions_by_facility_month SET co2e_kg = co2e_kg + 0.000000001 WHERE basis = 'plan'"),
    ("no_verdict_without_cover", "UPDATE facility_results SET verdict = 'achieved', actual_high_co2e_kg = NULL"),
    ("every_open_facility_judged", "DELETE FROM facility_results WHERE fiscal_year = 2024"),
    ("catalogue_holds", "ALTER TABLE flags ADD COLUMN surprise INTEGER"),
    ("every_target_judged", "DELETE FROM target_results WHERE fiscal_year = 2024"),
    ("subjects_conserve", "UPDATE emissions_by_facility_fiscal_year SET co2e_kg = co2e_kg + 1 WHERE basis = 'plan'"),
    ("low_not_above_high", "UPDATE emissions_by_source_month SET low_co2e_kg = high_co2e_kg + 1 WHERE basis = 'plan'"),
    ("covered_within_expected", "UPDATE emissions_by_source_month SET covered_days = expected_days + 1"),
    ("verdicts_follow_intervals", "UPDATE facility_results SET verdict = 'achieved' WHERE fiscal_year = 2024"),
    ("allowed_follows_amounts", "UPDATE targets SET allowed_co2e_t = '2024:1;2030:0.5', reduction_rate = NULL"),
    ("allowed_follows_targets", "UPDATE facility_results SET allowed_co2e_kg = allowed_co2e_kg + 0.000000001"),
    (
        "results_are_sums",
        "UPDATE facility_results SET actual_low_co2e_kg = actual_low_co2e_kg + 1 WHERE fiscal_year = 2024",
    ),
    (
        "yearly_totals_stand",
        """INSERT INTO yearly_total_emissions BY NAME SELECT 'Y' AS yearly_total_id, 2024 AS fiscal_year, 'facility' AS subject_kind,
           facility_id AS subject_id, 'all' AS source_type, 'plan' AS basis, 'CO2' AS gas, 2 AS low_co2e_kg, 1 AS high_co2e_kg
           FROM facilities LIMIT 1""",
    ),
    ("missed_is_flagged", "DELETE FROM flags WHERE rule_id = 'over_path'"),
    ("flags_have_owners", "UPDATE flags SET owner_person_id = NULL, owner_post = NULL"),
    ("warming_in_force", "UPDATE emissions_by_source_month SET co2e_kg = co2e_kg * 2"),
    (
        "energy_is_quantity_times_heat",
        "UPDATE energy_by_meter_day SET energy_gj = energy_gj + 1 WHERE local_date = '2024-04-01'",
    ),
    ("emissions_are_quantity_times_factor", "UPDATE emissions_by_source_month SET emissions_kg = emissions_kg + 1"),
    ("bills_found_again", "UPDATE meter_days SET local_date = local_date - 1 WHERE local_date = '2024-04-01'"),
    ("energy_reaches_emissions", "DELETE FROM emissions_by_source_month WHERE month = '2024-04-01'"),
    (
        "every_gas_counted",
        "UPDATE emissions_by_source_month SET open_days = 1, reasons = NULL WHERE month = '2024-04-01'",
    ),
    (
        "expected_follows_registers",
        "UPDATE emissions_by_source_month SET expected_days = expected_days - 1 WHERE month = '2024-04-01'",
    ),
    ("shares_add_up", "UPDATE meter_allocations SET facility_share = 0.5"),
    (
        "activities_found_again",
        """INSERT INTO activity_days BY NAME SELECT 'A1' AS activity_source_id, 'F1' AS facility_id, 'incin_continuous' AS activity,
           DATE '2024-05-01' AS local_date, 5 AS quantity, 't' AS unit, 'measured' AS state, true AS expected""",
    ),
]


@pytest.mark.parametrize(("name", "damage"), DAMAGES)
def test_each_damage_breaks_its_invariant(built: Building, name: str, damage: str) -> None:
    assert invariants.broken(built.connection) == {}
    built.connection.execute("BEGIN")
    try:
        built.connection.execute(damage)
        built.connection.execute("DELETE FROM invariant_results")
        invariants.check(built.inc)
        assert name in invariants.broken(built.connection)
    finally:
        built.connection.execute("ROLLBACK")


def test_all_invariants_are_seen_broken_above() -> None:
    assert {name for name, _ in DAMAGES} == {i.name for i in invariants.INVARIANTS}


def test_a_broken_invariant_holds_the_publication_back(published: City) -> None:
    before = published.paths.published.read_bytes()
    published.bills("fuel/b.csv", monthly("M1", 2026, 2026, lambda _, m: 10 if m == 4 else None))
    night = finished(published.paths)
    night.connection.execute("DELETE FROM readings WHERE source_line = 2")
    night.connection.execute("DELETE FROM invariant_results")
    invariants.check(night.inc)
    with pytest.raises(publish.HeldBack, match="row_account_tables"):
        night.publish()
    night.close()
    assert published.paths.published.read_bytes() == before


def test_a_reader_keeps_its_state_and_the_next_one_sees_the_new_file(published: City) -> None:
    path = published.paths.published
    reader = database.connect_published(path)
    before = one(reader, "SELECT count(*) FROM readings")
    published.bills("fuel/b.csv", monthly("M1", 2026, 2026, lambda _, m: 10 if m == 4 else None))
    published.publish()
    assert one(reader, "SELECT count(*) FROM readings") == before
    fresh = database.connect_published(path)
    assert one(fresh, "SELECT count(*) FROM readings") == before + 1
    reader.close()
    fresh.close()


def read_until(path: str, stop: str, answers: multiprocessing.Queue[object]) -> None:
    """Open, count, close, some ten times a second; report every distinct answer and any error."""
    seen: set[object] = set()
    while not Path(stop).exists():
        try:
            connection = duckdb.connect(path, read_only=True)
            seen.add(
                connection.execute(
                    "SELECT (SELECT count(*) FROM readings), (SELECT count(*) FROM publications)"
                ).fetchone()
            )
            connection.close()
        except Exception as error:
            seen.add(repr(error))
        time.sleep(0.1)
    answers.put(seen)


def read_long(path: str, begun: str, stop: str, answers: multiprocessing.Queue[object]) -> None:
    """Hold one connection, and one query that is fetched row by row, over all publications."""
    connection = duckdb.connect(path, read_only=True)
    cursor = connection.execute(
        "SELECT r.source_line, p.run_id FROM readings r, publications p, range(2000) ORDER BY ALL"
    )
    first = cursor.fetchone()
    Path(begun).touch()
    while not Path(stop).exists():
        time.sleep(0.05)
    rest = len(cursor.fetchall())
    again = connection.execute("SELECT count(*) FROM readings").fetchone()
    answers.put({(rest + (first is not None), *again)})  # type: ignore[misc]


def test_other_processes_read_while_nights_publish(published: City, tmp_path: Path) -> None:
    """One holds the file open with a long query, ten open and close it; nobody errs, nobody waits, nobody sees a mixture."""
    path = published.paths.published
    context = multiprocessing.get_context("forkserver")
    answers, long_answer = context.Queue(), context.Queue()
    stop, begun = tmp_path / "stop", tmp_path / "begun"
    long = context.Process(target=read_long, args=(str(path), str(begun), str(stop), long_answer))
    readers = [context.Process(target=read_until, args=(str(path), str(stop), answers)) for _ in range(10)]
    for reader in (long, *readers):
        reader.start()
    for _ in range(600):
        if begun.exists():
            break
        time.sleep(0.1)
    expected = {(48, 1)}
    for number, month in enumerate((4, 5), start=2):
        published.bills(
            f"fuel/{month}.csv", monthly("M1", 2026, 2026, lambda _, m, month=month: 10 if m == month else None)
        )
        published.publish()
        expected.add((48 + number - 1, number))
    stop.touch()
    for _ in readers:
        assert answers.get(timeout=60) <= expected
    assert long_answer.get(timeout=60) == {(48 * 2000, 48)}, "as it was when the query began"
    for reader in (long, *readers):
        reader.join()


def test_the_file_is_in_the_format_older_clients_read(published: City) -> None:
    head = published.paths.published.read_bytes()[:64]
    assert int.from_bytes(head[12:20], "little") == 64 + 3 or int.from_bytes(head[12:20], "little") <= 67


def test_a_crash_right_after_the_swap_loses_no_history(published: City, monkeypatch: pytest.MonkeyPatch) -> None:
    published.bills("fuel/b.csv", [("M1", "2021-03-01", "2021-04-01", 1, "L")])
    night = finished(published.paths)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(History, "recover", die)
    with pytest.raises(KeyboardInterrupt):
        night.publish()
    monkeypatch.undo()
    history = History(published.paths.history)
    assert len(history.read("publications")) == 1, "swapped in, and not yet told"
    with (history.folder / "runs.jsonl").open("a", encoding="utf-8") as stream:
        stream.write('{"run_id": "torn')
    assert not history.has_changed(published.paths.published)
    history.recover(published.paths.published)
    assert [row["run_id"] for row in history.read("publications")][1:] == [night.outcome.run_id]
    assert [row["run_id"] for row in history.read("runs")][1:] == [night.outcome.run_id]
    assert not list(chain.wrong(history.folder, chain.all_of(history.folder)))


def test_a_crash_right_after_the_swap_loses_no_first_day_of_a_flag(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    """The night after brings it over from what was published: a flag is not younger for a power cut."""
    city.bills("fuel/a.csv", ROWS)
    night = finished(city.paths)

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(History, "remember_flags", die)
        night.publish()
    with database.connect_published(city.paths.published) as connection:
        opened = dict(rows_of(connection, "SELECT flag_id, opened_at FROM flags"))
    assert opened and History(city.paths.history).opened() == {}
    city.today += timedelta(days=3)
    city.bills("fuel/b.csv", [("M1", "2021-03-01", "2021-04-01", 1, "L")])
    with database.connect_published(city.publish()) as connection:
        later = dict(rows_of(connection, "SELECT flag_id, opened_at FROM flags"))
    assert {flag: day for flag, day in later.items() if flag in opened} == opened
    assert History(city.paths.history).opened().items() >= opened.items()


@pytest.mark.parametrize("content", [None, b"somebody else's"])
def test_a_crash_between_a_kept_file_and_its_record_is_made_good(
    city: City, content: bytes | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The totals of a publication lie there and nothing says so: written again from what was published, and put on record."""
    city.bills("fuel/a.csv", ROWS)
    night = finished(city.paths)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(kept, "note", die)
        night.publish()
    history = city.paths.history
    (left,) = [*history.glob("published_*/*.parquet")]
    name = left.relative_to(city.paths.data).as_posix()
    if content is not None:
        left.write_bytes(content)
    assert name not in kept.stated(history)
    city.bills("fuel/b.csv", [("M1", "2021-03-01", "2021-04-01", 1, "L")])
    city.publish()
    assert kept.stated(history)[name] == kept.hash_of(left) and not kept.wrong(history)
    with database.connect_published(city.paths.published) as connection:
        table = left.parent.name
        said = rows_of(connection, f"FROM {table} WHERE run_id = ? ORDER BY ALL", left.stem)
    with duckdb.connect() as connection:
        assert rows_of(connection, f"FROM read_parquet('{left}') ORDER BY ALL") == said


def test_what_is_left_of_a_killed_run_is_cleared(city: City) -> None:
    city.bills("fuel/a.csv", ROWS)
    stale = city.paths.data / "next" / "emissions-old.duckdb"
    stale.parent.mkdir(parents=True)
    stale.write_bytes(b"half a file")
    city.publish()
    assert not stale.exists()


def test_a_second_run_is_refused_at_once_and_told_by_whom(city: City) -> None:
    with (
        lock.run_lock(city.paths.data, datetime(2026, 6, 1)),
        pytest.raises(lock.AlreadyRunning, match=str(os.getpid())),
        lock.run_lock(city.paths.data, datetime(2026, 6, 2)),
    ):
        pass
    with lock.run_lock(city.paths.data, datetime(2026, 6, 3)):
        pass


def test_restatements_name_what_changed(published: City) -> None:
    published.bills("fuel/b.csv", [("M1", "2024-06-01", "2024-07-01", 130, "L", "訂正")], more=["stage"])
    connection = database.connect_published(published.publish())
    found = rows_of(
        connection,
        "SELECT facility_id, fiscal_year, basis, after_co2e_kg > before_co2e_kg, inputs_changed FROM restatements ORDER BY basis",
    )
    assert found == [("F1", 2024, basis, True, "files") for basis in ("plan", "shk_adjusted", "shk_basic")]
    connection.close()


def test_register_snapshots_are_kept_by_hash(published: City) -> None:
    published.register("events", [{"facility_id": "F1", "from": "2024-05-01", "kind": "works"}])
    published.publish()
    kept = {p.parent.name for p in (published.paths.history / "kept" / "registers").rglob("*.csv")}
    assert {"meters", "events"} <= kept
    first, second = Snapshots(published.paths.history).all()
    assert "events" not in first.registers and set(second.registers) - set(first.registers) == {"events"}
    assert first.reference == second.reference


def test_two_builds_of_the_same_inputs_are_equal(city: City) -> None:
    city.bills("fuel/a.csv", ROWS)
    first, second = (dump(finished(city.paths)) for _ in range(2))
    assert first == second


def dump(night: Building) -> dict[str, list[tuple[object, ...]]]:
    """Every derived table as sorted rows."""
    found = {}
    for table in tables.catalogue().values():
        if table.kind in ("derived", "register", "reference") and not table.is_view:
            found[table.name] = rows_of(night.connection, f"SELECT * FROM {table.name} ORDER BY ALL")
    night.close()
    return found


def test_sql_is_for_reading_only(published: City, tmp_path: Path) -> None:
    path = published.paths.published
    target = tmp_path / "out.csv"
    for statement in (
        "DROP TABLE readings", "SELECT 1; SELECT 2", "SELECT * FROM read_text('/etc/hostname')", f"COPY flags TO '{target}'",
        "ATTACH ':memory:' AS x", "SET threads = 1", "INSTALL httpfs", "", "SELEC 1",
    ):  # fmt: skip
        with query.opened(path) as connection, pytest.raises(query.QueryError):
            query.select(connection, statement)
    assert not target.exists()


def test_an_error_of_the_callers_own_is_not_told_as_one_of_the_file(published: City) -> None:
    path = published.paths.published
    for statement in ("SELECT CAST('x' AS INTEGER)", "SELECT no_such_column FROM readings", "SELEC 1"):
        with pytest.raises(duckdb.Error), query.opened(path) as connection:
            connection.execute(statement).fetchall()
    with pytest.raises(duckdb.Error, match="elsewhere"), query.opened(path), duckdb.connect() as other:
        other.execute("FROM elsewhere")
    with duckdb.connect(str(writable(path))) as connection:
        connection.execute("ALTER TABLE readings DROP COLUMN source_member")
        connection.execute("DROP TABLE doubts")
    for statement in ("FROM doubts", "SELECT source_member FROM readings"):
        with pytest.raises(query.QueryError, match="nightly"), query.opened(path) as connection:
            connection.execute(statement).fetchall()


def test_nothing_published_says_what_to_do(make_city: Callable[..., City]) -> None:
    with pytest.raises(query.QueryError, match="nightly"), query.opened(make_city().paths.published):
        pass
