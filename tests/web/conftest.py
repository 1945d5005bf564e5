"""A small city with a doubtful month, accounts for each role, and a client as a browser without scripts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.web import accounts, config
from pipelines.web.views import common
from tests.making import DEFAULTS, City, monthly

SLIP = monthly("M1", 2022, 2025, lambda y, m: "0.1" if (y, m) == (2024, 6) else 100 if y < 2024 else 60)
PASSWORD = "a long word 4 nobody"  # noqa: S105 - of a test
# account -> the person of appointments.csv
PEOPLE = {"toukatsu": "P1", "suishin": "P2", "kanri": "P3"}
OTHERS = ("reader", "warden")


@pytest.fixture(scope="session")
def desk_home(tmp_path_factory: pytest.TempPathFactory) -> City:
    """A published city with accounts."""
    city = City(tmp_path_factory.mktemp("desk") / "city").bills("fuel/a.csv", SLIP)
    named = {person: account for account, person in PEOPLE.items()}
    city.register("appointments", [row | {"account": named[str(row["person_id"])]} for row in DEFAULTS["appointments"]])
    city.publish()
    config.configure(city.paths)
    for name in (*PEOPLE, *OTHERS):
        accounts.add(city.paths, name, PASSWORD, is_administrator=name == "warden")
    return city


@pytest.fixture
def desk(desk_home: City, tmp_path: Path) -> Iterator[City]:
    """The same city anew with its accounts, which the desk shows."""
    city = desk_home.copied(tmp_path / "city")
    config.configure(city.paths, city.today)
    yield city
    common.forget()


@pytest.fixture
def browser(desk: City) -> Callable[..., Any]:
    """Return a client that has logged in as somebody, or as nobody."""
    from django.test import Client

    def opened(name: str = "", *, csrf: bool = False) -> Any:
        client = Client(enforce_csrf_checks=csrf, headers={"host": "127.0.0.1"}, raise_request_exception=False)
        if name:
            answer = client.post("/login", {"username": name, "password": PASSWORD})
            assert answer.status_code == 302 or csrf, answer.content.decode()
        return client

    return opened
