"""Install facility-emissions from this folder: ``python install.py [FOLDER]``. It needs Python and nothing else.

No network, no package registry, no administrator rights: the wheels beside this script go into an environment of their own in FOLDER
(without one, ``environment`` beside this script), each only if its hash is the one in ``requirements.txt``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent


def install(folder: Path) -> Path:
    """Make the environment and return the command in it."""
    wanted = (HERE / "python-version").read_text(encoding="utf-8").strip()
    here = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if here != wanted:
        sys.exit(f"Python {wanted} で実行してください（今は {here}） / This bundle is for Python {wanted}, not {here}.")
    try:
        venv.create(folder, with_pip=True)
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(
            f"{folder}: 環境を作れません（{error}）。書き込める場所か、Pythonに venv と ensurepip があるかを確かめてください。"
            " / No environment can be made: is the folder writable, and does this Python have venv and ensurepip?"
        )
    scripts = folder / ("Scripts" if os.name == "nt" else "bin")
    clean = {name: value for name, value in os.environ.items() if not name.upper().startswith("PIP_")}
    clean |= {"PIP_CONFIG_FILE": os.devnull, "PYTHONUTF8": "1"}
    words = [str(scripts / "python"), "-m", "pip", "--isolated", "install", "--quiet", "--disable-pip-version-check"]
    words += ["--no-index", "--no-deps", "--require-hashes", "--find-links", str(HERE / "wheels")]
    done = subprocess.run([*words, "--requirement", str(HERE / "requirements.txt")], env=clean, check=False)
    if done.returncode:
        sys.exit("インストールできませんでした（上の行を見てください） / Not installed: see the lines above.")
    return scripts / ("facility-emissions.exe" if os.name == "nt" else "facility-emissions")


if __name__ == "__main__":
    command = install(Path(sys.argv[1] if len(sys.argv) > 1 else HERE / "environment").resolve())
    sys.stdout.write(
        f"インストールしました / installed: {command}\n試す / try: {command} --city {HERE / 'sample_data'} nightly\n"
    )
