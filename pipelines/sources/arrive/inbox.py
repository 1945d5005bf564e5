"""What arrived: scan the inbox, keep the ledger of arrivals, say which files are new.

Reads ``<city>/inbox/<source>/``, ``<city>/weather/`` and each source's optional ``received.csv`` (path, received_at); a file put straight
into ``inbox/`` belongs to the source ``.``. Writes the append-only ledger ``history/arrivals.jsonl``: hash, source, path,
size, received_at, seen_at, and beside it what could not be taken in. ``received_at`` comes from received.csv, else it is
the moment the content was first seen, kept for ever with its hash; a later edit of received.csv is a line of its own. A file that was
moved within the inbox is known by its content: it is told, and where the old place has to be read again, it is read from the new one.
``seen_at`` is the clock when the line was written, never earlier than that of the line before: what was known on a past
moment goes by it, precedence by ``received_at``. A file that stood there before costs one ``stat``.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from pipelines import durable
from pipelines.findings import Finding
from pipelines.history import journal, kept
from pipelines.history.moments import Past
from pipelines.periods import PeriodError, parse_moment
from pipelines.settings.city import CityFolder, Limits
from pipelines.sources import parsed_store
from pipelines.sources.arrive import odd_names, remote
from pipelines.sources.open.inspect_file import Inspected, inspect
from pipelines.sources.open.open_file import Inbound, sentence_of
from pipelines.texts import both

RECEIVED = "received.csv"
RECEIVED_COLUMNS = ("path", "received_at")
LEDGER = "arrivals.jsonl"
NOT_TAKEN = "not_taken.jsonl"
DIRECT = "."
# the source that files of the city's folder weather/ belong to
WEATHER = "@weather"
SEEN = "seen.json"
UNREADABLE = "unreadable:"
NOT_OURS = frozenset({"thumbs.db", "desktop.ini", ".ds_store"})
# A file this young may still be growing under the same time stamp: it is looked at again next time.
YOUNG_NANOSECONDS = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Arrival:
    """One content under one path: the unit of the ledger.

    Args:
        sha256: Hash of the content.
        source: Folder of the inbox.
        path: Path below it.
        size: Bytes.
        received_at: As stated last, else when the content was first seen.
        first_seen_at: The clock when the system first saw the content there; ``None``: not told.
    """

    sha256: str
    source: str
    path: str
    size: int
    received_at: datetime
    first_seen_at: datetime | None = None

    @property
    def name(self) -> str:
        """Source and path, as it is told."""
        return f"{self.source}/{self.path}"


Key = tuple[str, str, str]


@dataclass(slots=True)
class Ledger:
    """The ledger as it was read: each arrival's latest statement, statements that changed, and the latest clock."""

    arrivals: dict[Key, Arrival] = field(default_factory=dict)
    restated: dict[str, Finding] = field(default_factory=dict)
    seen_at: datetime = datetime.min  # noqa: DTZ901 - local

    def take(self, record: dict[str, Any]) -> None:
        """Take in the next line; one of an earlier version was first seen when it was received."""
        received = datetime.fromisoformat(record["received_at"])
        stated = record.get("seen_at")
        seen = received if stated is None else datetime.fromisoformat(stated)
        self.seen_at = self.seen_at if stated is None else max(self.seen_at, seen)
        key = (record["sha256"], record["source"], record["path"])
        before = self.arrivals.pop(key, None)
        if record.get("withdrawn"):
            return
        first = before.first_seen_at if before else seen
        self.arrivals[key] = Arrival(*key, int(record["size"]), received, first)
        if before and before.received_at != received:
            file = f"{record['source']}/{record['path']}"
            told = {"old": str(before.received_at), "new": str(received), "seen": str(seen)}
            self.restated[file] = Finding("receipt_restated", file, told)


@dataclass(slots=True)
class Scan:
    """What a scan found: every arrival known so far, the files to parse, and findings."""

    arrivals: list[Arrival]
    to_parse: list[Inbound]
    new_files: int
    findings: list[Finding]


def scan(city: CityFolder, progress: Callable[[int], None] = lambda _: None) -> Scan:
    """Find what arrived and bring the ledger up to date.

    Args:
        city: The city folder.
        progress: Called with the number of files looked at so far.

    Returns:
        All arrivals of this and earlier nights, and the files that must be parsed.
    """
    book = read_ledger(city.history)
    known = book.arrivals
    received_first: dict[str, datetime] = {}
    for old in known.values():
        received_first[old.sha256] = min(old.received_at, received_first.get(old.sha256, datetime.max))  # noqa: DTZ901 - local
    current = {key: file for key, file in parsed_store.index(city.parsed).items() if file.is_current}
    seen = _load_seen(city.parsed)
    result = Scan([], [], 0, remote.fetch(city))
    now = max(city.now(), book.seen_at)
    fresh: list[Arrival] = []
    stands: dict[str, Path] = {}  # content -> where it was found by this scan
    found_at: set[tuple[str, str]] = set()
    stated: dict[str, dict[str, datetime]] = {}
    for number, (source, path, file) in enumerate(_all_files(city, result.findings), start=1):
        progress(number)
        wanted = city.settings.wanted(source)
        sha256, inspected = _identify(file, f"{source}/{path}", seen, city)
        if sha256 is None:
            continue
        stands.setdefault(sha256, file)
        found_at.add((source, path))
        if source not in stated:
            stated[source] = _received(path_of(city, source, "."), city.settings.limits, result.findings)
        received = _stated(stated[source], path) or received_first.get(sha256, now)
        size = inspected.size if inspected else int(str(seen[f"{source}/{path}"][0]))
        old_one = known.get((sha256, source, path))
        arrival = Arrival(sha256, source, path, size, received, old_one.first_seen_at if old_one else now)
        if old_one != arrival:
            fresh.append(arrival)
            result.new_files += (sha256, source, path) not in known
            known[sha256, source, path] = arrival
        if not _is_parsed(current, sha256, path, wanted):
            result.to_parse.append(Inbound(source, path, inspected or _inspect(file, city), wanted))
    journal.append(city.history / LEDGER, (_as_record(arrival, now) for arrival in fresh))
    new = {arrival.sha256: arrival.name for arrival in reversed(fresh)}
    for old in [a for a in known.values() if (a.source, a.path) not in found_at and a.sha256 in stands]:
        if old.sha256 in new:
            result.findings.append(Finding("file_moved", new[old.sha256], {"old": old.name}))
        wanted = city.settings.wanted(old.source)
        if not _is_parsed(current, old.sha256, old.path, wanted):
            result.to_parse.append(Inbound(old.source, old.path, _inspect(stands[old.sha256], city), wanted))
    if result.findings != not_taken(city.history):
        told = [asdict(finding) for finding in result.findings]
        journal.append(city.history / NOT_TAKEN, [{"findings": told, "seen_at": str(now)}])
    _save_seen(city.parsed, seen)
    result.arrivals = sorted(known.values(), key=lambda a: (a.sha256, a.source, a.path))
    return result


def waiting(city: CityFolder) -> list[str]:
    """Return the files that lie in the inbox and that no night has taken in as they are now; nothing is written.

    A path that the ledger does not know waits. Another is read only where its size or time stamp is not that of the last scan.
    """
    known = read_ledger(city.history).arrivals
    paths, seen = {(source, path) for _, source, path in known}, _load_seen(city.parsed)

    def is_taken(source: str, path: str, file: Path) -> bool:
        if (source, path) not in paths:
            return False
        sha256, _ = _identify(file, f"{source}/{path}", seen, city)
        return not file.exists() if sha256 is None else (sha256, source, path) in known

    return [f"{source}/{path}" for source, path, file in _all_files(city, []) if not is_taken(source, path, file)]


def path_of(city: CityFolder, source: str, path: str) -> Path:
    """Return where the file of an arrival lies, or lay."""
    folder = city.weather if source == WEATHER else city.inbox / odd_names.as_name(source)
    return folder / odd_names.as_name(path)


def withdraw(history: Path, changed: Iterable[Inbound]) -> list[Arrival]:
    """Take back arrivals whose files changed between hashing and reading: what was hashed can no longer be read.

    Returns:
        The arrivals that remain.
    """
    book = read_ledger(history)
    known = book.arrivals
    keys = {(each.inspected.sha256, each.source, each.path) for each in changed}
    gone = (_as_record(known[key], book.seen_at) | {"withdrawn": True} for key in sorted(keys & known.keys()))
    journal.append(history / LEDGER, gone)
    return sorted(ledger(history).values(), key=lambda a: (a.sha256, a.source, a.path))


def set_damaged_aside(parsed: Path, history: Path) -> list[Finding]:
    """Set damaged batches of ``parsed/`` aside, so that their files are parsed again, and say which."""
    found = parsed_store.damaged(parsed, history)
    for batch in found:
        kept.note_gone(
            history, [path for kind in parsed_store.KINDS for path in parsed_store.batch_paths(parsed, kind, [batch])]
        )
        parsed_store.set_aside(parsed, batch)
    return [Finding("parsed_damaged", batch, {}) for batch in found]


def lost(city: CityFolder, arrivals: Iterable[Arrival]) -> list[Arrival]:
    """Return the received files that are in the ledger but neither parsed nor there to be parsed."""
    parsed = parsed_store.index(city.parsed)
    return [
        a
        for a in arrivals
        if not a.sha256.startswith(UNREADABLE)
        and not _is_parsed(parsed, a.sha256, a.path, city.settings.wanted(a.source))
    ]


def not_current(city: CityFolder, arrivals: Iterable[Arrival]) -> list[Arrival]:
    """Return the files that an older program parsed and this one would parse again, were their originals there."""
    current = {key: file for key, file in parsed_store.index(city.parsed).items() if file.is_current}
    return [
        a
        for a in arrivals
        if not a.sha256.startswith(UNREADABLE)
        and not _is_parsed(current, a.sha256, a.path, city.settings.wanted(a.source))
    ]


def ledger(history: Path) -> dict[Key, Arrival]:
    """Return the ledger: the latest record of each (hash, source, path)."""
    return read_ledger(history).arrivals


def read_ledger(history: Path, past: Past | None = None) -> Ledger:
    """Return the ledger as it is, or as it was on a past moment."""
    book = Ledger()
    for number, record in journal.numbered(history / LEDGER):
        if (
            past is None
            or past.by_receipt
            or past.knows(LEDGER, number, record.get("seen_at") or record["received_at"])
        ):
            book.take(record)
    if past is not None and past.by_receipt:
        book.arrivals = {key: a for key, a in book.arrivals.items() if a.received_at <= past.moment}
    return book


def not_taken(history: Path, past: Past | None = None) -> list[Finding]:
    """Return what the last scan (by a past moment) could not take in, so that a rebuild tells the same."""
    last: dict[str, Any] = {"findings": []}
    for number, record in journal.numbered(history / NOT_TAKEN):
        if past is None or past.knows(NOT_TAKEN, number, record.get("seen_at")):
            last = record
    return [Finding(**finding) for finding in last["findings"]]


def _as_record(arrival: Arrival, seen_at: datetime) -> dict[str, object]:
    told: dict[str, object] = asdict(arrival) | {"received_at": str(arrival.received_at), "seen_at": str(seen_at)}
    del told["first_seen_at"]
    return told


def _all_files(city: CityFolder, findings: list[Finding]) -> Iterator[tuple[str, str, Path]]:
    if not city.inbox.exists() and not city.settings.inbox.url:
        findings.append(Finding("unreadable_folder", city.inbox.name, {"found": both("no_such_folder")}))
    yield from _files(city.inbox, findings)
    for source, path, file in _files(city.weather, findings):
        yield WEATHER, path if source == DIRECT else f"{source}/{path}", file


def _files(inbox: Path, findings: list[Finding]) -> Iterator[tuple[str, str, Path]]:
    """Yield (source, path below the source, file) in a fixed order; links are not followed. Names that are no text are told."""

    def unreadable(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):  # no such folder: nothing came
            place = odd_names.as_text(Path(str(error.filename)).relative_to(inbox.parent).as_posix())
            findings.append(Finding("unreadable_folder", place, {"found": error.strerror or type(error).__name__}))

    for folder, names, files in os.walk(inbox, followlinks=False, onerror=unreadable):
        names[:] = sorted(name for name in names if not name.startswith("."))
        links = {name for name in names if (Path(folder) / name).is_symlink()}
        for name in sorted({*files, *links}):
            file = Path(folder) / name
            parts = file.relative_to(inbox).parts
            below = (parts[0], "/".join(parts[1:])) if len(parts) > 1 else (DIRECT, name)
            source, path = map(odd_names.as_text, below)
            if name.startswith((".", "~$")) or name.lower() in NOT_OURS or path == RECEIVED:
                continue
            if file.is_symlink() or not file.is_file():
                findings.append(Finding("not_a_file", f"{source}/{path}", {}))
                continue
            if (source, path) != below:
                told = {"found": odd_names.read_as_japanese("/".join(below)) or "-"}
                findings.append(Finding("odd_name", f"{source}/{path}", told))
            yield source, path, file


def _identify(
    file: Path, name: str, seen: dict[str, list[object]], city: CityFolder
) -> tuple[str | None, Inspected | None]:
    """Return the content's hash, from the last scan when size and time stamp are unchanged."""
    trait = _trait(file)
    if trait is None:
        return None, None  # vanished between listing and reading; it comes again or it does not
    remembered = seen.get(name)
    if remembered and remembered[:2] == trait:
        return str(remembered[2]), None
    inspected = _inspect(file, city)
    now = _trait(file)
    if now is None or (inspected.sha256 and now != trait):
        return None, None  # gone, or being written at this very moment: it is taken next time
    if not inspected.sha256:  # a stand-in, so that a file whose bytes cannot be read is on record all the same
        inspected.sha256 = f"{UNREADABLE}{name}"
        return inspected.sha256, inspected
    if datetime.now().timestamp() * 1e9 - trait[1] > YOUNG_NANOSECONDS:  # noqa: DTZ005 - a duration
        seen[name] = [*trait, inspected.sha256]
    return inspected.sha256, inspected


def _trait(file: Path) -> list[int] | None:
    try:
        stat = file.stat()
    except OSError:
        return None
    return [stat.st_size, stat.st_mtime_ns]


def _inspect(file: Path, city: CityFolder) -> Inspected:
    limits = city.settings.limits
    return inspect(odd_names.readable(file, city.data / "tmp", limits.file_bytes), limits)


def _is_parsed(
    parsed: dict[parsed_store.FileKey, parsed_store.ParsedFile], sha256: str, path: str, wanted: str
) -> bool:
    return parsed_store.FileKey(sha256, "", wanted) in parsed or parsed_store.FileKey(sha256, path, wanted) in parsed


def _received(folder: Path, limits: Limits, findings: list[Finding]) -> dict[str, datetime]:
    """Read a source's received.csv: path -> received_at. What cannot be read is a finding, not a guess."""
    if not (folder / RECEIVED).is_file():
        return {}
    place, named = f"{odd_names.as_text(folder.name)}/{RECEIVED}", ", ".join(RECEIVED_COLUMNS)
    inspected = inspect(folder / RECEIVED, limits)
    try:
        if inspected.problem:
            raise ValueError(sentence_of(inspected.problem))
        text = (folder / RECEIVED).read_text(encoding=inspected.encoding) if inspected.kind == "text" else ""
        reader = csv.DictReader(io.StringIO(text))
        rows = [(reader.line_num, row) for row in reader]
        if not set(RECEIVED_COLUMNS) <= set(reader.fieldnames or ()):
            raise ValueError(both("no_such_header", named=named))
    except (OSError, ValueError, csv.Error) as error:  # csv: a quote that closes nowhere
        findings.append(Finding("received_row", place, {"found": str(error)}))
        return {}
    found: dict[str, datetime] = {}
    for line, row in rows:
        path, received_at = ((row[name] or "").strip() for name in RECEIVED_COLUMNS)
        try:
            if path or received_at:
                found[path] = parse_moment(received_at)
        except PeriodError as error:
            findings.append(Finding("received_row", f"{place}:{line}", {"found": error.told}))
    return found


def _stated(received: dict[str, datetime], path: str) -> datetime | None:
    """What received.csv says of a file; it may write a name that is no text as it reads in Japanese."""
    return received.get(path) or received.get(odd_names.read_as_japanese(odd_names.as_name(path)) or path)


def _load_seen(parsed: Path) -> dict[str, list[object]]:
    try:
        loaded: dict[str, list[object]] = json.loads((parsed / SEEN).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}  # only a shortcut: without it every file is hashed again
    return loaded


def _save_seen(parsed: Path, seen: dict[str, list[object]]) -> None:
    durable.write(parsed / SEEN, json.dumps(seen, ensure_ascii=False).encode())
