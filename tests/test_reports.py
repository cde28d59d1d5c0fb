"""A run written down: the same facts in every report, and nothing that could do harm."""

from __future__ import annotations

import base64
import json
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import kit
import pytest
from report_kit import EVIL, SECRET, a_run, case, failed, passed
from safelight.refusals import UsageError
from safelight_contracts.cases import Expectation
from safelight_contracts.findings import Outcome
from safelight_contracts.money import Quote
from safelight_contracts.plan import Draft, Step, total
from safelight_contracts.reports import KINDS, write_report
from safelight_contracts.reports.document import document
from safelight_contracts.reports.pictures import pictures, shown
from safelight_contracts.results import Result, Run


def written(run: Run, kind: str, tmp_path: Path) -> str:
    path = tmp_path / f"report.{kind}"
    write_report(run, kind, path)
    return path.read_text("utf-8")


# What a run means


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        (["passed"], 0),
        (["passed", "known"], 0),
        (["passed", "failed", "inconclusive", "not checked"], 1),
        (["passed", "inconclusive", "not checked"], 3),
        (["passed", "not checked"], 4),
        (["not checked"], 4),
        ([], 4),
    ],
)
def test_the_exit_code_tells_the_worst_and_nothing_checked_is_never_green(
    outcomes: list[str], code: int
) -> None:
    results = [Result(case(), Outcome(name)) for name in outcomes]
    assert a_run(*results).exit_code == code


def test_a_plans_worst_price_counts_one_call_of_each_family_of_refusals() -> None:
    refuses = Expectation(400, "E-X")
    steps = [
        Step(case(expects=refuses, family="a"), "refusals", Quote(Decimal(1), Decimal(price)))
        for price in (1, 5, 3)
    ]
    steps.append(Step(case(), "pairs", Quote(Decimal(2), Decimal(4))))
    assert total(steps) == Quote(Decimal(2), Decimal(9))


def test_a_plan_has_no_question_twice_and_no_more_than_asked_for() -> None:
    draft = Draft(most=2)
    taken = [draft.add(Step(case(params={"n": n}), "pairs")) for n in (1, 1, 2, 3)]
    assert taken == [True, False, True, False]
    assert "--max-cases 2" in draft.done().notes[0]


# Files


@pytest.mark.parametrize("kind", KINDS)
def test_every_report_tells_what_is_broken_and_where_that_is_promised(
    kind: str, tmp_path: Path
) -> None:
    text = written(a_run(failed(), passed()), kind, tmp_path)
    for word in ("SL-COUNT", "facts 3.7", "images.generate", "curl"):
        assert word in text


@pytest.mark.parametrize("kind", KINDS)
def test_no_report_shows_a_key_that_an_answer_echoed(kind: str, tmp_path: Path) -> None:
    run = a_run(failed(f"not {SECRET}", f'{{"you": "{SECRET}"}}'.encode()))
    assert SECRET not in written(run, kind, tmp_path)


@pytest.mark.parametrize("kind", KINDS)
def test_every_report_stands_what_an_endpoint_may_say(kind: str, tmp_path: Path) -> None:
    run = a_run(failed(EVIL, EVIL.encode("utf-8", "replace"), purpose=EVIL))
    text = written(run, kind, tmp_path)
    if kind == "json":
        json.loads(text)
    if kind == "junit":
        ET.fromstring(text)
    if kind == "html":
        assert "<script" not in text


def test_the_json_report_counts_every_case_once(tmp_path: Path) -> None:
    run = a_run(failed(), passed(), Result(case(), Outcome.NOT_CHECKED, reason="budget"))
    told = json.loads(written(run, "json", tmp_path))
    assert told["counts"] == {
        "passed": 1, "failed": 1, "known": 0, "inconclusive": 0, "not checked": 1,
    }  # fmt: skip
    assert len(told["cases"]) == 3
    assert told["money"] == {
        "budget": "0.50", "expected": "0.02", "worst": "0.30", "spent": "0.02", "reported": "0",
    }  # fmt: skip


def test_the_same_breach_of_many_cases_is_told_once() -> None:
    many = [failed(params={"n": number}) for number in range(2, 9)]
    told = document(a_run(*many))["failures"]
    assert len(told) == 1
    assert len(told[0]["cases"]) == 7


def test_junit_has_a_case_for_each_question_and_the_right_sums(tmp_path: Path) -> None:
    results = [Result(case(), outcome, reason="why") for outcome in Outcome if outcome != "failed"]
    root = ET.fromstring(written(a_run(failed(), *results), "junit", tmp_path))
    assert (root.get("tests"), root.get("failures")) == ("5", "1")
    assert (root.get("errors"), root.get("skipped")) == ("1", "2")
    assert len(root.findall(".//testcase")) == 5
    assert [one.get("type") for one in root.findall(".//failure")] == ["SL-COUNT"]


def test_a_markdown_summary_is_added_to_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "summary.md"
    path.write_text("# Before\n")
    write_report(a_run(passed()), "markdown", path)
    assert path.read_text("utf-8").startswith("# Before\n## ✅ OpenAI: keeps its contract")


def test_a_report_that_cannot_be_written_is_a_users_slip(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written"):
        write_report(a_run(), "json", tmp_path)


class Tags(HTMLParser):
    """Sees that every tag which has to be closed is."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.images: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag == "img":
            self.images.append(str(told.get("src")))
        self.links += [value for key, value in attrs if key in {"src", "href"} and value]
        if tag not in {"meta", "img", "br", "th", "td"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in {"th", "td"}:
            assert self.open.pop() == tag


def body_with(*files: bytes) -> bytes:
    data = [{"b64_json": base64.b64encode(data).decode()} for data in files]
    return json.dumps({"data": data}).encode()


def test_the_html_report_is_one_file_that_shows_the_pictures(tmp_path: Path) -> None:
    body = body_with(kit.png(640, 480, color="red"), kit.png(8, 8, "RGBA", (0, 0, 0, 0)))
    page = written(a_run(failed(body=body), passed(body)), "html", tmp_path)
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    assert len(tags.images) == 4
    assert all(link.startswith("data:image/webp;base64,") for link in tags.links)
    assert "PNG 640x480" in page
    first = kit.opened(base64.b64decode(tags.images[0].partition(",")[2]))
    assert first.size == (320, 240)


def test_pictures_are_found_in_json_in_streams_and_in_files() -> None:
    png = kit.png()
    line = json.dumps({"type": "done", "b64_json": base64.b64encode(png).decode()}).encode()
    link = b"data:image/png;base64," + base64.b64encode(png)
    chat = json.dumps({"content": [{"image_url": {"url": link.decode()}}]}).encode()
    for body in (body_with(png), b"event: done\ndata: " + line + b"\n\n", chat, png):
        assert list(pictures(body)) == [png]
    assert list(pictures(b'{"text": "' + b"A" * 500 + b'"}')) == []


def test_what_is_no_picture_is_passed_over() -> None:
    cut = b"\x89PNG" + b"\x00" * 200
    assert shown(a_run(passed(body_with(cut)))) == []
