"""Verify everything that was kept: received and parsed files by hash, the history line by line, the published file.

Reads the whole data folder and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb

from pipelines import tables
from pipelines.history import kept
from pipelines.settings.city import CityFolder
from pipelines.sources import parsed_store
from pipelines.sources.arrive import inbox, odd_names
from pipelines.texts import both, ja_en
from pipelines.upkeep import history
from pipelines.upkeep.checkup import Checkup, guarded
from pipelines.upkeep.history import few, restore
from pipelines.warehouse import database, invariants


def examine(city: CityFolder) -> Iterator[Checkup]:
    """Look at received files, parsed files, history and the published file."""
    yield from guarded(*ja_en("what_received_files"), lambda: [_received(city)])
    yield from guarded(*ja_en("what_parsed_values"), lambda: [_lost(city)])
    yield from guarded(*ja_en("what_hashes_of_parsed"), lambda: [_parsed(city)])
    yield from guarded(*ja_en("what_history"), lambda: history.examine(city))
    if city.published.is_file():
        yield from guarded(*ja_en("what_content_of_the_published_file"), lambda: _published(city))


def _received(city: CityFolder) -> Checkup:
    """Files of the inbox that no longer are what was received: somebody edited the evidence."""
    found: dict[Path, set[str]] = {}
    for arrival in inbox.ledger(city.history).values():
        if not arrival.sha256.startswith(inbox.UNREADABLE):
            found.setdefault(inbox.path_of(city, arrival.source, arrival.path), set()).add(arrival.sha256)
    there = {path: hashes for path, hashes in found.items() if path.is_file()}
    edited = [odd_names.as_text(str(path)) for path, hashes in there.items() if kept.hash_of(path) not in hashes]
    detail = both("hashes_agree", there=len(there), all=len(found))
    if edited:
        remedy = both("correct_in_a_new_file")
        return Checkup(*ja_en("what_received_files"), "note", both("changed_since", at=few(edited)), remedy)
    return Checkup(*ja_en("what_received_files"), "ok", detail)


def _lost(city: CityFolder) -> Checkup:
    lost = inbox.lost(city, inbox.ledger(city.history).values())
    missing = [a.name for a in lost if not inbox.path_of(city, a.source, a.path).is_file()]
    if missing:
        return Checkup(*ja_en("what_parsed_values"), "bad", both("parsed_lost", at=few(missing)), restore())
    return Checkup(*ja_en("what_parsed_values"), "ok", both("parsed_is_there"))


def _parsed(city: CityFolder) -> Checkup:
    damaged = [
        *parsed_store.damaged(city.parsed, city.history, wholly=True),
        *kept.wrong(city.history, f"{city.parsed.name}/"),
    ]
    if damaged:
        remedy = f"facility-emissions nightly （{both('parses_again')}）"
        return Checkup(*ja_en("what_hashes_of_parsed"), "bad", few(damaged), remedy)
    count = len(parsed_store.batches_in_use(city.parsed))
    return Checkup(*ja_en("what_hashes_of_parsed"), "ok", both("batches_agree", count=count))


def _published(city: CityFolder) -> Iterator[Checkup]:
    rebuild = "facility-emissions rebuild"
    with database.connect_published(city.published) as connection:
        broken = {}
        invariants.all_years(connection)
        for invariant in invariants.INVARIANTS:
            try:
                rows: int | str = sum(row[-1] for row in invariants.failing(connection, invariant))
            except duckdb.Error as error:
                rows = str(error).splitlines()[0]
            if rows:
                broken[invariant.name] = rows
        told = both("count_of_rules", count=len(invariants.INVARIANTS))
        state, detail = ("bad", str(broken)) if broken else ("ok", told)
        yield Checkup(*ja_en("what_invariants_all_years"), state, detail, rebuild if broken else "")
        stated = set(
            connection.execute(
                "SELECT table_name, column_name FROM dictionary WHERE column_name IS NOT NULL"
            ).fetchall()
        )
        real = set(
            connection.execute(
                "SELECT table_name, column_name FROM duckdb_columns() WHERE database_name = 'city' AND NOT internal"
            ).fetchall()
        )
        differ = sorted(".".join(pair) for pair in stated ^ real)
        state, detail = ("bad", few(differ)) if differ else ("ok", both("count_of_columns", count=len(stated)))
        yield Checkup(*ja_en("what_dictionary"), state, detail, rebuild if differ else "")
        unsaid = [
            t for t in tables.catalogue() if tables.catalogue()[t].kind != "step" and t not in {p[0] for p in real}
        ]
        if unsaid:
            yield Checkup(*ja_en("what_tables"), "bad", few(unsaid), rebuild)
