"""What is promised of each operation: read from data, refused where the data cannot be right."""

from __future__ import annotations

import dataclasses
import datetime
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from checks_kit import DAY
from kit import ERA
from safelight.datafiles import data_dir
from safelight.dialects import REGISTRY
from safelight.provider import load_provider
from safelight.refusals import DataError, Refusal, UsageError
from safelight.violations import Violation
from safelight_contracts.checks import ANSWERS
from safelight_contracts.findings import CHECKS
from safelight_contracts.promises import ANY, Promises
from safelight_contracts.requests import case_of, cheapest, least, requests
from safelight_contracts.strategies import fits

UNPROMISED = {
    "chat.list", "chat.messages", "chat.retrieve", "chat.update", "chat.delete", "models.delete",
    "models.endpoints", "generation.get", "report.get", "uploads.create", "uploads.clear",
    "uploads.delete", "info.list", "info.get", "models.upload",
}  # fmt: skip
"""Operations that a check of an endpoint leaves alone: they need something of an account's own, or
would change it."""


@pytest.mark.parametrize("provider", REGISTRY)
def test_every_operation_is_promised_or_left_out_by_name(provider: str) -> None:
    contract = Promises(provider, ERA)
    promised = {row.operation for row in contract.rows}
    served = {route.operation for route in contract.dialect.routes}
    left = {name for name in served - promised if not name.startswith(("hub.", "sdk."))}
    assert left <= UNPROMISED


@pytest.mark.parametrize("provider", REGISTRY)
def test_a_promise_has_a_route_a_schema_and_a_source(provider: str) -> None:
    for row in Promises(provider, DAY).rows:
        assert row.source.startswith("facts/")
        assert row.path.startswith("/")
        assert not row.stream or row.bodies
        assert set(row.vary) >= set(row.values)


def test_an_operation_that_was_retired_is_promised_no_more() -> None:
    assert Promises("openai", ERA).of("images.variation").method == "POST"
    with pytest.raises(UsageError, match=r"promises nothing of 'images\.variation'"):
        Promises("openai", DAY).of("images.variation")


def test_a_request_is_judged_by_the_model_and_the_day() -> None:
    contract = Promises("openai", DAY)
    row = contract.of("images.generate")
    old, new = (
        contract.request(row, name).document for name in ("gpt-image-1-mini", "gpt-image-2.6-flare")
    )
    assert "max" not in old["properties"]["quality"]["enum"]
    assert "max" in new["properties"]["quality"]["enum"]


def test_an_expected_refusal_names_row_status_and_error() -> None:
    contract = Promises("openai", DAY)
    row = contract.of("images.generate")
    case = case_of(contract, row, least(contract, row, "gpt-image-1-mini"), purpose="")
    told = contract.expect(case, Violation(("n",), "maximum", 10, 11))
    assert (told.status, told.error and told.error["param"]) == (400, "n")
    assert told.row
    assert "facts" in told.source
    assert not contract.expect(case).refuses


def test_what_only_the_answer_knows_is_left_open() -> None:
    contract = Promises("openai", DAY)
    row = contract.of("models.get")
    case = case_of(contract, row, {"model": "none"}, purpose="")
    told = contract.expect(dataclasses.replace(case, key="wrong"), Refusal("wrong_key", masked=ANY))
    assert told.error
    assert ANY in told.error["message"]


def test_a_body_that_is_no_object_is_refused_as_unreadable() -> None:
    contract = Promises("openai", DAY)
    row = contract.of("images.generate")
    case = case_of(contract, row, ["a"], purpose="")
    assert (case.body, case.raw) == ("raw", b'["a"]')
    assert contract.expect(case, Violation((), "type", "object", [])).status == 400


@pytest.mark.parametrize("provider", REGISTRY)
def test_the_cheapest_request_is_one_small_picture(provider: str) -> None:
    contract = Promises(provider, DAY)
    row = contract.of("images.generate")
    for model in contract.models("images.generate"):
        params = cheapest(provider, "images.generate", model.id, DAY)
        assert params.get("n", 1) == 1
        assert params.get("quality", "low") in ("low", "standard")
        assert fits(contract.request(row, model).document)(params)


def test_a_model_that_is_not_there_is_named_with_those_that_are() -> None:
    contract = Promises("openai", DAY)
    with pytest.raises(
        UsageError, match=r"'dall-e-2' does no images\.edit on 2026-11-20; models are"
    ):
        requests(contract, contract.of("images.edit"), "dall-e-2")


def test_what_a_protocol_carries_in_headers_is_not_in_the_body() -> None:
    contract = Promises("vercel", DAY)
    row = contract.of("chat.create", "/v4/ai")
    params = {**least(contract, row, "openai/gpt-5-nano"), "stream": True}
    case = case_of(contract, row, params, purpose="")
    assert ("ai-language-model-id", "openai/gpt-5-nano") in case.headers
    assert ("ai-language-model-streaming", "true") in case.headers
    assert not {"model", "stream"} & set(case.params)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("done = 'never'", "done = 'sometimes'"),
        ("reply = 'images.reply'", "reply = 'no.such'"),
        ("vary = []", "vary = ['no_such_field']"),
        ("seed = []", "no_such_key = 1"),
        ("operation = 'images.generate'", "operation = 'images.dream'"),
        ("source = 'us'", "source = ''"),
    ],
)
def test_bad_data_is_refused_with_its_file_and_key(text: str, problem: str, tmp_path: Path) -> None:
    folder = tmp_path / "openai"
    shutil.copytree(data_dir("schemas") / "openai", folder)
    good = (
        "[[operation]]\noperation = 'images.generate'\nreply = 'images.reply'\ndone = 'never'\n"
        "vary = []\nseed = []\nsource = 'us'\nchecked = 2026-11-20\n"
    )
    day = datetime.date(2026, 11, 20)
    (folder / "contract.toml").write_text(good)
    assert len(Promises(load_provider("openai", tmp_path), day).rows) == 1
    other = tmp_path / "again"
    shutil.copytree(folder, other / "openai")
    (other / "openai" / "contract.toml").write_text(good.replace(text, problem))
    with pytest.raises(DataError) as told:
        _ = Promises(load_provider("openai", other), day).rows
    assert any(name in str(told.value) for name in ("contract.toml", "no.such.json"))


def drawn_fields(provider: str, operation: str, model: str) -> Any:
    from hypothesis import HealthCheck, given, settings

    names: set[str] = set()
    contract = Promises(provider, DAY)

    @settings(
        max_examples=300,
        database=None,
        deadline=None,
        derandomize=True,  # that each of many fields is drawn should not hang on luck
        suppress_health_check=list(HealthCheck),
    )
    @given(requests(contract, contract.of(operation), model))
    def draw(params: Any) -> None:
        names.update(params)
        assert not any(value is None for value in params.values())

    draw()
    return names


def test_a_paid_request_varies_what_may_be_varied_and_nothing_else() -> None:
    row = Promises("openai", DAY).of("images.generate")
    named = drawn_fields("openai", "images.generate", "gpt-image-2.6-flare")
    assert named == {*row.vary, "model", "prompt"}


PAGE = Path(__file__).resolve().parents[1] / "docs" / "checks.md"


def test_the_page_lists_every_check_of_an_answer() -> None:
    shown = re.findall(r"^\| `(SL-[A-Z-]+)` \| (.+) \|$", PAGE.read_text(), re.MULTILINE)
    assert dict(shown) == {code: CHECKS[code].title for code in (*ANSWERS, "SL-SEED-REPEAT")}


@pytest.mark.parametrize(
    "code", re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
)
def test_the_examples_of_the_page_run(code: str, tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", "-c", code]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=60, capture_output=True)
