"""What the recorder tells on its log holds no secret, at any level."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import LiveServer
from rawclient import ask
from recording_kit import Service, kept, whole
from safelight.messages import Request
from safelight.recording.masking import Masking
from safelight.recording.secrets import Secrets

pytest_plugins = ["recording_fixtures"]

OWNER = "Zq5pathOwner77"
KEY = "Zq6-headerKey"


@pytest.mark.parametrize("level", ["info", "warning", "error"])
def test_no_secret_is_told_on_the_log(
    record_process: Callable[..., LiveServer], service: Service, tmp_path: Path, level: str
) -> None:
    flags = ("--log-level", level)
    server = record_process(service.base, tmp_path, *flags, provider="together")
    path = f"/together/v2/organizations/{OWNER}/models"
    heads = (("authorization", f"Bearer {KEY}"),)
    service.answer(whole(json.dumps({"owner": OWNER}).encode()))
    asyncio.run(ask(server.port, "GET", f"{path}?api_key={KEY}&note={KEY}", heads))
    kept(tmp_path, 1)
    service.answer(whole(b"packed", "text/plain", "content-encoding: br"))
    asyncio.run(ask(server.port, "GET", path, heads))
    service.answer(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nbroken")
    asyncio.run(ask(server.port, "GET", f"{path}/{KEY}", heads))
    server.stop()
    told = server.stderr.read_text()
    assert OWNER not in told
    assert KEY not in told
    assert ("kept GET" in told) == (level == "info")
    assert ("not kept" in told) == (level != "error")


def test_no_secret_is_told_in_a_traceback(caplog: pytest.LogCaptureFixture) -> None:
    secrets = Secrets()
    secrets.learn(Request("GET", "/", headers=(("x-api-key", KEY),)))
    caplog.handler.addFilter(masking := Masking(secrets))
    try:
        int(KEY)
    except ValueError:
        logging.getLogger("safelight").exception("a bug at %s", f"/v1/{KEY}")
    finally:
        caplog.handler.removeFilter(masking)
    assert KEY not in caplog.text
    assert f"base 10: '{'*' * len(KEY)}'" in caplog.text
