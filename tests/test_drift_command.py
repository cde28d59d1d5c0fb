"""`safelight drift`: an endpoint over the socket, slips, and recordings of one's own."""

from __future__ import annotations

import datetime
import json
import os
from pathlib import Path
from typing import Any

import kit
import pytest
import yaml
from click.testing import CliRunner
from safelight.cli import main
from safelight.datafiles import data_dir
from safelight_contracts.drift.observed import append, read_ledger
from safelight_contracts.drift.tallies import Tally


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
        (["--provider", "nobody"], "unknown provider 'nobody'; known are compatible, edenai"),
        (["--sdk"], "edenai has no Python SDK of its own; name --base-url"),
        (["--base-url", "https://api.edenai.run/v3"], "--live, --api-key-env NAME, --budget USD"),
        (
            ["--observations", "none.json", "--json", "/proc/x.json"],
            "--json /proc/x.json: cannot be",
        ),
        (["--sdk", "--markdown", "/proc/x.md"], "--markdown /proc/x.md: cannot be written"),
        (["--sdk", "--propose", "/proc/x.diff"], "--propose /proc/x.diff: cannot be written"),
    ],
)
def test_a_slip_on_the_command_line_is_told_in_one_line(flags: list[str], says: str) -> None:
    result = CliRunner().invoke(main, ["drift", "--provider", "edenai", *flags])
    assert result.exit_code == 2
    assert says in result.output
    assert len(result.output.splitlines()) == 1


@pytest.mark.parametrize("amount", ["nan", "-1", "inf", "much"])
def test_a_budget_that_is_none_is_told(amount: str) -> None:
    result = CliRunner().invoke(main, ["drift", "--provider", "edenai", "--budget", amount])
    assert result.exit_code == 2
    assert f"'{amount}' is no amount; write dollars, such as 0.50" in result.output


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
    """What the contract has changed since the recording's day is told, and nothing else.

    A cassette has no day of its own: its file's stands for it.
    """
    spring = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC).timestamp()
    retired = {"model": "dall-e-3", "prompt": "a kite", "quality": "hd"}
    strange = {"model": "gpt-image-1.5", "prompt": "a kite", "size": "13x13"}
    good = {"model": "gpt-image-1.5", "prompt": "a red kite", "quality": "low"}
    for body, stale in ((good, 0), (strange, 0), (retired, 1)):
        path = cassette(tmp_path, body)
        os.utime(path, (spring, spring))
        result = judged("--recordings", str(path), "--as-of", "2026-11-20")
        assert result.exit_code == stale, result.output
        said = f"1 recordings, {stale} that would not happen on 2026-11-20"
        assert said in result.output
    assert "dall-e-3" in result.output
    result = judged("--recordings", str(path), "--as-of", "2026-04-01")
    assert result.exit_code == 0, result.output


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
