"""Safelight against the floor (and aimock), interleaved in one run: `python benchmarks/serve.py`.

Everything is a ratio to a server measured in the same minutes on the same machine; absolute figures
move by tens of percent with the neighbours, ratios of CPU per request by a tenth. With
`--aimock FOLDER`, where `npm install @copilotkit/aimock` was run, the peer joins in.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import resource
import statistics
import tempfile
from pathlib import Path

from harness import Case, Load, Server, python, running

HERE = Path(__file__).resolve().parent
PROMPT = "a lighthouse in the fog, seen from the sea"


def image_body(quality: str) -> bytes:
    return json.dumps(
        {"model": "gpt-image-2", "prompt": PROMPT, "size": "1024x1024", "quality": quality}
    ).encode()


def chat_body(words: int = 23) -> bytes:
    """Return a request whose answer is a stream of about two events for each word."""
    text = " ".join(f"word{n}" for n in range(words))
    said = [{"role": "user", "content": f"Say this again, please: {text}"}]
    return json.dumps({"model": "gpt-4o-mini", "stream": True, "messages": said}).encode()


def edit_body(megabytes: int = 4) -> tuple[bytes, str]:
    """Return a form with a picture of that size (noise: it does not compress) and its type."""
    from io import BytesIO

    from PIL import Image

    side = int((megabytes * 2**20 / 3) ** 0.5)
    picture = BytesIO()
    Image.frombytes("RGB", (side, side), os.urandom(side * side * 3)).save(picture, "PNG")
    line = b"--3fa9c1d2e4b5a697"
    field = b'\r\nContent-Disposition: form-data; name="%s"'
    parts = [
        line + field % b"model" + b"\r\n\r\ngpt-image-2\r\n",
        line + field % b"prompt" + b"\r\n\r\n" + PROMPT.encode() + b"\r\n",
        line + field % b"image" + b'; filename="a.png"\r\nContent-Type: image/png\r\n\r\n',
        picture.getvalue() + b"\r\n" + line + b"--\r\n",
    ]
    return b"".join(parts), "multipart/form-data; boundary=3fa9c1d2e4b5a697"


def cases(names: list[str]) -> list[Case]:
    """Return the cases whose name holds one of the words; all of them for no word."""
    form, kind = edit_body()
    every = [
        Case("models list", "/v1/models"),
        Case("cached image", "/v1/images/generations", image_body("high")),
        Case("chat stream", "/v1/chat/completions", chat_body()),
        Case("edit 4 MB", "/v1/images/edits", form, kind, connections=4),
    ]
    return [case for case in every if not names or any(name in case.name for name in names)]


def record(ours: Server, wanted: list[Case], folder: Path) -> Path:
    """Write what Safelight answers, for the floor to repeat."""
    rows = []
    for case in wanted:
        kind, body = ours.fetch(case)
        read = "form" if case.content_type.startswith("multipart") else "body"
        text = base64.b64encode(body).decode()
        rows.append({"path": case.path, "type": kind, "body": text, "read": read})
        print(f"{case.name}: {len(case.body)} bytes up, {len(body)} bytes down ({kind})")
    path = folder / "canned.json"
    path.write_text(json.dumps(rows))
    return path


def compare(servers: list[Server], wanted: list[Case], rounds: int, seconds: float) -> None:
    print("\ncase           server      req/s  x floor   cpu us  x floor   p99 ms    bad")
    for case in wanted:
        got: dict[str, list[Load]] = {server.name: [] for server in servers}
        for server in servers:
            server.load(case, 1)
        for turn in range(rounds):
            for server in servers if turn % 2 else servers[::-1]:
                got[server.name].append(server.load(case, seconds))
        floor = got["floor"]
        for server in servers:
            print(row(case.name, server.name, got[server.name], floor))


def row(case: str, name: str, loads: list[Load], floor: list[Load]) -> str:
    def rate(of: list[Load]) -> float:
        return statistics.median(load.requests / load.seconds for load in of)

    def cpu(of: list[Load]) -> float:
        return statistics.median(load.cpu_us for load in of)

    p99 = statistics.median(load.p99_ms for load in loads)
    return (
        f"{case:<14} {name:<9} {rate(loads):>8.0f} {rate(loads) / rate(floor):>8.2f} "
        f"{cpu(loads):>8.0f} {cpu(loads) / cpu(floor):>8.2f} {p99:>8.1f} "
        f"{sum(load.bad for load in loads):>6}"
    )


def starts(servers: list[Server], rounds: int) -> None:
    print("\nserver       first 200 ms   idle MiB   stop ms")
    got: dict[str, list[tuple[float, float, float]]] = {server.name: [] for server in servers}
    for turn in range(rounds):
        for server in servers if turn % 2 else servers[::-1]:
            server.start()
            asyncio.run(asyncio.sleep(1.0))
            got[server.name].append((server.first_ms, server.rss_mib(), server.stop() * 1000))
    for name, rows in got.items():
        first, rss, stop = (statistics.median(column) for column in zip(*rows, strict=True))
        print(f"{name:<12} {first:>12.0f} {rss:>10.1f} {stop:>9.0f}")


def held(ours: Server, streams: int) -> None:
    """Open that many streams against a server that paces them; stop it with all of them open."""
    before = ours.rss_mib()
    seconds, rss = asyncio.run(_hold(ours, streams))
    print(f"\n{streams} open streams: {(rss - before) * 1024 / streams:.0f} KiB each, ", end="")
    print(f"SIGTERM to exit {seconds * 1000:.0f} ms (exit code {ours.process.returncode})")  # type: ignore[union-attr]


async def _hold(ours: Server, streams: int) -> tuple[float, float]:
    case = Case("held", "/v1/chat/completions", chat_body(words=1))
    fields = case.headers | {"host": "x", "content-length": str(len(case.body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    request = f"POST {case.path} HTTP/1.1\r\n{head}\r\n".encode() + case.body

    async def one() -> asyncio.StreamWriter:
        reader, writer = await asyncio.open_connection("127.0.0.1", ours.port)
        writer.write(request)
        await reader.readuntil(b"\r\n\r\n")
        return writer

    writers = [await one() for _ in range(streams)]
    await asyncio.sleep(0.5)
    rss = ours.rss_mib()
    seconds = await asyncio.to_thread(ours.stop)
    for writer in writers:
        writer.close()
    return seconds, rss


def aimock(folder: Path, canned: Path) -> Server:
    """Return the peer, with fixtures that give the picture and the text that Safelight gave."""
    image = {"b64Json": "iVBORw0KGgo="}
    for line in json.loads(canned.read_text()):
        if line["path"].endswith("generations"):
            image = {"b64Json": json.loads(base64.b64decode(line["body"]))["data"][0]["b64_json"]}
    said = "".join(f"word {n:04d} and padding"[:20] for n in range(49))  # 20 letters a chunk
    rows = [
        {"match": {"userMessage": PROMPT}, "response": {"image": image}},
        {"match": {"userMessage": "Say this"}, "response": {"content": said}},
    ]
    fixtures = canned.with_name("aimock.json")
    fixtures.write_text(json.dumps({"fixtures": rows}))
    script = folder / "node_modules/@copilotkit/aimock/dist/cli.js"
    flags = ["-p", "{port}", "-f", str(fixtures), "--log-level", "warn"]
    return Server("aimock", ["node", str(script), *flags], "/v1/models")


def main() -> None:
    flags = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    flags.add_argument("--rounds", type=int, default=3)
    flags.add_argument("--seconds", type=float, default=4)
    flags.add_argument("--streams", type=int, default=1000)
    flags.add_argument("--server", default="hypercorn", help="what Safelight runs on")
    flags.add_argument("--aimock", type=Path, help="where it was installed by npm")
    flags.add_argument("cases", nargs="*", help="words of the names of cases; all if none")
    asked = flags.parse_args()
    wanted = cases(asked.cases)
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    command = python("-m", "safelight", "serve", "--port", "{port}", "--server", asked.server)
    ours = Server("safelight", command, "/v1/models")
    with tempfile.TemporaryDirectory() as folder:
        with running(ours):
            canned = record(ours, wanted, Path(folder))
        floor = Server("floor", python(str(HERE / "floor.py"), "{port}", str(canned)), "/ready")
        servers = [ours, floor] + ([aimock(asked.aimock, canned)] if asked.aimock else [])
        starts(servers, max(asked.rounds, 5))
        with running(*servers):
            compare(servers, wanted, asked.rounds, asked.seconds)
            peaks = ", ".join(f"{server.name} {server.peak_mib():.0f}" for server in servers)
            print(f"\npeak MiB after the load: {peaks}")
    paced = Server("paced", python(str(HERE / "paced.py"), "{port}"), "/v1/models")
    with running(paced):
        held(paced, asked.streams)


if __name__ == "__main__":
    main()
