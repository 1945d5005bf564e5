"""An inbox on object storage: only what is new is fetched, hostile names stay outside, an absent place is told in a sentence."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest

from pipelines.run.guard import RunFailedError, guarded
from pipelines.run.night import Night
from pipelines.sources.arrive import remote
from tests.making import City, monthly, rows_of

URL = "memory://bucket/inbox"
HEAD = "meter_id,started_at,ended_at,quantity,unit\n"


@pytest.fixture
def far() -> Iterator[fsspec.AbstractFileSystem]:
    """An empty object storage in memory."""
    files = fsspec.filesystem("memory")
    files.store.clear()
    files.pseudo_dirs[:] = [""]
    files.pipe("/bucket/inbox/fuel/a.csv", lines(100))
    yield files
    files.store.clear()


def lines(quantity: int) -> bytes:
    rows = monthly("M1", 2024, 2024, quantity)
    return (HEAD + "".join(",".join(map(str, row)) + "\n" for row in rows)).encode()


def at(city: City, url: str = URL) -> City:
    settings = city.folder / "city.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + f'\n[inbox]\nurl = "{url}"\n', encoding="utf-8")
    return city


def test_what_arrives_there_counts_here(city: City, far: fsspec.AbstractFileSystem) -> None:
    at(city)
    with city.built("readings") as made:
        assert rows_of(made, "SELECT count(*), sum(quantity) FROM current_readings") == [(12, 1200)]
    time.sleep(1.1)  # arrivals are told apart by the second
    far.pipe("/bucket/inbox/fuel/a.csv", lines(90))  # the same name with other content: a correction
    with city.built("readings") as made:
        assert rows_of(made, "SELECT count(*), sum(quantity) FROM current_readings") == [(12, 1080)]
        assert rows_of(made, "SELECT count(*) FROM readings") == [(24,)]


def test_only_what_is_new_is_fetched(
    city: City, far: fsspec.AbstractFileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(city)
    opened: list[str] = []
    real = remote._copy

    def copy(files: Any, name: str, target: Path) -> None:
        opened.append(name)
        real(files, name, target)

    monkeypatch.setattr(remote, "_copy", copy)
    assert remote.fetch(city.paths) == []
    assert remote.fetch(city.paths) == []
    assert len(opened) == 1
    far.pipe("/bucket/inbox/fuel/b.csv", lines(5))
    remote.fetch(city.paths)
    assert [path.rsplit("/", 1)[1] for path in opened] == ["a.csv", "b.csv"]


@pytest.mark.parametrize(
    "name", ["../evil.csv", "fuel/../../evil.csv", ".hidden/a.csv", "fuel/.a.csv", "fuel/a\\b.csv", "fuel/c:a.csv"]
)
def test_names_that_lead_elsewhere_are_refused(city: City, far: fsspec.AbstractFileSystem, name: str) -> None:
    at(city)
    before = sorted(city.folder.parent.rglob("*"))
    info = {"size": 5, "type": "file"}
    assert remote._refused(name, info, city.paths) == "remote_name"
    far.store[f"/bucket/inbox/{name}"] = far.store["/bucket/inbox/fuel/a.csv"]
    found = remote.fetch(city.paths)
    assert [finding.rule_id for finding in found] == ["remote_name"]
    assert {p.name for p in city.folder.parent.rglob("*")} - {p.name for p in before} <= {
        "inbox",
        "fuel",
        "a.csv",
        ".data",
        "fetched.json",
    }


def test_a_file_beyond_the_limit_is_named_and_left(city: City, far: fsspec.AbstractFileSystem) -> None:
    at(city)
    text = (
        (city.folder / "city.toml").read_text(encoding="utf-8").replace("[limits]\n", "[limits]\nfile_bytes = 1000\n")
    )
    (city.folder / "city.toml").write_text(text, encoding="utf-8")
    far.pipe("/bucket/inbox/fuel/big.csv", b"x" * 1001)
    assert [finding.rule_id for finding in remote.fetch(city.paths)] == ["file_too_large"]
    assert sorted(p.name for p in city.paths.inbox.rglob("*.csv")) == ["a.csv"]


@pytest.mark.parametrize("url", ["nowhere://bucket/inbox", "s3://bucket/inbox"])
def test_a_place_that_cannot_be_reached_is_told_in_a_sentence(city: City, url: str) -> None:
    at(city, url)
    night = Night(city.paths)
    with pytest.raises(RunFailedError, match=url), guarded(night):
        night.receive()


def test_without_an_address_nothing_is_asked(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fsspec.core.url_to_fs", lambda *_: pytest.fail("asked"))
    assert remote.fetch(city.paths) == []
