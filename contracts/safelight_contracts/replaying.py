"""What failed is kept in Hypothesis's example database, and comes first the next time.

A folder by default (`.hypothesis/examples`), or `redis://…` for several machines, or `github:` and
a repository whose CI keeps the folder as an artifact: that one is read, and written beside to the
folder. What must not enter: sending, judging.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from safelight.messages import Json, Upload
from safelight.read import as_json
from safelight.refusals import Refusal, UsageError
from safelight.violations import Violation

from safelight_contracts.cases import Case, Expectation
from safelight_contracts.findings import Outcome
from safelight_contracts.promises import ANY, Promises
from safelight_contracts.results import Run

if TYPE_CHECKING:
    from hypothesis.database import ExampleDatabase

DEFAULT = Path(".hypothesis/examples")
_FIELDS = ("provider", "operation", "method", "path", "purpose", "model", "body", "content_type")
_MORE = ("key", "broken", "family", "schema")


class Examples:
    """The cases of one provider that failed. Opened when first needed."""

    def __init__(self, where: str | None, provider: str) -> None:
        self._where = where
        self._key = f"safelight/endpoint/{provider}".encode()
        self._open: ExampleDatabase | None = None

    @property
    def database(self) -> ExampleDatabase:
        """The database. Raises UsageError for a place that is none."""
        if self._open is None:
            self._open = database(self._where)
        return self._open

    def cases(self, promises: Promises) -> Iterator[Case]:
        """Yield what failed before, with what the contract expects of it today.

        What cannot be read any more (another version wrote it) is passed over.
        """
        for stored in sorted(self.database.fetch(self._key)):
            case = restored(stored)
            if case is not None:
                yield promised(case, promises)

    def keep(self, run: Run) -> None:
        """Keep the cases that failed, and forget those that passed."""
        for result in run.results:
            if result.outcome is Outcome.FAILED:
                evidence = result.evidence
                for case in {result.case.id: result.case, **_smaller(evidence)}.values():
                    self.database.save(self._key, stored(case))
            elif result.outcome is Outcome.PASSED:
                self.database.delete(self._key, stored(result.case))


def _smaller(evidence: Any) -> dict[str, Case]:  # noqa: ANN401 - Evidence or None
    return {evidence.case.id: evidence.case} if evidence and evidence.confirmed else {}


def database(where: str | None) -> ExampleDatabase:
    """Return a database: a folder, `redis://host/0`, or `github:owner/repository`."""
    from hypothesis import database as kinds

    kind = (where or "").partition(":")[0]
    if where is None or (kind not in {"redis", "rediss", "github"} and "://" not in where):
        return kinds.DirectoryBasedExampleDatabase(_writable(Path(where) if where else DEFAULT))
    if kind in {"redis", "rediss"}:
        return _redis(where)
    owner, _, repository = where.removeprefix("github:").partition("/")
    if kind != "github" or not owner or not repository:
        known = "a folder, redis://host:6379/0 or github:owner/repository"
        raise UsageError(f"--database {where!r}: expected {known}")
    shared = kinds.ReadOnlyDatabase(kinds.GitHubArtifactDatabase(owner, repository))
    return kinds.MultiplexedDatabase(kinds.DirectoryBasedExampleDatabase(DEFAULT), shared)


def _writable(folder: Path) -> Path:
    """Return a folder that examples can be kept in; of one that cannot, Hypothesis says nothing."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".writable").touch()
        (folder / ".writable").unlink()
    except OSError as error:
        raise UsageError(f"--database {folder}: cannot be written: {error.strerror}") from error
    return folder


def _redis(where: str) -> ExampleDatabase:
    try:
        from hypothesis.extra.redis import RedisExampleDatabase
        from redis import Redis, RedisError
    except ImportError as error:
        needed = "needs `pip install 'safelight[redis]'`"
        raise UsageError(f"--database {where}: {needed}") from error
    client = Redis.from_url(where)
    try:
        client.ping()
    except (RedisError, OSError) as error:
        raise UsageError(f"--database {where}: nobody answers there: {error}") from error
    return RedisExampleDatabase(client)


def stored(case: Case) -> bytes:
    """Return a case as bytes: everything but what the contract expects of it."""
    told: dict[str, Json] = {name: getattr(case, name) for name in (*_FIELDS, *_MORE)}
    told["params"] = _packed(case.params)
    told["raw"] = base64.b64encode(case.raw).decode()
    told["headers"] = [list(pair) for pair in case.headers]
    told["refusal"] = case.expects.row
    return _dumps(told)


def restored(data: bytes) -> Case | None:
    """Return the case that was stored, its expectation unknown; None where it cannot be read."""
    import json

    try:
        told = json.loads(data)
        case = Case(
            **{name: told[name] for name in (*_FIELDS, *_MORE)},
            params=_unpacked(told["params"]),
            raw=base64.b64decode(told["raw"]),
            headers=tuple((name, value) for name, value in told["headers"]),
        )
        return replace(case, expects=Expectation(row=told["refusal"]))
    except (ValueError, KeyError, TypeError):
        return None


def promised(case: Case, promises: Promises) -> Case:
    """Return a case with what the contract expects of it on the promises' day."""
    told = case.expects.row
    if told is None:
        return replace(case, expects=promises.expect(case))
    why = reason(case, promises)
    try:
        named = replace(case, model="") if case.key != "good" else case
        expects = promises.expect(named, why) if why is not None else None
    except LookupError:
        expects = None
    if expects is None:
        row = next((row for row in promises.provider.errors.rows if row.id == told), None)
        expects = Expectation(status=row.status if row else 400, row=told, unverified=True)
    return replace(case, expects=expects)


def reason(case: Case, promises: Promises) -> Violation | Refusal | None:
    """Return the one fault of a case today; None where it has a kind of fault that nobody names."""
    if case.key != "good":
        return Refusal("missing_key" if case.key == "none" else "wrong_key", masked=ANY)
    row = promises.row_of(case)
    if row is None or case.body not in row.bodies:
        return None
    model = promises.model(case.model)
    schema = promises.request(row, model or "", case.body)
    params = {**case.params, **({"model": case.model} if row.model_header else {})}
    found = schema.violations(as_json(params))
    return found[0] if len(found) == 1 else None


def _packed(value: Json) -> Json:
    if isinstance(value, Upload):
        data = base64.b64encode(value.data).decode()
        return {"$upload": [value.filename, value.content_type, data]}
    if isinstance(value, dict):
        return {key: _packed(item) for key, item in value.items()}
    return [_packed(item) for item in value] if isinstance(value, (list, tuple)) else value


def _unpacked(value: Json) -> Json:
    if isinstance(value, dict):
        if set(value) == {"$upload"}:
            name, kind, data = value["$upload"]
            return Upload(name, kind, base64.b64decode(data))
        return {key: _unpacked(item) for key, item in value.items()}
    return [_unpacked(item) for item in value] if isinstance(value, list) else value


def _dumps(value: Json) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:
        import json

        return json.dumps(value).encode()
