"""Labels of pages and terminal from the catalogue of texts."""

from __future__ import annotations

from pipelines.findings import LANGUAGES, texts


def label(key: str, language: str) -> str:
    """Return a label in a language.

    Raises:
        KeyError: when the catalogue has no such label.
    """
    return str(texts()["labels"][key][LANGUAGES.index(language)])
