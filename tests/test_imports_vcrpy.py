"""Cassettes that vcrpy itself has recorded of real clients give those clients the same bytes."""

from __future__ import annotations

import gzip
import http.client
import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from clients.packages import environment
from conftest import LiveServer
from imports_kit import SECRET, bring
from kit import mask, png

ASK = Path(__file__).parent / "clients" / "vcrpy" / "ask.py"


@contextmanager
def packed(upstream: str) -> Iterator[str]:
    """Stand before a server as live services' networks do: what is no stream is compressed."""

    class Front(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            link = http.client.HTTPConnection(urlsplit(upstream).netloc)
            size = int(self.headers.get("content-length") or 0)
            body = self.rfile.read(size) if size else self._chunks()
            kept = {key: value for key, value in self.headers.items() if key.lower() in _KEPT}
            link.request(self.command, self.path, body, kept)
            answer = link.getresponse()
            data, kind = answer.read(), answer.headers["content-type"]
            squeeze = "event-stream" not in kind and "gzip" in self.headers["accept-encoding"]
            data = gzip.compress(data) if squeeze else data
            self.send_response(answer.status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(data)))
            if squeeze:
                self.send_header("content-encoding", "gzip")
            self.end_headers()
            self.wfile.write(data)
            link.close()

        do_GET = do_POST  # noqa: N815 - as http.server calls it

        def _chunks(self) -> bytes:
            found = b""
            while "transfer-encoding" in self.headers:
                size = int(self.rfile.readline(), 16)
                found += self.rfile.read(size)
                self.rfile.readline()
                if not size:
                    break
            return found

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Front)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


_KEPT = ("authorization", "content-type", "accept")


def ask(base: str, home: Path, *folder: str) -> dict[str, str]:
    """Return the hash of every answer that real clients got."""
    (home / "red.png").write_bytes(png(1024, 1024, color=(210, 20, 20)))
    (home / "mask.png").write_bytes(mask(1024, 1024, (0, 0, 512, 1024)))
    command = [environment("vcrpy"), ASK, f"{base}/openai/v1", *folder]
    done = subprocess.run(
        command, cwd=home, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return dict(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("form", ["plain", "gzip"])
def test_what_vcrpy_recorded_is_served_to_the_clients_it_was_recorded_of(
    form: str, serve: Callable[..., LiveServer], tmp_path: Path
) -> None:
    live = serve("--seed", "77")
    tapes = tmp_path / "tapes"
    tapes.mkdir()
    if form == "gzip":
        with packed(live.origin) as front:
            came = ask(front, tmp_path, str(tapes))
    else:
        came = ask(live.origin, tmp_path, str(tapes))
    assert len(list(tapes.iterdir())) == len(came)
    done = bring("vcr", tapes, tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert done.output.startswith(f"{len(came)} fixtures in ")
    assert "requests whose" not in done.output
    assert "replies" not in done.output
    again = ask(serve("--fixtures", str(tmp_path / "out"), "--unmatched", "error").origin, tmp_path)
    assert again == came
    assert SECRET not in "".join(path.read_text() for path in (tmp_path / "out").glob("*.yaml"))
