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

from pipelines.process import child
from pipelines.registers import checks, read
from pipelines.run.exchange import is_under_way
from pipelines.settings.city import CityFolder
from pipelines.settings.city_file import SettingsError
from pipelines.upkeep import history
from pipelines.upkeep.checkup import Checkup, guarded
from pipelines.upkeep.deep import examine as examine_deeply

NEEDED_BYTES = 2_000_000_000
NEEDED_TO_START, SECONDS_TO_START = 500_000_000, 60
LIMITED = {
    child.BY_SYSTEM: "記憶域・時間の上限はOSが守ります（resource） / limits kept by the operating system",
    child.BY_WATCHING: "記憶域・時間の上限は監視して守ります（psutil） / limits kept by watching",
    child.BY_CLOCK: "時間の上限だけ守れます（記憶域は見られません） / only the time limit can be kept",
}


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
    yield from guarded("パッケージの版", "package versions", _packages)
    yield from guarded("読取りの別プロセス", "reading process", lambda: [_reading()])
    try:
        city = CityFolder(folder, data)
    except SettingsError as error:
        yield Checkup("設定", "settings", "bad", str(error), "city.toml を直してください。 / mend city.toml")
        return
    yield Checkup("設定", "settings", "ok", f"{city.settings.city.name}・{city.folder}")
    yield from guarded("台帳", "registers", lambda: [_registers(city)])
    yield from guarded("受領フォルダ", "inbox", lambda: [_inbox(city)])
    yield from guarded("データフォルダ", "data folder", lambda: [_data_folder(city)])
    yield from guarded("公表ファイル", "published file", lambda: [_published(city)])
    yield from guarded("確認・承認の記録", "decisions", lambda: [_decisions(city)])
    yield from guarded("予定", "schedule", lambda: [_schedule(city)])
    if deep:
        yield from examine_deeply(city)
    if noted is not None:
        yield from guarded("履歴の頭", "head of the history", lambda: [history.against(city, *noted)])


def _decisions(city: CityFolder) -> Checkup:
    from pipelines.review.store import DecisionsError, read_all

    try:
        taken = len(read_all(city.decisions_url))
    except DecisionsError as error:
        return Checkup("確認・承認の記録", "decisions", "bad", str(error), "facility-emissions restore")
    return Checkup("確認・承認の記録", "decisions", "ok", f"{taken} 件 / decisions")


def _schedule(city: CityFolder) -> Checkup:
    from pipelines.run.guard import missed

    due = missed(city)
    if due is None:
        return Checkup("予定", "schedule", "ok", city.settings.schedule.cron)
    detail = f"{due} の夜間処理が行われていません / the night due then was missed"
    return Checkup("予定", "schedule", "note", detail, "facility-emissions nightly")


def _python() -> Checkup:
    found = ".".join(str(part) for part in sys.version_info[:3])
    return Checkup("Python", "Python", "ok", found)


def _packages() -> Iterator[Checkup]:
    try:
        wanted = requires("facility-emissions") or []
    except PackageNotFoundError:
        yield Checkup(
            "パッケージ", "package", "bad", "facility-emissions", "pip install -e . を実行してください。 / install it"
        )
        return
    pins = dict(line.split("==") for line in wanted if "==" in line and "extra" not in line)
    wrong = {name: (pin, _version(name)) for name, pin in pins.items() if _version(name) != pin}
    if wrong:
        told = ", ".join(f"{name} {have} ({pin})" for name, (pin, have) in wrong.items())
        remedy = "pip install --require-hashes --no-deps -r requirements.txt を実行してください。 / install the pinned versions"
        yield Checkup("パッケージの版", "package versions", "bad", told, remedy)
    else:
        yield Checkup("パッケージの版", "package versions", "ok", ", ".join(f"{n} {v}" for n, v in pins.items()))


def _reading() -> Checkup:
    """Start the process that reads workbooks and XML, and say what holds it to its memory."""
    try:
        child.call(child.limited_by, memory=NEEDED_TO_START, seconds=SECONDS_TO_START)
    except (child.ChildDiedError, OSError, RuntimeError) as error:
        remedy = "Python の実行を許してください。 / allow Python to start Python"
        return Checkup("読取りの別プロセス", "reading process", "bad", str(error), remedy)
    held = child.limited_by()
    state = "note" if held == child.BY_CLOCK else "ok"
    return Checkup("読取りの別プロセス", "reading process", state, LIMITED[held])


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "-"


def _registers(city: CityFolder) -> Checkup:
    try:
        found = read.read(city.registers)
        vocabularies = checks.vocabularies()
        checks.check(found, city.settings, *vocabularies)
    except read.RegisterError as error:
        return Checkup("台帳", "registers", "bad", str(error), "示された行を直してください。 / mend the lines named")
    counts = ", ".join(f"{name} {len(found[name])}" for name in read.REQUIRED)
    return Checkup("台帳", "registers", "ok", counts)


def _inbox(city: CityFolder) -> Checkup:
    if not city.inbox.is_dir():
        return Checkup(
            "受領フォルダ", "inbox", "bad", str(city.inbox), "フォルダを作り、受領元ごとに分けてください。 / make it"
        )
    sources = sorted(p.name for p in city.inbox.iterdir() if p.is_dir())
    unknown = sorted(set(city.settings.sources) - set(sources))
    if unknown:
        return Checkup(
            "受領フォルダ", "inbox", "note", f"{', '.join(unknown)} が設定にあるがフォルダがない / no such folder"
        )
    return Checkup("受領フォルダ", "inbox", "ok", ", ".join(sources) or "-")


def _data_folder(city: CityFolder) -> Checkup:
    if is_under_way(city.data):
        return Checkup(
            "データフォルダ",
            "data folder",
            "bad",
            f"{city.data}: 途中で終わった復元 / a restore that died",
            "facility-emissions nightly （終わらせるか取り消します / finishes or undoes it）",
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
            "データフォルダ",
            "data folder",
            "bad",
            f"{city.data}: {error.strerror}",
            "書込みの権限を与えてください。 / give rights to write",
        )
    if free < NEEDED_BYTES:
        return Checkup(
            "データフォルダ",
            "data folder",
            "note",
            f"空き {free // 1_000_000} MB / free",
            "空きを増やしてください。 / free some space",
        )
    return Checkup("データフォルダ", "data folder", "ok", f"{city.data}（空き {free // 1_000_000_000} GB / free）")


def _published(city: CityFolder) -> Checkup:
    from pipelines.warehouse import query

    if not city.published.is_file():
        return Checkup(
            "公表ファイル", "published file", "note", "まだありません / none yet", "facility-emissions nightly"
        )
    try:
        with query.opened(city.published) as connection:
            _, rows = query.select(connection, "SELECT max(published_time), max(today), count(*) FROM publications")
    except query.QueryError as error:
        return Checkup("公表ファイル", "published file", "bad", str(error), "facility-emissions nightly")
    return Checkup("公表ファイル", "published file", "ok", f"{city.published}（{rows[0][0]}、基準日 {rows[0][1]}）")
