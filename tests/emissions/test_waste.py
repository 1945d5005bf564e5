"""Burnt fractions from composition analysis: read, worked out by hand, left open where wet or dry is not said."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import duckdb
import pytest

from pipelines.emissions import waste
from pipelines.registers.read import RegisterError
from pipelines.sources import trial
from tests.making import DEFAULTS, City, one, rows_of

HEAD = "facility_id,sampled_on,category,percent,basis,moisture_percent,laboratory"
FOUR = [
    "F1,2024-05-10,ビニール・合成樹脂・ゴム・皮革類,30.5,dry,45.0,みほん分析",
    "F1,令和6年8月9日,廃プラスチック類,28.25,乾,50,みほん分析",
    "F1,2024-11-08,plastic,15.2,wet,,みほん分析",
    "F1,2025-02-07,plastic,31,dry,40.5,みほん分析",
]
OTHERS = ["F1,2024-05-10,紙類,40,dry,45.0,みほん分析", "F1,2024-05-10,布類,5,dry,45,みほん分析"]
FRACTION = (
    sum(
        (
            Fraction("0.305") * Fraction("0.55"),
            Fraction("0.2825") * Fraction("0.5"),
            Fraction("0.152"),
            Fraction("0.31") * Fraction("0.595"),
        ),
        Fraction(0),
    )
    / 4
)
MONTHLY = {"facility_id": "F1", "unit": "t", "frequency": "month", "valid_from": "2024-04-01"}
SOURCES = [
    {**MONTHLY, "activity_source_id": "BURNT", "activity": "incin_continuous"},
    {**MONTHLY, "activity_source_id": "PLASTIC", "activity": "waste_plastic", "derived_from": "BURNT"},
]
PLASTIC = "activity_source_id = 'PLASTIC' AND local_date < '2025-04-01'"


def plant(city: City, *lines: str, received: str = "2025-04-10 09:00") -> City:
    city.register("activity_sources", SOURCES)
    city.file(
        "plants/burnt.csv", "activity_source_id,started_on,ended_on,quantity\nBURNT,2024-04-01,2025-04-01,36500\n"
    )
    if lines:
        city.file("plants/composition.csv", "\n".join([HEAD, *lines, ""]), received)
    return city


def test_the_fraction_is_worked_out_exactly_and_said_on_the_row(city: City) -> None:
    plant(city, *FOUR, *OTHERS)
    with city.built("emissions") as made:
        assert rows_of(made, "SELECT rule_id FROM quarantine") == []
        share, samples, formula, reason = one(made, "SELECT fraction, samples, formula, reason FROM waste_fractions")
        assert (share, samples, reason) == (
            round(Decimal(FRACTION.numerator) / Decimal(FRACTION.denominator), 12),
            4,
            None,
        )
        assert formula == "(30.5/100×(1−45/100) + 28.25/100×(1−50/100) + 15.2/100 + 31/100×(1−40.5/100))/4"
        by_hand = sum(Fraction(part) for part in ("0.16775", "0.14125", "0.152", "0.18445")) / 4
        assert by_hand == FRACTION
        days = rows_of(made, f"SELECT quantity, derived_from, state FROM activity_days WHERE {PLASTIC}")
        assert len(days) == 365 and set(days) == {(round(100 * share, 6), "BURNT", "doubtful")}
        doubts = "SELECT DISTINCT rule_id FROM activity_doubts WHERE activity_source_id = ?"
        assert rows_of(made, doubts, "PLASTIC") == rows_of(made, doubts, "BURNT") == [("unit_slip_unchecked",)], (
            "of a first year nothing is known of either"
        )
        kg = one(made, "SELECT sum(co2e_kg) FROM emissions_by_source_day WHERE source_id = 'PLASTIC'")
        assert abs(kg - 365 * days[0][0] * 754 * 44 / 12) < Decimal("0.000001")
        assert one(made, "SELECT count(*) FROM waste_samples WHERE activity IS NULL") == 2, (
            "paper, and textiles of unknown share"
        )


# facility -> its samples of the year, and why they tell no fraction
OPEN: dict[str, tuple[list[str], str]] = {
    "no basis": (["F1,2024-05-10,plastic,30.5,,45.0,L", *FOUR[1:]], "composition_basis_unknown"),
    "no moisture": (["F1,2024-05-10,plastic,30.5,dry,,L", *FOUR[1:]], "composition_no_moisture"),
    "without the worst": (FOUR[1:], "composition_too_few"),
    "without the last": (FOUR[:3], "composition_too_few"),
}


@pytest.fixture(scope="module")
def plants(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """A plant for each case of OPEN, and a sound one, with their samples in files of their own."""
    all_of: dict[str, list[str]] = {"sound": FOUR, **{name: lines for name, (lines, _) in OPEN.items()}}
    city = City(tmp_path_factory.mktemp("plants") / "city")
    city.register("facilities", [{"facility_id": name, "name": name, "operator_id": "OP"} for name in all_of])
    city.register("meters", [{**DEFAULTS["meters"][0], "facility_id": "sound", "valid_to": "2013-04-01"}])
    sources = []
    for name in all_of:
        burnt, plastic = ({**source, "facility_id": name} for source in SOURCES)
        sources.append({**burnt, "activity_source_id": f"{name} BURNT"})
        sources.append({**plastic, "activity_source_id": f"{name} PLASTIC", "derived_from": f"{name} BURNT"})
    city.register("activity_sources", sources)
    head = "activity_source_id,started_on,ended_on,quantity"
    burnt_rows = [f"{name} BURNT,2024-04-01,2025-04-01,36500" for name in all_of]
    city.file("plants/burnt.csv", "\n".join([head, *burnt_rows, ""]))
    for name, lines in all_of.items():
        rows = [line.replace("F1,", f"{name},") for line in lines]
        city.file(f"plants/{name}.csv", "\n".join([HEAD, *rows, ""]), "2025-04-10 09:00")
    with city.built() as made:
        yield made


@pytest.mark.parametrize("facility", OPEN)
def test_what_is_not_said_leaves_the_year_open(plants: duckdb.DuckDBPyConnection, facility: str) -> None:
    rule, source = OPEN[facility][1], f"{facility} PLASTIC"
    fractions = "SELECT fraction, reason FROM waste_fractions WHERE facility_id = ? AND fiscal_year = 2024"
    assert one(plants, fractions, facility) == (None, rule)
    open_days = """SELECT DISTINCT state, doubts FROM activity_days
        WHERE activity_source_id = ? AND local_date BETWEEN '2024-04-01' AND '2025-03-31' AND quantity IS NULL"""
    assert rows_of(plants, open_days, source) == [("missing", "no_burnt_fraction")]
    told = rows_of(
        plants,
        "SELECT message_ja FROM findings WHERE rule_id = ? AND fiscal_year = 2024 AND facility_id = ?",
        rule,
        facility,
    )
    assert len(told) == 1
    if rule == "composition_basis_unknown":
        assert f"plants/{facility}.csv:2" in told[0][0] and "0.3050" in told[0][0] and "0.1678" in told[0][0]


@pytest.mark.parametrize("facility", OPEN)
def test_without_one_of_its_samples_a_year_is_never_achieved(plants: duckdb.DuckDBPyConnection, facility: str) -> None:
    """The samples of the base year are many, this year's are few: taking the worst away must not look like saving."""
    judged = """SELECT actual_high_co2e_kg, verdict, contains(reasons, 'no_burnt_fraction') FROM facility_results
        WHERE fiscal_year = 2024 AND facility_id = ?"""
    assert one(plants, judged, facility) == (None, "undeterminable", True)
    assert not one(plants, judged, "sound")[2], "of a first year it is open for another reason"


def test_each_line_that_cannot_be_used_is_held_back_with_its_reason(city: City) -> None:
    bad = [
        ("F9,2024-05-10,plastic,30,wet,,L", "unknown_facility"), ("F1,2024-05-10,ブリキ,30,wet,,L", "unknown_category"),
        ("F1,2024-05-10,plastic,100.5,wet,,L", "not_a_percent"), ("F1,2024-05-11,plastic,30,dry,100,L", "not_a_percent"),
        ("F1,2024-05-12,plastic,30,しめり,,L", "unknown_word"), ("F1,五月,plastic,30,wet,,L", "not_a_date"),
        ("F1,2024-05-13,plastic,-1,wet,,L", "negative_quantity"), ("F1,2024-05-14,plastic,30,wet,多い,L", "not_a_number"),
    ]  # fmt: skip
    plant(city, *(line for line, _ in bad), "F1,2024-06-01,plastic,100,wet,0,L", "F1,2024-06-02,plastic,,wet,,L")
    city.file(
        "plants/reported.csv", "activity_source_id,started_on,ended_on,quantity\nPLASTIC,2024-04-01,2024-05-01,5\n"
    )
    with city.built("readings") as made:
        held = dict(rows_of(made, "SELECT source_line, rule_id FROM quarantine WHERE source_column = 'percent'"))
        assert held == {n: rule for n, (_, rule) in enumerate(bad, 2)}
        assert one(made, "SELECT rule_id FROM quarantine WHERE source_column = 'quantity'") == "derived_source"
        account = one(
            made,
            """SELECT rows_received, rows_loaded, rows_superseded, rows_quarantined, rows_blank FROM source_files
            WHERE path = 'composition.csv'""",
        )
        assert account == (10, 1, 0, 8, 1)


def test_any_order_and_repetition_of_deliveries_gives_the_same_fraction(make_city: Callable[..., City]) -> None:
    """A later delivery of the same line replaces the earlier one, in whatever order the files are found."""
    later = FOUR[0].replace("30.5", "33.5")
    found = set()
    for names in (("a", "b", "c"), ("c", "b", "a")):
        city = plant(make_city())
        deliveries = ((FOUR, "2025-04-10 09:00"), ([later], "2025-05-10 09:00"), (FOUR[:1], "2025-03-01 09:00"))
        for name, (lines, received) in zip(names, deliveries, strict=True):
            city.file(f"plants/{name}.csv", "\n".join([HEAD, *lines, ""]), received)
        with city.built("emissions") as made:
            found.add(one(made, "SELECT fraction, samples, formula FROM waste_fractions"))
            assert one(made, "SELECT count(*) FILTER (known_to IS NULL), count(*) FROM waste_samples") == (4, 6)
    assert len(found) == 1 and "33.5" in next(iter(found))[2]


YEAR = ("2024-05-10", "2024-08-09", "2024-11-08", "2025-02-07")


def sampled(percent: str, category: str = "plastic", days: tuple[str, ...] = YEAR) -> list[str]:
    return [f"F1,{day},{category},{percent},wet,,L" for day in days]


@pytest.mark.parametrize(
    ("lines", "rule", "fraction"),
    [
        (sampled("0.40"), "composition_not_percent", None),
        (sampled("1"), "composition_not_percent", None),
        (sampled("1.01"), None, "0.0101"),
        (sampled("1") + sampled("40", "紙類"), None, "0.01"),
        (sampled("60") + sampled("40.01", "紙類"), "composition_over_whole", None),
        (sampled("60") + sampled("40", "紙類"), None, "0.6"),
        (sampled("25") + sampled("15", "ビニール・合成樹脂・ゴム・皮革類"), None, "0.4"),
        (sampled("25") + sampled("15", "ビニール・合成樹脂・ゴム・皮革類", YEAR[:3]), "composition_uneven", None),
        (sampled("20") + sampled("90", days=("2024-06-01",)), "composition_more", "0.34"),
        ([], "composition_too_few", None),
    ],
)
def test_tables_that_say_something_else_than_they_seem(
    lines: list[str], rule: str | None, fraction: str | None
) -> None:
    """Shares for percent, mixed tables, missing lines: each edge from both sides, without a whole night."""
    connection = duckdb.connect()
    connection.execute(
        """CREATE MACRO fiscal_year_of(d) AS year(d) - CASE WHEN month(d) < 4 THEN 1 ELSE 0 END;
        CREATE TABLE source_files AS SELECT 'x' AS sha256, 'plants' AS source, 'c.csv' AS path, 'read' AS status;
        CREATE TABLE activity_sources AS SELECT 'F1' AS facility_id, 'waste_plastic' AS activity, 'BURNT' AS derived_from;
        CREATE TABLE activity_readings AS SELECT 'BURNT' AS activity_source_id, DATE '2024-04-01' AS started_at, NULL AS known_to;
        CREATE TABLE waste_samples (facility_id VARCHAR, sampled_on DATE, category VARCHAR, activity VARCHAR, percent DECIMAL(18, 6),
            basis VARCHAR, moisture_percent DECIMAL(18, 6), laboratory VARCHAR, source_sha256 VARCHAR, source_member VARCHAR,
            source_line BIGINT, known_to TIMESTAMP)"""
    )
    for number, line in enumerate(lines, 2):
        facility, day, category, percent, basis, _, laboratory = line.split(",")
        activity = None if category == "紙類" else "waste_plastic"
        row = [facility, day, category, activity, percent, basis, None, laboratory, "x", None, number, None]
        connection.execute("INSERT INTO waste_samples VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    told = waste.build(connection, 4)
    assert {finding.rule_id for finding in told} == ({rule} if rule else set())
    ((found, reason),) = connection.execute("SELECT fraction, reason FROM waste_fractions").fetchall()
    assert found == (None if fraction is None else Decimal(fraction))
    assert reason == (None if rule == "composition_more" else rule)


def test_a_derived_source_must_come_from_tonnes_of_its_own_facility(city: City) -> None:
    for broken in ({"derived_from": "NOWHERE"}, {"activity": "sewage_terminal"}, {"facility_id": "F2"}):
        city.register("facilities", [{"facility_id": f, "name": f, "operator_id": "OP"} for f in ("F1", "F2")])
        city.register("activity_sources", [SOURCES[0], {**SOURCES[1], **broken}])
        with pytest.raises(RegisterError, match=r"activity_sources\.csv 3"), city.built():
            pass


def test_the_layout_is_recognised_by_its_header(tmp_path: Path) -> None:
    path = tmp_path / "分析結果.csv"
    path.write_bytes("\r\n".join(["組成分析結果報告", HEAD, *FOUR]).encode("cp932"))
    told = trial.read(path)
    assert (told["layout"], told["rows_received"], told["rows_rejected"]) == ("waste_composition", 4, 0)
    assert told["values"][1]["started_at"].date() == date(2024, 8, 9)
