"""What makes a run provable: what it goes on from is what was published, and what it saw is put on record by hash.

Reads the published file and ``history/``; writes heads of decisions and parsed files into the history.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb

from pipelines import durable
from pipelines.ask import select
from pipelines.findings import Finding
from pipelines.history.records import History
from pipelines.run import decision_chain
from pipelines.run.inputs import Inputs
from pipelines.run.outcome import Outcome
from pipelines.settings import place
from pipelines.settings.city import CityFolder
from pipelines.sources import parsed_store
from pipelines.warehouse import database, publish


def trusted(city: CityFolder, outcome: Outcome) -> Path:
    """Return the published file where it is what was published and can be read; else a path where nothing is, and say why.

    What is damaged is moved aside, what was changed is kept aside; what only somebody else holds, or what there are no rights
    to, stays where it is.
    """
    published, history = city.published, History(city.history)
    nothing = city.data / "none"
    try:
        for finding in publish.set_touched_aside(city.data, outcome.run_id):
            outcome.notice(finding)
        if (city.data / place.POINTER).exists():
            publish.settle(city.data, is_newest=history.is_last(city.data / place.NAME))
        published = city.published
        if not published.is_file():
            return nothing
        database.connect_published(published).close()
        if not history.has_changed(published):
            return published
    except database.PublishedFileError as error:
        if error.reason != "damaged":
            outcome.notice(Finding("published_in_use", published.name, {"problem": error.found}))
            return nothing
        aside = published.with_name(f"unreadable-{outcome.run_id}.duckdb")
        durable.move(published, aside)
        outcome.notice(Finding("published_unreadable", aside.name, {"problem": error.found}))
        return nothing
    except PermissionError as error:
        outcome.notice(Finding("published_in_use", published.name, {"problem": str(error)}))
        return nothing
    aside = publish.keep_aside(published, f"changed-{outcome.run_id}.duckdb")
    outcome.notice(Finding("published_changed", aside.name, {}))
    return nothing


def note_seen(city: CityFolder, known: Inputs, outcome: Outcome, now: datetime) -> str:
    """Put parsed files and decisions on record; returns how far every record has come, for the run's own."""
    for name in parsed_store.note_kept(city.parsed, city.history):
        outcome.notice(Finding("kept_file_gone", name, {}))
    found = decision_chain.keep(city.history, known.decisions, outcome.run_id, now)
    if found:
        outcome.notice(Finding("decisions_changed", "decisions", {"found": found}))
    return History(city.history).heads(decision_chain.head(known.decisions))


def unique(history: History, now: datetime) -> datetime:
    """Return a time that no publication has: a moment must mean one of them."""
    known = {str(row["published_time"]) for row in history.read("publications")}
    while str(now) in known:
        now += timedelta(seconds=1)
    return now


def tell_day(connection: duckdb.DuckDBPyConnection, city: CityFolder, outcome: Outcome) -> None:
    """Say that the day of a run lies before that of the last publication, or before values that there are already."""
    told = [date.fromisoformat(str(row["today"])) for row in History(city.history).read("publications")[-1:]]
    if told and city.today < told[0]:
        outcome.notice(Finding("today_before_last", str(city.today), {"last": str(told[0])}))
    [after] = select.rows(connection, "after_today")
    if (
        after["values_held"] and city.today < city.now().date()
    ):  # else the value's date is wrong, and its own row says so
        outcome.notice(
            Finding(
                "today_before_data", str(city.today), {"values": after["values_held"], "newest": str(after["newest"])}
            )
        )
