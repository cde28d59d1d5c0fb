"""A run as one HTML file that needs nothing else: no script, no font, no other file.

What must not enter: a value that was not escaped.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from html import escape

from safelight.messages import Json

from safelight_contracts.budget import dollars
from safelight_contracts.findings import CHECKS, Finding, Outcome
from safelight_contracts.reports.document import answer, failures, request
from safelight_contracts.reports.pictures import shown
from safelight_contracts.reports.style import STYLE
from safelight_contracts.results import Evidence, Result, Run


def as_html(run: Run) -> str:
    """Return the run as one page: verdict, money, failures with evidence, pictures, all cases."""
    title = escape(f"{run.title}: {run.verdict}")
    head = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{STYLE}</style></head><body><main>"
    )
    parts = (_head(run), _counts(run), _notes(run), _failures(run), _gallery(run), _cases(run))
    return f"{head}{''.join(''.join(part) for part in parts)}</main></body></html>\n"


def _head(run: Run) -> Iterator[str]:
    yield f'<header class="code{run.exit_code}"><h1>{escape(run.title)}</h1>'
    yield f'<p class="verdict">{escape(run.verdict)}</p>'
    yield f"<p><code>{escape(run.base_url)}</code> against the contract of {run.day}, "
    yield f"seed {run.seed}, {len(run.results)} cases in {run.took:.1f} s</p></header>"


def _counts(run: Run) -> Iterator[str]:
    yield '<section class="tiles">'
    for outcome, count in run.counts.items():
        mark = "" if count else " none"
        yield f'<div class="tile {_slug(outcome)}{mark}"><b>{count}</b>{outcome.value}</div>'
    yield f'<div class="tile"><b>{dollars(run.spent)}</b>spent at most{_bar(run)}</div>'
    yield f'<div class="tile"><b>{dollars(run.planned.expected)}</b>planned'
    yield f"<small>at worst {dollars(run.planned.worst)}</small></div></section>"


def _bar(run: Run) -> str:
    if run.budget is None:
        return "<small>no budget</small>"
    share = min(100, float(run.spent / run.budget * 100)) if run.budget else 100
    bar = f'<span class="bar"><i style="width:{share:.1f}%"></i></span>'
    return f"{bar}<small>of {dollars(run.budget)}</small>"


def _notes(run: Run) -> Iterator[str]:
    if run.notes:
        yield f"<ul class='notes'>{_items(run.notes)}</ul>"


def _items(texts: Iterable[str]) -> str:
    return "".join(f"<li>{escape(text)}</li>" for text in texts)


def _failures(run: Run) -> Iterator[str]:
    found = failures(run)
    if found:
        yield f"<h2>What is broken <small>{len(found)}</small></h2>"
    for finding, hits in found:
        yield from _failure(finding, hits)


def _failure(finding: Finding, hits: list[Result]) -> Iterator[str]:
    check = CHECKS.get(finding.code)
    known = all(hit.outcome is Outcome.KNOWN for hit in hits)
    kind = "known" if known else "failed"
    yield f'<article class="{kind}"><h3><code>{escape(finding.code)}</code> '
    yield f"{escape(check.title if check else '')}</h3><dl>"
    yield _row("where", f"{hits[0].case.operation}: {finding.at}")
    yield _row("expected", _value(finding.expected), mono=True)
    yield _row("got", _value(finding.got), mono=True)
    if finding.source:
        yield _row("promised by", finding.source)
    if known:
        yield _row("lived with", hits[0].reason)
    yield "</dl>"
    evidence = next((hit.evidence for hit in hits if hit.evidence), None)
    if evidence:
        yield from _evidence(evidence)
    asked = [f"{hit.case.purpose} ({hit.case.model or hit.case.operation})" for hit in hits]
    yield f"<details><summary>{len(hits)} case{'s' * (len(hits) > 1)}</summary>"
    yield f"<ul>{_items(asked[:100])}</ul></details>"
    if check and check.explanation:
        why = escape(check.explanation)
        yield f"<details><summary>Why it matters</summary><p>{why}</p></details>"
    yield "</article>"


def _row(name: str, value: str, *, mono: bool = False) -> str:
    shown_ = f"<code>{escape(value)}</code>" if mono else escape(value)
    return f"<dt>{name}</dt><dd>{shown_}</dd>"


def _value(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _evidence(evidence: Evidence) -> Iterator[str]:
    state = "asked again and failed again" if evidence.confirmed else "shown by a recorded answer"
    yield f"<p class='state'>Smallest question found, {state}.</p>"
    yield f"<pre>{escape(evidence.curl)}</pre>"
    yield _fold("Python", evidence.python)
    yield _fold("Request", json.dumps(request(evidence.case), indent=1, ensure_ascii=False))
    told = answer(evidence.seen)
    head = "\n".join(f"{key}: {value}" for key, value in told["headers"].items())
    yield _fold(
        f"Answer: {told['failure'] or told['status']}",
        f"{told['status']}\n{head}\n\n{told['body']}",
    )


def _fold(name: str, text: str) -> str:
    return f"<details><summary>{escape(name)}</summary><pre>{escape(text)}</pre></details>"


def _gallery(run: Run) -> Iterator[str]:
    found = shown(run)
    if not found:
        return
    yield f"<h2>Pictures <small>{len(found)}</small></h2><section class='gallery'>"
    for one in found:
        case = one.result.case
        yield f'<figure class="{_slug(one.result.outcome)}"><img src="{one.url}" loading="lazy" '
        yield f'alt="{escape(case.purpose, quote=True)}"><figcaption><b>{escape(case.model)}</b>'
        yield f"{escape(case.operation)}<br>{escape(one.says)}<br>{escape(case.purpose)}"
        yield "</figcaption></figure>"
    yield "</section>"


def _cases(run: Run) -> Iterator[str]:
    yield f"<h2>Every case <small>{len(run.results)}</small></h2>"
    phases: dict[str, list[Result]] = {}
    for result in run.results:
        phases.setdefault(result.phase or "cases", []).append(result)
    for phase, results in phases.items():
        bad = any(result.outcome is not Outcome.PASSED for result in results)
        yield f"<details{' open' if bad and len(results) < 60 else ''}><summary>"
        yield f"{escape(phase)}: {len(results)}</summary><table><thead><tr><th>outcome<th>asked"
        yield "<th>model<th>status<th>s<th>cost</tr></thead><tbody>"
        yield from map(_case, results)
        yield "</tbody></table></details>"


def _case(result: Result) -> str:
    case, seen = result.case, result.seen
    more = result.reason or "; ".join(finding.says for finding in result.findings)
    note = f"<small>{escape(more[:400])}</small>" if more else ""
    status = (seen.status or seen.failure) if seen else ""
    took = f"{seen.took:.2f}" if seen else ""
    return (
        f'<tr class="{_slug(result.outcome)}"><td>{result.outcome.value}'
        f"<td>{escape(case.operation)}: {escape(case.purpose)}{note}<td>{escape(case.model)}"
        f"<td>{status}<td>{took}<td>{dollars(result.cost) if result.cost else ''}</tr>"
    )


def _slug(outcome: Outcome) -> str:
    return outcome.value.replace(" ", "-")
