"""Drift: shapes of schemas, counts of replies, who moved, and the patch that is proposed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import kit
import mutants
import pytest
import yaml
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from safelight.cli import main
from safelight.core import Emulator, Settings
from safelight.datafiles import data_dir
from safelight.dialects import load_dialects
from safelight.fixtures.loading import load_library
from safelight.refusals import UsageError
from safelight.schemas import Schema, load
from safelight_contracts import results
from safelight_contracts.cases import Case, Piece, Seen
from safelight_contracts.drift.comparing import Move, Sides, of_headers, of_reply, of_request
from safelight_contracts.drift.evidence import keep_evidence
from safelight_contracts.drift.observed import Run, append, read_ledger, together
from safelight_contracts.drift.proposing import propose
from safelight_contracts.drift.sdk import look, read_rows
from safelight_contracts.drift.shapes import Stance, by_tag, either, of_schema, stance
from safelight_contracts.drift.tallies import Tally, count, merge, of_tallies
from safelight_contracts.findings import Outcome

REPLY = load("openai", "images.reply")
GOOD = {
    "created": 1,
    "background": "opaque",
    "data": [{"b64_json": "aGk="}, {"b64_json": "aGk="}],
    "output_format": "png",
    "quality": "low",
    "size": "1024x1024",
    "usage": {
        "input_tokens": 1,
        "input_tokens_details": {"image_tokens": 0, "text_tokens": 1},
        "output_tokens": 2,
        "total_tokens": 3,
    },
}


def changed(change: Callable[[Any], object]) -> Any:
    """Return a good reply with one thing about it changed."""
    copy = json.loads(json.dumps(GOOD))
    change(copy)
    return copy


def shape(*replies: Any) -> Any:
    tallies: dict[str, Tally] = {}
    for reply in replies:
        count(reply, tallies)
    return of_tallies(tallies)


def moves(*replies: Any, before: tuple[Any, ...] = (), sdk: Any = None) -> list[Move]:
    history = shape(*before) if before else None
    sides = Sides(of_schema(REPLY.document), history, shape(*replies), sdk)
    return list(of_reply("images.generate", "", sides))


def test_a_schema_says_what_is_always_there_and_what_may_be_null() -> None:
    told = of_schema(load("openai", "images.generate.request").document)
    assert told["prompt"].presence == "always"
    assert told["n"].presence == "sometimes"
    assert told["n"].nullable is True
    assert told["moderation"].values == {"low", "auto"}
    assert stance(told, "surprise").presence == "never"


def test_branches_of_a_union_count_together() -> None:
    one = {"properties": {"a": {"type": "string"}, "b": {"type": "null"}}, "required": ["a", "b"]}
    two = {"properties": {"a": {"type": "integer"}}, "required": ["a"]}
    closed = [{**branch, "type": "object", "additionalProperties": False} for branch in (one, two)]
    told = of_schema({"anyOf": closed})
    assert told["a"] == Stance("always", frozenset({"string", "integer"}), nullable=False)
    assert told["b"].presence == "sometimes"
    assert either([told, told]) == told


def test_events_are_told_apart_by_their_type() -> None:
    tags = by_tag(load("openai", "images.generate.event").document)
    assert set(tags) == {"image_generation.partial_image", "image_generation.completed", "error"}
    assert by_tag(REPLY.document) == {"": REPLY.document}


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "c"]), inner, max_size=3)
    ),
    max_leaves=8,
)


def objects(value: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every object of a value with the path of the place it stands at."""
    if isinstance(value, list):
        for item in value:
            yield from objects(item, f"{path}[]")
    elif isinstance(value, dict):
        yield path, value
        for name, item in value.items():
            yield from objects(item, f"{path}.{name}" if path else name)


def naive(replies: list[Any]) -> dict[str, tuple[int, int]]:
    """Return of how many objects each field could have been, and in how many it was."""
    found = [place for reply in replies for place in objects(reply)]
    names = {f"{path}.{name}" if path else name for path, one in found for name in one}
    out = {}
    for name in names:
        above, _, leaf = name.rpartition(".")
        homes = [one for path, one in found if path == above]
        out[name] = (len(homes), sum(leaf in one for one in homes))
    return out


@given(st.lists(st.dictionaries(st.sampled_from("ab"), values, max_size=2), max_size=5))
def test_counts_are_those_of_a_naive_count(replies: list[Any]) -> None:
    tallies: dict[str, Tally] = {}
    for reply in replies:
        count(reply, tallies)
    got = {path: (tally.of, tally.seen) for path, tally in tallies.items() if path[-1] not in "]}"}
    assert got == naive(replies)


@given(
    st.lists(st.dictionaries(st.sampled_from("ab"), values, max_size=2), max_size=4),
    st.integers(0, 4),
)
def test_runs_merged_count_like_one_run(replies: list[Any], cut: int) -> None:
    whole: dict[str, Tally] = {}
    for reply in replies:
        count(reply, whole)
    parts: list[dict[str, Tally]] = [{}, {}]
    for index, reply in enumerate(replies):
        count(reply, parts[index >= cut])
    merge(parts[0], parts[1])
    assert {k: (t.of, t.seen, t.nulls) for k, t in parts[0].items()} == {
        k: (t.of, t.seen, t.nulls) for k, t in whole.items()
    }


def test_replies_as_promised_move_nothing() -> None:
    assert moves(GOOD, GOOD, GOOD, before=(GOOD,) * 3) == []


@pytest.mark.parametrize(
    ("change", "path", "kind", "what"),
    [
        (lambda r: r.update(score=1), "score", "adds", "new field"),
        (lambda r: r["data"][0].update(score=1), "data[].score", "adds", "new field"),
        (lambda r: r.pop("created"), "created", "breaks", "missing field"),
        (lambda r: r.update(size=None), "size", "breaks", "null"),
        (lambda r: r.update(created="now"), "created", "breaks", "type"),
        (lambda r: r.update(quality="ultra"), "quality", "adds", "value"),
        (lambda r: r.pop("size"), "size", "deprecates", "gone field"),
    ],
)
def test_each_move_is_named_for_what_it_is(
    change: Callable[[Any], object], path: str, kind: str, what: str
) -> None:
    (move,) = moves(*(changed(change),) * 3, before=(GOOD,) * 3)
    assert (move.path, move.kind, move.change, move.side) == (path, kind, what, "live")


def test_a_field_seen_in_one_of_three_is_optional_and_not_gone() -> None:
    without = changed(lambda r: r["usage"].pop("total_tokens"))
    (move,) = moves(GOOD, without, without, before=(GOOD,) * 3)
    assert (move.path, move.kind) == ("usage.total_tokens", "flaps")
    assert "optional, not gone" in move.says


def test_two_replies_are_too_few_to_call_a_field_gone() -> None:
    without = changed(lambda r: r.pop("created"))
    assert moves(without, without, before=(GOOD,) * 3) == []


def test_a_new_object_is_told_once_and_not_field_by_field() -> None:
    (move,) = moves(*(changed(lambda r: r.update(extra={"a": {"b": 1}})),) * 3)
    assert move.path == "extra"


def test_what_the_sdk_knows_too_makes_our_schema_the_late_one() -> None:
    sdk = {**of_schema(REPLY.document), "score": Stance("sometimes", frozenset({"integer"}))}
    (move,) = moves(*(changed(lambda r: r.update(score=1)),) * 3, sdk=sdk)
    assert move.side == "ours"
    (move,) = moves(GOOD, GOOD, GOOD, sdk=sdk)
    assert (move.side, move.path) == ("sdk", "score")


def test_headers_come_go_and_flap() -> None:
    from collections import Counter

    before = (4, Counter({"x-request-id": 4, "x-old": 4}))
    now = (4, Counter({"x-request-id": 2, "x-new": 4}))
    told = {m.path: m.kind for m in of_headers("images.generate", before, now, enough=3)}
    assert told == {"x-old": "breaks", "x-new": "adds", "x-request-id": "flaps"}


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


def case(operation: str = "images.generate") -> Case:
    return Case("openai", operation, "POST", "/images/generations", "a test")


def seen(body: Any, status: int = 200, kind: str = "application/json") -> Seen:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Seen(status, (("content-type", kind),), (Piece(0.1, data),))


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
        package, rows = read_rows(provider)
        assert package
        names = {path.name.split(".re")[0] for path in (data_dir("schemas") / provider).iterdir()}
        assert {row.operation for row in rows if row.part == "request"} <= names
    assert Schema({"type": "object"}, "x").accepts({})


def test_the_emulator_does_not_drift_and_a_strange_endpoint_does(
    live_server: Any, tmp_path: Path
) -> None:
    """The whole command over a socket: the emulator asked, its run kept, a later run compared."""
    ledger, patch, table = tmp_path / "observed.json", tmp_path / "p.diff", tmp_path / "s.md"
    flags = ["--provider", "together", "--as-of", "2026-11-20", "--observations", str(ledger)]
    base = f"{live_server.origin}/together/v1"
    result = CliRunner().invoke(main, ["drift", *flags, "--base-url", base])
    assert (result.exit_code, result.output.strip()) == (0, "no drift")
    run = read_ledger(ledger, "together")[-1]
    seen_of = run.operations["images.generate"].fields[""]
    seen_of["score"] = Tally(of=4, seen=4, types={"number"})
    append(ledger, "together", run)
    more = ["--propose", str(patch), "--markdown", str(table)]
    result = CliRunner().invoke(main, ["drift", *flags, *more])
    assert result.exit_code == 3, result.output
    assert "adds: images.generate reply: score is sent, and our schema does not" in result.output
    assert '+    "score": {"type": "number"}' in patch.read_text().replace("        ", "    ")
    assert "| adds | `images.generate reply: score` |" in table.read_text()


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        ([], "nothing to compare with: name --base-url, --observations, --recordings or --sdk"),
        (["--observations", "none.json"], "none.json: holds no run of 'edenai' yet"),
        (["--sdk"], "edenai has no Python SDK of its own; name --base-url"),
        (["--base-url", "https://api.edenai.run/v3"], "--live, --api-key-env NAME, --budget USD"),
    ],
)
def test_a_slip_on_the_command_line_is_told_in_one_line(flags: list[str], says: str) -> None:
    result = CliRunner().invoke(main, ["drift", "--provider", "edenai", *flags])
    assert result.exit_code == 2
    assert says in result.output
    assert len(result.output.splitlines()) == 1


def cassette(folder: Path, body: dict[str, Any]) -> Path:
    """Write a cassette with one exchange, as vcrpy keeps it."""
    emu = kit.emulator()
    reply = kit.post(emu, "/openai/v1/images/generations", {**body, "size": "1024x1024"})
    asked = {
        "method": "POST",
        "uri": "https://api.openai.com/v1/images/generations",
        "headers": {"Content-Type": ["application/json"]},
        "body": json.dumps(body),
    }
    told = {
        "status": {"code": 200, "message": "OK"},
        "headers": {"Content-Type": ["application/json"]},
        "body": {"string": reply.body.decode()},
    }
    path = folder / "cassette.yaml"
    path.write_text(yaml.safe_dump({"interactions": [{"request": asked, "response": told}]}))
    return path


def judged(*flags: str) -> Any:
    return CliRunner().invoke(main, ["drift", "--provider", "openai", *flags])


def test_recordings_are_judged_by_the_contract_of_a_day(tmp_path: Path) -> None:
    """A cassette of a retired model, and one of an illegal size, would not happen today."""
    good = cassette(tmp_path, {"model": "gpt-image-2", "prompt": "a red kite", "quality": "low"})
    result = judged("--recordings", str(good), "--as-of", "2026-11-20")
    assert result.exit_code == 0, result.output
    assert "1 recordings, 0 that would not happen on 2026-11-20" in result.output
    for wrong, field in (
        ({"model": "gpt-image-1.5", "prompt": "a kite", "size": "13x13"}, "size"),
        ({"model": "dall-e-3", "prompt": "a kite", "quality": "hd"}, "dall-e-3"),
        (
            {
                "model": "gpt-image-1.5",
                "prompt": "a",
                "background": "transparent",
                "output_format": "jpeg",
            },
            "rule",
        ),
    ):
        old = cassette(tmp_path, wrong)
        result = judged("--recordings", str(old), "--as-of", "2026-11-20")
        assert result.exit_code == 1, result.output
        assert field in result.output
        assert "1 that would not happen" in result.output


def test_a_folder_of_fixtures_is_judged_too() -> None:
    home = data_dir("fixtures") / "exchanges"
    result = judged("--recordings", str(home), "--as-of", "2026-11-20")
    assert result.exit_code == 1
    lines = [line for line in result.output.splitlines() if "images.variation" in line]
    assert len(lines) == 2  # retired since; everything else still holds
    assert "2 that would not happen" in result.output


def test_a_file_that_is_no_recording_is_named(tmp_path: Path) -> None:
    path = tmp_path / "notes.yaml"
    path.write_text("hello: 1\n")
    result = judged("--recordings", str(path))
    assert result.exit_code == 2
    assert "notes.yaml: is neither a HAR file nor a cassette" in result.output


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
    run = strange_run(mutants.body(lambda reply: reply.update(mood="good")))
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
