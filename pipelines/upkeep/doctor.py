"""Is this installation and this city folder sound, and if not, what to do.

Each check says what it looked at, whether it is well, and the next step when it is not. Nothing is changed. A check that cannot
be carried out says so and never keeps the others from being made.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from datetime import date
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from pipelines.findings import rules
from pipelines.process import child
from pipelines.registers import checks, read
from pipelines.run.exchange import is_under_way
from pipelines.settings.city import CityFolder
from pipelines.settings.city_file import SettingsError
from pipelines.texts import both, ja_en
from pipelines.upkeep import history
from pipelines.upkeep.checkup import Checkup, guarded
from pipelines.upkeep.deep import examine as examine_deeply

NEEDED_BYTES = 2_000_000_000
NEEDED_TO_START, SECONDS_TO_START = 500_000_000, 60


def examine(
    folder: Path, data: Path | None, *, deep: bool = False, noted: tuple[str, date] | None = None
) -> Iterator[Checkup]:
    """Look at Python, packages, settings, registers, inbox, data folder and the published file.

    Args:
        folder: The city folder.
        data: The data folder; ``None``: what city.toml says.
        deep: Also read everything that was ever kept: hashes, history, dictionary, conservation.
        noted: A head of the history that was noted down, and the day beside it, to hold today's history against.
    """
    yield from guarded("Python", "Python", lambda: [_python()])
    yield from guarded(*ja_en("what_package_versions"), _packages)
    yield from guarded(*ja_en("what_reading_process"), lambda: [_reading()])
    try:
        city = CityFolder(folder, data)
    except SettingsError as error:
        yield Checkup(*ja_en("what_settings"), "bad", str(error), both("mend_city_toml"))
        return
    yield Checkup(*ja_en("what_settings"), "ok", f"{city.settings.city.name}・{city.folder}")
    yield from guarded(*ja_en("what_registers"), lambda: _registers(city))
    yield from guarded(*ja_en("what_inbox"), lambda: [_inbox(city)])
    yield from guarded(*ja_en("what_data_folder"), lambda: [_data_folder(city)])
    yield from guarded(*ja_en("what_published_file"), lambda: [_published(city)])
    yield from guarded(*ja_en("what_decisions"), lambda: [_decisions(city)])
    yield from guarded(*ja_en("what_schedule"), lambda: [_schedule(city)])
    if deep:
        yield from examine_deeply(city)
    if noted is not None:
        yield from guarded(*ja_en("what_head_of_the_history"), lambda: [history.against(city, *noted)])


def _decisions(city: CityFolder) -> Checkup:
    from pipelines.review.store import DecisionsError, read_all

    try:
        taken = len(read_all(city.decisions_url))
    except DecisionsError as error:
        return Checkup(*ja_en("what_decisions"), "bad", str(error), "facility-emissions restore")
    return Checkup(*ja_en("what_decisions"), "ok", both("count_of_decisions", count=taken))


def _schedule(city: CityFolder) -> Checkup:
    from pipelines.run.guard import missed

    due = missed(city)
    if due is None:
        return Checkup(*ja_en("what_schedule"), "ok", city.settings.schedule.cron)
    detail = both("night_was_missed", due=due)
    return Checkup(*ja_en("what_schedule"), "note", detail, "facility-emissions nightly")


def _python() -> Checkup:
    found = ".".join(str(part) for part in sys.version_info[:3])
    return Checkup("Python", "Python", "ok", found)


def _packages() -> Iterator[Checkup]:
    try:
        wanted = requires("facility-emissions") or []
    except PackageNotFoundError:
        yield Checkup(*ja_en("what_package"), "bad", "facility-emissions", both("install_package"))
        return
    pins = dict(line.split("==") for line in wanted if "==" in line and "extra" not in line)
    wrong = {name: (pin, _version(name)) for name, pin in pins.items() if _version(name) != pin}
    if wrong:
        told = ", ".join(f"{name} {have} ({pin})" for name, (pin, have) in wrong.items())
        remedy = both("install_pins")
        yield Checkup(*ja_en("what_package_versions"), "bad", told, remedy)
    else:
        yield Checkup(*ja_en("what_package_versions"), "ok", ", ".join(f"{n} {v}" for n, v in pins.items()))


def _reading() -> Checkup:
    """Start the process that reads workbooks and XML, and say what holds it to its memory."""
    try:
        child.call(child.limited_by, memory=NEEDED_TO_START, seconds=SECONDS_TO_START)
    except (child.ChildDiedError, OSError, RuntimeError) as error:
        remedy = both("allow_python")
        return Checkup(*ja_en("what_reading_process"), "bad", str(error), remedy)
    held = child.limited_by()
    state = "note" if held == child.BY_CLOCK else "ok"
    told = {
        child.BY_SYSTEM: both("limits_kept_by_system"),
        child.BY_WATCHING: both("limits_kept_by_watching"),
        child.BY_CLOCK: both("only_time_limit_kept"),
    }
    return Checkup(*ja_en("what_reading_process"), state, told[held])


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "-"


def _registers(city: CityFolder) -> list[Checkup]:
    """Whether the registers hold together, and a note for each line that stands there in vain."""
    what = ja_en("what_registers")
    try:
        found = read.read(city.registers, checks.of_city(city.settings))
    except read.RegisterError as error:
        return [Checkup(*what, "bad", str(error), both("mend_lines_named"))]
    counts = ", ".join(f"{name} {len(found[name])}" for name in read.REQUIRED)
    vain = [finding for finding in found.findings if rules()[finding.rule_id].severity != "info"]
    return [
        Checkup(*what, "ok", counts),
        *(
            Checkup(*what, "note", f.numbers["found"], rules()[f.rule_id].both({"subject": f.subject, **f.numbers}))
            for f in vain
        ),
    ]


def _inbox(city: CityFolder) -> Checkup:
    if not city.inbox.is_dir():
        return Checkup(*ja_en("what_inbox"), "bad", str(city.inbox), both("make_inbox"))
    sources = sorted(p.name for p in city.inbox.iterdir() if p.is_dir())
    unknown = sorted(set(city.settings.sources) - set(sources))
    if unknown:
        return Checkup(*ja_en("what_inbox"), "note", both("sources_without_folder", sources=", ".join(unknown)))
    return Checkup(*ja_en("what_inbox"), "ok", ", ".join(sources) or "-")


def _data_folder(city: CityFolder) -> Checkup:
    if is_under_way(city.data):
        return Checkup(
            *ja_en("what_data_folder"),
            "bad",
            both("restore_died_here", at=city.data),
            f"facility-emissions nightly （{both('finishes_or_undoes')}）",
        )
    place = city.data
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    probe = place / ".facility-emissions-probe"
    try:
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        return Checkup(
            *ja_en("what_data_folder"),
            "bad",
            f"{city.data}: {error.strerror}",
            both("give_rights_to_write"),
        )
    if free < NEEDED_BYTES:
        return Checkup(
            *ja_en("what_data_folder"),
            "note",
            both("free_megabytes", megabytes=free // 1_000_000),
            both("free_some_space"),
        )
    return Checkup(
        *ja_en("what_data_folder"), "ok", f"{city.data}（{both('free_gigabytes', gigabytes=free // 1_000_000_000)}）"
    )


def _published(city: CityFolder) -> Checkup:
    from pipelines.warehouse import query

    if not city.published.is_file():
        return Checkup(*ja_en("what_published_file"), "note", both("not_published_yet"), "facility-emissions nightly")
    try:
        with query.opened(city.published) as connection:
            _, rows = query.select(connection, "SELECT max(published_time), max(today), count(*) FROM publications")
    except query.QueryError as error:
        return Checkup(*ja_en("what_published_file"), "bad", str(error), "facility-emissions nightly")
    return Checkup(
        *ja_en("what_published_file"),
        "ok",
        both("published_at", file=city.published, published=rows[0][0], today=rows[0][1]),
    )
