"""Every mutation still finds its text, and the tests that should notice it are there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutants.mutations import MUTATIONS, Mutation

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda m: m.name)
def test_a_mutation_finds_its_text_and_its_tests(mutation: Mutation) -> None:
    assert (ROOT / mutation.file).read_text(encoding="utf-8").count(mutation.old) == 1
    for named in mutation.tests:
        assert (ROOT / named.partition("::")[0]).is_file(), named
