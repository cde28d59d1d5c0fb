"""What is held against a client after one example: each promise one function, yielding findings.

Many clients swallow everything, so an ending alone proves little: the requests, the output, the
journal and what was planted are asked as well. One cause is told once: who was asked wrongly, or
hung, is not blamed again for failing. What must not enter: how an example is made or run.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from functools import cache

from safelight.messages import Json

import safelight_contracts.oracles_habits  # noqa: F401 - it registers its checks
from safelight_contracts.client_plans import Trial
from safelight_contracts.findings import CHECKS, Finding, check

FAMILY = "SL-CLIENT-"
"""How the codes of these checks begin."""


def judge(trial: Trial) -> list[Finding]:
    """Return everything that one example holds against the client."""
    found = [check for code, check in CHECKS.items() if code.startswith(FAMILY)]
    return [finding for check in found for finding in check.run(trial)]


# What it asks


@check("SL-CLIENT-REQUEST", "the client sends what the provider accepts")
def requests(trial: Trial) -> Iterator[Finding]:
    """Hold each request against the provider's request schemas, by model and date.

    The live service would refuse this request; the client is to blame, not the reply that it was
    given. `at` names the operation and the parameter, `got` the refusal's status and row. Mend the
    request; `safelight models` tells what a model takes.
    """
    for exchange in trial.refused:
        if exchange["row"] not in trial.unclear:
            yield _refusal("SL-CLIENT-REQUEST", exchange, "a request that the provider accepts")


@check("SL-CLIENT-UNCLEAR", "the client keeps off what nobody has promised")
def unclear(trial: Trial) -> Iterator[Finding]:
    """Tell of requests about which the contract itself is unclear.

    Safelight refuses this request, but the row of the refusal is marked as unverified: nobody has
    documented or observed it. Neither the client nor the provider is to blame for certain; ask the
    live service once, and tell the row's source.
    """
    for exchange in trial.refused:
        if exchange["row"] in trial.unclear:
            yield _refusal("SL-CLIENT-UNCLEAR", exchange, "a request that is known to be accepted")


def _refusal(code: str, exchange: dict[str, Json], expected: str) -> Finding:
    what = ", ".join(exchange["violations"]) or exchange["row"]
    at = f"{exchange['operation'] or exchange['path']} {what}"
    return Finding(code, at, expected, f"{exchange['status']} {exchange['row']}")


@check("SL-CLIENT-SILENT", "the client asks at all")
def silent(trial: Trial) -> Iterator[Finding]:
    """Require one request to the emulated provider in the undisturbed example.

    Nothing was asked, so nothing can be judged. Either the client's base URL or key is not read
    from the environment, or it asks somebody else, or waits for something before it asks: `got`
    tells how it ended, or that it did not. A run that checks nothing is never green.
    """
    if trial.plan.lens == "plain" and not trial.asked:
        yield _finding(trial, "SL-CLIENT-SILENT", "at least one request", trial.ending.how)


# How it ends


@check("SL-CLIENT-HANG", "the client ends")
def hang(trial: Trial) -> Iterator[Finding]:
    """Require an end, whatever the world does: the client did not return in the time it was given.

    Give every request a timeout for connecting and for silence between two bytes, and end the loop
    over a stream when the stream ends, also without its last event. Who has asked nothing hangs for
    a reason of its own, and is told to be silent.
    """
    if trial.ending.ended == "hang" and (trial.asked or trial.plan.lens != "plain"):
        yield _finding(trial, "SL-CLIENT-HANG", "an end in time", trial.ending.how)


def _copes(trial: Trial, code: str) -> Iterator[Finding]:
    """Yield a finding if the client failed though the contract allows everything it met."""
    mine = trial.plan.code == code and trial.plan.wants == "success"
    if mine and trial.ending.ended == "failure" and not trial.refused and trial.asked:
        yield _finding(trial, code, "the client copes", trial.ending.how)


@check("SL-CLIENT-FAILED", "the client copes with a plain good reply")
def failed(trial: Trial) -> Iterator[Finding]:
    """Require success where nothing is unusual: the provider's ordinary reply to the request.

    The client cannot read what the provider sends every day, such as a `url` where it reads only
    `b64_json`, an empty `choices` in the chunk that tells the usage, or the closing `[DONE]`.
    """
    return _copes(trial, "SL-CLIENT-FAILED")


@check("SL-CLIENT-EXACT", "the client copes with every reply that the schema allows")
def exact(trial: Trial) -> Iterator[Finding]:
    """Require success with optional fields present, absent, or null where the schema allows it.

    The reply is valid by the provider's schema; the client fails for a field that it takes for
    granted. Read optional fields with a default.
    """
    return _copes(trial, "SL-CLIENT-EXACT")


@check("SL-CLIENT-TOLERANT", "the client copes with what providers add")
def tolerant(trial: Trial) -> Iterator[Finding]:
    """Require success with unknown fields, unknown values of enumerations and more headers.

    Providers add these without a new version. Ignore what is unknown instead of refusing it.
    """
    return _copes(trial, "SL-CLIENT-TOLERANT")


@check("SL-CLIENT-FRAMING", "the client reads a stream however it is cut")
def framing(trial: Trial) -> Iterator[Finding]:
    """Require success with the same bytes in other pieces, CRLF line ends, comments, slow arrival.

    A packet is no event: keep what came until a blank line ends the event (WHATWG HTML, 9.2), and
    decode UTF-8 across pieces.
    """
    return _copes(trial, "SL-CLIENT-FRAMING")


@check("SL-CLIENT-OUTPUT", "the client ends as it was declared")
def output(trial: Trial) -> Iterator[Finding]:
    """Require the declared exit status and output of an example that went well."""
    wanted = trial.plan.wants == "success" and trial.ending.ended == "success"
    if wanted and trial.ending.declared:
        yield _finding(trial, "SL-CLIENT-OUTPUT", "the declared ending", trial.ending.declared)


# What it notices


@check("SL-CLIENT-SWALLOWED", "no lie reaches the client's output")
def swallowed(trial: Trial) -> Iterator[Finding]:
    """Look for the marker that was planted in what must not be used.

    It stood in a preview, a comment, an HTML page or bytes that are no picture, and the client
    handed it out as its result, and ended as if all were well.
    """
    if _tainted(trial):
        yield _finding(trial, "SL-CLIENT-SWALLOWED", "no planted text in the output", "it is there")


@check("SL-CLIENT-UNDETECTED", "the client notices a planted fault")
def undetected(trial: Trial) -> Iterator[Finding]:
    """Require a failure where something was planted that a client has to notice.

    It ended as if all were well. Look at the status, the content type, the picture's own bytes, the
    number of pictures, and the event that ends a stream, before a result is handed out.
    """
    if trial.plan.lie and _unnoticed(trial) and not _tainted(trial):
        yield _finding(trial, "SL-CLIENT-UNDETECTED", "a failure is reported", trial.ending.how)


@check("SL-CLIENT-ERROR-IGNORED", "the client reports an error that it was told")
def error_ignored(trial: Trial) -> Iterator[Finding]:
    """Require a failure after a documented error that no retry has mended.

    The provider refused, or sent an error within its stream, and the client ended as if all were
    well. `at` tells the error.
    """
    if trial.plan.lens == "errors" and _unnoticed(trial) and not _tainted(trial):
        yield _finding(trial, "SL-CLIENT-ERROR-IGNORED", "a failure is reported", trial.ending.how)


@check("SL-CLIENT-LEAK", "the client keeps its key to itself")
def leak(trial: Trial) -> Iterator[Finding]:
    """Look for the API key in everything that the client prints, logs, returns or raises.

    Keys in logs outlive the logs' readers. Mask the authorization header.
    """
    told = trial.ending.output + trial.ending.how.encode()
    if any(secret.encode() in told for secret in trial.secrets if len(secret) > 6):
        yield Finding("SL-CLIENT-LEAK", "output", "no API key", "the whole key")


def _unnoticed(trial: Trial) -> bool:
    noticed = trial.ending.ended != "success" or trial.recovered
    return trial.plan.wants == "notice" and trial.struck and not noticed


def _tainted(trial: Trial) -> bool:
    if not trial.plan.taint or trial.ending.ended != "success":
        return False
    return any(form in trial.ending.output for form in forms(trial.plan.taint))


@cache
def forms(taint: str) -> tuple[bytes, ...]:
    """Return what a text looks like in bytes: plain, and inside base64 at each alignment."""
    raw = taint.encode()
    coded = (base64.b64encode(b"\0" * shift + raw) for shift in range(3))
    return (raw, *(code[4:-4] for code in coded))


def _finding(trial: Trial, code: str, expected: str, got: str) -> Finding:
    return Finding(code, trial.plan.says, expected, got, trial.plan.source)
