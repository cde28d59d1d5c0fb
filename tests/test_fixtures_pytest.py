"""Fixtures in the pytest plugin: as an option, as one reply, and which of them nobody used."""

from __future__ import annotations

from pathlib import Path

import kit
import openai
import pytest
import safelight
from fixtures_kit import write
from safelight import UsageError
from safelight.messages import Request

pytest_plugins = ["pytester"]

HELLO = "match: {operation: chat.create, prompt: hello}\nreply: {text: hi there}\n"
OTHER = "match: {operation: chat.create, prompt: other}\nreply: {text: never}\n"
ASK = """
import openai, pytest

def ask(text):
    client = openai.OpenAI(api_key="sk-x", max_retries=0)
    message = [{"role": "user", "content": text}]
    reply = client.chat.completions.create(model="gpt-4o", messages=message)
    return reply.choices[0].message.content
"""


def run(pytester: pytest.Pytester, body: str, *flags: str) -> pytest.RunResult:
    pytester.makepyfile(test_it=ASK + body)
    loop = ("-o", "asyncio_default_fixture_loop_scope=function")
    return pytester.runpytest("-p", "no:cacheprovider", "-q", *loop, *flags)


TEST = """
def test_it(safelight):
    assert ask("hello") == "hi there"
"""


@pytest.mark.parametrize("place", ["marker", "flag", "ini"])
def test_a_folder_is_named_by_marker_flag_or_ini(place: str, pytester: pytest.Pytester) -> None:
    write(pytester.path, {"canned/hello": HELLO})
    mark = '@pytest.mark.safelight(fixtures="canned")' if place == "marker" else ""
    if place == "ini":
        pytester.makeini("[pytest]\nsafelight_fixtures =\n    canned\n")
    flags = ["--safelight-fixtures", "canned"] if place == "flag" else []
    run(pytester, mark + TEST, *flags).assert_outcomes(passed=1)


def test_the_server_answers_with_them_too(pytester: pytest.Pytester) -> None:
    write(pytester.path, {"canned/hello": HELLO})
    body = """
@pytest.mark.safelight(fixtures=["canned"])
def test_it(safelight_server, monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", safelight_server.base_url("openai"))
    assert ask("hello") == "hi there"

def test_another_test_has_none(safelight):
    assert ask("hello") != "hi there"
"""
    run(pytester, body).assert_outcomes(passed=2)


def test_a_bad_file_ends_the_test_with_its_line(pytester: pytest.Pytester) -> None:
    write(pytester.path, {"canned/hello": HELLO.replace("text", "txt")})
    result = run(pytester, TEST, "--safelight-fixtures", "canned")
    where = pytester.path / "canned" / "hello.yaml"
    assert f"{where}:2: reply.txt: unknown key; did you mean 'text'?" in result.stdout.str()
    result.assert_outcomes(errors=1)


def test_an_unmatched_request_may_be_an_error(pytester: pytest.Pytester) -> None:
    write(pytester.path, {"canned/hello": HELLO})
    body = """
@pytest.mark.safelight(fixtures="canned", unmatched="error")
def test_it(safelight):
    with pytest.raises(openai.BadRequestError, match="no fixture fits this chat"):
        ask("goodbye")
"""
    run(pytester, body).assert_outcomes(passed=1)


@pytest.mark.parametrize("flags", [[], ["-n", "2"]])
def test_unused_fixtures_are_listed_on_request(flags: list[str], pytester: pytest.Pytester) -> None:
    write(pytester.path, {"canned/hello": HELLO, "canned/other": OTHER})
    told = run(pytester, TEST, "--safelight-fixtures=canned", *flags).stdout.str()
    assert "not used" not in told
    asked = ["--safelight-fixtures=canned", "--safelight-unused-fixtures", *flags]
    told = run(pytester, TEST, *asked).stdout.str()
    assert "safelight: 1 of 2 fixtures not used by any test:" in told
    assert f"  {pytester.path / 'canned' / 'other.yaml'}" in told
    (pytester.path / "canned" / "other.yaml").unlink()
    assert "safelight: all of 1 fixture were used" in run(pytester, TEST, *asked).stdout.str()


def say() -> str | None:
    client = openai.OpenAI(api_key="sk-x", max_retries=0)
    reply = client.chat.completions.create(
        model="gpt-4o", messages=[{"role": "user", "content": "x"}]
    )
    return reply.choices[0].message.content


def test_one_fixture_is_the_next_reply_whatever_it_matches(tmp_path: Path) -> None:
    write(tmp_path, {"hello": HELLO})
    with safelight.Emulator() as world:
        world.reply_with(exchange=tmp_path / "hello.yaml")
        world.reply_with(exchange={"reply": {"text": "second"}})
        assert [say(), say()] == ["hi there", "second"]
        assert say() != "second"


def test_an_exact_fixture_with_a_link_is_a_reply_too(tmp_path: Path) -> None:
    (tmp_path / "cat.png").write_bytes(kit.png(30, 20))
    body = "body: {created: 1, data: [{url: {$url: cat.png}}]}"
    write(tmp_path, {"one": f"match: {{operation: images.generate}}\nreply: {{{body}}}\n"})
    with safelight.Emulator() as world:
        world.reply_with(exchange=str(tmp_path / "one.yaml"))
        assert say() is not None  # a chat leaves it
        client = openai.OpenAI(api_key="sk-x")
        reply = client.images.generate(model="gpt-image-2", prompt="x")
        url = (reply.data or [])[0].url or ""
        assert client._client.get(url).content == (tmp_path / "cat.png").read_bytes()


def test_a_slip_in_a_reply_is_told(tmp_path: Path) -> None:
    write(tmp_path, {"bad": "match: {}\nreply: {txt: x}\n"})
    with safelight.Emulator() as world:
        with pytest.raises(UsageError, match=r"bad\.yaml:2: reply\.txt: unknown key"):
            world.reply_with(exchange=tmp_path / "bad.yaml")
        with pytest.raises(UsageError, match=r"reply\.txt: unknown key; did you mean 'text'"):
            world.reply_with(exchange={"reply": {"txt": "x"}})
        with pytest.raises(UsageError, match="cannot be read"):
            world.reply_with(exchange=tmp_path / "none.yaml")


def test_a_block_takes_folders_as_paths(tmp_path: Path) -> None:
    write(tmp_path, {"hello": "match: {prompt: x}\nreply: {text: hi there}\n"})
    with safelight.Emulator(fixtures=tmp_path) as world:
        assert say() == "hi there"
        assert list(world.session.used.values()) == [1]
    with pytest.raises(UsageError, match="is neither a folder nor a file"):
        safelight.Emulator(fixtures=tmp_path / "none").__enter__()
    with pytest.raises(UsageError, match="unmatched is one of make, error, got 'x'"):
        safelight.Emulator(unmatched="x")


def control(world: safelight.World, page: str) -> None:
    """Ask the control plane of a test's own session."""
    path = f"/s/{world.name}/_safelight/{page}"
    reply = world._emulator.respond(Request("POST", path, ""))
    assert reply.status == 200


def test_a_reset_keeps_a_tests_fixtures_and_drops_what_waits(tmp_path: Path) -> None:
    files = {
        "a": "match: {operation: chat.create, nth: 1}\nreply: {text: first}\n",
        "b": "match: {operation: chat.create}\nreply: {text: hi there}\n",
    }
    write(tmp_path, files)
    with safelight.Emulator(fixtures=tmp_path) as world:
        assert [say(), say()] == ["first", "hi there"]
        world.reply_with(text="never said")
        world.fail_next("overloaded")
        control(world, "session/reset")
        assert (world.requests, world.leftovers()) == ((), [])
        assert world.session.used == {}
        assert [say(), say()] == ["first", "hi there"]
        assert [r.exchange.number for r in world.requests] == [1, 2]


def test_what_a_test_expected_before_a_reset_is_not_expected_after_it() -> None:
    with safelight.Emulator(strict=False) as world:
        for _ in range(2):
            with pytest.raises(openai.BadRequestError):
                openai.OpenAI(api_key="sk-x").images.generate(model="gpt-image-2", prompt="")
            before = len(world._judgement.unexpected())
            world.assert_requested("images.generate", status=400)
            assert (before, world._judgement.unexpected()) == (1, [])
            control(world, "session/reset")
            world.clock.advance(minutes=1)
            assert world.session.offset == 60


def test_a_fixture_that_a_test_gives_is_judged_in_full(tmp_path: Path) -> None:
    generate = "match: {operation: images.generate}\n"
    write(
        tmp_path,
        {
            "sent": generate + "reply:\n  text: hello\n",
            "asked": "match: {model: gpt-imge-2, provider: openai}\nreply: {text: x}\n",
            "old": "match: {model: dall-e-3, provider: openai}\nreply: {error: E-TYPE}\n",
            "hello": HELLO,
        },
    )
    with safelight.Emulator(as_of="2026-11-20") as world:
        for name, words in {
            "sent": r"sent\.yaml:3: reply\.text: images\.generate answers with no such thing",
            "asked": r"asked\.yaml:1: match\.model: openai has no model 'gpt-imge-2'",
            "old": r"old\.yaml:1: match\.model: 'dall-e-3' is gone since 2026-05-12",
        }.items():
            with pytest.raises(UsageError, match=words):
                world.reply_with(exchange=tmp_path / f"{name}.yaml")
        with pytest.raises(UsageError, match=r"reply\.text: images\.edit answers with no such"):
            world.reply_with(exchange=tmp_path / "hello.yaml", operation="images.edit")
        with pytest.raises(UsageError, match=r"^reply\.fields\.choices\.0\.mesage: .* 'message'"):
            world.reply_with(
                exchange={
                    "match": {"provider": "openai", "operation": "chat.create"},
                    "reply": {"fields": {"choices.0.mesage": {}}},
                }
            )
        assert world.session.answers == []


def test_a_fixture_that_a_test_gives_is_a_use_of_it(tmp_path: Path) -> None:
    write(tmp_path, {"hello": HELLO, "other": OTHER})
    (tmp_path / "x").mkdir()
    with safelight.Emulator(fixtures=tmp_path / "x" / "..") as world:
        world.reply_with(exchange=tmp_path / "hello.yaml", times=2)
        assert world.session.used == {}
        assert say() == "hi there"
        assert world.session.used == {str(tmp_path / "hello.yaml"): 1}
        world.reply_with(exchange={"reply": {"text": "second"}})
        assert [say(), say()] == ["hi there", "second"]
        assert list(world.session.used.values()) == [2]


def test_what_a_test_gave_and_nobody_got_is_listed(pytester: pytest.Pytester) -> None:
    write(pytester.path, {"canned/hello": HELLO, "more/given": OTHER, "more/idle": OTHER})
    body = """
@pytest.mark.safelight(leftovers="ignore")
def test_it(safelight):
    safelight.reply_with(exchange="more/given.yaml")
    assert ask("anything") == "never"
    assert ask("hello") == "hi there"
    safelight.reply_with(exchange="more/idle.yaml")
"""
    flags = ["--safelight-fixtures=canned", "--safelight-unused-fixtures"]
    told = run(pytester, body, *flags).stdout.str()
    assert "safelight: 1 of 3 fixtures not used by any test:" in told
    assert f"  {pytester.path / 'more' / 'idle.yaml'}" in told
