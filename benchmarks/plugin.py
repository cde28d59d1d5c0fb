"""What the pytest plugin costs: `python benchmarks/plugin.py`. Interleaved, ratios of medians.

In process: a fixture's set-up and calls of the openai SDK through `safelight`, against a bare respx
route that returns the same reply. Over a socket: through `safelight_server`, against a bare
Starlette app with the same bytes on the same server. And what one pytest start costs with the door.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import httpx2
import openai
import pytest_httpx2  # noqa: F401 - teaches respx httpx2
import respx
from safelight import inprocess, server
from safelight.background import serving
from safelight.intercept import answering  # noqa: F401 - loaded before anything is timed
from safelight.options import Options
from safelight.world import World

os.environ.setdefault("OPENAI_API_KEY", "sk-bench")
Call = Callable[[openai.OpenAI], Any]
COUNT = count()


def chat(client: openai.OpenAI) -> Any:  # noqa: ANN401
    said: Any = [{"role": "user", "content": "Is anybody there?"}]
    return client.chat.completions.create(model="gpt-4o-mini", messages=said)


def new_chat(client: openai.OpenAI) -> Any:  # noqa: ANN401
    said: Any = [{"role": "user", "content": f"Is anybody there? I ask for time {next(COUNT)}."}]
    return client.chat.completions.create(model="gpt-4o-mini", messages=said)


def image(client: openai.OpenAI) -> Any:  # noqa: ANN401
    return client.images.generate(model="gpt-image-2", prompt="a lamp", size="1024x1024")


CASES: dict[str, tuple[str, Call]] = {
    "chat, new words": ("/v1/chat/completions", new_chat),
    "chat, the same again": ("/v1/chat/completions", chat),
    "image 1024x1024, cached": ("/v1/images/generations", image),
}


@contextmanager
def ours() -> Iterator[World]:
    """Do what the fixture `safelight` does."""
    world = inprocess.make_world(Options(), "bench")
    with inprocess.guarded(world) as guard, inprocess.intercepted(world, guard):
        yield world
    world.close()


@contextmanager
def bare(path: str, reply: httpx2.Response) -> Iterator[None]:
    """Stand a respx route with a canned reply where the SDK of this environment meets it."""
    with respx.mock(using="httpcore2", assert_all_called=False) as router:
        canned = httpx.Response(200, content=reply.content, headers=reply.headers.raw)
        router.post(f"https://api.openai.com{path}").mock(return_value=canned)
        yield


def record() -> dict[str, httpx2.Response]:
    """Return the reply that each case is answered with."""
    replies = {}
    with ours():
        for name, (path, call) in CASES.items():
            sent: list[httpx2.Response] = []
            client = httpx2.Client(event_hooks={"response": [sent.append]})
            call(openai.OpenAI(http_client=client))
            replies[name] = sent[0]
            print(f"{name}: {len(sent[0].content)} bytes from {path}")
    return replies


def timed(call: Callable[[], object], times: int) -> float:
    """Return microseconds a call: the median of several."""
    took = []
    for _ in range(times):
        began = time.perf_counter()
        call()
        took.append(time.perf_counter() - began)
    return statistics.median(took) * 1e6


def compared(name: str, ways: dict[str, Callable[[], float]], rounds: int) -> None:
    """Measure ways in turn, forth and back, and print them with the ratio to the first."""
    got: dict[str, list[float]] = {way: [] for way in ways}
    for turn in range(rounds):
        for way in list(ways) if turn % 2 else list(ways)[::-1]:
            got[way].append(ways[way]())
    medians = {way: statistics.median(values) for way, values in got.items()}
    first = next(iter(medians.values()))
    for way, value in medians.items():
        print(f"{name:<26} {way:<18} {value:>9.0f} us {value / first:>6.2f} x")


def fixture(rounds: int, replies: dict[str, httpx2.Response]) -> None:
    """Time set-up and take-down."""

    def enter(make: Callable[[], Any]) -> None:
        with make():
            pass

    path, reply = CASES["chat, new words"][0], replies["chat, new words"]
    compared(
        "set-up and take-down",
        {
            "bare respx": lambda: timed(lambda: enter(lambda: bare(path, reply)), 50),
            "safelight": lambda: timed(lambda: enter(ours), 50),
        },
        rounds,
    )


def calls(rounds: int, replies: dict[str, httpx2.Response]) -> None:
    """Time calls in process."""
    client = openai.OpenAI()
    for name, (path, call) in CASES.items():

        def mocked(path: str = path, name: str = name, call: Call = call) -> float:
            with bare(path, replies[name]):
                return timed(lambda: call(client), 60)

        def emulated(call: Call = call) -> float:
            with ours():
                call(client)
                return timed(lambda: call(client), 60)

        compared(name, {"bare respx": mocked, "safelight": emulated}, rounds)


def live(rounds: int, replies: dict[str, httpx2.Response]) -> None:
    """Time calls over a socket."""
    by_path = {path: replies[name].content for name, (path, _) in CASES.items()}
    with ExitStack() as stack:
        began = time.perf_counter()
        origin = stack.enter_context(serving(inprocess.shared()))
        httpx.get(f"{origin}/_safelight/health")
        print(f"server: first answer after {(time.perf_counter() - began) * 1000:.0f} ms")
        floor = stack.enter_context(floored(by_path))
        clients = {
            "bare Starlette": openai.OpenAI(base_url=f"{floor}/v1"),
            "safelight_server": openai.OpenAI(base_url=f"{origin}/s/bench/openai/v1"),
        }
        for name, (_, call) in CASES.items():
            ways = {
                way: (lambda call=call, client=client: timed(lambda: call(client), 40))
                for way, client in clients.items()
            }
            compared(f"{name}, live", ways, rounds)


@contextmanager
def floored(bodies: dict[str, bytes]) -> Iterator[str]:
    """Serve canned bytes by Starlette on hypercorn in a thread, as `safelight_server` is."""
    import asyncio
    import threading

    from hypercorn.asyncio import serve
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    async def answer(request: Request) -> Response:
        await request.body()
        return Response(bodies[request.url.path], media_type="application/json")

    app: Any = Starlette(routes=[Route(path, answer, methods=["POST"]) for path in bodies])
    sock = server.listen("127.0.0.1", 0)
    port, loop, stop = sock.getsockname()[1], asyncio.new_event_loop(), asyncio.Event()
    config = server.hypercorn_config(sock)
    main = serve(app, config, shutdown_trigger=stop.wait, mode="asgi")
    thread = threading.Thread(target=loop.run_until_complete, args=(main,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{port}"
    loop.call_soon_threadsafe(stop.set)
    thread.join(5)


def starts(rounds: int) -> None:
    """Time whole pytest runs of one empty test, with and without the door."""
    quiet = ("-q", "-p", "no:cacheprovider", "-p", "no:respx", "-p", "no:httpx2")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "test_empty.py").write_text("def test_empty(): pass\n")

        def run(*flags: str) -> float:
            command = [sys.executable, "-m", "pytest", *quiet, *flags]
            began = time.perf_counter()
            subprocess.run(command, cwd=folder, check=True, capture_output=True)
            return (time.perf_counter() - began) * 1e6

        ways = {"without": lambda: run("-p", "no:safelight"), "with the door": run}
        compared("pytest start", ways, 2 * rounds)


def main() -> None:
    flags = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    flags.add_argument("--rounds", type=int, default=5)
    rounds = flags.parse_args().rounds
    began = time.perf_counter()
    replies = record()
    print(f"first fixture and first calls: {(time.perf_counter() - began) * 1000:.0f} ms\n")
    fixture(rounds, replies)
    calls(rounds, replies)
    live(rounds, replies)
    starts(rounds)


if __name__ == "__main__":
    main()
