"""How a round stands: who was asked, who has answered, what is accepted or overdue, and the sheets that came back more than once.

Reads the rounds, what became of the rows that came back, the published file and the decisions store; a question that was asked
twice in a round counts once, as it was asked last.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from pipelines.ask import select
from pipelines.history import returned, rounds
from pipelines.history.returned import RowOutcome
from pipelines.history.rounds import AskedQuestion, RoundError, RoundIssue
from pipelines.review import counter
from pipelines.review.desk import Desk
from pipelines.review.states import ACCEPTED, ANSWERED, CONFIRMED, FROM, OPEN
from pipelines.settings.city import CityFolder
from pipelines.texts import both

GONE = "gone"


def progress(city: CityFolder, name: str | None = None) -> dict[str, Any]:
    """Return how a round stands now; without a name the last one.

    Raises:
        RoundError: there is no such round.
        QueryError: nothing is published.
    """
    issues = rounds.issues(city.history, name)
    if name is None:
        issues = [issue for issue in issues if issue.round == issues[-1].round]
    if not issues:
        known = dict.fromkeys(issue.round for issue in rounds.issues(city.history))
        raise RoundError(both("no_such_round", rounds="、".join(known) or "-"))
    outcomes = [each for each in returned.read(city.history) if each.round == issues[-1].round]
    with counter.desk(city) as desk:
        people = _people(desk, issues, city.today)
        sheets = select.rows(desk.connection, "returned_sheets")
    return {
        "round": issues[-1].round,
        "due_on": issues[-1].due_on,
        "people": people,
        "silent": [row for row in people if row["open"] == row["asked"] and row["asked"]],
        "sheets": _sheets(sheets, outcomes),
        "changed": _changed(outcomes),
    }


def _people(desk: Desk, issues: Sequence[RoundIssue], today: date) -> list[dict[str, Any]]:
    """One row per department and person asked: asked = answered + accepted + open + gone; overdue ones are among the open."""
    last: dict[str, tuple[str, date, AskedQuestion]] = {}
    for issue in issues:
        for book in issue.books:
            for question in book.questions:
                last[question.question_id] = (book.department, date.fromisoformat(issue.due_on), question)
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for department, due, question in last.values():
        state = _state(desk, question)
        counted = counts[department, question.person_id or ""]
        counted.update(asked=1, **{state: 1}, overdue=int(state == OPEN and today > due))
    names = ("asked", ANSWERED, ACCEPTED, OPEN, GONE, "overdue")
    return [
        {"department": department, "person_id": person, **{name: counted[name] for name in names}}
        for (department, person), counted in sorted(counts.items())
    ]


def _state(desk: Desk, question: AskedQuestion) -> str:
    """The state of a question: open while a flag of it waits for an answer, accepted where all are."""
    flags = [desk.flags[asked.flag_id] for asked in question.flags if asked.flag_id in desk.flags]
    states = {desk.state(flag) for flag in flags}
    if not states:
        return GONE
    if states & FROM["answer"]:
        return OPEN
    return ACCEPTED if states <= {ACCEPTED, CONFIRMED} else ANSWERED


def _sheets(sheets: Iterable[Mapping[str, Any]], outcomes: Iterable[RowOutcome]) -> list[dict[str, Any]]:
    """The sheets of the round that came back, and whether the department's had come before; one without an answer names no round."""
    of = {each.source_sha256: each.department for each in outcomes}
    seen: Counter[str] = Counter()
    found = []
    for sheet in sheets:
        if sheet["sha256"] in of or sheet["asked"] == sheet["blank"]:
            department = of.get(sheet["sha256"])
            found.append(
                {**sheet, "department": department, "is_again": department is not None and seen[department] > 0}
            )
            seen.update([department] if department is not None else [])
    return found


def _changed(outcomes: Iterable[RowOutcome]) -> list[dict[str, Any]]:
    """The questions to which several sheets say different things, with the files."""
    said: dict[tuple[str, str], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for each in outcomes:
        said[each.department, each.question_id][each.content].append(each.file)
    return [
        {
            "department": department,
            "question_id": question,
            "files": sorted({f for files in contents.values() for f in files}),
        }
        for (department, question), contents in sorted(said.items())
        if len(contents) > 1
    ]
