"""Questions of somebody's own: limits that are told, answers that stream, nothing left behind, nothing a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from pipelines.cli import main as cli
from pipelines.warehouse import answer, query
from tests.making import City, monthly

ENDLESS = "SELECT count(*) FROM range(100000) AS a(i), range(10000000) AS b(j) WHERE (i * j) % 7 = 3"
# one huge value: DuckDB looks for an interruption only before and after it
DEAF = "SELECT list_sum(list_transform(range(200000000), lambda x: x * 2))"


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> City:
    """A published city whose questions have narrow limits."""
    limits = "[sql]\nlongest_seconds = 1\nmost_rows = 3"
    made = City(tmp_path_factory.mktemp("asked") / "city", extra=limits)
    made.bills("fuel/a.csv", monthly("M1", 2024, 2024, lambda _, month: 100 + month))
    made.publish()
    return made


def ask(city: City, statement: str, *options: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(cli.app, ["--city", str(city.folder), "sql", statement, *options])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout_bytes.decode(), result.stderr


def started(city: City, statement: str, *options: str) -> subprocess.Popen[bytes]:
    """The command as a process of its own, elsewhere than in the data folder."""
    elsewhere = city.folder.parent / "elsewhere"
    elsewhere.mkdir(exist_ok=True)
    words = [sys.executable, "-m", "pipelines.cli.main", "--city", str(city.folder), "sql", statement, *options]
    environment = os.environ | {"PYTHONPATH": str(Path(cli.__file__).parents[1])}
    main = "import sys; from pipelines.cli.main import main; sys.argv[0] = 'facility-emissions'; main()"
    words[1:3] = ["-c", main]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=elsewhere, env=environment)


def left(city: City) -> list[str]:
    """What a question left in the data folder's tmp and in the folder it was asked from."""
    elsewhere = city.folder.parent / "elsewhere"
    return [
        path.name for folder in (city.paths.data / "tmp", elsewhere) if folder.exists() for path in folder.iterdir()
    ]


@pytest.mark.parametrize("output", ["table", "csv", "json"])
def test_an_answer_with_too_many_rows_is_cut_off_and_says_so(asked: City, output: str) -> None:
    code, out, err = ask(asked, "SELECT i AS n FROM range(4) AS t(i)", "--format", output)
    assert code == 1 and "3 行で打ち切りました" in err and "sql.most_rows" in err
    assert out.splitlines()[-1].strip(' ]{}":n') == "2", "the allowed rows were given"
    code, out, err = ask(asked, "SELECT i AS n FROM range(3) AS t(i)", "--format", output)
    assert (code, err) == (0, "") and out, "exactly as many as allowed is whole"


def test_an_answer_that_streams_ends_long_before_the_question_does(asked: City) -> None:
    began = time.monotonic()
    code, out, _ = ask(asked, "FROM range(100000000000)", "--format", "csv")
    assert code == 1 and out.splitlines()[1:] == ["0", "1", "2"] and time.monotonic() - began < 5


def test_a_file_of_parquet_is_whole_or_not_there(asked: City) -> None:
    code, out, err = ask(asked, "FROM range(4)", "--format", "parquet")
    assert (code, out) == (1, "") and "何も書きませんでした" in err
    result = CliRunner().invoke(cli.app, ["--city", str(asked.folder), "sql", "FROM range(3)", "--format", "parquet"])
    path = asked.folder.parent / "answer.parquet"
    path.write_bytes(result.stdout_bytes)
    with duckdb.connect() as connection:
        rows = connection.execute(f"FROM '{path}'").fetchall()
    assert rows == [(0,), (1,), (2,)] and left(asked) == []


def test_empty_answers_keep_their_head(asked: City) -> None:
    nothing = "SELECT 1 AS n WHERE false"
    assert ask(asked, nothing, "--format", "csv")[1] == "n\n"
    assert json.loads(ask(asked, nothing, "--format", "json")[1]) == []
    assert ask(asked, nothing)[1].split() == ["n"]
    assert ask(asked, nothing, "--for-excel")[1] == "\ufeffn\r\n"


@pytest.mark.parametrize("output", ["table", "csv", "json", "parquet"])
def test_a_question_that_takes_too_long_is_stopped_and_says_so(asked: City, output: str) -> None:
    began = time.monotonic()
    code, out, err = ask(asked, ENDLESS, "--format", output)
    assert (code, out) == (1, "") and "1 秒を超えたので止めました" in err and "sql.longest_seconds" in err
    assert time.monotonic() - began < 4 and left(asked) == []


def test_a_statement_that_does_not_heed_its_interruption_ends_with_the_process(asked: City) -> None:
    began = time.monotonic()
    process = started(asked, DEAF)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1 and out == b"" and "止めました" in err.decode()
    assert time.monotonic() - began < 1 + answer.GRACE_SECONDS + 8 and left(asked) == []


def test_whoever_reads_slowly_is_not_stopped(asked: City) -> None:
    bounds = answer.Bounds(0.5, 100_000, "1GB")
    with query.opened(asked.paths.published) as connection:
        blocks = answer.ask(connection, "FROM range(10000)", bounds).blocks()
        assert len(next(blocks)) == answer.BLOCK
        time.sleep(0.7)
        assert sum(len(block) for block in blocks) == 10_000 - answer.BLOCK


def test_a_large_question_spills_in_the_data_folder_only_and_leaves_nothing(
    asked: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    bounds = answer.Bounds(60, 10_000_000, "200MB")
    large = "SELECT i, repeat('x', 50) || i AS word FROM range(3000000) AS t(i) ORDER BY hash(i)"
    with answer.scratch(asked.paths) as folder:
        assert folder is not None and folder.parent == asked.paths.data / "tmp"
        with query.opened(asked.paths.published, None, bounds.memory, folder / "spill") as connection:
            blocks = answer.ask(connection, large, bounds).blocks()
            next(blocks)
            assert list((folder / "spill").iterdir()), "more than the memory allows"
    assert left(asked) == [] and list(tmp_path.iterdir()) == []


def test_every_reader_of_the_published_file_spills_beside_it_or_nowhere(asked: City, tmp_path: Path) -> None:
    alone = tmp_path / "emissions.duckdb"
    alone.write_bytes(asked.paths.published.read_bytes())
    for path in (asked.paths.published, alone):
        with query.opened(path) as connection:
            [(told,)] = connection.execute("SELECT current_setting('temp_directory')").fetchall()
        beside = path.parent / "tmp"
        assert Path(told).parent == beside if beside.is_dir() else told == "", "never in the folder of whoever asks"


def test_an_answer_stopped_on_its_way_is_no_whole_json(asked: City) -> None:
    stream = io.StringIO()
    with query.opened(asked.paths.published) as connection, pytest.raises(answer.StoppedError):
        answer.write_json(connection, "FROM range(100000000)", answer.Bounds(0.3, 10**9, "1GB"), stream)
    assert stream.getvalue().startswith("[") and not stream.getvalue().rstrip().endswith("]")


def test_whoever_may_not_write_in_the_data_folder_may_still_ask(asked: City, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError("no rights")

    monkeypatch.setattr(answer, "TemporaryDirectory", refused)
    assert ask(asked, "SELECT 1 AS n", "--format", "csv")[:2] == (0, "n\n1\n")
    code, out, err = ask(asked, "SELECT 1 AS n", "--format", "parquet")
    assert (code, out) == (1, "") and str(asked.paths.data) in err


@pytest.mark.skipif(os.name != "posix", reason="signals and pipes of POSIX")
def test_a_question_ended_from_outside_leaves_nothing(asked: City) -> None:
    process = started(asked, ENDLESS)
    waited = time.monotonic()
    while not left(asked) and time.monotonic() - waited < 20:
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert process.returncode != 0 and left(asked) == []


@pytest.mark.skipif(os.name != "posix", reason="signals and pipes of POSIX")
def test_a_reader_that_has_seen_enough_ends_the_question_without_a_traceback(asked: City) -> None:
    process = started(asked, "SELECT repeat('x', 1000000) FROM range(3)", "--format", "csv")
    assert process.stdout is not None and process.stderr is not None
    process.stdout.read(10)
    process.stdout.close()
    assert b"Traceback" not in process.stderr.read()
    assert process.wait(timeout=20) != 0 and left(asked) == []


def test_what_a_killed_question_left_is_swept_by_a_later_one(asked: City) -> None:
    old, new = (asked.paths.data / "tmp" / f"{answer.SCRATCH}{name}" for name in ("old", "new"))
    for folder, age in ((old, answer.FORGOTTEN_SECONDS + 60), (new, answer.FORGOTTEN_SECONDS - 60)):
        (folder / "spill").mkdir(parents=True)
        os.utime(folder, (time.time() - age,) * 2)
    assert ask(asked, "SELECT 1")[0] == 0
    assert (old.exists(), new.exists()) == (False, True)
    (new / "spill").rmdir()
    new.rmdir()


DANGEROUS = (
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1",
    "＝1",
    "＋1+1",
    "－cmd",
    "＠SUM(1)",
    " =1+1",
    "　=1",
    "-",
)
HARMLESS = ("本庁舎", "-1.5", "+3", "-1,234.5", "1e5", "-2E-3", "a=1", "'=1", "", "2025-04-01")


def test_no_cell_of_a_csv_for_excel_is_a_formula(asked: City) -> None:
    words = ", ".join(f"'{word.replace(chr(39), chr(39) * 2)}'" for word in (*DANGEROUS, *HARMLESS))
    bounds = answer.Bounds(60, 1000, "1GB")
    stream = io.StringIO(newline="")
    with query.opened(asked.paths.published) as connection:
        statement = f'SELECT unnest([{words}]) AS "=word", -1.50 AS number, NULL AS nothing'
        answer.write_for_excel(answer.ask(connection, statement, bounds), stream)
        plain = io.StringIO(newline="")
        answer.write_csv(answer.ask(connection, statement, bounds), plain)
    assert stream.getvalue()[0] == "\ufeff"
    head, *rows = csv.reader(io.StringIO(stream.getvalue()[1:], newline=""))
    assert head == ["'=word", "number", "nothing"]
    assert [row[0] for row in rows] == [*(f"'{word}" for word in DANGEROUS), *HARMLESS]
    assert {tuple(row[1:]) for row in rows} == {("-1.50", "")}
    assert plain.getvalue().startswith("=word,"), "plain CSV stays as it is"
    assert all(
        f"{word}" in plain.getvalue() and f"'{word}" not in plain.getvalue() for word in DANGEROUS if word != "=1"
    )


def test_for_excel_is_a_csv_and_nothing_else(asked: City) -> None:
    code, out, _ = ask(asked, "SELECT '=1+1' AS a, 1.50 AS b", "--for-excel")
    assert (code, out) == (0, "\ufeffa,b\r\n'=1+1,1.50\r\n")
    assert ask(asked, "SELECT 1", "--for-excel", "--format", "json")[0] == 2
    assert ask(asked, "SELECT 1", "--for-excel", "--json")[0] == 2
    assert ask(asked, "SELECT '=1+1' AS a", "--format", "csv")[1] == "a\n=1+1\n"


@pytest.mark.parametrize("word", [Decimal("-1.5"), -3, -0.5, True, None])
def test_numbers_stay_numbers(word: object) -> None:
    assert answer.neutral(word) is word


def test_every_digit_is_kept(asked: City) -> None:
    told = json.loads(ask(asked, "SELECT 0.123456789012 AS x;", "--json")[1])
    assert str(told[0]["x"]) == "0.123456789012"


def test_the_limits_change_no_number(asked: City) -> None:
    assert "most_rows" not in asked.paths.settings.method
