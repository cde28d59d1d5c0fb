"""The chat catalogue: every model answers on its days, under the name that was recorded."""

from __future__ import annotations

import datetime
from typing import Any, get_type_hints

import pytest
from kit import emulator, error, parsed, post
from openai.types.chat.completion_create_params import CompletionCreateParamsBase
from safelight.catalog import Model, load_catalog

CHAT = "/v1/chat/completions"
MODELS = [model for model in load_catalog("openai").models if model.kind == "chat"]
LAST = datetime.date(2026, 11, 20)


def day_of(model: Model) -> datetime.date:
    """Return a day on which the model answers: its last, or today."""
    return model.until - datetime.timedelta(days=1) if model.until else LAST


def ask(name: str, day: datetime.date, **params: Any) -> Any:
    body = {"model": name, "messages": [{"role": "user", "content": "Hi"}], **params}
    return post(emulator(as_of=day), CHAT, body)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.id)
def test_every_model_answers_on_its_days_under_its_snapshots_name(model: Model) -> None:
    reply = ask(model.id, day_of(model))
    assert reply.status == 200
    assert parsed(reply)["model"] == (model.snapshot or model.id)


@pytest.mark.parametrize("model", [m for m in MODELS if m.until], ids=lambda model: model.id)
def test_a_model_is_gone_from_its_last_day_on(model: Model) -> None:
    assert model.until is not None
    assert error(ask(model.id, model.until))["code"] == "model_not_found"


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.id)
def test_the_snapshot_that_operations_read_is_the_catalogues(model: Model) -> None:
    assert model.traits.get("snapshot") == model.snapshot


def test_every_snapshot_is_a_model_itself() -> None:
    names = {model.id for model in MODELS}
    gone = {"o1-preview-2024-09-12", "o1-mini-2024-09-12"}
    assert {model.snapshot for model in MODELS if model.snapshot} - gone <= names


def test_the_request_knows_the_fields_that_the_client_knows() -> None:
    known = set(load_catalog("openai").schema("chat.create.request").document["properties"])
    assert known == set(get_type_hints(CompletionCreateParamsBase)) | {"stream"}


@pytest.mark.parametrize("name", ["gpt-4o", "gpt-5.6-terra"])
def test_the_families_differ_as_recorded(name: str) -> None:
    body = parsed(ask(name, LAST))
    assert ("logprobs" in body["choices"][0]) == (name == "gpt-4o")
    assert str(body["system_fingerprint"]).startswith("fp_") == (name == "gpt-4o")


def test_every_field_of_the_request_has_its_place_in_the_order_of_faults() -> None:
    schema = load_catalog("openai").schema("chat.create.request")
    placed = {entry.partition(":")[0] for entry in schema.order}
    assert set(schema.document["properties"]) <= placed


def test_every_rule_has_its_place_in_the_order_of_faults() -> None:
    catalog = load_catalog("openai")
    schema = catalog.schema("chat.create.request")
    narrowed = {name for model in MODELS for name in model.narrow}
    rules = [*schema.document["allOf"], *(r for n in narrowed for r in catalog.narrowings[n].rules)]
    assert {f"rule:{rule['title']}" for rule in rules} <= set(schema.order)
