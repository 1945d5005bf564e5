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
from pipelines.upkeep import history
from pipelines.upkeep.checkup import Checkup, guarded
from pipelines.upkeep.history import RESTORE, few
from pipelines.warehouse import database, invariants


def examine(city: CityFolder) -> Iterator[Checkup]:
    """Look at received files, parsed files, history and the published file."""
    yield from guarded("受領ファイル", "received files", lambda: [_received(city)])
    yield from guarded("解読結果", "parsed values", lambda: [_lost(city)])
    yield from guarded("parsed/ のハッシュ", "hashes of parsed/", lambda: [_parsed(city)])
    yield from guarded("履歴", "history", lambda: history.examine(city))
    if city.published.is_file():
        yield from guarded("公表ファイルの中身", "content of the published file", lambda: _published(city))


def _received(city: CityFolder) -> Checkup:
    """Files of the inbox that no longer are what was received: somebody edited the evidence."""
    found: dict[Path, set[str]] = {}
    for arrival in inbox.ledger(city.history).values():
        if not arrival.sha256.startswith(inbox.UNREADABLE):
            found.setdefault(inbox.path_of(city, arrival.source, arrival.path), set()).add(arrival.sha256)
    there = {path: hashes for path, hashes in found.items() if path.is_file()}
    edited = [odd_names.as_text(str(path)) for path, hashes in there.items() if kept.hash_of(path) not in hashes]
    detail = f"{len(there)}/{len(found)} のハッシュが一致 / hashes agree"
    if edited:
        remedy = "訂正は別のファイルとして受領してください。 / receive a correction as a file of its own"
        return Checkup(
            "受領ファイル", "received files", "note", f"{few(edited)}: 受領後に変わった / changed since", remedy
        )
    return Checkup("受領ファイル", "received files", "ok", detail)


def _lost(city: CityFolder) -> Checkup:
    lost = inbox.lost(city, inbox.ledger(city.history).values())
    missing = [a.name for a in lost if not inbox.path_of(city, a.source, a.path).is_file()]
    if missing:
        return Checkup("解読結果", "parsed values", "bad", f"{few(missing)}: 失われた / lost", RESTORE)
    return Checkup("解読結果", "parsed values", "ok", "すべての受領ファイルにあります / there for every received file")


def _parsed(city: CityFolder) -> Checkup:
    damaged = [
        *parsed_store.damaged(city.parsed, city.history, wholly=True),
        *kept.wrong(city.history, f"{city.parsed.name}/"),
    ]
    if damaged:
        remedy = "facility-emissions nightly （読み直します / parses them again）"
        return Checkup("parsed/ のハッシュ", "hashes of parsed/", "bad", few(damaged), remedy)
    count = len(parsed_store.batches_in_use(city.parsed))
    return Checkup("parsed/ のハッシュ", "hashes of parsed/", "ok", f"{count} 組が一致 / batches agree")


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
        told = f"{len(invariants.INVARIANTS)} 件 / rules"
        state, detail = ("bad", str(broken)) if broken else ("ok", told)
        yield Checkup("不変条件（全期間）", "invariants, all years", state, detail, rebuild if broken else "")
        stated = set(connection.execute("SELECT table_name, column_name FROM dictionary").fetchall())
        real = set(
            connection.execute(
                "SELECT table_name, column_name FROM duckdb_columns() WHERE database_name = 'city' AND NOT internal"
            ).fetchall()
        )
        differ = sorted(".".join(pair) for pair in stated ^ real)
        state, detail = ("bad", few(differ)) if differ else ("ok", f"{len(stated)} 列 / columns")
        yield Checkup("データ辞書", "dictionary", state, detail, rebuild if differ else "")
        unsaid = [
            t for t in tables.catalogue() if tables.catalogue()[t].kind != "step" and t not in {p[0] for p in real}
        ]
        if unsaid:
            yield Checkup("表", "tables", "bad", few(unsaid), rebuild)
