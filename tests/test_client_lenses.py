"""What the lenses draw: valid by the schema where they say so, struck, nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from safelight.provider import load_provider
from safelight.refusals import UsageError
from safelight_contracts.client import judge_function
from safelight_contracts.client_door import Door, in_place
from safelight_contracts.client_function import Function
from safelight_contracts.client_results import Options, Report
from safelight_contracts.client_run import PLAIN, Campaign
from safelight_contracts.lenses import exact, tolerant, transport
from safelight_contracts.lenses.base import Base, read

pytestmark = pytest.mark.safelight(as_of="2026-11-20", strict=False)

TALK = {"messages": [{"role": "user", "content": "hello"}]}
SPEC = {
    "ai-language-model-specification-version": "3",
    "ai-language-model-id": "openai/gpt-4.1-nano",
}
ASKS: dict[str, tuple[str, str, dict[str, Any], dict[str, str]]] = {
    "openai pictures": ("openai", "/images/generations", {"model": "gpt-image-2"}, {}),
    "openai picture stream": (
        "openai", "/images/generations",
        {"model": "gpt-image-2", "stream": True, "partial_images": 1}, {},
    ),
    "openai chat": ("openai", "/chat/completions", {"model": "gpt-4o", **TALK}, {}),
    "openai chat stream": (
        "openai", "/chat/completions", {"model": "gpt-4o", "stream": True, **TALK}, {},
    ),
    "vercel pictures": ("vercel", "/images/generations", {"model": "bfl/flux-2-pro"}, {}),
    "vercel chat stream": (
        "vercel", "/chat/completions", {"model": "openai/gpt-4.1-nano", "stream": True, **TALK}, {},
    ),
    "vercel sdk stream": (
        "vercel", "/../v3/ai/language-model",
        {"prompt": [{"role": "user", "content": [{"type": "text", "text": "hello"}]}]},
        {**SPEC, "ai-language-model-streaming": "true"},
    ),
    "together pictures": (
        "together", "/images/generations",
        {"model": "black-forest-labs/FLUX.1-schnell", "steps": 1, "response_format": "base64"}, {},
    ),
    "together chat stream": (
        "together", "/chat/completions",
        {"model": "meta-llama/Llama-3.3-70B-Instruct-Turbo", "stream": True, **TALK}, {},
    ),
    "edenai pictures": ("edenai", "/images/generations", {"model": "openai/gpt-image-1"}, {}),
}  # fmt: skip


class Asker:
    """A client that asks one thing and hands what came to a judge of its own."""

    def __init__(self, world: Any, ask: str, look: Callable[[bytes], object]) -> None:
        self.provider, path, body, headers = ASKS[ask]
        self.url = httpx.URL(world.base_url(self.provider) + path)
        needs = {} if "messages" in body or "prompt" in body else {"prompt": "a lamp"}
        self.body, self.look = {**needs, **body}, look
        self.http = httpx.Client(
            verify=False, headers={"authorization": "Bearer sk-test", **headers}
        )

    def __call__(self) -> object:
        reply = self.http.post(self.url, json=self.body)
        if reply.status_code != 200 or "html" in reply.headers.get("content-type", ""):
            raise RuntimeError(f"status {reply.status_code}: {reply.text[:300]}")
        return self.look(reply.content)


def documents(body: bytes) -> list[Any]:
    """Return every JSON document of a reply or of a stream, framed as SSE allows."""
    if body[:1] == b"{":
        return [json.loads(body)]
    lines = body.decode().replace("\r\n", "\n").split("\n")
    data = [line[6:] for line in lines if line.startswith("data: ")]
    return [json.loads(text) for text in data if text != "[DONE]"]


def shape(value: Any) -> Any:
    """Return the names in a document, and where it is null."""
    if isinstance(value, dict):
        return {name: shape(part) for name, part in value.items()}
    return [shape(part) for part in value] if isinstance(value, list) else value is None


def error_seen(body: bytes) -> int:
    """Read a reply or a stream; raise at an error within it."""
    for document in documents(body):
        if "error" in document or document.get("type") == "error":
            raise RuntimeError("an error within the stream")
    return len(body)


def base_of(world: Any, ask: str) -> Base:
    """Return the plain reply as the lenses see it."""
    asker = Asker(world, ask, len)
    door = Door(in_place(world))
    door.begin(PLAIN.answers())
    asker()
    (exchange,) = door.exchanges()
    (given,) = door.given()
    door.end()
    return read(given, exchange, load_provider(asker.provider))


def run(world: Any, ask: str, look: Callable[[bytes], object], **options: Any) -> Report:
    asker = Asker(world, ask, look)
    client = Function(asker, {})
    wanted = Options(**{"must_detect": (), "retry_after": 0.01, **options})
    return judge_function(client, world, load_provider(asker.provider), wanted)


@pytest.mark.parametrize("ask", ASKS)
def test_every_exact_reply_is_valid_and_some_differ(ask: str, safelight: Any) -> None:
    base = base_of(safelight, ask)
    assert base.schema is not None, "the provider's data has a schema of it"
    plain = [document for _, document in base.documents()]
    differed = 0

    def look(body: bytes) -> int:
        nonlocal differed
        found = documents(body)
        assert base.schema is not None
        for document in found:
            violations = base.schema.violations(document)
            assert not violations, violations[0]
        differed += shape(found) != shape(plain)
        return len(found)

    report = run(safelight, ask, look, lenses=("exact",), examples=30)
    assert [broken.finding.says for broken in report.broken] == []
    assert differed or not list(exact.groups(base))


@pytest.mark.parametrize("ask", ASKS)
def test_a_validating_reader_is_broken_by_what_providers_add(ask: str, safelight: Any) -> None:
    base = base_of(safelight, ask)
    seen: list[bool] = []

    def look(body: bytes) -> int:
        new = tolerant.NEW.encode() in body
        seen.append(new)
        if new:
            raise ValueError("unknown")
        return len(body)

    report = run(safelight, ask, look, lenses=("tolerant",), examples=40)
    found = {broken.finding.code for broken in report.broken}
    assert found == {"SL-CLIENT-TOLERANT"}
    assert all(len(b.trial.plan.atoms) == 1 for b in report.broken), "each is the smallest"
    assert seen.count(True) > 1
    assert base.events or base.document


@pytest.mark.parametrize("ask", [ask for ask in ASKS if "stream" in ask])
def test_every_way_carries_the_same_events(ask: str, safelight: Any) -> None:
    plain = len(base_of(safelight, ask).events)
    report = run(
        safelight, ask, lambda body: len(documents(body)) == plain or 1 / 0,
        lenses=("transport",), examples=25,
    )  # fmt: skip
    assert [broken.finding.says for broken in report.broken] == []
    assert report.ran["transport"] >= len(list(transport.groups(base_of(safelight, ask), "x")))


@pytest.mark.parametrize("ask", [ask for ask in ASKS if ask != "openai pictures"])
def test_every_row_of_an_operation_refuses(ask: str, safelight: Any) -> None:
    report = run(safelight, ask, error_seen, lenses=("errors",), examples=200)
    assert [broken.finding.says for broken in report.broken] == []
    tried, known = report.rows
    assert tried == known > 8
    assert report.idle == []


def test_two_bugs_shrink_apart_and_a_drawn_one_is_found(safelight: Any) -> None:
    def look(body: bytes) -> int:
        (reply,) = documents(body)
        assert reply["usage"]["output_tokens"] + 1
        assert reply["background"]
        assert len(reply.get("safety_identifier", "")) < 7, "only some values break it"
        return 1

    report = run(safelight, "openai pictures", look, lenses=("exact",), examples=90)
    found = {broken.finding.at for broken in report.broken}
    assert {"usage is absent", "background is absent"} < found
    assert any(at.startswith("safety_identifier is") for at in found)


def test_the_bounds_of_a_run_are_kept(safelight: Any) -> None:
    asker = Asker(safelight, "openai chat", len)
    counted: list[int] = []

    def client() -> object:
        counted.append(1)
        return asker()

    provider, door = load_provider("openai"), Door(in_place(safelight))
    options = Options(examples=17, retry_after=0.01, must_detect=())
    report = Campaign(Function(client, {}), lambda: door, provider, options).run()
    assert report.examples == len(counted) == 17
    ended = Options(seconds=1e-9, retry_after=0.01)
    report = Campaign(Function(client, {}), lambda: door, provider, ended).run()
    assert report.examples == 1
    assert report.unseen == ["planted", "exact", "tolerant", "transport", "errors"]


def test_few_examples_look_through_every_lens(safelight: Any) -> None:
    asker = Asker(safelight, "openai chat stream", len)
    options = Options(examples=12, retry_after=0.01, must_detect=("html_200",))
    report = judge_function(Function(asker, {}), safelight, load_provider("openai"), options)
    assert set(report.ran) == {"plain", "planted", "exact", "tolerant", "transport", "errors"}
    assert report.unseen == []
    assert report.rows[0] >= 1


@pytest.mark.parametrize(
    ("slip", "says"),
    [
        ({"seconds": 0.0}, "seconds: expected seconds above 0, up to 86400, got 0"),
        ({"seconds": float("nan")}, "seconds: expected seconds above 0, up to 86400, got nan"),
        ({"retry_after": -1.0}, "retry_after: expected seconds from 0 to 86400, got -1"),
        ({"retry_after": float("inf")}, "retry_after: expected seconds from 0 to 86400, got inf"),
        ({"examples": 0}, "a run needs an example at least, got 0"),
        ({"lenses": ("exat",)}, "unknown lens 'exat'; did you mean exact?"),
        ({"must_detect": ("html200",)}, "nobody can plant 'html200'; did you mean html_200"),
    ],
)
def test_options_that_cannot_be_meant_are_told_at_once(slip: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError) as told:
        Options(**slip)
    assert says in str(told.value)


def test_the_same_seed_draws_the_same(safelight: Any) -> None:
    def run_once(seed: int) -> list[str]:
        said: list[str] = []
        asker = Asker(safelight, "openai chat stream", lambda body: said.append(str(len(body))))
        client = Function(asker, {})
        options = Options(lenses=("transport", "exact"), must_detect=(), examples=40, seed=seed)
        judge_function(client, safelight, load_provider("openai"), options)
        return said[14:]

    first = run_once(1)
    assert first == run_once(1)
    assert first != run_once(2)
