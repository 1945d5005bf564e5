"""The invented targets, posts and persons of the sample city."""

from __future__ import annotations

from sample_data.places import FACILITIES

OLD_PLAN = "みほん市実行計画（2014年3月・見本）"
NEW_PLAN = "みほん市実行計画（2022年3月改定・見本）"
# operator, 統括者, 企画推進者
OFFICERS = (
    ("OP1", "P101", "副市長", "P102", "環境政策課長"),
    ("OP2", "P201", "副教育長", "P202", "教育総務課長"),
    ("OP3", "P301", "上下水道局次長", "P302", "経営企画課長"),
    ("OP4", "P401", "病院事務局長", "P402", "病院施設課長"),
)
# Departments in which a 管理責任者 is named; 文化振興課 has none (a seeded fault).
RESPONSIBLE = (
    ("OP1", "総務課"),
    ("OP1", "市民課"),
    ("OP1", "生涯学習課"),
    ("OP1", "保育課"),
    ("OP1", "スポーツ課"),
    ("OP1", "図書館"),
    ("OP1", "環境課"),
    ("OP1", "給食課"),
    ("OP2", "学校教育課"),
    ("OP2", "給食課"),
    ("OP3", "水道課"),
    ("OP3", "下水道課"),
    ("OP4", "病院総務課"),
    ("OP5", "運輸課"),
    ("OP6", "工業用水課"),
)
DESIGNATED = ("OP1", "OP2", "OP3", "OP4", "OP6")
SITES = (("OP1", "F024", "P151"), ("OP3", "F041", "P351"), ("OP4", "F043", "P451"))


def registers() -> dict[str, list[dict[str, object]]]:
    """Return targets, appointments and what was filed, denominators."""
    return {"targets": _targets(), "appointments": _appointments(), "filed": _filed(), "denominators": _denominators()}


def _denominators() -> list[dict[str, object]]:
    """Area of the schools, which gives way to pupils in the last year (a seeded fault); water treated of OP6 and its largest site."""
    rows: list[tuple[str, str, int, str, str, str]] = []
    for year in range(2019, 2026):
        area = ("延床面積", "千m2", "24.1") if year < 2025 else ("児童生徒数", "千人", "4.2")
        rows.append(("OP2", "", year, *area))
        rows.append(("OP4", "", year, "延床面積", "千m2", "38.6"))
        rows.append(("OP6", "", year, "給水量", "千m3", str(41000 - 350 * (year - 2019))))
        rows.append(("OP6", "F047", year, "給水量", "千m3", str(24000 - 420 * (year - 2019))))
    columns = ("operator_id", "site_id", "fiscal_year", "denominator", "unit", "value")
    return [dict(zip(columns, row, strict=True)) | {"document": "見本の台帳"} for row in rows]


def _filed() -> list[dict[str, object]]:
    """The reports of two years; the plan of OP3 for the last is missing (a seeded fault)."""
    return [
        {
            "operator_id": operator,
            "report": report,
            "fiscal_year": year,
            "filed_on": f"{year + 1}-07-2{int(operator[2:])}",
            "receipt_no": f"{year}-{operator}",
            "stated_item": "",
            "stated_value": "",
        }
        for year in (2024, 2025)
        for operator in DESIGNATED
        for report in ("定期報告書", "中長期計画書")
        if (operator, report, year) != ("OP3", "中長期計画書", 2025)
    ]


def _targets() -> list[dict[str, object]]:
    rows = []
    for operator in ("OP1", "OP2", "OP3", "OP4"):
        rows.append(_target(f"T-{operator}-OLD", "operator", operator, "0.23", "2014-03-28", "2022-03-31", OLD_PLAN))
        rows.append(_target(f"T-{operator}", "operator", operator, "0.50", "2022-03-31", "", NEW_PLAN))
    water = next(row for row in rows if row["target_id"] == "T-OP3")
    water |= {"path": "milestones", "milestones": "2021:0.20;2025:0.35;2030:0.50"}
    rows.append(_target("T-OP6", "operator", "OP6", "0.30", "2022-03-31", "", NEW_PLAN))
    rows.append(_target("T-WATERWORKS", "department", "水道課", "0.50", "2022-03-31", "", NEW_PLAN))
    rows.append(_target("T-HOSPITAL", "facility", "F043", "0.40", "2022-03-31", "", NEW_PLAN))
    return rows


def _target(
    key: str, kind: str, subject: str, rate: str, adopted: str, superseded: str, source: str
) -> dict[str, object]:
    return {
        "target_id": key,
        "subject_kind": kind,
        "subject_id": subject,
        "basis": "plan",
        "base_fy": 2013,
        "base_co2e_t": "",
        "target_fy": 2030,
        "reduction_rate": rate,
        "path": "linear",
        "milestones": "",
        "path_status": "adopted",
        "adopted_on": adopted,
        "superseded_on": superseded,
        "source": source,
    }


def _appointments() -> list[dict[str, object]]:
    rows = []
    for operator, chief, chief_position, planner, planner_position in OFFICERS:
        chief_row = _appointment(operator, "エネルギー管理統括者", chief, chief_position)
        rows.append(
            chief_row | {"notified_on": "" if operator == "OP3" else "2025-07-15"}
        )  # OP3: not notified (a seeded fault)
        qualification = "" if operator == "OP2" else "講習修了"  # OP2: no qualification stated (a seeded fault)
        rows.append(
            _appointment(operator, "エネルギー管理企画推進者", planner, planner_position, qualification)
            | {"notified_on": "2025-07-15"}
        )
    rows.append(_appointment("OP5", "省エネ推進担当課長", "P502", "運輸課長補佐"))
    rows.append(_appointment("OP5", "省エネ統括担当部長", "P501", "交通部長"))
    for number, (operator, department) in enumerate(RESPONSIBLE, start=1):
        rows.append(
            _appointment(operator, "エネルギー管理責任者", f"P6{number:02d}", f"{department}長", department=department)
        )
    names = {facility: name for facility, name, *_ in FACILITIES}
    for operator, facility, person in SITES:
        position = f"{names[facility]}設備係長"
        rows.append(_appointment(operator, "エネルギー管理員", person, position, "エネルギー管理士", facility=facility))
    return [*rows, *_of_industrial_water()]


def _of_industrial_water() -> list[dict[str, object]]:
    """Return the posts of OP6: the holder changes on 1 April, 企画推進者 is vacant since, and a deputy acts.

    One person holds two posts with an approval, another held two without one until then, and missed the course.
    """
    chief, promoter, officer = "エネルギー管理統括者", "エネルギー管理企画推進者", "エネルギー管理員"
    moved = {"ended_on": "2026-04-01"}
    new = {"appointed_on": "2026-04-01", "notified_on": "2026-07-10"}
    old_course = {"training_on": "2021-10-05"}
    approved = {"approval_document": "承認第3号（見本）"}
    return [
        _appointment("OP6", chief, "P701", "水道事業管理者") | moved | {"notified_on": "2025-07-15"},
        _appointment("OP6", chief, "P711", "水道事業管理者") | new | approved,
        _appointment("OP6", promoter, "P754", "工業用水課長", "講習修了") | moved | old_course,
        _appointment("OP6", promoter, "P712", "工業用水課長補佐", "講習修了")
        | {"appointed_on": "2026-06-01", "acting_for": "P754", "notified_on": ""},
        _appointment("OP6", officer, "P711", "水道事業管理者", "エネルギー管理士", facility="F047") | new | approved,
        _appointment("OP6", officer, "P752", "浄水場長", "エネルギー管理士", facility="F047") | moved,
        _appointment("OP6", officer, "P754", "工業用水課長", "講習修了") | {"site_id": "S-NORTH"} | old_course,
    ]


def _appointment(
    operator: str,
    post: str,
    person: str,
    position: str,
    qualification: str = "",
    department: str = "",
    facility: str = "",
) -> dict[str, object]:
    return {
        "operator_id": operator,
        "department": department,
        "facility_id": facility,
        "site_id": "",
        "post": post,
        "person_id": person,
        "name": f"見本 {person}",
        "position": position,
        "email": f"{person.lower()}@mihon.invalid",
        "appointed_on": "2025-04-01",
        "ended_on": "",
        "acting_for": "",
        "qualification": qualification,
        "training_on": "2024-10-08" if qualification == "講習修了" else "",
        "notified_on": "2025-07-15" if qualification else "",
        "approval_document": "",
    }
