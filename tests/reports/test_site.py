"""The pages of results: links lead somewhere, no person and no early verdict stands outside the office, figures are the tables'."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

from pipelines.ask.site import FacilityTold, gather
from pipelines.reports.chart_data import ChartTable
from pipelines.reports.pages import page, site, site_charts, site_words
from pipelines.run.night import Night
from pipelines.settings.city import CityFolder
from pipelines.warehouse import database
from tests.making import City, monthly, rows_of
from tests.reports.test_page_policy import BROWSER, dom_of, policy_of, told_by_the_browser

VOID = {"meta", "link", "br", "img", "hr", "input"}
VERDICTS = ("達成", "未達", "判定不能")
TARGET = {"target_id": "T1", "subject_kind": "facility", "subject_id": "F1", "basis": "plan", "base_fy": 2022, "target_fy": 2030,
          "reduction_rate": "0.4", "path": "linear", "path_status": "adopted", "adopted_on": "2022-04-01"}  # fmt: skip


class Read(HTMLParser):
    """A page as it is built: its links, ids and words; tags that do not close are told."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.words = ""
        self.chips: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))
        self.close()
        assert self.open == [], f"{path}: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        assert not [name for name in given if name == "style" or name.startswith("on")], "no inline style or script"
        if tag not in VOID:
            self.open.append(tag)
        self.ids += [str(given["id"])] if "id" in given else []
        self.links += [str(given[name]) for name in ("href", "src") if name in given]
        if "chip" in str(given.get("class", "")).split():
            self.chips.append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, (tag, self.open)
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.words += data
        if self.chips and self.open and self.open[-1] == "span":
            self.chips[-1] = self.chips[-1] or data.strip()


@pytest.fixture(scope="module")
def sample_pages(sample_folder: Path) -> CityFolder:
    city = CityFolder(sample_folder)
    site.write(city)
    return city


def pages_of(folder: Path) -> dict[str, Read]:
    ours = [*folder.glob("facilities/*.html"), *folder.glob("operators/*.html")]
    ours += [folder / name for name in ("index.html", "facilities.html", "reasons.html")]
    return {str(path.relative_to(folder)): Read(path) for path in ours}


def test_every_link_leads_to_a_page_and_every_id_stands_once(sample_pages: CityFolder) -> None:
    beside = set(page.MENU)  # a night writes them into the same folder
    for folder in (sample_pages.pages, sample_pages.pages_internal):
        for name, read in pages_of(folder).items():
            assert len(read.ids) == len(set(read.ids)), name
            for link in read.links:
                target, _, anchor = unquote(link).partition("#")
                path = (folder / name).parent / target if target else folder / name
                is_there = path.resolve().is_relative_to(folder.resolve())
                assert is_there and (
                    path.is_file() or path.resolve().relative_to(folder.resolve()).as_posix() in beside
                ), link
                if anchor:
                    assert anchor in (read.ids if not target else Read(path).ids), (name, link)


def test_persons_stand_in_the_pages_of_the_office_alone(sample_pages: CityFolder) -> None:
    with database.connect_published(sample_pages.published) as connection:
        people = rows_of(connection, "SELECT DISTINCT person_id, name FROM appointments")
    words = re.compile("|".join(re.escape(str(word)) for row in people for word in row if word))
    assert not [name for name, read in pages_of(sample_pages.pages).items() if words.search(read.words)]
    assert [name for name, read in pages_of(sample_pages.pages_internal).items() if words.search(read.words)]


def test_a_verdict_stands_for_a_target_of_its_own_alone(sample_pages: CityFolder) -> None:
    with database.connect_published(sample_pages.published) as connection:
        own = {row[0] for row in rows_of(connection, "SELECT facility_id FROM facility_results WHERE NOT is_inherited")}
        every = {row[0] for row in rows_of(connection, "SELECT facility_id FROM facilities")}
    assert own and own < every
    pages = pages_of(sample_pages.pages)
    for facility in every:
        said = set(pages[f"facilities/{facility}.html"].chips) & set(VERDICTS)
        assert bool(said) == (facility in own), (facility, said)


def test_the_figures_of_a_page_are_those_of_the_table(sample_pages: CityFolder) -> None:
    with database.connect_published(sample_pages.published) as connection:
        rows = rows_of(
            connection,
            """SELECT facility_id, actual_low_co2e_kg, actual_high_co2e_kg, allowed_co2e_kg FROM facility_results
               WHERE fiscal_year = 2025 AND basis = 'plan' AND actual_high_co2e_kg = actual_low_co2e_kg AND allowed_co2e_kg IS NOT NULL""",
        )
        (total,) = rows_of(
            connection,
            "SELECT sum(actual_low_co2e_kg) FROM facility_results WHERE fiscal_year = 2025 AND basis = 'plan'",
        )[0]
    assert len(rows) > 30
    pages = pages_of(sample_pages.pages)
    for facility, low, _, allowed in rows:
        for kg in (low, allowed):
            assert (
                f"{(kg / 1000).quantize(Decimal('0.1'), 'ROUND_HALF_UP'):,} t"
                in pages[f"facilities/{facility}.html"].words
            )
    assert f"{(total / 1000).quantize(Decimal('0.1'), 'ROUND_HALF_UP'):,} t" in pages["index.html"].words


def test_a_second_writing_touches_nothing(sample_pages: CityFolder) -> None:
    def stamps() -> dict[Path, tuple[int, int]]:
        folders = (sample_pages.pages, sample_pages.pages_internal)
        return {p: (p.stat().st_ino, p.stat().st_mtime_ns) for folder in folders for p in folder.rglob("*.html")}

    before = stamps()
    site.write(sample_pages)
    assert stamps() == before and len(before) > 90


@pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")
def test_a_browser_shows_a_page_from_a_folder_without_a_complaint(sample_pages: CityFolder, tmp_path: Path) -> None:
    for name in ("index.html", "facilities.html", "facilities/F043.html"):
        assert told_by_the_browser(sample_pages.pages / name, tmp_path) == ""


SEARCHED = [
    ("F1", "市民病院", "シミンビョウイン", "病院総務課"),
    ("F2", "市民プール", "しみんぷーる", "スポーツ課"),
    ("F3", "ｉ－センター", "", "総務課"),
]


@pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")
def test_the_list_of_facilities_is_narrowed_by_name_reading_id_and_department(city: City, tmp_path: Path) -> None:
    columns = ("facility_id", "name", "name_kana", "department")
    city.register("facilities", [dict(zip(columns, row, strict=True)) | {"operator_id": "OP"} for row in SEARCHED])
    city.publish()
    site.write(city.paths)
    for name in ("site.css", "search.js"):
        (tmp_path / name).write_bytes((city.paths.pages / name).read_bytes())
    html = (city.paths.pages / "facilities.html").read_text(encoding="utf-8")
    for typed, found in (
        ("しみん", "F1 F2"),
        ("ﾋﾞｮｳｲﾝ　市民", "F1"),
        ("f2", "F2"),
        ("ｽﾎﾟｰﾂ課 ぷーる", "F2"),
        ("I-せんたー", "F3"),
        ("総務課", "F1 F3"),
        ("どこにもない", ""),
        ("", "F1 F2 F3"),
    ):
        page = tmp_path / "facilities.html"
        page.write_text(html.replace('<input id="wanted"', f'<input id="wanted" value="{typed}"'), encoding="utf-8")
        dom = dom_of(page, tmp_path / "browser")
        assert re.findall(r'<tr data-find="(\w+) [^"]*">', dom) == found.split(), typed
        assert f">{len(found.split())} 施設<" in dom or not typed
        groups = {"F1": "さ", "F2": "さ", "F3": "その他"}
        hidden = len(set(groups.values()) - {groups[f] for f in found.split()})
        assert dom.count('<section data-group="" hidden="">') == hidden, typed
        assert '<div id="search" class="form-row">' in dom, "the box stands where the script runs"


def test_without_a_script_the_list_is_whole_and_has_no_box(sample_pages: CityFolder) -> None:
    html = (sample_pages.pages / "facilities.html").read_text(encoding="utf-8")
    assert '<div id="search" class="form-row" hidden>' in html and "<tr hidden" not in html
    assert policy_of(sample_pages.pages / "facilities.html")["script-src"] == "'self' file:"
    others = [path for path in sample_pages.pages.rglob("*.html") if path.name != "facilities.html"]
    assert others and not [path for path in others if "script-src" in policy_of(path)]


def test_the_next_night_is_told_where_the_city_plans_it(make_city: Callable[..., City]) -> None:
    for extra, told in (
        ('[schedule]\ncron = "15 3 * * 1-5"\n', True),
        ("[schedule]\nattempts = 2\n", False),
        ("", False),
    ):
        city = make_city(extra=extra)
        city.bills("fuel/a.csv", monthly("M1", 2022, 2025, 1000))
        city.publish()
        site.write(city.paths)
        index = (city.paths.pages / "index.html").read_text(encoding="utf-8")
        with database.connect_published(city.paths.published) as connection:
            [(published,)] = rows_of(connection, "SELECT published_time FROM publications")
        planned = re.findall(r'次の更新予定: <time datetime="([^"]*)">', index)
        assert len(planned) == told, index
        for moment in map(datetime.fromisoformat, planned):
            assert published < moment <= published + timedelta(days=3) and moment.strftime("%H:%M") == "03:15"


def test_every_table_of_a_chart_lies_beside_its_page_as_csv(sample_pages: CityFolder) -> None:
    for folder in (sample_pages.pages, sample_pages.pages_internal):
        linked = set()
        for name, read in pages_of(folder).items():
            tables = [link for link in read.links if link.endswith(".csv")]
            assert len(tables) == read.words.count("表で見る"), name
            linked |= {(folder / name).parent / link for link in tables}
        assert linked == set(folder.rglob("*.csv")) and len(linked) > 150
    content = (sample_pages.pages / "facilities" / "F043.months.csv").read_bytes()
    rows = list(csv.DictReader(content.decode("utf-8-sig").splitlines()))
    assert content.startswith(b"\xef\xbb\xbf") and len(rows) == 12
    with database.connect_published(sample_pages.published) as connection:
        [(april,)] = rows_of(
            connection,
            """SELECT sum(co2e_kg) FROM emissions_by_facility_month
               WHERE facility_id = 'F043' AND basis = 'plan' AND month = DATE '2025-04-01'""",
        )
    assert Decimal(rows[0]["計 (t)"]) == (april / 1000).quantize(Decimal("0.1"), "ROUND_HALF_UP")


def test_a_cell_of_a_csv_is_no_formula_and_no_thousands_are_parted() -> None:
    table = ChartTable(("=1+1", "t"), (("+cmd", Decimal("1234.5")), ("4月", "不明")))
    assert site_charts.csv_of(table).decode("utf-8-sig").split("\r\n") == ["'=1+1,t", "'+cmd,1234.5", "4月,不明", ""]


def test_what_bills_cost_is_told_with_how_many_say_so_and_never_more(city: City) -> None:
    """Three bills of a year with an amount and one without; a shared meter, an exporting one and another year stand in none of it."""
    city.register(
        "facilities", [{"facility_id": f, "name": f, "operator_id": "OP", "department": "課"} for f in ("F1", "F2")]
    )
    meter = {"facility_id": "F1", "energy_type": "electricity", "unit": "kWh", "reading_kind": "bill"}
    meters = [{"meter_id": f"M{n}", **meter} for n in (1, 2, 3)]
    city.register(
        "meters", [meters[0] | {"role": "main"}, meters[1] | {"role": "main"}, meters[2] | {"role": "export"}]
    )
    city.register("meter_shares", [{"meter_id": "M2", "facility_id": f, "share": "0.5"} for f in ("F1", "F2")])
    head = "meter_id,started_at,ended_at,quantity,unit,amount_yen"
    lines = [
        "M1,2025-04-01,2025-05-01,100,kWh,3000", "M1,2025-05-01,2025-06-01,100,kWh,", "M1,2025-06-01,2025-07-01,100,kWh,4000.50",
        "M1,2026-03-01,2026-04-01,100,kWh,5000", "M1,2026-04-01,2026-05-01,100,kWh,7",
        "M2,2025-04-01,2025-05-01,100,kWh,900000", "M3,2025-04-01,2025-05-01,100,kWh,800000",
    ]  # fmt: skip
    city.file("fuel/a.csv", "\n".join([head, *lines, ""]).encode())
    city.publish()
    told = gather(city.paths.published).facilities
    assert {
        year: (row["bills"], row["bills_with_amount"], row["amount_yen"]) for year, row in told["F1"].costs.items()
    } == {
        2025: (4, 3, Decimal("12000.50")),
        2026: (1, 1, Decimal(7)),
    }
    assert told["F2"].costs == {}
    site.write(city.paths)
    inside, outside = (
        Read(folder / "facilities" / "F1.html").words for folder in (city.paths.pages_internal, city.paths.pages)
    )
    assert "12,001 円" in inside and "請求書 4 件のうち、金額のある 3 件の計（残りは含みません）" in inside
    assert "請求額" not in outside, "what a city pays is not for everybody before it says so"


# ---------------------------------------------------------------- what may be said, and of whom


def test_what_is_not_published_of_a_facility_stands_in_sums_alone(make_city: Callable[..., City]) -> None:
    city = make_city()
    secret = {
        "facility_id": "F2",
        "name": "秘密研究所",
        "operator_id": "OP",
        "department": "総務課",
        "publication": "公表しない",
    }
    open_one = {"facility_id": "F1", "name": "本庁舎", "operator_id": "OP", "department": "総務課"}
    city.register("facilities", [open_one, secret])
    meter = {"energy_type": "kerosene", "unit": "L", "reading_kind": "bill"}
    city.register("meters", [{"meter_id": f"M{n}", "facility_id": f"F{n}", **meter} for n in (1, 2)])
    for n in (1, 2):
        city.bills(f"fuel/{n}.csv", monthly(f"M{n}", 2022, 2025, 1000))
    city.publish()
    site.write(city.paths)
    public, internal = city.paths.pages, city.paths.pages_internal
    assert not [
        path for path in public.rglob("*.html") if "秘密" in path.read_text(encoding="utf-8") or "F2" in path.stem
    ]
    assert "秘密研究所" in (internal / "facilities" / "F2.html").read_text(encoding="utf-8")
    sums = [
        re.findall(r'class="figure">([^<]*)<', (folder / "index.html").read_text(encoding="utf-8"))[0]
        for folder in (public, internal)
    ]
    assert sums[0] == sums[1] and sums[0] != "0.0 t"
    city.register("facilities", [open_one])
    city.register("meters", [{"meter_id": "M1", "facility_id": "F1", **meter}])
    city.publish()
    site.write(city.paths)
    assert not (internal / "facilities" / "F2.html").exists(), "a facility that is no more has no page"


def test_no_verdict_stands_outside_before_the_year_is_closed(make_city: Callable[..., City]) -> None:
    city = make_city(extra='[year]\nclosing_month_day = "09-30"\n')
    city.register("targets", [TARGET])
    city.bills("fuel/a.csv", monthly("M1", 2022, 2025, lambda year, _month: 1000 if year < 2025 else 500))
    city.publish()
    site.write(city.paths)
    chips = {
        folder.name: Read(folder / "facilities" / "F1.html").chips
        for folder in (city.paths.pages, city.paths.pages_internal)
    }
    chips["pages_internal"].remove("庁内限り")
    assert not set(chips["pages"][:2]) & {"達成", "未達", "判定不能"} and "集計中" in chips["pages"][0]
    assert chips["pages_internal"][0] in VERDICTS


def test_names_of_strangers_stay_words(make_city: Callable[..., City]) -> None:
    city = make_city()
    name = "<script>alert(1)</script>\"'&</title>"
    hostile = {
        "facility_id": "../../F 1",
        "name": name,
        "operator_id": "OP",
        "department": "<b>課</b>",
        "name_kana": "ン<i>",
    }
    city.register("facilities", [hostile])
    city.register(
        "meters",
        [
            {
                "meter_id": "M1",
                "facility_id": "../../F 1",
                "energy_type": "kerosene",
                "unit": "L",
                "reading_kind": "bill",
            }
        ],
    )
    city.bills("fuel/a.csv", monthly("M1", 2022, 2025, 1000))
    city.publish()
    before = {path for path in city.folder.rglob("*") if path.suffix == ".html"}
    site.write(city.paths)
    made = set(city.folder.rglob("*.html")) - before
    assert made and all(path.is_relative_to(city.paths.data) for path in made)
    for path in made:
        assert "<script>" not in path.read_text(encoding="utf-8") and "<b>課" not in path.read_text(encoding="utf-8")
        Read(path)


def result(**said: object) -> dict[str, object]:
    kg = Decimal(1000)
    usual: dict[str, object] = {
        "verdict": "achieved", "reasons": None, "year_state": "closed", "is_inherited": False, "path_status": "adopted",
        "is_provisional": False, "collecting_note": None, "fiscal_year": 2025, "actual_low_co2e_kg": 90 * kg,
        "actual_high_co2e_kg": 90 * kg, "allowed_co2e_kg": 100 * kg, "allowed_high_co2e_kg": 100 * kg,
    }  # fmt: skip
    return usual | said


@pytest.mark.parametrize(
    ("said", "outside", "inside"),
    [
        ({}, "達成", "達成"),
        ({"is_inherited": True}, "経路の目安内", "経路の目安内"),
        ({"path_status": "indicative"}, "経路の目安内", "経路の目安内"),
        ({"is_inherited": True, "verdict": "not_achieved"}, "目安超過", "目安超過"),
        (
            {"is_inherited": True, "verdict": "undeterminable", "reasons": "missing_data"},
            "確認中（参考）",
            "確認中（参考）",
        ),
        ({"is_provisional": True}, "速報", "達成"),
        ({"year_state": "running", "verdict": "undeterminable", "reasons": "running_year"}, "進行中", "進行中"),
        ({"verdict": None}, "判定なし", "判定なし"),
    ],
)
def test_the_word_of_a_result(said: dict[str, object], outside: str, inside: str) -> None:
    found = [site_words.chip(result(**said), is_internal=is_internal).words for is_internal in (False, True)]
    assert found == [outside, inside]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({}, "2025年度の排出量は 90.0 t で、目標水準 100.0 t を 10.0 t 下回っています"),
        (
            {"actual_low_co2e_kg": Decimal(120000), "actual_high_co2e_kg": None},
            "120.0 t 以上 で、目標水準 100.0 t を 20.0 t 上回っています",
        ),
        ({"actual_high_co2e_kg": None}, "大小がまだ言えません"),
        ({"actual_high_co2e_kg": Decimal(110000)}, "90.0 t から 110.0 t で、目標水準 100.0 t との大小がまだ言えません"),
        ({"is_inherited": True}, "経路の目安 100.0 t を"),
        ({"allowed_co2e_kg": None, "allowed_high_co2e_kg": None}, "2025年度の排出量は 90.0 t です"),
    ],
)
def test_the_sentence_of_a_result(said: dict[str, object], words: str) -> None:
    assert words in site_words.sentence(result(**said))


def test_a_facility_judged_on_another_basis_stands_in_no_sum_of_the_plan(make_city: Callable[..., City]) -> None:
    city = make_city()
    city.register(
        "facilities", [{"facility_id": f, "name": f, "operator_id": "OP", "department": "課"} for f in ("F1", "F2")]
    )
    meter = {"energy_type": "kerosene", "unit": "L", "reading_kind": "bill"}
    city.register("meters", [{"meter_id": f"M{n}", "facility_id": f"F{n}", **meter} for n in (1, 2)])
    city.register("targets", [TARGET, {**TARGET, "target_id": "T2", "subject_id": "F2", "basis": "shk_basic"}])
    for n in (1, 2):
        city.bills(f"fuel/{n}.csv", monthly(f"M{n}", 2022, 2025, 1000 * n))
    city.publish()
    site.write(city.paths)
    with database.connect_published(city.paths.published) as connection:
        judged = rows_of(
            connection,
            "SELECT facility_id, basis, actual_low_co2e_kg FROM facility_results WHERE fiscal_year = 2025 ORDER BY 1",
        )
    assert [(facility, basis) for facility, basis, _ in judged] == [("F1", "plan"), ("F2", "shk_basic")]
    index = (city.paths.pages / "index.html").read_text(encoding="utf-8")
    assert re.findall(r'class="figure">([^<]*) t<', index) == [f"{judged[0][2] / 1000:,.1f}"]
    assert "SHK基礎" in (city.paths.pages / "facilities" / "F2.html").read_text(encoding="utf-8")


def month_row(month: int, kind: str, kg: int, coverage: str | None) -> dict[str, object]:
    share = None if coverage is None else Decimal(coverage)
    return {
        "month": date(2025, month, 1),
        "source_type": kind,
        "co2e_kg": Decimal(kg),
        "energy_gj": None,
        "coverage": share,
    }


def test_what_is_missing_doubtful_unexpected_or_to_come_is_told_apart() -> None:
    """April is whole, May lacks its gas, June is doubtful as a whole, July has no gas to expect, August has not begun."""
    told = FacilityTold({"facility_id": "F1", "name": "本庁舎"})
    told.months = [
        month_row(4, "electricity", 5000, "1"), month_row(4, "city_gas", 3000, "1"),
        month_row(5, "electricity", 5000, "1"), month_row(5, "city_gas", 0, "0"),
        month_row(6, "electricity", 4000, "0"), month_row(6, "city_gas", 2000, None),
        month_row(7, "electricity", 5000, "1"),
    ]  # fmt: skip
    figure = site_charts.months(told, "F1", 2025, date(2025, 7, 31), {})
    assert figure is not None
    rows = [(row[0], *row[1:4], row[-1]) for row in figure.table.texts()]
    assert rows == [
        ("4月", "5.0", "3.0", "8.0", ""),
        ("5月", "5.0", "不明", "不明", ""),
        ("6月", "4.0", "2.0", "6.0", "一部未着・疑義"),
        ("7月", "5.0", "0.0", "5.0", ""),
    ]


def test_no_verdict_stands_outside_on_a_provisional_factor_of_a_target() -> None:
    said = result(reasons="provisional_factor")
    del said["is_provisional"]  # a target has no such column
    assert [site_words.chip(said, is_internal=inside).words for inside in (False, True)] == ["速報", "達成"]


def test_a_fault_in_a_page_takes_nothing_from_what_is_published(
    make_city: Callable[..., City], monkeypatch: pytest.MonkeyPatch
) -> None:
    city = make_city()
    city.bills("fuel/a.csv", monthly("M1", 2022, 2025, 1000))
    city.publish()

    def broken(*_: object) -> None:
        raise TypeError("ours")

    monkeypatch.setattr(site, "write", broken)
    night = Night(city.paths)
    try:
        night.write_pages()
    finally:
        night.close()
    assert night.outcome.page_problem == "ours"
