"""`@client_contract` as test authors use it: fixtures, async functions, messages, slips."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HEAD = """
import asyncio
import openai, pytest
from safelight_contracts.client import client_contract

pytestmark = pytest.mark.safelight(as_of="2026-11-20")
ASK = dict(model="gpt-image-2", prompt="x", size="1024x1024", quality="low")

CLIENT = openai.OpenAI(api_key="sk-test", max_retries=0)  # one: each reads all certificates

def draw(**more):
    return CLIENT.images.generate(**ASK, **more)

"""


def run(folder: Path, code: str) -> subprocess.CompletedProcess[str]:
    """Run the inner tests in a process of their own."""
    (folder / "test_inner.py").write_text(HEAD + code)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error"]
    command += ["-o", "asyncio_mode=auto", "-o", "asyncio_default_fixture_loop_scope=function"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_a_failing_client_is_told_with_the_smallest_reply(tmp_path: Path) -> None:
    code = """
@client_contract(provider="openai", lenses=["exact"], must_detect=[], max_examples=30)
def test_app():
    return draw().usage.total_tokens
"""
    said = run(tmp_path, code).stdout
    assert "the client breaks the contract in 1 way:" in said
    assert "SL-CLIENT-EXACT: the client copes with every reply that the schema allows" in said
    assert "at        usage is absent" in said
    assert "got       AttributeError: 'NoneType' object has no attribute 'total_tokens'" in said
    assert "operation: images.generate" in said
    assert "$file: " in said
    assert "1 failed" in said


def test_it_works_with_fixtures_async_functions_and_a_real_server(tmp_path: Path) -> None:
    code = """
@client_contract(provider="openai", lenses=["tolerant"], must_detect=[], max_examples=8)
async def test_async(tmp_path):
    client = openai.AsyncOpenAI(max_retries=0)
    reply = await client.images.generate(**ASK)
    (tmp_path / "a.png").write_text(reply.data[0].b64_json)

@client_contract(provider="openai", lenses=["tolerant"], must_detect=[], max_examples=8)
def test_world(safelight):
    assert not safelight.requests or safelight.requests[-1].model == "gpt-image-2"
    return draw().data[0].b64_json

@client_contract(provider="openai", lenses=["transport"], must_detect=[], max_examples=8)
def test_server(safelight_server, monkeypatch):
    base = safelight_server.base_url("openai")
    client = openai.OpenAI(base_url=base, max_retries=0)
    return client.images.generate(**ASK).data[0].b64_json

@client_contract(provider="openai", lenses=["errors"], must_detect=[], max_examples=20)
def test_none_is_a_failure_where_it_is_not_the_plain_result():
    try:
        return draw().data[0].b64_json
    except openai.OpenAIError:
        return None
"""
    said = run(tmp_path, code).stdout
    assert "4 passed" in said, said


def test_a_wait_that_was_passed_over_counts(tmp_path: Path) -> None:
    code = """
STALLS = ["stall_before_headers"]

@client_contract(provider="openai", must_detect=STALLS, lenses=[], timeout=30)
def test_patient():
    return openai.OpenAI(timeout=None, max_retries=0).images.generate(**ASK).data[0].b64_json

@client_contract(provider="openai", must_detect=STALLS, lenses=[], timeout=30)
def test_in_time():
    return openai.OpenAI(timeout=5, max_retries=0).images.generate(**ASK).data[0].b64_json
"""
    said = run(tmp_path, code).stdout
    assert "1 failed, 1 passed" in said
    assert "SL-CLIENT-HANG: the client ends" in said
    assert "got       it waited 3600 s for an answer; 30 s is all" in said


def test_a_function_that_never_ends_is_interrupted(tmp_path: Path) -> None:
    code = """
import time

@client_contract(provider="openai", timeout=0.5)
def test_app():
    draw()
    while True:
        try:
            time.sleep(30)
        except Exception:
            pass
"""
    said = run(tmp_path, code).stdout
    assert "got       still running after 0.5 s" in said


def test_what_is_declared_of_the_result_is_required(tmp_path: Path) -> None:
    code = """
@client_contract(provider="openai", must_detect=[], lenses=[], holds=lambda result: result == 2)
def test_app():
    return len(draw().data)
"""
    said = run(tmp_path, code).stdout
    assert "SL-CLIENT-OUTPUT" in said
    assert "the result 1 does not hold" in said


def test_files_are_output(tmp_path: Path) -> None:
    code = """
import base64
@client_contract(provider="openai", must_detect=["wrong_bytes"], lenses=[])
def test_app(tmp_path):
    (tmp_path / "a.png").write_bytes(base64.b64decode(draw().data[0].b64_json))
"""
    said = run(tmp_path, code).stdout
    assert "SL-CLIENT-SWALLOWED" in said
    assert "SL-CLIENT-UNDETECTED" not in said


def test_what_nobody_could_show_fails_the_test(tmp_path: Path) -> None:
    code = """
@client_contract(provider="openai", must_detect=["truncated_stream"], lenses=[])
def test_app():
    return draw().data[0].b64_json
"""
    said = run(tmp_path, code).stdout
    assert "not checked: nothing that the client asks for could show truncated_stream" in said


def test_two_bugs_are_told_apart(tmp_path: Path) -> None:
    code = """
@client_contract(provider="openai", must_detect=[], lenses=["exact", "tolerant"])
def test_app():
    reply = draw()
    assert reply.background + reply.usage.input_tokens_details.model_dump_json()
    assert not any("x_safelight" in name for name in reply.data[0].model_dump())
"""
    said = run(tmp_path, code).stdout
    assert "the client breaks the contract in 3 ways:" in said
    assert "at        background is absent" in said
    assert "at        usage is absent" in said
    assert "at        an unknown field in data[0]" in said


def test_a_slip_names_what_would_be_right(tmp_path: Path) -> None:
    code = """
@client_contract(provider="openai", lenses=["nice"])
def test_app():
    pass
"""
    said = run(tmp_path, code).stdout
    assert "unknown lens 'nice'; known are exact, tolerant, transport, errors" in said
