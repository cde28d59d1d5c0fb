"""Questions that cost nothing at an endpoint that keeps its contract: lists, keys, routes, bodies.

Nothing here changes an account: no DELETE, no PATCH, no upload. What must not enter: prices,
requests that may be accepted and billed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import quote as escaped

from safelight.messages import Json
from safelight.refusals import Refusal

from safelight_contracts.cases import Case, Key
from safelight_contracts.promises import ANY, Promise, Promises

NOWHERE = "/safelight-no-such-path"
STRANGER = "safelight-no-such-model"
"""A model's name that nobody has."""

_MANNERS: tuple[tuple[Key, str, str], ...] = (
    ("none", "missing_key", "without a key"),
    ("wrong", "wrong_key", "with a key that is wrong"),
)
_BROKEN_BODIES = (
    ("broken JSON", b'{"prompt": "a red circle', "application/json", "bad_json"),
    ("JSON that is no object", b"[]", "application/json", "bad_json"),
    ("a body that is no JSON", b"prompt=a+red+circle", "text/plain", "wrong_content_type"),
)


def lists(promises: Promises) -> Iterator[Case]:
    """Yield what can be looked up: every list, one model that exists and one that does not."""
    for row in promises.rows:
        if row.method != "GET":
            continue
        if "{" not in row.path:
            yield _case(promises, row, row.path, f"GET {row.path}")
        elif row.path.count("{") == 1 and "{model}" in row.path:
            yield from _entries(promises, row)


def _entries(promises: Promises, row: Promise) -> Iterator[Case]:
    alive = [m for m in promises.provider.catalog.models if m.alive(promises.day) and m.listed]
    if alive:
        name = alive[0].id
        path = row.path.replace("{model}", escaped(name, safe="/"))
        yield _case(promises, row, path, f"a model's entry: {name}")
    if promises.provider.any_model is None:
        path = row.path.replace("{model}", STRANGER)
        case = _case(promises, row, path, "the entry of a model that nobody has", model=STRANGER)
        yield from _refused(promises, case, Refusal("model_not_found", "model", id=STRANGER))


def keys(promises: Promises) -> Iterator[Case]:
    """Yield each operation without a key and with a wrong one.

    A body is empty: who forgets to ask for the key refuses it all the same, and bills nothing.
    """
    for row in promises.rows:
        if "{" in row.path or row.method not in {"GET", "POST"}:
            continue
        if row.method == "GET" and row.open:
            continue
        for key, name, says in _MANNERS:
            case = replace(
                _case(promises, row, row.path, f"{row.method} {row.path} {says}"),
                body="json" if row.method == "POST" else "none",
                key=key,
                family=f"{row.below}{row.operation}:keys",
            )
            yield from _refused(promises, case, Refusal(name, masked=ANY))


def routes(promises: Promises) -> Iterator[Case]:
    """Yield a path that is none, and a method that each path does not have."""
    provider = promises.provider.name
    case = Case(provider, "", "GET", NOWHERE, "a path that is none", family="routes")
    yield from _refused(promises, case, Refusal("unknown_path"))
    known = {(row.method, row.path) for row in promises.rows}
    for path in dict.fromkeys(row.path for row in promises.rows if "{" not in row.path):
        if ("PUT", path) not in known:
            says = f"PUT {path}, a method that it does not have"
            case = Case(provider, "", "PUT", path, says, body="json", family="routes")
            yield from _refused(promises, case, Refusal("wrong_method"))


def bodies(promises: Promises) -> Iterator[Case]:
    """Yield bodies that cannot be read, for each operation that takes one."""
    for row in promises.rows:
        if not row.bodies or row.model_header:
            continue
        accepted = "application/json" if "json" in row.bodies else "multipart/form-data"
        for says, raw, kind, name in _BROKEN_BODIES:
            if name == "bad_json" and "json" not in row.bodies:
                continue
            case = replace(
                _case(promises, row, row.path, says),
                body="raw",
                raw=raw,
                content_type=kind,
                broken=f"body:{name}",
                family=f"{row.operation}:bodies",
            )
            told = {"reason": ANY, "content_type": kind, "accepted": accepted}
            yield from _refused(promises, case, Refusal(name, **told))


def strangers(promises: Promises, row: Promise, base: Case) -> Iterator[Case]:
    """Yield a good request that names a model which nobody has, where names are checked."""
    if promises.provider.any_model is not None or row.model_header:
        return
    params: dict[str, Json] = {**base.params, "model": STRANGER}
    case = replace(
        base,
        purpose="a model that nobody has",
        model=STRANGER,
        params=params,
        broken="model:unknown",
        family=f"{row.operation}:refusals",
    )
    yield from _refused(promises, case, Refusal("model_not_found", "model", id=STRANGER))


def _case(promises: Promises, row: Promise, path: str, purpose: str, *, model: str = "") -> Case:
    case = Case(promises.provider.name, row.operation, row.method, path, purpose, model=model)
    return replace(case, expects=promises.expect(case))


def _refused(promises: Promises, case: Case, why: Refusal) -> Iterator[Case]:
    """Yield the case with the refusal that the contract names; nothing where it names none."""
    try:
        expects = promises.expect(case, why)
    except LookupError:
        return
    broken = case.broken or f"{case.purpose.replace(' ', '-')}"
    yield replace(case, expects=expects, broken=broken)
