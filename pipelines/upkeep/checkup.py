"""One thing that was looked at, and how it was found; a check that fails never keeps the others from being made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from pipelines.errors import ActionableError
from pipelines.texts import both


@dataclass(frozen=True, slots=True)
class Checkup:
    """One thing looked at; ``state`` is ok, note or bad."""

    what_ja: str
    what_en: str
    state: str
    detail: str
    remedy: str = ""


def guarded(what_ja: str, what_en: str, check: Callable[[], Iterable[Checkup]]) -> Iterator[Checkup]:
    """Carry out a check; where it ends in an error, that is what it found."""
    try:
        yield from check()
    except (ActionableError, OSError) as error:
        yield Checkup(what_ja, what_en, "bad", str(error))
    except Exception as error:  # whatever it is, the other checks are to be made
        told = both("check_not_made", kind=type(error).__name__, error=error)
        yield Checkup(what_ja, what_en, "bad", told)
