"""What a night did, as plain values: for the closing summary and for machines."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb

from pipelines.ask import intake, select
from pipelines.ask.checklist import by_verdict
from pipelines.findings import Finding, rules
from pipelines.history import chain
from pipelines.periods import fiscal_year
from pipelines.texts import LANGUAGES

ACCOUNT = ("received", "loaded", "superseded", "quarantined", "blank", "ignored")


@dataclass(slots=True)
class Outcome:
    """What a night did, for the summary and for machines."""

    run_id: str
    today: str
    published: bool = False
    nothing_new: bool = False
    files_new: int = 0
    files_total: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    file_problems: list[dict[str, Any]] = field(default_factory=list)
    documents_waiting: int = 0
    held_back: list[dict[str, Any]] = field(default_factory=list)
    unknown: list[dict[str, Any]] = field(default_factory=list)
    verdicts: dict[str, int] = field(default_factory=dict)
    verdicts_of_path: dict[str, int] = field(default_factory=dict)
    changes: list[dict[str, Any]] = field(default_factory=list)
    verdict_changes: list[dict[str, Any]] = field(default_factory=list)
    flags: list[dict[str, Any]] = field(default_factory=list)
    broken: dict[str, int] = field(default_factory=dict)
    failed_checks: list[dict[str, Any]] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    page_problem: str = ""
    told_people: dict[str, Any] = field(default_factory=dict)
    notices: list[dict[str, str]] = field(default_factory=list)
    history_head: str = ""
    history_head_on: str = ""

    def notice(self, finding: Finding) -> None:
        """Tell something of this very run, which is no finding about the city's data."""
        rule = rules()[finding.rule_id]
        numbers = {"subject": finding.subject, **finding.numbers}
        self.notices.append({"rule_id": finding.rule_id, **{lang: rule.sentence(lang, numbers) for lang in LANGUAGES}})

    def tell_head(self, history: Path, now: datetime) -> None:
        """Take the head of the history, as people copy it, with its day."""
        self.history_head, self.history_head_on = chain.head_told(history), str(now.date())

    def count_rows(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Collect the row account over all files."""
        sums = ", ".join(f"coalesce(sum(rows_{name}), 0)" for name in ACCOUNT)
        row = connection.execute(f"SELECT {sums} FROM source_files").fetchone() or (0,) * len(ACCOUNT)
        self.counts = {name: int(value) for name, value in zip(ACCOUNT, row, strict=True)}

    def summarise(
        self,
        connection: duckdb.DuckDBPyConnection,
        today: date,
        changes: list[dict[str, Any]],
        since: datetime,
    ) -> None:
        """Collect what the closing summary tells from the file that is about to be published at a moment (``since``)."""
        self.file_problems = select.rows(connection, "file_problems")
        self.documents_waiting = len(select.rows(connection, "documents_waiting"))
        self.held_back = select.rows(connection, "held_back")
        self.unknown = intake.unknown(connection, intake.MOST_ROWS)
        verdicts = select.rows(connection, "verdicts", {"year": fiscal_year(today) - 1})
        self.verdicts, self.verdicts_of_path = by_verdict(verdicts)
        moved = select.rows(connection, "verdict_restatements", {"since": since})
        self.changes, self.verdict_changes = changes, [row for row in moved if row["run_id"] == self.run_id]
        self.flags = select.rows(connection, "flags")
