"""Our own data is refused when it cannot be right; good data answers by the day."""

from __future__ import annotations

import datetime
import string
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from safelight.catalog import load_catalog
from safelight.datafiles import data_dir
from safelight.dialects import REGISTRY, load_dialect
from safelight.errors import load_errors
from safelight.phrases import Phrases, phrase_facts
from safelight.provider import load_provider
from safelight.refusals import DataError, UsageError
from safelight.violations import Violation

DAY = datetime.date(2026, 11, 20)
PROVIDERS = sorted(REGISTRY)
MODEL = """
[[model]]
id = "m"
kind = "image"
operations = ["images.generate"]
created = 1
owned_by = "x"
source = "s"
checked = 2026-01-01
"""
NARROWING = '[narrowing.x]\nsource = "s"\nchecked = 2026-01-01\n'


def catalog(tmp_path: Path, text: str, schema: str = "{}") -> None:
    folder = tmp_path / "p"
    folder.mkdir()
    (folder / "models.toml").write_text(text)
    (folder / "request.json").write_text(schema)
    load_catalog("p", tmp_path).check({"images.generate": ("request",)})


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[[model]", r"models\.toml: \(syntax\)"),
        ("[[modle]]", r"modle: unknown key"),
        (MODEL + 'colour = "red"', r"model m\.colour: unknown key"),
        (MODEL.replace('source = "s"', ""), r"model m: needs `source`"),
        (MODEL.replace("checked = 2026-01-01", ""), r"model m: needs `checked`"),
        (MODEL.replace("created = 1", ""), r"model m: needs `created`"),
        (MODEL + 'until = "soon"', r"model m\.until: expected a date"),
        (MODEL + MODEL, r"m: is listed twice"),
        (MODEL + 'narrow = ["gone"]', r"no narrowing is called 'gone'"),
        (NARROWING + 'remove = ["nope"]', r"x\.nope: no request schema has this property"),
        (NARROWING + "[narrowing.x.properties.n]\nmaximun = 3", r"maximun: unknown keyword"),
        (NARROWING + "[narrowing.x.properties.n]\nmaximum = 11", r"would widen 10 to 11"),
        (NARROWING + "[[narrowing.x.rules]]\nif = {}", r"each rule needs a title"),
    ],
)
def test_a_mistake_in_a_catalogue_stops_the_start(tmp_path: Path, text: str, problem: str) -> None:
    schema = '{"type": "object", "properties": {"n": {"type": "integer", "maximum": 10}}}'
    with pytest.raises(DataError, match=problem) as caught:
        catalog(tmp_path, text, schema)
    assert str(tmp_path) in str(caught.value)


ROW = '[[row]]\nid = "r"\nstatus = 400\nrefusal = "x"\nsource = "s"\nchecked = 2026-01-01\n'


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (ROW.replace('source = "s"', ""), "needs `source`"),
        (ROW.replace("status = 400", ""), "needs `status`"),
        (ROW.replace("status = 400", 'status = "400"'), "status: expected an HTTP status"),
        (ROW.replace("status = 400", "status = 200"), "status: expected an HTTP status"),
        (ROW.replace('refusal = "x"', ""), "when does it apply"),
        (ROW + "colour = 1", "unknown key"),
        (ROW + ROW, "r: is listed twice"),
        (ROW + 'error = { message = "{nonsense" }', "message.*not a template"),
    ],
)
def test_a_mistake_in_an_error_row_stops_the_start(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "errors.toml").write_text(text)
    with pytest.raises(DataError, match=problem) as caught:
        load_errors("p", Phrases(), tmp_path)
    assert "errors.toml" in str(caught.value)


PROVIDER = """name = "p"
title = "P"
bases = ["/p"]
source = "s"
checked = 2026-01-01
"""
FACT = 'source = "s"\nchecked = 2026-01-01\n'


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[[default_model]]\noperations = ["images.*"]\nmodel = "gone"\n', "is called 'gone'"),
        ('[[retired]]\noperation = "images.paint"\n', "the operation 'images.paint'"),
    ],
)
def test_a_provider_names_only_what_there_is(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "models.toml").write_text(MODEL)
    (tmp_path / "p" / "provider.toml").write_text(PROVIDER + text + FACT)
    with pytest.raises(DataError, match=problem) as caught:
        load_provider("p", tmp_path).check({"images.generate"})
    assert "provider.toml" in str(caught.value)


@pytest.mark.parametrize("bad", ["{", '{"minimun": 1}', '{"$ref": "#/$defs/gone"}'])
def test_a_mistake_in_a_reply_stops_the_start_too(tmp_path: Path, bad: str) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "images.reply.json").write_text(bad)
    with pytest.raises(DataError, match=r"images\.reply\.json"):
        load_catalog("p", tmp_path).check({})


@pytest.mark.parametrize("name", PROVIDERS)
def test_every_provider_loads_and_its_narrowings_narrow(name: str) -> None:
    dialect = load_dialect(name)
    dialect.provider.catalog.check(dialect.request_schemas)
    assert dialect.provider.errors.rows


@pytest.mark.parametrize("name", PROVIDERS)
def test_every_narrowing_of_a_provider_is_used_by_a_model(name: str) -> None:
    found = load_catalog(name)
    used = {narrowing for model in found.models for narrowing in model.narrow}
    assert set(found.narrowings) - used == set()


@pytest.mark.parametrize("name", PROVIDERS)
def test_every_default_model_is_in_the_catalogue(name: str) -> None:
    provider = load_provider(name)
    assert [d.model for d in provider.defaults if not provider.catalog.known(d.model)] == []


def test_every_folder_of_data_belongs_to_a_provider() -> None:
    folders = {path.name for path in data_dir("schemas").iterdir() if path.is_dir()}
    assert folders - {"__pycache__"} == set(REGISTRY)


@given(st.dates(datetime.date(2024, 1, 1), datetime.date(2028, 1, 1)))
def test_a_model_answers_from_its_first_day_until_its_last(day: datetime.date) -> None:
    found = load_catalog("openai")
    for model in found.models:
        gone = model.until is not None and day >= model.until
        early = model.since is not None and day < model.since
        assert (found.get(model.id, day) is None) == (gone or early)


def test_an_unknown_provider_is_named_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"unknown provider 'opnai'; known are .*openai"):
        load_dialect("opnai")


@pytest.mark.parametrize("name", PROVIDERS)
def test_every_error_row_speaks_of_operations_that_exist(name: str) -> None:
    dialect = load_dialect(name)
    speakers = (dialect, *dialect.annexes().values())
    known = {route.operation for speaker in speakers for route in speaker.routes}
    known |= {"files.get", "preflight"}
    patterns = {(row.id, p) for row in dialect.provider.errors.rows for p in row.operations}
    assert {(id_, p) for id_, p in patterns if not any(fnmatchcase(o, p) for o in known)} == set()


@pytest.mark.parametrize("name", PROVIDERS)
def test_every_row_about_a_violation_names_facts_that_a_violation_has(name: str) -> None:
    table = load_provider(name).errors
    told = phrase_facts(Violation(("a",), "enum", ["x"], 1), table.phrases, form=False)
    known = {*told, "model", "request_id", "method", "path", "processing_ms", "operation"}
    for row in table.rows:
        texts = [*(row.error or {}).values(), *row.headers.values(), row.text or ""]
        plain = [text for text in texts if isinstance(text, str) and (row.violation or row.rule)]
        names = {n for text in plain for _, n, _, _ in string.Formatter().parse(text) if n}
        assert names <= known, row.id
