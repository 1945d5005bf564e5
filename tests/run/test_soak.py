"""Night after night: what is kept stays small in number and grows only by what came.

NIGHTS: how many (10; ``make torture`` 60). SOAK_TABLE: a file that the table of nights is written to.
"""

from __future__ import annotations

import os
import time
from datetime import date, timedelta
from pathlib import Path

from pipelines.sources import merging, parsed_store
from pipelines.warehouse import database
from tests.making import City, one
from tests.upkeep.test_operation import night

NIGHTS = int(os.environ.get("NIGHTS", "10"))
FIRST = date(2026, 1, 5)


def size_of(folder: Path) -> tuple[int, int]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return len(files), sum(path.stat().st_size for path in files)


def test_nights_on_end_keep_few_files_and_lose_nothing(tmp_path: Path) -> None:
    table = ["night\tseconds\tfiles in parsed\tbytes in parsed\tfiles in history\tbytes in history\tbytes published"]
    for number in range(NIGHTS):
        day = FIRST + timedelta(days=number)
        city = City(tmp_path / "city", day + timedelta(days=1))
        city.bills(f"fuel/{day}.csv", [("M1", day, day + timedelta(days=1), number + 1, "L")], f"{day} 23:00")
        begun = time.monotonic()
        run = night(city)
        run.night.merge_parsed()
        took = time.monotonic() - begun
        assert run.outcome.published and run.outcome.notices == [], number
        parsed, history = size_of(city.paths.parsed), size_of(city.paths.history)
        shown = (number + 1, f"{took:.1f}", *parsed, *history, city.paths.published.stat().st_size)
        table.append("\t".join(map(str, shown)))
    Path(os.environ.get("SOAK_TABLE", tmp_path / "soak.tsv")).write_text("\n".join([*table, ""]), encoding="utf-8")
    with database.connect_published(city.paths.published) as made:
        assert one(made, "SELECT sum(quantity) FROM current_readings") == NIGHTS * (NIGHTS + 1) / 2
    # of one size there are never more than two times FAN_IN - 1, those that are about to go among them
    in_use = len(parsed_store.batches_in_use(city.paths.parsed))
    assert in_use <= merging.FAN_IN and parsed[0] <= (2 * merging.FAN_IN) * 5 + 3
