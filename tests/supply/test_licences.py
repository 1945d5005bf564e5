"""The list of licences is that of the lock, and each licence is one that is allowed."""

from __future__ import annotations

import pytest

from tests.supply import licences, lock


def test_every_licence_of_the_lock_is_allowed() -> None:
    names = {pin.name for pin in lock.pins()}
    assert len(names) > 100
    assert {
        name: licences.licence_of(name) for name in names if not licences.is_allowed(licences.licence_of(name))
    } == {}


def test_the_list_is_what_the_lock_and_the_packages_say() -> None:
    assert licences.LIST.read_text(encoding="utf-8") == licences.text(), "run make licences"


def test_nothing_is_allowed_or_told_that_no_package_needs() -> None:
    names = {pin.name for pin in lock.pins()}
    used = " ".join(licences.licence_of(name) for name in names)
    assert {word for word in licences.rules()["allowed"] if word not in used} == set()
    assert set(licences.rules()["told"]) <= names


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True),
        ("GPL-3.0-only", False),
        ("MIT OR GPL-3.0-only", True),
        ("GPL-3.0-only OR MIT", True),
        ("MIT AND GPL-3.0-only", False),
        ("MPL-2.0 AND (Apache-2.0 OR MIT)", True),
        ("MPL-2.0 AND (AGPL-3.0-only OR GPL-2.0-only)", False),
        ("(MIT)", True),
    ],
)
def test_an_expression_is_allowed_when_allowed_licences_fulfil_it(expression: str, allowed: bool) -> None:
    assert licences.is_allowed(expression) is allowed


def test_a_package_that_says_nothing_is_told_and_not_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(licences.UnknownLicenceError, match="no-such-package"):
        licences.licence_of("no-such-package")
    monkeypatch.setitem(licences.rules()["told"], "duckdb", "AGPL-3.0-only")
    assert not licences.is_allowed(licences.licence_of("duckdb"))
