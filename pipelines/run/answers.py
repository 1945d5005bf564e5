"""Take the answers that came back in workbooks, before a night gathers its decisions: so the same night shows them.

Reads parsed/, the rounds, what is published and the decisions; writes decisions with their evidence, then ``history/answers.jsonl``
(in this order: a run that dies in between finds its decisions again by their ids).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from pipelines.history import returned as history
from pipelines.history import rounds
from pipelines.history.returned import QUARANTINED, RowOutcome
from pipelines.review import counter, evidence
from pipelines.review.desk import Desk
from pipelines.review.evidence import Evidence
from pipelines.review.returned import Inspector, ReturnedRow
from pipelines.review.store import Decision, Store
from pipelines.settings.city import CityFolder
from pipelines.sources import parsed_store
from pipelines.sources.arrive import inbox
from pipelines.sources.arrive.inbox import Arrival
from pipelines.sources.layouts import answer_sheet
from pipelines.sources.parsed_store import FileKey
from pipelines.warehouse import database

HERE = Path(__file__).parent


def take(city: CityFolder, arrivals: Sequence[Arrival], stands: Path, now: datetime, *, again: bool) -> None:
    """Judge the rows that came back and were not judged yet, take the answers, and put on record what became of each.

    Args:
        city: The city folder.
        arrivals: The files that count.
        stands: What is published.
        now: When the run began.
        again: Look again at what was held back; a rebuild leaves it as it was told.
    """
    rows = _rows(city, arrivals)
    if not rows:
        return
    known = {each.place: each for each in history.read(city.history)}
    todo = [
        row for row in rows if _is_due(known.get((row.source_sha256, row.source_member, row.source_line)), again=again)
    ]
    if not todo:
        return
    papers = _Papers(city)
    decisions: list[Decision] = []
    outcomes: list[RowOutcome] = []
    with _desk(city, stands) as desk:
        inspector = Inspector(desk, rounds.issues(city.history), known.values(), now, city.today)
        for row in todo:
            outcome, taken = inspector.judge(row, is_kept=papers.is_at_hand(row))
            decisions += taken
            if _said(outcome) != _said(known.get(outcome.place)):
                outcomes.append(outcome)
            if taken:
                papers.keep(row)
    if decisions:
        store = Store(city.decisions_url)
        try:
            store.append(decisions)
        finally:
            store.engine.dispose()
    history.note(city.history, outcomes)


def _is_due(before: RowOutcome | None, *, again: bool) -> bool:
    return before is None or (again and before.outcome == QUARANTINED)


def _said(outcome: RowOutcome | None) -> tuple[object, ...]:
    return () if outcome is None else (outcome.outcome, outcome.rule_id, outcome.raw, outcome.detail)


@contextmanager
def _desk(city: CityFolder, stands: Path) -> Iterator[Desk | None]:
    if not stands.is_file():
        yield None
        return
    with counter.desk(city) as desk:
        yield desk


class _Papers:
    """The files that answers came in, kept as evidence."""

    def __init__(self, city: CityFolder) -> None:
        self.city = city
        self.contents: dict[str, bytes | None] = {}

    def is_at_hand(self, row: ReturnedRow) -> bool:
        """Tell whether the content of a row's file is kept already, or lies in the inbox as it was received."""
        return self._content(row) is not None

    def keep(self, row: ReturnedRow) -> None:
        """Keep the file under its hash."""
        evidence.keep(self.city.data, Evidence(row.source_sha256, content=self._content(row) or b""))

    def _content(self, row: ReturnedRow) -> bytes | None:
        if row.source_sha256 not in self.contents:
            places = (
                self.city.data / evidence.FOLDER / row.source_sha256,
                inbox.path_of(self.city, row.source, row.path),
            )
            found = (place.read_bytes() for place in places if place.is_file())
            fitting = (content for content in found if hashlib.sha256(content).hexdigest() == row.source_sha256)
            self.contents[row.source_sha256] = next(fitting, None)
        return self.contents[row.source_sha256]


def _rows(city: CityFolder, arrivals: Iterable[Arrival]) -> list[ReturnedRow]:
    """Return the answered rows of every sheet that came back: those received first come first, whatever their files are called."""
    parsed = parsed_store.index(city.parsed)
    first: dict[str, tuple[Arrival, str]] = {}
    for arrival in sorted(arrivals, key=lambda a: (a.received_at, a.source, a.path)):
        wanted = city.settings.wanted(arrival.source)
        file = parsed.get(FileKey(arrival.sha256, "", wanted))
        if file is not None and file.layout == answer_sheet.NAME:
            first.setdefault(arrival.sha256, (arrival, file.batch))
    if not first:
        return []
    batches = sorted({batch for _, batch in first.values()})
    with database.connect() as connection:
        for kind in (parsed_store.VALUES, parsed_store.TABLES):
            parsed_store.view(connection, city.parsed, kind, batches)
        read = database.rows(connection, HERE / "answer_values.sql")
    rows = []
    for each in read:
        if each["source_sha256"] not in first:
            continue
        arrival, batch = first[each["source_sha256"]]
        if each["batch"] == batch:
            place = (each["source_sha256"], each["source_member"], each["source_line"])
            rows.append(
                ReturnedRow(*place, arrival.source, arrival.path, arrival.received_at, json.loads(each["note"]))
            )
    return sorted(rows, key=lambda r: (r.received_at, r.source_sha256, r.source_member, r.source_line))
