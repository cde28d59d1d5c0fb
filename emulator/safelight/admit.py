"""The step that says whether a request is one the provider would take.

In the order that was measured live: a model is named, the model exists, then the body against the
schema as that model narrows it on that day. Lenient judges the bare shape and drops what a model
would refuse, so that the reply can still be made.

What must not enter: how a body is read (`read.py`), wording, what no schema can say.
"""

from __future__ import annotations

from safelight.catalog import Model
from safelight.dialects.base import Visit
from safelight.errors import Failure
from safelight.messages import Json
from safelight.phrases import path_text
from safelight.read import as_json
from safelight.refusals import Refusal
from safelight.schemas import Schema
from safelight.violations import Violation


def admit(visit: Visit) -> Failure | None:
    """Return the refusal that this body deserves, or None. Settles the model and parameters."""
    name = visit.dialect.schema_name(visit)
    if name is None:
        return None
    catalog = visit.dialect.provider.catalog
    base = catalog.schema(name)
    properties = base.document.get("properties", {})
    if "model" in properties:
        shape_first = visit.dialect.shape_first and not visit.lenient
        violation = base.check(visit.dialect.seen(visit)) if shape_first else None
        violation = violation or _choose_model(visit, base)
        if violation:
            return _violated(visit, violation)
    model = visit.model
    schema = catalog.narrowed(name, visit.operation, model, visit.day) if model else base
    if visit.lenient:
        return _lenient(visit, base, schema)
    visit.params = _tidied(visit.params, schema)
    violation = schema.check(visit.dialect.seen(visit))
    return _violated(visit, violation) if violation else None


def _violated(visit: Visit, violation: Violation) -> Failure:
    visit.violations.append(f"{path_text(violation.at)}: {violation.rule or violation.keyword}")
    return visit.dialect.provider.errors.violated(violation, visit.situation())


def _choose_model(visit: Visit, base: Schema) -> Violation | None:
    """Settle the model: named, or by default. Raises Refusal when nobody answers to the name."""
    provider = visit.dialect.provider
    asked = as_json({"model": visit.params.get("model")})["model"]
    default = None
    if visit.lenient or "model" not in visit.params:
        default = provider.default_model(
            visit.operation, visit.day, visit.params, lenient=visit.lenient
        )
    if "model" not in visit.params:
        if default is None:
            return Violation(("model",), "required", limit=True)
        asked = default
    elif asked is None and visit.lenient:
        asked = default
    else:
        part = base.part("model")
        found = None if _plain_text(part.document, asked) else part.check(asked)
        if found:
            return Violation(("model",), found.keyword, found.limit, asked, None, part.document)
    visit.model_name = str(asked)
    visit.model = _lookup(visit, str(asked), default)
    return None


def _plain_text(part: Json, asked: Json) -> bool:
    """Tell at a glance that a model's name is well formed, which it nearly always is."""
    return isinstance(asked, str) and bool(asked) and part.get("type") == "string"


def _lookup(visit: Visit, asked: str, default: str | None) -> Model | None:
    catalog = visit.dialect.provider.catalog
    found = catalog.get(asked, visit.day) or visit.dialect.provider.stand_in(asked)
    if found and visit.operation in found.operations:
        return found
    if visit.lenient:
        fallback = catalog.known(asked) or (catalog.known(default) if default else None)
        if fallback and visit.operation not in fallback.operations and default:
            fallback = catalog.known(default)
        return fallback
    if found:
        paths = visit.dialect.paths(found)
        raise Refusal("model_not_for_operation", "model", id=asked, paths=paths)
    gone = catalog.known(asked)
    retired = bool(gone and gone.until and gone.until <= visit.day)
    raise Refusal("model_retired" if retired else "model_not_found", "model", id=asked)


def _tidied(params: dict[str, Json], schema: Schema) -> dict[str, Json]:
    """Drop a null where the schema allows one: it means absent. JSON's 2.0 is the integer 2."""
    if all(isinstance(value, (str, int, list, dict)) for value in params.values()):
        return params
    properties = schema.document.get("properties", {})
    return {
        key: int(value) if _whole(value) and takes(properties.get(key), "integer") else value
        for key, value in params.items()
        if value is not None or not takes(properties.get(key), "null")
    }


def _whole(value: Json) -> bool:
    return isinstance(value, float) and value.is_integer()


def takes(schema: Json, kind: str) -> bool:
    """Tell whether a property may be of that JSON type."""
    if not isinstance(schema, dict):
        return False
    kinds = schema.get("type", ())
    if kind in ((kinds,) if isinstance(kinds, str) else kinds):
        return True
    return any(takes(branch, kind) for branch in schema.get("anyOf", ()))


def _lenient(visit: Visit, base: Schema, narrowed: Schema) -> Failure | None:
    """Refuse a missing or mistyped field of the bare shape; drop everything else that offends."""
    visit.params = _tidied(visit.params, base)
    for violation in base.violations(visit.dialect.seen(visit)):
        if (
            violation.keyword in ("required", "type")
            and len(violation.at) == 1
            and not violation.rule
        ):
            return _violated(visit, violation)
    for schema in (base, narrowed):
        while heads := _offending(visit, schema) - set(base.document.get("required", ())):
            # and again: what is left may break a rule that spoke of both
            visit.params = {k: v for k, v in visit.params.items() if k not in heads}
    return None


def _offending(visit: Visit, schema: Schema) -> set[str]:
    """Return the fields of a request that the schema refuses."""
    found = schema.violations(visit.dialect.seen(visit))
    heads = {str(v.at[0]) for v in found if v.at and v.keyword != "required"}
    return heads & set(visit.params)
