"""The manual is rendered whole, and every command in it is one."""

from __future__ import annotations

import re
import shlex
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import pytest
from typer.testing import CliRunner

from pipelines.ask import register_guide
from pipelines.cli import main
from pipelines.reports import registers_book
from pipelines.reports.pages import manual, page
from tests.conftest import SAMPLE
from tests.making import City

ROOT = SAMPLE.parent
TEXTS = {"README": (ROOT / "README.md").read_text(encoding="utf-8")} | {
    name: manual.text_of(name) for name in manual.PAGES
}
COMMAND = re.compile(r"facility-emissions((?: --[a-z]+ \S+)*)((?: [a-z][a-z-]*){1,2})")


@pytest.mark.parametrize("page", TEXTS)
def test_every_command_on_the_page_exists(page: str) -> None:
    commands = {
        command.name or command.callback.__name__ for command in main.app.registered_commands if command.callback
    }
    groups = {
        group.name: {c.name or c.callback.__name__ for c in group.typer_instance.registered_commands if c.callback}
        | {str(inner.name) for inner in group.typer_instance.registered_groups}
        for group in main.app.registered_groups
        if group.typer_instance
    }
    found = 0
    for _, words in COMMAND.findall(TEXTS[page]):
        first, *second = words.split()
        found += 1
        assert first in commands or (first in groups and set(second) <= groups[first]), f"{page}: {words}"
    assert found >= 3


SQL = sorted(
    {line for text in TEXTS.values() for line in re.findall(r'facility-emissions sql ("[^"\n]+"[^\n>`]*)', text)}
)


@pytest.mark.parametrize("words", SQL)
def test_every_statement_on_the_pages_runs(sample_folder: Path, words: str) -> None:
    result = CliRunner().invoke(main.app, ["--city", str(sample_folder), "sql", *shlex.split(words)])
    assert result.exit_code == 0 and result.stdout_bytes, result.output


def test_every_link_of_the_manual_leads_somewhere(city: City) -> None:
    made = manual.write(city.paths).values()
    assert [path.stem for path in made] == [*manual.PAGES, "registers"]
    for path in made:
        html = path.read_text(encoding="utf-8")
        assert "<script" not in html and "Content-Security-Policy" in html and "|---|" not in html
        for link in re.findall(r'href="([^"]+)"', html):
            file, _, place = link.partition("#")
            if not link.startswith("http"):
                there = path.parent / file if file else path
                if there.resolve().relative_to(city.paths.pages.resolve()).as_posix() in page.MENU and file.startswith(
                    "../"
                ):
                    continue  # a night writes it
                assert there.is_file() and (
                    not place or f'id="{unquote(place)}"' in there.read_text(encoding="utf-8")
                ), link


def test_the_page_of_the_registers_says_what_the_workbook_and_the_command_say(city: City) -> None:
    html = manual.write(city.paths)["台帳の書き方"].read_text(encoding="utf-8")
    told = [unescape(re.sub("<[^>]+>", "", cell)) for cell in re.findall(r"<t[hd][ >].*?</t[hd]>", html)]
    for name in register_guide.names():
        assert f'id="{name}"' in html and f'href="#{name}"' in html
        for column in register_guide.guide(name)["columns"]:
            row = registers_book.row(column, "ja")
            at = next(n for n, cell in enumerate(told) if told[n : n + len(row)] == row)
            assert told[at] == column["heading"], f"{name}.{column['column']}"


def test_markup_in_a_page_is_text() -> None:
    assert "<script" not in manual.rendered("# x\n\n<script>alert(1)</script>")


def test_the_readme_is_one_page() -> None:
    assert len(TEXTS["README"].splitlines()) <= 120
    for name in manual.PAGES:
        assert f"pipelines/manual/{name}.md" in TEXTS["README"]
