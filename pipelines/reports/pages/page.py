"""Pages of our own in the data folder: one look, no outside asset, written whole or not at all.

Every page carries a Content-Security-Policy: a browser runs nothing on it and loads nothing for it, and takes the one style of ours by
its hash. So a word from a file that slipped into a page as markup could do nothing there.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pipelines import durable

STYLE = Path(__file__).with_name("page.css")


@cache
def style() -> str:
    """The one style of all pages."""
    return STYLE.read_text(encoding="utf-8")


@cache
def policy() -> str:
    """What a browser may do on a page, as Content-Security-Policy; a server sends the same as a header."""
    digest = base64.b64encode(hashlib.sha256(style().encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def write(path: Path, template: str, folder: Path = STYLE.parent, **values: Any) -> Path:  # noqa: ANN401 - what the template names
    """Render a template into a page; every value is escaped.

    Args:
        path: The page.
        template: File name of the template.
        folder: Where the template lies.
        **values: What the template names.
    """
    environment = Environment(
        loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    ours = {"style": Markup(style()), "policy": Markup(policy())}  # noqa: S704 - both are files of this folder
    text = environment.get_template(template).render(**values, **ours)
    durable.write(path, text.encode())
    return path
