"""Pages carry a policy under which nothing loads but files of ours beside them, and a real browser finds no breach of it."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from datetime import datetime
from html import unescape
from pathlib import Path

import pytest

from pipelines.reports.pages import documents, intake, manual, page, site, validation_page
from pipelines.settings.city import CityFolder
from tests.conftest import SAMPLE
from tests.reports.test_pages import row

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "msedge"))), None)
MANUAL = [f"manual/{name}.html" for name in (*manual.PAGES, manual.REGISTERS)]
TEMPLATES = sorted((Path(documents.__file__).parent).glob("*.html"))


@pytest.fixture(scope="module")
def pages(sample_folder: Path) -> dict[str, Path]:
    city = CityFolder(sample_folder)
    rows = [row(), row(success=False, meaning_ja="<style>body { display: none }</style>")]
    paths = [
        *documents.write(city),
        validation_page.write(city, rows, datetime(2026, 6, 15, 2)),
        intake.write(city),
        *manual.write(city).values(),
    ]
    return {path.relative_to(city.pages).as_posix(): path for path in paths}


def test_every_kind_of_file_that_pages_need_is_installed_with_them() -> None:
    project = tomllib.loads((SAMPLE.parent / "pyproject.toml").read_text(encoding="utf-8"))
    installed = project["tool"]["setuptools"]["package-data"]["*"]
    lying = {f"*{path.suffix}" for path in Path(page.__file__).parent.rglob("*") if path.is_file()} - {"*.py", "*.pyc"}
    assert {"*.js", "*.css", "*.html"} <= lying <= set(installed)


def policy_of(path: Path) -> dict[str, str]:
    """The policy of a page by its directives, which stands before anything it holds for."""
    text = path.read_text(encoding="utf-8")
    [policy] = re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', text)
    assert text.index("Content-Security-Policy") < text.index("<link"), "it holds for what follows only"
    return dict(part.strip().split(" ", 1) for part in unescape(policy).split(";"))


def test_every_page_carries_the_policy_and_loads_the_one_style_beside_it(pages: dict[str, Path]) -> None:
    assert set(pages) == {"factors.html", "method.html", "validation.html", "intake.html", *MANUAL}
    none = dict.fromkeys(("default-src", "base-uri", "form-action"), "'none'")
    for name, path in pages.items():
        text = path.read_text(encoding="utf-8")
        assert policy_of(path) == none | {"style-src": "'self' file:"}, name
        [style] = re.findall(r'<link rel="stylesheet" href="([^"]*)">', text)
        assert (path.parent / style).resolve() == pages["factors.html"].parent / "site.css"
        assert (path.parent / style).is_file() and "<style" not in text


def test_every_menu_is_the_same_in_both_folders_and_leads_somewhere(
    sample_folder: Path, pages: dict[str, Path]
) -> None:
    city = CityFolder(sample_folder)
    site.write(city)
    menus = set()
    for folder in (city.pages, city.pages_internal):
        for path in sorted(folder.rglob("*.html")):
            [menu] = re.findall(r'<nav aria-label="ページ">(.*?)</nav>', path.read_text(encoding="utf-8"), re.DOTALL)
            links = re.findall(r'<a href="([^"]*)"[^>]*>([^<]*)</a>', menu)
            for link, _ in links:
                assert (path.parent / link).is_file(), (path, link)
            there = [(path.parent / link).resolve().relative_to(folder.resolve()).as_posix() for link, _ in links]
            menus.add(tuple(zip(there, (words for _, words in links), strict=True)))
    assert len(menus) == 1 and [where for where, _ in menus.pop()] == list(page.MENU)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_template_holds_what_the_policy_forbids(template: Path) -> None:
    text = template.read_text(encoding="utf-8")
    ours = {
        "frame.html": '<link rel="stylesheet" href="{{ root }}site.css">',
        "site_parts.html": '<img class="half-hours" src="{{ shown.png }}"',
        "site_facilities.html": '<script src="{{ root }}search.js" defer></script>',
    }
    text = text.replace(ours.get(template.name, "\0"), "", 1)
    assert not re.search(
        r"""\s(style|on[a-z]+)\s*=|javascript:|<(script|link|img|iframe|form|object|embed|base)\b""", text
    )
    assert "<style" not in text
    assert "|safe" not in text.replace(" ", "") and "autoescape" not in text


def shown_by_the_browser(path: Path, own: Path) -> subprocess.CompletedProcess[bytes]:
    """Show a page in a browser with a folder of its own."""
    options = ("--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--dump-dom")
    words = [str(BROWSER), *options, f"--user-data-dir={own}", path.as_uri()]
    done = subprocess.run(words, capture_output=True, timeout=120, check=True)
    assert b"</html>" in done.stdout
    return done


def told_by_the_browser(path: Path, own: Path) -> str:
    """What a browser tells of a page on its console."""
    errors = shown_by_the_browser(path, own).stderr.decode(errors="replace")
    return "\n".join(line for line in errors.splitlines() if "CONSOLE" in line)


def dom_of(path: Path, own: Path) -> str:
    """What a browser makes of a page, after its scripts have run."""
    return shown_by_the_browser(path, own).stdout.decode()


@pytest.mark.skipif(BROWSER is None, reason="no Chromium, Chrome or Edge on this machine")
def test_a_real_browser_finds_no_breach_of_the_policy(pages: dict[str, Path], tmp_path: Path) -> None:
    for path in pages.values():
        assert told_by_the_browser(path, tmp_path / "browser") == "", path.name
    broken = tmp_path / "broken.html"
    text = pages["intake.html"].read_text(encoding="utf-8")
    broken.write_text(text.replace("</h1>", "</h1><script>1</script><p style='color: red'>", 1), encoding="utf-8")
    (tmp_path / "site.css").write_bytes(page.STYLE.read_bytes())
    told = told_by_the_browser(broken, tmp_path / "browser")
    assert told.count("Content Security Policy") >= 2, "the browser enforces it, and this test would see a breach"
