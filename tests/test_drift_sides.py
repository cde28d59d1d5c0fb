"""The sides that are compared: the ledger of earlier runs, streams by their events, SDKs."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import kit
import mutants
import pytest
from drift_kit import GOOD, REPLY, case, seen
from safelight.datafiles import data_dir
from safelight.refusals import DataError, UsageError
from safelight.schemas import Schema, load
from safelight_contracts.cases import Seen
from safelight_contracts.drift.accepting import Accepted
from safelight_contracts.drift.comparing import Move, Sides, of_reply, of_request
from safelight_contracts.drift.gathering import drift
from safelight_contracts.drift.observed import Run, append, read_ledger, together
from safelight_contracts.drift.printing import lines
from safelight_contracts.drift.sdk import look, read_rows
from safelight_contracts.drift.shapes import by_tag, of_schema
from safelight_contracts.drift.tallies import of_tallies


def test_the_ledger_keeps_runs_and_says_what_they_saw(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "observed.json"
    for number in range(23):
        run = Run(f"2026-11-{number + 1:02}", "http://127.0.0.1:1/v1")
        run.take(case(), seen(GOOD))
        run.take(case(), seen({"error": {"type": "a", "code": "b", "param": None}}, 400))
        run.take(case(), Seen(0, failure="timeout"))
        append(path, "openai", run)
    runs = read_ledger(path, "openai")
    assert [run.at for run in runs][::19] == ["2026-11-04", "2026-11-23"]
    told = together(runs)["images.generate"]
    assert (told.replies, told.errors["400 a b -"]) == (20, 20)
    assert told.fields[""]["data[].b64_json"].seen == 40
    assert read_ledger(path, "vercel") == []


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"version": 9}', '{"version": 1, "providers": {"openai": [{}]}}']
)
def test_a_file_that_is_no_ledger_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "observed.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"observed\.json: "):
        read_ledger(path, "openai")


def test_a_stream_is_counted_by_event_and_order() -> None:
    emu = kit.emulator()
    ask = {"model": "gpt-image-2", "prompt": "a red circle", "stream": True, "partial_images": 2}
    reply = kit.post(emu, "/openai/v1/images/generations", ask)
    assert reply.chunks is not None
    run = Run("2026-11-21", "")
    run.take(case(), seen(b"".join(chunk.data for chunk in reply.chunks), kind="text/event-stream"))
    told = run.operations["images.generate"]
    assert list(told.orders) == ["image_generation.partial_image+ image_generation.completed"]
    branches = by_tag(load("openai", "images.generate.event").document)
    for tag, tallies in told.fields.items():
        sides = Sides(of_schema(branches[tag]), live=of_tallies(tallies, enough=1))
        assert list(of_reply("images.generate", tag, sides)) == []


def test_the_sdk_of_this_environment_agrees_with_the_image_replies() -> None:
    sdk = look("openai")
    assert sdk is not None
    assert sdk.missing == ()
    told = sdk.shapes["images.generate", "reply", ""]
    assert list(of_reply("images.generate", "", Sides(of_schema(REPLY.document), sdk=told))) == []
    asked = sdk.shapes["images.generate", "request", ""]
    ours = of_schema(load("openai", "images.generate.request").document)
    assert list(of_request("images.generate", ours, asked)) == []


def test_an_sdk_that_is_not_there_is_a_slip_with_a_way_out(tmp_path: Path) -> None:
    folder = tmp_path / "openai"
    folder.mkdir()
    text = (data_dir("schemas") / "openai" / "sdk.toml").read_text()
    (folder / "sdk.toml").write_text(text.replace('package = "openai"', 'package = "nowhere"'))
    with pytest.raises(UsageError, match=r"nowhere is not installed .* --sdk-python"):
        look("openai", root=tmp_path)
    with pytest.raises(UsageError, match="cannot look at openai"):
        look("openai", python=str(tmp_path / "python"))
    assert look("edenai", sys.executable) is None


def test_every_sdk_row_names_an_operation_that_has_a_schema() -> None:
    for provider in ("openai", "together"):
        package, rows, _ = read_rows(provider)
        assert package
        names = {path.name.split(".re")[0] for path in (data_dir("schemas") / provider).iterdir()}
        assert {row.operation for row in rows if row.part == "request"} <= names
    assert Schema({"type": "object"}, "x").accepts({})


def test_all_that_is_accepted_of_an_sdk_is_there_and_nothing_else_differs() -> None:
    sdk = look("openai")
    assert sdk is not None
    found = drift(mutants.promises("openai"), [], None, sdk)
    assert found.moves == ()
    assert len(found.accepted) == 9
    assert found.over == ()


def test_what_is_accepted_is_told_again_as_soon_as_it_says_anything_else() -> None:
    sdk = look("openai")
    assert sdk is not None
    tiers = sdk.shapes["chat.create", "request", ""]
    more = replace(tiers["service_tier"], values=tiers["service_tier"].values | {"turbo"})
    tiers["service_tier"] = more
    found = drift(mutants.promises("openai"), [], None, sdk)
    (move,) = found.moves
    assert move.says == "can have the values scale, turbo in the SDK, which our schema refuses"
    assert [row.path for row in found.over] == ["service_tier"]
    told = lines(found)
    assert "8 differences are accepted, see sdk.toml" in told
    assert any(
        line.startswith("accepted, and there no more: chat.create request: ") for line in told
    )


def test_what_an_endpoint_does_is_never_accepted() -> None:
    row = Accepted("images.generate", "reply", "", "x", "moved", "because")
    move = Move("images.generate", "reply", "x", "adds", "sdk", "other", "moved")
    assert row.covers(move)
    assert not row.covers(replace(move, side="live"))
    assert not row.covers(replace(move, event="image_generation.completed"))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('reason = "the same as', 'raeson = "the same as', "raeson"),
        ("reason = ", "reason = 3 # ", "accepted[0].reason"),
        ("checked = 2026-11-21\n\n[[accepted]]", "\n[[accepted]]", "checked"),
    ],
)
def test_an_accepted_row_without_a_reason_or_a_day_stops_the_program(
    old: str, new: str, says: str, tmp_path: Path
) -> None:
    (tmp_path / "openai").mkdir()
    text = (data_dir("schemas") / "openai" / "sdk.toml").read_text()
    (tmp_path / "openai" / "sdk.toml").write_text(text.replace(old, new))
    with pytest.raises(DataError) as refused:
        read_rows("openai", root=tmp_path)
    assert says in str(refused.value)
