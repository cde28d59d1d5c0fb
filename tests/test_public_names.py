"""What users import: every name is there, and type checkers are told the same as Python."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import safelight
import safelight_contracts

PACKAGES = [safelight, safelight_contracts]


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_every_public_name_is_found_and_listed(package: object) -> None:
    rooms = package._ROOMS  # type: ignore[attr-defined]
    assert set(rooms) <= set(dir(package))
    for name, room in rooms.items():
        where = room if room.startswith("safelight") else f"safelight.{room}"
        assert getattr(package, name) is getattr(import_module(where), name)
        assert not isinstance(getattr(package, name), str), f"{name} is no type for annotations"


def test_the_stub_tells_type_checkers_the_same_names() -> None:
    stub = ast.parse(Path(safelight.__file__).with_suffix(".pyi").read_text())
    told = {
        alias.asname: str(node.module).removeprefix("safelight.")
        for node in stub.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert told == safelight._ROOMS


def test_the_judge_offers_what_it_says_it_does() -> None:
    assert sorted(safelight_contracts._ROOMS) == sorted(safelight_contracts.__all__)


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_a_name_that_is_none_is_told_as_python_tells_it(package: object) -> None:
    with pytest.raises(AttributeError, match="has no attribute 'assert_imagee'"):
        _ = package.assert_imagee  # type: ignore[attr-defined]


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_the_package_itself_loads_none_of_its_rooms(package: object) -> None:
    name = package.__name__  # type: ignore[attr-defined]
    code = f"import sys, {name}; print([m for m in sys.modules if m.startswith('{name}.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
