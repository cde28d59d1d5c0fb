"""What tests of reports share: runs with a case that failed and one that passed."""

from __future__ import annotations

import datetime
from decimal import Decimal

import kit
from safelight_contracts.cases import Case, Piece, Seen
from safelight_contracts.evidence import as_curl, as_python
from safelight_contracts.findings import Finding, Outcome
from safelight_contracts.money import Quote
from safelight_contracts.results import Evidence, Result, Run

EVIL = "<script>alert(1)</script>\x00\x1b[31m\ud800"
SECRET = "sk-live-very-secret"


def case(operation: str = "images.generate", **more: object) -> Case:
    told: dict[str, object] = {
        "purpose": "asks",
        "model": "a-model",
        "body": "json",
        "params": {"prompt": "a red circle", "n": 2},
    }
    return Case("openai", operation, "POST", "/images/generations", **{**told, **more})  # type: ignore[arg-type]


def answer(body: bytes = b'{"data": []}', status: int = 200) -> Seen:
    return Seen(status, (("content-type", "application/json"),), (Piece(0.1, body),), took=0.2)


def failed(says: str = "two", body: bytes = b"{}", **more: object) -> Result:
    asked = case(**more)  # type: ignore[arg-type]
    finding = Finding("SL-COUNT", "data", says, 1, "facts 3.7")
    seen = answer(body)
    curl, python = as_curl(asked, "http://h/v1", "KEY"), as_python(asked, "http://h/v1", "KEY")
    evidence = Evidence(asked, seen, (finding,), curl, python, confirmed=True)
    return Result(asked, Outcome.FAILED, "pairs", (finding,), seen, evidence=evidence)


def passed(body: bytes = b"{}", **more: object) -> Result:
    return Result(case(**more), Outcome.PASSED, "pairs", seen=answer(body), cost=Decimal("0.01"))  # type: ignore[arg-type]


def a_run(*results: Result) -> Run:
    return Run(
        "openai", "OpenAI", "http://h/v1", datetime.date(2026, 11, 20), 0, took=1.5,
        began=kit.NOW, budget=Decimal("0.50"), spent=Decimal("0.02"), results=list(results),
        planned=Quote(Decimal("0.02"), Decimal("0.30")), secrets=(SECRET,),
    )  # fmt: skip
