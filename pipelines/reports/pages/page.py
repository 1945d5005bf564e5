"""What every page is made of: one frame with one menu, one stylesheet beside it, written only where it differs.

A folder of pages (for everybody, or for the office) stands alone: links are relative, so it works from a share and from a server. Every
page carries a Content-Security-Policy under which a browser loads only files of ours: a word from a file that slipped into a page as
markup could do nothing there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipelines import durable
from pipelines.settings.city import City, CityFolder
from pipelines.texts import label

HERE = Path(__file__).parent
ASSETS = HERE / "assets"
STYLE = ASSETS / "site.css"
JA = "ja"
# The menu of every page: where it leads, and its label.
MENU = {
    "index.html": "menu_city",
    "facilities.html": "menu_facilities",
    "reasons.html": "menu_reasons",
    "intake.html": "menu_intake",
    "validation.html": "menu_validation",
    "factors.html": "menu_factors",
    "method.html": "menu_method",
    "manual/office.html": "menu_manual",
}


def policy(*, scripts: bool = False, images: bool = False) -> str:
    """What a browser may do on a page, as Content-Security-Policy; a folder on a share is a file: for the browser.

    Args:
        scripts: Whether the page runs a script file beside it.
        images: Whether it shows an image file beside it.
    """
    own = "'self' file:"
    parts = ["default-src 'none'", f"style-src {own}"]
    parts += [f"script-src {own}"] if scripts else []
    parts += [f"img-src {own}"] if images else []
    return "; ".join([*parts, "base-uri 'none'", "form-action 'none'"])


class PageFolder:
    """One folder of pages: ``pages/`` for everybody, or ``pages_internal/`` for the office."""

    def __init__(self, folder: Path, city: City, *, is_internal: bool, **words: Any) -> None:  # noqa: ANN401 - what templates name
        self.folder, self.is_internal = folder, is_internal
        self.kept: set[Path] = set()
        self.environment = Environment(
            loader=FileSystemLoader(HERE),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        menu = [(href, label(key, JA)) for href, key in MENU.items()]
        self.environment.globals |= {
            "city": city,
            "is_internal": is_internal,
            "menu": menu,
            "policy": policy(),
            **words,
        }

    def page(self, name: str, template: str, **values: Any) -> Path:  # noqa: ANN401 - what the template names
        """Render a page; every value is escaped.

        Args:
            name: Its path in the folder.
            template: File name of the template.
            **values: What the template names.
        """
        if self.folder / STYLE.name not in self.kept:
            self.put(STYLE.name, STYLE.read_bytes())
        root = "../" * name.count("/")
        text = self.environment.get_template(template).render(root=root, here=name, **values)
        return self.put(name, text.encode())

    def put(self, name: str, content: bytes) -> Path:
        """Write a file of the folder, only where it differs."""
        path = self.folder / name
        self.kept.add(path)
        if not path.is_file() or path.read_bytes() != content:
            durable.write(path, content, synced=False)  # what a power cut spoils differs, and the next night writes it
        return path

    def take_away(self, below: str, *endings: str) -> None:
        """Take away the files below a folder that were not written this time."""
        for ending in endings:
            for path in (self.folder / below).glob(f"*{ending}"):
                if path not in self.kept:
                    path.unlink()


def folders(city: CityFolder, **words: Any) -> list[PageFolder]:  # noqa: ANN401 - what templates name
    """Return the folder of the office and that for everybody, which may be a share that is away: in this order."""
    places = ((city.pages_internal, True), (city.pages, False))
    return [PageFolder(place, city.settings.city, is_internal=inside, **words) for place, inside in places]


def write(city: CityFolder, name: str, template: str, **values: Any) -> Path:  # noqa: ANN401 - what the template names
    """Write a page that both folders have alike, and return that for everybody."""
    return [each.page(name, template, **values) for each in folders(city)][-1]
