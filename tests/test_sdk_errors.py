"""openai-python meets refusals over a real socket: the right class, every field, and no retry."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import openai
import pytest
from clients.driver import KEY, Ask, Driver, drawn

pytest_plugins = ["clients.fixtures"]

PICTURE = drawn((64, 64))


def refused(sdk: Driver, ask: Ask) -> Any:
    """Return the error that the call raises, after exactly one request."""
    with pytest.raises(openai.APIStatusError) as caught:
        sdk.call(ask)
    assert len(sdk.sent) == 1
    return caught.value


def picture(c: Any, **fields: Any) -> Any:
    return c.images.generate(**{"model": "gpt-image-2", "prompt": "a fox", **fields})


def test_a_bad_value_is_a_bad_request(sdk: Driver) -> None:
    error = refused(sdk, lambda c: picture(c, n=11))
    assert type(error) is openai.BadRequestError
    assert (error.code, error.param) == ("integer_above_max_value", "n")
    assert (error.type, error.status_code) == ("invalid_request_error", 400)
    text = "Invalid 'n': integer above maximum value. Expected a value <= 10, but got 11 instead."
    assert error.body["message"] == text
    assert error.request_id.startswith("req_")
    assert error.request_id == error.response.headers["x-request-id"]


def test_an_unknown_image_model_is_a_bad_request(sdk: Driver) -> None:
    error = refused(sdk, lambda c: picture(c, model="dall-e-3"))
    assert type(error) is openai.BadRequestError
    assert (error.code, error.param) == ("invalid_value", "model")
    assert error.type == "image_generation_user_error"
    assert error.body["message"] == "The model 'dall-e-3' does not exist."


def test_an_unknown_chat_model_is_not_found(sdk: Driver) -> None:
    talk = [{"role": "user", "content": "hi"}]
    error = refused(sdk, lambda c: c.chat.completions.create(model="nobody", messages=talk))
    assert type(error) is openai.NotFoundError
    assert (error.code, error.param) == ("model_not_found", None)
    text = "The model `nobody` does not exist or you do not have access to it."
    assert error.body["message"] == text


@pytest.mark.parametrize("key", ["sk-invalid", "sk-invalid-0123456789-abcd"])
def test_a_key_made_to_fail_fails(connect: Callable[..., Driver], key: str) -> None:
    error = refused(connect(api_key=key), lambda c: c.models.list())
    assert type(error) is openai.AuthenticationError
    assert (error.code, error.param) == ("invalid_api_key", None)
    shown = {"sk-invalid": "sk-invalid", "sk-invalid-0123456789-abcd": "sk-inval**************abcd"}
    assert error.body["message"] == (
        f"Incorrect API key provided: {shown[key]}. You can find your API key at "
        "https://platform.openai.com/account/api-keys."
    )


def test_a_server_with_keys_takes_no_other(connect: Callable[..., Driver]) -> None:
    error = refused(connect("small", api_key="sk-other"), lambda c: c.models.list())
    assert type(error) is openai.AuthenticationError
    listed = connect("small", api_key=KEY).events(lambda c: c.models.list())
    assert listed


def test_a_retired_endpoint_is_a_bare_404(sdk: Driver) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        error = refused(sdk, lambda c: c.images.create_variation(image=PICTURE))
    assert type(error) is openai.NotFoundError
    assert (error.response.text, error.response.headers["x-content-type-options"]) == (
        "",
        "nosniff",
    )


def test_bytes_without_a_name_are_no_picture(sdk: Driver) -> None:
    ask = {"model": "gpt-image-1.5", "prompt": "a hat", "image": PICTURE}
    error = refused(sdk, lambda c: c.images.edit(**ask))
    assert type(error) is openai.BadRequestError
    assert error.body == {
        "message": "Invalid file 'image': unsupported mimetype ('application/octet-stream'). "
        "Supported file formats are 'image/jpeg', 'image/png', and 'image/webp'.",
        "type": "invalid_request_error",
        "param": "image",
        "code": "unsupported_file_mimetype",
    }


def test_a_text_called_png_is_no_picture(sdk: Driver) -> None:
    ask = {
        "model": "gpt-image-1.5",
        "prompt": "a hat",
        "image": ("a.png", b"Dear Sir", "image/png"),
    }
    error = refused(sdk, lambda c: c.images.edit(**ask))
    assert (error.code, error.type) == ("invalid_image_file", "image_generation_user_error")
    assert error.body["message"] == (
        "Invalid image file or mode for image 1, please check your image file. If you believe this "
        f"is an error, contact us at help.openai.com and include the request ID {error.request_id}."
    )


def test_a_body_over_the_cap_is_refused_while_it_is_sent(connect: Callable[..., Driver]) -> None:
    large = ("a.png", b"\x89PNG" * 60_000, "image/png")
    fields = {"model": "gpt-image-1.5", "prompt": "a hat", "image": large}
    error = refused(connect("small", max_retries=0), lambda c: c.images.edit(**fields))
    assert (type(error), error.status_code) == (openai.APIStatusError, 413)


def test_a_stream_that_is_refused_raises_before_it_starts(sdk: Driver) -> None:
    error = refused(sdk, lambda c: picture(c, stream=True, partial_images=4))
    assert (error.code, error.param) == ("integer_above_max_value", "partial_images")


# Bad days, called for by header: what the client does about them by itself


def troubled(
    connect: Callable[..., Driver], request: pytest.FixtureRequest, fault: str
) -> tuple[Driver, Ask]:
    """Return a client in a world of its own, and a call that meets the fault there."""
    world = "".join(c if c.isalnum() else "-" for c in f"{fault}-{request.node.callspec.id}")
    world += f"-{openai.__version__}"  # the other client runs these tests on the same servers
    sdk = connect(path=f"/s/{world}/openai/v1")
    return sdk, lambda c: picture(c, extra_headers={"x-safelight-fault": fault})


def retries(sdk: Driver) -> list[str]:
    return [request.headers["x-stainless-retry-count"] for request in sdk.sent]


@pytest.mark.parametrize(
    "fault", ["rate_limited; times=2; retry_after=0.01", "server_error; times=1"]
)
def test_a_passing_trouble_is_retried_until_it_works(
    connect: Callable[..., Driver], request: pytest.FixtureRequest, fault: str
) -> None:
    sdk, ask = troubled(connect, request, fault)
    assert sdk.call(ask).data
    assert retries(sdk) == ["0", "1", "2"][: len(sdk.sent)]
    assert len(sdk.sent) == 1 + int(fault.partition("times=")[2][0])


def test_a_lasting_trouble_raises_after_three_requests(
    connect: Callable[..., Driver], request: pytest.FixtureRequest
) -> None:
    sdk, ask = troubled(connect, request, "rate_limited; retry_after=0.01")
    with pytest.raises(openai.RateLimitError) as caught:
        sdk.call(ask)
    assert (caught.value.code, retries(sdk)) == ("rate_limit_exceeded", ["0", "1", "2"])


def test_a_long_wait_is_not_waited_for(
    connect: Callable[..., Driver], request: pytest.FixtureRequest
) -> None:
    sdk, ask = troubled(connect, request, "rate_limited; retry_after=121")
    with pytest.raises(openai.RateLimitError):
        sdk.call(ask)
    assert retries(sdk) == ["0"]


def test_a_stream_that_breaks_raises_what_the_event_says(sdk: Driver) -> None:
    fault = {"x-safelight-fault": "sse_error_mid"}
    more = {"stream": True, "partial_images": 2, "extra_headers": fault}
    with pytest.raises(openai.APIError) as caught:
        sdk.events(lambda c: picture(c, **more))
    assert caught.value.code == "image_generation_failed"
    assert caught.value.message == "Image generation failed"


def test_comments_between_the_events_disturb_nobody(sdk: Driver) -> None:
    fault = {"x-safelight-fault": "sse_comments"}
    more = {"stream": True, "partial_images": 2, "extra_headers": fault}
    events = sdk.events(lambda c: picture(c, **more))
    assert [event.type.rpartition(".")[2] for event in events] == [
        *["partial_image"] * 2,
        "completed",
    ]
