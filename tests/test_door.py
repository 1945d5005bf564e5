"""The pages for newcomers say what is there: every path exists, every room is named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.test_architecture import LOOSE, ROOMS, ROOT

PAGES = ("ARCHITECTURE.md", "CONTRIBUTING.md")


@pytest.mark.parametrize("page", PAGES)
def test_every_path_on_the_page_is_there(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    for named in re.findall(r"`([\w./]+/[\w./]*|[\w/]+\.(?:py|sql|toml|csv|md))`", text):
        if named in ("parsed/", "pages/", "history/", "history/arrivals.jsonl"):  # of the data folder
            continue
        found = [place for place in (ROOT / named, ROOT / "pipelines" / named) if place.exists()]
        assert found or list((ROOT / "pipelines").rglob(Path(named).name)), f"{page} names {named}"


def test_the_picture_names_every_room() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    picture = text.split("```")[1]
    for room in (room for rooms in ROOMS for room in rooms):
        assert f"{room}/" in picture, room
    for name in LOOSE:
        assert re.search(rf"\b{name}\b", picture), name


def test_the_pages_stay_short() -> None:
    for page in PAGES:
        assert len((ROOT / page).read_text(encoding="utf-8").splitlines()) <= 90, page
