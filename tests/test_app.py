"""The shell around the core, driven as an ASGI server drives it, with a core made for the test."""

from __future__ import annotations

import asyncio
import logging
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from safelight.app import Gone, application, due_together
from safelight.arriving import Limits, read_body
from safelight.messages import Chunk, Reply, Request, Work
from shell_kit import OK, Client, Walk, shell


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
