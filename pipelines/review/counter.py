"""The review work: read the published file and the store, take a step, append it. Terminal and web take steps through it alike.

Whoever holds a desk open already (the web, for many requests) passes it as ``at``; without one it is opened for the step. A step on a
flag that somebody else took a step on meanwhile is refused (TakenMeanwhileError), and none of those taken with it is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import astuple
from datetime import date
from decimal import Decimal
from typing import Any

from pipelines.findings import stable_id
from pipelines.review.desk import Desk, Flag, StepError
from pipelines.review.evidence import NONE, Evidence, keep
from pipelines.review.states import ACCEPTED, FROM, counts
from pipelines.review.store import Decision, Store, read_all
from pipelines.settings.city import CityFolder
from pipelines.texts import LANGUAGES, Bilingual, both, word
from pipelines.warehouse import query


@contextmanager
def desk(city: CityFolder) -> Iterator[Desk]:
    """Open the desk on the published file with every decision taken so far.

    Raises:
        QueryError: nothing has been published yet.
    """
    with query.opened(city.published) as connection:
        tolerance = Decimal(str(city.settings.thresholds.decision_tolerance))
        yield Desk(connection, read_all(city.decisions_url), city.today, tolerance)


def _at(city: CityFolder, at: Desk | None) -> AbstractContextManager[Desk]:
    return desk(city) if at is None else nullcontext(at)


def listed(city: CityFolder, state: str | None) -> list[dict[str, Any]]:
    """Return flags, and doubts answered by their own id, with their state and whose turn it is now."""
    with desk(city) as open_desk:
        rows = [as_row(open_desk, flag) for flag in open_desk.asked]
    return [row for row in rows if state in (None, row["state"])]


def as_row(open_desk: Desk, flag: Flag) -> dict[str, Any]:
    """Return a flag as lists show it: its state now, and as owner whose turn it is now (nobody: empty)."""
    return {
        "flag_id": flag.flag_id,
        "facility_id": flag.facility_id,
        "name": flag.facility_name,
        "rule_id": flag.rule_id,
        "severity": flag.severity,
        "fiscal_year": flag.fiscal_year,
        "ja": flag.message_ja,
        "en": flag.message_en,
        "stake": flag.co2e_at_stake_kg,
        "owner": " ".join(open_desk.turn(flag) or ()),
        "state": open_desk.state(flag),
    }


def brought_up_to_date(city: CityFolder, rows: list[dict[str, Any]], at: Desk | None = None) -> list[dict[str, Any]]:
    """Return rows of published flags with the state and the owner that decisions since then led to.

    ``owner`` is post and person together; rows that have them apart (``owner_post``, ``owner_person_id``) have them brought up as well.
    """
    with _at(city, at) as open_desk:
        return [row | _now(open_desk, row) for row in rows]


def _now(open_desk: Desk, row: Mapping[str, Any]) -> dict[str, Any]:
    flag = open_desk.flags[row["flag_id"]]
    turn = open_desk.turn(flag)
    apart = dict(zip(("owner_post", "owner_person_id"), turn or (None, None), strict=True))
    return {
        "state": open_desk.state(flag),
        "owner": " ".join(turn or ()),
        **{name: value for name, value in apart.items() if name in row},
    }


def all_of(city: CityFolder, person: str, step: str) -> list[str]:
    """Return the ids of all flags that wait for this person to take this step.

    Raises:
        StepError: there are none.
    """
    with desk(city) as open_desk:
        found = [f.flag_id for f in open_desk.of_person(person) if open_desk.state(f) in FROM[step]]
    if not found:
        told = Bilingual(*(word(step, language) for language in LANGUAGES))
        raise StepError(both("nothing_waits_for", person=person, step=told))
    return found


def answer(
    city: CityFolder,
    flag_id: str,
    person: str,
    text: str,
    evidence: Evidence = NONE,
    *,
    data_are_right: bool,
    discard: bool = False,
    stands_for: int = 1,
) -> Decision:
    """Answer a flag and keep the answer."""
    return answer_all(
        city, [flag_id], person, text, evidence, data_are_right=data_are_right, discard=discard, stands_for=stands_for
    )[0]


def answer_all(
    city: CityFolder,
    flag_ids: Sequence[str],
    person: str,
    text: str,
    evidence: Evidence = NONE,
    *,
    data_are_right: bool,
    discard: bool = False,
    cause: str | None = None,
    stands_for: int = 1,
    at: Desk | None = None,
) -> list[Decision]:
    """Give one answer to several flags: a decision for each, and none where one of them cannot be taken."""
    with _at(city, at) as open_desk:
        now = city.now()
        said = {"data_are_right": data_are_right, "discard": discard}
        taken = [
            open_desk.answer(each, person, text, now, evidence, **said, cause=cause, stands_for=stands_for)
            for each in open_desk.spread(flag_ids, "answer")
        ]
        return _kept(city, open_desk, taken, evidence)


def judge(city: CityFolder, flag_id: str, step: str, person: str, text: str, evidence: Evidence = NONE) -> Decision:
    """Accept or return an answer and keep the decision."""
    return judge_all(city, [flag_id], step, person, text, evidence)[0]


def judge_all(
    city: CityFolder,
    flag_ids: Sequence[str],
    step: str,
    person: str,
    text: str,
    evidence: Evidence = NONE,
    at: Desk | None = None,
) -> list[Decision]:
    """Accept or return the answers to several flags: a decision for each, and none where one of them cannot be taken."""
    with _at(city, at) as open_desk:
        now = city.now()
        taken = [open_desk.judge(each, step, person, text, now, evidence) for each in open_desk.spread(flag_ids, step)]
        return _kept(city, open_desk, taken, evidence)


def confirm(
    city: CityFolder, person: str, on: date, document_no: str, year: int, evidence: Evidence = NONE
) -> list[Decision]:
    """Confirm every accepted flag of a fiscal year that this person may confirm.

    Raises:
        StepError: when there are accepted flags and none may be confirmed by this person.
    """
    with desk(city) as open_desk:
        waiting = [f for f in open_desk.asked if f.fiscal_year == year and open_desk.state(f) == ACCEPTED]
        taken, refused = [], []
        for flag in waiting:
            try:
                taken.append(open_desk.confirm(flag.flag_id, person, on, document_no, city.now(), evidence))
            except StepError as error:
                refused.append(str(error))
        if refused and not taken:
            raise StepError("\n".join(refused))
        return _kept(city, open_desk, taken, evidence)


def accept_minor(
    city: CityFolder, person: str, on: date, document_no: str, year: int, evidence: Evidence = NONE
) -> tuple[list[Decision], Decimal]:
    """Accept what was too small to ask of a fiscal year as one list; the decisions and the tonnes CO2e at stake in them.

    Raises:
        StepError: when there are such flags and none may be accepted by this person.
    """
    with desk(city) as open_desk:
        taken, refused, stake = [], [], Decimal(0)
        for flag in open_desk.minor(year):
            try:
                taken.append(open_desk.accept_minor(flag, person, on, document_no, city.now(), evidence))
                stake += flag.co2e_at_stake_kg or 0
            except StepError as error:
                refused.append(str(error))
        if refused and not taken:
            raise StepError("\n".join(dict.fromkeys(refused)))
        return _kept(city, open_desk, taken, evidence), stake / 1000


def stands_on(open_desk: Desk, flag: Flag) -> str:
    """Return what a flag stands on now as a hash: its state, the steps that count, and what they bind to."""
    steps = [d.decision_id for d in open_desk.decisions.get(flag.flag_id, []) if counts(d) and open_desk.binds(flag, d)]
    present = flag.present(open_desk.this_year)
    return stable_id(open_desk.state(flag), *steps, *astuple(present))


def confirm_list(
    city: CityFolder,
    person: str,
    on: date,
    document_no: str,
    listed_flags: Mapping[str, str],
    evidence: Evidence,
    at: Desk | None = None,
) -> list[Decision]:
    """Confirm exactly the flags of a list, or none.

    Args:
        city: The city folder.
        person: The 統括者.
        on: Day of the decision.
        document_no: Number of its document.
        listed_flags: Flag -> what it stood on when the list was made.
        evidence: The list.
        at: A desk that is open already.

    Raises:
        StepError: flags that changed since, each named, or that this person may not confirm.
    """
    with _at(city, at) as open_desk:
        known = open_desk.flags | open_desk.doubts
        changed = [
            key for key, then in listed_flags.items() if key not in known or stands_on(open_desk, known[key]) != then
        ]
        if changed:
            raise StepError(both("list_has_changed", flags=", ".join(changed)))
        now = city.now()
        taken = [open_desk.confirm(each, person, on, document_no, now, evidence) for each in listed_flags]
        return _kept(city, open_desk, taken, evidence)


def _kept(city: CityFolder, open_desk: Desk, decisions: list[Decision], evidence: Evidence) -> list[Decision]:
    """Append decisions; the copy of their evidence is durable before a decision names it."""
    if decisions:
        keep(city.data, evidence)
    store = Store(city.decisions_url)
    try:
        store.append(decisions, open_desk.known)
    finally:
        store.engine.dispose()
    return decisions
