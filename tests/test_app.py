"""The shell around the core, driven as an ASGI server drives it, with a core made for the test."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Generator, Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from safelight.app import Gone, Shell, application, due_together
from safelight.arriving import Body, Limits, read_body
from safelight.messages import Chunk, Reply, Request, Work

Walk = Generator[Work, object, Reply]
OK = Reply(200, (("content-type", "application/json"),), b"{}")


class Canned:
    """A core that walks as the test says and remembers what it was asked."""

    clock_moves = 0

    def __init__(self, walk: Callable[[Request], Walk] | Reply = OK) -> None:
        self.asked: list[Request] = []
        self._walk = walk

    def walk(self, request: Request) -> Walk:
        self.asked.append(request)
        if isinstance(self._walk, Reply):
            return self._walk
        return (yield from self._walk(request))


class Client:
    """The server's side of ASGI: what the client sends, and what it gets."""

    def __init__(self, pieces: Iterable[bytes] = (b"",), *, leaves: bool = False) -> None:
        sent = list(pieces)
        ends = [not leaves and n == len(sent) - 1 for n in range(len(sent))]
        self.inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        for piece, end in zip(sent, ends, strict=True):
            self.inbox.put_nowait({"type": "http.request", "body": piece, "more_body": not end})
        if leaves:
            self.hang_up()
        self.got: list[dict[str, Any]] = []

    def hang_up(self) -> None:
        self.inbox.put_nowait({"type": "http.disconnect"})

    async def send(self, message: Any) -> None:
        self.got.append(message)

    async def ask(self, app: Any, **scope: Any) -> None:
        plain = {
            "type": "http",
            "method": "GET",
            "scheme": "http",
            "path": "/v1/models",
            "query_string": b"",
            "headers": [(b"host", b"localhost:4010")],
            "server": ("127.0.0.1", 4010),
        }
        await app(plain | scope, self.inbox.get, self.send)

    @property
    def status(self) -> int:
        return int(self.got[0]["status"])

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.got[0]["headers"]}

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.got[1:])


def shell(walk: Any = OK, **limits: Any) -> tuple[Shell, Canned]:
    core = Canned(walk)
    return Shell(core, Limits(**limits)), core  # type: ignore[arg-type]  # a core of the test's own


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


async def test_slow_work_leaves_the_loop_free() -> None:
    def walk(_request: Request) -> Walk:
        name = yield Work(lambda: threading.current_thread().name)
        return Reply(200, body=str(name).encode())

    client = Client()
    await client.ask(shell(walk)[0])
    assert client.body.startswith(b"safelight-work")


async def test_what_goes_wrong_in_slow_work_comes_back_to_the_walk() -> None:
    def walk(_request: Request) -> Walk:
        try:
            yield Work(lambda: int("x"))
        except ValueError:
            return Reply(400)
        return OK

    client = Client()
    await client.ask(shell(walk)[0])
    assert client.status == 400


async def test_a_client_that_leaves_during_slow_work_ends_the_walk() -> None:
    done = threading.Event()
    ended: list[bool] = []

    def walk(_request: Request) -> Walk:
        try:
            yield Work(lambda: done.wait(5))
        finally:
            ended.append(True)
        return OK

    client = Client()
    client.hang_up()
    await client.ask(shell(walk)[0])
    done.set()
    assert (ended, client.got) == ([True], [])


async def test_a_bug_is_a_loud_500_and_the_log_has_its_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def walk(_request: Request) -> Walk:
        yield Work(lambda: None)
        raise LookupError("no such lamp")

    client = Client()
    await client.ask(shell(walk)[0])
    assert client.status == 500
    assert client.headers["x-safelight-bug"] == "LookupError"
    assert b"a bug of Safelight" in client.body
    assert "no such lamp" in caplog.text
    assert "Traceback" in caplog.text


async def test_a_whole_reply_is_one_message_with_its_length() -> None:
    client = Client()
    await client.ask(shell(Reply(200, (), b"x" * 3_000_000))[0])
    assert len(client.got) == 2
    assert client.headers["content-length"] == "3000000"


@pytest.mark.parametrize(
    ("reply", "length"),
    [(Reply(204), None), (Reply(200, (("Content-Length", "7"),)), "7"), (Reply(404), "0")],
)
async def test_a_length_is_added_where_one_belongs(reply: Reply, length: str | None) -> None:
    client = Client()
    await client.ask(shell(reply)[0])
    headers = {name.lower(): value for name, value in client.headers.items()}
    assert headers.get("content-length") == length


WAITS = st.sampled_from([0.0, 0.0, 0.5, 1.0])


@given(st.lists(st.builds(Chunk, st.binary(min_size=1, max_size=5), WAITS)))
def test_chunks_that_are_due_together_leave_together(chunks: list[Chunk]) -> None:
    joined = list(due_together(chunks))
    assert b"".join(data for _, data in joined) == b"".join(chunk.data for chunk in chunks)
    assert [wait for wait, _ in joined if wait] == [chunk.wait for chunk in chunks if chunk.wait]
    assert all(wait > 0 for wait, _ in joined[1:])


async def test_an_unpaced_stream_leaves_in_one_message() -> None:
    client = Client()
    await client.ask(shell(Reply(200, chunks=tuple(Chunk(b"x") for _ in range(50))))[0])
    assert [message.get("body") for message in client.got] == [None, b"x" * 50, b""]
    assert "content-length" not in client.headers


PATIENT = Reply(200, chunks=(Chunk(b"now"), Chunk(b"later", 60)))


async def test_a_client_that_hangs_up_ends_its_stream() -> None:
    client = Client()
    client.hang_up()
    await client.ask(shell(PATIENT)[0])
    assert client.body == b"now"


async def test_a_stop_lets_go_of_waiting_streams() -> None:
    app, _ = shell(PATIENT)
    client = Client()
    asyncio.get_running_loop().call_later(0.01, app.stop)
    await asyncio.wait_for(client.ask(app), 5)
    assert client.got[-1]["more_body"]


async def test_a_paced_stream_waits_and_ends() -> None:
    client = Client()
    await client.ask(shell(Reply(200, chunks=(Chunk(b"a", 0.01), Chunk(b"b", 0.01))))[0])
    assert [message.get("body") for message in client.got] == [None, b"a", b"b", b""]


async def test_nothing_is_left_running_after_an_exchange() -> None:
    client = Client()
    await client.ask(shell(Reply(200, chunks=(Chunk(b"a", 0.01),)))[0])
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_websocket_is_refused() -> None:
    client = Client()
    await client.ask(application(shell()[0]), type="websocket")
    assert client.got[0]["type"] == "websocket.close"


async def test_a_line_per_request_is_logged_when_wanted(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "safelight")
    await Client().ask(shell(Reply(200, body=b"12345"))[0])
    line = caplog.messages[0]
    assert line.startswith("method=GET path=/v1/models status=200 ms=")
    assert line.endswith(" bytes=5")


async def test_a_client_that_went_is_logged_as_gone(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "safelight")
    await Client([b"x"], leaves=True).ask(shell()[0])
    assert " status=gone " in caplog.messages[0]


async def test_reading_says_that_the_client_is_gone() -> None:
    with pytest.raises(Gone):
        await read_body(Client([], leaves=True).inbox.get, Limits())  # type: ignore[arg-type]  # plain dicts
