"""What stands behind a step: the paper it was recorded from.

A returned sheet or a scan is kept under ``<data>/evidence/<sha256>`` before any decision names it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pipelines import durable
from pipelines.errors import ActionableError
from pipelines.texts import both

FOLDER = "evidence"


class EvidenceError(ActionableError, ValueError):
    """The evidence cannot be kept; one sentence says why and what to do."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The paper behind a step: a file's content with its hash, or a document by number and date; empty: none."""

    sha256: str | None = None
    document_no: str | None = None
    document_date: date | None = None
    content: bytes = b""

    def __bool__(self) -> bool:
        """Tell whether there is any."""
        return self.sha256 is not None or (self.document_no is not None and self.document_date is not None)


NONE = Evidence()


def stated(file: Path | None, document_no: str, document_date: date | None, today: date) -> Evidence:
    """Return the evidence that was stated; nothing is kept yet.

    Args:
        file: A returned sheet or a scan.
        document_no: Number of a document.
        document_date: Its date.
        today: No document is dated later.

    Raises:
        EvidenceError: a number without a date or the other way round, a date to come, or a file that cannot be read.
    """
    number = document_no.strip()
    if bool(number) != (document_date is not None):
        raise EvidenceError(both("document_needs_number_and_date"))
    if document_date is not None and document_date > today:
        raise EvidenceError(both("document_in_the_future", document_date=document_date, today=today))
    if file is None:
        return Evidence(None, number or None, document_date)
    try:
        content = file.read_bytes()
    except OSError as error:
        raise EvidenceError(both("evidence_cannot_be_read", at=file, problem=error.strerror)) from error
    if not content:
        raise EvidenceError(both("empty_evidence", at=file))
    return Evidence(hashlib.sha256(content).hexdigest(), number or None, document_date, content)


def keep(data: Path, evidence: Evidence) -> None:
    """Keep the file of the evidence under its hash, durable before this returns.

    Raises:
        EvidenceError: it cannot be kept.
    """
    if evidence.sha256 is None:
        return
    target = data / FOLDER / evidence.sha256
    if target.is_file() and hashlib.sha256(target.read_bytes()).hexdigest() == evidence.sha256:
        return
    try:
        durable.write(target, evidence.content)
    except OSError as error:
        raise EvidenceError(both("evidence_not_kept", at=target.parent, problem=error.strerror)) from error
