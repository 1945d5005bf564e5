"""The manual as pages: ``pipelines/manual/*.md`` rendered into ``manual/`` of both folders of pages, and what stands in each register."""

from __future__ import annotations

import re
from pathlib import Path

from markdown_it import MarkdownIt
from markupsafe import Markup

from pipelines.ask import register_guide
from pipelines.reports import registers_book
from pipelines.reports.pages import page
from pipelines.settings.city import CityFolder
from pipelines.texts import label

SOURCE = Path(__file__).parents[2] / "manual"
PAGES = {"office": "ja", "analyst": "en", "operator": "en"}  # page -> the language it is written in
REGISTERS = "registers"
ABOVE = re.compile(r'<a href="(?:\.\./)+[^"]*">(.*?)</a>')  # pages of the source, which an office does not have


def title_of(name: str) -> str:
    """Return the heading of a page of the manual."""
    return text_of(name).splitlines()[0].removeprefix("# ")


def text_of(name: str) -> str:
    """Return a page of the manual as it was written."""
    return (SOURCE / f"{name}.md").read_text(encoding="utf-8")


def write(city: CityFolder) -> dict[str, Path]:
    """Write the pages of the manual; returns title -> path for everybody, the office's first, that of the registers last."""
    titles = {name: title_of(name) for name in PAGES} | {REGISTERS: label("registers_page", "ja")}
    listed = [{"file": f"{name}.html", "title": title} for name, title in titles.items()]
    made = {}
    for name, language in PAGES.items():
        told = {"title": titles[name], "language": language, "pages": listed, "body": rendered(text_of(name))}
        made[titles[name]] = page.write(city, f"manual/{name}.html", "manual_page.html", **told)
    made[titles[REGISTERS]] = _registers(city, titles[REGISTERS], listed)
    return made


def _registers(city: CityFolder, title: str, listed: list[dict[str, str]]) -> Path:
    """What stands in each register, from the catalogue: the same as ``registers NAME`` and the workbook beside the registers."""
    return page.write(
        city,
        f"manual/{REGISTERS}.html",
        "registers_page.html",
        title=title,
        language="ja",
        pages=listed,
        how=label("registers_page_how", "ja"),
        needed=label("register_needed", "ja"),
        guides=[register_guide.guide(name) for name in register_guide.names()],
        headings=[label(f"guide_{column}", "ja") for column in registers_book.COLUMNS],
        rows=lambda guide: [registers_book.row(column, "ja") for column in guide["columns"]],
    )


def rendered(text: str) -> Markup:
    """Return Markdown of ours as HTML: no markup passes through, headings can be linked, wide tables scroll by themselves."""
    html = MarkdownIt("commonmark", {"html": False}).enable("table").render(text)
    html = re.sub(r"<h2>(.*?)</h2>", lambda m: f'<h2 id="{m[1].replace(" ", "-").lower()}">{m[1]}</h2>', html)
    html = re.sub(r'href="(\w+)\.md', r'href="\1.html', html)
    html = ABOVE.sub(r"\1", html)
    html = html.replace("<table>", '<div class="table-wrap" tabindex="0"><table>').replace("</table>", "</table></div>")
    html = html.replace("<pre>", '<pre tabindex="0">')
    return Markup(html)  # noqa: S704 - our own pages, rendered without markup of theirs
