"""Each line of the tables in docs/fixtures.md, as a newcomer writes it, asked by a client."""

from __future__ import annotations

import base64
import hashlib
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import kit
import openai
import pytest
import yaml
from conftest import DAY, LiveServer
from fixtures_kit import write
from PIL import Image

RED, GREEN, GREY = (255, 0, 0), (0, 255, 0), (1, 2, 3)
PHOTO = kit.png(48, 32, color=(0, 0, 9))
HASH = hashlib.sha256(PHOTO).hexdigest()
CHUNK = (
    '{"id": "a", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": '
    '[{"index": 0, "delta": {"content": "hey"}, "finish_reason": null}]}'
)
CANNED = f"""
wild: {{match: {{provider: "open*", operation: chat.create, prompt: wild}}, reply: {{text: hit}}}}
model: {{match: {{operation: chat.create, model: "gpt-4o-m[i]n?", prompt: model}}, reply: {{text: hit}}}}
contains: {{match: {{operation: chat.create, prompt: {{contains: CoNtAiNs}}}}, reply: {{text: hit}}}}
regex: {{match: {{operation: chat.create, prompt: {{regex: "^r\\\\w+ \\\\d$"}}}}, reply: {{text: hit}}}}
size: {{match: {{operation: images.generate, fields: {{size: 1024x1536}}}}, reply: {{picture: red.png}}}}
role: {{match: {{operation: chat.create, fields: {{messages.0.role: system, messages.0.content: {{contains: pirate}}}}}}, reply: {{text: arr}}}}
absent: {{match: {{operation: chat.create, prompt: absent, fields: {{seed: null}}}}, reply: {{text: hit}}}}
mask: {{match: {{operation: images.edit, mask: true}}, reply: {{picture: green.png}}}}
bare: {{match: {{operation: images.edit, mask: false}}, reply: {{picture: red.png}}}}
hash: {{match: {{operation: images.edit, mask: false, picture: {{hash: "sha256:{HASH}"}}}}, reply: {{picture: clear.png}}}}
seen: {{match: {{operation: chat.create, picture: {{size: 48x32}}}}, reply: {{text: seen}}}}
turn: {{match: {{operation: chat.create, turn: 2, prompt: {{contains: talk}}}}, reply: {{text: hit}}}}
second: {{match: {{operation: chat.create, prompt: nth, nth: 2}}, reply: {{text: second}}}}
third: {{match: {{operation: chat.create, prompt: nth, nth: 3}}, reply: {{text: third}}}}
refusal: {{match: {{operation: chat.create, prompt: refuse}}, reply: {{refusal: I will not.}}}}
tools: {{match: {{operation: chat.create, prompt: call}}, reply: {{tool_calls: [{{name: paint, arguments: {{c: red}}}}, {{name: wash, arguments: "{{}}"}}]}}}}
ends: {{match: {{operation: chat.create, prompt: ends}}, reply: {{text: cut, finish_reason: length}}}}
many: {{match: {{operation: images.generate, prompt: many}}, reply: {{pictures: [red.png, green.png]}}}}
alpha: {{match: {{operation: images.generate, prompt: alpha}}, reply: {{picture: clear.png}}}}
exact: {{match: {{operation: images.generate, prompt: exact}}, reply: {{picture: grey.png, exact: true}}}}
drawn: {{match: {{provider: vercel, operation: chat.create}}, reply: {{text: both, pictures: [red.png, green.png]}}}}
counts: {{match: {{operation: images.generate, prompt: usage}}, reply: {{usage: {{output_tokens: 7, text_tokens: 3}}}}}}
spoken: {{match: {{operation: chat.create, prompt: usage}}, reply: {{text: u, usage: {{completion_tokens: 70, prompt_tokens: 5, reasoning_tokens: 9}}}}}}
fields: {{match: {{operation: chat.create, prompt: fields}}, reply: {{text: f, fields: {{id: mine, service_tier: null, choices.0.message.content: laid over}}}}}}
events: {{match: {{operation: chat.create, prompt: events, fields: {{stream: true}}}}, reply: {{text: f, fields: {{id: mine, choices.0.delta.content: zz}}}}}}
timing: {{match: {{operation: chat.create, prompt: slow}}, reply: {{text: one two, timing: {{first: 0.4, each: 0.1}}}}}}
fault: {{match: {{operation: chat.create, prompt: flaky}}, reply: {{fault: rate_limited; times=2; retry_after=1}}}}
bent: {{match: {{operation: chat.create, prompt: bent}}, reply: {{text: bent, fault: sse_crlf}}}}
error: {{match: {{provider: openai, operation: chat.create, prompt: too hot}}, reply: {{error: {{row: E-CHAT-ENUM, facts: {{at: a, value: most, choices: "'low'"}}}}}}}}
body: {{match: {{provider: openai, operation: images.generate, prompt: body}}, reply: {{status: 200, layout: indent4, headers: {{x-mine: a}}, body: {{created: 1, data: [{{b64_json: {{$file: red.png, as: base64}}}}]}}}}}}
link: {{match: {{provider: openai, operation: images.generate, prompt: link}}, reply: {{body: {{created: 1, data: [{{url: {{$url: red.png}}}}]}}}}}}
chunks:
  match: {{provider: openai, operation: chat.create, prompt: chunks}}
  reply:
    pace: recorded
    delay: 0.3
    headers: {{content-type: text/event-stream}}
    chunks: [{{data: {{$join: ["data: ", '{CHUNK}', "\\n\\n"]}}}}, {{wait: 0.2, data: {{$base64: ZGF0YTogW0RPTkVdCgo=}}}}]
text: {{match: {{operation: chat.create, prompt: busy}}, reply: {{status: 503, body: busy}}}}
revised: {{recorded: 2026-05-01, match: {{model: dall-e-3, operation: images.generate}}, reply: {{revised_prompt: better}}}}
eden: {{match: {{provider: edenai, operation: chat.create}}, reply: {{text: eden}}}}
any: {{match: {{provider: compatible, operation: chat.create}}, reply: {{text: any}}}}
flux: {{match: {{provider: together, operation: images.generate}}, reply: {{picture: red.png}}}}
"""  # noqa: E501 - one fixture, one line, as people write them
FILES: dict[str, Any] = yaml.safe_load(CANNED.replace("2026-05-01", "'2026-05-01'"))


@pytest.fixture(scope="module")
def server(
    serve: Callable[..., LiveServer], tmp_path_factory: pytest.TempPathFactory
) -> LiveServer:
    folder = tmp_path_factory.mktemp("canned")
    for name, color in (("red", RED), ("green", GREEN)):
        (folder / f"{name}.png").write_bytes(kit.png(300, 200, color=color))
    (folder / "grey.png").write_bytes(kit.png(1024, 1024, color=GREY))
    clear = kit.encoded(Image.new("RGBA", (64, 64), (0, 0, 255, 0)), "PNG")
    (folder / "clear.png").write_bytes(clear)
    write(folder, {name: yaml.safe_dump(one) for name, one in FILES.items()})
    return serve("--as-of", DAY, "--fixtures", str(folder))


class Asking:
    """The clients of one session."""

    def __init__(self, server: LiveServer, name: str) -> None:
        self.origin = f"{server.origin}/s/{name}"
        self.openai = self.client("openai/v1")

    def client(self, base: str) -> openai.OpenAI:
        return openai.OpenAI(base_url=f"{self.origin}/{base}", api_key="sk-x", max_retries=0)

    def ask(self, *texts: Any, **fields: Any) -> Any:
        messages: list[Any] = []
        for text in texts:
            messages += [{"role": "user", "content": text}, {"role": "assistant", "content": "w"}]
        given = {"model": "gpt-4o", "messages": messages[:-1], **fields}
        return self.openai.chat.completions.create(**given)

    def say(self, *texts: Any, **fields: Any) -> Any:
        return self.ask(*texts, **fields).choices[0].message.content

    def draw(self, prompt: str, **fields: Any) -> Any:
        return self.openai.images.generate(model="gpt-image-2", prompt=prompt, **fields)

    def edit(self, *photos: bytes, **fields: Any) -> Any:
        files = [("a.png", photo, "image/png") for photo in photos]
        return self.openai.images.edit(model="gpt-image-2", prompt="x", image=files, **fields)


@pytest.fixture
def ai(server: LiveServer, request: pytest.FixtureRequest) -> Iterator[Asking]:
    return Asking(server, re.sub(r"\W", "-", request.node.name))


def seen(reply: Any, at: int = 0) -> tuple[str | None, tuple[int, int], Any]:
    image = kit.opened(base64.b64decode(reply.data[at].b64_json))
    return image.format, image.size, image.convert("RGB").getpixel((5, 5))


def test_every_line_of_the_tables_is_written_here() -> None:
    page = Path(__file__).resolve().parents[1] / "docs" / "fixtures.md"
    first, _, second = page.read_text().partition("## What they get")
    lines = re.findall(r"^\| (`.*?) \| ", first + second.split("An exact `body`")[0], re.MULTILINE)
    keys = {key for line in lines for key in re.findall(r"`(\w+)`", line)}
    used = {key for one in FILES.values() for part in ("match", "reply") for key in one[part]}
    assert len(keys) > 25
    assert keys - used == {"digest"}  # of recordings, which have tests of their own


def test_words_of_a_request_are_matched(ai: Asking) -> None:
    assert [ai.say(text) for text in ("wild", "it ConTAINS me", "réd 4")] == ["hit"] * 3
    assert ai.say("model", model="gpt-4o-mini") == "hit" != ai.say("model")
    system = {"role": "system", "content": "be a pirate"}
    assert ai.say(messages=[system, {"role": "user", "content": "x"}]) == "arr"
    assert ai.say("absent") == "hit" != ai.say("absent", seed=3)
    assert ai.say("talk", "talk more") == "hit" != ai.say("talk")
    assert [ai.say("nth")[:6] for _ in range(4)][1:3] == ["second", "third"]


def test_pictures_of_a_request_are_matched(ai: Asking) -> None:
    other, cover = kit.png(48, 40), ("m.png", kit.mask(48, 40, (0, 0, 9, 9)), "image/png")
    assert seen(ai.edit(other, mask=cover))[2] == GREEN
    assert seen(ai.edit(other))[2] == RED
    assert seen(ai.edit(other, PHOTO))[2] == (255, 255, 255)
    url = "data:image/png;base64," + base64.b64encode(PHOTO).decode()
    parts = [{"type": "text", "text": "?"}, {"type": "image_url", "image_url": {"url": url}}]
    assert ai.say(parts) == "seen"


def test_pictures_are_given(ai: Asking) -> None:
    assert seen(ai.draw("x", size="1024x1536")) == ("PNG", (1024, 1536), RED)
    three = ai.draw("many", n=3, size="1024x1024")
    assert [seen(three, at)[2] for at in range(3)] == [RED, GREEN, RED]
    assert len(ai.draw("many").data) == 1
    form, _, pixel = seen(ai.draw("alpha", output_format="jpeg"))
    assert (form, pixel) == ("JPEG", (255, 255, 255))
    assert seen(ai.draw("exact")) == ("PNG", (1024, 1024), GREY)
    assert seen(ai.draw("exact", output_format="jpeg"))[2] != GREY
    flux = {"model": "black-forest-labs/FLUX.1-schnell", "prompt": "x", "response_format": "base64"}
    reply = ai.client("together/v1").post("/images/generations", body=flux, cast_to=httpx.Response)
    picture = kit.opened(base64.b64decode(reply.json()["data"][0]["b64_json"]))
    assert abs(picture.convert("RGB").getpixel((5, 5))[0] - 255) < 9  # type: ignore[index]  # RGB
    drawn = ai.client("vercel/v1").chat.completions.create(
        model="google/gemini-2.5-flash-image", messages=[{"role": "user", "content": "draw"}]
    )
    message = drawn.choices[0].message
    assert (message.content, len((message.model_extra or {})["images"])) == ("both", 2)


def test_words_are_given(ai: Asking) -> None:
    message = ai.ask("refuse").choices[0].message
    assert (message.refusal, message.content) == ("I will not.", None)
    told = [one.choices[0].delta.refusal or "" for one in ai.ask("refuse", stream=True)]
    assert "".join(told) == "I will not."
    tools = [{"type": "function", "function": {"name": name}} for name in ("paint", "wash")]
    choice = ai.ask("call", tools=tools).choices[0]
    calls = [(one.function.name, one.function.arguments) for one in choice.message.tool_calls]
    assert (choice.finish_reason, calls) == (
        "tool_calls",
        [("paint", '{"c":"red"}'), ("wash", "{}")],
    )
    events = list(ai.ask("ends", stream=True))
    assert (
        events[-1].choices[0].finish_reason == ai.ask("ends").choices[0].finish_reason == "length"
    )
    eden = ai.client("edenai/v3").chat.completions.create(
        model="openai/gpt-4o", messages=[{"role": "user", "content": "x"}]
    )
    other = ai.client("compatible/v1").chat.completions.create(
        model="acme", messages=[{"role": "user", "content": "x"}]
    )
    assert [r.choices[0].message.content for r in (eden, other)] == ["eden", "any"]


def test_numbers_and_fields_are_given(ai: Asking) -> None:
    usage = ai.draw("usage").usage
    assert (usage.input_tokens, usage.output_tokens, usage.total_tokens) == (3, 7, 10)
    for reply in (
        ai.ask("usage"),
        list(ai.ask("usage", stream=True, stream_options={"include_usage": True}))[-1],
    ):
        assert reply.usage.total_tokens == 75
        assert reply.usage.completion_tokens_details.reasoning_tokens == 9
    laid = ai.ask("fields")
    assert (laid.id, laid.choices[0].message.content) == ("mine", "laid over")
    assert "service_tier" not in laid.model_fields_set
    events = list(ai.ask("events", stream=True))
    assert {event.id for event in events} == {"mine"}
    assert {event.choices[0].delta.content for event in events} == {"zz", None}


def test_time_is_taken(ai: Asking) -> None:
    began = time.monotonic()
    events = [one.choices[0].delta.content for one in ai.ask("slow", stream=True)]
    assert "".join(one or "" for one in events) == "one two"
    assert time.monotonic() - began > 0.4 + 0.1 * (len(events) - 1)
    began = time.monotonic()
    assert [one.choices[0].delta.content for one in ai.ask("chunks", stream=True)] == ["hey"]
    assert time.monotonic() - began > 0.5


def test_bad_days_come(ai: Asking) -> None:
    for _ in range(2):
        with pytest.raises(openai.RateLimitError):
            ai.say("flaky")
    assert ai.say("flaky")
    wire = ai.openai.with_raw_response.chat.completions.create(
        model="gpt-4o", messages=[{"role": "user", "content": "bent"}], stream=True
    )
    assert b"\r\n\r\n" in wire.http_response.read()
    with pytest.raises(openai.BadRequestError, match=r"Invalid value: 'most'\. .* are: 'low'\."):
        ai.say("too hot")
    with pytest.raises(openai.InternalServerError, match="503"):
        ai.say("busy")


def test_exact_replies_come(ai: Asking) -> None:
    raw = ai.openai.images.with_raw_response.generate(model="gpt-image-2", prompt="body")
    assert raw.http_response.text.startswith('{\n    "created": 1,\n    "data": [\n        {')
    assert (raw.headers["x-mine"], raw.headers["content-type"]) == ("a", "application/json")
    assert seen(raw.parse()) == ("PNG", (300, 200), RED)
    linked = httpx.get(ai.draw("link").data[0].url).content
    assert kit.opened(linked).convert("RGB").getpixel((0, 0)) == RED


def test_a_session_on_another_day_gets_what_was_true_then(ai: Asking) -> None:
    httpx.post(f"{ai.origin}/_safelight/session", json={"as_of": "2026-05-01"})
    reply = ai.openai.images.generate(model="dall-e-3", prompt="x")
    assert (reply.data or [])[0].revised_prompt == "better"
