"""A night that makes anew only what its arrivals touch gives the tables of a rebuild, whatever came before.

HISTORIES: how many histories are drawn (1; ``make torture`` 20).
"""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines import tables
from pipelines.reports.pages import documents
from pipelines.review import build as review
from pipelines.review.states import Override
from pipelines.run.building import Building
from pipelines.settings.city import CityFolder
from pipelines.warehouse import database, incremental, invariants
from tests.making import City, begun, finished, monthly, nightly, rebuilt, writable

TWELVE = """
[[rules.year_rule]]
year_rule = "twelve_bills"
basis = "plan"
energy_type = "kerosene"
source = "試験"
"""
POWER = {"energy_type": "electricity", "unit": "kWh"}
METERS: list[dict[str, object]] = [
    {**POWER, "meter_id": "OLD", "facility_id": "F1", "reading_kind": "bill", "supply_point": "S1", "valid_to": "2024-10-16"},
    {**POWER, "meter_id": "NEW", "facility_id": "F1", "reading_kind": "interval", "supply_point": "S1", "valid_from": "2024-10-16"},
    {**POWER, "meter_id": "TWO", "facility_id": "F2", "reading_kind": "bill", "valid_to": "2025-04-01"},
    {**POWER, "meter_id": "TWO", "facility_id": "F2", "reading_kind": "interval", "valid_from": "2025-04-01"},
    {**POWER, "meter_id": "SUB", "facility_id": "F1", "reading_kind": "interval", "role": "sub", "parent_meter_id": "TWO"},
    {"meter_id": "OIL", "facility_id": "F1", "energy_type": "kerosene", "unit": "L", "reading_kind": "bill"},
    {"meter_id": "LPG", "facility_id": "F2", "energy_type": "lpg", "unit": "kg", "reading_kind": "delivery", "delivery_rule": "spread"},
    {"meter_id": "CAN", "facility_id": "F2", "energy_type": "kerosene", "unit": "L", "reading_kind": "delivery"},
    {**POWER, "meter_id": "REG", "facility_id": "F3", "reading_kind": "register", "register_digits": 5, "daily_limit": 900},
    {**POWER, "meter_id": "DAYS", "facility_id": "F3", "reading_kind": "register"},
]  # fmt: skip
REGISTERS: dict[str, list[dict[str, object]]] = {
    "facilities": [
        {"facility_id": f, "name": f"施設{f}", "operator_id": "OP", "department": "総務課"} for f in ("F1", "F2", "F3")
    ],
    "meters": METERS,
    "contracts": [
        {"meter_id": "OLD", "supplier": "S"},
        {"meter_id": "NEW", "supplier": "S", "contract_kw": 5},
        {"meter_id": "TWO", "supplier": "S", "contract_kw": 6},
        {"meter_id": "REG", "supplier": "S"},
    ],
    "meter_shares": [
        {"meter_id": "REG", "facility_id": "F2", "share": "0.35"},
        {"meter_id": "REG", "facility_id": "F3", "share": "0.65"},
    ],
    "activity_sources": [
        {"activity_source_id": "BURNT", "facility_id": "F3", "activity": "incin_continuous", "unit": "t", "frequency": "month",
         "valid_from": "2024-04-01"},
        {"activity_source_id": "PLASTIC", "facility_id": "F3", "activity": "waste_plastic", "unit": "t", "frequency": "month",
         "valid_from": "2024-04-01", "derived_from": "BURNT"},
    ],
}  # fmt: skip
HEAD = "meter_id,started_at,ended_at,quantity,unit,reading_kind,stage"
SLIPS = "meter_id,started_at,ended_at,quantity,unit,reading_kind,quality,slip_no"
FIRST = date(2022, 4, 1)
NIGHTS = (date(2026, 5, 29), date(2026, 5, 31), date(2026, 5, 31), date(2026, 6, 2), date(2026, 6, 15))


class Histories:
    """What a city might receive, made up."""

    def __init__(self, city: City, seed: int) -> None:
        self.city, self.chance, self.number = city, random.Random(seed), 0

    def day(self, since: date = FIRST, until: date = date(2026, 6, 20)) -> date:
        return since + timedelta(days=self.chance.randrange((until - since).days))

    def file(self, folder: str, head: str, lines: list[str], received: datetime) -> None:
        if lines:
            self.number += 1
            self.city.file(
                f"{folder}/{self.number:03d}.csv", "\n".join([head, *lines, ""]), f"{received:%Y-%m-%d %H:%M}"
            )

    def arrivals(self, received: datetime) -> None:
        """One night's files."""
        chance = self.chance
        self.file("slots", HEAD, [line for _ in range(chance.randrange(5)) for line in self.intervals()], received)
        self.file("bills", HEAD, [self.bill() for _ in range(chance.randrange(8))], received)
        if chance.random() < 0.7:
            self.file("states", "meter_id,read_at,register_value,event", self.states(), received)
        self.file("reading_days", "meter_id,read_at,register_value,event", self.reading_days(), received)
        if chance.random() < 0.6:
            self.file(
                "plants", "activity_source_id,started_on,ended_on,quantity,stage,note,slip_no", self.tonnes(), received
            )
        self.file("slips", SLIPS, [self.slip() for _ in range(chance.randrange(6))], received)
        if chance.random() < 0.5:
            self.file(
                "samples",
                "facility_id,sampled_on,category,percent,basis,moisture_percent,laboratory",
                self.samples(),
                received,
            )
        if chance.random() < 0.4 and self.number:  # what came before, once more
            files = sorted(p for p in (self.city.folder / "inbox").rglob("*.csv") if p.name != "received.csv")
            again = chance.choice(files)
            self.city.file(
                f"{again.parent.name}/{again.stem}-again.csv", again.read_text(), f"{received:%Y-%m-%d %H:%M}"
            )
        if chance.random() < 0.5 and self.number:  # a newer version that lacks some lines, under the same path
            files = sorted(p for p in (self.city.folder / "inbox").rglob("*.csv") if p.name != "received.csv")
            old = chance.choice(files)
            head, *lines = old.read_text().splitlines()
            kept = [line for line in lines if chance.random() < 0.8]
            later = received + timedelta(minutes=chance.choice([0, 5]))
            self.city.file(f"{old.parent.name}/{old.name}", "\n".join([head, *kept, ""]), f"{later:%Y-%m-%d %H:%M}")

    def daily(self, *meters: str) -> None:
        """A value a day with a gap here and there, so that short gaps are filled from similar days."""
        days = [date(2025, 1, 1) + timedelta(days=n) for n in range(510)]
        lines = [
            f"{meter},{day},{day + timedelta(days=1)},{20 + day.weekday()},kWh,interval,"
            for meter in meters
            for day in days
            if self.chance.random() < 0.97
        ]
        self.file("days", HEAD, lines, datetime(2026, 5, 1, 9))

    def intervals(self) -> list[str]:
        meter = self.chance.choice(["NEW", "TWO", "SUB", "NEW", "TWO", "WHO"])
        day, days = self.day(date(2025, 1, 1)), self.chance.choice([1, 2, 40])
        each = self.chance.choice(["0", "2.5", "3", "1000", "x", "-1", "2.75"])
        stage = self.chance.choice(["", "", "provisional", "corrected"])
        return [
            f"{meter},{day + timedelta(days=n)} {h:02d}:00,{day + timedelta(days=n)} {h + 1:02d}:00,{each},kWh,interval,{stage}".replace(
                f"{day + timedelta(days=n)} 24:00", f"{day + timedelta(days=n + 1)} 00:00")
            for n in range(days)
            for h in range(24)
            if self.chance.random() < 0.99
        ]  # fmt: skip

    def bill(self) -> str:
        chance = self.chance
        meter, unit = chance.choice(
            [("OLD", "kWh"), ("TWO", "kWh"), ("OIL", "L"), ("OIL", "L"), ("LPG", "kg"), ("CAN", "L"), ("NIX", "L")]
        )
        start = self.day()
        kind = "delivery" if meter in ("LPG", "CAN") else "bill"
        end = start + timedelta(days=1 if kind == "delivery" else chance.choice([28, 30, 31, 62]))
        amount = chance.choice(["0", "100", "120.5", "9999", "0.000001", "-3"])
        return f"{meter},{start},{end},{amount},{unit},{kind},{chance.choice(['', 'provisional', 'corrected'])}"

    def slip(self) -> str:
        chance = self.chance
        day = date(2025, 4, 1) + timedelta(days=chance.randrange(4))
        quality, slip = chance.choice(["", "", "supplier_estimated"]), chance.choice(["", "", "1", "2"])
        return f"CAN,{day},{day + timedelta(days=1)},{chance.choice([20, 20, 30, 'x', -4])},L,delivery,{quality},{slip}"

    def states(self) -> list[str]:
        days = sorted({self.day(date(2025, 4, 1)) for _ in range(self.chance.randrange(1, 4))})
        return [
            f"REG,{day},{(day - FIRST).days * 12 % 100_000},{self.chance.choice(['', '', '', 'closing', 'opening'])}"
            for day in days
        ]

    def reading_days(self) -> list[str]:
        """Some months of a list that says a reading day and the use alone, in any order."""
        months = [date(2025, 4, 10) + timedelta(days=30 * n + self.chance.choice([0, 0, 1])) for n in range(14)]
        return [
            f"DAYS,{day},{self.chance.choice(['300', '310', 'x'])},{self.chance.choice(['since_reading'] * 4 + ['since_reading_whole'])}"
            for day in self.chance.sample(months, self.chance.randrange(5))
        ]

    def tonnes(self) -> list[str]:
        month = self.chance.randrange(1, 13)
        return [
            f"BURNT,2025-{month:02d}-01,2025-{month:02d}-28,{self.chance.randrange(100)},{self.chance.choice(['', 'provisional'])},"
            f"{self.chance.choice(['', 'a'])},{self.chance.choice(['', '', '1', '2'])}"
            for _ in range(self.chance.randrange(1, 4))
        ]

    def samples(self) -> list[str]:
        return [f"F3,{self.day(date(2025, 4, 1), date(2026, 3, 31))},plastic,{self.chance.randrange(1, 60)},wet,,見本"]

    def supplier_factors(self) -> None:
        common = {
            "supplier": "S",
            "kind": "single",
            "energy_type": "electricity",
            "unit": "t-CO2/kWh",
            "source": "試験",
        }
        years = range(2021, 2026 if self.chance.random() < 0.5 else 2025)
        value = self.chance.choice(["0.0004", "0.00045"])
        rows: list[dict[str, object]] = [
            {**common, "activity_fy": y, "basic": "0.0005", "adjusted": value} for y in years
        ]
        self.city.register("supplier_factors", rows)


def different(left: Path, right: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Table -> some rows that only one of two published files has."""
    connection = database.connect()
    for name, path in (("a", left), ("b", right)):
        connection.execute(f"ATTACH {tables.literal(str(path))} AS {name} (READ_ONLY)")
    found = {}
    for table in tables.catalogue().values():
        if table.is_view or table.kind in ("history", "step") or table.name in ("build_inputs", "validation_results"):
            continue
        # when the system first saw a file is the clock's, not the files'
        chosen = "SELECT * EXCLUDE (first_seen_at)" if "first_seen_at" in table.column_names else "SELECT *"
        one, other = (f"{chosen} FROM {name}.{table.place}" for name in "ab")
        rows = connection.execute(f"({one} EXCEPT ALL {other}) UNION ALL ({other} EXCEPT ALL {one}) LIMIT 4").fetchall()
        if rows:
            found[table.name] = rows
    connection.close()
    return found


@pytest.fixture
def overrides(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Override]]:
    """The overrides that reviews accepted; a test changes them from night to night."""
    accepted: list[Override] = []
    monkeypatch.setattr(review, "overrides", lambda _decisions: accepted)
    yield accepted


@pytest.mark.parametrize("seed", range(int(os.environ.get("HISTORIES", "1"))))
def test_nights_equal_a_rebuild(
    make_city: Callable[..., City], tmp_path: Path, seed: int, overrides: list[Override]
) -> None:
    city = make_city(extra=TWELVE)
    for name, rows in REGISTERS.items():
        city.register(name, rows)
    history = Histories(city, seed)
    history.supplier_factors()
    city.bills(
        "bills/base.csv",
        [r for m, u in (("OLD", "kWh"), ("TWO", "kWh"), ("OIL", "L")) for r in monthly(m, 2022, 2025, 650, u)],
    )
    history.daily("NEW", "SUB")
    went_on = filled = 0
    for number, today in enumerate(NIGHTS):
        history.arrivals(datetime(2026, 5, 20 + number, 9))
        if number == 2:
            overrides[:] = answered(city.paths.published, seed)
        if number == 3:
            del overrides[1:]
            history.supplier_factors()
        made = nightly(CityFolder(city.folder, today=today))
        went_on += made.continues and made.outcome.published
        filled += count(city.paths.published, "interpolated_days")
        copy = tmp_path / f"rebuilt{number}"
        shutil.copytree(city.folder, copy)
        rebuilt(CityFolder(copy, today=today))
        assert different(CityFolder(city.folder).published, CityFolder(copy).published) == {}, f"night {number}"
    assert went_on >= 2, "the nights after the first must go on from the published file"
    assert filled, "some gaps must be short enough to be filled"


def answered(published: Path, seed: int) -> list[Override]:
    """Overrides of some doubts that stand in a published file, as accepted answers make them."""
    connection = database.connect_published(published)
    rows = connection.execute(
        "SELECT source_kind, source_id, rule_id, periods_json FROM doubts ORDER BY doubt_id"
    ).fetchall()
    connection.close()
    chosen = random.Random(seed).sample(rows, min(4, len(rows)))
    return [
        Override(
            kind,
            source,
            rule,
            date.fromisoformat(p["since"]),
            date.fromisoformat(p["until"]),
            p["quantity"] and Decimal(p["quantity"]),
        )
        for kind, source, rule, periods in chosen
        for p in json.loads(periods)
    ]


def count(published: Path, table: str) -> int:
    connection = database.connect_published(published)
    try:
        return int((connection.execute(f"SELECT count(*) FROM {table}").fetchone() or (0,))[0])
    finally:
        connection.close()


def test_what_a_continued_night_does_not_touch_stays_as_it_lies(published: City) -> None:
    before = rowids(published.paths.published)
    published.bills("bills/b.csv", [("M1", date(2026, 4, 1), date(2026, 5, 1), 90, "L")], "2026-06-02 09:00")
    made = nightly(published.paths)
    assert made.continues
    after = rowids(published.paths.published)
    assert len(after) == len(before) + 1
    assert set(before.items()) <= set(after.items())


DAMAGES = {
    "spreading_conserves": "UPDATE meter_days SET quantity = quantity + 1 WHERE local_date = DATE '2026-04-10'",
    "allotting_conserves": "UPDATE energy_by_meter_day SET quantity = quantity + 1 WHERE local_date = DATE '2026-04-10'",
    "accepted_do_not_overlap": "INSERT INTO readings SELECT * REPLACE (started_at - INTERVAL 1 DAY AS started_at) FROM readings"
    " WHERE started_at = '2026-04-01'",
    "months_conserve": "UPDATE emissions_by_facility_month SET co2e_kg = co2e_kg + 1 WHERE month = DATE '2026-04-01'",
}


@pytest.mark.parametrize("invariant", DAMAGES)
def test_what_a_continued_night_writes_is_checked(published: City, invariant: str) -> None:
    published.bills("bills/b.csv", [("M1", date(2026, 4, 1), date(2026, 5, 1), 90, "L")], "2026-06-02 09:00")
    made = finished(published.paths)
    assert made.base
    assert invariants.broken(made.connection) == {}
    made.connection.execute(DAMAGES[invariant])
    made.connection.execute("DELETE FROM invariant_results")
    invariants.check(made.inc)
    assert invariants.broken(made.connection).get(invariant), invariants.broken(made.connection)
    made.close()


def rowids(published: Path) -> dict[datetime, int]:
    connection = database.connect_published(published)
    try:
        return dict(connection.execute("SELECT started_at, rowid FROM readings").fetchall())
    finally:
        connection.close()


@pytest.mark.parametrize("changed", ["registers", "reference", "settings", "method"])
def test_what_cannot_be_followed_is_built_wholly(changed: str) -> None:
    last = dict.fromkeys(incremental.FOLLOWED, "same") | dict.fromkeys(
        ("registers", "reference", "settings", "method"), "same"
    )
    last |= {"today": "2026-06-15"}
    assert incremental.can_continue(last, last)
    assert not incremental.can_continue(last, {**last, changed: "other"})


@pytest.mark.parametrize("today", ["2026-06-14", "2027-04-01"])
def test_an_earlier_day_and_another_fiscal_year_are_built_wholly(today: str) -> None:
    last = {"today": "2026-06-15", "files": "a"}
    assert incremental.can_continue(last, {**last, "today": "2027-03-31"})
    assert not incremental.can_continue(last, {**last, "today": today})


def test_a_value_from_the_future_is_taken_once_its_day_has_come(make_city: Callable[..., City]) -> None:
    city = make_city()
    city.bills("bills/a.csv", [*monthly("M1", 2022, 2025, 100), ("M1", date(2026, 7, 1), date(2026, 8, 1), 7, "L")])
    nightly(CityFolder(city.folder, today=date(2026, 7, 20)))
    made = nightly(CityFolder(city.folder, today=date(2026, 8, 2)))
    assert not made.continues
    with_july = database.connect_published(city.paths.published)
    assert with_july.execute("SELECT count(*) FROM readings WHERE started_at = '2026-07-01'").fetchone() == (1,)
    with_july.close()


def test_without_a_target_an_empty_base_is_no_reason_to_begin_again(
    make_city: Callable[..., City], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bases: list[Path | None] = []
    begin = incremental.begin

    def counted(connection: duckdb.DuckDBPyConnection, base: Path | None = None) -> incremental.Incremental:
        bases.append(base)
        return begin(connection, base)

    monkeypatch.setattr(incremental, "begin", counted)
    city = make_city()
    targets = city.folder / "registers" / "targets.csv"
    targets.write_text(targets.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    rebuilt(city.paths)
    assert bases == [None], "a city of which nothing came yet"
    city.bills("bills/a.csv", monthly("M1", 2024, 2025, 100))
    assert not nightly(city.paths).continues, "the first reading is an earlier first day than none"
    assert bases == [None, city.paths.published, None], "begun again once, from an empty base"
    city.bills("bills/b.csv", monthly("M1", 2023, 2023, 100), "2026-06-02 09:00")
    assert not nightly(city.paths).continues
    assert bases[3:] == [city.paths.published, None]
    shutil.copytree(city.folder, tmp_path / "rebuilt")
    other = CityFolder(tmp_path / "rebuilt", today=city.today)
    rebuilt(other)
    assert different(city.paths.published, other.published) == {}


@pytest.fixture
def bases(tmp_path: Path) -> Iterator[tuple[incremental.Incremental, incremental.Incremental]]:
    """Two files of operators: one that goes on from a base with A and B and holds B and C, and one that goes on from none."""
    base, copied = tmp_path / "base.duckdb", tmp_path / "new.duckdb"
    with database.connect_file(base) as connection:
        for table in ("operators", "build_inputs"):
            database.create(connection, table)
        connection.execute("INSERT INTO build_inputs VALUES ('today', '2026-06-15')")
        connection.execute("INSERT INTO operators BY NAME SELECT unnest(['A', 'B']) AS operator_id, 'x' AS name")
    incremental.copy(base, copied)
    with database.connect_file(copied) as follower, database.connect_file(tmp_path / "first.duckdb") as first:
        database.create(first, "operators")
        following, beginning = incremental.begin(follower, base), incremental.begin(first)
        for inc in (following, beginning):
            inc.connection.execute("DELETE FROM operators WHERE operator_id = 'A'")
            inc.connection.execute("INSERT INTO operators BY NAME SELECT 'C' AS operator_id, 'x' AS name")
        first.execute("INSERT INTO operators BY NAME SELECT 'B' AS operator_id, 'x' AS name")
        yield following, beginning


Bases = tuple[incremental.Incremental, incremental.Incremental]


def operators(inc: incremental.Incremental, table: str = "operators") -> list[str]:
    return [row[0] for row in inc.connection.execute(f"SELECT operator_id FROM {table} ORDER BY ALL").fetchall()]


def test_a_night_has_a_base_and_the_day_of_it(bases: Bases) -> None:
    following, beginning = bases
    assert (following.last_today, beginning.last_today) == (date(2026, 6, 15), date.min)
    assert operators(following, "last.operators") == ["A", "B"] and operators(beginning, "last.operators") == []


def test_what_changed_stands_on_one_side_only_and_from_an_empty_base_is_all(bases: Bases) -> None:
    following, beginning = bases
    assert following.changed("operators") and beginning.changed("operators")
    assert operators(following, "changed_operators") == ["A", "C"]
    assert operators(beginning, "changed_operators") == ["B", "C"]
    following.connection.execute(
        "CREATE OR REPLACE TABLE operators AS SELECT * REPLACE ('y' AS name) FROM last.operators"
    )
    assert following.changed("operators") and not following.changed("operators", but="name")


def test_a_table_is_seen_whole_again_however_the_block_ends(bases: Bases) -> None:
    following, beginning = bases
    for inc, seen in ((following, ["C"]), (beginning, ["B", "C"])):
        inc.connection.execute("CREATE TEMP TABLE chosen AS SELECT 'C' AS operator_id")
        with pytest.raises(ZeroDivisionError), inc.only("operators", by="chosen"):
            assert operators(inc) == seen, "from an empty base nothing is hidden: it would change no result"
            raise ZeroDivisionError
        assert operators(inc) == ["B", "C"]


def test_rows_are_made_anew_in_the_place_of_those_that_a_step_names(bases: Bases, tmp_path: Path) -> None:
    statement = tmp_path / "operators.sql"
    statement.write_text(
        "-- operators: one.\nSELECT 'D' AS operator_id, 'x' AS name, NULL AS designation_no, NULL AS kind, NULL AS designated_on"
    )
    following, beginning = bases
    for step in (
        "SELECT rowid AS place FROM operators WHERE operator_id = 'C'",
        "SELECT 'operators' AS table_name, rowid AS place FROM operators UNION ALL SELECT 'others', 1",
    ):
        following.connection.execute(f"CREATE OR REPLACE TEMP TABLE replaced AS {step}")
        before = operators(following)
        with following.merging() as fill:
            fill("operators", statement, replacing=("replaced",))
            assert operators(following) == ["D"], "the rows at work are seen alone"
        assert operators(following) == (["B", "D"] if before == ["B", "C"] else ["D"])
    following.connection.execute("INSERT INTO operators BY NAME SELECT 'E' AS operator_id, 'x' AS name")
    with pytest.raises(ZeroDivisionError), following.merging() as fill:
        fill("operators", statement, replacing=("replaced",))
        raise ZeroDivisionError
    assert operators(following) == ["D", "E"], "nothing is put in place, and nothing stays hidden"
    beginning.redo("operators", statement, replacing="no_such_step")
    assert operators(beginning) == ["D"]


def test_only_a_night_with_a_base_begins_again(bases: Bases, tmp_path: Path) -> None:
    statement = tmp_path / "found.sql"
    statement.write_text("-- found: a row.\nSELECT 1 AS found")
    following, beginning = bases
    beginning.stop_if("found", statement)
    with pytest.raises(incremental.CannotContinueError, match="found"):
        following.stop_if("found", statement)


def test_a_continued_night_takes_half_of_the_memory(make_city: Callable[..., City]) -> None:
    city = make_city()
    city.bills("bills/a.csv", monthly("M1", 2022, 2024, 100))
    whole = nightly(city.paths)
    city.bills("bills/b.csv", monthly("M1", 2025, 2025, 100))
    continued = Building(*begun(city.paths))
    row = continued.connection.execute("SELECT current_setting('memory_limit')").fetchone()
    continued.close()
    assert whole.made
    assert (whole.made.memory, continued.memory, row) == ("4GB", "2000MB", ("1.8 GiB",))


def test_a_copy_is_equal_and_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, target = tmp_path / "a", tmp_path / "b"
    source.write_bytes(b"0123456789" * 100_000)
    incremental.copy(source, target)
    assert target.read_bytes() == source.read_bytes()
    target.write_bytes(b"other")
    assert source.stat().st_size == 1_000_000

    def refuse(*_: object) -> int:
        raise OSError

    monkeypatch.setattr(os, "copy_file_range", refuse)
    incremental.copy(source, target)
    assert target.read_bytes() == source.read_bytes()


def test_a_file_of_another_catalogue_is_not_continued(published: City) -> None:
    assert incremental.last_inputs(published.paths.published)
    connection = duckdb.connect(str(writable(published.paths.published)))
    connection.execute("DELETE FROM dictionary WHERE table_name = 'readings'")
    connection.close()
    assert incremental.last_inputs(published.paths.published) == {}


def test_a_file_from_before_the_gaps_were_told_in_japanese_is_shown_and_built_anew(published: City) -> None:
    connection = duckdb.connect(str(writable(published.paths.published)))
    for column in ("what_ja", "where_ja", "remedy_ja"):
        connection.execute(f"ALTER TABLE gaps DROP COLUMN {column}")
    connection.execute("DELETE FROM dictionary WHERE table_name = 'gaps' AND column_name LIKE '%\\_ja' ESCAPE '\\'")
    connection.close()
    assert any("city enters its own" in path.read_text("utf-8") for path in documents.write(published.paths))
    assert not nightly(published.paths).continues
    told = "".join(path.read_text("utf-8") for path in documents.write(published.paths))
    with database.connect_published(published.paths.published) as known:
        lacking = [text for (text,) in known.execute("SELECT remedy_ja FROM gaps").fetchall() if text not in told]
    assert lacking == []
