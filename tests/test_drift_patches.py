"""What comes of a drift: the patch that is proposed, and the fixture that shows it."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import kit
import mutant_changes
import mutants
import pytest
from drift_kit import GOOD, REPLY, changed
from safelight.core import Emulator, Settings
from safelight.datafiles import data_dir
from safelight.dialects import load_dialects
from safelight.fixtures.loading import load_library
from safelight.schemas import load
from safelight_contracts import results
from safelight_contracts.drift.comparing import Move
from safelight_contracts.drift.evidence import keep_evidence
from safelight_contracts.drift.proposing import propose
from safelight_contracts.findings import Outcome


def a_move(path: str, change: Any, *got: str, event: str = "") -> Move:
    return Move("images.generate", "reply", path, "adds", "live", change, "…", event, got)


PROPOSALS: dict[str, tuple[Move, Callable[[Any], object]]] = {
    "field": (a_move("score", "new field", "integer"), lambda r: r.update(score=1)),
    "inner field": (
        a_move("data[].score", "new field", "number", "null"),
        lambda r: r["data"][0].update(score=0.5),
    ),
    "referenced field": (
        a_move("usage.input_tokens_details.video", "new field", "integer"),
        lambda r: r["usage"]["input_tokens_details"].update(video=1),
    ),
    "missing": (a_move("created", "missing field"), lambda r: r.pop("created")),
    "optional": (
        a_move("usage.total_tokens", "optional field"),
        lambda r: r["usage"].pop("total_tokens"),
    ),
    "null": (a_move("size", "null", "null"), lambda r: r.update(size=None)),
    "null of an enum": (a_move("quality", "null", "null"), lambda r: r.update(quality=None)),
    "type": (a_move("created", "type", "string"), lambda r: r.update(created="now")),
    "value": (a_move("quality", "value", "ultra"), lambda r: r.update(quality="ultra")),
}


@pytest.mark.parametrize("name", PROPOSALS)
def test_a_proposed_patch_applies_and_makes_room_for_what_was_seen(
    name: str, tmp_path: Path
) -> None:
    move, change = PROPOSALS[name]
    assert REPLY.check(changed(change)) is not None
    shutil.copytree(data_dir("schemas") / "openai", tmp_path / "schemas" / "openai")
    patch = propose(tmp_path / "schemas" / "openai", lambda _: "images.reply", [move])
    subprocess.run(["git", "apply", "-p1", "-"], input=patch.encode(), cwd=tmp_path, check=True)
    mended = load("openai", "images.reply", root=tmp_path / "schemas")
    assert mended.check(changed(change)) is None
    assert mended.check(GOOD) is None


def test_a_patch_for_an_event_changes_that_event_alone(tmp_path: Path) -> None:
    folder = tmp_path / "openai"
    shutil.copytree(data_dir("schemas") / "openai", folder)
    done = "image_generation.completed"
    move = a_move("quality", "value", "ultra", event=done)
    patch = propose(folder, lambda _: "images.generate.event", [move, move])
    assert patch.count("+            ") == patch.count('"ultra"') + 1  # the comma before it
    assert patch.count('"ultra"') == 1


def test_nothing_is_proposed_for_an_sdk_or_for_an_accident() -> None:
    sdk = Move("images.generate", "reply", "x", "adds", "sdk", "new field", "…", "", ("string",))
    once = Move(
        "images.generate",
        "reply",
        "x",
        "adds",
        "live",
        "new field",
        "…",
        "",
        ("string",),
        sure=False,
    )
    assert propose(data_dir("schemas") / "openai", lambda _: "images.reply", [sdk, once]) == ""


def strange_run(change: Any) -> results.Run:
    """Return a run in which every good answer to the panel had something changed."""
    endpoint = mutants.Endpoint(kit.emulator(), change)
    cases = [mutants.panel()[name] for name in ("image", "stream", "edit", "models")]
    answered = [(case, endpoint.ask(case)) for case in (*cases, *cases, *cases)]
    run = results.Run(
        "openai", "OpenAI", "https://api.openai.com/v1", mutants.DAY, 0, began=kit.NOW
    )
    run.results = [results.Result(case, Outcome.PASSED, seen=seen) for case, seen in answered]
    return run


def test_what_shows_a_drift_is_kept_as_a_fixture(tmp_path: Path) -> None:
    told = mutants.promises("openai")
    run = strange_run(mutant_changes.body(lambda reply: reply.update(mood="good")))
    (path,) = keep_evidence(tmp_path / "kept", told, run)
    text = path.read_text()
    assert "mood: good" in text
    assert "operation: images.generate" in text
    assert "sk-" not in text
    library = load_library([tmp_path / "kept"], load_dialects(), mutants.DAY)
    emu = Emulator(Settings(), clock=kit.Clock(), library=library)
    case = mutants.panel()["image"]
    assert json.loads(mutants.Endpoint(emu).ask(case).body)["mood"] == "good"


def test_nothing_is_kept_where_nothing_drifts(tmp_path: Path) -> None:
    run = strange_run(lambda _, reply: reply)
    assert keep_evidence(tmp_path / "kept", mutants.promises("openai"), run) == []
    assert not (tmp_path / "kept").exists()
