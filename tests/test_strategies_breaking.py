"""What the judge breaks: one promise and no other, and every one that can be broken alone."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from safelight.datafiles import data_dir
from safelight.messages import Upload
from safelight.read import as_json
from safelight.schemas import ASSERTIONS, Schema, load
from safelight_contracts.breaking import broken, matrix
from safelight_contracts.breaking_fields import attempts
from test_strategies import KEYWORDS

REQUESTS = sorted(
    (path.parent.name, path.stem)
    for path in data_dir("schemas").glob("*/*.json")
    if ".request" in path.name or ".query" in path.name
)
ALWAYS_WITH_OTHERS = (":type", "image_url:minLength", "file_id:type")
"""What cannot be broken alone: a value of another type is in no list of choices either, an empty
link is no link, and a reference without its text is none."""


def only(schema: Schema, value: Any) -> list[tuple[Any, ...]]:
    return [(v.at, v.keyword, v.rule) for v in schema.violations(as_json(value))]


@cache
def told(provider: str, name: str) -> list[tuple[str, bool]]:
    """Return the sites of a whole matrix, and whether each has the one fault that it names."""
    schema = load(provider, name)
    return [(fault.site, only(schema, fault.value) == [named(fault)]) for fault in matrix(schema)]


def named(fault: Any) -> tuple[Any, ...]:
    return fault.violation.at, fault.violation.keyword, fault.violation.rule


@pytest.mark.parametrize(("provider", "name"), REQUESTS)
def test_each_fault_is_the_only_one_and_the_one_it_names(provider: str, name: str) -> None:
    assert [site for site, alone in told(provider, name) if not alone] == []


@pytest.mark.parametrize(("provider", "name"), REQUESTS)
def test_every_keyword_of_every_field_is_broken_once(provider: str, name: str) -> None:
    form = "form" in name
    wanted = {each.site for each in attempts(load(provider, name).document, None, form=form)}
    sites = [site for site, _ in told(provider, name)]
    missed = wanted - set(sites)
    assert [site for site in missed if not site.endswith(ALWAYS_WITH_OTHERS)] == []
    assert len(set(sites)) == len(sites)


def test_the_matrix_is_the_same_every_time() -> None:
    schema = load("openai", "images.edit.request")
    first = [(fault.site, fault.value) for fault in matrix(schema, widest=1000)]
    assert first == [(fault.site, fault.value) for fault in matrix(schema, widest=1000)]


@pytest.mark.parametrize(("provider", "name"), REQUESTS)
def test_a_fault_amid_drawn_fields_is_still_the_only_one(provider: str, name: str) -> None:
    schema = load(provider, name)

    @settings(
        max_examples=20,
        database=None,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(broken(schema))
    def drawn(fault: Any) -> None:
        assert only(schema, fault.value) == [named(fault)]

    drawn()


def test_every_keyword_that_a_schema_may_assert_can_be_broken() -> None:
    found: set[str] = set()
    closed = {"type": "object", "additionalProperties": False}
    for keyword, document in [*KEYWORDS.items(), ("additionalProperties", closed)]:
        schema = Schema({"type": "object", "required": ["it"], "properties": {"it": document}}, "")
        for fault in matrix(schema):
            found.add(fault.violation.keyword)
            found |= {keyword} if fault.violation.rule else set()
    structure = {"anyOf", "allOf", "if", "then", "properties", "items", "not", "propertyNames"}
    words = {word.partition("/")[0] for word in found}
    assert ASSERTIONS - structure - words == set()
    assert {"if", "forbidden", "propertyNames"} <= words


def fault_of(provider: str, name: str, site: str, base: Any = None) -> Any:
    return next(fault for fault in matrix(load(provider, name), base) if fault.site == site)


def test_a_prompt_is_one_letter_too_long() -> None:
    fault = fault_of("openai", "images.generate.request", "prompt:maxLength")
    assert len(fault.value["prompt"]) == 32_001
    assert fault.name == "prompt:maxLength"


def test_a_file_is_one_byte_too_large() -> None:
    fault = fault_of("openai", "images.edit.request.form", "mask.size:maximum")
    assert isinstance(fault.value["mask"], Upload)
    assert len(fault.value["mask"].data) == 4 * 1024 * 1024


def test_a_rule_is_broken_and_the_fields_it_is_silent_about_stay() -> None:
    base = {"model": "gpt-image-1-mini", "prompt": "a red circle", "user": "me"}
    site = ":rule:compression needs jpeg or webp"
    fault = fault_of("openai", "images.generate.request", site, base)
    assert base.items() <= fault.value.items()
    assert fault.violation.rule == "compression needs jpeg or webp"


def test_a_rule_deep_inside_is_broken_too() -> None:
    faults = matrix(load("openai", "chat.create.request"), widest=1000)
    rule = next(fault for fault in faults if fault.violation.rule == "content is given")
    assert rule.name == "messages[0].content:rule:content is given"


def test_costly_faults_are_left_out_on_demand() -> None:
    schema = load("openai", "images.edit.request")
    sites = {fault.site for fault in matrix(schema, widest=40_000)}
    assert "prompt:maxLength" in sites
    assert not any("image_url:maxLength" in site for site in sites)


def test_a_wrong_type_in_a_form_is_a_text_that_reads_as_none() -> None:
    fault = fault_of("openai", "images.edit.request.form", "n:type")
    assert fault.value["n"] == "text"
