"""Pages carry a policy under which nothing runs or loads but the one style of ours, and a real browser finds no breach of it."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import subprocess
from datetime import datetime
from pathlib import Path

import pytest

from pipelines.reports.pages import documents, intake, validation_page
from pipelines.settings.city import CityFolder
from tests.reports.test_pages import row

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "msedge"))), None)
TEMPLATES = sorted((Path(documents.__file__).parent).glob("*.html"))


@pytest.fixture(scope="module")
def pages(sample_folder: Path) -> dict[str, Path]:
    city = CityFolder(sample_folder)
    rows = [row(), row(success=False, meaning_ja="<style>body { display: none }</style>")]
    paths = [
        *documents.write(city),
        validation_page.write(city, rows, datetime(2026, 6, 15, 2)),
        intake.write(city),
    ]
    return {path.name: path for path in paths}


def test_every_page_carries_the_policy_and_only_its_own_style(pages: dict[str, Path]) -> None:
    assert set(pages) == {"factors.html", "method.html", "validation.html", "intake.html"}
    for name, path in pages.items():
        text = path.read_text(encoding="utf-8")
        [style] = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        [policy] = re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', text)
        parts = dict(part.strip().split(" ", 1) for part in policy.split(";"))
        none = dict.fromkeys(("default-src", "base-uri", "form-action"), "'none'")
        assert parts == none | {"style-src": f"'sha256-{digest}'"}, name
        assert text.index("Content-Security-Policy") < text.index("<style>"), "it holds for what follows only"


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_template_holds_what_the_policy_forbids(template: Path) -> None:
    text = template.read_text(encoding="utf-8")
    if template.name == "site_frame.html":  # the pages of results share one file of style, the only thing they load
        text = text.replace('<link rel="stylesheet" href="{{ root }}site.css">', "", 1)
    assert not re.search(
        r"""\s(style|on[a-z]+)\s*=|javascript:|<(script|link|img|iframe|form|object|embed|base)\b""", text
    )
    assert "<style" not in text or template.name == "page.html"
    assert "|safe" not in text.replace(" ", "") and "autoescape" not in text


def told_by_the_browser(path: Path) -> str:
    """What a browser tells of a page on its console."""
    options = ("--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--dump-dom")
    own = f"--user-data-dir={path.parent / 'browser'}"
    done = subprocess.run([str(BROWSER), *options, own, path.as_uri()], capture_output=True, timeout=120, check=True)
    assert b"</html>" in done.stdout
    return "\n".join(line for line in done.stderr.decode(errors="replace").splitlines() if "CONSOLE" in line)


@pytest.mark.skipif(BROWSER is None, reason="no Chromium, Chrome or Edge on this machine")
def test_a_real_browser_finds_no_breach_of_the_policy(pages: dict[str, Path], tmp_path: Path) -> None:
    for path in pages.values():
        copy = tmp_path / path.name
        copy.write_bytes(path.read_bytes())
        assert told_by_the_browser(copy) == "", path.name
    broken = tmp_path / "broken.html"
    text = pages["intake.html"].read_text(encoding="utf-8")
    broken.write_text(text.replace("</h1>", "</h1><script>1</script><p style='color: red'>", 1), encoding="utf-8")
    told = told_by_the_browser(broken)
    assert told.count("Content Security Policy") >= 2, "the browser enforces it, and this test would see a breach"
