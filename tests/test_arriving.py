"""What arrives at the shell: requests as they were on the wire, bodies within limits."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from safelight.app import application
from safelight.arriving import Body, Limits, read_body
from safelight.messages import Request
from shell_kit import Client, shell


async def test_a_request_reaches_the_core_as_it_was_on_the_wire() -> None:
    app, core = shell()
    scope = {
        "method": "POST",
        "path": "/v1/models/a/b",
        "raw_path": b"/v1/models/a%2Fb",
        "query_string": b"q=%C3%A9",
        "headers": [(b"host", b"lamp:80"), (b"x-note", b"\xe9")],
    }
    await Client([b"one", b"", b"two"]).ask(app, **scope)
    assert core.asked == [
        Request(
            "POST",
            "/v1/models/a%2Fb",
            "q=%C3%A9",
            (("host", "lamp:80"), ("x-note", "é")),
            b"onetwo",
            "http://lamp:80",
        )
    ]


async def test_a_request_in_a_proxys_absolute_form_is_known_by_its_path() -> None:
    app, core = shell()
    await Client().ask(app, raw_path=b"http://api.example/v1/models")
    await Client().ask(app, raw_path=b"http://api.example")
    assert [request.path for request in core.asked] == ["/v1/models", "/"]


@pytest.mark.parametrize(
    ("server", "base"),
    [(("127.0.0.1", 80), "http://127.0.0.1:80"), (("::1", 4010), "http://[::1]:4010")],
)
async def test_without_a_host_header_links_name_the_socket(server: Any, base: str) -> None:
    app, core = shell()
    await Client().ask(app, headers=[], server=server)
    assert core.asked[0].base_url == base


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "DELETE", "PATCH", "BREW"])
async def test_every_method_is_the_cores_to_judge(method: str) -> None:
    app, core = shell()
    await Client().ask(application(app), method=method)
    assert core.asked[0].method == method


@given(st.lists(st.binary(max_size=20), min_size=1), st.integers(1, 60))
def test_a_body_is_kept_whole_up_to_the_limit_and_only_counted_above(
    pieces: list[bytes], limit: int
) -> None:
    async def read() -> Body:
        return await read_body(Client(pieces).inbox.get, Limits(max_body=limit))  # type: ignore[arg-type]  # plain dicts

    sent = b"".join(pieces)
    kept = sent if len(sent) <= limit else b""
    assert asyncio.run(read()) == Body(kept, len(sent), ended=True)


async def test_the_core_hears_how_much_came_over_the_limit() -> None:
    app, core = shell(max_body=10)
    await Client([b"12345", b"67890", b"x"]).ask(app)
    assert core.asked[0].body_limit == 10
    assert core.asked[0].body_read == 11
    assert core.asked[0].body == b""


async def test_an_endless_body_is_answered_while_it_still_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("safelight.arriving._DRAIN", 10)
    app, core = shell(max_body=10)
    client = Client([b"12345"] * 5, leaves=True)
    await client.ask(app)
    assert core.asked[0].body_read == 25
    assert client.status == 200


async def test_a_client_that_hangs_up_in_its_upload_is_not_answered() -> None:
    app, core = shell()
    client = Client([b"12345"], leaves=True)
    await client.ask(app)
    assert (core.asked, client.got) == ([], [])


async def test_a_body_that_never_comes_is_given_up() -> None:
    app, core = shell(read_timeout=0.01)
    client = Client([])
    await client.ask(app)
    assert client.status == 408
    assert client.headers["connection"] == "close"
    assert core.asked == []
