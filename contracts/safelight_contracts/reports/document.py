"""A run as plain JSON: what every other report and every other program reads.

What must not enter: layout.
"""

from __future__ import annotations

import datetime
import json
from decimal import Decimal

from safelight import __version__
from safelight.messages import Json

from safelight_contracts.cases import Case, Seen, plain
from safelight_contracts.findings import CHECKS, Finding
from safelight_contracts.results import Evidence, Result, Run, grouped

_SHOWN = 4_000
"""Characters of a body that a report shows."""
_HEADERS = frozenset({"set-cookie", "authorization", "proxy-authorization"})
"""Header fields that are somebody's secret."""


def as_json(run: Run) -> str:
    """Return a run as JSON text, indented."""
    return json.dumps(document(run), indent=1, ensure_ascii=False, default=str) + "\n"


def document(run: Run) -> dict[str, Json]:
    """Return a run as JSON: the verdict, money, counts, failures grouped by cause, every case."""
    return {
        "safelight": __version__,
        "provider": run.provider,
        "title": run.title,
        "base_url": run.base_url,
        "as_of": run.day.isoformat(),
        "seed": run.seed,
        "began": datetime.datetime.fromtimestamp(run.began, datetime.UTC).isoformat(),
        "took": round(run.took, 3),
        "exit_code": run.exit_code,
        "verdict": run.verdict,
        "money": {
            "budget": _text(run.budget),
            "expected": _text(run.planned.expected),
            "worst": _text(run.planned.worst),
            "spent": _text(run.spent),
            "reported": _text(run.reported),
        },
        "counts": {outcome.value: count for outcome, count in run.counts.items()},
        "notes": run.notes,
        "failures": [_failure(finding, hits) for finding, hits in failures(run)],
        "cases": [_case(result) for result in run.results],
    }


def failures(run: Run) -> list[tuple[Finding, list[Result]]]:
    """Return what is broken, the unexcused first: each once, with every case that shows it."""
    groups = grouped(run.results)
    return sorted(groups, key=lambda group: all(hit.outcome == "known" for hit in group[1]))


def _failure(finding: Finding, hits: list[Result]) -> dict[str, Json]:
    check = CHECKS.get(finding.code)
    shown = next((hit for hit in hits if hit.evidence), None)
    return {
        "code": finding.code,
        "title": check.title if check else "",
        "operation": hits[0].case.operation,
        "at": finding.at,
        "expected": finding.expected,
        "got": finding.got,
        "source": finding.source,
        "known": hits[0].reason if all(hit.outcome == "known" for hit in hits) else None,
        "cases": [hit.case.id for hit in hits],
        "evidence": _evidence(shown.evidence) if shown and shown.evidence else None,
    }


def _evidence(evidence: Evidence) -> dict[str, Json]:
    return {
        "case": evidence.case.id,
        "confirmed": evidence.confirmed,
        "left_out": list(evidence.left_out),
        "curl": evidence.curl,
        "python": evidence.python,
        "request": request(evidence.case),
        "answer": answer(evidence.seen),
    }


def request(case: Case) -> dict[str, Json]:
    """Return what a case asks, files by their digests."""
    told: dict[str, Json] = {"method": case.method, "path": case.path, "body": case.body}
    if case.body == "raw":
        return {**told, "raw": case.raw[:_SHOWN].decode("utf-8", "backslashreplace")}
    return {**told, "params": plain(case.params)} if case.params else told


def answer(seen: Seen) -> dict[str, Json]:
    """Return what came back, a long body cut."""
    text = seen.body[: _SHOWN * 4].decode("utf-8", "backslashreplace")
    cut = len(text) > _SHOWN or len(seen.body) > _SHOWN * 4
    return {
        "status": seen.status,
        "failure": seen.failure,
        "headers": {key: value for key, value in seen.headers if key not in _HEADERS},
        "body": text[:_SHOWN] + (f" … ({len(seen.body)} bytes)" if cut else ""),
        "took": round(seen.took, 3),
    }


def _case(result: Result) -> dict[str, Json]:
    case = result.case
    return {
        "id": case.id,
        "outcome": result.outcome.value,
        "phase": result.phase,
        "operation": case.operation,
        "model": case.model,
        "purpose": case.purpose,
        "broken": case.broken,
        "reason": result.reason,
        "status": result.seen.status if result.seen else None,
        "took": round(result.seen.took, 3) if result.seen else None,
        "cost": _text(result.cost),
        "findings": [finding.says for finding in result.findings],
    }


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"
