"""What the journal of an example holds against a client: retries, waits, double billing.

Each verdict of the control plane is a check here, under a code of its own. What must not enter:
what a client says or returns.
"""

from __future__ import annotations

from collections.abc import Iterator

from safelight_contracts.client_plans import Trial
from safelight_contracts.findings import Finding, check

_HABITS = {
    "retried-final": (
        "SL-CLIENT-RETRIED-FINAL",
        "the client does not repeat what cannot succeed",
        "Retry 408, 409, 429 and 5xx; a 400, 401, 403, 404 or 422 is the same the next time.",
    ),
    "ignored-retry-after": (
        "SL-CLIENT-RETRY-AFTER",
        "the client waits as long as it is told to",
        "The reply named a time in `retry-after`; a retry before it is one more refusal.",
    ),
    "retry-storm": (
        "SL-CLIENT-RETRY-STORM",
        "the client gives up",
        "Five failed attempts with the same body: bound the attempts, and let the waits grow.",
    ),
    "paid-twice": (
        "SL-CLIENT-PAID-TWICE",
        "the client does not pay twice for one result",
        "Made and billed again after an answer that came or was lost: never retry that unasked.",
    ),
    "stream-not-closed": (
        "SL-CLIENT-STREAM-OPEN",
        "the client closes its streams",
        "A stream was neither read to its end nor closed; its connection is lost to the pool.",
    ),
    "url-not-fetched": (
        "SL-CLIENT-URL-EXPIRED",
        "the client fetches pictures while their URLs work",
        "A picture's URL expired before anybody downloaded it: URLs are good for an hour or so.",
    ),
}
"""The journal's verdicts that are findings here: code, promise, what to do."""


def _habit(name: str, code: str, title: str, what: str) -> None:
    def run(trial: Trial) -> Iterator[Finding]:
        for found in trial.verdict:
            if found["code"] == name and not _planted(trial, name, found["evidence"]):
                at = _operation(trial, found["evidence"])
                yield Finding(code, at, title, found["says"])

    run.__doc__ = f"Ask the journal. {what}"
    check(code, title)(run)


def _planted(trial: Trial, name: str, numbers: list[int]) -> bool:
    """Tell whether it was the plan, and not the client, that let a URL expire."""
    hit = {exchange["number"] for exchange in trial.exchanges if exchange["fault"]}
    return name == "url-not-fetched" and bool(hit & set(numbers))


def _operation(trial: Trial, numbers: list[int]) -> str:
    asked = {exchange["number"]: exchange["operation"] for exchange in trial.exchanges}
    return str(next((asked[number] for number in numbers if number in asked), "requests"))


for _name, (_code, _title, _what) in _HABITS.items():
    _habit(_name, _code, _title, _what)
