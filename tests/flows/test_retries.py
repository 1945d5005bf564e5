"""A folder on the network that is away for a while is tried again; what will not pass is told at once."""

from __future__ import annotations

import errno
import json
import subprocess
import sys

import pytest

from flows.steps import step
from pipelines.run.night import Night
from tests.making import City, first_of, monthly

FAILS_AT_FIRST = """
import json, sys
from pathlib import Path
from pipelines.settings.city import CityFolder
from flows.prefect_home import prepare
city = CityFolder(Path(sys.argv[1]))
prepare(city.data)
from flows import nightly
from pipelines.run.guard import RunFailedError
from pipelines.sources.arrive import inbox
asked, scan = [], inbox.scan
def failing(*arguments):
    asked.append(1)
    if len(asked) < 3:
        raise OSError(int(sys.argv[2]), "away")
    return scan(*arguments)
inbox.scan = failing
try:
    told = nightly.run(city, lambda *_: None)
    print(json.dumps([len(asked), told.published]))
except (OSError, RunFailedError):
    print(json.dumps([len(asked), False]))
"""


@pytest.mark.parametrize("case", first_of([(errno.ESTALE, [3, True]), (errno.ENOSPC, [1, False])]))
def test_only_what_may_pass_is_tried_again(city: City, case: tuple[int, list[object]]) -> None:
    number, expected = case
    settings = city.folder / "city.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + "\n[schedule]\nattempt_seconds = 0\n", encoding="utf-8")
    city.bills("fuel/a.csv", monthly("M1", 2022, 2025, 100))
    command = [sys.executable, "-c", FAILS_AT_FIRST, str(city.folder), str(number)]
    told = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    assert json.loads(told.stdout.splitlines()[-1]) == expected


@pytest.mark.parametrize(("number", "asked"), [(errno.ESTALE, 3), (errno.ENOSPC, 1)])
def test_without_prefect_the_same_is_tried_again(city: City, number: int, asked: int) -> None:
    settings = city.folder / "city.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + "\n[schedule]\nattempt_seconds = 0\n", encoding="utf-8")
    tries = []

    @step("look")
    def look() -> None:
        tries.append(1)
        raise OSError(number, "away")

    with pytest.raises(OSError, match="away"):
        look.tried(Night(city.paths))
    assert len(tries) == asked
