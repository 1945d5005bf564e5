"""The manual as pages: ``pipelines/manual/*.md`` rendered into ``pages/manual/``, read without a server or a network."""

from __future__ import annotations

import re
from pathlib import Path

from markdown_it import MarkdownIt
from markupsafe import Markup

from pipelines.reports.pages import page

SOURCE = Path(__file__).parents[2] / "manual"
PAGES = {"office": "ja", "analyst": "en", "operator": "en"}  # page -> the language it is written in
ABOVE = re.compile(r'<a href="(?:\.\./)+[^"]*">(.*?)</a>')  # pages of the source, which an office does not have


def title_of(name: str) -> str:
    """Return the heading of a page of the manual."""
    return text_of(name).splitlines()[0].removeprefix("# ")


def text_of(name: str) -> str:
    """Return a page of the manual as it was written."""
    return (SOURCE / f"{name}.md").read_text(encoding="utf-8")


def write(folder: Path) -> list[Path]:
    """Write the pages of the manual into a folder; returns their paths, the office's first."""
    listed = [{"file": f"{name}.html", "title": title_of(name)} for name in PAGES]
    made = []
    for name, language in PAGES.items():
        path, title, body = folder / f"{name}.html", title_of(name), rendered(text_of(name))
        made.append(page.write(path, "manual_page.html", title=title, language=language, pages=listed, body=body))
    return made


def rendered(text: str) -> Markup:
    """Return Markdown of ours as HTML: no markup passes through, headings can be linked, wide tables scroll by themselves."""
    html = MarkdownIt("commonmark", {"html": False}).enable("table").render(text)
    html = re.sub(r"<h2>(.*?)</h2>", lambda m: f'<h2 id="{m[1].replace(" ", "-").lower()}">{m[1]}</h2>', html)
    html = re.sub(r'href="(\w+)\.md', r'href="\1.html', html)
    html = ABOVE.sub(r"\1", html)
    html = html.replace("<table>", '<div class="wide"><table>').replace("</table>", "</table></div>")
    return Markup(html)  # noqa: S704 - our own pages, rendered without markup of theirs
