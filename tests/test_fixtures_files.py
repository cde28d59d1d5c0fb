"""Files of fixtures: what YAML may say, which files are read, by which day they are judged."""

from __future__ import annotations

import datetime
import os
import subprocess
import sys
import time
from pathlib import Path

import kit
import pytest
from click.testing import CliRunner
from fixtures_kit import DAY, emulator, said, write
from hypothesis import given
from hypothesis import strategies as st
from safelight.cli import main
from safelight.core import Emulator, Settings
from safelight.dialects import load_dialects
from safelight.fixtures.checking import Checker
from safelight.fixtures.document import DocumentError, read
from safelight.fixtures.document import write as written
from safelight.fixtures.folder import Folders
from safelight.fixtures.loading import folders_of, load_library
from safelight.fixtures.watching import Watcher

HELLO = "match: {operation: chat.create, prompt: hello}\nreply: {text: TEXT}\n"


def check(folder: Path, *words: str) -> tuple[int, list[str]]:
    done = CliRunner().invoke(main, ["fixtures", "check", *words, str(folder)])
    return done.exit_code, done.output.splitlines()


def test_anchors_aliases_and_merges_are_read(tmp_path: Path) -> None:
    text = """
match: &one
  operation: chat.create
  fields: {metadata: &red {team: red, floor: '2'}}
reply:
  tool_calls:
    - &call {name: paint, arguments: {<<: *red, floor: '3', "<<": kept}}
    - {<<: *call, name: wash}
"""
    value, lines = read(text, as_json=False)
    first, second = value["reply"]["tool_calls"]
    assert first["arguments"] == {"floor": "3", "<<": "kept", "team": "red"}
    assert second == {"name": "wash", "arguments": first["arguments"]}
    assert lines[("reply", "tool_calls", 1, "arguments", "team")] == 4
    assert read(written(value), as_json=False)[0] == value
    tools = [{"type": "function", "function": {"name": name}} for name in ("paint", "wash")]
    emu = emulator(tmp_path, {"one": "match: {<<: {operation: chat.create}}\nreply: {text: hit}\n"})
    assert said(emu, "x", tools=tools) == "hit"


def test_of_several_merges_the_first_wins_and_own_keys_before_all() -> None:
    text = "a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2, w: 2}\nc: {w: 3, <<: [*a, *b]}\n"
    assert read(text, as_json=False)[0]["c"] == {"w": 3, "x": 1, "y": 1, "z": 2}


WIDE = "\n".join(
    ["a0: &a0 {x: 1}"]
    + [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 12)]
)
LAUGHS = "\n".join(
    ["a0: &a0 [x, x, x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
)
BOMBS = {
    "a billion laughs": (LAUGHS, "aliases repeat this too often"),
    "a billion merges": (WIDE, "aliases repeat this too often"),
    "a list of itself": ("a: &a [*a]", "nests deeper than 100 levels"),
    "a merge of itself": ("a: &a {<<: *a}", "nests deeper than 100 levels"),
    "wide and of itself": ("a: &a [*a, *a, *a]", "nests deeper than 100 levels"),
    "lists in a line": ("- " * 100_000 + "x", "nests deeper than 100 levels"),
    "keys in a line": ("? " * 100_000 + "x", "nests deeper than 100 levels"),
    "brackets": ("[" * 100_000, "nests deeper than 100 levels"),
    "steps": ("\n".join(" " * n + "a:" for n in range(1500)), "nests deeper than 100 levels"),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_a_bomb_is_refused_at_once(kind: str, tmp_path: Path) -> None:
    """In a process of its own: a recursion without end would take this one down."""
    text, words = BOMBS[kind]
    (tmp_path / "bomb.yaml").write_text(text)
    code = (
        "import sys, pathlib\nfrom safelight.fixtures.reading import read_file\n"
        "print(read_file(pathlib.Path(sys.argv[1]), 'bomb.yaml')[1][0].reason)"
    )
    began = time.monotonic()
    command = [sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout.strip() == words
    assert time.monotonic() - began < 10


@given(st.text("a<>&*!|-: ?[]{}\n'\"#", max_size=40))
def test_any_text_is_yaml_or_told(text: str) -> None:
    try:
        value, lines = read(text, as_json=False)
    except DocumentError:
        return
    assert read(written(value), as_json=False)[0] == value
    assert all(line >= 1 for line in lines.values())


def test_suffixes_are_read_in_any_letters_and_others_are_told(tmp_path: Path) -> None:
    for at, name in enumerate(["a.YAML", "b.Yml", "c.yml", "sub/d.yaml"]):
        write(tmp_path, {name: HELLO.replace("hello", f"hello {at}")})
    write(tmp_path, {"e.JSON": '{"match": {"prompt": "x"}, "reply": {"body": {"$file": "n.txt"}}}'})
    (tmp_path / "n.txt").write_text("named")
    assert check(tmp_path, "--lenient")[1] == ["5 fixtures good, 0 bad, 0 out of date"]
    (tmp_path / "e.JSON").write_text('{"match": {"prompt": "x"}, "reply": {"text": "y"}}')
    (tmp_path / "n.txt").unlink()
    for name in ("cat.yaml.bak", "old.toml", ".hidden.txt", "_draft.yaml", "files/x.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("nothing")
    told = f"not read, for fixtures end in .yaml, .yml or .json: {tmp_path / 'cat.yaml.bak'}, "
    wanted = [f"{told}{tmp_path / 'old.toml'}", "5 fixtures good, 0 bad, 0 out of date"]
    assert check(tmp_path) == (0, wanted)


def test_a_day_to_come_is_refused_but_for_the_slack_of_time_zones(tmp_path: Path) -> None:
    today = datetime.datetime.now(datetime.UTC).date()
    for ahead, good in ((0, True), (1, True), (3, False)):
        day = today + datetime.timedelta(days=ahead)
        write(tmp_path, {"one": f"recorded: {day}\nmatch: {{}}\nreply: {{text: x}}\n"})
        code, lines = check(tmp_path)
        assert (code == 0) is good
        assert good or f"recorded: {day} is still to come" in lines[0]
    day = today + datetime.timedelta(days=30)  # a test has turned the clock back, not the disk's
    write(tmp_path, {"one": f"recorded: {day}\nmatch: {{}}\nreply: {{text: x}}\n"})
    os.utime(tmp_path / "one.yaml", (time.time() + 30 * 86400,) * 2)
    assert check(tmp_path)[0] == 0


def test_files_are_judged_anew_when_the_day_has_changed(tmp_path: Path) -> None:
    day = [datetime.date(2026, 5, 11)]
    gone = "match: {provider: openai, model: dall-e-3}\nreply: {picture: cat.png}\n"
    emulator(tmp_path, {"new": HELLO})
    write(tmp_path, {"gone": gone})
    folders = folders_of([tmp_path], load_dialects(), lambda: day[0], lenient=False)
    folders.start()
    assert not folders.stale
    day[0] = DAY
    assert folders.stale
    (problem,) = folders.load()
    assert "'dall-e-3' is gone since 2026-05-12" in problem.reason
    assert len(folders.state.fixtures) == 2  # what it said before is still served
    day[0] = datetime.date(2026, 5, 11)
    assert folders.load() == []
    assert folders.state.problems == ()


def test_a_watcher_notices_midnight(tmp_path: Path) -> None:
    day = [datetime.date(2026, 5, 11)]
    emulator(tmp_path, {})
    write(
        tmp_path,
        {"gone": "match: {provider: openai, model: dall-e-3}\nreply: {picture: cat.png}\n"},
    )
    checker = Checker(load_dialects(), lambda: day[0])
    folders = Folders((tmp_path,), checker.check, lambda: checker.today)
    folders.start()
    watcher = Watcher(folders)
    watcher.start()
    try:
        time.sleep(0.5)
        assert folders.state.problems == ()
        day[0] = DAY
        until = time.monotonic() + 10
        while not folders.state.problems:
            assert time.monotonic() < until
            time.sleep(0.05)
    finally:
        watcher.stop()


def test_a_request_is_judged_by_the_day_of_its_session(tmp_path: Path) -> None:
    old = "match: {provider: openai, operation: chat.create}\nreply: {error: E-503-OLD}\n"
    write(tmp_path, {"old": old})
    noon = datetime.datetime(2026, 5, 11, 12, tzinfo=datetime.UTC)
    clock = kit.Clock(noon.timestamp())
    library = load_library([tmp_path], load_dialects(), noon.date)
    emu = Emulator(Settings(), clock=clock, library=library)

    def status(session: str) -> int:
        body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "x"}]}
        return kit.post(emu, f"/s/{session}/v1/chat/completions", body).status

    assert [status("a"), status("b"), status("c")] == [503, 503, 503]
    kit.control(emu, "POST", "clock", {"advance": 86400}, session="a")
    kit.control(emu, "POST", "session", {"as_of": "2026-11-20"}, session="b")
    assert [status("a"), status("b"), status("c")] == [200, 200, 503]
    (note,) = list(emu.session("a").journal)[-1].notes
    assert note.endswith("E-503-OLD holds until 2026-05-12, not on 2026-05-12")
    clock.now += 86400  # midnight, for all
    assert status("c") == 200


def test_links_to_folders_are_followed_once_and_lost_ones_are_told(tmp_path: Path) -> None:
    home, shared = tmp_path / "home", tmp_path / "shared"
    for folder in (home, shared):
        folder.mkdir()
    write(shared, {"one": HELLO})
    (home / "more").symlink_to(shared)
    (shared / "round").symlink_to(home)
    assert check(home) == (0, ["1 fixture good, 0 bad, 0 out of date"])
    (home / "lost.yaml").symlink_to("nowhere.yaml")
    code, lines = check(home)
    assert (code, len(lines)) == (1, 2)
    assert lines[0].startswith(f"{home / 'lost.yaml'}:1: cannot be read: ")


def test_a_check_that_finds_nothing_to_check_fails(tmp_path: Path) -> None:
    (tmp_path / "one.yml.txt").write_text(HELLO)
    told = f"Error: no fixture in {tmp_path}: fixtures end in .yaml, .yml or .json"
    assert check(tmp_path) == (2, [told])
