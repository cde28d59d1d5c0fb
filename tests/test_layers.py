"""The plan of the house, read from the sources: who may import whom, and who may name whom."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from safelight.catalog import load_catalog
from safelight.datafiles import data_dir
from safelight.dialects import REGISTRY

HOUSE = Path(__file__).resolve().parents[1]
EMULATOR = HOUSE / "emulator" / "safelight"
CONTRACTS = HOUSE / "contracts" / "safelight_contracts"

ORDER = [
    line.split()
    for line in """
    __init__ began bounded messages kept masks
    refusals violations
    naming faultlist
    datafiles fingerprints limits
    schemas phrases stream_errors
    narrowing errors
    catalog
    provider
    pixels tokens faults journal read sentences
    bending lies scenario verify verdict latency
    edits
    store
    operations
    costs answers
    dialects.base
    admit faulting quotas files links memo
    canning
    fetch
    dialects
    summaries
    mounts records settings legal
    handing hints desk leftover directing
    pages hearing
    fixtures
    planned
    control
    core
    rawwire watch following addresses guard wires options assertions
    arriving
    app intercept sentries late
    aiohttp_shell
    clock recorded nearest
    asserting replying
    connections statuslines
    server world
    inprocess background recording
    imports
    plugin_options
    plugin_room
    pytest_plugin commands
    cli
    __main__
    """.strip().splitlines()
]
"""A room may import itself and what stands on earlier lines, also where only types are meant."""

RANK = {room: rank for rank, line in enumerate(ORDER) for room in line}

SHELLS = {
    "app",
    "rawwire",
    "watch",
    "following",
    "cli",
    "commands",
    "fetch",
    "intercept",
    "pytest_plugin",
    "server",
    "__main__",
}
SHELLS |= {
    "aiohttp_shell",
    "arriving",
    "background",
    "began",
    "connections",
    "guard",
    "inprocess",
    "plugin_room",
    "recording",
    "sentries",
    "statuslines",
    "wires",
}
"""The rooms that may know of sockets, loops and clocks."""

WORLD = {
    "aiohttp",
    "asyncio",
    "anyio",
    "httpx",
    "httpx2",
    "hypercorn",
    "requests",
    "respx",
    "select",
}
WORLD |= {"selectors", "socket", "ssl", "starlette", "time", "trio", "urllib.request", "uvicorn"}

JUDGE_MAY_KNOW = {
    "__init__",
    "messages",
    "refusals",
    "violations",
    "datafiles",
    "schemas",
    "phrases",
}
JUDGE_MAY_KNOW |= {"commands"}  # how flags are written: `commands/values.py`, and no command
JUDGE_MAY_KNOW |= {"narrowing", "errors", "catalog", "provider", "dialects", "dialects.base"}
JUDGE_MAY_KNOW |= {"read"}  # how a body is taken apart: a file as the schemas see it
JUDGE_MAY_KNOW |= {"imports"}  # users' recordings are read as they are imported
JUDGE_MAY_KNOW |= {"fixtures", "faults"}  # what a fixture looks like, and which faults have names
JUDGE_MAY_KNOW |= {"fetch", "links"}  # which addresses are public, and the error of those that not

MAY_NAME = {
    "dialects/__init__.py": "the registry: the one line that a new provider adds",
}
"""The files outside a provider's own that may name it in code, each with a reason."""


@cache
def sources(root: Path) -> dict[str, ast.Module]:
    """Return every module under a package, by its path in it."""
    files = sorted(root.rglob("*.py"))
    return {f.relative_to(root).as_posix(): ast.parse(f.read_text("utf-8")) for f in files}


def imported(tree: ast.AST) -> Iterator[str]:
    """Yield the full name of every module that is imported, wherever in the file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide who is meant"
            assert node.module is not None
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def needed(tree: ast.Module) -> set[str]:
    """Return what a module imports when it runs, be it late: not what only types are meant by."""
    typed = [
        n for n in ast.walk(tree) if isinstance(n, ast.If) and "TYPE_CHECKING" in ast.dump(n.test)
    ]
    return set(imported(tree)) - {name for block in typed for name in imported(block)}


def room(path: str) -> str:
    """Return the room that a file of the package belongs to."""
    parts = path.removesuffix(".py").split("/")
    return "dialects.base" if parts[:2] == ["dialects", "base"] else parts[0]


def rooms(tree: ast.Module) -> set[str]:
    """Return the rooms that a module imports from."""
    names = (name.split(".")[1:] for name in imported(tree) if name.startswith("safelight."))
    return {"dialects.base" if name[:2] == ["dialects", "base"] else name[0] for name in names}


@pytest.mark.parametrize("path", sources(EMULATOR))
def test_a_room_imports_only_what_stands_before_it(path: str) -> None:
    here = room(path)
    assert here in RANK, f"{path}: a new room needs a line in ORDER"
    found = {other for other in rooms(sources(EMULATOR)[path]) if other in RANK} - {here}
    if here.startswith("dialects"):
        found.discard("dialects")  # a package's own __init__ is imported with any part of it
    assert {other for other in found if RANK[other] >= RANK[here]} == set()


@pytest.mark.parametrize("path", [path for path in sources(EMULATOR) if room(path) not in SHELLS])
def test_sockets_loops_and_clocks_stay_in_the_shells(path: str) -> None:
    found = {name for name in imported(sources(EMULATOR)[path]) if name in WORLD}
    assert found == set()


@pytest.mark.parametrize("path", sources(EMULATOR))
def test_no_two_modules_need_each_other(path: str) -> None:
    def name(of: str) -> str:
        return f"safelight.{of.removesuffix('.py').replace('/', '.')}"

    for other, tree in sources(EMULATOR).items():
        if other > path and name(other) in needed(sources(EMULATOR)[path]):
            assert name(path) not in needed(tree), f"{path} and {other}"


def test_the_core_opens_sleeps_and_looks_at_nothing() -> None:
    calls = [n.func for n in ast.walk(sources(EMULATOR)["core.py"]) if isinstance(n, ast.Call)]
    names = {func.id for func in calls if isinstance(func, ast.Name)}
    names |= {func.attr for func in calls if isinstance(func, ast.Attribute)}
    assert names & {"open", "read_text", "read_bytes", "sleep", "now", "today", "time"} == set()


@pytest.mark.parametrize("path", sources(CONTRACTS))
def test_the_judge_knows_the_promise_and_never_the_cook(path: str) -> None:
    assert rooms(sources(CONTRACTS)[path]) & set(RANK) <= JUDGE_MAY_KNOW


@pytest.mark.parametrize("path", sources(EMULATOR))
def test_the_emulator_never_needs_the_judge(path: str) -> None:
    names = {name.split(".")[0] for name in imported(sources(EMULATOR)[path])}
    assert "safelight_contracts" not in names


def providers() -> set[str]:
    folders = {folder.name for folder in data_dir("schemas").iterdir() if folder.is_dir()}
    return (folders - {"__pycache__"}) | set(REGISTRY)


def shared() -> list[str]:
    """Return the modules that belong to no provider."""
    own = tuple(f"dialects/{name}" for name in providers())
    return [path for path in sources(EMULATOR) if not path.startswith(own)]


def words(tree: ast.Module) -> Iterator[str]:
    """Yield the strings and names of a module's code: not its comments, not its docstrings."""
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.value
        elif isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr


def named(path: str, names: set[str]) -> set[str]:
    """Return which of the names stand in a module's code as words of their own."""
    pattern = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    found = re.compile(rf"(?<![\w-])(?:{pattern})(?![\w-])", re.IGNORECASE)
    return {hit for word in words(sources(EMULATOR)[path]) for hit in found.findall(word)}


@pytest.mark.parametrize("path", shared())
def test_no_provider_is_named_outside_its_own_module(path: str) -> None:
    assert path in MAY_NAME or named(path, providers()) == set()


@pytest.mark.parametrize("path", shared())
def test_no_model_is_named_outside_its_providers_module(path: str) -> None:
    models = {model.id for name in providers() for model in load_catalog(name).models}
    assert named(path, models) == set()


def test_every_exception_is_still_needed() -> None:
    assert [path for path in MAY_NAME if not named(path, providers())] == []


def test_the_plan_was_read_from_real_files() -> None:
    assert {"core.py", "app.py", "dialects/openai.py"} <= set(sources(EMULATOR))
    assert {"dialects", "messages"} <= rooms(sources(EMULATOR)["core.py"])
