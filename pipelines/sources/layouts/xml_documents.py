"""XML documents, read safely: no entities, no document type, nothing fetched (defusedxml)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, iterparse

DEEPEST = 60


class BrokenDocumentError(ValueError):
    """A document that is no XML, or one that defines entities; the message says which."""


class Element(Protocol):
    """What is used of an element of xml.etree."""

    tag: str
    text: str | None
    attrib: dict[str, str]

    def iter(self) -> Iterator[Element]:
        """The element and everything below it, in document order."""

    def clear(self) -> None:
        """Forget what is below."""


def root_of(path: Path) -> str:
    """Return the name of a document's root element, without its namespace.

    Raises:
        BrokenDocumentError: no XML, or a document type or entity, which no supplier's data needs.
    """
    for _, element in _events(path, ("start",)):
        return name(element)
    raise BrokenDocumentError("no element")


def elements(path: Path, whole: frozenset[str]) -> Iterator[tuple[tuple[str, ...], Element]]:
    """Yield each element at its end with the names of those around it; memory is given back as it goes.

    Args:
        path: The document.
        whole: Elements that are forgotten once they were given out; what they hold came before them.

    Raises:
        BrokenDocumentError: as in ``root_of``, or elements nested beyond reason.
    """
    around: list[str] = []
    for event, element in _events(path, ("start", "end")):
        if event == "start":
            around.append(name(element))
            if len(around) > DEEPEST:
                raise BrokenDocumentError(f"> {DEEPEST} levels")
            continue
        around.pop()
        yield tuple(around), element
        if name(element) in whole:
            element.clear()


def name(element: Element) -> str:
    """Return an element's name without its namespace."""
    return element.tag.rpartition("}")[2]


def texts(element: Element) -> dict[str, str]:
    """Return the texts below an element by name; the first of each name counts."""
    found: dict[str, str] = {}
    for child in element.iter():
        if child.text and child.text.strip():
            found.setdefault(name(child), child.text.strip())
    return found


def _events(path: Path, wanted: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    try:
        yield from iterparse(str(path), wanted, forbid_dtd=True)
    except ParseError as error:
        raise BrokenDocumentError(str(error)) from error
    except DefusedXmlException as error:
        raise BrokenDocumentError(type(error).__name__) from error
    except (ValueError, LookupError) as error:
        raise BrokenDocumentError(str(error)[:160]) from error
