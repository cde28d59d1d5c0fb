"""Bad fixture files: each kind is told with its file, its line and what would be right."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from pathlib import Path

import kit
import pytest
from fixture_slips_deep import DEEP
from fixture_slips_form import FORM
from fixture_slips_truth import TRUTH
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from safelight.dialects import load_dialects
from safelight.dialects.base import Dialect
from safelight.fixtures import document
from safelight.fixtures.checking import Checker
from safelight.fixtures.folder import Folders
from safelight.fixtures.model import Problem
from safelight.refusals import UsageError
from safelight.schemas import load

DAY = datetime.date(2026, 11, 20)
BAD = {**FORM, **TRUTH, **DEEP}


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
    folders = Folders((folder,), (judge := Checker(dialects, DAY)).check, span=judge.span)
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


def test_a_small_file_that_aliases_make_huge_is_refused_at_once(
    folder: Path, dialects: Mapping[str, Dialect]
) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    (folder / "bomb.yaml").write_text("\n".join([*lines, "match: {}", "reply: {text: x}"]))
    (problem,) = problems(folder, dialects)
    assert problem.reason == "aliases repeat this too often"


def test_the_same_match_twice_shadows_the_second(
    folder: Path, dialects: Mapping[str, Dialect]
) -> None:
    for name in ("a", "b"):
        (folder / f"{name}.yaml").write_text(f"match: {{prompt: hello}}\nreply: {{text: {name}}}\n")
    (problem,) = problems(folder, dialects)
    assert (problem.path.name, problem.line) == ("b.yaml", 1)
    assert f"can never be used: {folder / 'a.yaml'} fits every such request" in problem.reason


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("{operation: '*', provider: '**'}", "{}"),
        ("{operation: 'chat.*'}", "{operation: 'cha*'}"),
        ("{provider: openai, operation: chat.list}", "{operation: chat.list}"),
        ("{provider: openai, operation: 'chat.*'}", "{provider: open*, operation: 'chat.*'}"),
        ("{prompt: {contains: a cat}}", "{prompt: {contains: A CAT}}"),
        ("{prompt: {regex: '^cat'}}", "{prompt: {regex: '^cat'}}"),
        ("{fields: {seed: 1, n: 2}}", "{fields: {n: 2.0, seed: 1}}"),
        ("{fields: {metadata: {a: b, c: d}}}", "{fields: {metadata: {c: d, a: b}}}"),
    ],
)
def test_what_means_the_same_shadows(
    one: str, other: str, folder: Path, dialects: Mapping[str, Dialect]
) -> None:
    (folder / "a.yaml").write_text(f"match: {one}\nreply: {{fault: overloaded}}\n")
    (folder / "b.yaml").write_text(f"match: {other}\nreply: {{fault: rate_limited}}\n")
    assert [problem.path.name for problem in problems(folder, dialects)] == ["b.yaml"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("{operation: 'chat.*', provider: 'o*'}", "{operation: chat.create}"),
        ("{provider: openai, operation: chat.create}", "{operation: chat.create}"),
        ("{provider: openai, model: gpt-4o}", "{provider: openai, model: gpt-4o*}"),
        ("{prompt: {contains: cat}}", "{prompt: {contains: a cat}}"),
        ("{prompt: {regex: '^cat'}}", "{prompt: {regex: '^Cat'}}"),
        ("{fields: {store: true}}", "{fields: {store: 'true'}}"),
        ("{nth: 1}", "{nth: 2}"),
    ],
)
def test_what_means_something_else_shadows_nothing(
    one: str, other: str, folder: Path, dialects: Mapping[str, Dialect]
) -> None:
    (folder / "a.yaml").write_text(f"match: {one}\nreply: {{text: x}}\n")
    (folder / "b.yaml").write_text(f"match: {other}\nreply: {{text: y}}\n")
    shadows = [p for p in problems(folder, dialects) if "can never be used" in p.reason]
    assert shadows == []


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


SCHEMA = load("", "fixture.schema").document["properties"]
ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 700) | st.floats(0, 3) | st.sampled_from(
        ["", "x", "cat.png", "note.txt", "..", "openai", "chat.create", "images.*", "gpt-4o", "*",
         "rate_limited", "E-TYPE", "sha256:" + "0" * 64, "64x64", "aGk=", "compact", "none", "["]
    ),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["$file", "$join", "$base64", "$json", "$url", "as", "contains", "regex",
                         "row", "facts", "data", "wait", "first", "name", "arguments", "size"]),
        inner,
        max_size=3,
    ),
    max_leaves=6,
)  # fmt: skip


def part(name: str) -> st.SearchStrategy[dict[str, object]]:
    return st.dictionaries(st.sampled_from(sorted(SCHEMA[name]["properties"])), ANY, max_size=4)


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(match=part("match") | ANY, reply=part("reply") | ANY)
def test_whatever_stands_in_a_file_it_is_good_or_told(
    match: object, reply: object, folder: Path, dialects: Mapping[str, Dialect]
) -> None:
    text = document.write({"match": match, "reply": reply})
    (folder / "any.yaml").write_text(text)
    for problem in problems(folder, dialects):
        assert (problem.path, problem.line >= 1) == (folder / "any.yaml", True)
        assert "\n" not in problem.reason


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (
            '{"match": {},\n "reply": {"text": "\\ud83d\\ude00",\n "txt": 1}}',
            3,
            "reply.txt: unknown key",
        ),
        (
            '{"match": {},\n "reply": {"text": "\\\\ud800",\n "txt": 1}}',
            3,
            "reply.txt: unknown key",
        ),
        (
            '{"match": {},\n "reply":\n{"text": "a \\ud83d"}}',
            3,
            "\\ud83d is half of a surrogate pair",
        ),
        (
            '{"match": {},\n "reply":\n{"text": "\\ude00\\ud83d"}}',
            3,
            "\\ude00 is half of a surrogate pair",
        ),
    ],
)
def test_json_with_escaped_letters_is_told_with_its_line(
    text: str, line: int, words: str, folder: Path, dialects: Mapping[str, Dialect]
) -> None:
    (folder / "bad.json").write_text(text)
    told = [str(problem) for problem in problems(folder, dialects)]
    assert any(one.startswith(f"{folder / 'bad.json'}:{line}: ") and words in one for one in told)
