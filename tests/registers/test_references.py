"""Every column of a register that names something is checked, or free for a reason that is written here."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines import tables
from pipelines.cli import main
from pipelines.findings import Finding
from pipelines.registers import checks, new_city, read, references
from pipelines.registers.references import MUST_NAME, SHOULD_BE_LISTED, SHOULD_NAME, SUBJECTS, Place
from pipelines.settings.city import CityFolder
from tests.making import DEFAULTS, City, one, rows_of

# what another check of the registers refuses
ELSEWHERE = {
    ("targets", "subject_id"), ("appointments", "post"), ("appointments", "department"), ("appointments", "site_id"),
    ("activity_sources", "derived_from"), ("meters", "energy_type"), ("supplier_factors", "energy_type"),
    ("supplier_properties", "energy_type"), ("activity_sources", "activity"), ("own_factors", "activity"), ("meters", "unit"),
    ("activity_sources", "unit"), ("supplier_factors", "unit"), ("supplier_properties", "unit"), ("own_factors", "unit"),
    ("facilities", "weather_station"), ("own_factors", "energy_type"), ("delivery_closings", "supplier"),
    ("delivery_closings", "department"), ("delivery_closings", "unit"),
    ("yearly_totals", "department"), ("yearly_totals", "energy_type"), ("yearly_totals", "activity"), ("yearly_totals", "unit"),
}  # fmt: skip
# the column by which the rows of a register are named: others refer to it
NAMED_BY = {
    ("operators", "operator_id"), ("facilities", "facility_id"), ("meters", "meter_id"), ("groups", "group_id"),
    ("activity_sources", "activity_source_id"), ("targets", "target_id"), ("appointments", "person_id"),
}  # fmt: skip
# column -> why any text may stand there; a place alone, or the column of every register
FREE: dict[str | Place, str] = {
    "name": "a name", "name_kana": "a name", "note": "a text", "address": "a text", "source": "names a document",
    "evidence": "names a document", "document": "names a document", "approval_document": "names a document",
    "contract_no": "the supplier's own number", "designation_no": "the ministry's own number", "receipt_no": "the ministry's own number",
    "aliases": "names it gives itself",
    "supply_point": "names it gives itself", "designated_manager": "a company", "measured_by": "a laboratory", "email": "an address",
    "position": "the city's own post", "qualification": "a text", "account": "of the operating system", "heading": "the city's own word",
    "edition": "names it gives itself", "milestones": "read as years and rates",
    "allowed_co2e_t": "read as years and amounts", "allowed_co2e_kg_per_m2": "read as years and amounts",
    ("facilities", "department"): "departments are named here", ("facility_periods", "department"): "and here",
    ("facilities", "use_class"): "use classes are named here", ("facility_periods", "use_class"): "and here",
    ("operators", "kind"): "a text", ("groups", "kind"): "a text",
    ("denominators", "denominator"): "the city's own word", ("denominators", "unit"): "of a denominator: any",
    ("measures", "kind"): "the city's own word", ("events", "kind"): "any word; those with an effect are shown with the register",
    ("appointments", "acting_for"): "a holder, or the post as such: whom it names decides whose deputy the row is",
    ("activity_sources", "substance"): "without a factor of its own it is told as missing",
    ("contracts", "supplier_no"): "held against the lists of factors, and told with the menus they have",
    ("contracts", "supplier"): "as its number", ("contracts", "menu"): "as its number",
    ("supplier_factors", "supplier_no"): "suppliers are named here", ("supplier_factors", "supplier"): "and here",
    ("supplier_factors", "area_or_menu"): "menus are named here", ("supplier_properties", "supplier"): "suppliers are named here",
    ("supplier_properties", "area_or_menu"): "areas are named here",
    ("yearly_totals", "supplier_no"): "held against the lists of factors; without a factor the total says what it needs",
    ("yearly_totals", "supplier"): "as its number", ("yearly_totals", "menu"): "as its number",
    ("yearly_totals", "page"): "of a document", ("yearly_totals", "source_member"): "a sheet",
}  # fmt: skip
NOWHERE = "どこにもない名前"


def test_every_column_that_may_name_something_has_a_decision() -> None:
    texts = {
        (table.name, column.name)
        for table in read.register_tables()
        for column in table.columns
        if column.type == "VARCHAR" and not column.words
    }
    decided = {*MUST_NAME, *SHOULD_NAME, *SHOULD_BE_LISTED, *ELSEWHERE, *NAMED_BY}
    free = {place for place in texts if place in FREE or place[1] in FREE}
    assert not decided - texts and not decided & free, "a decision that is none, or two"
    left = sorted(texts - decided - free)
    assert not left, (
        f"{left}: check them in pipelines/registers/references.py, or say here why any text may stand there"
    )
    assert all(place in texts or any(place == column for _, column in texts) for place in FREE)


@pytest.fixture(scope="module")
def whole_city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A city with rows in every register: the examples of a new folder, and the school that its links name."""
    folder = tmp_path_factory.mktemp("whole") / "city"
    assert CliRunner().invoke(main.app, ["init", str(folder), "--name", "見本市"]).exit_code == 0
    for table in read.register_tables():
        rows = new_city.examples(table.name)
        if table.name == "facilities":
            rows = [*rows, *({**rows[1], "facility_id": name} for name in ("例3", "例4"))]
        write(folder, table.name, rows)
    return folder


def write(folder: Path, name: str, rows: list[dict[str, str]]) -> None:
    with (folder / "registers" / f"{name}.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, tables.table(name).column_names, restval="")
        writer.writeheader()
        writer.writerows(rows)


def told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], list[Finding]]:
    """What a city is told of its registers, with their examples taken as rows."""
    monkeypatch.setattr(read, "EXAMPLE", "\0")
    try:
        found = read.read(folder / "registers", checks.of_city(CityFolder(folder).settings))
    except read.RegisterError as error:
        return error.problems, []
    return [], found.findings


@pytest.mark.parametrize(
    "place", [*MUST_NAME, ("targets", "subject_id"), ("activity_sources", "derived_from")], ids=".".join
)
def test_a_reference_to_nothing_is_refused(whole_city: Path, monkeypatch: pytest.MonkeyPatch, place: Place) -> None:
    name, column = place
    rows = [{c: row.get(c, "") for c in tables.table(name).column_names} for row in new_city.examples(name)]
    more = [{**rows[0], "facility_id": each} for each in ("例3", "例4")] if name == "facilities" else []
    changed = [*rows[:-1], {**rows[-1], column: NOWHERE}, *more]
    write(whole_city, name, changed)
    problems, _ = told(whole_city, monkeypatch)
    write(whole_city, name, [*rows, *more])
    assert any(NOWHERE in line and f"{name}.csv 3行目 {column}" in line for line in problems), problems
    assert not [line for line in told(whole_city, monkeypatch)[0] if NOWHERE in line]


@pytest.mark.parametrize("place", [*SHOULD_NAME, *SHOULD_BE_LISTED], ids=".".join)
def test_a_word_that_nothing_has_is_told(whole_city: Path, monkeypatch: pytest.MonkeyPatch, place: Place) -> None:
    name, column = place
    rows = [{c: row.get(c, "") for c in tables.table(name).column_names} for row in new_city.examples(name)]
    write(whole_city, name, [{**rows[0], column: NOWHERE}, *rows[1:]])
    problems, findings = told(whole_city, monkeypatch)
    write(whole_city, name, rows)
    assert not problems
    about = [f for f in findings if f.rule_id == "register_names_nothing" and f.numbers["value"] == NOWHERE]
    assert [(f.numbers["found"], f.numbers["lines"], f.numbers["column"]) for f in about] == [
        (f"{name}.csv", "2", column)
    ]


def test_a_japanese_word_of_a_cause_is_led_to_the_tables_word(city: City) -> None:
    city.register(
        "headings",
        [
            {"cause": "電気", "heading": "a"},
            {"cause": "electricity", "heading": "b"},
            {"cause": "灯　油", "heading": "c"},
        ],
    )
    told_of = {f.numbers["lines"]: f.numbers["guess"] for f in findings_of(city)}
    assert told_of == {"2": " → electricity ?", "4": " → kerosene ?"}


def findings_of(city: City) -> list[Finding]:
    return read.read(city.paths.registers, checks.of_city(city.paths.settings)).findings


TWO_OPERATORS: list[dict[str, object]] = [
    *DEFAULTS["operators"],
    {"operator_id": "OP2", "name": "教育委員会", "designation_no": "0000002"},
]
TWO_FACILITIES: list[dict[str, object]] = [
    *DEFAULTS["facilities"],
    {"facility_id": "F2", "name": "美術館", "operator_id": "OP", "department": "文化振興課"},
]


@pytest.mark.parametrize(
    ("scope", "guess"),
    [
        ({"operator_id": "OP", "department": "文化振興係"}, " → 文化振興課 ?"),
        ({"operator_id": "OP", "department": "財政課"}, None),
        ({"operator_id": "OP2", "department": "文化振興課"}, ""),
        ({"operator_id": "OP2", "facility_id": "F1"}, ""),
        ({"operator_id": "OP2"}, ""),
        ({"site_id": "S-2"}, " → S-1 ?"),
        ({"site_id": "S-1"}, "held"),
        ({"operator_id": "OP", "department": "文化振興課"}, "held"),
        ({"operator_id": "OP", "department": "旧文化課"}, "held"),
        ({"facility_id": "F2"}, "held"),
        ({}, "held"),
    ],
)
def test_an_appointment_that_holds_nowhere_is_told(city: City, scope: dict[str, str], guess: str | None) -> None:
    city.register("operators", TWO_OPERATORS)
    city.register("facilities", TWO_FACILITIES)
    past = {"facility_id": "F2", "valid_to": "2020-04-01", "department": "旧文化課", "site_id": "S-1"}
    city.register("facility_periods", [past])
    wrong = {"post": "エネルギー管理責任者", "person_id": "P9", "appointed_on": "2020-04-01", **scope}
    city.register("appointments", [*DEFAULTS["appointments"], wrong])
    found = [f for f in findings_of(city) if f.rule_id == "register_post_held_nowhere"]
    if guess == "held":
        assert not found
    else:
        assert found[0].numbers["lines"] == "5" and found[0].numbers["posts"] == "エネルギー管理責任者"
        assert guess is None or found[0].numbers["guess"] == guess
        assert all(word in found[0].numbers["scope"] for word in scope.values())


def test_a_post_of_other_industries_is_told(city: City) -> None:
    assert not findings_of(city)
    posts = [
        {**DEFAULTS["appointments"][2], "person_id": p, "post": references.POST_OF_INDUSTRIES} for p in ("P8", "P9")
    ]
    city.register("appointments", [*DEFAULTS["appointments"], *posts])
    found = findings_of(city)
    assert [(f.rule_id, f.numbers["lines"]) for f in found] == [("register_post_of_industries", "5-6")]
    assert "エネルギー管理員" in found[0].row()[6]


def test_doctor_tells_what_is_written_in_vain_before_any_night(city: City) -> None:
    asked = ["--city", str(city.folder), "doctor"]
    assert "総務係" not in CliRunner().invoke(main.app, asked).output
    wrong = {**DEFAULTS["appointments"][2], "department": "総務係", "person_id": "P9"}
    city.register("appointments", [*DEFAULTS["appointments"], wrong])
    told_of = "".join(CliRunner().invoke(main.app, asked).output.split())
    assert "appointments.csv5行目" in told_of and "総務係" in told_of and "→総務課?" in told_of


@pytest.mark.parametrize("kind", SUBJECTS)
def test_a_target_for_nobody_is_refused_with_the_nearest(city: City, kind: str) -> None:
    city.register("groups", [{"group_id": "給食施設", "name": "給食施設"}])
    near = {"operator": "OP", "department": "総務課", "group": "給食施設", "facility": "F1"}
    target = {**DEFAULTS["targets"][0], "subject_kind": kind}
    city.register("targets", [{**target, "subject_id": near[kind]}])
    assert not findings_of(city)
    for operator in ("", "OP") if kind == "department" else ("",):
        city.register("targets", [{**target, "subject_id": f"{near[kind]}x", "operator_id": operator}])
        with pytest.raises(read.RegisterError) as refused:
            findings_of(city)
        (problem,) = refused.value.problems
        assert f"targets.csv 2行目 subject_id: '{near[kind]}x'" in problem and f"→ {near[kind]} ?" in problem


def test_the_city_of_a_target_is_written_city(city: City) -> None:
    city.register("targets", [{**DEFAULTS["targets"][0], "subject_id": "試験市"}])
    (found,) = findings_of(city)
    assert found.rule_id == "register_names_nothing" and found.numbers["where"] == "city"


def test_a_circle_of_parents_over_several_periods_is_refused(city: City) -> None:
    """Each row by itself leads to an end; together they would never: whose energy is taken off whose could not be told."""
    meter = DEFAULTS["meters"][0]
    city.register(
        "meters",
        [
            {**meter, "role": "sub", "parent_meter_id": "M2", "valid_to": "2024-04-01"},
            {**meter, "valid_from": "2024-04-01"},
            {**meter, "meter_id": "M2", "role": "sub", "parent_meter_id": "M1", "valid_from": "2024-04-01"},
            {**meter, "meter_id": "M3", "role": "sub", "parent_meter_id": "M2"},
        ],
    )
    with pytest.raises(read.RegisterError) as refused:
        findings_of(city)
    places = [problem.partition(" parent")[0] for problem in refused.value.problems if "循環" in problem]
    assert places == ["meters.csv 2行目", "meters.csv 4行目"], "what is below a circle is not in it"


WEATHER = """ダウンロードした時刻：2026/05/01

,みほん,みほん,みほん
年月日,平均気温(℃),平均気温(℃),平均気温(℃)
,,,
,,品質情報,均質番号
2024/4/1,11.5,8,1
"""


def test_a_weather_station_that_sent_nothing_is_told(city: City) -> None:
    facilities = [
        {**DEFAULTS["facilities"][0], "facility_id": f"F{n}", "weather_station": s}
        for n, s in ((1, "みほん"), (2, "見本"))
    ]
    city.register("facilities", facilities)
    asked = "SELECT evidence FROM findings WHERE rule_id = 'weather_station_unknown'"
    with city.built("flags") as made:
        assert rows_of(made, asked) == [], "no weather at all is no question"
    weather = city.folder / "weather" / "days.csv"
    weather.parent.mkdir()
    weather.write_bytes(WEATHER.encode("cp932"))
    with city.built("flags") as made:
        told_of = one(made, asked)
    assert '"station": "見本"' in told_of and '"facilities": 1' in told_of and '"known": "みほん"' in told_of
