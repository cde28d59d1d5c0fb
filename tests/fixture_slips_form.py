"""Fixture files that are wrong in form: for each kind its text, and the line and words told."""

from __future__ import annotations

Slip = tuple[str, int, str]
"""The file, the line that is told, words of the reason."""

GENERATE = "match: {provider: openai, operation: images.generate}\n"

FORM: dict[str, Slip] = {
    "no YAML": ("match: [\n", 2, "no YAML: did not find expected node content"),
    "a key twice": (
        "match: {}\nmatch: {}\n",
        2,
        "the key 'match' comes twice; it stands in line 1",
    ),
    "a tag": ("match: {}\nreply: !!python/name:os.system x\n", 2, "means nothing here"),
    "a tag of a mapping": ("match: !mine {}\nreply: {text: x}\n", 1, "the tag !mine means nothing"),
    "a tag of a list": (
        "match: {}\nreply: {pictures: !!set [x]}\n",
        2,
        "the tag !!set means nothing",
    ),
    "a list": ("- match\n", 1, "a fixture: expected an object, got a list"),
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
        "match.operation: expected a text, got a whole number",
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
        "reply.text: status, headers, body, layout, chunks, delay and pace make an exact reply",
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
    "a header that no server can send": (
        "match: {}\nreply:\n  status: 500\n  headers: {a name: x}\n",
        4,
        "'a name' is no name of a header",
    ),
    "a header of two lines": (
        'match: {}\nreply:\n  status: 500\n  headers: {x-a: "b\\r\\nx-c: d"}\n',
        4,
        "cannot be sent: a line of Latin-1, without space around it",
    ),
    "a header beyond Latin-1": (
        "match: {}\nreply:\n  status: 500\n  headers: [[x-a, \u017c]]\n",
        4,
        "reply.headers.x-a: '\u017c' cannot be sent",
    ),
    "a chunk of JSON": (
        "match: {}\nreply:\n  chunks:\n    - data: {a: 1}\n",
        4,
        "reply.chunks[0].data: a chunk's data is a text or a reference",
    ),
    "a pattern that looks around": (
        "match:\n  prompt: {regex: 'a(?=b)'}\nreply: {text: x}\n",
        2,
        "'a(?=b)' needs '(?=', which no search does in a time that is bounded",
    ),
    "a merge of what is no mapping": (
        "match:\n  <<: [3]\nreply: {text: x}\n",
        2,
        "`<<` takes a mapping, or a list of them: <<: *name",
    ),
    "an anchor that is not there": (
        "match:\n  <<: *base\nreply: {text: x}\n",
        2,
        "no YAML: found undefined alias",
    ),
    "a key of a merge that there is not": (
        "match:\n  <<: {prompt: x,\n  modle: y}\nreply: {text: x}\n",
        3,
        "match.modle: unknown key; did you mean 'model'?",
    ),
    "a day to come": (
        "match: {}\nreply: {text: x}\nrecorded: 2999-01-01\n",
        3,
        "recorded: 2999-01-01 is still to come: it is the day on which the exchange happened",
    ),
    "a tab": (
        "match:\n\tprompt: x\nreply: {text: x}\n",
        2,
        "cannot start any token; there is a tab, and YAML takes spaces",
    ),
    "two fixtures in a file": (
        "match: {}\nreply: {text: x}\n---\nmatch: {}\n",
        3,
        "no YAML: a file holds one fixture, and here a second begins",
    ),
    "a text that wants quotes": (
        "match: {prompt: a cat: with a hat}\nreply: {text: x}\n",
        1,
        "a text with `: `, `, `, brackets or braces stands in quotes",
    ),
    "two ways of one text": (
        "match:\n  prompt: {regex: a, contains: b}\nreply: {text: x}\n",
        2,
        "match.prompt: takes 'contains' or 'regex', not several",
    ),
    "a field of the request outside of `fields`": (
        "match:\n  size: 1x1\nreply: {text: x}\n",
        2,
        "a field of the request stands below `fields`: {size: …}",
    ),
    "yes for true": (
        "match: {mask: yes}\nreply: {text: x}\n",
        1,
        "match.mask: expected true or false, got a text",
    ),
    "a link for a file": (
        GENERATE + "reply: {picture: 'https://example.com/a.png'}\n",
        2,
        "'https://example.com/a.png' is a link; a fixture holds files of its folder",
    ),
    "an empty list": (
        GENERATE + "reply: {pictures: []}\n",
        2,
        "reply.pictures: expected a list of 1 or more, got []",
    ),
    "a wait beside a text": (
        "match: {}\nreply: {text: x, delay: 1}\n",
        2,
        "make an exact reply, which has nothing else; others wait by `timing`",
    ),
}
