"""The catalogue, the texts and the settings describe what is there."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest

from pipelines import findings, tables, texts
from pipelines.run.inputs import CAUSES
from pipelines.settings.city import City as CitySection
from pipelines.settings.city import CityFolder
from pipelines.settings.city_file import SettingsError
from pipelines.warehouse import database, query
from tests.making import City, finished, one, rows_of

ROOT = Path(__file__).parents[1]


def test_every_table_and_column_has_a_comment_in_both_languages(city: City) -> None:
    city.bills("fuel/a.csv", [("M1", "2023-04-01", "2023-05-01", 10, "L")])
    finished(city.paths).publish()
    connection = database.connect_published(city.paths.published)
    bare = rows_of(
        connection,
        """SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal AND database_name = 'city'
           AND (comment IS NULL OR comment NOT LIKE '% / %')""",
    )
    assert bare == []
    listed = set(rows_of(connection, "SELECT table_name, column_name FROM dictionary WHERE column_name IS NOT NULL"))
    found = set(
        rows_of(
            connection,
            "SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal AND database_name = 'city'",
        )
    )
    assert listed == found
    uncommented = rows_of(
        connection,
        """SELECT table_name FROM duckdb_tables() WHERE NOT internal AND database_name = 'city' AND comment IS NULL
           UNION ALL SELECT view_name FROM duckdb_views() WHERE NOT internal AND database_name = 'city' AND comment IS NULL""",
    )
    assert uncommented == []
    connection.close()


def test_each_table_has_a_tier_and_internal_ones_stand_apart(published: City) -> None:
    """``main`` shows what is meant for people, opened with whatever they like; no view of it leans on an internal table."""
    with duckdb.connect(published.paths.published, read_only=True) as plain:
        tiers = dict(rows_of(plain, "SELECT table_name, tier FROM dictionary WHERE column_name IS NULL"))
        stands = rows_of(plain, "SELECT DISTINCT table_name, schema_name FROM duckdb_columns() WHERE NOT internal")
        assert {name: "internal" if tier == "internal" else "main" for name, tier in tiers.items()} == dict(stands)
        views = [name for (name,) in rows_of(plain, "SELECT view_name FROM duckdb_views() WHERE NOT internal")]
        assert views
        for name in views:
            plain.execute(f"SELECT count(*) FROM {name}")
    assert set(tiers.values()) == {"use", "detail", "internal"}
    with query.opened(published.paths.published) as connection:
        assert (
            query.select(connection, "SELECT count(*) FROM meter_days")[1]
            == query.select(connection, "SELECT count(*) FROM internal.meter_days")[1]
        )


def test_the_stable_relations_have_the_columns_that_others_rely_on() -> None:
    promised = {
        "source_files": "sha256 source path layout received_at status rows_received rows_loaded rows_superseded"
        " rows_quarantined rows_blank rows_ignored reason",
        "readings": "meter_id reading_kind time_band started_at ended_at quantity unit quality stage source_sha256"
        " source_member source_line source_column known_from known_to",
        "quarantine": "source_sha256 source_member source_line source_column rule_id reason raw",
        "energy_by_meter_day": "meter_id facility_id local_date energy_type time_band quantity unit energy_gj crude_oil_kl"
        " facility_share state heat_content_id meter_quantity facility_quantity",
        "emissions_by_source_day": "source_kind source_id facility_id local_date source_type basis gas emissions_kg co2e_kg"
        " factor_id gwp_id choice",
        "emissions_by_facility_month": "facility_id month basis source_type co2e_kg energy_gj crude_oil_kl coverage",
        "emissions_by_facility_fiscal_year": "facility_id fiscal_year year_rule basis co2e_kg energy_gj crude_oil_kl coverage"
        " is_provisional",
        "emissions_by_cause_gas_fiscal_year": "facility_id fiscal_year basis cause gas heading emissions_kg co2e_kg",
        "facility_results": "facility_id fiscal_year target_id basis is_inherited baseline_low_co2e_kg baseline_high_co2e_kg"
        " allowed_co2e_kg actual_low_co2e_kg actual_high_co2e_kg forecast_co2e_kg coverage verdict reasons",
        "flags": "flag_id facility_id rule_id severity fiscal_year message_ja message_en evidence co2e_at_stake_kg owner_post"
        " owner_person_id state opened_at",
    }
    for name, columns in promised.items():
        assert set(columns.split()) <= set(tables.table(name).column_names), name
    for name in [
        "facilities",
        "facility_periods",
        "meters",
        "meter_shares",
        "activity_sources",
        "contracts",
        "targets",
        "appointments",
        "groups",
        "events",
        "current_readings",
        "activity_readings",
        "emissions_by_meter_day",
        "target_results",
        "reviews",
        "findings",
        "emission_factors",
        "heat_contents",
        "gwp",
        "reference_sources",
        "publications",
        "restatements",
        "runs",
        "dictionary",
    ]:
        assert name in tables.catalogue()


def test_every_rule_that_code_raises_has_a_sentence() -> None:
    known = set(findings.rules())
    for path in ROOT.glob("pipelines/**/*.py"):
        for rule in re.findall(r'Finding\(\s*"([a-z_]+)"', path.read_text(encoding="utf-8")):
            assert rule in known, f"{path}: {rule}"
    checked = (ROOT / "pipelines/readings/checked.sql").read_text(encoding="utf-8")
    for rule in re.findall(r"THEN '([a-z_]+)'", checked.split("END AS rule_id")[0]):
        assert rule in known, rule
    read = (ROOT / "pipelines/sources/cells/read_cells.sql").read_text(encoding="utf-8")
    for rule in re.findall(r"THEN '([a-z_]+)'", read.split("END AS rule_id")[0]):
        assert rule in known | {"blank"}, rule


def test_texts_exist_in_both_languages_and_name_the_same_numbers() -> None:
    for rule in findings.rules().values():
        assert rule.ja and rule.en and rule.severity in ("info", "warning", "error"), rule.rule_id
        assert set(re.findall(r"{(\w+)", rule.ja)) == set(re.findall(r"{(\w+)", rule.en)), rule.rule_id
    for section in ("words", "labels"):
        for key, pair in texts.texts()[section].items():
            assert len(pair) == 2 and all(pair), key
            assert set(re.findall(r"{(\w+)", pair[0])) == set(re.findall(r"{(\w+)", pair[1])), key


def test_legal_posts_are_never_one_label() -> None:
    text = (ROOT / "pipelines" / "texts.toml").read_text(encoding="utf-8")
    assert "エネルギー管理員（エネルギー管理責任者）" not in text


def test_an_unknown_setting_is_refused_and_named(city: City) -> None:
    path = city.folder / "city.toml"
    path.write_text(path.read_text(encoding="utf-8") + "\n[thresholds]\nunit_slip_ration = 5\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="unit_slip_ration"):
        CityFolder(city.folder)


def test_a_setting_out_of_range_is_refused(city: City) -> None:
    path = city.folder / "city.toml"
    path.write_text(path.read_text(encoding="utf-8") + "\n[thresholds]\nunit_slip_ratio = 50\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="unit_slip_ratio"):
        CityFolder(city.folder)


def test_no_city_toml_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="--city"):
        CityFolder(tmp_path)


def test_nothing_is_written_before_the_first_night(city: City) -> None:
    assert not city.paths.data.exists()


def test_the_method_is_named_in_the_file(city: City) -> None:
    city.bills("fuel/a.csv", [("M1", "2023-04-01", "2023-05-01", 10, "L")])
    connection = database.connect_published(city.publish())
    kinds = {row[0] for row in rows_of(connection, "SELECT kind FROM build_inputs")}
    assert kinds == set(CAUSES) | {"state", "texts"}
    assert one(connection, "SELECT count(*) FROM publications") == 1
    connection.close()


def test_a_column_with_words_of_its_own_in_a_table_has_a_meaning_of_its_own_there() -> None:
    """No comment is shared by columns of different meaning: ``flags.state`` is not the state of a day."""
    raw = tables._read()
    for key in raw["words"]:
        table, _, column = key.rpartition(".")
        shared = [name for name in raw["words"] if name.endswith(f".{column}")]
        if table and (column in raw["words"] or len({tuple(raw["words"][name]) for name in shared}) > 1):
            assert key in raw["columns"], f"{key} holds other words than {column} elsewhere: say what it means there"
    for key in raw["columns"]:
        table, _, column = key.rpartition(".")
        assert not table or column in tables.table(table).column_names, key


@pytest.mark.parametrize("zone", ["Europe/London", "America/New_York"])
def test_a_zone_that_changes_its_clocks_is_refused(zone: str) -> None:
    """A day of 23 hours is not counted with, so it is not offered."""
    with pytest.raises(ValueError, match="夏時間"):
        CitySection(name="x", time_zone=zone)
    assert CitySection(name="x", time_zone="Asia/Kolkata").time_zone == "Asia/Kolkata"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("[thresholds]\nzero_years = 9", "5 以下"), ("[thresholds]\nzero_years = 0", "1 以上"),
        ('[thresholds]\nzero_years = "two"', "整数"),
        ("[layouts.gas]\nquantities = ['4月', '5月']", "column"), ("[sources.x]\nends_without_newline = 'maybe'", "true か false"),
        ("[layouts.x]\nheader = 'a'", "並び"), ("[sources.x]\nlayout = 3", "引用符"),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_told_in_our_words(city: City, line: str, told: str) -> None:
    path = city.folder / "city.toml"
    text = path.read_text(encoding="utf-8")
    section = line.splitlines()[0]
    assert section not in text
    path.write_text(f"{text}\n{line}\n", encoding="utf-8")
    with pytest.raises(SettingsError) as refused:
        _ = city.paths.settings
    assert told in str(refused.value) and "Input should" not in str(refused.value), str(refused.value)
