"""Fixture files that say what no provider does: for each kind its text, the line and words told."""

from __future__ import annotations

Slip = tuple[str, int, str]
"""The file, the line that is told, words of the reason."""

GENERATE = "match: {provider: openai, operation: images.generate}\n"
CHAT = "match: {provider: openai, operation: chat.create}\n"

TRUTH: dict[str, Slip] = {
    "an unknown provider": (
        "match:\n  provider: opnai\nreply: {text: x}\n",
        2,
        "match.provider: nobody is called 'opnai'; did you mean 'openai'?",
    ),
    "an unknown operation": (
        "match:\n  operation: images.genrate\nreply: {picture: cat.png}\n",
        2,
        "no provider has an operation 'images.genrate'; did you mean 'images.generate'?",
    ),
    "an unknown model": (
        "match:\n  provider: openai\n  model: gpt-imge-2\nreply: {picture: cat.png}\n",
        3,
        "openai has no model 'gpt-imge-2'; did you mean 'gpt-image-2'?",
    ),
    "a model that is gone": (
        "match:\n  provider: openai\n  model: dall-e-3\nreply: {picture: cat.png}\n",
        3,
        "match.model: 'dall-e-3' is gone since 2026-05-12",
    ),
    "a model for something else": (
        (
            "match:\n  operation: images.generate\n  provider: openai\n  model: gpt-4o\n"
            "reply: {picture: cat.png}\n"
        ),
        4,
        "match.model: 'gpt-4o' does chat.create, not images.generate",
    ),
    "an operation that no model does any more": (
        "match:\n  provider: openai\n  operation: images.variation\nreply: {picture: cat.png}\n",
        3,
        "no model does images.variation: 'dall-e-2' is gone since 2026-05-12",
    ),
    "a field that nobody sends": (
        (
            "match:\n  provider: openai\n  operation: images.generate\n  fields:\n    sise: 1x1\n"
            "reply: {picture: cat.png}\n"
        ),
        5,
        "has no such field; did you mean 'size'?",
    ),
    "a value that is refused": (
        (
            "match:\n  provider: openai\n  model: gpt-image-2\n  fields:\n    quality: best\n"
            "reply: {picture: cat.png}\n"
        ),
        5,
        "gpt-image-2 would refuse 'best': it takes 'low', 'medium', 'high', or 'auto'",
    ),
    "a mask where none is taken": (
        (
            "match: {provider: openai, operation: images.variation, mask: true}\n"
            "recorded: 2026-05-01\nreply: {picture: cat.png}\n"
        ),
        1,
        "match.mask: images.variation of dall-e-2 takes no mask",
    ),
    "a turn without a conversation": (
        "match:\n  operation: images.generate\n  turn: 2\nreply: {picture: cat.png}\n",
        3,
        "is no conversation",
    ),
    "a prompt where there is none": (
        "match:\n  operation: models.list\n  prompt: cat\nreply: {status: 500}\n",
        3,
        "has no prompt",
    ),
    "a text for a picture": (
        GENERATE + "reply:\n  text: hello\n",
        3,
        "reply.text: images.generate answers with no such thing",
    ),
    "a picture for a text": (
        CHAT + "reply:\n  picture: cat.png\n",
        3,
        "reply.picture: chat.create of ",
    ),
    "too many pictures": (
        (
            "match: {operation: images.generate, model: gpt-image-2, fields: {n: 1}}\n"
            "reply:\n  pictures: [cat.png, cat.png]\n"
        ),
        3,
        "2 pictures of images.generate of gpt-image-2, but match.fields.n is 1",
    ),
    "an exact picture of another size": (
        (
            "match: {operation: images.generate, model: gpt-image-2, fields: {size: 1024x1024}}\n"
            "reply:\n  picture: cat.png\n  exact: true\n"
        ),
        4,
        "'cat.png' is 300x200, but match.fields.size is 1024x1024; without `exact` it is fitted",
    ),
    "an exact picture of another format": (
        GENERATE + "reply:\n  picture: cat.bmp\n  exact: true\n",
        4,
        "reply.exact: 'cat.bmp' is a bmp",
    ),
    "a revised prompt that is never told": (
        (
            "match: {model: gpt-image-2, operation: images.generate}\n"
            "reply:\n  revised_prompt: a cat\n"
        ),
        3,
        "reply.revised_prompt: gpt-image-2 does not tell revised prompts",
    ),
    "a count that is none": (
        GENERATE + "reply:\n  usage:\n    outputs: 3\n",
        4,
        "reply.usage.outputs: is no count of images.generate; did you mean 'output_tokens'?",
    ),
    "a field that is never told": (
        GENERATE + "reply:\n  fields:\n    creatd: 3\n",
        4,
        "images.generate tells no such field; did you mean 'created'?",
    ),
    "a field of a wrong type": (
        GENERATE + "reply:\n  fields:\n    created: soon\n",
        4,
        "images.generate would not tell 'soon': expected integer",
    ),
    "a field that is always told": (
        GENERATE + "reply:\n  fields:\n    created: null\n",
        4,
        "images.generate would not tell None: it is always there",
    ),
    "a stream's pace without a stream": (
        "match: {provider: openai, operation: models.list}\nreply:\n  timing:\n    each: 1\n",
        4,
        "reply.timing.each: models.list of openai sends no stream here",
    ),
    "a stream's fault without a stream": (
        "match: {provider: openai, operation: models.list}\nreply:\n  fault: sse_crlf\n",
        3,
        "sse_crlf needs a stream, and models.list of openai sends none",
    ),
    "an unknown error row": (
        GENERATE + "reply:\n  error: E-TIPE\n",
        3,
        "openai has no error row 'E-TIPE'; did you mean 'E-TYPE'?",
    ),
    "an error row of another operation": (
        GENERATE + "reply:\n  error: E-CHAT-ENUM\n",
        3,
        "E-CHAT-ENUM is an answer of 'chat.create', not of images.generate",
    ),
    "an error row that lacks facts": (
        CHAT + "reply:\n  error: E-CHAT-ENUM\n",
        3,
        "write {row: E-CHAT-ENUM, facts: {at: …, choices: …, value: …}}",
    ),
    "a body of another shape": (
        GENERATE + "reply:\n  body:\n    created: 1\n    data:\n      - b64: x\n",
        6,
        "reply.body: data[0].b64 is no key of it",
    ),
    "a body that is no JSON": (
        GENERATE + "reply:\n  body: hello\n",
        3,
        "images.generate answers with JSON; this is none",
    ),
    "an error of another shape": (
        CHAT + "reply:\n  status: 429\n  body:\n    error: rate limited\n",
        5,
        "reply.body: error is string, not object",
    ),
    "a stream where there is none": (
        (
            "match: {provider: openai, operation: models.list}\n"
            'reply:\n  chunks: [{data: "data: {}\\n\\n"}]\n'
        ),
        3,
        "models.list of openai sends no event stream",
    ),
    "an event that is never sent": (
        GENERATE + 'reply:\n  chunks:\n    - data: "data: {\\"type\\": \\"picture\\"}\\n\\n"\n',
        3,
        "reply.chunks: event 1 at type: enum",
    ),
    "a stream of no events": (
        CHAT + "reply:\n  chunks:\n    - data: hello\n",
        3,
        "reply.chunks: no event in them; one is `data: …` and an empty line",
    ),
    "a reason that is never told": (
        CHAT + "reply:\n  finish_reason: bored\n",
        3,
        "reply.finish_reason: 'bored': it takes 'stop', 'length'",
    ),
    "a provider in capitals": (
        "match: {provider: OpenAI}\nreply: {text: x}\n",
        1,
        "nobody is called 'OpenAI'; did you mean 'openai'?",
    ),
    "half an operation": (
        "match: {operation: generate}\nreply: {picture: cat.png}\n",
        1,
        "no provider has an operation 'generate'; did you mean 'images.generate'?",
    ),
    "a row in small letters": (
        CHAT + "reply: {error: e-chat-enum}\n",
        2,
        "openai has no error row 'e-chat-enum'; did you mean 'E-CHAT-ENUM'?",
    ),
    "a size beside the grid": (
        (
            "match: {provider: openai, model: gpt-image-2, fields: {size: 100x100}}\n"
            "reply: {picture: cat.png}\n"
        ),
        1,
        "gpt-image-2 would refuse '100x100': width and height are multiples of 16",
    ),
    "a tool that no request offers": (
        CHAT + "reply:\n  tool_calls:\n    - {name: a b, arguments: {}}\n",
        4,
        "offers a tool 'a b': pattern is ^[a-zA-Z0-9_-]+$",
    ),
    "a stream's fault where none is asked for": (
        (
            "match: {provider: openai, operation: chat.create, fields: {stream: false}}\n"
            "reply: {fault: sse_crlf}\n"
        ),
        2,
        "sse_crlf needs a stream, and match.fields.stream asks for none",
    ),
    "a reference that is none": (
        CHAT + "reply:\n  body: {$fil: cat.png}\n",
        3,
        "reply.body.$fil: '$fil' is no reference; did you mean '$file'?",
    ),
    "a field that lacks its own": (
        CHAT + "reply:\n  fields: {usage: {prompt_tokens: 1}}\n",
        3,
        "would not tell {'prompt_tokens': 1}: completion_tokens: is missing",
    ),
    "a turn whose message is absent": (
        "match:\n  turn: 2\n  fields: {messages.1: null}\nreply: {text: x}\n",
        3,
        "match.fields.messages.1: is to be absent, but match.turn is to be 2: no request is both",
    ),
}
