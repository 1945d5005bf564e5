"""Does the history prove itself: chains, kept files, decisions and the published file, each against what the others say.

Reads everything under ``history/``, the decisions and the published file; changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from itertools import pairwise

import duckdb

from pipelines import tables
from pipelines.history import chain, kept
from pipelines.history.chain import Chain
from pipelines.history.journal import BEGUN, SEALED
from pipelines.history.records import COPIED, History
from pipelines.history.snapshots import STATES, Snapshots
from pipelines.review.store import DecisionsError, read_all
from pipelines.run import decision_chain
from pipelines.settings.city import CityFolder
from pipelines.texts import both, ja_en
from pipelines.upkeep.checkup import Checkup, guarded
from pipelines.warehouse import database

MOST = 5
SHORTEST_HEAD = 16


def examine(city: CityFolder) -> Iterator[Checkup]:
    """Look at every line and every kept content of the history, and at what it says of decisions and published file."""
    chains = chain.all_of(city.history)
    yield from guarded(*ja_en("what_lines_of_the_history"), lambda: [_lines(chains)])
    yield from guarded(*ja_en("what_chain_of_the_history"), lambda: [_chains(city, chains)])
    yield from guarded(*ja_en("what_history_begun_anew"), lambda: _begun(chains))
    yield from guarded(*ja_en("what_kept_registers"), lambda: [_kept(city)])
    yield from guarded(*ja_en("what_order_of_the_history"), lambda: [_order(city)])
    yield from guarded(*ja_en("what_chain_of_the_decisions"), lambda: [_decisions(city)])
    if city.published.is_file():
        yield from guarded(*ja_en("what_hash_of_the_published_file"), lambda: [_published(city)])


def lost(city: CityFolder) -> list[str]:
    """Return, a sentence each, what of the history is gone or changed: what a history may be begun anew for."""
    chains = chain.all_of(city.history)
    looked = (_chains(city, chains), _kept(city), _decisions(city))
    return [f"{each.what_ja} / {each.what_en}: {each.detail}" for each in looked if each.state == "bad"]


def against(city: CityFolder, head: str, on: date) -> Checkup:
    """Tell whether today's history continues one whose head was noted down on a day.

    Args:
        city: The city folder.
        head: The head, as it was printed.
        on: The day beside it.
    """
    what = ja_en("what_head_of_the_history")
    wanted = head.replace("-", "").strip().lower()
    chains = chain.all_of(city.history)
    runs = chains.get(chain.RUNS, Chain(chain.RUNS))
    places = [
        at for at, digest in enumerate(runs.digests) if len(wanted) >= SHORTEST_HEAD and digest.startswith(wanted)
    ]
    if not places:
        detail = both("head_of_no_run", at=head)
        return Checkup(*what, "bad", detail, restore())
    at = places[0]
    days = [_day(record) for record in runs.records]
    first, last = days[at], next((day for day in days[at + 1 :] if day), None)
    if first and not (first <= on and (last is None or on <= max(first, last))):
        return Checkup(*what, "bad", both("head_of_another_day", at=head, on=on, first=first), restore())
    broken = list(chain.wrong(city.history, chains))
    if broken or at + 1 <= runs.sealed:
        told = few(broken) or both("begun_anew_since")
        return Checkup(*what, "bad", f"{head}: {told}", restore())
    more = len(runs.digests) - at - 1
    return Checkup(*what, "ok", both("head_continued", at=head, on=on, more=more))


def _lines(chains: Mapping[str, Chain]) -> Checkup:
    torn = [place for each in chains.values() for place in each.torn]
    if torn:
        return Checkup(*ja_en("what_lines_of_the_history"), "note", both("lines_torn", at=few(torn)), "")
    return Checkup(*ja_en("what_lines_of_the_history"), "ok", str(sum(len(each.digests) for each in chains.values())))


def _chains(city: CityFolder, chains: Mapping[str, Chain]) -> Checkup:
    what = ja_en("what_chain_of_the_history")
    broken = list(chain.wrong(city.history, chains))
    if not chains and (city.published.is_file() or any(city.parsed.glob("files-*.parquet"))):
        broken.append(both("history_folder_empty"))
    if broken:
        return Checkup(*what, "bad", few(broken), restore())
    return Checkup(*what, "ok", both("files_and_head", files=len(chains), head=chain.head_told(city.history)))


def _begun(chains: Mapping[str, Chain]) -> Iterator[Checkup]:
    """Histories that were begun anew: accepted, and told for ever."""
    for each in chains.get(BEGUN, Chain(BEGUN)).records:
        if SEALED not in each:
            detail = f"{each.get('at')} {each.get('by')}: {each.get('reason')}"
            yield Checkup(*ja_en("what_history_begun_anew"), "note", detail)


def _kept(city: CityFolder) -> Checkup:
    """Kept contents are what their names or the history's lines say."""
    contents = sorted((city.history / "kept").rglob("*.csv"))
    wrong = [str(path) for path in contents if kept.hash_of(path) != path.stem]
    store = Snapshots(city.history)
    for state in store.all():
        for kind in ("registers", "reference"):
            places = [store.path(kind, name, digest) for name, digest in getattr(state, kind).items()]
            wrong += [str(path) for path in places if not path.is_file()]
    wrong += kept.wrong(city.history, f"{city.history.name}/")
    if wrong:
        return Checkup(*ja_en("what_kept_registers"), "bad", few(list(dict.fromkeys(wrong))), restore())
    count = len(contents) + len(kept.stated(city.history))
    return Checkup(*ja_en("what_kept_registers"), "ok", f"{count}")


def _order(city: CityFolder) -> Checkup:
    moments = [state.seen_at for state in Snapshots(city.history).all()]
    times = [str(row["published_time"]) for row in History(city.history).read("publications")]
    if any(b < a for a, b in pairwise(moments)) or any(b < a for a, b in pairwise(times)):
        remedy = both("check_the_clock")
        return Checkup(*ja_en("what_order_of_the_history"), "note", both("time_went_back", at=STATES), remedy)
    return Checkup(*ja_en("what_order_of_the_history"), "ok", both("count_of_publications", count=len(times)))


def _decisions(city: CityFolder) -> Checkup:
    what = ja_en("what_chain_of_the_decisions")
    try:
        decisions = read_all(city.decisions_url)
    except DecisionsError as error:
        return Checkup(*what, "bad", str(error), restore())
    if found := decision_chain.changed(city.history, decisions):
        return Checkup(*what, "bad", found, restore())
    return Checkup(*what, "ok", both("count_of_decisions", count=len(decisions)))


def _published(city: CityFolder) -> Checkup:
    """The published file is the one that was swapped in, and the history has every run and publication that it names."""
    what = ja_en("what_hash_of_the_published_file")
    history = History(city.history)
    if history.has_changed(city.published):
        return Checkup(*what, "bad", both("not_what_was_published"), "facility-emissions nightly")
    lost: list[str] = []
    try:
        with database.connect_published(city.published) as connection:
            for name in COPIED:
                key = tables.table(name).key
                known = {tuple(str(row.get(column)) for column in key) for row in history.read(name)}
                rows = connection.execute(f"SELECT {', '.join(key)} FROM {name}").fetchall()
                lost += [f"{name} {row[0]}" for row in rows if tuple(map(str, row)) not in known]
    except duckdb.Error as error:
        return Checkup(*what, "bad", str(error)[:200], "facility-emissions rebuild")
    if lost:
        detail = both("not_in_history", at=few(lost))
        return Checkup(*what, "note", detail, f"facility-emissions nightly （{both('brings_it_over')}）")
    return Checkup(*what, "ok", kept.hash_of(city.published)[:16])


def _day(run: Mapping[str, object]) -> date | None:
    told = run.get("ended_time") or run.get("started_time")
    return datetime.fromisoformat(str(told)).date() if told else None


def restore() -> str:
    """What to do where the history is gone or was changed."""
    return both("restore_a_backup")


def few(names: list[str]) -> str:
    """The first few of many."""
    more = f" +{len(names) - MOST}" if len(names) > MOST else ""
    return ", ".join(names[:MOST]) + more
