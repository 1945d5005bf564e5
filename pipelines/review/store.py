"""The decisions store: append only, SQLite in the data folder or any database SQLAlchemy reaches.

Who, when, what, why, and the values seen when deciding. Nothing is ever changed or deleted: in SQLite, triggers refuse.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
    func,
    insert,
    inspect,
    select,
)
from sqlalchemy.exc import SQLAlchemyError

from pipelines.errors import ActionableError
from pipelines.texts import both

METADATA = MetaData()
DECISIONS = Table(
    "decisions",
    METADATA,
    Column("position", Integer, primary_key=True, autoincrement=True),
    Column("decision_id", String(32), nullable=False, unique=True),
    Column("flag_id", String(32), nullable=False, index=True),
    Column("facility_id", String(100), nullable=False),
    Column("fiscal_year", Integer, nullable=False),
    Column("rule_id", String(60), nullable=False),
    Column("subject", String(200)),
    Column("step", String(10), nullable=False),
    Column("person_id", String(100), nullable=False),
    Column("post", String(60), nullable=False),
    Column("decided_at", DateTime, nullable=False),
    Column("comment", Text),
    Column("data_are_right", Boolean, nullable=False),
    Column("decided_on", Date),
    Column("document_no", String(100)),
    Column("seen_co2e_kg", String(60)),  # exact decimals: SQLite would keep a float
    Column("seen_quantity", String(60)),
    Column("seen_state", String(60)),
    # Columns from here on are younger than some stores: they may be empty, and are added where they lack.
    Column("seen_days", Text),
    Column("recorded_by", String(200)),
    Column("evidence", String(64)),
    Column("recorded_only", Boolean),
    Column("discard", Boolean),
    Column("seen_rows", Text),
    Column("answer_cause", String(20)),
    Column("stands_for", Integer),
    Column("seen_pattern", Text),
)
YOUNGER = (
    "seen_days", "recorded_by", "evidence", "recorded_only", "discard", "seen_rows", "answer_cause", "stands_for", "seen_pattern",
)  # fmt: skip
REFUSALS = tuple(
    f"CREATE TRIGGER IF NOT EXISTS decisions_no_{verb} BEFORE {verb} ON decisions"
    " BEGIN SELECT RAISE(ABORT, 'decisions are append only'); END"
    for verb in ("update", "delete")
)


# what keeps other writers out from before the look at what is there until the new rows stand
LOCKS = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "LOCK TABLE decisions IN SHARE ROW EXCLUSIVE MODE"}
# how long SQLite waits for another writer
WRITING_SECONDS = 30
# what a database says that is whole, and what to do then; anything else may be damage
NOT_DAMAGED = (
    (
        ("is locked", "could not obtain lock", "lock timeout"),
        "decisions_being_written",
    ),
    (
        ("readonly database", "unable to open database file", "permission denied", "Permission denied"),
        "decisions_without_rights",
    ),
)


class DecisionsError(ActionableError, RuntimeError):
    """The decisions cannot be opened, read or written; the message says where they are and what to do."""


class TakenMeanwhileError(ActionableError, RuntimeError):
    """Somebody else took a step on a flag after it was looked at; the message names the flags."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One step of one person on one flag.

    ``person_id`` and ``post`` decided; ``recorded_by`` is the account and machine that put it on record. ``document_no``
    with ``decided_on`` (a confirmation's date, else the document's), or ``evidence`` (hash of a kept file), is the paper
    behind it. ``recorded_only``: on record for somebody else without such paper, so it moves and lifts nothing.
    ``discard``: the answer that the rows held back (``seen_rows``) are to be discarded. ``answer_cause``: a word of the
    catalogue, where the answer names one. ``stands_for``: how many fiscal years the answer stands, that of the flag included, where
    more than that one; then ``seen_pattern`` is what flags of the later years are held against.
    """

    decision_id: str
    flag_id: str
    facility_id: str
    fiscal_year: int
    rule_id: str
    subject: str | None
    step: str
    person_id: str
    post: str
    decided_at: datetime
    comment: str | None = None
    data_are_right: bool = False
    decided_on: date | None = None
    document_no: str | None = None
    seen_co2e_kg: Decimal | None = None
    seen_quantity: Decimal | None = None
    seen_state: str | None = None
    seen_days: str | None = None
    recorded_by: str | None = None
    evidence: str | None = None
    recorded_only: bool = False
    discard: bool = False
    seen_rows: str | None = None
    answer_cause: str | None = None
    stands_for: int | None = None
    seen_pattern: str | None = None


class Store:
    """The store behind an SQLAlchemy address.

    Raises:
        DecisionsError: it is no such store, damaged, or out of reach.
    """

    def __init__(self, url: str) -> None:
        if url.startswith("sqlite:///"):
            _make_folder(Path(url.removeprefix("sqlite:///")).parent)
        self.engine: Engine = _engine(url)
        if self.engine.dialect.name == "sqlite":
            event.listen(self.engine, "connect", _durable)
        with self._told():
            METADATA.create_all(self.engine)
            if self.engine.dialect.name == "sqlite":
                with self.engine.begin() as connection:
                    for statement in REFUSALS:
                        connection.exec_driver_sql(statement)

    def append(self, decisions: Sequence[Decision], known: Mapping[str, int] | None = None) -> None:
        """Add decisions, all or none.

        Args:
            decisions: Steps, oldest first.
            known: Flag -> how many decisions on it whoever took these steps had seen; ``None``: not asked.

        Raises:
            TakenMeanwhileError: somebody else took a step on one of these flags since; none of these is added.
        """
        rows = [_as_row(decision) for decision in decisions]
        if not rows:
            return
        with self._told(), self.engine.begin() as connection:
            if lock := LOCKS.get(self.engine.dialect.name):
                connection.exec_driver_sql(lock)
            self._grow(connection)
            if known is not None:
                self._refuse_second(connection, {d.flag_id for d in decisions}, known)
            connection.execute(insert(DECISIONS), rows)

    def count(self) -> int:
        """Return how many decisions there are: another number tells that there are more to read."""
        with self._told(), self.engine.connect() as connection:
            return int(connection.execute(select(func.count()).select_from(DECISIONS)).scalar_one())

    def _refuse_second(self, connection: Connection, flags: set[str], known: Mapping[str, int]) -> None:
        counted = select(DECISIONS.c.flag_id, func.count()).group_by(DECISIONS.c.flag_id)
        there = {flag_id: number for flag_id, number in connection.execute(counted) if flag_id in flags}
        changed = sorted(flag_id for flag_id, number in there.items() if number != known.get(flag_id, 0))
        if changed:
            raise TakenMeanwhileError(both("taken_meanwhile", flags=", ".join(changed)))

    def all(self) -> list[Decision]:
        """Return every decision in the order it was taken."""
        with self._told(), self.engine.connect() as connection:
            present = self._columns(connection)
            columns = [column for column in DECISIONS.columns if column.name in present or column.name not in YOUNGER]
            rows = connection.execute(select(*columns).order_by(DECISIONS.c.position)).mappings()
            return [_as_decision(dict(row)) for row in rows]

    def _columns(self, connection: Connection) -> set[str]:
        return {str(column["name"]) for column in inspect(connection).get_columns(DECISIONS.name)}

    def _grow(self, connection: Connection) -> None:
        """Add the columns that a store of an older version lacks; its rows keep them empty."""
        present = self._columns(connection)
        for name in YOUNGER:
            if name not in present:
                kind = DECISIONS.c[name].type.compile(self.engine.dialect)
                connection.exec_driver_sql(f"ALTER TABLE {DECISIONS.name} ADD COLUMN {name} {kind}")

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Tell a fault of the database in words for the person who must act; an address is told without its password."""
        try:
            yield
        except (SQLAlchemyError, ValueError, ArithmeticError, TypeError) as error:
            where = self.engine.url.render_as_string(hide_password=True)
            found = getattr(error, "orig", None) or error
            for signs, key in NOT_DAMAGED:
                if any(sign in str(found) for sign in signs):
                    raise DecisionsError(both(key, where=where, found=found)) from error
            raise DecisionsError(both("decisions_damaged", where=where, found=found)) from error


def read_all(url: str) -> list[Decision]:
    """Return every decision; none when the SQLite file does not exist yet (reading creates nothing)."""
    if url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).is_file():
        return []
    store = Store(url)
    try:
        return store.all()
    finally:
        store.engine.dispose()


def _engine(url: str) -> Engine:
    try:
        if url.startswith("sqlite:"):
            return create_engine(url, connect_args={"timeout": WRITING_SECONDS})
        return create_engine(url)
    except (SQLAlchemyError, ImportError) as error:
        raise DecisionsError(both("decisions_address_unusable", error=type(error).__name__)) from error


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DecisionsError(both("folder_not_made", at=folder, problem=error.strerror)) from error


def _durable(connection: Any, _: object) -> None:  # noqa: ANN401 - the driver's own connection
    connection.execute("PRAGMA synchronous = FULL")


def _as_row(decision: Decision) -> dict[str, Any]:
    row = asdict(decision)
    for name in ("seen_co2e_kg", "seen_quantity"):
        row[name] = None if row[name] is None else str(row[name])
    return row


def _as_decision(row: dict[str, Any]) -> Decision:
    for name in ("seen_co2e_kg", "seen_quantity"):
        row[name] = None if row[name] is None else Decimal(row[name])
    for name in ("recorded_only", "discard"):
        row[name] = bool(row.get(name))
    values: dict[str, Any] = {field.name: row.get(field.name) for field in fields(Decision)}
    return Decision(**values)
