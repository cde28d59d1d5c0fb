"""`safelight check client`: commands of any language, bounded, judged, and left no trace of."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from conftest import LiveServer
from safelight.cli import main
from safelight.refusals import UsageError
from safelight_contracts.client_door import Door, over_http
from safelight_contracts.client_plans import Plan
from safelight_contracts.client_process import OUTPUT, Command

PLAIN = Plan("plain", "plain", "SL-CLIENT-FAILED")
APP = """
import base64, json, os, sys, urllib.request

def ask():
    body = {"model": "gpt-image-2", "prompt": "x", "size": "1024x1024", "quality": "low"}
    head = {"authorization": "Bearer " + os.environ["OPENAI_API_KEY"],
            "content-type": "application/json"}
    url = os.environ["OPENAI_BASE_URL"] + "/images/generations"
    request = urllib.request.Request(url, json.dumps(body).encode(), head)
    with urllib.request.urlopen(request, timeout=5) as reply:
        return json.load(reply)

"""
GOOD = APP + "print(len(base64.b64decode(ask()['data'][0]['b64_json'])), 'bytes')\n"


def check(folder: Path, code: str, *flags: str) -> subprocess.CompletedProcess[str]:
    """Run the command line against a script of that code."""
    (folder / "app.py").write_text(code)
    own = [sys.executable, "-m", "safelight", "check", "client", "--provider", "openai"]
    common = ["--retry-after", "0.02", "--as-of", "2026-11-20", *flags]
    return subprocess.run(
        [*own, *common, "--", sys.executable, "-S", "app.py"],
        cwd=folder, env=dict(os.environ), capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def test_a_good_command_passes_with_a_server_of_its_own(tmp_path: Path) -> None:
    said = check(tmp_path, GOOD, "--examples", "12", "--expect-output", r"\d{4,} bytes")
    assert (said.returncode, said.stderr) == (0, ""), said.stdout
    assert said.stdout.startswith("no finding\n12 examples: plain 1, planted 1, errors")


def test_the_smallest_reply_that_breaks_it_is_a_fixture_that_breaks_it_again(
    tmp_path: Path, live_server: LiveServer, serve: Callable[..., LiveServer]
) -> None:
    broken = APP + "print(ask()['usage']['total_tokens'])\n"
    flags = ("--url", live_server.origin, "--lenses", "exact", "--save", str(tmp_path / "saved"))
    said = check(tmp_path, broken, "--examples", "20", *flags)
    assert said.returncode == 1
    assert "SL-CLIENT-EXACT: the client copes with every reply" in said.stdout
    assert "at        usage is absent\n" in said.stdout
    assert "got       exit code 1: KeyError: 'usage'" in said.stdout
    saved = tmp_path / "saved" / "01-sl-client-exact"
    again = serve("--as-of", "2026-11-20", "--fixtures", str(saved))
    env = {"OPENAI_BASE_URL": f"{again.origin}/openai/v1", "OPENAI_API_KEY": "sk-test"}
    command = [sys.executable, "app.py"]
    done = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, **env}, capture_output=True, check=False
    )
    assert b"KeyError: 'usage'" in done.stderr


def test_a_command_that_hangs_is_ended_with_all_that_it_started(
    tmp_path: Path, live_server: LiveServer
) -> None:
    child = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
    code = f"""
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {child!r}])
open("child", "w").write(str(child.pid))
child.wait()
"""
    flags = ("--url", live_server.origin, "--timeout", "3", "--examples", "9")
    said = check(tmp_path, code, *flags)
    assert said.returncode == 1
    assert "got       still running after 3 s" in said.stdout
    assert "1 examples: plain 1" in said.stdout
    assert gone(int((tmp_path / "child").read_text()))


def gone(pid: int) -> bool:
    """Tell whether a process ends within a moment; a zombie has ended."""
    if sys.platform != "linux":
        pytest.skip("only Linux tells it under /proc")
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def door(server: LiveServer) -> Door:
    found = Door(over_http(server.origin, "bounded"))
    found.begin()
    return found


def test_output_is_read_to_its_end_and_kept_in_bounds(
    tmp_path: Path, live_server: LiveServer
) -> None:
    code = "import sys\nsys.stdout.write('a' * 30_000_000 + 'the end')\nprint('x', file=sys.stderr)"
    command = Command([sys.executable, "-c", code], {}, folder=tmp_path)
    ending = command.run(PLAIN, door(live_server))
    assert ending.ended == "success"
    assert ending.output.endswith(b"the end\nx\n")
    assert OUTPUT < len(ending.output) < OUTPUT + 100


def test_a_child_that_holds_the_pipe_is_not_waited_for(
    tmp_path: Path, live_server: LiveServer
) -> None:
    code = (
        "import subprocess, sys\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(30)'])\nprint('done')"
    )
    command = Command([sys.executable, "-c", code], {}, folder=tmp_path)
    began = time.monotonic()
    ending = command.run(PLAIN, door(live_server))
    assert (ending.ended, ending.output) == ("success", b"done\n\n")
    assert time.monotonic() - began < 10


def test_the_declared_ending_is_required(tmp_path: Path, live_server: LiveServer) -> None:
    flags = ("--url", live_server.origin, "--expect-exit", "7", "--examples", "3")
    said = check(tmp_path, GOOD, *flags)
    assert said.returncode == 1
    assert "SL-CLIENT-FAILED" in said.stdout
    told = ("--url", live_server.origin, "--expect-output", "a picture of", "--examples", "3")
    said = check(tmp_path, GOOD, *told)
    assert "SL-CLIENT-OUTPUT: the client ends as it was declared" in said.stdout
    assert "stdout has nothing like 'a picture of'" in said.stdout


def test_a_failure_may_be_told_by_words(tmp_path: Path, live_server: LiveServer) -> None:
    code = f"{APP}\ntry:\n    ask()\nexcept Exception as error:\n    print('failed:', error)\n"
    flags = ("--url", live_server.origin, "--lenses", "errors", "--examples", "6")
    assert "SL-CLIENT-ERROR-IGNORED" in check(tmp_path, code, *flags).stdout
    said = check(tmp_path, code, *flags, "--notices", "^failed:")
    assert said.returncode == 0, said.stdout


def test_files_that_it_writes_are_output(tmp_path: Path, live_server: LiveServer) -> None:
    code = APP + "open('a.png', 'wb').write(base64.b64decode(ask()['data'][0]['b64_json']))\n"
    flags = ("--url", live_server.origin, "--writes", "*.png", "--must-detect", "wrong_bytes")
    said = check(tmp_path, code, *flags, "--examples", "2")
    assert said.returncode == 1
    assert "SL-CLIENT-SWALLOWED: no lie reaches the client's output" in said.stdout


def test_a_key_that_is_told_is_found(tmp_path: Path, live_server: LiveServer) -> None:
    code = GOOD + "print(os.environ, file=sys.stderr)\n"
    said = check(tmp_path, code, "--url", live_server.origin, "--examples", "2")
    assert "SL-CLIENT-LEAK: the client keeps its key to itself" in said.stdout


def test_what_could_not_be_checked_is_not_green(tmp_path: Path, live_server: LiveServer) -> None:
    flags = ("--url", live_server.origin, "--must-detect", "truncated_stream,expired_url")
    said = check(tmp_path, GOOD, *flags, "--lenses", "tolerant", "--examples", "6")
    assert said.returncode == 4, said.stdout
    assert (
        "not checked: nothing that the client asks for could show truncated_stream" in said.stderr
    )


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (("--lenses", "exact,nice"), "unknown lens 'nice'; known are exact, tolerant"),
        (("--must-detect", "fog"), "nobody can plant 'fog'; known are truncated_stream"),
        (("--must-detect", "wrong_byts"), "'wrong_byts'; did you mean wrong_bytes, wrong_size?"),
        (("--examples", "0"), "needs an example at least, got 0"),
        (
            ("--operation", "image.generate"),
            "operation: openai has none that fits 'image.generate'; did you mean images.generate",
        ),
        (("--operation", "nope"), "none that fits 'nope'; known are images.generate"),
        (("--writes", "/abs/*.png"), "--writes '/abs/*.png': expected a glob below this folder"),
        (("--writes", ""), "--writes '': expected a glob below this folder"),
        (("--save", "app.py"), "--save app.py: expected a folder, and "),
        (("--save", "app.py/deep"), "--save app.py/deep: expected a folder, and "),
        (("--url", "notaurl"), "--url 'notaurl': expected an address such as https://host/v1"),
        (("--env", "NONSENSE"), "--env 'NONSENSE': write NAME=value"),
        (("--provider", "opennai"), "unknown provider 'opennai'; known are openai"),
        (("--url", "http://127.0.0.1:1"), "no Safelight answers at http://127.0.0.1:1"),
    ],
)
def test_a_slip_is_one_line(
    tmp_path: Path, live_server: LiveServer, flags: tuple[str, ...], says: str
) -> None:
    said = check(tmp_path, GOOD, "--url", live_server.origin, *flags)
    assert said.returncode == 2, said.stdout
    assert says in said.stderr
    assert len(said.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (("--timeout", "0"), "'0' is no time; write seconds, above 0, up to 86400"),
        (("--timeout", "nan"), "'nan' is no time; write seconds, above 0, up to 86400"),
        (("--seconds", "inf"), "'inf' is no time; write seconds, above 0, up to 86400"),
        (("--retry-after", "-1"), "'-1' is no time; write seconds, from 0 to 86400"),
        (("--expect-exit", "300"), "300 is not in the range -64<=x<=255"),
    ],
)
def test_a_number_that_cannot_be_meant_is_told_its_range(flags: tuple[str, str], says: str) -> None:
    called = ["check", "client", "--provider", "openai", *flags, "--", "true"]
    said = CliRunner().invoke(main, called)
    assert (said.exit_code, f"Error: Invalid value for '{flags[0]}': {says}" in said.output) == (
        2,
        True,
    )


def test_a_lens_that_no_example_was_left_for_is_not_green(
    tmp_path: Path, live_server: LiveServer
) -> None:
    said = check(tmp_path, GOOD, "--url", live_server.origin, "--examples", "2")
    assert said.returncode == 4, said.stdout
    assert said.stdout.startswith("no finding\n2 examples: plain 1, planted 1\n")
    assert said.stderr == (
        "not checked: exact, tolerant, transport, errors: no example was left;"
        " allow more examples or seconds\n"
    )
    few = check(tmp_path, GOOD, "--url", live_server.origin, "--examples", "7")
    assert few.returncode == 0, few.stderr
    assert "error rows; more examples try the rest" in few.stdout


def test_an_operation_that_it_never_asks_for_is_told_with_those_that_it_does(
    tmp_path: Path, live_server: LiveServer
) -> None:
    said = check(tmp_path, GOOD, "--url", live_server.origin, "--operation", "images.edit")
    assert said.returncode == 1
    assert "expected  a request to images.edit that was answered" in said.stdout
    assert "got       requests to images.generate" in said.stdout


def test_who_hangs_without_asking_is_told_once(tmp_path: Path, live_server: LiveServer) -> None:
    waits = "import time\ntime.sleep(30)\n"
    said = check(tmp_path, waits, "--url", live_server.origin, "--timeout", "1")
    assert said.returncode == 1
    assert "breaks the contract in 1 way:\n\nSL-CLIENT-SILENT: " in said.stdout
    assert "got       still running after 1 s" in said.stdout
    asks = f"{APP}\nimport time\nask()\ntime.sleep(30)\n"
    said = check(tmp_path, asks, "--url", live_server.origin, "--timeout", "2")
    assert "breaks the contract in 1 way:\n\nSL-CLIENT-HANG: " in said.stdout


def test_a_command_that_is_none_is_a_slip(live_server: LiveServer) -> None:
    with pytest.raises(UsageError, match="no-such-thing cannot be run: No such file"):
        Command(["no-such-thing"], {}).run(PLAIN, door(live_server))


def test_names_of_ones_own_are_filled_in(tmp_path: Path, live_server: LiveServer) -> None:
    code = GOOD.replace('os.environ["OPENAI_BASE_URL"] + "/images/generations"', 'os.environ["MY"]')
    flags = ("--url", live_server.origin, "--env", "MY={base}/images/generations")
    said = check(tmp_path, code, *flags, "--lenses", "tolerant", "--examples", "3")
    assert said.returncode == 0, said.stdout


def test_each_example_has_a_session_of_its_own(tmp_path: Path, live_server: LiveServer) -> None:
    code = GOOD + "open('seen', 'a').write(os.environ['SAFELIGHT_URL'] + chr(10))\n"
    check(tmp_path, code, "--url", live_server.origin, "--examples", "4", "--lenses", "tolerant")
    seen: list[Any] = (tmp_path / "seen").read_text().split()
    assert len(seen) == len(set(seen)) > 1
    assert all(url.startswith(f"{live_server.origin}/s/client-") for url in seen)
