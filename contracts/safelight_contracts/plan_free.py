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
from safelight_contracts.sending import as_json

NOWHERE = "/safelight-no-such-path"
STRANGER = "safelight-no-such-model"
"""A model's name that nobody has."""

_MANNERS: tuple[tuple[Key, str, str], ...] = (
    ("none", "missing_key", "without a key"),
    ("wrong", "wrong_key", "with a key that is wrong"),
)
_MEDIA = {"json": "application/json", "form": "multipart/form-data"}
_NEEDED = ("prompt", "messages", "input", "values")
"""What a request asks with: without it nobody can answer."""


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
        yield from refused(promises, case, Refusal("model_not_found", "model", id=STRANGER))


def open_doors(promises: Promises) -> Iterator[Case]:
    """Yield each list that asks for a key, without one and with a wrong one."""
    for row in promises.rows:
        if row.method == "GET" and "{" not in row.path and not row.open:
            case = _case(promises, row, row.path, f"GET {row.path}")
            yield from _keyless(promises, case, f"{row.below}{row.operation}:keys")


def keys(promises: Promises, row: Promise, base: Case) -> Iterator[Case]:
    """Yield an operation's cheapest request without a key and with a wrong one.

    What it asks with is left out: who forgets to look at the key refuses it all the same.
    """
    params = {name: value for name, value in base.params.items() if name not in _NEEDED}
    case = replace(base, params=params, purpose=f"{row.method} {row.path}")
    yield from _keyless(promises, case, f"{row.below}{row.operation}:keys")


def _keyless(promises: Promises, case: Case, family: str) -> Iterator[Case]:
    for key, name, says in _MANNERS:
        asked = replace(case, key=key, purpose=f"{case.purpose} {says}", family=family)
        yield from refused(promises, asked, Refusal(name, masked=ANY), nameless=True)


def routes(promises: Promises) -> Iterator[Case]:
    """Yield a path that is none, and a method that each path does not have."""
    provider = promises.provider.name
    case = Case(provider, "", "GET", NOWHERE, "a path that is none", family="routes")
    yield from refused(promises, case, Refusal("unknown_path"))
    known = {(row.method, row.path) for row in promises.rows}
    for path in dict.fromkeys(row.path for row in promises.rows if "{" not in row.path):
        if ("PUT", path) not in known:
            says = f"PUT {path}, a method that it does not have"
            case = Case(provider, "", "PUT", path, says, family="routes")
            yield from refused(promises, case, Refusal("wrong_method"))


def bodies(promises: Promises, row: Promise, base: Case) -> Iterator[Case]:
    """Yield bodies that cannot be read, made of a request that could be."""
    if row.model_header or base.body != "json":
        return
    whole = as_json(base.params)
    for says, raw, kind, name in (
        ("broken JSON", whole[:-1], "application/json", "bad_json"),
        ("JSON that is no object", b"[" + whole + b"]", "application/json", "bad_json"),
        ("JSON that is called text", whole, "text/plain", "wrong_content_type"),
    ):
        case = replace(
            base,
            purpose=f"{says}: {row.method} {row.path}",
            body="raw",
            raw=raw,
            content_type=kind,
            broken=f"body:{name}",
            family=f"{row.below}{row.operation}:bodies",
        )
        told = {"reason": ANY, "content_type": kind, "accepted": _MEDIA[next(iter(row.bodies))]}
        yield from refused(promises, case, Refusal(name, **told), nameless=True)


def unserved(promises: Promises, case: Case) -> Iterator[Case]:
    """Yield a good request to a model that is listed and that nobody serves."""
    why = promises.provider.catalog.known(case.model)
    name = str(why.traits["unserved"]) if why else ""
    told = replace(case, purpose="a model that is listed and not served", broken="model:unserved")
    told = replace(told, family=f"{case.operation}:unserved")
    yield from refused(promises, told, Refusal(name, "model"))


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
    yield from refused(promises, case, Refusal("model_not_found", "model", id=STRANGER))


def _case(promises: Promises, row: Promise, path: str, purpose: str, *, model: str = "") -> Case:
    case = Case(promises.provider.name, row.operation, row.method, path, purpose, model=model)
    return replace(case, expects=promises.expect(case))


def refused(
    promises: Promises, case: Case, why: Refusal, *, nameless: bool = False
) -> Iterator[Case]:
    """Yield the case with the refusal that the contract names; nothing where it names none.

    `nameless`: the refusal comes before anybody has read which model is meant.
    """
    try:
        expects = promises.expect(replace(case, model="") if nameless else case, why)
    except LookupError:
        return
    yield replace(case, expects=expects, broken=case.broken or why.name)
