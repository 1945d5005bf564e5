"""Two time axes: precedence goes by receipt as stated, what was known by when the system saw it.

HISTORIES: how many histories are drawn (1; ``make torture`` 20).
"""

from __future__ import annotations

import os
import random
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.history import journal
from pipelines.review.store import Decision, Store
from pipelines.run import past
from pipelines.run.inputs import Unknown
from pipelines.settings.city import CityFolder
from pipelines.sources.arrive import inbox
from pipelines.warehouse import database
from tests.making import DEFAULTS, City, monthly, one, published, remembered, rows_of

TABLES = (
    "emissions_by_facility_fiscal_year",
    "facility_results",
    "target_results",
    "readings",
    "source_files",
    "flags",
)
HEAD = "path,received_at\n"


class Clock:
    """What the clock says."""

    moment = datetime(2026, 6, 2, 2)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(CityFolder, "now", lambda _: made.moment)
    return made


def said(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """What a file says, to the last digit."""
    with database.connect_published(path) as connection:
        return {name: rows_of(connection, f"FROM {name} ORDER BY ALL") for name in TABLES}


def publication(path: Path) -> datetime:
    with database.connect_published(path) as connection:
        found: datetime = one(connection, "SELECT published_time FROM publications ORDER BY rowid DESC LIMIT 1")
        return found


def receipts(city: City, told: dict[str, str]) -> None:
    lines = [f"{path},{at}\n" for path, at in told.items()]
    (city.folder / "inbox/fuel/received.csv").write_text(HEAD + "".join(lines), encoding="utf-8")


def decide(city: City, number: int, at: datetime) -> None:
    Store(city.paths.decisions_url).append(
        [
            Decision(
                decision_id=f"D{number}", flag_id="f", facility_id="F1", fiscal_year=2024, rule_id="missing_data",
                subject=None, step="answer", person_id="P3", post="x", decided_at=at, comment="点検した",
            )
        ]
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(int(os.environ.get("HISTORIES", "1"))))
def test_the_moment_of_any_publication_gives_what_it_said(city: City, clock: Clock, seed: int) -> None:
    """Late files, edited receipts, stamps in the future, registers and targets that change, and a clock set back.

    Every history holds each of them: what is drawn is when, where and how much.
    """
    chance = random.Random(seed)
    city.bills("fuel/base.csv", monthly("M1", 2022, 2025, 100))
    told = {"base.csv": "2026-06-01 09:00"}
    published: dict[datetime, dict[str, list[tuple[Any, ...]]]] = {}
    back = chance.randrange(1, 4)
    kinds = chance.sample(range(4), 4)  # how the late file of each night is stamped
    for number in range(4):
        clock.moment += timedelta(days=chance.randrange(-20, -2) if number == back else chance.randrange(1, 5))
        name = f"late{number}.csv"
        start = date(2024, chance.randrange(4, 9), 1)
        end = date(2024, start.month + 1, 1)
        city.bills(f"fuel/{name}", [("M1", start, end, chance.randrange(50, 200), "L")])
        stamps = ("2024-01-01 09:00", "2026-05-30 09:00", "2027-01-01 09:00", f"{clock.moment}")
        told[name] = stamps[kinds[number]]
        if number:
            edited = chance.choice([known for known in told if known != name])
            told[edited] = chance.choice([stamp for stamp in stamps if stamp != told[edited]])
            told.pop(chance.choice(list(told))) if chance.random() < 0.3 else None
            decide(city, number, clock.moment - timedelta(hours=1))
        receipts(city, told)
        if chance.random() < 0.5:
            city.register("targets", [{**DEFAULTS["targets"][0], "reduction_rate": f"0.{chance.randrange(1, 9)}"}])
        city.today = date(2026, 6, 10 + number)
        path = city.publish()
        published[publication(path)] = said(path)
    assert len(published) == 4
    for moment, what in published.items():
        assert said(past.file(CityFolder(city.folder), moment)) == what, f"{seed} {moment}"


def test_two_publications_within_a_second_have_moments_of_their_own(city: City, clock: Clock) -> None:
    city.bills("fuel/a.csv", monthly("M1", 2022, 2025, 100))
    first = publication(city.publish())
    before = said(city.paths.published)
    city.bills("fuel/b.csv", [("M1", "2024-05-01", "2024-06-01", 7, "L", "訂正")], more=["stage"])
    second = publication(city.publish())
    assert first < second and said(city.paths.published) != before
    assert said(past.file(city.paths, first)) == before
    assert said(past.file(city.paths, second)) == said(city.paths.published)


def test_an_edited_receipt_is_told_and_was_not_known_before(city: City, clock: Clock) -> None:
    """Two bills of one month; the receipt decides between them. Edited later, it decides otherwise from then on only."""
    city.bills("fuel/a.csv", monthly("M1", 2022, 2025, 100))
    city.bills("fuel/b.csv", [("M1", "2024-05-01", "2024-06-01", 170, "L")])
    receipts(city, {"a.csv": "2026-06-01 09:00", "b.csv": "2026-05-01 09:00"})
    first = publication(city.publish())
    clock.moment = datetime(2026, 6, 9, 2)
    receipts(city, {"a.csv": "2026-06-01 09:00", "b.csv": "2026-06-03 09:00"})
    city.publish()
    used = "SELECT quantity FROM current_readings WHERE started_at = '2024-05-01'"
    with database.connect_published(city.paths.published) as connection:
        assert one(connection, used) == 170, "precedence goes by receipt"
        sentence = one(connection, "SELECT message_ja FROM findings WHERE rule_id = 'receipt_restated'")
        assert all(part in sentence for part in ("fuel/b.csv", "2026-05-01 09:00", "2026-06-03 09:00"))
        seen = "SELECT received_at, first_seen_at FROM source_files WHERE path = 'b.csv'"
        assert one(connection, seen) == (datetime(2026, 6, 3, 9), datetime(2026, 6, 2, 2))
    with database.connect_published(past.file(city.paths, first)) as connection:
        assert one(connection, used) == 100
        assert rows_of(connection, "FROM findings WHERE rule_id = 'receipt_restated'") == []
    with database.connect_published(past.file(city.paths, datetime(2026, 6, 5))) as connection:
        assert one(connection, used) == 100, "the edit was not seen before the ninth"
    assert "receipt_restated" in {finding.rule_id for finding in remembered(city.paths)[1].findings}, (
        "a rebuild tells the same"
    )


def test_before_the_first_run_nothing_was_known(city: City, clock: Clock) -> None:
    city.bills("fuel/a.csv", monthly("M1", 2022, 2025, 100), "2026-06-01 09:00")
    with pytest.raises(Unknown, match="nightly"):
        past.file(city.paths, datetime(2026, 6, 1, 12))
    city.publish()
    with pytest.raises(Unknown, match="--by-receipt"):
        past.file(city.paths, datetime(2026, 6, 1, 12))
    with database.connect_published(past.file(city.paths, datetime(2026, 6, 1, 12), by_receipt=True)) as made:
        assert one(made, "SELECT count(*) FROM readings") == 48


def test_the_clock_of_the_ledger_never_goes_back_and_old_lines_were_seen_when_received(
    city: City, clock: Clock
) -> None:
    old = {"sha256": "0" * 64, "source": "fuel", "path": "old.csv", "size": 3, "received_at": "2025-01-02 03:04:05"}
    ledger = city.paths.history / inbox.LEDGER
    journal.append(ledger, [old])
    (city.folder / "inbox/fuel").mkdir(parents=True)
    for name, moment in (("a", datetime(2026, 6, 2, 2)), ("b", datetime(2026, 1, 1)), ("c", datetime(2026, 6, 3))):
        clock.moment = moment
        (city.folder / "inbox/fuel" / f"{name}.csv").write_text(f"meter_id\n{name}\n", encoding="utf-8")
        inbox.scan(city.paths)
    seen = {arrival.path: arrival.first_seen_at for arrival in inbox.ledger(city.paths.history).values()}
    second, third = datetime(2026, 6, 2, 2), datetime(2026, 6, 3)
    assert seen == {"old.csv": datetime(2025, 1, 2, 3, 4, 5), "a.csv": second, "b.csv": second, "c.csv": third}


def test_a_day_before_the_data_or_the_last_publication_is_told(city: City, clock: Clock) -> None:
    clock.moment = datetime(2026, 6, 16, 2)
    city.bills("fuel/a.csv", monthly("M1", 2022, 2025, 100))

    def notices() -> dict[str, str]:
        return {notice["rule_id"]: notice["ja"] for notice in published(city.paths).outcome.notices}

    assert notices() == {}
    city.today = date(2025, 12, 1)
    told = notices()
    assert set(told) == {"today_before_last", "today_before_data"}
    assert "2026-06-15" in told["today_before_last"] and "2026-04-01" in told["today_before_data"]
    city.bills("fuel/typo.csv", [("M1", "2062-05-01", "2062-06-01", 7, "L")])
    city.today = clock.moment.date()
    assert notices() == {}, "a mistyped year is told where it stands, not as a day set wrongly"
