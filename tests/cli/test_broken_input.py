"""Every command, with everything broken that it may meet: a sentence on the standard error and 1 or 2, never a traceback.

The commands come from the command line's own tree and their words from their own parameters, so a new command or option
is tried without being entered here. The flows run without Prefect: what is tried is ours.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import typer

from pipelines.cities import aggregate
from pipelines.cli import common, main, nights, operation
from pipelines.run.building import build
from pipelines.run.guard import guarded
from pipelines.run.night import Night
from pipelines.settings.city import CityFolder
from pipelines.web import serve
from tests.making import City, monthly

SLIP = monthly("M1", 2022, 2025, lambda y, m: "0.1" if (y, m) == (2024, 6) else 100)


# Commands whose answer, on the standard output, is what is wrong.
ANSWER_IS_THE_FAULT = {"doctor", "parse"}


def commands(group: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command with its words; groups are those that hold commands."""
    for name, command in sorted(group.commands.items()):
        if hasattr(command, "commands"):
            yield from commands(command, (*words, name))
        else:
            yield (*words, name), command


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a wrong word makes as a file stays out of the checkout."""
    monkeypatch.chdir(tmp_path)


# What publishes anew stands last: what comes after it would meet a state that is sound again.
MENDS = ("nightly", "rebuild")
EVERY = dict(sorted(commands(typer.main.get_command(main.app)), key=lambda each: each[0][0] in MENDS))
# More of a command than what it asks for.
MORE = (
    ["doctor", "--deep"],
    ["explain", "F1", "--fiscal-year", "2024"],
    ["explain", "F1", "--fiscal-year", "2024", "--as-known-at", "2026-06-15"],
    ["factors", "list", "--editions"],
    ["flags", "--json"],
    ["review", "confirm", "--all", "--document", "環第1号"],
    ["sql", "FROM flags", "--format", "json"],
)


def plausible(parameter: Any, place: Path) -> str:
    """A word that fits a parameter: by its type, else by what its name says."""
    kind, name = parameter.type, str(parameter.name)
    if choices := getattr(kind, "choices", None):
        return str(next(iter(choices)))
    if kind.name.startswith("integer"):
        return "2025" if "year" in name else str(max(int(getattr(kind, "min", None) or 0), 3))
    if kind.name in ("path", "file", "directory") or "file" in name:
        return str(place / f"given-{name}.csv")
    usual = {
        "on": "2026-06-10", "due": "2026-06-10", "since": "2026-06-10", "issued_on": "2026-06-10", "as_known_at": "2026-06-10 09:00",
        "statement": "SELECT count(*) FROM flags", "output": "csv", "quantity": "1.5", "unit": "kL", "energy_type": "kerosene",
        "facility": "F1", "by": "P3", "purpose": "審議会", "document": "環第1号", "runner": "threads",
    }  # fmt: skip
    return usual.get(name, "x")


def is_flag(parameter: Any) -> bool:
    return bool(getattr(parameter, "is_flag", False))


def words_of(words: tuple[str, ...], place: Path, **given: str) -> list[str]:
    """The whole command: what is required, and what is given."""
    options, arguments = [], []
    for parameter in EVERY[words].params:
        value = given.get(str(parameter.name))
        if value is None and not parameter.required:
            continue
        value = plausible(parameter, place) if value is None else value
        if parameter.param_type_name == "argument":
            arguments.append(value)
        else:
            options += [max(parameter.opts, key=len), value]
    return [*words, *options, "--", *arguments] if arguments else [*words, *options]


@pytest.fixture(scope="module")
def published_once(tmp_path_factory: pytest.TempPathFactory) -> City:
    made = City(tmp_path_factory.mktemp("whole") / "city").bills("fuel/a.csv", SLIP)
    made.publish()
    return made


@pytest.fixture
def city(published_once: City, tmp_path: Path) -> City:
    return published_once.copied(tmp_path / "city")


@pytest.fixture(autouse=True)
def without_prefect(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(city: CityFolder, *_: object, **__: object) -> object:
        night = Night(city)
        with guarded(night):
            arrived = night.receive()
            night.read_files(arrived)
            gathered = night.load_registers(arrived)
            night.outcome.nothing_new = not gathered.is_new
            if gathered.is_new:
                build(night, gathered).publish()
                night.write_pages()
        return night.outcome

    def rebuild(city: CityFolder, *_: object, **__: object) -> object:
        """What a rebuild reads; what it makes of that is the night's work."""
        night = Night(city)
        with guarded(night):
            night.load_registers(night.remember())
        night.outcome.nothing_new = True
        return night.outcome

    def cities(file: Path, *_: object, **__: object) -> tuple[list[object], int]:
        return list(aggregate.listed(file)), 0

    flows = {
        "prepare": lambda _: None,
        "nightly": run,
        "rebuild": rebuild,
        "schedule": lambda *_: None,
        "runner": SimpleNamespace,
        "cities": cities,
    }
    entries = [SimpleNamespace(name=name, load=lambda flow=flow: flow) for name, flow in flows.items()]
    for module in (nights, operation):
        monkeypatch.setattr(module, "entry_points", lambda **_: entries)
    monkeypatch.setattr(serve, "listen", lambda *_: None)


class Ran:
    """Runs the command as a person does, in this process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
        self.monkeypatch, self.capfd = monkeypatch, capfd
        self.problems: list[str] = []
        self.strict = True

    def __call__(self, *words: str) -> tuple[int, str]:
        self.monkeypatch.setattr(sys, "argv", ["facility-emissions", *words])
        self.capfd.readouterr()
        try:
            main.main()
            code = 0
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 1
        out, err = self.capfd.readouterr()
        command = " ".join(words)
        is_fault = self.strict and common.UNEXPECTED in out + err
        if "Traceback" in out + err or is_fault or code not in (0, 1, 2):
            self.problems.append(f"{command}: {code}\n{err[-2000:]}")
        elif code and not err.strip() and not ANSWER_IS_THE_FAULT & set(words):
            self.problems.append(f"{command}: {code} without a sentence")
        return code, err


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Iterator[Ran]:
    running = Ran(monkeypatch, capfd)
    yield running
    assert not running.problems, "\n".join(running.problems)


# ---------------------------------------------------------------- what may be broken


def instead(path: Path, content: bytes | None) -> None:
    """Put other bytes, or a folder (``None``), in the place of a file or folder."""
    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)


def all_instead(paths: list[Path], content: bytes | None) -> None:
    assert paths
    for path in paths:
        instead(path, content)


def half(*paths: Path) -> None:
    assert paths
    for path in paths:
        path.chmod(0o644)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def other_database(path: Path) -> None:
    import duckdb

    path.unlink()
    duckdb.connect(str(path)).execute("CREATE TABLE flags (a INTEGER)").close()


def other_store(path: Path) -> None:
    import sqlite3

    with sqlite3.connect(path) as store:
        store.execute("CREATE TABLE decisions (a INTEGER)")
        store.execute("INSERT INTO decisions VALUES (1)")
    store.close()


GARBAGE = b"\x00\xff\x81\x40 neither this nor that \n" * 99
BROKEN: dict[str, Callable[[Path], Any]] = {
    "no city": shutil.rmtree,
    "city.toml is no TOML": lambda c: instead(c / "city.toml", b"[city\nname ="),
    "city.toml is garbage": lambda c: instead(c / "city.toml", GARBAGE),
    "city.toml is a folder": lambda c: instead(c / "city.toml", None),
    "city.toml is empty": lambda c: instead(c / "city.toml", b""),
    "city.toml holds other types": lambda c: instead(c / "city.toml", b"city = 3\nrules = 4\nlayouts = []\n"),
    "a wrong time zone": lambda c: instead(c / "city.toml", b'[city]\nname = "x"\ntime_zone = "Asia/Nowhere"\n'),
    "a wrong schedule": lambda c: instead(c / "city.toml", b'[city]\nname = "x"\n[schedule]\ncron = "61 99 * *"\n'),
    "no registers": lambda c: shutil.rmtree(c / "registers"),
    "a register is gone": lambda c: (c / "registers/meters.csv").unlink(),
    "registers are a file": lambda c: instead(c / "registers", b"x"),
    "a register is garbage": lambda c: instead(c / "registers/meters.csv", GARBAGE),
    "a register is a folder": lambda c: instead(c / "registers/targets.csv", None),
    "a register of factors is garbage": lambda c: instead(c / "registers/supplier_factors.csv", GARBAGE),
    "a register is half a quote": lambda c: instead(
        c / "registers/facilities.csv", b'facility_id,name,operator_id\nF1,"a'
    ),
    "a register has a huge cell": lambda c: instead(
        c / "registers/facilities.csv", b"facility_id,name,operator_id\nF1," + b"a" * 200_000 + b",OP\n"
    ),
    "a register holds absurd years": lambda c: instead(
        c / "registers/targets.csv",
        b"target_id,subject_kind,subject_id,basis,base_fy,target_fy,reduction_rate,path,path_status,adopted_on\n"
        b"T,city,city,plan,9998,9999,0.4,linear,adopted,9999-12-31\n",
    ),
    "nothing published": lambda c: (c / ".data/emissions.duckdb").unlink(),
    "the published file is garbage": lambda c: instead(c / ".data/emissions.duckdb", GARBAGE),
    "the published file is cut": lambda c: half(c / ".data/emissions.duckdb"),
    "the published file is empty": lambda c: instead(c / ".data/emissions.duckdb", b""),
    "the published file is a folder": lambda c: instead(c / ".data/emissions.duckdb", None),
    "the published file is another database": lambda c: other_database(c / ".data/emissions.duckdb"),
    "accounts are garbage": lambda c: instead(c / ".data/accounts.sqlite", GARBAGE),
    "accounts are a folder": lambda c: instead(c / ".data/accounts.sqlite", None),
    "the key of the desk is empty": lambda c: instead(c / ".data/desk_key", b""),
    "the key of the desk is garbage": lambda c: instead(c / ".data/desk_key", GARBAGE),
    "decisions are garbage": lambda c: instead(c / ".data/decisions.sqlite", GARBAGE),
    "decisions are a folder": lambda c: instead(c / ".data/decisions.sqlite", None),
    "decisions are another store": lambda c: other_store(c / ".data/decisions.sqlite"),
    "the data folder is a file": lambda c: instead(c / ".data", b"x"),
    "history is a file": lambda c: instead(c / ".data/history", b"x"),
    "history is garbage": lambda c: all_instead(sorted((c / ".data/history").glob("*.jsonl")), GARBAGE),
    "history holds other records": lambda c: all_instead(
        sorted((c / ".data/history").glob("*.jsonl")), b'{"a": 1}\n[2]\n"x"\n'
    ),
    "history is gone": lambda c: shutil.rmtree(c / ".data/history"),
    "history's lines are torn": lambda c: half(*(c / ".data/history").glob("*.jsonl")),
    "history's heads are garbage": lambda c: all_instead(list((c / ".data/history").rglob("heads.json")), GARBAGE),
    "history's files are folders": lambda c: all_instead(sorted((c / ".data/history").glob("*.jsonl")), None),
    "parsed values are garbage": lambda c: all_instead(sorted((c / ".data/parsed").glob("*")), GARBAGE),
    "parsed values are cut": lambda c: half(*(path for path in (c / ".data/parsed").rglob("*") if path.is_file())),
    "parsed values are gone": lambda c: shutil.rmtree(c / ".data/parsed"),
    "pages are a file": lambda c: instead(c / ".data/pages", b"x"),
    "evidence is a file": lambda c: instead(c / ".data/evidence", b"x"),
    "no inbox": lambda c: shutil.rmtree(c / "inbox"),
    "a file is a broken workbook": lambda c: instead(c / "inbox/fuel/b.xlsx", b"PK\x03\x04" + GARBAGE),
    "a half restore": lambda c: instead(c / ".data.exchange.json", GARBAGE),
    "the inbox is a file": lambda c: instead(c / "inbox", b"x"),
    "received.csv is garbage": lambda c: instead(c / "inbox/fuel/received.csv", GARBAGE),
    "received.csv is a folder": lambda c: instead(c / "inbox/fuel/received.csv", None),
}


# Where the records themselves were replaced by others, the sentence of the last net will do for those who only read them.
ANY_SENTENCE = {"history is garbage", "history holds other records"}


@pytest.mark.parametrize("what", BROKEN)
def test_every_command_tells_what_is_broken(city: City, ran: Ran, tmp_path: Path, what: str) -> None:
    BROKEN[what](city.folder)
    ran.strict = what not in ANY_SENTENCE
    for words in [*MORE, *(words_of(words, tmp_path) for words in EVERY)]:
        ran("--city", str(city.folder), *words)


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_every_command_refuses_what_makes_no_sense(
    city: City, ran: Ran, tmp_path: Path, words: tuple[str, ...]
) -> None:
    """Each parameter in turn: another kind of word, no word, a day or a year that is none, files that are none."""
    garbage = tmp_path / "garbage.csv"
    garbage.write_bytes(GARBAGE)
    here = ["--city", str(city.folder)]
    for parameter in EVERY[words].params:
        name = str(parameter.name)
        if is_flag(parameter) or name == "help":
            continue
        for value in (
            "",
            "x",
            "2026-02-30",
            "999999",
            "-1",
            "9999-12-31",
            "0001-01-01",
            "é\u202e\x1b",
            str(garbage),
            str(tmp_path),
        ):
            ran(*here, *words_of(words, tmp_path, **{name: value}))


@pytest.mark.parametrize(
    "options",
    [
        ["--today", "2026-02-30"],
        ["--today", "0001-01-01"],
        ["--today", "9999-12-31"],
        ["--today", "1800-01-01"],
        ["--lang", "fr"],
        ["--data", "/dev/null/x"],
        ["--data", "/proc/x"],
        ["--city", ""],
        ["--city", "/dev/null"],
    ],
    ids=" ".join,
)
def test_every_command_refuses_global_options_that_make_no_sense(
    city: City, ran: Ran, tmp_path: Path, options: list[str]
) -> None:
    for words in EVERY:
        where = [] if options[0] == "--city" else ["--city", str(city.folder)]
        ran(*where, *options, *words_of(words, tmp_path))


def test_steps_of_a_review_that_cannot_be_taken_are_told(city: City, ran: Ran) -> None:
    from pipelines.review import counter

    flag = next(row["flag_id"] for row in counter.listed(city.paths, None) if row["rule_id"] == "unit_slip")
    here = ["--city", str(city.folder), "review"]
    for words in (
        ["accept", flag, "--by", "P2"],
        ["answer", flag, "--by", "nobody", "--text", "x"],
        ["answer", flag, "--by", "P3", "--text", "x", "--evidence", "/no/such/sheet.pdf"],
        ["answer", flag, "--by", "P3", "--text", "x", "--document", "環第1号"],
        ["answer", flag, "--by", "P3", "--text", "x", "--document", "環第1号", "--on", "2026-02-30"],
        ["answer", flag, "--by", "P3", "--text", "x", "--data-are-right", "--discard"],
    ):
        code, err = ran(*here, *words)
        assert code in (1, 2) and err.strip()


def test_a_fault_of_our_own_is_a_sentence_too_and_its_details_are_kept(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails() -> None:
        raise KeyError("a fault of ours")

    monkeypatch.setattr(main, "app", fails)
    with pytest.raises(SystemExit) as ended:
        main.main()
    err = capsys.readouterr().err
    assert ended.value.code == 1 and common.UNEXPECTED in err and "Traceback" not in err
    kept = next(Path(word) for word in err.replace("\n", "").split() if word.endswith(".log"))
    assert "a fault of ours" in kept.read_text(encoding="utf-8")
    kept.unlink()
