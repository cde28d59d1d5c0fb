"""Every refusal that the gateway's data describe, judged by the newest AI SDK: is it understood?"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from clients import node
from safelight.dialects import load_dialect
from safelight.dialects.layouts import layout
from safelight.errors import Row, fill
from test_vercel_sdk_clients import prepared

KINDS = {
    "authentication_error": "GatewayAuthenticationError",
    "invalid_request_error": "GatewayInvalidRequestError",
    "rate_limit_exceeded": "GatewayRateLimitError",
    "model_not_found": "GatewayModelNotFoundError",
    "not_found": "GatewayNotFoundError",
    "forbidden": "GatewayForbiddenError",
    "failed_dependency": "GatewayFailedDependencyError",
}
"""The SDK's class for each type of error; any other type is an internal server error."""

VERCEL = load_dialect("vercel")
ROWS = {row.id: row for row in VERCEL.provider.errors.rows}


class Anything(dict[str, Any]):
    """Facts for every template."""

    def __missing__(self, name: str) -> str:
        return name


def refusal(row: Row) -> tuple[int, bytes]:
    """Return a row's status and body, written by the dialect."""
    failure = fill(row, Anything())
    if failure.text is not None:
        return failure.status, failure.text.encode()
    document = VERCEL.error_json(None, failure)  # type: ignore[arg-type]
    return failure.status, layout(document, row.layout)


class Refuser(BaseHTTPRequestHandler):
    """Answers with the row that the path begins with."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        status, body = refusal(ROWS[self.path.split("/")[1]])
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def understood(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Yield what the SDK makes of each row: class, status, message."""
    folder = prepared(Path(tmp_path_factory.mktemp("rows")), "ai7", "rows.mjs")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Refuser)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    origin = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield node.drive(folder, "ai7", "rows.mjs", origin=origin, ROWS=" ".join(ROWS))
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("row", ROWS.values(), ids=lambda row: row.id)
def test_every_row_is_the_error_that_its_type_promises(
    understood: dict[str, Any], row: Row
) -> None:
    kind, status, message = understood[row.id]
    if row.error is None:
        assert (kind, status) == ("GatewayResponseError", row.status)
        return
    assert (kind, status) == (
        KINDS.get(row.error["type"], "GatewayInternalServerError"),
        row.status,
    )
    if kind != "GatewayAuthenticationError":  # whose message is the SDK's own
        assert message.startswith(str(fill(row, Anything()).error["message"])[:20])


def test_every_class_of_error_has_a_row() -> None:
    types = {str(row.error["type"]) for row in ROWS.values() if row.error}
    assert set(KINDS) <= types
    assert "internal_server_error" in types
