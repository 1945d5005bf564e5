"""The commands about running the thing: ``schedule``, ``runs``, ``backup``, ``restore`` and ``tidy``."""

from __future__ import annotations

import json
from contextlib import nullcontext
from datetime import datetime
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, Any

import typer

from pipelines.cli import common
from pipelines.texts import both

OUTCOME_STYLE = {"published": "green", "nothing_new": "dim"}
SLOWEST = 3


def add_to(app: typer.Typer) -> None:
    """Put the commands into the command line."""
    for command in (schedule, runs, backup, restore, tidy):
        app.command()(command)


def schedule(
    port: Annotated[int, typer.Option(help="サーバーのポート / port of the server.", min=1024)] = 4200,
) -> None:
    """夜間処理を毎日動かす（Prefectサーバー） / serve the nightly schedule of city.toml on a Prefect server.

    PREFECT_API_URL が示すサーバーを使い、なければデータフォルダで起動する / uses that server, else starts one.
    """
    city, out = common.city_folder(), common.terminal()
    found = {entry.name: entry for entry in entry_points(group="facility_emissions.flows")}
    found["prepare"].load()(city.data)

    def say(key: str, values: dict[str, Any]) -> None:
        out.line(out.say(key, **values))

    found["schedule"].load()(city, port, say)


def runs(
    last: Annotated[int, typer.Option("--last", help="件数 / how many.", min=1)] = 14, as_json: common.AsJson = False
) -> None:
    """実行の記録：いつ・結果・時間・行数・版 / the history of runs, the newest first, and the next one.

    例 / example: facility-emissions runs --last 30
    """
    from cronsim import CronSim

    from pipelines.history.records import History
    from pipelines.run.lock import running

    city = common.city_folder()
    history = History(city.history)
    found = sorted(history.read("runs"), key=lambda row: str(row["started_time"]), reverse=True)[:last]
    for row in found:
        row["notes"] = []
    told = {row["run_id"]: row["notes"] for row in found}
    for note in history.read("run_notes"):
        told.get(note.pop("run_id"), []).append(note)
    under_way = running(city.data)
    cron = city.settings.schedule.cron
    planned = next(CronSim(cron, city.now()))
    if as_json:
        common.print_json({"runs": found, "running": under_way, "next": planned, "cron": cron})
        return
    out = common.terminal()
    if under_way is not None:
        out.line(out.say("runs_now", since=under_way.since, pid=under_way.pid, command=under_way.command), "bold")
    for row in found:
        _show_run(out, row)
    if not found:
        out.line(out.say("runs_none"))
    out.line(
        out.say("runs_next", next=f"{planned:%Y-%m-%d %H:%M}", cron=cron, zone=city.settings.city.time_zone), "dim"
    )


def _show_run(out: Any, row: dict[str, Any]) -> None:  # noqa: ANN401 - a Terminal, imported late
    from pipelines.texts import word

    outcome = word(f"outcome_{row['outcome']}", out.language)
    took = "-"
    if row.get("ended_time"):
        seconds = datetime.fromisoformat(row["ended_time"]) - datetime.fromisoformat(row["started_time"])
        took = f"{seconds.total_seconds():.0f} s"
    version = " ".join(filter(None, (row["version"], row.get("program_state"))))
    out.line(
        f"{str(row['started_time'])[:16]}  {outcome}  {took}  {version}  {row['run_id']}",
        OUTCOME_STYLE.get(row["outcome"], "bold red"),
    )
    rows = json.loads(row.get("rows_json") or "{}")
    if rows:
        told = {name: f"{value:,}" for name, value in rows.items()}
        out.indented(out.say("runs_rows", files=row["files_new"], **told))
    steps = sorted(json.loads(row["durations_json"] or "{}").items(), key=lambda step: -step[1])[:SLOWEST]
    if steps:
        out.indented("、".join(f"{out.say(f'step_{name}')} {seconds:.1f} s" for name, seconds in steps))
    if row.get("run_problem"):
        out.indented(str(row["run_problem"]))
    for note in row["notes"]:
        outcome = word(f"outcome_{note['outcome']}", out.language)
        out.indented(str(note["problem"] or out.say(f"runs_note_{note['way']}", outcome=outcome)))


def backup(
    file: Annotated[Path, typer.Argument(help="控えのファイル / the file to write, .tar or .tar.gz")],
    as_json: common.AsJson = False,
) -> None:
    """データフォルダの控えを作る / back up the data folder into one file with hashes.

    例 / example: facility-emissions backup /mnt/backup/emissions-20261120.tar
    """
    from pipelines.upkeep.backup import back_up

    count = back_up(common.city_folder(), file.resolve())
    if as_json:
        common.print_json({"path": file, "files": count})
    else:
        common.terminal().line(common.terminal().say("backup_made", path=file, files=count))


def restore(
    file: Annotated[Path, typer.Argument(help="控えのファイル / a backup.")],
    over: Annotated[
        bool, typer.Option("--over", help="いまのフォルダを脇へ移して置き換える / move what is there aside.")
    ] = False,
    as_json: common.AsJson = False,
) -> None:
    """控えからデータフォルダを戻す / restore the data folder from a backup, after checking every hash.

    例 / example: facility-emissions restore /mnt/backup/emissions-20261120.tar
    """
    from pipelines.upkeep.backup import restore as put_back

    if not file.is_file():
        common.refuse(both("no_such_file", at=file))
    city = common.city_folder()
    count, aside = put_back(city, file, over=over)
    if as_json:
        common.print_json({"path": city.data, "files": count, "moved_to": aside})
        return
    out = common.terminal()
    out.line(out.say("restored", path=city.data, files=count))
    if aside is not None:
        out.line(f"→ {aside}")


def tidy(
    remove: Annotated[
        bool, typer.Option("--remove", help="作り直せるものを消す / remove what can be made anew.")
    ] = False,
    as_json: common.AsJson = False,
) -> None:
    """片付けられるもの：使われない解読結果・残り物・古い受領ファイル / what may go, by the setting retention."""
    from pipelines.run.lock import PATIENCE, run_lock
    from pipelines.upkeep import tidy as tidying

    city = common.city_folder()
    with run_lock(city.data, city.now(), wait=PATIENCE) if remove else nullcontext():
        found = tidying.look(city)
        removed = tidying.remove(found, city.history) if remove else 0
    if as_json:
        common.print_json({"found": [{"path": f.path, "reason": f.reason} for f in found], "removed": removed})
        return
    out = common.terminal()
    for each in found:
        reason = out.say(each.reason, years=city.settings.retention.raw_years)
        out.line(out.say("tidy_found", path=each.path, reason=reason))
    if not found:
        out.line(out.say("tidy_nothing"))
    elif remove:
        out.line(out.say("tidy_removed", count=removed))
    else:
        out.line(out.say("tidy_how"), "dim")
