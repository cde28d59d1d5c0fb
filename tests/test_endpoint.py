"""`safelight check endpoint` over a real socket: the emulator passes, what is broken is told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import judge_kit
import pytest
from conftest import DAY, LiveServer
from judge_kit import Priced, bases, honest, priced, send, whole
from safelight.messages import Reply
from safelight_contracts.endpoint_wish import Wish
from safelight_contracts.planning import make_plan
from safelight_contracts.promises import Promises

FEW = {
    "openai": ["--models", "gpt-image-1-mini", "--models", "gpt-5.5"],
    "vercel": ["--models", "prodia/*", "--models", "openai/gpt-5-nano"],
    "edenai": ["--models", "openai/gpt-5-nano", "--models", "*gpt-image-1-mini"],
    "together": [],
    "compatible": [],
}
"""Every operation of every provider, of few models: the whole takes minutes."""


def check(what: str, provider: str, base_url: str, *flags: str) -> subprocess.CompletedProcess[str]:
    """Run a check in a process of its own."""
    command = [sys.executable, "-m", "safelight", "check", what, "--provider", provider]
    command += ["--base-url", base_url, "--as-of", DAY, *flags]
    wide = {**os.environ, "COLUMNS": "300"}
    return subprocess.run(
        command, capture_output=True, text=True, timeout=300, check=False, env=wide
    )


@pytest.fixture
def examples(tmp_path: Path) -> list[str]:
    return ["--database", str(tmp_path / "examples")]


@pytest.mark.parametrize("provider", FEW)
def test_the_emulator_keeps_every_contract(
    provider: str, live_server: LiveServer, tmp_path: Path, examples: list[str]
) -> None:
    report = tmp_path / "report.json"
    base_url = live_server.origin + bases(provider)
    done = check("endpoint", provider, base_url, *FEW[provider], "--json", str(report), *examples)
    told = json.loads(report.read_text())
    assert told["failures"] == []
    assert done.returncode == 0, done.stdout
    assert told["counts"]["passed"] == sum(told["counts"].values()) > 100
    asked = {(case["operation"], case["phase"]) for case in told["cases"]}
    assert ("chat.create", "pairs") in asked
    assert ("images.generate", "refusals") in asked


def test_a_dry_run_asks_nothing_and_tells_the_price(examples: list[str]) -> None:
    flags = ["--dry-run", "--operations", "images.generate", "--models", "gpt-image-2", *examples]
    done = check("endpoint", "openai", "http://127.0.0.1:9", *flags, "--budget", "0.10")
    assert done.returncode == 0, done.stderr
    assert "at worst" in done.stdout
    assert "does not cover all of it at worst" in done.stdout


@pytest.mark.parametrize("provider", ["together", "compatible"])
def test_the_same_seed_plans_the_same_questions(provider: str) -> None:
    plans = []
    for seed in (1, 1, 2):
        wish = Wish(provider, "http://127.0.0.1:9", seed=seed, as_of=judge_kit.DAY)
        plan = make_plan(wish, Promises(provider, judge_kit.DAY))
        plans.append([step.case.id for step in plan.steps])
    assert plans[0] == plans[1]
    assert plans[0] != plans[2]
    assert len(set(plans[0])) == len(plans[0])


# What is broken


def broken(change: Callable[[dict[str, Any]], None]) -> Callable[[Priced, Any, Reply], None]:
    """Return a manner that changes the JSON of every picture that is answered."""

    def manner(fake: Priced, handler: Any, reply: Reply) -> None:
        if reply.status == 200 and b'"data"' in whole(reply)[:200] and handler.command == "POST":
            body = json.loads(whole(reply))
            change(body)
            send(handler, 200, json.dumps(body).encode(), "application/json")
        else:
            honest(fake, handler, reply)

    return manner


def drop_created(body: dict[str, Any]) -> None:
    body.pop("created", None)


PICTURES = ["--operations", "images.generate", "--max-cases", "60"]


def test_a_failure_is_told_with_code_source_and_a_line_that_shows_it_again(
    tmp_path: Path, examples: list[str]
) -> None:
    report = tmp_path / "report.json"
    with priced("/compatible/v1", broken(drop_created)) as fake:
        flags = [*PICTURES, "--json", str(report), *examples]
        done = check("endpoint", "compatible", fake.origin, *flags)
        told = json.loads(report.read_text())
        failure = told["failures"][0]
        line = failure["evidence"]["curl"]
        again = subprocess.run(
            ["bash", "-c", line], capture_output=True, text=True, timeout=30, check=False,
            env={"PROVIDER_API_KEY": "sk-any", "PATH": "/usr/bin:/bin"},
        )  # fmt: skip
    assert done.returncode == 1
    assert [one["code"] for one in told["failures"]] == ["SL-BODY-SHAPE"]
    assert failure["at"] == "created"
    assert failure["source"]
    assert failure["evidence"]["confirmed"]
    assert "$PROVIDER_API_KEY" in line
    assert '"data"' in again.stdout
    assert '"created"' not in again.stdout


def test_evidence_has_only_the_fields_that_matter(tmp_path: Path, examples: list[str]) -> None:
    def two_at_most(body: dict[str, Any]) -> None:
        body["data"] = body["data"][:1]

    report = tmp_path / "report.json"
    with priced("/compatible/v1", broken(two_at_most)) as fake:
        flags = [*PICTURES, "--json", str(report), *examples]
        check("endpoint", "compatible", fake.origin, *flags)
    told = json.loads(report.read_text())
    evidence = next(one["evidence"] for one in told["failures"] if one["code"] == "SL-COUNT")
    assert set(evidence["request"]["params"]) == {"model", "prompt", "n"}
    assert evidence["left_out"]


def test_the_python_evidence_runs(tmp_path: Path, examples: list[str]) -> None:
    report = tmp_path / "report.json"
    with priced("/compatible/v1", broken(drop_created)) as fake:
        flags = [*PICTURES, "--json", str(report), *examples]
        check("endpoint", "compatible", fake.origin, *flags)
        script = json.loads(report.read_text())["failures"][0]["evidence"]["python"]
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, timeout=60,
            check=False, env={"PROVIDER_API_KEY": "sk-any"},
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("200 ")


def test_what_failed_is_replayed_until_it_passes(examples: list[str]) -> None:
    with priced("/compatible/v1", broken(drop_created)) as fake:
        first = check("endpoint", "compatible", fake.origin, *PICTURES, *examples)
        before = len(fake.asked)
        again = check("replay", "compatible", fake.origin, *examples)
        asked = len(fake.asked) - before
    assert (first.returncode, again.returncode) == (1, 1)
    assert 0 < asked < before
    with priced("/compatible/v1", honest) as mended:
        assert check("replay", "compatible", mended.origin, *examples).returncode == 0
        asked = len(mended.asked)
        last = check("replay", "compatible", mended.origin, *examples)
        assert len(mended.asked) == asked
    assert "nothing failed before, so nothing was asked" in last.stdout
    assert last.returncode == 4  # a host that is down would have looked the same


def test_a_known_breach_is_lived_with_until_its_date(tmp_path: Path, examples: list[str]) -> None:
    baseline = tmp_path / "baseline.toml"
    entry = '[[known]]\ncode = "SL-BODY-SHAPE"\nat = "created"\nreason = "ticket 7"\nuntil = {}\n'
    with priced("/compatible/v1", broken(drop_created)) as fake:
        flags = [*PICTURES, "--baseline", str(baseline), *examples]
        baseline.write_text(entry.format("2026-12-01"))
        known = check("endpoint", "compatible", fake.origin, *flags)
        baseline.write_text(entry.format("2026-11-20"))
        expired = check("endpoint", "compatible", fake.origin, *flags)
    assert known.returncode == 0, known.stdout
    assert "ticket 7" in known.stdout
    assert expired.returncode == 1


def test_a_busy_service_is_inconclusive(examples: list[str]) -> None:
    def busy(_: Priced, handler: Any, reply: Reply) -> None:
        if reply.status == 200 and handler.command == "POST":
            send(handler, 503, b"{}", "application/json")
        else:
            honest(_, handler, reply)

    with priced("/compatible/v1", busy) as fake:
        done = check("endpoint", "compatible", fake.origin, *PICTURES, *examples)
    assert done.returncode == 3
    assert "503: the service failed" in done.stdout


def test_nobody_there_is_not_checked(examples: list[str]) -> None:
    done = check("endpoint", "compatible", "http://127.0.0.1:9", *PICTURES, *examples)
    assert done.returncode in {3, 4}
    assert "given up after 3 tries" in done.stdout


def test_the_key_is_in_no_report(
    tmp_path: Path, examples: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def echo(_: Priced, handler: Any, __: Reply) -> None:
        words = f"you said {handler.headers['authorization']}"
        told = {"error": {"message": words, "type": "x", "param": None}}
        told["error"]["code"] = "x" * 111 + handler.headers["authorization"]  # is cut within
        send(handler, 400, json.dumps(told).encode(), "application/json")

    monkeypatch.setenv("MY_KEY", "sk-very-secret-key")
    files = {kind: tmp_path / f"report.{kind}" for kind in ("json", "html", "markdown", "junit")}
    flags = [text for kind, path in files.items() for text in (f"--{kind}", str(path))]
    with priced("/openai/v1", echo) as fake:
        flags += [*PICTURES, "--api-key-env", "MY_KEY", *examples]
        done = check("endpoint", "openai", f"{fake.origin}/v1", *flags)
    assert done.returncode == 1
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert set(files.values()) <= set(kept)
    for path in kept:
        assert b"sk-very-secr" not in path.read_bytes(), path
    assert "sk-very-secr" not in "".join((done.stdout + done.stderr).split())
    assert "you said Bearer ***" in " ".join(done.stdout.split())


SLIPS = {
    "an address that is none": (["--base-url", "nowhere"], "expected an address"),
    "a budget that is none": (["--budget", "lots"], "is no amount"),
    "a glob that names nothing": (["--operations", "image.*"], "names nothing; near are"),
    "a model that is none": (["--models", "gpt-imagine"], "names nothing"),
    "a provider that is none": (["--provider", "acme"], "known are compatible, edenai"),
    "a cap without its file": (["--monthly-cap", "3"], "go together"),
    "a baseline that is none": (["--baseline", "/nowhere.toml"], "is no baseline"),
    "a database that is none": (["--database", "mysql://x"], "expected a folder, redis://"),
    "a page that cannot be written": (["--html", "/dev/null/x.html"], "cannot be written"),
    "observations that cannot be kept": (["--observations", "/dev/null/x"], "cannot be written"),
    "another machine": (["--base-url", "http://example.com"], "needs --live"),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_is_told_in_one_line(slip: str, examples: list[str]) -> None:
    flags, says = SLIPS[slip]
    done = check("endpoint", "openai", "http://127.0.0.1:9", *examples, *flags)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_every_code_is_explained() -> None:
    command = [sys.executable, "-m", "safelight", "explain"]
    listed = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    codes = [line.split()[0] for line in listed.splitlines()]
    assert {"SL-STATUS", "SL-COUNT", "SL-ACCEPTED-BILLED"} <= set(codes)
    one = subprocess.run(
        [*command, "sl-count"], capture_output=True, text=True, timeout=60, check=True
    )
    assert one.stdout.startswith("SL-COUNT: ")
    wrong = subprocess.run([*command, "SL-COUNTS"], capture_output=True, text=True, check=False)
    assert wrong.returncode == 2
    assert "SL-COUNT" in wrong.stderr
