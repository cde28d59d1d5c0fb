"""Ctrl-C: real signals to real commands, at moments of every kind; the money is counted always."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from conftest import LiveServer
from judge_kit import Priced, bases, honest, priced
from safelight.messages import Reply
from safelight_contracts.interrupts import Interrupts


def started(folder: Path, base: str, *more: str) -> subprocess.Popen[str]:
    """Start a check that costs money, with every kind of file that it writes."""
    flags = ["--provider", "together", "--base-url", base, "--budget", "0.05", "--seed", "1"]
    flags += ["--as-of", "2026-11-20", "--ledger", "ledger.json", "--monthly-cap", "5"]
    flags += ["--json", "run.json", "--html", "run.html", "--observations", "observed.json"]
    command = [sys.executable, "-m", "safelight", "check", "endpoint", *flags, *more]
    return subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip


def report(folder: Path) -> Any:
    return json.loads((folder / "run.json").read_text())


def interrupting(at: int, box: list[subprocess.Popen[str]]) -> Callable[..., None]:
    """Return a manner of answering that sends Ctrl-C with question number `at`, then answers."""

    def manner(endpoint: Priced, handler: BaseHTTPRequestHandler, reply: Reply) -> None:
        if len(endpoint.asked) == at:
            box[0].send_signal(signal.SIGINT)
            time.sleep(0.3)
        honest(endpoint, handler, reply)

    return manner


@pytest.mark.parametrize("at", [1, 40, 60])
def test_ctrl_c_during_a_question_tells_all_before_it_and_counts_its_worst_price(
    at: int, tmp_path: Path
) -> None:
    box: list[subprocess.Popen[str]] = []
    with priced(bases("together"), interrupting(at, box)) as endpoint:
        box.append(started(tmp_path, endpoint.origin, "--operations", "images.*"))
        out, err = box[0].communicate(timeout=120)
    assert box[0].returncode == 130, err
    told = report(tmp_path)
    assert (told["exit_code"], told["verdict"]) == (130, "interrupted")
    reasons = [case["reason"] for case in told["cases"]]
    assert reasons.count("interrupted while it was asked") == 1
    asked = reasons.index("interrupted while it was asked")
    assert asked >= at - 1
    assert set(reasons[asked + 1 :]) == {"the run was interrupted"}
    assert f"interrupted: {at} of {len(reasons)} questions were asked, spent at most" in err
    spent = Decimal(json.loads((tmp_path / "ledger.json").read_text())["2026-11"]["spent"])
    assert spent >= endpoint.charged
    assert not (tmp_path / "observed.json").exists()
    assert "Traceback" not in out + err


def test_ctrl_c_before_the_first_question_says_that_nothing_was_asked_or_spent(
    tmp_path: Path,
) -> None:
    with priced(bases("openai"), honest) as endpoint:
        flags = ["--provider", "openai", "--base-url", endpoint.origin, "--json", "run.json"]
        command = [sys.executable, "-c", PLANNING, "check", "endpoint", *flags]
        done = subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
        )
        assert endpoint.asked == []
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == "interrupted: nothing was asked, nothing was spent\n"


PLANNING = """
import os, signal
from safelight_contracts import planning
from safelight.cli import main
whole = planning._Maker.rows
planning._Maker.rows = lambda maker: (os.kill(os.getpid(), signal.SIGINT), whole(maker))[1]
main()
"""
"""The command line, and Ctrl-C while the plan is made."""


def test_ctrl_c_after_the_last_question_still_writes_the_report(
    tmp_path: Path, live_server: LiveServer
) -> None:
    flags = ["--provider", "together", "--base-url", f"{live_server.origin}/together/v1"]
    flags += ["--max-cases", "5", "--json", "run.json", "--html", "run.html"]
    done = subprocess.run(
        [sys.executable, "-c", WRITING, "check", "endpoint", *flags],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    told = report(tmp_path)
    assert (told["counts"]["passed"], told["exit_code"]) == (5, 0)  # the run itself was whole
    assert (tmp_path / "run.html").read_text().rstrip().endswith("</html>")
    assert done.returncode == 130, done.stderr
    assert "interrupted: 5 of 5 questions were asked, spent at most $0" in done.stderr


WRITING = """
import os, signal
from safelight_contracts.reports import terminal
from safelight.cli import main
whole = terminal.print_run
def hit(*given):
    os.kill(os.getpid(), signal.SIGINT)
    whole(*given)
terminal.print_run = hit
main()
"""
"""The command line, and Ctrl-C while the report is printed."""


def test_ctrl_c_during_a_clients_check_tells_what_was_found_and_leaves_nobody_behind(
    tmp_path: Path, live_server: LiveServer
) -> None:
    client = "import os, time; open('pids', 'a').write(f'{os.getpid()} '); time.sleep(60)"
    flags = ["--provider", "openai", "--url", live_server.origin]
    command = [sys.executable, "-m", "safelight", "check", "client", *flags]
    command += ["--", sys.executable, "-c", client]
    check = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    pids = tmp_path / "pids"
    while not (pids.exists() and pids.read_text().endswith(" ")):
        time.sleep(0.02)
    check.send_signal(signal.SIGINT)
    out, err = check.communicate(timeout=30)
    assert (check.returncode, err) == (130, "interrupted after 1 examples\n")
    assert out.startswith("no finding so far\n1 examples: plain 1")
    with pytest.raises(ProcessLookupError):
        os.kill(int(pids.read_text()), 0)


def test_only_what_may_be_left_is_left_until_somebody_insists() -> None:
    done: list[str] = []
    with Interrupts() as interrupts:
        os.kill(os.getpid(), signal.SIGINT)
        done.append("what has to be whole")
        with pytest.raises(KeyboardInterrupt):
            interrupts.leaving(lambda: done.append("never"))
        os.kill(os.getpid(), signal.SIGINT)
        done.append("this too")
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert done == ["what has to be whole", "this too"]
    with Interrupts() as fresh, pytest.raises(KeyboardInterrupt):
        fresh.leaving(lambda: os.kill(os.getpid(), signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):  # the signal is its owner's again
        os.kill(os.getpid(), signal.SIGINT)
