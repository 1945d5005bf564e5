"""The invented facilities, meters and activities of the sample city."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from functools import cache

FOREVER = date(9999, 12, 31)
BEGINNING = date(2013, 3, 1)
NEVER = ""


@dataclass(frozen=True, slots=True)
class Meter:
    """A meter and how its use behaves; ``base`` in units a day, ``cooling`` and ``heating`` per degree."""

    meter_id: str
    facility_id: str
    energy_type: str
    unit: str
    base: float
    cooling: float
    heating: float
    trend: float
    weekend: float
    reading_day: int
    source: str
    step: str = "1"
    role: str = "main"
    parent: str = ""
    scope: str = "site"
    supply_point: str = ""
    interval: bool = False
    valid_from: date = BEGINNING
    valid_to: date = FOREVER
    jump_on: date | None = None
    jump: float = 1.0
    supplier: tuple[str, str, str] = ("", "", "")


@dataclass(frozen=True, slots=True)
class Activity:
    """A source of activity data; ``base`` a month, or a stock that stands all year."""

    activity_source_id: str
    facility_id: str
    activity: str
    unit: str
    base: float
    trend: float
    step: str
    frequency: str = "month"
    substance: str = ""
    is_stock: bool = False


POWER = ("Z9001", "みほん電力", "")
GAS = ("Z9101", "みほんガス", "みほん地区")
LPG = ("", "みほんLPガス", "")
HEAT = ("Z9201", "みほん熱供給", "")
# Saving rates that keep an ordinary facility below the path of minus 50 % by FY2030.
LESS_POWER, LESS_FUEL = -0.018, -0.044

# id, name, operator, department, use class, kWh a day, fuel word, fuel a day in winter per degree
FACILITIES: tuple[tuple[str, str, str, str, str, float, str, float], ...] = (
    ("F001", "本庁舎", "OP1", "総務課", "office", 5200, "city_gas", 32),
    ("F002", "東支所", "OP1", "市民課", "office", 380, "kerosene", 4),
    ("F003", "西支所", "OP1", "市民課", "office", 350, "city_gas", 2.4),
    ("F004", "北支所", "OP1", "市民課", "office", 310, "lpg_m3", 0.9),
    ("F005", "中央公民館", "OP1", "生涯学習課", "community", 420, "city_gas", 3.1),
    ("F006", "東公民館", "OP1", "生涯学習課", "community", 160, "kerosene", 2.2),
    ("F007", "西公民館", "OP1", "生涯学習課", "community", 150, "lpg_kg", 1.6),
    ("F008", "南公民館", "OP1", "生涯学習課", "community", 155, "kerosene", 2.0),
    ("F009", "北公民館", "OP1", "生涯学習課", "community", 148, "kerosene", 2.3),
    ("F010", "旧中公民館", "OP1", "生涯学習課", "community", 130, "kerosene", 1.9),
    ("F011", "第一保育園", "OP1", "保育課", "nursery", 120, "city_gas", 1.5),
    ("F012", "第二保育園", "OP1", "保育課", "nursery", 115, "lpg_m3", 0.7),
    ("F013", "第三保育園", "OP1", "保育課", "nursery", 118, "city_gas", 1.4),
    ("F014", "第四保育園", "OP1", "保育課", "nursery", 112, "city_gas", 1.3),
    ("F015", "第五保育園", "OP1", "保育課", "nursery", 125, "lpg_kg", 1.5),
    ("F016", "駅前保育園", "OP1", "保育課", "nursery", 110, "city_gas", 1.2),
    ("F017", "総合体育館", "OP1", "スポーツ課", "gym", 980, "city_gas", 7.5),
    ("F018", "東体育館", "OP1", "スポーツ課", "gym", 450, "kerosene", 5.2),
    ("F019", "市民プール", "OP1", "スポーツ課", "gym", 1450, "heavy_oil_a", 22),
    ("F020", "中央図書館", "OP1", "図書館", "library", 1350, "city_gas", 6.8),
    ("F021", "駅前図書館分館", "OP1", "図書館", "library", 0, "", 0),
    ("F022", "駅前支所", "OP1", "市民課", "office", 0, "", 0),
    ("F023", "美術館", "OP1", "文化振興課", "museum", 1900, "city_gas", 9.0),
    ("F024", "清掃工場", "OP1", "環境課", "waste", 9500, "heavy_oil_a", 6),
    ("F025", "斎場", "OP1", "市民課", "community", 210, "kerosene", 6),
    ("F026", "第一小学校", "OP2", "学校教育課", "school", 390, "kerosene", 7.0),
    ("F027", "第二小学校", "OP2", "学校教育課", "school", 370, "kerosene", 6.6),
    ("F028", "第三小学校", "OP2", "学校教育課", "school", 360, "kerosene", 6.3),
    ("F029", "第四小学校", "OP2", "学校教育課", "school", 355, "city_gas", 4.0),
    ("F030", "第五小学校", "OP2", "学校教育課", "school", 345, "kerosene", 6.1),
    ("F031", "第六小学校", "OP2", "学校教育課", "school", 340, "lpg_m3", 1.7),
    ("F032", "第七小学校", "OP2", "学校教育課", "school", 350, "kerosene", 6.0),
    ("F033", "第八小学校", "OP2", "学校教育課", "school", 330, "city_gas", 3.8),
    ("F034", "第一中学校", "OP2", "学校教育課", "school", 520, "kerosene", 8.8),
    ("F035", "第二中学校", "OP2", "学校教育課", "school", 500, "kerosene", 8.2),
    ("F036", "第三中学校", "OP2", "学校教育課", "school", 480, "city_gas", 5.1),
    ("F037", "第四中学校", "OP2", "学校教育課", "school", 470, "kerosene", 8.0),
    ("F038", "学校給食センター", "OP2", "給食課", "kitchen", 1250, "city_gas", 5.5),
    ("F039", "みほん浄水場", "OP3", "水道課", "waterworks", 8200, "", 0),
    ("F040", "東配水場", "OP3", "水道課", "waterworks", 2100, "", 0),
    ("F041", "下水処理センター", "OP3", "下水道課", "sewage", 11800, "heavy_oil_a", 5),
    ("F042", "南ポンプ場", "OP3", "下水道課", "sewage", 900, "heavy_oil_a", 1.2),
    ("F043", "市民病院", "OP4", "病院総務課", "hospital", 13500, "city_gas", 95),
    ("F044", "健康センター", "OP4", "病院総務課", "hospital", 620, "hot_water", 0.9),
    ("F045", "市営バス車庫", "OP5", "運輸課", "depot", 520, "kerosene", 3.0),
    ("F046", "子ども交流館", "OP1", "保育課", "community", 240, "city_gas", 1.8),
    ("F047", "工業用水第一浄水場", "OP6", "工業用水課", "waterworks", 55300, "", 0),
    ("F048", "工業用水第二浄水場", "OP6", "工業用水課", "waterworks", 14840, "", 0),
    ("F049", "北取水場", "OP6", "工業用水課", "waterworks", 12000, "", 0),
    ("F050", "北送水ポンプ場", "OP6", "工業用水課", "waterworks", 7480, "", 0),
)
OPERATORS = (
    ("OP1", "みほん市長部局", "0000101", "mayor"),
    ("OP2", "みほん市教育委員会", "0000102", "education"),
    ("OP3", "みほん市上下水道局", "0000103", "water"),
    ("OP4", "みほん市病院事業", "0000104", "hospital"),
    ("OP5", "みほん市交通事業", "", "transport"),
    ("OP6", "みほん市工業用水道事業", "0000106", "industrial_water"),
)
# site, name, operator, designation number, designation, designated on: F048 came to 1,500 kL in FY2025 and is not designated yet
SITES = (
    ("F047", "工業用水第一浄水場", "OP6", "2000106", "type_1", "2011-09-01"),
    ("S-EKIMAE", "駅前複合施設", "OP1", "", "", ""),
    ("S-NORTH", "北取水・送水施設", "OP6", "2000107", "type_2", "2011-09-01"),
)
SITE_COLUMNS = ("site_id", "name", "operator_id", "designation_no", "designation", "designated_on")
JOINED = ("F049", "F050")  # one site, S-NORTH
OPENED = {"F046": date(2019, 10, 1)}
CLOSED = {"F010": date(2024, 10, 1)}
LARGE = ("F001", "F020", "F024", "F039", "F041", "F043")
# energy type, unit, source, step, supplier, yearly base as a share of the winter value
FUELS: dict[str, tuple[str, str, str, str, tuple[str, str, str], float]] = {
    "city_gas": ("city_gas", "m3", "gas", "1", GAS, 1.6),
    "lpg_m3": ("lpg", "m3", "gas", "0.1", LPG, 1.5),
    "lpg_kg": ("lpg", "kg", "gas", "0.1", LPG, 1.5),
    "kerosene": ("kerosene", "L", "fuel", "1", ("", "", ""), 0.0),
    "heavy_oil_a": ("heavy_oil_a", "kL", "fuel", "0.001", ("", "", ""), 3.0),
    "hot_water": ("hot_water", "GJ", "fuel", "0.1", HEAT, 1.2),
}
ACTIVITIES = (
    Activity("A-WASTE-PLASTIC", "F024", "waste_plastic", "t", 260, -0.048, "0.01"),
    Activity("A-WASTE-FIBER", "F024", "waste_plastic_synthetic_fiber", "t", 38, -0.048, "0.01"),
    Activity("A-WASTE-BURNT", "F024", "incin_continuous", "t", 3100, -0.045, "0.1"),
    Activity("A-SEWAGE", "F041", "sewage_terminal", "千m3", 1450, -0.040, "0.001"),
    Activity("A-SLUDGE", "F041", "iwaste_sewage_sludge", "t", 310, -0.045, "0.1"),
    Activity("A-CAR-SMALL", "F001", "vehicle_01", "km", 42000, -0.045, "1"),
    Activity("A-CAR-TRUCK", "F024", "vehicle_10", "km", 31000, -0.045, "1"),
    Activity("A-CAR-AC", "F001", "car_ac_hfc", "台", 96, 0.0, "1", "year", "HFC-134a", True),
    Activity("A-ANAESTHETIC", "F043", "anesthetic_n2o", "kg", 14, 0.0, "0.01"),
)


@cache
def meters() -> tuple[Meter, ...]:
    """Return every meter, in the order of the register."""
    made = [meter for facility in FACILITIES for meter in _of_facility(*facility)]
    made += _special(made)
    return tuple(_swapped(made))


def _of_facility(
    facility: str, _name: str, _operator: str, _department: str, use_class: str, power: float, fuel: str, winter: float
) -> Iterable[Meter]:
    number = int(facility[1:])
    reading_day = 2 + number * 7 % 24
    closed, opened = CLOSED.get(facility, FOREVER), OPENED.get(facility, BEGINNING)
    weekend = 0.35 if use_class in ("office", "school", "nursery") else 1.0
    if power:
        yield Meter(
            f"{facility}-E",
            facility,
            "electricity",
            "kWh",
            power * 0.8,
            power * 0.055,
            power * 0.02,
            LESS_POWER,
            weekend,
            reading_day,
            "power",
            supply_point=f"99{number:020d}",
            interval=facility in LARGE,
            valid_from=opened,
            valid_to=closed,
            supplier=POWER,
        )
    if fuel:
        energy_type, unit, source, step, supplier, steady = FUELS[fuel]
        heating = winter / 1000 if unit == "kL" else winter
        yield Meter(
            f"{facility}-{fuel[0].upper()}",
            facility,
            energy_type,
            unit,
            heating * steady,
            0,
            heating,
            LESS_FUEL,
            weekend,
            1 if source == "fuel" else reading_day,
            source,
            step,
            valid_from=opened,
            valid_to=closed,
            supplier=supplier,
        )


def _special(made: list[Meter]) -> list[Meter]:
    """Shared meter, tenant, sub-meter, own generation with export, vehicles."""
    hall = next(m for m in made if m.meter_id == "F001-E")
    shared = replace(
        hall,
        meter_id="EKIMAE-E",
        facility_id="F021",
        base=620,
        cooling=42,
        heating=16,
        reading_day=15,
        interval=False,
        supply_point="99" + "900".zfill(20),
    )
    tenant = replace(
        hall,
        meter_id="F001-TENANT",
        base=180,
        cooling=9,
        heating=3,
        role="tenant_deduct",
        parent="F001-E",
        scope="tenant",
        interval=False,
        supply_point="",
        supplier=("", "", ""),
    )
    kitchen = replace(
        next(m for m in made if m.meter_id == "F017-E"),
        meter_id="F017-SUB",
        base=150,
        cooling=8,
        heating=3,
        role="sub",
        parent="F017-E",
        supply_point="",
        supplier=("", "", ""),
    )
    solar = Meter(
        "F036-PV",
        "F036",
        "solar_self_use",
        "kWh",
        95,
        2.5,
        0,
        0.0,
        1.0,
        1,
        "power",
        role="generation",
        valid_from=date(2018, 4, 1),
    )
    export = replace(solar, meter_id="F036-PV-OUT", base=22, cooling=0.2, role="export", parent="F036-PV", weekend=1.6)
    cars = [
        Meter("F001-CARS", "F001", "gasoline", "L", 128, 0, 0, LESS_FUEL, 0.2, 1, "fuel", scope="road_vehicle"),
        Meter("F024-TRUCKS", "F024", "diesel", "L", 310, 0, 0, LESS_FUEL, 0.3, 1, "fuel", scope="road_vehicle"),
    ]
    return [shared, tenant, kitchen, solar, export, *cars]


def _swapped(made: list[Meter]) -> Iterable[Meter]:
    """Changes of single meters: a swap, the over-target facilities, the zero-carbon contract with rising use."""
    for meter in made:
        if meter.meter_id == "F007-E":  # a meter swap in the middle of a month
            yield replace(meter, valid_to=date(2023, 10, 12))
            yield replace(meter, meter_id="F007-E2", valid_from=date(2023, 10, 12))
        elif meter.facility_id == "F019":  # the pool that went over its path
            yield replace(meter, trend=0.004, jump_on=date(2022, 7, 1), jump=1.5)
        elif meter.facility_id in JOINED:  # a site 4 % below 1,500 kL
            yield replace(meter, trend=0.0)
        elif meter.meter_id == "F048-E":  # the site that crosses 1,500 kL
            yield replace(meter, trend=0.027)
        elif meter.meter_id == "F043-E":  # the hospital that grew
            yield replace(meter, trend=0.006)
        elif meter.meter_id == "F002-E":  # zero-carbon contract from 2023-04-01, use rising
            yield replace(meter, jump_on=date(2023, 4, 1), jump=1.25)
        else:
            yield meter


def registers() -> dict[str, list[dict[str, object]]]:
    """Return the registers about places and meters."""
    return {
        "operators": [
            dict(zip(("operator_id", "name", "designation_no", "kind"), row, strict=True)) for row in OPERATORS
        ],
        "sites": [dict(zip(SITE_COLUMNS, row, strict=True)) for row in SITES],
        "facilities": [
            {
                "facility_id": f,
                "name": name,
                "name_kana": "",
                "operator_id": operator,
                "department": department,
                "use_class": use,
                "address": f"みほん市見本町{int(f[1:])}番地（架空）",
                "latitude": "",
                "longitude": "",
                "weather_station": "みほん",
                "opened_on": OPENED.get(f, NEVER),
                "closed_on": CLOSED.get(f, NEVER),
                "designated_manager": "みほんスポーツ振興財団（架空）" if f in ("F018", "F019") else "",
            }
            for f, name, operator, department, use, *_ in FACILITIES
        ],
        "facility_periods": [
            {
                "facility_id": "F038",
                "valid_from": "2024-04-01",
                "valid_to": "",
                "operator_id": "OP1",
                "department": "給食課",
                "use_class": "",
                "designated_manager": "",
                "site_id": "",
            },
            _in_site("F021", "S-EKIMAE"),
            *[_in_site(facility, "S-NORTH") for facility in JOINED],
        ],
        "facility_facts": [
            {
                "facility_id": f,
                "valid_from": "2013-04-01",
                "valid_to": "",
                "floor_area_m2": 400 + int(power * 4),
                "annual_hours": 2600,
                "capacity": "",
                "note": "見本",
            }
            for f, _, _, _, _, power, *_ in FACILITIES
        ],
        "meters": [row for meter in meters() for row in _register_rows(meter)],
        "meter_shares": [
            {"meter_id": "EKIMAE-E", "facility_id": f, "share": share, "valid_from": "", "valid_to": ""}
            for f, share in (("F021", "0.45"), ("F022", "0.30"), ("F016", "0.25"))
        ],
        "activity_sources": [
            {
                "activity_source_id": a.activity_source_id,
                "facility_id": a.facility_id,
                "activity": a.activity,
                "substance": a.substance,
                "unit": a.unit,
                "frequency": a.frequency,
                "valid_from": "2013-04-01",
                "valid_to": "",
            }
            for a in ACTIVITIES
        ],
        "contracts": [row for meter in meters() for row in _contract_rows(meter)],
        "events": [
            {
                "facility_id": "F005",
                "from": "2020-04-01",
                "to": "2020-06-01",
                "kind": "pandemic",
                "note": "休館（見本）",
            },
            {
                "facility_id": "F019",
                "from": "2022-07-01",
                "to": "",
                "kind": "works",
                "note": "温水プールの通年営業を開始（見本）",
            },
        ],
    }


def _in_site(facility: str, site: str) -> dict[str, object]:
    """A row that says to which site a facility belongs, and changes nothing else of it."""
    of_old = dict.fromkeys(("valid_to", "operator_id", "department", "use_class", "designated_manager"), "")
    return {"facility_id": facility, "valid_from": "2013-03-01", **of_old, "site_id": site}


def _register_rows(meter: Meter) -> list[dict[str, object]]:
    row: dict[str, object] = {
        "meter_id": meter.meter_id,
        "facility_id": meter.facility_id,
        "energy_type": meter.energy_type,
        "unit": meter.unit,
        "reading_kind": "bill",
        "multiplier": "",
        "role": meter.role,
        "parent_meter_id": meter.parent,
        "supply_point": meter.supply_point,
        "energy_act_scope": meter.scope,
        "valid_from": meter.valid_from,
        "valid_to": "" if meter.valid_to == FOREVER else meter.valid_to,
    }
    if not meter.interval:
        return [row]
    switch = date(2025, 10, 1)
    return [{**row, "valid_to": switch}, {**row, "reading_kind": "interval", "valid_from": switch}]


def _contract_rows(meter: Meter) -> list[dict[str, object]]:
    number, supplier, menu = meter.supplier
    if not supplier:
        return []
    row: dict[str, object] = {
        "meter_id": meter.meter_id,
        "supplier_no": number,
        "supplier": supplier,
        "menu": menu,
        "valid_from": meter.valid_from,
        "valid_to": "",
        "contract_no": f"K-{meter.meter_id}",
        "contract_kw": "",
        "renewable_share": "",
        "evidence": "見本の契約",
    }
    if meter.meter_id != "F002-E":
        return [row]
    switch = date(2023, 4, 1)
    return [{**row, "valid_to": switch}, {**row, "menu": "再エネ100", "valid_from": switch, "renewable_share": "1"}]
