"""The decisions store: append only, SQLite in the data folder or any database SQLAlchemy reaches.

Who, when, what, why, and the values seen when deciding. Nothing is ever changed or deleted: in SQLite, triggers refuse.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
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
    insert,
    select,
)
from sqlalchemy.exc import DBAPIError

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
    Column("seen_days", Text),
)
REFUSALS = tuple(
    f"CREATE TRIGGER IF NOT EXISTS decisions_no_{verb} BEFORE {verb} ON decisions"
    " BEGIN SELECT RAISE(ABORT, 'decisions are append only'); END"
    for verb in ("update", "delete")
)


class DecisionsError(RuntimeError):
    """The decisions cannot be opened, read or written; the message says where they are and what to do."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One step of one person on one flag."""

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


class Store:
    """The store behind an SQLAlchemy address.

    Raises:
        DecisionsError: it is no such store, damaged, or out of reach.
    """

    def __init__(self, url: str) -> None:
        if url.startswith("sqlite:///"):
            Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
        self.engine: Engine = create_engine(url)
        if self.engine.dialect.name == "sqlite":
            event.listen(self.engine, "connect", _durable)
        with self._told():
            METADATA.create_all(self.engine)
            if self.engine.dialect.name == "sqlite":
                with self.engine.begin() as connection:
                    for statement in REFUSALS:
                        connection.exec_driver_sql(statement)

    def append(self, decisions: Iterable[Decision]) -> None:
        """Add decisions, all or none."""
        rows = [_as_row(decision) for decision in decisions]
        if rows:
            with self._told(), self.engine.begin() as connection:
                connection.execute(insert(DECISIONS), rows)

    def all(self) -> list[Decision]:
        """Return every decision in the order it was taken."""
        with self._told(), self.engine.connect() as connection:
            rows = connection.execute(select(DECISIONS).order_by(DECISIONS.c.position)).mappings()
            return [_as_decision(dict(row)) for row in rows]

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Tell a fault of the database in words for the person who must act; an address is told without its password."""
        try:
            yield
        except DBAPIError as error:
            where = self.engine.url.render_as_string(hide_password=True)
            raise DecisionsError(
                f"確認・承認の記録を使えません（{where}: {error.orig}）。ファイルや接続を確かめ、壊れていれば控えから戻してください"
                f"（facility-emissions restore）。 / The decisions cannot be used ({where}: {error.orig}). Check the file or the"
                " connection; if it is damaged, restore it from a backup."
            ) from error


def read_all(url: str) -> list[Decision]:
    """Return every decision; none when the SQLite file does not exist yet (reading creates nothing)."""
    if url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).is_file():
        return []
    store = Store(url)
    try:
        return store.all()
    finally:
        store.engine.dispose()


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
    return Decision(**{field.name: row[field.name] for field in fields(Decision)})
