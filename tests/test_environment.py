"""Every flag of `serve` can be set in the environment: what containers and CI files have."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from typing import Any

import click
import pytest
from click.testing import CliRunner
from conftest import DAY, LiveServer, end
from safelight.cli import main
from safelight.commands.serve import serve as serve_command
from safelight.commands.values import Setting


def started(**settings: str) -> Any:
    """Start a server by its environment alone; return the line that says where, and the process."""
    told = {**os.environ, "SAFELIGHT_PORT": "0", "SAFELIGHT_AS_OF": DAY, **settings}
    process = subprocess.Popen(
        [sys.executable, "-m", "safelight", "serve"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=told,
    )
    assert process.stdout is not None
    return process.stdout.readline(), process


def drawn(origin: str, key: str) -> int:
    body = json.dumps({"model": "gpt-image-2", "prompt": "A kite"}).encode()
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    request = urllib.request.Request(f"{origin}/v1/images/generations", body, headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:
            return int(reply.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def test_a_server_is_what_its_environment_says() -> None:
    line, process = started(
        SAFELIGHT_API_KEY="sk-one\nsk two\n",
        SAFELIGHT_FAULT="\n  overloaded; times=1\n  quota_exceeded; times=1\n",
    )
    try:
        origin = line.split()[-1].removesuffix(".")
        assert [drawn(origin, key) for key in ("sk-one", "sk two", "sk-three")] == [503, 429, 401]
    finally:
        process.terminate()
        end(process)
        process.stderr.close()


@pytest.mark.parametrize("option", [p for p in serve_command.params if isinstance(p, Setting)])
def test_a_variable_is_called_like_its_flag(option: Setting) -> None:
    flag = max(option.opts, key=len)
    assert option.envvar == "SAFELIGHT_" + flag[2:].replace("-", "_").upper()


def test_no_flag_of_serve_is_left_out() -> None:
    assert {type(p) for p in serve_command.params if isinstance(p, click.Option)} == {Setting}


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PORT", "70000", "Invalid value for 'SAFELIGHT_PORT': 70000 is not in the range"),
        ("MAX_BODY", "5x", "Invalid value for 'SAFELIGHT_MAX_BODY': '5x' is no size"),
        ("JOURNAL_SIZE", "5\n3x", "Invalid value for 'SAFELIGHT_JOURNAL_SIZE': '3x' is neither"),
        ("FAULT", "overlaoded", "unknown fault 'overlaoded'; did you mean overloaded?"),
    ],
)
def test_a_slip_there_is_told_by_the_variables_name(name: str, value: str, said: str) -> None:
    done = CliRunner().invoke(main, ["serve"], env={f"SAFELIGHT_{name}": value})
    assert (done.exit_code, said in done.output) == (2, True), done.output


def test_a_flag_wins_over_the_environment(live_server: LiveServer) -> None:
    taken = str(live_server.port)
    done = CliRunner().invoke(main, ["serve", "--port", taken], env={"SAFELIGHT_PORT": "no"})
    assert f"cannot listen on 127.0.0.1 port {taken}" in done.output
