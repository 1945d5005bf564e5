"""One zip that installs without a network: ``python -m tests.supply.bundle [PLATFORM] [PYTHON]`` (``make bundle``).

It holds every wheel that the product needs to run, by the hash of the lock, the product's own wheel, the sample city, and an install script
that needs only Python: no registry, no administrator rights. PLATFORM is a tag of pip (``win_amd64``); without one, this
machine's. PYTHON is the version it is made for (``3.12``); without one, that of this interpreter. Tools of development stay out.
"""

from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import jinja2
from markupsafe import Markup
from packaging.markers import Environment, default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pipelines import durable
from tests.supply import lock

HERE = Path(__file__).parent
PRODUCT = ("pipelines", "flows", "expectations", "pyproject.toml", "README.md", "LICENSE")
BESIDE = ("LICENSE", "LICENCES.md", "README.md", "CHANGELOG.md")
OF_WINDOWS = {"os_name": "nt", "sys_platform": "win32", "platform_system": "Windows", "platform_machine": "AMD64"}
# what pip says where no index answers, and where one has no such wheel
NOT_FOUND = "No matching distribution found"
SHEET = "information-department.html"


class BundleError(RuntimeError):
    """A wheel is missing, or is not the one that the lock names."""


class NoIndexError(BundleError):
    """No index that can be reached has a wheel; nothing was found to be wrong."""


def make(platform: str, python: str, out: Path) -> Path:
    """Write the zip and return its path.

    Args:
        platform: A tag of pip, or nothing for this machine.
        python: A version like ``3.11``.
        out: Folder of the zip.

    Raises:
        NoIndexError: no index answers, or none has a wheel for a package of the lock.
        BundleError: anything else, as a wheel that is not the one that the lock names.
    """
    with TemporaryDirectory() as scratch:
        content = Path(scratch) / "facility-emissions"
        wheels = content / "wheels"
        wheels.mkdir(parents=True)
        pins = list(needed(environments(platform, python)))
        lines = [f"{pin.name}=={pin.version} {' '.join(f'--hash={each}' for each in pin.hashes)}" for pin in pins]
        _download(lines, platform, python, wheels)
        own = _own_wheel(wheels)
        (content / "requirements.txt").write_text("".join(_hashed(wheels, [*pins, own])), encoding="utf-8")
        shutil.copy(HERE / "install.py", content / "install.py")
        for name in BESIDE:
            shutil.copy(lock.ROOT / name, content / name)
        ignored = shutil.ignore_patterns(".data", "__pycache__", "*.py", "*.md", "expected")
        shutil.copytree(lock.ROOT / "sample_data", content / "sample_data", ignore=ignored)
        tag = platform or sysconfig.get_platform().replace("-", "_").replace(".", "_")
        facts = {"version": own.version, "python": python, "platform": tag, "wheels": len(pins) + 1}
        write_sheet(content / SHEET, **facts)
        (content / "python-version").write_text(python, encoding="utf-8")
        out.mkdir(parents=True, exist_ok=True)
        path = out / f"facility-emissions-{own.version}-{tag}-py{python.replace('.', '')}.zip"
        _zip(content, path)
        return path


def write_sheet(path: Path, **facts: object) -> Path:
    """Write the sheet for the information department: one file with its style in it, which a browser takes by its hash."""
    style = (HERE / "sheet.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    loader = jinja2.FileSystemLoader(HERE)
    made = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    ours = {"style": Markup(style), "policy": Markup(policy)}  # noqa: S704 - both are files of this folder
    durable.write(path, made.get_template("sheet.html").render(**facts, **ours).encode())
    return path


def environments(platform: str, python: str) -> list[Environment]:
    """Return what markers are asked for the machines that the bundle is made for: the first and the last patch of a version."""
    here: dict[str, str] = {**default_environment(), "python_version": python}  # type: ignore[dict-item]
    here |= OF_WINDOWS if platform.startswith("win") else {}
    return [here | {"python_full_version": f"{python}.{patch}"} for patch in (0, 99)]  # type: ignore[misc]


def needed(anywhere: list[Environment]) -> Iterator[lock.Pin]:
    """Yield the pins of the lock that the product needs to run on any of these: what it asks for, and what that asks for in turn."""
    project = tomllib.loads((lock.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [Requirement(text) for text in project["dependencies"]]
    seen: set[tuple[str, str]] = set()
    while asked:
        one = asked.pop()
        name = canonicalize_name(one.name)
        for extra in {"", *one.extras}:
            if (name, extra) not in seen:
                seen.add((name, extra))
                asked += [each for each in _requirements_of(name) if is_wanted(each, anywhere, extra)]
    names = {name for name, _ in seen}
    for pin in lock.pins():
        condition = f"; {pin.marker}" if pin.marker else ""
        if canonicalize_name(pin.name) in names and is_wanted(Requirement(f"{pin.name}{condition}"), anywhere):
            yield pin


def _requirements_of(name: str) -> list[Requirement]:
    try:
        return [Requirement(text) for text in metadata.requires(name) or []]
    except metadata.PackageNotFoundError:  # one of another platform, which is installed nowhere here
        return []


def is_wanted(one: Requirement, anywhere: list[Environment], extra: str = "") -> bool:
    """Tell whether a requirement holds on one of the machines, for those who asked for an extra or for none."""
    asked: list[dict[str, str]] = [{**where, "extra": extra} for where in anywhere]  # type: ignore[dict-item]
    return one.marker is None or any(one.marker.evaluate(each) for each in asked)


def _download(lines: list[str], platform: str, python: str, wheels: Path) -> None:
    wanted = wheels.parent / "wanted.txt"
    wanted.write_text("\n".join(lines), encoding="utf-8")
    words: list[Any] = [sys.executable, "-m", "pip", "download", "--quiet", "--require-hashes", "--no-deps"]
    words += ["--only-binary", ":all:", "--python-version", python, "--dest", wheels, "--requirement", wanted]
    done = subprocess.run(
        [*words, *(("--platform", platform) if platform else ())], capture_output=True, text=True, check=False
    )
    wanted.unlink()
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        kind = NoIndexError if any(NOT_FOUND in line for line in errors) else BundleError
        raise kind("\n".join(errors[:3]) or done.stderr[-500:])


def _own_wheel(wheels: Path) -> lock.Pin:
    """Build the product's own wheel from a copy, so that no build leaves anything in the clone."""
    with TemporaryDirectory() as scratch:
        for name in PRODUCT:
            source, target = lock.ROOT / name, Path(scratch) / name
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, target)
        words = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index", "--no-build-isolation"]
        subprocess.run([*words, "--wheel-dir", str(wheels), scratch], check=True)
    [path] = wheels.glob("facility_emissions-*.whl")
    return lock.Pin("facility-emissions", path.name.split("-")[1], "", (f"sha256:{_sha256(path)}",))


def _hashed(wheels: Path, pins: list[lock.Pin]) -> Iterator[str]:
    """Yield a line per wheel with its one hash.

    Raises:
        BundleError: a pin has no wheel, or one whose hash the lock does not name.
    """
    found = {canonicalize_name(path.name.split("-")[0]): path for path in wheels.glob("*.whl")}
    for pin in pins:
        path = found.get(canonicalize_name(pin.name))
        if path is None or f"sha256:{_sha256(path)}" not in pin.hashes:
            raise BundleError(
                f"{pin.name} {pin.version}: {path.name if path else 'no wheel'} is not what the lock names"
            )
        yield f"{pin.name}=={pin.version} --hash=sha256:{_sha256(path)}\n"


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _zip(content: Path, path: Path) -> None:
    """Write a folder as a zip; wheels are compressed already, and no time of making is kept."""
    with zipfile.ZipFile(path, "w") as archive:
        for each in sorted(content.rglob("*")):
            if each.is_file():
                entry = zipfile.ZipInfo(f"{content.name}/{each.relative_to(content).as_posix()}")
                entry.external_attr = 0o644 << 16
                kind = zipfile.ZIP_STORED if each.suffix == ".whl" else zipfile.ZIP_DEFLATED
                archive.writestr(entry, each.read_bytes(), kind)


def main() -> None:
    """Make the bundle that the command line asks for, in ``build/``."""
    platform, python = (*sys.argv[1:], "", "")[:2]
    try:
        path = make(platform, python or f"{sys.version_info[0]}.{sys.version_info[1]}", lock.ROOT / "build")
    except BundleError as error:
        sys.exit(f"bundle: {error}")
    sys.stdout.write(f"{path.relative_to(lock.ROOT)}  {path.stat().st_size / 1e6:.0f} MB  sha256:{_sha256(path)}\n")


if __name__ == "__main__":
    main()
