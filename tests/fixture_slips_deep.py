"""Fixture files that say deep down what nobody asks or sends, or say a thing twice differently."""

from __future__ import annotations

Slip = tuple[str, int, str]
"""The file, the line that is told, words of the reason."""


def _chat(fields: str, reply: str = "text: x") -> str:
    return (
        "match:\n  provider: openai\n  operation: chat.create\n  model: gpt-4o\n"
        f"  fields:\n    {fields}\nreply:\n  {reply}\n"
    )


def _draw(fields: str, reply: str) -> str:
    return (
        "match:\n  operation: images.generate\n  model: gpt-image-2\n"
        f"  fields: {fields}\nreply:\n  {reply}\n"
    )


DEEP: dict[str, Slip] = {
    "a role that nobody has": (
        _chat("messages.0.role: sytem"),
        6,
        (
            "match.fields.messages.0.role: chat.create of gpt-4o would refuse 'sytem': it takes "
            "'system', 'assistant', 'user', 'function', 'tool', or 'developer'; "
            "did you mean 'system'?"
        ),
    ),
    "a key of a message that nobody sends": (
        _chat("messages.0.rol: user"),
        6,
        "fields.messages.0.rol: chat.create of gpt-4o has no such field; did you mean 'role'",
    ),
    "a format of texts that there is not": (
        _chat("response_format.type: jsn_object"),
        6,
        "did you mean 'json_object'?",
    ),
    "a key of an object that there is not": (
        _chat("stream_options.include_usge: true"),
        6,
        "did you mean 'include_usage'?",
    ),
    "an entry by a name": (
        _chat("messages.first.role: user"),
        6,
        "the entries of 'messages' are numbered from 0",
    ),
    "an entry too many": (_chat("stop.9: x"), 6, "'stop' has at most 4 entries"),
    "something below a number": (_chat("seed.a: 1"), 6, "there is nothing below 'seed'"),
    "a deep value of a wrong type": (
        _chat("tools.0.function.name: 3"),
        6,
        "would refuse 3: expected string",
    ),
    "a deep thing that is always there": (
        _chat("messages.0.role: null"),
        6,
        "match.fields.messages.0.role: is required, so it is never absent",
    ),
    "a pattern that no choice fits": (
        _chat("reasoning_effort: {regex: ^q}").replace("gpt-4o", "gpt-5.1"),
        6,
        "regex '^q' fits none of what it takes: 'none'",
    ),
    "a text within a number": (
        _chat("seed: {contains: x}"),
        6,
        "contains 'x' is asked of a text, and it is none",
    ),
    "two models": (
        _chat("model: gpt-4o-mini"),
        6,
        (
            "match.fields.model: is to be 'gpt-4o-mini', but match.model is to be 'gpt-4o': "
            "no request is both"
        ),
    ),
    "a model among the fields that there is not": (
        (
            "match:\n  provider: openai\n  operation: chat.create\n  fields: {model: gpt-4oo}\n"
            "reply: {text: x}\n"
        ),
        4,
        "match.fields.model: openai has no model 'gpt-4oo'; did you mean 'gpt-4o'?",
    ),
    "a model among the fields that is gone": (
        "match:\n  provider: openai\n  fields: {model: dall-e-3}\nreply: {picture: cat.png}\n",
        3,
        "match.fields.model: 'dall-e-3' is gone since 2026-05-12",
    ),
    "two prompts": (
        (
            "match:\n  operation: images.generate\n  prompt: a cat\n  fields: {prompt: a dog}\n"
            "reply: {picture: cat.png}\n"
        ),
        4,
        "match.fields.prompt: is to be 'a dog', but match.prompt is to be 'a cat'",
    ),
    "a prompt without its part": (
        (
            "match:\n  operation: images.generate\n  prompt: {contains: cat}\n"
            "  fields: {prompt: a dog}\nreply: {picture: cat.png}\n"
        ),
        4,
        "match.fields.prompt: is to be 'a dog', but match.prompt is to be contains 'cat'",
    ),
    "a mask that is none": (
        (
            "match:\n  operation: images.edit\n  mask: true\n  fields: {mask: null}\n"
            "reply: {picture: cat.png}\n"
        ),
        4,
        "match.fields.mask: is to be absent, but match.mask is to be True",
    ),
    "a field and another of it": (
        _chat("response_format: {type: text}\n    response_format.type: json_object"),
        7,
        "is to be 'json_object', but match.fields.response_format is to be {'type': 'text'}",
    ),
    "a choice that the reply never has": (
        _chat("n: 2", "fields: {choices.5.message.content: x}"),
        8,
        (
            "chat.create of gpt-4o never tells choices.5: match.fields.n is 2, "
            "and they are counted from 0"
        ),
    ),
    "a picture that the reply never has": (
        _draw("{}", "fields: {data.10.b64_json: x}"),
        6,
        "images.generate tells no such field; 'data' has at most 10 entries",
    ),
    "a picture that this reply never has": (
        _draw("{n: 2}", "fields: {data.3.b64_json: x}"),
        6,
        "images.generate of gpt-image-2 never tells data.3: match.fields.n is 2",
    ),
    "a field that is told in a stream only": (
        _chat("stream: false", "fields: {choices.0.delta.content: x}"),
        8,
        "chat.create tells no such field; known are finish_reason, index",
    ),
    "a deep field of the reply that is never told": (
        _chat("n: 1", "fields: {choices.0.message.contnt: x}"),
        8,
        "did you mean 'content'?",
    ),
    "a value of a deep field that is never told": (
        _chat("n: 1", "fields: {choices.0.finish_reason: lenght}"),
        8,
        "would not tell 'lenght': it takes 'stop', 'length'",
    ),
}
