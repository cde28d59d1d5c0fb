"""The rooms behind a check: pairs, baseline, ledger, stored cases, what is sent, what it meant."""

from __future__ import annotations

import json
import multiprocessing
from decimal import Decimal
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from judge_kit import DAY
from safelight.messages import Upload
from safelight.provider import load_provider
from safelight.read import form_params, read_form
from safelight.refusals import UsageError
from safelight_contracts.baseline import excuse, read_baseline
from safelight_contracts.cases import Case, Expectation, Piece, Seen
from safelight_contracts.endpoint_outcomes import may_repeat, outcome, refused
from safelight_contracts.endpoint_wish import Wish, ready
from safelight_contracts.evidence import literal
from safelight_contracts.findings import Finding, Outcome
from safelight_contracts.ledger import Ledger
from safelight_contracts.money_reported import reported
from safelight_contracts.plan_pairs import Row, pairs
from safelight_contracts.planning import make_plan
from safelight_contracts.promises import Promises
from safelight_contracts.replaying import database, promised, restored, stored
from safelight_contracts.sending import written

# Pairs

CHOICES = st.dictionaries(
    st.sampled_from("abcde"), st.lists(st.integers(0, 9), min_size=1, max_size=4, unique=True)
)


def spots(row: Row) -> set[tuple[Any, ...]]:
    return set(combinations(sorted(row.items()), 2))


@given(CHOICES, st.integers(0, 3))
def test_every_two_values_meet_in_some_row(values: dict[str, list[int]], seed: int) -> None:
    rows = list(pairs(values, seed, lambda _: True))
    met = {pair for row in rows for pair in spots(row)}
    for one, two in combinations(sorted(values), 2):
        assert {((one, i), (two, j)) for i in values[one] for j in values[two]} <= met
    assert rows == list(pairs(values, seed, lambda _: True))


@given(CHOICES, st.integers(0, 9))
def test_no_row_is_one_that_a_rule_forbids(values: dict[str, list[int]], worst: int) -> None:
    def allowed(row: Row) -> bool:
        return sum(row.values()) != worst

    assert all(allowed(row) for row in pairs(values, 0, allowed))


def test_a_covering_array_is_far_smaller_than_all_combinations() -> None:
    values = {name: list(range(4)) for name in "abcdefgh"}
    assert len(list(pairs(values, 0, lambda _: True))) < 40 < 4**8


# Baseline

ENTRY = '[[known]]\ncode = "SL-A"\nreason = "why"\nuntil = 2026-12-01\n'
CASE = Case("openai", "images.generate", "POST", "/x", "", model="m")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[known", "is no baseline"),
        ("[known]\ncode = 1", r"write \[\[known\]\]"),
        ("[[other]]\n", "unknown key; a baseline"),
        ("[[known]]\ncode = 'SL-A'\nreason = 'x'\n", "needs `until`"),
        ("[[known]]\ncode = 'SL-A'\nuntil = 2026-12-01\n", "needs `reason`"),
        ("[[known]]\ncode = 'SL-A'\nreason = 'x'\nuntil = 'soon'\n", "expected a date"),
        ("[[known]]\ncode = 'SL-A'\nreason = 'x'\nunitl = 2026-12-01\n", "unknown key; known are"),
        ("[[known]]\ncode = 7\nreason = 'x'\nuntil = 2026-12-01\n", "expected a text"),
    ],
)
def test_a_wrong_baseline_is_told_by_file_and_entry(text: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "baseline.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=says) as told:
        read_baseline(path)
    assert "baseline.toml" in str(told.value)


@pytest.mark.parametrize(
    ("more", "excused"),
    [
        ("", True),
        ('operation = "images.*"\n', True),
        ('operation = "chat.*"\n', False),
        ('model = "m"\nat = "data[[]*"\n', True),
        ('at = "usage"\n', False),
    ],
)
def test_an_entry_excuses_what_it_names(more: str, excused: bool, tmp_path: Path) -> None:  # noqa: FBT001 - a row's expectation
    path = tmp_path / "baseline.toml"
    path.write_text(ENTRY + more)
    found = excuse(read_baseline(path), CASE, [Finding("SL-A", "data[0]", 1, 2)], DAY)
    assert (found == "why (until 2026-12-01)") is excused


def test_one_breach_that_is_not_known_is_not_excused_by_another(tmp_path: Path) -> None:
    path = tmp_path / "baseline.toml"
    path.write_text(ENTRY)
    two = [Finding("SL-A", "x", 1, 2), Finding("SL-B", "x", 1, 2)]
    assert excuse(read_baseline(path), CASE, two, DAY) is None


# Ledger


def take_many(path: Path) -> int:
    ledger = Ledger(path, "2026-11", Decimal(1))
    return sum(ledger.take(Decimal("0.01")) for _ in range(40))


def test_runs_at_the_same_time_share_one_cap(tmp_path: Path) -> None:
    path = tmp_path / "ledger.json"
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        taken = pool.map(take_many, [path] * 4)
    assert sum(taken) == 100
    assert Ledger(path, "2026-11", Decimal(1)).spent() == 1


def test_a_new_month_begins_at_nothing(tmp_path: Path) -> None:
    path = tmp_path / "ledger.json"
    assert Ledger(path, "2026-11", Decimal(1)).take(Decimal(1))
    assert not Ledger(path, "2026-11", Decimal(1)).take(Decimal("0.01"))
    assert Ledger(path, "2026-12", Decimal(1)).take(Decimal(1))
    assert set(json.loads(path.read_text())) == {"2026-11", "2026-12"}


@pytest.mark.parametrize("text", ["[]", "{", '{"2026-11": {"spent": "lots"}}', '{"2026-11": 3}'])
def test_a_file_that_is_no_ledger_is_refused_and_kept(text: str, tmp_path: Path) -> None:
    path = tmp_path / "ledger.json"
    path.write_text(text)
    wish = Wish("openai", "http://127.0.0.1:9", ledger=path, monthly_cap=Decimal(1))
    with pytest.raises(UsageError, match=r"is no (ledger|amount)|which is no amount"):
        ready(wish, {}).budget("2026-11")
    assert path.read_text() == text


# What a case is on the wire

TEXTS = st.text(max_size=20)
VALUES = st.one_of(TEXTS, st.integers(), st.booleans(), st.lists(TEXTS, max_size=3))


@given(st.dictionaries(st.text(min_size=1, max_size=8), VALUES, max_size=4), st.binary(max_size=50))
def test_a_stored_case_comes_back_as_it_was(params: dict[str, Any], raw: bytes) -> None:
    told = {**params, "file": Upload("a.png", "image/png", raw)}
    case = Case("openai", "images.edit", "POST", "/x", "why", body="form", params=told, raw=raw)
    back = restored(stored(case))
    assert back is not None
    assert back.id == case.id
    assert back.params == case.params


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"\xff", b'{"params": 3}'])
def test_an_example_that_cannot_be_read_is_passed_over(data: bytes) -> None:
    assert restored(data) is None


@given(TEXTS, st.binary(min_size=1, max_size=80))
def test_a_form_says_what_the_case_says(text: str, data: bytes) -> None:
    params = {
        "prompt": text.replace("\x00", ""),
        "n": 2,
        "image": [Upload("a", "image/png", data)] * 2,
    }
    case = Case("openai", "images.edit", "POST", "/x", "", body="form", params=params)
    body, kind = written(case)
    schema = load_provider("openai").catalog.schema("images.edit.request.form").document
    assert form_params(read_form(body or b"", kind or ""), schema) == params


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_a_literal_is_the_value_in_python(value: Any) -> None:
    assert eval(literal(value)) == value


def test_a_long_text_is_told_as_a_product() -> None:
    assert literal("ab" * 5000 + "a") == "'ab' * 5000 + 'a'"


# What an answer means

PLAIN = Case("openai", "images.generate", "POST", "/x", "")
REFUSED = Case("openai", "images.generate", "POST", "/x", "", expects=Expectation(400, "E-X"))
BLOCKED = b'{"error": {"code": "moderation_blocked"}}'
FOUND = (Finding("SL-STATUS", "status", 200, 400),)


@pytest.mark.parametrize(
    ("case", "seen", "findings", "verdict"),
    [
        (PLAIN, Seen(200), (), "passed"),
        (PLAIN, Seen(200), FOUND, "failed"),
        (PLAIN, Seen(429), FOUND, "inconclusive"),
        (PLAIN, Seen(500), FOUND, "inconclusive"),
        (PLAIN, Seen(500, (("x-safelight-bug", "KeyError"),)), FOUND, "failed"),
        (PLAIN, Seen(400, pieces=(Piece(0, BLOCKED),)), FOUND, "inconclusive"),
        (PLAIN, Seen(400), FOUND, "failed"),
        (PLAIN, Seen(0, failure="timeout"), (), "inconclusive"),
        (PLAIN, Seen(200, failure="cut"), (), "inconclusive"),
        (REFUSED, Seen(400), (), "passed"),
        (REFUSED, Seen(500), FOUND, "failed"),
        (REFUSED, Seen(503), FOUND, "inconclusive"),
        (REFUSED, Seen(200), FOUND, "failed"),
        (REFUSED, Seen(400, pieces=(Piece(0, BLOCKED),)), FOUND, "failed"),
    ],
)
def test_what_the_world_did_is_inconclusive(
    case: Case, seen: Seen, findings: tuple[Finding, ...], verdict: str
) -> None:
    assert outcome(case, seen, findings, load_provider("openai"))[0] == Outcome(verdict)


@pytest.mark.parametrize("seen", [Seen(500), Seen(0, failure="timeout"), Seen(0, failure="cut")])
def test_a_call_whose_fate_is_unknown_counts_as_paid_and_is_not_repeated(seen: Seen) -> None:
    assert not refused(seen)
    assert not may_repeat(seen)


@pytest.mark.parametrize(
    ("body", "dollars"),
    [
        (b'{"cost": 0.02}', "0.02"),
        (b'{"providerMetadata": {"gateway": {"cost": "0.011"}}}', "0.011"),
        (b'data: {"usage": null}\n\ndata: {"usage": {"cost": 0.5}}\n\ndata: [DONE]\n', "0.5"),
        (b'{"usage": {"input_tokens": 100, "output_tokens": 1000}}', "0.0082"),
        (b'{"cost": -1}', None),
        (b'{"cost": 1e300}', None),
        (b'{"cost": "NaN"}', None),
        (b'{"usage": {"input_tokens": "many"}}', None),
        (b'{"usage": []}', None),
        (b"not json", None),
    ],
)
def test_a_cost_is_read_where_it_can_be_believed_to_be_one(
    body: bytes, dollars: str | None
) -> None:
    model = load_provider("openai").catalog.known("gpt-image-1-mini")
    found = reported(Seen(200, pieces=(Piece(0, body),)), model)
    assert found == (None if dollars is None else Decimal(dollars))


# Stored cases, and what they expect today


def test_a_stored_refusal_expects_the_same_today() -> None:
    promises = Promises("together", DAY)
    wish = Wish("together", "http://127.0.0.1:9", as_of=DAY)
    steps = make_plan(wish, promises).steps
    again = [promised(restored(stored(step.case)) or CASE, promises) for step in steps]
    for step, case in zip(steps, again, strict=True):
        assert case.expects.status == step.case.expects.status, case.purpose
        assert case.expects.row == step.case.expects.row, case.purpose


@pytest.mark.parametrize("where", ["mysql://x", "github:", "github:owner"])
def test_a_database_that_is_none_is_refused(where: str) -> None:
    with pytest.raises(UsageError, match="expected a folder, redis://"):
        database(where)


def test_a_database_may_be_a_folder_or_a_repositorys_artifacts(tmp_path: Path) -> None:
    kinds = [type(database(where)).__name__ for where in (str(tmp_path), "github:a/b")]
    assert kinds == ["DirectoryBasedExampleDatabase", "MultiplexedDatabase"]


def test_a_database_that_nobody_serves_is_told() -> None:
    with pytest.raises(UsageError, match="nobody answers there"):
        database("redis://127.0.0.1:9/0")


@pytest.mark.parametrize(
    ("provider", "given", "base"),
    [
        ("vercel", "https://h.example/v1", "https://h.example"),
        ("vercel", "https://h.example", "https://h.example"),
        ("together", "https://h.example/v1/", "https://h.example"),
        ("openai", "https://h.example/v1", "https://h.example/v1"),
        ("edenai", "https://h.example/v3", "https://h.example/v3"),
    ],
)
def test_a_base_is_taken_as_clients_are_told_it(provider: str, given: str, base: str) -> None:
    asked = Wish(provider, given, live=True, budget=Decimal(1), key_env="K")
    assert ready(asked, {"K": "k"}).base_url == base
