"""A run as a Markdown summary, as CI shows it beside a job.

What must not enter: pictures, HTML beyond a fold.
"""

from __future__ import annotations

from collections.abc import Iterator

from safelight_contracts.budget import dollars
from safelight_contracts.findings import CHECKS, Finding, Outcome
from safelight_contracts.interrupts import EXIT_CODE
from safelight_contracts.reports.document import failures
from safelight_contracts.results import Result, Run

_MOST = 20
"""Failures that are shown whole: a summary has a limit of its own."""
_MARKS = {0: "✅", 1: "❌", 3: "⚠️", 4: "⚪", EXIT_CODE: "⏹️"}


def as_markdown(run: Run) -> str:
    """Return a summary: verdict, counts, money, then each failure with how to see it again."""
    return "\n".join(_lines(run)) + "\n"


def _lines(run: Run) -> Iterator[str]:
    yield f"## {_MARKS[run.exit_code]} {run.title}: {run.verdict}"
    yield ""
    yield f"`{run.base_url}`, contract of {run.day}, seed {run.seed}, {run.took:.0f} s"
    yield ""
    yield "| " + " | ".join(outcome.value for outcome in Outcome) + " | spent | budget |"
    yield "|" + "---:|" * (len(Outcome) + 2)
    counts = " | ".join(str(count) for count in run.counts.values())
    budget = dollars(run.budget) if run.budget is not None else "none"
    yield f"| {counts} | {dollars(run.spent)} | {budget} |"
    yield ""
    yield from (f"- {note}" for note in run.notes)
    if run.notes:
        yield ""
    found = failures(run)
    for finding, hits in found[:_MOST]:
        yield from _failure(finding, hits)
    if len(found) > _MOST:
        yield f"… and {len(found) - _MOST} more kinds of failure, in the other reports."
        yield ""
    yield from _open(run)


def _failure(finding: Finding, hits: list[Result]) -> Iterator[str]:
    check = CHECKS.get(finding.code)
    known = all(hit.outcome is Outcome.KNOWN for hit in hits)
    cases = f"{len(hits)} case{'s' if len(hits) > 1 else ''}"
    yield f"### {finding.code}{' (known)' if known else ''}: {check.title if check else ''}"
    yield ""
    yield f"{hits[0].case.operation}, at `{finding.at}`, in {cases}. {_source(finding)}"
    yield ""
    yield f"- expected: {_code(finding.expected)}"
    yield f"- got: {_code(finding.got)}"
    if known:
        yield f"- lived with: {hits[0].reason}"
    yield ""
    evidence = next((hit.evidence for hit in hits if hit.evidence), None)
    if evidence:
        yield from ("<details><summary>Ask it again</summary>", "", "```sh", evidence.curl, "```")
        yield from ("", "```python", evidence.python, "```", "", "</details>", "")


def _source(finding: Finding) -> str:
    return f"Promised by {finding.source}." if finding.source else ""


def _code(value: object) -> str:
    text = str(value).replace("`", "'").replace("\n", " ")
    return f"`{text[:300]}`"


def _open(run: Run) -> Iterator[str]:
    for outcome in (Outcome.INCONCLUSIVE, Outcome.NOT_CHECKED):
        found = run.of(outcome)
        if not found:
            continue
        yield f"<details><summary>{len(found)} {outcome.value}</summary>"
        yield ""
        reasons: dict[str, int] = {}
        for result in found:
            reasons[result.reason] = reasons.get(result.reason, 0) + 1
        yield from (f"- {reason}: {count}" for reason, count in reasons.items())
        yield from ("", "</details>", "")
