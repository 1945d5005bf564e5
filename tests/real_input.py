"""Make city folders from real data that lies beside the checkout; never committed, unpacked into temporary folders.

``cambridge_estates`` : 73 buildings, hourly electricity and gas (kWh of heat), one file per building, fuel and year.
``kosen`` : 55 campuses, yearly electricity and fossil energy as primary GJ, floor areas.
"""

from __future__ import annotations

import csv
import shutil
import tarfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

ARCHIVE = Path(__file__).parents[2] / "shared" / "data" / "real-data.tar.xz"
FUELS = {"electricity": "electricity", "gas": "city_gas"}
CITY = """[city]
name = "{name}"
name_en = "{name}"
today = {today}
"""


def available() -> bool:
    """Tell whether the archive is there."""
    return ARCHIVE.is_file()


def unpack(folder: Path, only: str) -> Path:
    """Unpack one folder of the archive."""
    with tarfile.open(ARCHIVE) as archive:
        members = [m for m in archive.getmembers() if m.name.removeprefix("./").startswith(only)]
        archive.extractall(folder, members=members, filter="data")
    return folder / only


def write_register(city: Path, name: str, rows: Sequence[Mapping[str, object]]) -> None:
    """Write a register CSV."""
    path = city / "registers" / f"{name}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def common_registers(city: Path, base_fy: int) -> None:
    """Write the registers that every made city needs."""
    write_register(city, "operators", [{"operator_id": "OP", "name": "事業者"}])
    write_register(
        city,
        "targets",
        [
            {
                "target_id": "T", "subject_kind": "city", "subject_id": "city", "basis": "plan", "base_fy": base_fy,
                "target_fy": base_fy + 12, "reduction_rate": "0.5", "path": "linear", "path_status": "adopted",
                "adopted_on": f"{base_fy}-06-01",
            }
        ],
    )  # fmt: skip
    write_register(
        city,
        "appointments",
        [{"operator_id": "OP", "post": "エネルギー管理企画推進者", "person_id": "P1", "appointed_on": "2015-04-01"}],
    )


def cambridge_estates(work: Path, buildings: int | None = None) -> Path:
    """Return a city folder made from the hourly files of 2018 to 2021 (or of the first buildings only)."""
    source = unpack(work / "raw", "cambridge-estates")
    city = work / "cambridge"
    inbox = city / "inbox" / "bems"
    inbox.mkdir(parents=True)
    (city / "city.toml").write_text(CITY.format(name="Cambridge estates", today="2022-06-30"), encoding="utf-8")
    years: dict[tuple[str, str], list[int]] = defaultdict(list)
    names = sorted(p.name for p in source.glob("UCam_Building_b*"))[:buildings]
    for name in names:
        for fuel in FUELS:
            for file in sorted((source / name / fuel).glob("*.csv")):
                years[name, fuel].append(int(file.stem))
        shutil.move(source / name, inbox / name)
    common_registers(city, 2018)
    write_register(
        city,
        "facilities",
        [{"facility_id": n, "name": n, "operator_id": "OP", "use_class": "university"} for n in names],
    )
    write_register(
        city,
        "meters",
        [
            {
                "meter_id": f"{name}/{fuel}", "facility_id": name, "energy_type": FUELS[fuel], "unit": "kWh",
                "reading_kind": "interval", "role": "main", "energy_act_scope": "site",
                "valid_from": date(min(found), 1, 1), "valid_to": date(max(found) + 1, 1, 1),
            }
            for (name, fuel), found in sorted(years.items())
        ],
    )  # fmt: skip
    return city


def kosen(work: Path) -> Path:
    """Return a city folder made from the yearly figures: primary GJ as yearly bills, floor areas as facility facts."""
    source = unpack(work / "raw", "kosen-energy")
    city = work / "kosen"
    (city / "inbox" / "yearly").mkdir(parents=True)
    (city / "city.toml").write_text(CITY.format(name="国立高等専門学校", today="2022-06-30"), encoding="utf-8")
    energy = read_table(source / "kankyo2020_energyinput.csv")
    area = {row["事業所名"]: row for row in read_table(source / "kankyo2020_facilityarea.csv")}
    common_registers(city, 2018)
    campuses = [row["事業所名"] for row in energy]
    write_register(city, "facilities", [{"facility_id": c, "name": c, "operator_id": "OP"} for c in campuses])
    write_register(
        city,
        "facility_facts",
        [
            {"facility_id": c, "floor_area_m2": Decimal(area[c]["校舎(㎡)"] or 0) + Decimal(area[c]["寄宿舎(㎡)"] or 0)}
            for c in campuses
            if c in area
        ],
    )
    kinds = {"電気": "electricity", "化石燃料": "fuel_unspecified"}
    meters, bills = [], []
    for row in energy:
        for word, energy_type in kinds.items():
            meter = f"{row['事業所名']}-{word}"
            meters.append(
                {
                    "meter_id": meter, "facility_id": row["事業所名"], "energy_type": energy_type, "unit": "GJ(一次)",
                    "reading_kind": "bill", "valid_from": "2019-04-01", "valid_to": "2020-04-01",
                }
            )  # fmt: skip
            total = Decimal(row[f"{word}起算校舎(GJ)"] or 0) + Decimal(row[f"{word}起算寄宿舎(GJ)"] or 0)
            bills.append(
                {
                    "meter_id": meter,
                    "started_at": "2019-04-01",
                    "ended_at": "2020-04-01",
                    "quantity": total,
                    "unit": "GJ(一次)",
                }
            )
    write_register(city, "meters", meters)
    with (city / "inbox" / "yearly" / "fy2019.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(bills[0]))
        writer.writeheader()
        writer.writerows(bills)
    return city


def read_table(path: Path) -> list[dict[str, str]]:
    """Read a CSV with a header."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))
