"""A run as JUnit XML, as CI systems read it: one test case for each case of the run.

Inconclusive and unchecked cases are `error` and `skipped`, with the reason; a known breach is
skipped too. What must not enter: characters that XML 1.0 has no way to write.
"""

from __future__ import annotations

import re
from xml.sax.saxutils import escape, quoteattr

from safelight_contracts.findings import Outcome
from safelight_contracts.results import Result, Run

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_junit(run: Run) -> str:
    """Return the run as one XML document, a test suite for each operation."""
    suites: dict[str, list[Result]] = {}
    for result in run.results:
        suites.setdefault(f"{run.provider}.{result.case.operation}", []).append(result)
    counts = _counts(run.results)
    body = "".join(_suite(name, results) for name, results in suites.items())
    name = quoteattr(f"safelight check endpoint {run.provider}")
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return f'{head}<testsuites name={name} {counts} time="{run.took:.3f}">\n{body}</testsuites>\n'


def _suite(name: str, results: list[Result]) -> str:
    took = sum(result.seen.took for result in results if result.seen)
    cases = "".join(_case(name, result) for result in results)
    head = f'<testsuite name={_attribute(name)} {_counts(results)} time="{took:.3f}">'
    return f" {head}\n{cases} </testsuite>\n"


def _counts(results: list[Result]) -> str:
    outcomes = [result.outcome for result in results]
    skipped = outcomes.count(Outcome.NOT_CHECKED) + outcomes.count(Outcome.KNOWN)
    failed, errors = outcomes.count(Outcome.FAILED), outcomes.count(Outcome.INCONCLUSIVE)
    told = {"tests": len(results), "failures": failed, "errors": errors, "skipped": skipped}
    return " ".join(f'{key}="{value}"' for key, value in told.items())


def _case(suite: str, result: Result) -> str:
    case = result.case
    name = _attribute(f"{case.purpose} [{case.model or '-'}] {case.id}")
    took = result.seen.took if result.seen else 0.0
    inner = _inner(result)
    head = f'  <testcase classname={_attribute(suite)} name={name} time="{took:.3f}"'
    return f"{head}>{inner}</testcase>\n" if inner else f"{head}/>\n"


def _inner(result: Result) -> str:
    if result.outcome is Outcome.PASSED:
        return ""
    if result.outcome is Outcome.FAILED:
        says = [finding.says for finding in result.findings]
        source = [f"promised by {f.source}" for f in result.findings if f.source]
        more = [result.evidence.curl] if result.evidence else []
        text = "\n".join([*says, *dict.fromkeys(source), *more])
        kind = _attribute(result.findings[0].code if result.findings else "")
        return f"<failure type={kind} message={_attribute(says[0])}>{_clean(text)}</failure>"
    reason = _attribute(f"{result.outcome.value}: {result.reason}")
    tag = "error" if result.outcome is Outcome.INCONCLUSIVE else "skipped"
    return f"<{tag} message={reason}/>"


def _attribute(text: str) -> str:
    return quoteattr(_FORBIDDEN.sub("\ufffd", text))


def _clean(text: str) -> str:
    return escape(_FORBIDDEN.sub("\ufffd", text))
