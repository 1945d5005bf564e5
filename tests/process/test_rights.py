"""Who may read what is kept, where the data folder may lie, and who waits for whom."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from pipelines.process import rights
from pipelines.review.store import Decision, DecisionsError, Store
from pipelines.run.lock import AlreadyRunning, run_lock
from pipelines.upkeep import backup
from tests.cli.test_cli import run
from tests.making import City, monthly
from tests.upkeep.test_operation import night

POSIX = pytest.mark.skipif(os.name != "posix", reason="rights are set where the system has such")
MOUNTS = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
31 22 0:40 / /mnt/share\\040city rw - cifs //server/share rw
32 22 0:41 / /mnt/share\\040city/disk rw - xfs /dev/sdb1 rw
"""


def modes(city: City) -> dict[str, int]:
    names = ("history", "tmp", "next", "decisions.sqlite")
    return {
        name: (city.paths.data / name).stat().st_mode & 0o777 for name in names if (city.paths.data / name).exists()
    }


@POSIX
def test_decisions_history_and_backups_are_for_the_owner_only(city: City, tmp_path: Path) -> None:
    city.bills("fuel/a.csv", monthly("M1", 2022, 2025, 100))
    Store(city.paths.decisions_url).engine.dispose()
    (city.paths.data / "decisions.sqlite").chmod(0o644)
    night(city)
    assert modes(city) == {"history": 0o700, "tmp": 0o700, "next": 0o700, "decisions.sqlite": 0o600}
    assert city.paths.published.stat().st_mode & 0o444 == 0o444, "what is published is for everybody"
    backup.back_up(city.paths, tmp_path / "b.tar")
    assert (tmp_path / "b.tar").stat().st_mode & 0o777 == 0o600


@POSIX
def test_a_group_may_be_named_and_must_exist(city: City) -> None:
    import grp

    mine = grp.getgrgid(os.getgid()).gr_name
    settings = city.folder / "city.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(f'{text}\n[rights]\ngroup = "{mine}"\n', encoding="utf-8")
    rights.protect(city.paths)
    assert modes(city)["history"] == 0o770
    settings.write_text(f'{text}\n[rights]\ngroup = "no-such-group"\n', encoding="utf-8")
    with pytest.raises(rights.DataFolderError, match=r"rights\.group: no-such-group"):
        night(city)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/srv/city/.data", None),
        ("/mnt/share city/.data", "cifs"),
        ("/mnt/share city/disk/.data", None),
        ("//server/share/.data", "UNC"),
    ],
)
def test_a_data_folder_on_the_network_is_refused(tmp_path: Path, path: str, kind: str | None) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS, encoding="utf-8")
    if kind is None:
        rights.refuse_network(Path(path), mounts)
    else:
        with pytest.raises(rights.DataFolderError, match=rf"{kind}.*data_dir"):
            rights.refuse_network(Path(path), mounts)


def test_pages_may_lie_elsewhere_and_a_share_that_is_away_harms_no_night(city: City) -> None:
    with (city.folder / "city.toml").open("a", encoding="utf-8") as settings:
        settings.write('\n[pages]\nfolder = "share/pages"\n')
    city.bills("fuel/a.csv", monthly("M1", 2022, 2025, 100))
    code, said, _ = run(city, "nightly")
    assert code == 0, said
    assert sorted(p.name for p in (city.folder / "share" / "pages").iterdir()) == sorted(
        [
            "facilities",
            "facilities.html",
            "factors.html",
            "index.html",
            "intake.html",
            "manual",
            "method.html",
            "operators",
            "reasons.html",
            "search.js",
            "site.css",
            "validation.html",
        ]
    )
    (city.folder / "share").rename(city.folder / "away")
    (city.folder / "share").write_text("no folder", encoding="utf-8")
    city.bills("fuel/b.csv", [("M1", "2021-03-01", "2021-04-01", 1, "L")])
    code, said, _ = run(city, "nightly")
    assert code == 0 and "share" in said.replace("\n", ""), "published, and the page that could not be written is told"


def test_a_command_waits_for_a_run_and_says_for_whom(
    city: City, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = city.paths.data
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(data)], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    assert holder.stdout and holder.stdout.readline() == b"held\n"
    with pytest.raises(AlreadyRunning, match=str(holder.pid)), run_lock(data, city.paths.now()):
        pass
    with pytest.raises(AlreadyRunning), run_lock(data, city.paths.now(), wait=0.5):
        pass
    threading.Timer(0.5, holder.kill).start()
    begun = time.monotonic()
    with run_lock(data, city.paths.now(), wait=30):
        assert time.monotonic() - begun < 20
    assert str(holder.pid) in capsys.readouterr().err
    holder.wait()


HOLDING = """
import sys, time
from datetime import datetime
from pathlib import Path
from pipelines.run.lock import run_lock
with run_lock(Path(sys.argv[1]), datetime.now(), "RUN"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_decision_taken_while_a_night_runs_is_kept_at_once(city: City) -> None:
    with run_lock(city.paths.data, city.paths.now(), "night"):
        Store(city.paths.decisions_url).append([decision("a", city)])
    assert [d.decision_id for d in Store(city.paths.decisions_url).all()] == ["a"]


def test_decisions_that_somebody_else_writes_or_guards_are_never_taken_for_damage(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.review.store.WRITING_SECONDS", 0.1)
    url = city.paths.decisions_url
    Store(url).append([decision("a", city)])
    writer = sqlite3.connect(city.paths.data / "decisions.sqlite")
    writer.execute("BEGIN IMMEDIATE")
    with pytest.raises(DecisionsError) as told:
        Store(url).append([decision("b", city)])
    writer.rollback()
    assert "書いています" in str(told.value) and "restore" not in str(told.value) and "控え" not in str(told.value)
    with pytest.raises(DecisionsError) as refused:
        Store("sqlite:////proc/decisions.sqlite").all()
    assert "権限" in str(refused.value) and "restore" not in str(refused.value)


def decision(name: str, city: City) -> Decision:
    return Decision(
        decision_id=name, flag_id="f", facility_id="F1", fiscal_year=2024, rule_id="over_path", subject=None, step="answer",
        person_id="P1", post="x", decided_at=city.paths.now(), comment="理由",
    )  # fmt: skip
