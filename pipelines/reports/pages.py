"""Pages of our own in the data folder: one look, no outside asset, written whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipelines import durable


def write(path: Path, template: str, **values: Any) -> Path:  # noqa: ANN401 - what the template names
    """Render a template of this folder into a page; every value is escaped.

    Args:
        path: The page.
        template: File name of the template.
        **values: What the template names.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    text = environment.get_template(template).render(**values)
    durable.write(path, text.encode())
    return path
