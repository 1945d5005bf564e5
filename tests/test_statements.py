"""The headers of statements name what they read, and the page of statements is the one of this program."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests import statements


@pytest.mark.parametrize("path", statements.statements(), ids=lambda p: f"{p.parent.name}/{p.name}")
def test_a_header_names_every_table_that_the_statement_reads(path: Path) -> None:
    head = statements.header(path)
    missing = [name for name in statements.reads(path) if not re.search(rf"\b{re.escape(name)}\b", head)]
    assert not missing, f"{path} reads {missing}: say so in the header"


def test_the_page_is_of_this_program() -> None:
    assert statements.PAGE.read_text(encoding="utf-8") == statements.page(), "run: python -m tests.statements"


def test_a_name_of_a_statements_own_is_no_table(tmp_path: Path) -> None:
    path = tmp_path / "a.sql"
    path.write_text(
        "WITH own AS (SELECT * FROM readings) SELECT * FROM own JOIN main.meters USING (meter_id) WHERE x > $since"
    )
    assert statements.reads(path) == {"readings", "meters"}
