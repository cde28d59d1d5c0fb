"""The wheel, not the checkout: built, installed in a clean environment, asked for a picture."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import urllib.request
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import DAY

HOUSE = Path(__file__).resolve().parents[1]


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command away from the checkout; its output, or all it said if it fails."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, env=clean)
    assert done.returncode == 0, f"{command}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the built wheel."""
    folder = tmp_path_factory.mktemp("dist")
    pip = (sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation")
    run(*pip, "--wheel-dir", folder, HOUSE, cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def scripts(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of commands of an environment that holds the wheel and what it needs."""
    home = tmp_path_factory.mktemp("clean")
    venv.create(home, with_pip=False)
    scripts = home / ("Scripts" if os.name == "nt" else "bin")
    pip = (sys.executable, "-m", "pip", "--python", scripts / "python", "install", "--quiet")
    run(*pip, "--constraint", HOUSE / "constraints.txt", wheel, cwd=home)
    return scripts


@pytest.fixture(scope="module")
def origin(scripts: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return where the installed command serves."""
    command = (scripts / "safelight", "serve", "--port", "0", "--as-of", DAY)
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=elsewhere, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().rpartition(" ")[2].rstrip(".\n")
        process.send_signal(signal.SIGTERM)
    assert process.returncode == 0


def test_the_wheel_carries_the_data_and_nothing_that_shadows_a_users_folder(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.partition("/")[0].partition("-")[0] for name in names}
    assert tops == {"safelight", "safelight_contracts"}
    assert any(name.startswith("safelight/_data/schemas/openai/") for name in names)
    typed = {"safelight/py.typed", "safelight/__init__.pyi", "safelight_contracts/py.typed"}
    assert typed <= set(names)
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)


def test_the_installed_package_is_not_the_checkout(scripts: Path, tmp_path: Path) -> None:
    where = "import safelight; print(safelight.__file__)"
    assert "site-packages" in run(scripts / "python", "-c", where, cwd=tmp_path)


def test_the_installed_command_serves_a_picture(origin: str) -> None:
    body = json.dumps({"model": "gpt-image-2", "prompt": "a lamp", "size": "1024x1024"}).encode()
    headers = {"authorization": "Bearer sk-any", "content-type": "application/json"}
    request = urllib.request.Request(f"{origin}/openai/v1/images/generations", body, headers)
    with urllib.request.urlopen(request, timeout=30) as reply:
        picture = base64.b64decode(json.load(reply)["data"][0]["b64_json"])
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    assert picture[16:24] == (1024).to_bytes(4) * 2


def test_the_installed_command_knows_its_models(scripts: Path, tmp_path: Path) -> None:
    listed = run(scripts / "safelight", "models", "--as-of", DAY, cwd=tmp_path)
    assert "gpt-image-2" in listed


def test_the_installed_judge_finds_the_installed_emulator_sound(
    origin: str, scripts: Path, tmp_path: Path
) -> None:
    base = ("--provider", "compatible", "--base-url", f"{origin}/compatible/v1", "--as-of", DAY)
    said = run(scripts / "safelight", "check", "endpoint", *base, cwd=tmp_path)
    assert " ".join(said.split()).endswith("keeps its contract")
    explained = run(scripts / "safelight", "explain", "SL-PICTURE-SIZE", cwd=tmp_path)
    assert explained.startswith("SL-PICTURE-SIZE: ")


def test_the_wheel_carries_the_golden_exchanges_and_the_samples(
    scripts: Path, tmp_path: Path
) -> None:
    where = "from safelight.datafiles import data_dir; print(data_dir('fixtures'))"
    home = run(scripts / "python", "-c", where, cwd=tmp_path).strip()
    assert "site-packages" in home
    said = run(scripts / "safelight", "fixtures", "check", f"{home}/exchanges", cwd=tmp_path)
    assert " 0 bad" in said
    opened = "from safelight_contracts.samples import sample; print(sample('scene.png').size)"
    assert run(scripts / "python", "-c", opened, cwd=tmp_path).strip() == "(256, 192)"
