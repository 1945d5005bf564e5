"""What an audit says is taken for what it is: silence of the database is no clean bill."""

from __future__ import annotations

import json

import pytest

from tests.supply import audit

SOUND = {"name": "a", "version": "1", "vulns": []}
UNSEEN = {"name": "b", "skip_reason": "Dependency not found on PyPI and could not be audited: b (1)"}
WEAK = {
    "name": "c",
    "version": "1",
    "vulns": [{"id": "PYSEC-1", "fix_versions": ["2"], "aliases": [], "description": ""}],
}


@pytest.mark.parametrize(
    ("found", "state", "words"),
    [
        ([SOUND], audit.SOUND, ""),
        ([SOUND, UNSEEN], audit.SOUND, "b: not looked at"),
        ([SOUND, UNSEEN, WEAK], audit.WEAK, "c 1: PYSEC-1, mended in 2"),
        ([UNSEEN, UNSEEN], audit.SKIPPED, "knows none"),
        ([], audit.SKIPPED, "knows none"),
    ],
)
def test_an_audit_is_told_as_it_is(found: list[dict[str, object]], state: str, words: str) -> None:
    told, lines = audit.judge(json.dumps({"dependencies": found, "fixes": []}))
    assert told == state and words in "\n".join(lines)


@pytest.mark.parametrize("told", ["", "ConnectionError", "{}"])
def test_an_audit_that_failed_is_skipped_and_says_so(told: str) -> None:
    assert audit.judge(told) == (audit.SKIPPED, ["pip-audit could not ask its database"])
