"""The bundle holds everything it asks for, takes no wheel but the lock's, and works where there is no network at all.

What needs a bundle is asked by ``make supply``, which fetches the wheels.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.supply import bundle, lock

PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "msedge"))), None)
# inside a network namespace without any interface that is up: see that nothing can be reached, run the command
ALONE = """
import socket, subprocess, sys
for address in ("192.0.2.1", "127.0.0.1"):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        try:
            one.connect((address, 9))
        except OSError:
            continue
        sys.exit("there is a network")
sys.exit(subprocess.run(sys.argv[1:]).returncode)
"""


def made(platform: str, folder: Path) -> Path:
    """Make a bundle; only where no index can give the wheels is that no fault. A wheel that is another one than the lock's fails."""
    try:
        return bundle.make(platform, PYTHON, folder)
    except bundle.NoIndexError as error:
        pytest.skip(f"no index gives the wheels here: {str(error).splitlines()[0][:120]}")


@pytest.fixture(scope="module")
def linux(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made("", tmp_path_factory.mktemp("linux"))


@pytest.fixture(scope="module")
def windows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made("win_amd64", tmp_path_factory.mktemp("windows"))


def unpacked(path: Path, folder: Path) -> Path:
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder)
    return folder / "facility-emissions"


def can_be_alone() -> bool:
    """Tell whether this machine gives a process a network namespace of its own."""
    unshare = shutil.which("unshare")
    return (
        bool(unshare) and not subprocess.run([str(unshare), "-rn", "true"], capture_output=True, check=False).returncode
    )


def alone(*words: str | Path, cwd: Path, home: Path) -> subprocess.CompletedProcess[str]:
    """Run a command where there is no network, with a home and a temporary folder of its own.

    The path is the system's: where a Rust toolchain is on it, pip asks that for its version, and it makes a folder in the home.
    """
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(home), "TMPDIR": str(home), "LANG": "C.UTF-8"}
    command = ["unshare", "-rn", sys.executable, "-c", ALONE, *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=environment, check=False, timeout=600)


def test_what_is_needed_depends_on_the_platform_and_leaves_the_tools_out() -> None:
    here, there = ({p.name for p in bundle.needed(bundle.environments(tag, PYTHON))} for tag in ("", "win_amd64"))
    assert {"duckdb", "prefect", "xlsxwriter"} <= here & there
    assert not {"pytest", "mypy", "ruff", "hypothesis", "dask", "pip-audit"} & (here | there)
    early = {pin.name for pin in bundle.needed(bundle.environments("", "3.11"))}
    assert "async-timeout" in early, "what only the first patches of a version need is there for them"
    assert "pywin32" in there and ("pywin32" in here) == (os.name == "nt")


def test_an_index_that_is_away_is_told_apart_from_a_wheel_that_is_another_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    wanted = [f"six==1.0 --hash=sha256:{'0' * 64}"]
    with pytest.raises(bundle.NoIndexError):
        bundle._download(wanted, "", PYTHON, wheels)
    here = tmp_path / "here"
    here.mkdir()
    with zipfile.ZipFile(here / "six-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("six-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: six\nVersion: 1.0\n")
        wheel.writestr("six-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr("six-1.0.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_FIND_LINKS", str(here))
    with pytest.raises(bundle.BundleError) as told:
        bundle._download(wanted, "", PYTHON, wheels)
    assert not isinstance(told.value, bundle.NoIndexError), told.value


@pytest.mark.download
@pytest.mark.parametrize("platform", ["linux", "windows"])
def test_a_bundle_holds_what_each_of_its_wheels_asks_for(platform: str, request: pytest.FixtureRequest) -> None:
    path: Path = request.getfixturevalue(platform)
    where = bundle.environments("win_amd64" if platform == "windows" else "", PYTHON)
    names, missing = set(), []
    with zipfile.ZipFile(path) as archive:
        wheels = [name for name in archive.namelist() if name.endswith(".whl")]
        lines = archive.read("facility-emissions/requirements.txt").decode().splitlines()
        for name in wheels:
            names.add(canonicalize_name(Path(name).name.split("-")[0]))
            with archive.open(name) as stream, zipfile.ZipFile(stream) as wheel:
                [told] = [each for each in wheel.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", each)]
                wants = Parser().parsestr(wheel.read(told).decode()).get_all("Requires-Dist") or []
                missing += [(name, text) for text in wants if bundle.is_wanted(Requirement(text), where)]
    assert len(wheels) == len(lines) > 80 and all(line.count("--hash=sha256:") == 1 for line in lines)
    assert [(who, text) for who, text in missing if canonicalize_name(Requirement(text).name) not in names] == []


@pytest.mark.download
def test_a_bundle_names_neither_an_index_nor_the_machine_it_was_made_on(linux: Path, tmp_path: Path) -> None:
    folder = unpacked(linux, tmp_path)
    with zipfile.ZipFile(next((folder / "wheels").glob("facility_emissions-*.whl"))) as own:
        own.extractall(folder / "own")
    kinds = {".txt", ".py", ".html", ".md", ".toml", ".sql", ".css", ".svg", ""}
    for path in folder.rglob("*"):
        if path.is_file() and path.suffix in kinds:
            text = path.read_text(encoding="utf-8", errors="replace")
            assert str(lock.ROOT) not in text and not re.search(r"index-url|find-links *=|/simple\b", text), path


@pytest.mark.download
@pytest.mark.skipif(not can_be_alone(), reason="no network namespaces on this machine (unshare -rn)")
def test_it_is_installed_and_runs_a_night_where_there_is_no_network(linux: Path, tmp_path: Path) -> None:
    folder, home, place = unpacked(linux, tmp_path), tmp_path / "home", tmp_path / "place"
    home.mkdir()
    before = set((folder / "sample_data").rglob("*"))
    done = alone(sys.executable, folder / "install.py", place, cwd=tmp_path, home=home)
    assert done.returncode == 0, done.stderr
    python, command = place / "bin" / "python", place / "bin" / "facility-emissions"
    assert subprocess.run([python, "-m", "pip", "check"], capture_output=True, check=False).returncode == 0
    done = alone(command, "--city", folder / "sample_data", "nightly", cwd=tmp_path, home=home)
    assert done.returncode == 0 and "index.html" in done.stdout, done.stderr
    assert list(home.iterdir()) == [], "nothing in the home folder, nothing in the temporary one"
    data = folder / "sample_data" / ".data"
    after = {path for path in (folder / "sample_data").rglob("*") if not path.is_relative_to(data)}
    assert after == before and (data / "emissions.duckdb").exists(), "the data folder is the only one written to"
    assert {path.name for path in tmp_path.iterdir()} == {"facility-emissions", "home", "place"}


@pytest.mark.download
def test_a_wheel_that_was_changed_on_the_way_is_not_installed(linux: Path, tmp_path: Path) -> None:
    folder = unpacked(linux, tmp_path)
    wheel = next((folder / "wheels").glob("defusedxml-*.whl"))
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr("defusedxml/more.py", "")
    words = [sys.executable, str(folder / "install.py"), str(tmp_path / "place")]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 1 and "インストールできませんでした" in done.stderr and "HASH" in done.stderr.upper()


@pytest.mark.download
def test_another_python_is_told_which_one_it_is_for(linux: Path, tmp_path: Path) -> None:
    folder = unpacked(linux, tmp_path)
    (folder / "python-version").write_text("3.99")
    words = [sys.executable, str(folder / "install.py"), str(tmp_path / "place")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "3.99" in done.stderr and not (tmp_path / "place").exists()


@pytest.mark.skipif(BROWSER is None, reason="no Chromium, Chrome or Edge on this machine")
def test_the_sheet_for_the_information_department_has_two_pages(tmp_path: Path) -> None:
    facts = {"version": "0.1.0", "python": PYTHON, "platform": "win_amd64", "wheels": 120}
    sheet = bundle.write_sheet(tmp_path / bundle.SHEET, **facts)
    printed = tmp_path / "sheet.pdf"
    words = [str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'browser'}"]
    subprocess.run([*words, f"--print-to-pdf={printed}", sheet.as_uri()], capture_output=True, check=True, timeout=120)
    assert len(re.findall(rb"/Type\s*/Page\b", printed.read_bytes())) == 2
