"""A rule that is new to a city raises its flags and doubts at once, and asks nobody for its first nights."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.flags import build as flags
from pipelines.history.records import History
from pipelines.review import counter
from pipelines.warehouse import database
from tests.making import TODAY, City, monthly, one, rebuilt, rows_of
from tests.review.test_asking import LIMIT, made_of, on, own_target, slipped
from tests.review.test_standing import NUMBERS
from tests.upkeep.test_operation import command

ASKING = "SELECT asking, asked_from, asked_on FROM flags WHERE rule_id = 'unit_slip'"


def before_the_rule(folder: Path, monkeypatch: pytest.MonkeyPatch, nights: str) -> City:
    """A city that published once with a program that knew no unit_slip; then the value that it doubts arrives."""
    city = made_of(folder, {"S1": LIMIT}, extra=nights)
    city.register("targets", [own_target("S1")])
    city.bills("fuel/S1.csv", monthly("MS1", 2022, 2025, 100))
    known = flags.rule_ids
    with monkeypatch.context() as patch:
        patch.setattr(flags, "rule_ids", lambda connection: known(connection) - {"unit_slip"})
        city.publish()
    city.bills("fuel/S1.csv", monthly("MS1", 2022, 2025, slipped))
    return city


def night(city: City, day: date) -> tuple[Any, ...]:
    """Publish on a day, hold a rebuild against it, and tell how the flag is asked."""
    on(city, day)
    city.publish()
    statements = ("FROM flags ORDER BY ALL", "FROM flag_rules ORDER BY ALL", "FROM rule_yields ORDER BY ALL")
    with database.connect_published(city.paths.published) as made:
        told = [rows_of(made, statement) for statement in statements]
        found = one(made, ASKING)
    rebuilt(city.paths)
    with database.connect_published(city.paths.published) as made:
        assert [rows_of(made, statement) for statement in statements] == told, "a rebuild of the same day says the same"
    return tuple(found)


def test_a_new_rule_is_silent_for_its_nights_and_then_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    city = before_the_rule(tmp_path, monkeypatch, "[questions]\nsilent_nights = 2\n")
    days = [TODAY + timedelta(days=after) for after in (1, 2, 5)]
    assert night(city, days[0]) == ("silent", days[0] + timedelta(days=2), None)
    assert night(city, days[1]) == ("silent", days[1] + timedelta(days=1), None)
    assert night(city, days[2]) == ("asked", None, days[2]), "two nights were silent, whatever days had none"
    records = [r for r in History(city.paths.history).known_rules() if r["rule_id"] == "unit_slip"]
    assert records == [{"rule_id": "unit_slip", "known_on": str(days[0]), "is_new": True}], "kept once"


def test_a_silent_rule_counts_and_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    city = before_the_rule(tmp_path / "silent", monkeypatch, "")
    other = before_the_rule(tmp_path / "at once", monkeypatch, "[questions]\nsilent_nights = 0\n")
    for each in (city, other):
        on(each, TODAY + timedelta(days=1))
        each.publish()
    first = TODAY + timedelta(days=31)
    with (
        database.connect_published(city.paths.published) as made,
        database.connect_published(other.paths.published) as loud,
    ):
        assert (one(made, ASKING), one(loud, ASKING)[0]) == (("silent", first, None), "asked")
        for name in NUMBERS:
            assert rows_of(made, f"FROM {name} ORDER BY ALL") == rows_of(loud, f"FROM {name} ORDER BY ALL"), name
        assert "unit_slip" in one(
            made, "SELECT reasons FROM facility_results WHERE facility_id = 'S1' AND fiscal_year = 2024"
        )
        same = "SELECT flag_id, message_ja, co2e_at_stake_kg, state FROM flags WHERE rule_id <> 'verdict_changed' ORDER BY ALL"
        assert rows_of(made, same) == rows_of(loud, same), "nothing vanishes from flags"
        yields = "SELECT asked_count, silent_count, asked_from FROM rule_yields WHERE rule_id = 'unit_slip'"
        assert (one(made, yields), one(loud, yields)) == ((0, 1, first), (1, 0, None))
    with counter.desk(city.paths) as desk:
        assert not [flag for flags in desk.waiting().values() for flag in flags if flag.rule_id == "unit_slip"]
    code, said = command(city, "--lang", "ja", "flags")
    assert code == 0 and "新しい規則の要確認事項 1 件" in said and f"{first} から尋ねます" in "".join(said.split("\n"))


def test_every_rule_is_as_old_as_a_new_city(tmp_path: Path) -> None:
    with made_of(tmp_path, {"S1": {}}).built() as made:
        assert one(made, ASKING)[0] == "asked"
        assert one(made, "SELECT count(*) FILTER (is_new OR asked_from IS NOT NULL) FROM flag_rules") == 0
        assert one(made, "SELECT count(*) FROM flags WHERE rule_id NOT IN (SELECT rule_id FROM flag_rules)") == 0


def test_the_rules_of_a_city_that_kept_no_record_of_them_are_not_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(History, "remember_rules", lambda *_: None)
    city = before_the_rule(tmp_path, monkeypatch, "")
    assert History(city.paths.history).known_rules() == []
    assert night(city, TODAY + timedelta(days=1))[0] == "asked"


def test_what_was_asked_stays_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    city = before_the_rule(tmp_path, monkeypatch, "[questions]\nsilent_nights = 0\n")
    first = TODAY + timedelta(days=1)
    assert night(city, first) == ("asked", None, first)
    settings = city.folder / "city.toml"
    settings.write_text(
        settings.read_text(encoding="utf-8").replace("silent_nights = 0", "silent_nights = 9"), encoding="utf-8"
    )
    assert night(city, TODAY + timedelta(days=2)) == ("asked", None, first)
