"""Bad fixture files: each kind is told with its file, its line and what would be right."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from pathlib import Path

import kit
import pytest
from PIL import Image
from safelight.dialects import load_dialects
from safelight.dialects.base import Dialect
from safelight.fixtures.checking import Checker
from safelight.fixtures.folder import Folders
from safelight.fixtures.model import Problem
from safelight.refusals import UsageError

DAY = datetime.date(2026, 11, 20)
GENERATE = "match: {provider: openai, operation: images.generate}\n"
CHAT = "match: {provider: openai, operation: chat.create}\n"

BAD = {
    "no YAML": ("match: [\n", 2, "no YAML: did not find expected node content"),
    "a key twice": (
        "match: {}\nmatch: {}\n",
        2,
        "the key 'match' comes twice; it stands in line 1",
    ),
    "a tag": ("match: {}\nreply: !!python/name:os.system x\n", 2, "means nothing here"),
    "a list": ("- match\n", 1, "a fixture: expected an object, got an array"),
    "an empty file": ("", 1, "a fixture: expected an object, got null"),
    "no match": ("reply: {text: x}\n", 1, "match: is missing; a fixture has `match` and `reply`"),
    "an unknown key": ("match: {}\nreplay: {}\n", 2, "replay: unknown key; did you mean 'reply'?"),
    "an unknown key of match": (
        "match:\n  prompt: x\n  nht: 2\nreply: {text: x}\n",
        3,
        "match.nht: unknown key; did you mean 'nth'?",
    ),
    "an unknown key of reply": ("match: {}\nreply:\n  txt: x\n", 3, "did you mean 'text'?"),
    "an unknown key of a text": (
        "match:\n  prompt: {contain: x}\nreply: {text: x}\n",
        2,
        "match.prompt.contain: unknown key; did you mean 'contains'?",
    ),
    "an empty reply": ("match: {}\nreply: {}\n", 2, "says nothing; give text, picture, error"),
    "a wrong type": (
        "match:\n  operation: 3\nreply: {text: x}\n",
        2,
        "match.operation: expected a string, got an integer",
    ),
    "a number too small": (
        "match:\n  nth: 0\nreply: {text: x}\n",
        2,
        "match.nth: expected at least 1, got 0",
    ),
    "a pattern that is none": (
        "match:\n  prompt:\n    regex: '('\nreply: {text: x}\n",
        3,
        "match.prompt.regex: '(' is no pattern: missing ), unterminated subpattern",
    ),
    "a digest that is none": (
        "match:\n  digest: abc\nreply: {text: x}\n",
        2,
        "match.digest: expected sha256: and 64 hex digits, got 'abc'",
    ),
    "a day that never was": (
        "recorded: 2026-02-30\nmatch: {}\nreply: {text: x}\n",
        1,
        "recorded: '2026-02-30' is no day",
    ),
    "a date in words": (
        "match: {}\nreply: {text: x}\nrecorded: yesterday\n",
        3,
        "recorded: expected a date such as \"2026-11-20\", got 'yesterday'",
    ),
    "an error and more": (
        "match: {}\nreply:\n  error: E-1\n  text: x\n",
        2,
        "an error is a whole reply: nothing stands beside it",
    ),
    "exact and partial": (
        "match: {}\nreply:\n  status: 200\n  text: x\n",
        4,
        "reply.text: status, headers, body, layout, chunks and pace make an exact reply",
    ),
    "two bodies": (
        "match: {}\nreply:\n  body: x\n  chunks: []\n",
        4,
        "a reply has one body: either `body` or `chunks`",
    ),
    "a misspelt fault": (
        "match: {}\nreply:\n  fault: rate_limted\n",
        3,
        "reply.fault: unknown fault 'rate_limted'; did you mean rate_limited",
    ),
    "a misspelt option of a fault": (
        "match: {}\nreply:\n  fault: rate_limited; tmes=2\n",
        3,
        "unknown option 'tmes' of a fault; known are times",
    ),
    "a picture that is not there": (
        GENERATE + "reply:\n  picture: nowhere.png\n",
        3,
        "reply.picture: no file 'nowhere.png' in ",
    ),
    "a picture that is none": (
        GENERATE + "reply:\n  picture: note.txt\n",
        3,
        "'note.txt' is no picture that can be sent: not a picture",
    ),
    "a picture that is cut off": (
        GENERATE + "reply:\n  pictures:\n    - cat.png\n    - cut.png\n",
        5,
        "reply.pictures[1]: 'cut.png' is no picture that can be sent: damaged or truncated",
    ),
    "an absolute path": (
        GENERATE + "reply:\n  picture: /cat.png\n",
        3,
        "'/cat.png' is absolute; name it from the fixture's folder",
    ),
    "bytes inside JSON": (
        "match: {}\nreply:\n  body:\n    a: {$file: cat.png}\n",
        4,
        "reply.body.a: JSON holds no bytes: write `as: base64`",
    ),
    "a reference with an unknown key": (
        "match: {}\nreply:\n  body: {$file: cat.png, form: base64}\n",
        3,
        "unknown key 'form' beside $file; known are $file, as, before, from, to",
    ),
    "base64 that is none": (
        "match: {}\nreply:\n  body: {$base64: '!!'}\n",
        3,
        "$base64 is standard base64 with its padding",
    ),
    "a chunk of JSON": (
        "match: {}\nreply:\n  chunks:\n    - data: {a: 1}\n",
        4,
        "reply.chunks[0].data: a chunk's data is a text or a reference",
    ),
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
    "a reason that is never told": (
        CHAT + "reply:\n  finish_reason: bored\n",
        3,
        "reply.finish_reason: 'bored': it takes 'stop', 'length'",
    ),
}
"""Kind to (the file, the line that is told, words of the reason)."""


@pytest.fixture(scope="module")
def dialects() -> Mapping[str, Dialect]:
    return load_dialects()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "cat.png").write_bytes(kit.png(300, 200))
    (tmp_path / "cut.png").write_bytes(kit.png(300, 200)[:120])
    (tmp_path / "cat.bmp").write_bytes(kit.encoded(Image.new("RGB", (30, 20)), "BMP"))
    (tmp_path / "note.txt").write_text("no picture")
    return tmp_path


def problems(folder: Path, dialects: Mapping[str, Dialect]) -> tuple[Problem, ...]:
    folders = Folders((folder,), Checker(dialects, DAY).check)
    folders.load()
    return folders.state.problems


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_file_is_told_with_line_and_remedy(
    kind: str, folder: Path, dialects: Mapping[str, Dialect]
) -> None:
    text, line, words = BAD[kind]
    (folder / "bad.yaml").write_text(text)
    told = [str(problem) for problem in problems(folder, dialects)]
    start = f"{folder / 'bad.yaml'}:{line}: "
    assert any(one.startswith(start) and words in one for one in told), told


def test_a_bad_json_file_is_told_by_line_too(folder: Path, dialects: Mapping[str, Dialect]) -> None:
    (folder / "comma.json").write_text('{\n\t"match": {},\n\t"reply": {"text": x}\n}\n')
    (folder / "key.json").write_text('{\n\t"match": {},\n\t"reply": {\n\t\t"txt": "x"}\n}\n')
    told = [str(problem) for problem in problems(folder, dialects)]
    assert told[0].startswith(f"{folder / 'comma.json'}:3: no JSON: ")
    assert told[1] == f"{folder / 'key.json'}:4: reply.txt: unknown key; did you mean 'text'?"


def test_the_same_match_twice_shadows_the_second(
    folder: Path, dialects: Mapping[str, Dialect]
) -> None:
    for name in ("a", "b"):
        (folder / f"{name}.yaml").write_text(f"match: {{prompt: hello}}\nreply: {{text: {name}}}\n")
    (problem,) = problems(folder, dialects)
    assert (problem.path.name, problem.line) == ("b.yaml", 1)
    assert f"can never be used: {folder / 'a.yaml'} fits every such request" in problem.reason


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        ("{operation: 'chat.*', provider: '*'}", "{operation: chat.create}"),
        ("{prompt: {contains: cat}, operation: 'chat.*'}", "{prompt: {contains: a CAT}}"),
        ("{prompt: {regex: '^cat'}}", "{prompt: {regex: '^cat'}}"),
    ],
)
def test_a_wider_match_shadows_only_where_it_comes_first(
    wide: str, narrow: str, folder: Path, dialects: Mapping[str, Dialect]
) -> None:
    (folder / "a-wide.yaml").write_text(f"match: {wide}\nreply: {{text: x}}\n")
    (folder / "b-narrow.yaml").write_text(f"match: {narrow}\nreply: {{text: y}}\n")
    shadowed = "operation" not in narrow and "CAT" not in narrow
    assert bool(problems(folder, dialects)) is shadowed


def test_a_fault_that_ends_leaves_requests_for_the_next_file(
    folder: Path, dialects: Mapping[str, Dialect]
) -> None:
    (folder / "a.yaml").write_text("match: {prompt: x}\nreply: {fault: rate_limited; times=2}\n")
    (folder / "b.yaml").write_text("match: {prompt: x}\nreply: {text: at last}\n")
    assert problems(folder, dialects) == ()


def test_a_start_is_refused_with_every_problem(folder: Path) -> None:
    (folder / "a.yaml").write_text("match: {}\n")
    (folder / "b.yaml").write_text("match: {}\nreply: {txt: x}\n")
    with pytest.raises(UsageError) as caught:
        Folders((folder,)).start()
    lines = str(caught.value).splitlines()
    assert [line.partition(": ")[0] for line in lines] == [
        f"{folder / 'a.yaml'}:1",
        f"{folder / 'b.yaml'}:2",
    ]
