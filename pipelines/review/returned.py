"""Judge the rows of answer sheets that came back: taken as answers, the same sent again, or held back with the reason.

A row answers all flags of its question that are still raised, a decision each, by the person it names; it never accepts or
confirms. It is held against what its sheet showed: flags whose days, rows or totals differ now were not what was asked.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from pipelines import folding, tables
from pipelines.findings import stable_id
from pipelines.history.returned import LOADED, QUARANTINED, SUPERSEDED, RowOutcome
from pipelines.history.rounds import AskedFlag, AskedQuestion, RoundIssue
from pipelines.periods import PeriodError, parse_date
from pipelines.review.desk import Desk, Flag
from pipelines.review.evidence import Evidence
from pipelines.review.states import FROM
from pipelines.review.store import Decision
from pipelines.settings.operation import ANSWERS_FOLDER
from pipelines.texts import LANGUAGES, letter, word

LONGEST = 2_000
YES, NO = "yes", "no"
REQUIRED = ("answer_cause", "data_are_right", "explanation", "person_id", "answered_on")
HIDDEN = "\x1e"


@dataclass(frozen=True, slots=True)
class ReturnedRow:
    """An answered row as it was read: its place, its file, and what its cells say by the name of their column."""

    source_sha256: str
    source_member: str
    source_line: int
    source: str
    path: str
    received_at: datetime
    said: Mapping[str, str]


class HeldBackError(ValueError):
    """Why a row is no answer: a rule, what the row says, and what was expected."""

    def __init__(self, rule_id: str, raw: object = "", detail: object = "") -> None:
        super().__init__(rule_id)
        self.rule_id, self.raw, self.detail = rule_id, str(raw)[:200], str(detail)[:400]


class Inspector:
    """Judges rows one after the other; what one row decided is known to the next.

    Args:
        desk: The desk on what is published; ``None`` where nothing is.
        issues: Every issue of sheets.
        known: What became of the rows before.
        now: When.
        today: No answer is dated later.
    """

    def __init__(
        self, desk: Desk | None, issues: Iterable[RoundIssue], known: Iterable[RowOutcome], now: datetime, today: date
    ) -> None:
        self.desk, self.now, self.today = desk, now, today
        self.asked = {
            (issue.issue_id, question.question_id): question
            for issue in issues
            for book in issue.books
            for question in book.questions
        }
        self.taken = {(each.question_id, each.content) for each in known if each.outcome == LOADED}
        self.stored = {
            decision.decision_id for decisions in (desk.decisions if desk else {}).values() for decision in decisions
        }

    def judge(self, row: ReturnedRow, *, is_kept: bool) -> tuple[RowOutcome, list[Decision]]:
        """Judge a row.

        Args:
            row: The row.
            is_kept: Whether its file is at hand as evidence.

        Returns:
            What became of it, and the decisions to store.
        """
        content = _content(row.said)
        try:
            taken, stored = self._decisions(row, content, is_kept=is_kept)
        except HeldBackError as held:
            return _outcome(row, content, QUARANTINED, self.now, held), []
        if taken is None:
            return _outcome(row, content, SUPERSEDED, self.now), []
        self.taken.add((row.said["question_id"], content))
        return _outcome(row, content, LOADED, self.now, decisions=[*stored, *(d.decision_id for d in taken)]), taken

    def _decisions(
        self, row: ReturnedRow, content: str, *, is_kept: bool
    ) -> tuple[list[Decision] | None, Sequence[str]]:
        """Return the decisions of a row and the ids of those stored before; no decisions where it says what was taken already."""
        said = row.said
        if row.source != ANSWERS_FOLDER:
            raise HeldBackError("answer_elsewhere", f"{row.source}/{row.path}", f"inbox/{ANSWERS_FOLDER}/")
        for name, text in said.items():
            if HIDDEN in text:
                raise HeldBackError("answer_hidden", _column(name))
            if len(text) > LONGEST:
                raise HeldBackError("answer_too_long", _column(name), LONGEST)
        question = self.asked.get((said["issue_id"], said["question_id"]))
        if question is None:
            raise HeldBackError("answer_unknown_question", said["question_id"] or "-")
        answer = self._read(said)
        ids = {flag.flag_id: _decision_id(row, flag.flag_id) for flag in question.flags}
        if stored := [each for each in ids.values() if each in self.stored]:  # a run died before it told so
            return [], stored
        flags = self._still_asked(question, is_same=(said["question_id"], content) in self.taken)
        if flags is None:
            return None, ()
        for flag in flags:
            able = dict.fromkeys(who for _, who in self.desk.able(flag, "answer")) if self.desk else {}
            if said["person_id"] not in able:
                raise HeldBackError("answer_not_by_person", said["person_id"], "、".join(able) or "-")
        if not is_kept:
            raise HeldBackError("answer_file_gone", f"{row.source}/{row.path}")
        return [self._decision(row, flag, answer, ids[flag.flag_id]) for flag in flags], ()

    def _still_asked(self, question: AskedQuestion, *, is_same: bool) -> list[Flag] | None:
        """Return the flags of a question that wait for an answer, unchanged; ``None``: this very answer was taken."""
        if self.desk is None:
            raise HeldBackError("answer_flag_gone", question.question_id)
        flags = [
            (self.desk.flags[asked.flag_id], asked) for asked in question.flags if asked.flag_id in self.desk.flags
        ]
        if not flags:
            raise HeldBackError("answer_flag_gone", question.question_id)
        for flag, asked in flags:
            if not self.desk.binds(flag, _as_seen(asked)):
                raise HeldBackError("answer_asked_anew", flag.flag_id)
        states = {self.desk.state(flag) for flag, _ in flags}
        if states <= FROM["answer"]:
            return [flag for flag, _ in flags]
        if is_same:
            return None
        raise HeldBackError("answer_given_already", question.question_id)

    def _read(self, said: Mapping[str, str]) -> dict[str, str | date | None]:
        """Return what a row answers, its words as those of the catalogue."""
        for name in REQUIRED:
            if not said[name]:
                raise HeldBackError("answer_incomplete", _column(name))
        causes = {name: cause for cause in tables.words("answer_cause") for name in _names(f"answer_{cause}", cause)}
        yes_no = {name: key for key in (YES, NO) for name in _names(key, key)}
        words: dict[str, str | date | None] = {}
        for name, known in (("answer_cause", causes), ("data_are_right", yes_no)):
            if (word_said := folding.word(said[name]).strip().casefold()) not in known:
                raise HeldBackError("answer_unknown_word", said[name], _column(name))
            words[name] = known[word_said]
        answered_on = _day(said["answered_on"], "answered_on")
        if answered_on > self.today:
            raise HeldBackError("answer_in_the_future", answered_on, self.today)
        return words | {
            "answered_on": answered_on,
            "until": _day(said["until"], "until") if said["until"] else None,
        }

    def _decision(
        self, row: ReturnedRow, flag: Flag, answer: Mapping[str, str | date | None], decision_id: str
    ) -> Decision:
        assert self.desk is not None  # noqa: S101 - asked before
        place = f"{row.source_member}!{row.source_line}"[-100:]
        paper = Evidence(row.source_sha256, place, _date(answer["answered_on"]))
        said, right = row.said, answer["data_are_right"] == YES
        cause = str(answer["answer_cause"])
        text = answer_text(cause, said["explanation"], said["measure"], _date(answer["until"]), said["checked_by"])
        taken = self.desk.answer(
            flag.flag_id, said["person_id"], text, self.now, paper, data_are_right=right, cause=cause
        )
        return replace(taken, decision_id=decision_id, recorded_by=f"{row.source}/{row.path}"[:200])


def _as_seen(asked: AskedFlag) -> Decision:
    """What a flag was when it was asked, as a decision that binds to it would hold it."""
    own = (asked.flag_id, asked.facility_id, asked.fiscal_year, asked.rule_id, asked.subject)
    seen = None if asked.seen_co2e_kg is None else Decimal(asked.seen_co2e_kg)
    nobody = ("answer", "", "", datetime.min)  # noqa: DTZ901 - no time of anything
    return Decision(
        "",
        *own,
        *nobody,
        seen_co2e_kg=seen,
        seen_state=asked.seen_state,
        seen_days=asked.seen_days,
        seen_rows=asked.seen_rows,
    )


def _outcome(
    row: ReturnedRow,
    content: str,
    outcome: str,
    now: datetime,
    held: HeldBackError | None = None,
    decisions: Sequence[str] = (),
) -> RowOutcome:
    said = {name: row.said.get(name, "")[:100] for name in ("round", "question_id", "department", "person_id")}
    return RowOutcome(
        row.source_sha256,
        row.source_member,
        row.source_line,
        f"{row.source}/{row.path}",
        said["round"],
        said["question_id"],
        said["department"],
        said["person_id"],
        content,
        outcome,
        held.rule_id if held else None,
        held.raw if held else "",
        held.detail if held else "",
        tuple(decisions),
        str(now),
    )


def answer_text(
    cause: str, explanation: str, measure: str = "", until: date | None = None, checked_by: str = ""
) -> str:
    """Return an answer as people read it later: cause (a word of the catalogue), explanation, and what else was said."""
    told = [letter("answer_said", cause=word(f"answer_{cause}", "ja"), text=explanation)]
    if measure:
        told.append(letter("answer_measure", text=measure))
    if until is not None:
        told.append(letter("answer_until", day=until))
    if checked_by:
        told.append(letter("answer_checked", text=checked_by))
    return "\n".join(told)


def _decision_id(row: ReturnedRow, flag_id: str) -> str:
    """The same row and flag give the same id, so that a run that died between store and history takes nothing twice."""
    told = json.dumps([row.source_sha256, row.source_member, row.source_line, flag_id])
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def _content(said: Mapping[str, str]) -> str:
    return stable_id(
        *(f"{name}={said[name]}" for name in sorted(said) if name not in ("issue_id", "round", "department"))
    )


def _names(key: str, own: str) -> set[str]:
    return {own, *(word(key, language).casefold() for language in LANGUAGES)}


def _column(name: str) -> str:
    return word(f"answers_col_{name}", "ja")


def _day(text: str, name: str) -> date:
    try:
        return parse_date(text.replace("T", " ").partition(" ")[0])
    except PeriodError as error:
        raise HeldBackError("answer_no_date", text, _column(name)) from error


def _date(value: object) -> date | None:
    return value if isinstance(value, date) else None
