"""A provider is added by a folder: the one that docs/adding-a-provider.md describes."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import kit
import pytest
from checks_kit import DAY, ask
from safelight.core import Emulator
from safelight.dialects import Dialects
from safelight.refusals import DataError, UsageError
from safelight_contracts.breaking import matrix
from safelight_contracts.checks import judge
from safelight_contracts.promises import Promises
from safelight_contracts.requests import case_of, least

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "adding-a-provider.md"
FILE = re.compile(r"^### `([\w.]+)`.*?^```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ASK = {"model": "box-brownie", "prompt": "A lighthouse"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    home = tmp_path / "shutterbox"
    home.mkdir()
    for name, text in FILE.findall(PAGE.read_text()):
        (home / name).write_text(text)
    assert len(list(home.iterdir())) == 6
    return home


def draw(emulator: Emulator, **fields: Any) -> Any:
    return kit.post(emulator, "/shutterbox/v1/images/generations", {**ASK, **fields})


def test_the_folder_of_the_page_draws(folder: Path) -> None:
    reply = kit.parsed(draw(kit.emulator(dialects=(folder,)), aspect="tall"))
    assert sorted(reply) == ["pictures", "shot_at"]
    picture = kit.opened(kit.base64.b64decode(reply["pictures"][0]["b64_json"]))
    assert picture.size == (432, 768)


@pytest.mark.parametrize(
    ("fields", "status", "message"),
    [
        ({"aspect": "wide"}, 422, "box-brownie draws 'square' and 'tall', not 'wide'."),
        ({"prompt": ""}, 422, "Look at 'prompt'."),
        ({"colour": "red"}, 422, "Look at 'colour'."),
        ({"model": "box"}, 404, "Nothing here."),
    ],
)
def test_it_says_no_in_its_own_words(
    folder: Path, fields: dict[str, str], status: int, message: str
) -> None:
    reply = draw(kit.emulator(dialects=(folder,)), **fields)
    assert (reply.status, kit.error(reply)["message"]) == (status, message)


def test_it_can_be_the_default_and_leaves_the_others_alone(folder: Path) -> None:
    emulator = kit.emulator(dialects=(folder,), provider="shutterbox")
    assert emulator.providers()[0].title == "Shutterbox"
    assert kit.get(emulator, "/openai/v1/models").status == 200


def test_the_command_serves_it(folder: Path, serve: Callable[..., Any]) -> None:
    server = serve("--dialect", str(folder))
    url = f"{server.origin}/shutterbox/v1"
    assert f"export SHUTTERBOX_URL={url}" in server.banner
    reply = httpx.post(f"{url}/images/generations", json=ASK, headers=dict([kit.KEY]))
    picture = kit.base64.b64decode(reply.json()["pictures"][0]["b64_json"])
    assert kit.opened(picture).size == (512, 512)


def test_the_command_lists_its_models(folder: Path) -> None:
    command = [sys.executable, "-m", "safelight", "models", "--dialect", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert re.search(r"^shutterbox +box-brownie +image", done.stdout, re.MULTILINE)


def test_the_last_example_of_the_page_runs_beside_the_folder(folder: Path) -> None:
    code = re.search(
        r"^```python\n(from pathlib.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL
    )
    assert code is not None
    subprocess.run([sys.executable, "-c", code[1]], cwd=folder.parent, check=True)


def test_without_a_module_it_speaks_the_plain_surface(folder: Path) -> None:
    (folder / "dialect.py").unlink()
    with pytest.raises(DataError, match=r"images\.edit\.request\.form\.json: \(file\): is missing"):
        kit.emulator(dialects=(folder,))
    for name in ("images.edit.request.form", "images.edit.request", "chat.create.request"):
        (folder / f"{name}.json").write_text((folder / "images.generate.request.json").read_text())
    assert kit.picture(draw(kit.emulator(dialects=(folder,)))).size == (1024, 1024)


def test_a_folder_that_bears_another_name_is_refused(folder: Path) -> None:
    renamed = folder.rename(folder.parent / "other")
    with pytest.raises(DataError, match="says 'shutterbox' in the folder 'other'"):
        kit.emulator(dialects=(renamed,))


def test_a_name_that_is_taken_is_refused(folder: Path) -> None:
    with pytest.raises(UsageError, match="'shutterbox' is served already"):
        kit.emulator(dialects=(folder, folder))


@pytest.mark.parametrize("text", ["", "from safelight.dialects.surface import Surface\n"])
def test_a_module_without_a_dialect_is_refused(folder: Path, text: str) -> None:
    (folder / "dialect.py").write_text(text)
    with pytest.raises(UsageError, match=r"dialect\.py: defines 0 dialects"):
        kit.emulator(dialects=(folder,))


def test_the_judge_reads_its_contract(folder: Path) -> None:
    contract = Promises(Dialects([folder])["shutterbox"], DAY)
    row = contract.of("images.generate")
    emulator = kit.emulator(dialects=(folder,))
    params = least(contract, row, "box-brownie")
    good = case_of(contract, row, params, purpose="drawn")
    assert judge(good, ask(emulator, good, contract), contract) == []
    faults = list(matrix(contract.request(row, "box-brownie"), params))
    assert len(faults) > 5
    for fault in faults:
        case = case_of(contract, row, fault.value, purpose=fault.how, broken=fault.name)
        case = replace(case, expects=contract.expect(case, fault.violation))
        assert judge(case, ask(emulator, case, contract), contract) == []
