"""Every bad day by name: what it is called, what it does, what may be said of it.

What must not enter: how a fault is called for (`faults`), how it is carried out, providers.
"""

from __future__ import annotations

from dataclasses import dataclass

_REFUSAL = ("seconds", "retry_after", "retry_after_ms", "limit", "used", "row")
_SLOW = frozenset({"stall_before_headers", "stall_mid_body", "stall_mid_stream", "drip"})
_SIZED = frozenset({"sse_split", "sse_long_line"})


@dataclass(frozen=True, slots=True)
class Fault:
    """One bad day. `kind` says which room does it, `needs` which replies it can happen to."""

    name: str
    kind: str
    says: str
    needs: str = "any"

    @property
    def takes(self) -> tuple[str, ...]:
        """Return the options that change something about it."""
        slow = ("seconds",) if self.name in _SLOW else ()
        sized = ("bytes",) if self.name in _SIZED else ()
        return ("times", *slow, *sized, *(_REFUSAL if self.kind == "refusal" else ()))


def _table(kind: str, needs: str, rows: dict[str, str]) -> dict[str, Fault]:
    return {name: Fault(name, kind, says, needs) for name, says in rows.items()}


FAULTS: dict[str, Fault] = {
    **_table(
        "refusal",
        "any",
        {
            "rate_limited": "429: too many requests, tokens or images; says when to come back",
            "quota_exceeded": "429: the account has no credit left; retrying cannot help",
            "billing_hard_limit": "the spending cap is reached",
            "moderation_blocked": "the safety system rejects the request before generation",
            "moderation_blocked_output": "the safety system rejects the finished picture",
            "overloaded": "503: no capacity at the moment",
            "server_error": "500: the provider's backend failed",
            "bad_gateway": "502: an HTML page from the edge, not the provider's JSON",
            "cloudflare_1015": "429: the edge's plain text `error code: 1015`",
            "gateway_timeout": "504 after a minute of waiting",
            "model_retired": "the model has been shut down",
            "permission_denied": "403: the key may not use this model",
            "organization_unverified": "403: the account has to be verified first",
            "region_blocked": "the region may not use this service",
        },
    ),
    **_table(
        "cut",
        "any",
        {
            "connection_refused": "the connection is closed before a byte is answered; no charge",
            "reset_before_headers": "the request is read, then the connection is reset; no charge",
        },
    ),
    **_table(
        "wire",
        "any",
        {
            "reset_after_headers": "status and headers arrive, then the connection is reset",
            "reset_mid_body": "half of the body arrives, then the connection is reset",
            "stall_before_headers": "nothing comes for `seconds` (60), then the answer",
            "stall_mid_body": "half of the body, nothing for `seconds` (60), then the rest",
            "drip": "the body comes byte by byte, `seconds` (0.01) apart, then in small pieces",
            "wrong_content_length": "content-length names more bytes than ever come",
            "truncated_json": "a well-framed body that ends in the middle of its JSON",
            "malformed_json": "a body that is no JSON for one stray character",
            "html_200": "status 200, and an HTML page",
            "json_as_text": "the right body, labelled text/plain",
            "empty_body": "status 200, and nothing",
            "accepted_then_lost": "generated, billed and journalled; the answer never arrives",
        },
    ),
    **_table(
        "stream",
        "stream",
        {
            "reset_mid_stream": "half of the events, then the connection is reset",
            "stall_mid_stream": "half of the events, nothing for `seconds` (60), then the rest",
            "json_instead_of_stream": "a stream was asked for, one JSON body comes",
            "sse_split": "the same stream, cut at every `bytes` (7) bytes",
            "sse_crlf": "lines end in CRLF",
            "sse_cr": "lines end in CR",
            "sse_comments": "keep-alive comments between the events",
            "sse_bom": "a byte order mark before the first event",
            "sse_joined": "all events in one packet",
            "sse_no_final_blank": "the last event has no blank line after it",
            "sse_no_done": "the closing [DONE] is missing",
            "sse_no_completed": "the last event of substance is missing",
            "sse_error_mid": "an error event after half of the events, then the end",
            "sse_preview_as_final": "a preview is sent again as the final picture",
            "sse_long_line": "the first event is one line of 4 MB, by spaces in its JSON",
        },
    ),
    **_table(
        "picture",
        "pictures",
        {
            "jpeg_labelled_png": "JPEG bytes where another format was asked for",
            "wrong_size": "a picture of another size than asked for",
            "truncated_picture": "a picture file that ends in the middle",
            "corrupt_base64": "base64 with characters that are none",
            "data_uri_prefix": "`data:image/png;base64,` in front of the base64",
            "expired_url": "a picture's URL that has expired already",
            "fewer_pictures": "one picture fewer than asked for",
            "empty_data": "a list of pictures without pictures",
            "unchanged_input": "an edit that answers with its input",
            "mask_ignored": "an edit that changes more than the mask leaves open",
        },
    ),
}
"""Every fault by name, in the order in which they are documented."""

KINDS = {
    "refusal": "The provider says no: a row of its `errors.toml`, before anything is made.",
    "cut": "The connection ends before the request is looked at.",
    "wire": "The answer is made, billed and journalled as usual, then bent on its way out.",
    "stream": "The same for event streams; any other reply stays as it is.",
    "picture": "The pictures are not what the reply says; replies without any stay as they are.",
}
"""What the faults of each kind have in common."""
