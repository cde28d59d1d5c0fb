"""What tests of imports share: exchanges of a live service, the command, and what it made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result
from kit import KEY, Clock, emulator, encode_form, png
from safelight.cli import main
from safelight.core import Emulator, Settings
from safelight.fixtures.folder import Folders
from safelight.fixtures.serving import Library
from safelight.messages import Reply, Request

SECRET = "sk-live-AbCdEf0123456789xyz"
V1 = "https://api.openai.com/v1"
CHAT = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "What do foxes eat?"}]}
DRAW = {"model": "gpt-image-2", "prompt": "a red fox", "size": "1024x1024", "quality": "low"}
JSON = ("content-type", "application/json")


def bring(form: str, source: Path, out: Path, *flags: str) -> Result:
    """Run the command."""
    args = ["fixtures", "import", form, str(source), "--out", str(out), "--provider", "openai"]
    return CliRunner().invoke(main, [*args, *flags], catch_exceptions=False)


def serving(out: Path) -> Emulator:
    """Return an emulator that answers with what was imported."""
    folders = Folders((out,))
    folders.start()
    return Emulator(Settings(), clock=Clock(), library=Library(folders))


def asked(body: Any, path: str, kind: str = "application/json") -> Request:
    """Return a request."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Request("POST", f"/openai/v1{path}", headers=(KEY, ("content-type", kind)), body=data)


def live(request: Request) -> Reply:
    """Return what a service of another seed answers."""
    return emulator(seed=77).respond(request)


def whole(reply: Reply) -> bytes:
    """Return a reply's body."""
    return reply.body or b"".join(chunk.data for chunk in reply.chunks or ())


def form(prompt: str) -> tuple[bytes, str]:
    """Return an edit's form and its content type."""
    photo = ("a.png", png(1024, 1024), "image/png")
    return encode_form([*{**DRAW, "prompt": prompt}.items(), ("image", photo)])


REQUESTS = {
    "generate": asked(DRAW, "/images/generations"),
    "edit": asked(form("a hat")[0], "/images/edits", form("a hat")[1]),
    "image stream": asked({**DRAW, "stream": True, "partial_images": 1}, "/images/generations"),
    "chat": asked(CHAT, "/chat/completions"),
    "chat stream": asked({**CHAT, "stream": True}, "/chat/completions"),
    "refusal": asked({**DRAW, "model": "no-such"}, "/images/generations"),
}
