"""The folders are the sentence: imports go one way, a stage writes only its own tables, SQL is one SELECT a file."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from pipelines import tables
from pipelines.run import recipe
from pipelines.warehouse import database

ROOT = Path(__file__).parents[1]
# What lies loose at the root of pipelines/: what every room may use.
LOOSE = {"durable", "errors", "findings", "folding", "periods", "rounding", "tables", "texts", "units"}
# A room imports only rooms above it; those of one line import none of each other: stages meet in tables.
ROOMS: tuple[tuple[str, ...], ...] = (
    ("settings",),
    ("process",),
    ("warehouse",),
    ("history",),
    ("registers",),
    ("reference",),
    ("sources",),
    ("readings", "energy", "emissions", "targets", "energy_act", "flags", "review"),
    ("ask",),
    ("reports",),
    ("run",),
    ("upkeep",),
    ("cities", "web"),
    ("cli",),
)
STAGES = ("sources", *ROOMS[7], "reference")
# Inside sources/, in the same way.
SOURCES = ("layouts", "reading_version", "parsed_store", "open", "cells", "arrive")
SQL_FILES = sorted(path for path in ROOT.glob("pipelines/**/*.sql") if path.parent.name != "macros")
MACRO_FILES = sorted(ROOT.glob("pipelines/**/macros/*.sql"))


def imported(path: Path) -> set[str]:
    """Every module a file imports, lazily or not."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
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


def modules(folder: str) -> dict[str, Path]:
    """Dotted name -> file, of a folder at the top."""
    named = {path: ".".join(path.relative_to(ROOT).with_suffix("").parts) for path in python_files(folder)}
    return {name.removesuffix(".__init__"): path for path, name in named.items()}


PIPELINES = modules("pipelines")
GRAPH = {name: imported(path) & PIPELINES.keys() - {"pipelines", name} for name, path in PIPELINES.items()}
FLOORS = {room: floor for floor, rooms in enumerate(ROOMS) for room in rooms}


def room_of(module: str) -> str | None:
    """The room of a module; none for what lies loose at the root."""
    name = module.split(".")[1]
    return None if name in LOOSE else name


def test_every_module_has_a_room_and_every_room_is_known() -> None:
    for module in PIPELINES.keys() - {"pipelines"}:
        assert room_of(module) is None or room_of(module) in FLOORS, f"{module}: which room is it in?"


@pytest.mark.parametrize("module", sorted(PIPELINES.keys() - {"pipelines"}))
def test_a_room_imports_only_rooms_above_it(module: str) -> None:
    room = room_of(module)
    for other in map(room_of, GRAPH[module]):
        if other in (None, room):
            continue
        assert room is not None, f"{module} lies loose and imports the room {other}"
        assert FLOORS[other] < FLOORS[room], f"{module} imports {other}/, which is not above {room}/"


def test_inside_sources_imports_go_one_way_too() -> None:
    for module, names in GRAPH.items():
        if module.startswith("pipelines.sources.") and (place := module.split(".")[2]) in SOURCES:
            inner = {name.split(".")[2] for name in names if name.startswith("pipelines.sources.")}
            above = SOURCES[: SOURCES.index(place) + 1]
            assert inner <= set(above), f"{module} imports {inner - set(above)}"


def test_no_circle_of_imports() -> None:
    open_: list[str] = []
    done: set[str] = set()

    def follow(module: str) -> None:
        assert module not in open_, f"a circle: {' -> '.join([*open_[open_.index(module) :], module])}"
        if module not in done:
            open_.append(module)
            for name in sorted(GRAPH[module]):
                follow(name)
            done.add(open_.pop())

    for module in sorted(GRAPH):
        follow(module)


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


def test_functions_of_statements_stand_in_sql_files_each_once() -> None:
    names: list[str] = []
    for path in MACRO_FILES:
        for statement in database.sql_text(path).split(";\n"):
            body = re.sub(r"(?m)^--.*$", "", statement).strip()
            found = re.match(r"CREATE OR REPLACE MACRO (\w+)\(", body)
            assert found, f"{path}: {body[:60]}"
            names.append(found[1])
    assert names and len(names) == len(set(names))
    in_python = {path.name for path in python_files("pipelines") if " MACRO " in path.read_text(encoding="utf-8")}
    assert in_python == {"database.py", "careful.py"}, "what defines them, and a limit of city.toml"


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
    places = [story.index(f"{stage.__name__}(") for stage in recipe.STAGES]
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


def test_reports_ask_nothing_themselves() -> None:
    """Plain data in, looks out: a SELECT for people stands in pipelines/ask/select."""
    for path in python_files("pipelines/reports"):
        assert not re.search(r"\bSELECT\b", path.read_text(encoding="utf-8")), path


def test_no_class_name_means_two_things() -> None:
    found: dict[str, list[str]] = {}
    for folder in ("flows", "pipelines", "expectations"):
        for path in python_files(folder):
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.ClassDef):
                    found.setdefault(node.name, []).append(path.relative_to(ROOT).as_posix())
    assert {name: places for name, places in found.items() if len(places) > 1} == {}
