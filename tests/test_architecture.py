"""The folders are the sentence: imports go one way, a stage writes only its own tables, SQL is one SELECT a file."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from pipelines import tables
from pipelines.run import recipe

ROOT = Path(__file__).parents[1]
STAGES = (
    "sources",
    "readings",
    "energy",
    "emissions",
    "targets",
    "energy_act",
    "flags",
    "review",
    "reports",
    "reference",
)
SQL_FILES = sorted(ROOT.glob("pipelines/**/*.sql"))
SHARED = {
    "chain",
    "child_process",
    "city_file",
    "durable",
    "errors",
    "findings",
    "folding",
    "journal",
    "layout_spec",
    "periods",
    "recorder",
    "register_checks",
    "registers",
    "rounding",
    "settings",
    "tables",
    "units",
    "warehouse",
}


def imported(path: Path) -> set[str]:
    """Every module a file imports, lazily or not."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def python_files(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def test_top_level_folders_are_the_five_of_the_design() -> None:
    found = {p.name for p in ROOT.iterdir() if p.is_dir() and not p.name.startswith(".") and "egg-info" not in p.name}
    assert found - {"__pycache__", "build"} == {"flows", "pipelines", "expectations", "sample_data", "tests"}


def test_pipelines_import_neither_prefect_nor_great_expectations_nor_the_layers_above() -> None:
    banned = ("prefect", "great_expectations", "flows", "expectations", "sample_data", "tests")
    for path in python_files("pipelines"):
        wrong = {name for name in imported(path) if name.split(".")[0] in banned}
        assert not wrong, f"{path}: {wrong}"


def test_expectations_do_not_import_flows() -> None:
    for path in python_files("expectations"):
        assert not {name for name in imported(path) if name.split(".")[0] in ("flows", "prefect")}, path


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_imports_no_other_stage(stage: str) -> None:
    for path in python_files(f"pipelines/{stage}"):
        parts = [name.split(".") for name in imported(path) if name.startswith("pipelines.")]
        others = {p[1] for p in parts if p[1] in STAGES and p[1] != stage}
        assert not others, f"{path} imports {others}: stages meet in tables"
        assert {p[1] for p in parts} <= SHARED | {stage} | ({"convert"} if stage == "reports" else set()), (
            f"{path} imports what stands above the stages"
        )


@pytest.mark.parametrize("path", SQL_FILES, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_an_sql_file_is_one_select_with_a_header(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith(f"-- {path.stem}"), "a header says what one row is"
    body = re.sub(r"--[^\n]*", "", text)
    body = re.sub(r"'[^']*'", "''", body)
    assert ";" not in body.strip().rstrip(";"), "one statement"
    assert re.match(r"\s*(WITH|SELECT|FROM)\b", body), "a SELECT"
    assert not re.search(r"\b(INSERT|CREATE|DELETE|UPDATE|DROP|COPY)\b", body), "only a SELECT"
    assert "avg(" not in body, "no avg(): sums are exact, means are not"


def test_a_table_is_filled_by_the_stage_that_owns_it() -> None:
    for name, table in tables.catalogue().items():
        files = [p for p in SQL_FILES if p.stem == name and p.parent.name in STAGES]
        for path in files:
            if path.parent.name == "explain":
                continue
            assert path.parent.name == table.stage, f"{path} fills {name}, which belongs to {table.stage}"


def test_only_the_owner_names_a_table_when_it_writes() -> None:
    writing = re.compile(r'(?:database\.(?:fill|create|insert_rows)\(\s*\w+(?:\.\w+)?,\s*|INSERT INTO |UPDATE )"?(\w+)')
    for path in python_files("pipelines"):
        stage = path.relative_to(ROOT / "pipelines").parts[0]
        if stage not in STAGES:
            continue
        for name in writing.findall(path.read_text(encoding="utf-8")):
            owner = tables.catalogue().get(name)
            assert owner is None or owner.stage in (stage, "registers"), (
                f"{path} writes {name} of {owner and owner.stage}"
            )


def test_whether_a_base_is_empty_is_asked_in_one_module() -> None:
    files = [p for folder in ("pipelines", "flows", "expectations") for p in python_files(folder)]
    asking = [
        p.stem for p in files if re.search(r"\binc\.is_first\b|\bself\.is_first\b", p.read_text(encoding="utf-8"))
    ]
    assert asking == ["incremental"]


def test_the_flow_does_the_stages_in_the_order_of_the_recipe() -> None:
    flow = (ROOT / "flows" / "nightly.py").read_text(encoding="utf-8")
    story = flow[flow.index("def story(") :]
    places = [story.index(f"{stage.__name__}(night)") for stage in recipe.STAGES]
    assert places == sorted(places)


def test_modules_stay_readable() -> None:
    for folder in ("flows", "pipelines", "expectations", "sample_data"):
        for path in python_files(folder):
            lines = len(path.read_text(encoding="utf-8").splitlines())
            assert lines <= 500, f"{path}: {lines} lines"
    assert len((ROOT / "flows" / "nightly.py").read_text(encoding="utf-8").splitlines()) <= 180


def test_a_workbook_is_opened_for_writing_in_one_place() -> None:
    """There, words of strangers stay words; a second way would have to think of it again."""
    writers = {"xlsxwriter", "openpyxl", "xlwt", "pyexcel"}
    found = {
        path.relative_to(ROOT).as_posix()
        for folder in ("flows", "pipelines", "expectations", "sample_data")
        for path in python_files(folder)
        if {name.split(".")[0] for name in imported(path)} & writers or ".to_excel(" in path.read_text(encoding="utf-8")
    }
    assert found == {"pipelines/reports/workbook.py"}


def test_nothing_prints_but_the_terminal() -> None:
    for folder in ("flows", "pipelines", "expectations"):
        for path in python_files(folder):
            calls = [n for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.Call)]
            assert not [c for c in calls if isinstance(c.func, ast.Name) and c.func.id == "print"], path
