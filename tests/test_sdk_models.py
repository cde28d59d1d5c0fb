"""openai-python lists, reads and deletes models over a real socket."""

from __future__ import annotations

from collections.abc import Callable

import openai
import pytest
from clients.driver import Driver

pytest_plugins = ["clients.fixtures"]

TUNED = "ft:gpt-4o-mini:acemeco:suffix:abc123"


def test_the_list_names_the_models_of_the_day(connect: Callable[..., Driver]) -> None:
    today = {model.id for model in connect().events(lambda c: c.models.list())}
    before = {model.id for model in connect("dall-e").events(lambda c: c.models.list())}
    assert {"gpt-image-2", "gpt-image-2.6-flare", "gpt-image-1.5"} <= today
    assert {"dall-e-2", "dall-e-3", "gpt-image-1"} & today == set()
    assert {"dall-e-2", "dall-e-3", "gpt-image-1", "gpt-image-2"} <= before
    assert "gpt-image-2.5-flare" not in before


def test_a_model_reads_like_its_entry_in_the_list(sdk: Driver) -> None:
    listed = {model.id: model for model in sdk.events(lambda c: c.models.list())}
    for name in ("gpt-image-2", "gpt-image-1.5"):
        assert sdk.call(lambda c, name=name: c.models.retrieve(name)) == listed[name]
    assert listed["gpt-image-1.5"].model_dump()["shutdown_date"] == "2026-12-01"


@pytest.mark.parametrize("name", [TUNED, "some/model", "some/ft:model one"])
def test_an_id_with_a_colon_or_a_slash_arrives_whole(sdk: Driver, name: str) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        sdk.call(lambda c: c.models.retrieve(name))
    assert caught.value.body == {
        "message": f"The model '{name}' does not exist",
        "type": "invalid_request_error",
        "param": "model",
        "code": "model_not_found",
    }


@pytest.mark.parametrize("name", [TUNED, "some/model"])
def test_a_lenient_server_knows_any_model(connect: Callable[..., Driver], name: str) -> None:
    lenient = connect("lenient")
    assert lenient.call(lambda c: c.models.retrieve(name)).id == name
    gone = lenient.call(lambda c: c.models.delete(name))
    assert (gone.id, gone.object, gone.deleted) == (name, "model", True)


def test_a_deleted_model_is_gone_in_its_session_only(
    connect: Callable[..., Driver], request: pytest.FixtureRequest
) -> None:
    # The servers are shared with openai-python 2, which runs these tests in a process of its own.
    world = f"/s/deleted-{request.node.callspec.id}-{openai.__version__}/openai/v1"
    sdk, other = connect(path=world), connect()
    assert sdk.call(lambda c: c.models.delete("gpt-image-2")).deleted is True
    assert "gpt-image-2" not in {model.id for model in sdk.events(lambda c: c.models.list())}
    with pytest.raises(openai.NotFoundError, match="The model 'gpt-image-2' does not exist"):
        sdk.call(lambda c: c.models.delete("gpt-image-2"))
    assert other.call(lambda c: c.models.retrieve("gpt-image-2")).id == "gpt-image-2"


@pytest.mark.parametrize("path", ["/openai/v1", "/v1"])
def test_the_default_provider_also_answers_at_v1(connect: Callable[..., Driver], path: str) -> None:
    reply = connect(path=path).call(lambda c: c.models.retrieve("gpt-image-2"))
    assert (reply.id, reply.object, reply.owned_by) == ("gpt-image-2", "model", "system")
