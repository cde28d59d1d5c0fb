"""Every classic mistake is caught, with its own finding and no other; good clients pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from broken_clients import good, pictures, retries, streams
from broken_clients.wire import Client
from safelight.provider import load_provider
from safelight_contracts.client import judge_function
from safelight_contracts.client_function import Function
from safelight_contracts.client_results import Options, Report

WAIT = 0.03
"""Seconds that refusals ask to wait; who ignores that is asked for more, so that it shows."""

HURRY = {"ignores_retry_after": 3.0}
HANGING = {"no_timeout", "waits_for_done"}

ALL = ("truncated_stream", "html_200", "wrong_bytes")
DEFAULT = ("truncated_stream", "html_200")

BROKEN: list[tuple[Callable[[Client], Any], str, tuple[str, ...], str]] = [
    (pictures.no_timeout, "openai", ("stall_before_headers",), "HANG"),
    (pictures.reads_only_base64, "together", DEFAULT, "FAILED"),
    (pictures.saves_what_the_url_answers, "together", ("expired_url",), "UNDETECTED"),
    (pictures.hands_the_url_on, "together", ("expired_url",), "UNDETECTED"),
    (pictures.takes_usage_for_granted, "openai", DEFAULT, "EXACT"),
    (pictures.takes_only_known_fields, "openai", DEFAULT, "TOLERANT"),
    (pictures.takes_only_known_values, "openai", DEFAULT, "TOLERANT"),
    (pictures.assumes_n_pictures, "openai", ("fewer_pictures",), "UNDETECTED"),
    (pictures.assumes_png, "together", DEFAULT, "FAILED"),
    (pictures.believes_the_extension, "openai", ("jpeg_labelled_png",), "UNDETECTED"),
    (pictures.saves_any_bytes, "openai", ("wrong_bytes",), "SWALLOWED"),
    (pictures.saves_any_page, "openai", DEFAULT, "SWALLOWED"),
    (pictures.makes_nothing_of_html, "openai", DEFAULT, "UNDETECTED"),
    (pictures.says_sorry, "openai", DEFAULT, "ERROR-IGNORED"),
    (pictures.logs_the_key, "openai", DEFAULT, "LEAK"),
    (pictures.sends_what_is_refused, "openai", DEFAULT, "REQUEST"),
    (pictures.forgets_the_key, "openai", DEFAULT, "UNCLEAR"),
    (pictures.never_asks, "openai", DEFAULT, "SILENT"),
    (streams.takes_packets_for_events, "openai", DEFAULT, "FRAMING"),
    (streams.decodes_each_packet, "openai", DEFAULT, "FRAMING"),
    (streams.knows_one_line_end, "openai", DEFAULT, "FRAMING"),
    (streams.knows_no_comments, "openai", DEFAULT, "FRAMING"),
    (streams.shows_comments, "openai", DEFAULT, "SWALLOWED"),
    (streams.parses_done, "openai", DEFAULT, "FAILED"),
    (streams.waits_for_done, "openai", DEFAULT, "HANG"),
    (streams.ignores_error_events, "openai", ("html_200",), "ERROR-IGNORED"),
    (streams.takes_what_came, "openai", DEFAULT, "UNDETECTED"),
    (streams.indexes_choices, "openai", DEFAULT, "FAILED"),
    (streams.saves_a_preview, "openai", DEFAULT, "SWALLOWED"),
    (streams.knows_two_events, "openai", DEFAULT, "TOLERANT"),
    (retries.retries_whatever_came, "openai", DEFAULT, "PAID-TWICE"),
    (retries.retries_lost_answers, "openai", ("accepted_then_lost",), "PAID-TWICE"),
    (retries.retries_a_400, "openai", DEFAULT, "RETRIED-FINAL"),
    (retries.ignores_retry_after, "openai", DEFAULT, "RETRY-AFTER"),
    (retries.never_gives_up, "openai", DEFAULT, "RETRY-STORM"),
]

GOOD: list[tuple[Callable[[Client], Any], str, tuple[str, ...]]] = [
    (good.picture, "openai", (*ALL[1:], "fewer_pictures", "jpeg_labelled_png")),
    (good.retrying, "openai", ALL[1:]),
    (good.linked, "together", ("html_200", "expired_url", "truncated_picture")),
    (good.chat, "openai", DEFAULT),
    (good.preview, "openai", ALL),
]


def judged(
    client: Callable[[Client], Any],
    world: Any,
    provider: str,
    must_detect: tuple[str, ...],
    examples: int = 28,
) -> Report:
    base = world.base_url(provider)
    key = next(v for k, v in world.env.items() if k.endswith("_API_KEY"))
    name = client.__name__
    function = Function(lambda: client(Client(base, key)), {}, 1.0 if name in HANGING else 30.0)
    options = Options(
        must_detect=must_detect,
        examples=examples,
        retry_after=HURRY.get(name, WAIT),
        secrets=(key,),
        operation="[ci]*",
    )
    return judge_function(function, world, load_provider(provider), options)


@pytest.mark.safelight(strict=False, as_of="2026-11-20")
@pytest.mark.parametrize(
    ("client", "provider", "must_detect", "code"), BROKEN, ids=[row[0].__name__ for row in BROKEN]
)
def test_a_classic_mistake_is_caught(
    client: Callable[[Client], Any],
    provider: str,
    must_detect: tuple[str, ...],
    code: str,
    safelight_server: Any,
) -> None:
    report = judged(client, safelight_server, provider, must_detect)
    found = {broken.finding.code for broken in report.broken}
    assert found == {f"SL-CLIENT-{code}"}, [b.finding.says for b in report.broken]


@pytest.mark.safelight(as_of="2026-11-20")
@pytest.mark.parametrize(
    ("client", "provider", "must_detect"), GOOD, ids=[row[0].__name__ for row in GOOD]
)
def test_a_good_client_passes(
    client: Callable[[Client], Any],
    provider: str,
    must_detect: tuple[str, ...],
    safelight_server: Any,
) -> None:
    report = judged(client, safelight_server, provider, must_detect)
    assert [broken.finding.says for broken in report.broken] == []
    assert set(must_detect) <= report.planted
    assert report.examples > 20
