"""Together.ai's control plane as its Python client calls it: supported models, and a project's own.

Shapes: facts together.md 8.3 (together-py 3.1.1: types/*.py). Names of a project or an organisation
are taken as they come; a session keeps the models that were registered in it. What must not enter:
images, chat.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import NoReturn
from urllib.parse import parse_qs
from uuid import UUID

from safelight.catalog import Model
from safelight.dialects.base import JSON, Route, Visit
from safelight.messages import Json
from safelight.refusals import Refusal

_OWN = "/v2/projects/{project}/models"
_ONE = "/v2/projects/{project}/models/{id}"
_IMPORTS = "/v2/projects/{project}/models/uploads"
ROUTES = (
    Route("GET", "/v2/supported-models", "hub.supported"),
    Route("GET", "/v2/supported-models/{id}", "hub.supported_one"),
    Route("GET", "/v2/organizations/{organization}/models", "hub.list"),
    Route("POST", _IMPORTS, "hub.import", {JSON: "hub.import.request"}),
    Route("GET", _IMPORTS, "hub.imports"),
    Route("GET", _IMPORTS + "/{id}/events", "hub.import_events"),
    Route("GET", _IMPORTS + "/{id}", "hub.import_get"),
    Route("POST", _OWN, "hub.create", {JSON: "hub.create.request"}),
    Route("GET", _OWN, "hub.list"),
    Route("GET", _ONE + "/files", "hub.files"),
    Route("GET", _ONE + "/revisions", "hub.revisions"),
    Route("GET", _ONE, "hub.get"),
    Route("PATCH", _ONE, "hub.update", {JSON: "hub.update.request"}),
    Route("DELETE", _ONE, "hub.delete"),
    Route("GET", "/v2/projects/{project}/configs", "hub.configs"),
    Route("GET", "/v2/projects/{project}/configs/{id}", "hub.config"),
)
_KINDS = {
    "image": ("CAPABILITY_IMAGE_GENERATION", "MODALITY_IMAGE"),
    "chat": ("CAPABILITY_CHAT", "MODALITY_TEXT"),
}
_PAGE = 100


def ordered(visit: Visit) -> Json:
    """Return the reply to the older order to upload a model: a job has been made (facts 3)."""
    data = {
        "job_id": f"job-{_uuid(visit, 'job')}",
        "model_name": visit.params["model_name"],
        "model_id": f"model-{_uuid(visit, 'model')}",
        "model_source": visit.params["model_source"],
    }
    return {"data": data, "message": "Processing model weights. Job created."}


def answer(visit: Visit, models: Sequence[Model]) -> Json:
    """Return what one of ROUTES answers. Raises Refusal("hub_not_found")."""
    name = visit.operation.partition(".")[2]
    if name.startswith("supported"):
        return _supported(visit, models)
    act: Callable[[Visit], Json] = _ACTS[name]
    return act(visit)


def _list(items: Sequence[Json], visit: Visit) -> Json:
    """Return a page: at most `limit` items, beginning behind the one whose id is `after`."""
    query = parse_qs(visit.request.query)
    after, limit = query.get("after", [""])[0], query.get("limit", ["0"])[0]
    ids = [item["id"] for item in items]
    start = ids.index(after) + 1 if after in ids else 0
    size = int(limit) if limit.isdigit() and int(limit) else _PAGE
    page = items[start : start + size]
    more = start + size < len(items)
    return {"object": "list", "data": page, **({"next_cursor": page[-1]["id"]} if more else {})}


def _supported(visit: Visit, models: Sequence[Model]) -> Json:
    entries = [_entry(model) for model in models]
    if visit.operation == "hub.supported_one":
        name = visit.arguments["id"]
        found = next((e for e in entries if name in (e["id"], e["name"])), None)
        if found is None and visit.lenient:
            found = {**entries[0], "id": name}
        return found or _missing(name)
    query = parse_qs(visit.request.query)
    search = query.get("search", [""])[0].lower()
    kept = [e for e in entries if search in f"{e['id']} {e['displayName']}".lower()]
    for key, field in (("modality", "inputModalities"), ("product", "products")):
        wanted = query.get(key, [""])[0]
        kept = [e for e in kept if not wanted or wanted in e[field]]
    return _list(kept, visit)


def _entry(model: Model) -> dict[str, Json]:
    """Return a catalogue row as SupportedModel."""
    capability, made = _KINDS[model.kind]
    dedicated = bool(model.traits.get("unserved"))
    moment = _moment(model.created)
    return {
        "id": model.id.replace("/", "--"),
        "name": model.id,
        "baseModel": "",
        "baseModelId": "",
        "displayName": model.entry["display_name"],
        "displayType": model.kind,
        "publisher": model.owned_by,
        "createdAt": moment,
        "updatedAt": moment,
        "status": "SUPPORTED_MODEL_STATUS_SUPPORTED",
        "capabilities": [capability],
        "deploymentProfiles": [],
        "inputModalities": ["MODALITY_TEXT"],
        "outputModalities": [made],
        "products": ["PRODUCT_DEDICATED" if dedicated else "PRODUCT_SERVERLESS"],
    }


def _moment(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _uuid(visit: Visit, word: str) -> str:
    told = f"{visit.request_id}{word}".encode()
    return str(UUID(bytes=blake2b(told, digest_size=16).digest()))


def _create(visit: Visit) -> Json:
    name = f"model-{_uuid(visit, 'model')}"
    made = _model(visit, name, visit.params)
    visit.session.documents.put(("model", name), made)
    return made


def _model(visit: Visit, name: str, given: dict[str, Json]) -> dict[str, Json]:
    project = visit.arguments.get("project", "project")
    told = str(given.get("name", name))
    return {
        "id": name,
        "name": told if "/" in told else f"{project}/{told}",
        "organizationId": visit.arguments.get("organization", "organization"),
        "projectId": project,
        "visibility": "VISIBILITY_PRIVATE",
        "weights": {"type": "WEIGHTS_TYPE_DEFAULT"},
        "baseModelId": given.get("baseModelId", ""),
        "description": given.get("description", ""),
    }


def _own(visit: Visit) -> list[Json]:
    """Return the models of a project; of an organisation, all that the session knows."""
    project = visit.arguments.get("project")
    kept = [item for item in visit.session.documents.values() if "weights" in item]
    return [item for item in kept if project in (None, item["projectId"])]


def _get(visit: Visit) -> Json:
    name = visit.arguments["id"]
    found = next((item for item in _own(visit) if item["id"] == name), None)
    if found is None and visit.lenient:
        found = _model(visit, name, {})
    return found or _missing(name)


def _update(visit: Visit) -> Json:
    names = ("name", "description", "visibility")
    changed = {**_get(visit), **{k: visit.params[k] for k in names if k in visit.params}}
    visit.session.documents.put(("model", changed["id"]), changed)
    return changed


def _delete(visit: Visit) -> Json:
    visit.session.documents.drop(("model", _get(visit)["id"]))
    return {}


def _parts(visit: Visit) -> Json:
    """Return the files or revisions of a model: no weights were ever uploaded here."""
    _get(visit)
    return {"object": "list", "data": []}


def _import(visit: Visit) -> Json:
    job = _job(visit, f"upload-{_uuid(visit, 'upload')}", visit.params)
    visit.session.documents.put(("import", job["id"]), job)
    return job


def _job(visit: Visit, name: str, given: dict[str, Json]) -> dict[str, Json]:
    """Return a job that is done: nothing is fetched, so nothing takes time."""
    return {
        "id": name,
        "createdAt": _moment(visit.now),
        "modelId": given.get("modelId", ""),
        "projectId": visit.arguments["project"],
        "remoteUrl": given.get("remoteUrl", ""),
        "status": "REMOTE_UPLOAD_STATUS_SUCCEEDED",
        "updatedAt": _moment(visit.now),
    }


def _imports(visit: Visit) -> list[Json]:
    kept = [item for item in visit.session.documents.values() if "remoteUrl" in item]
    return [item for item in kept if item["projectId"] == visit.arguments["project"]]


def _import_get(visit: Visit) -> Json:
    name = visit.arguments["id"]
    found = next((job for job in _imports(visit) if job["id"] == name), None)
    if found is None and visit.lenient:
        found = _job(visit, name, {})
    return found or _missing(name)


def _import_events(visit: Visit) -> Json:
    job = _import_get(visit)
    said = {"level": "LEVEL_INFO", "type": "status", "message": "Import finished."}
    event = {"id": f"{job['id']}-1", "createdAt": job["createdAt"], **said}
    return {"object": "list", "data": [event]}


def _config(visit: Visit) -> Json:
    """Return a configuration where any is taken for known; none is offered else."""
    name = visit.arguments["id"]
    if not visit.lenient:
        _missing(name)
    project = visit.arguments["project"]
    told = {"referenceModel": f"projects/{project}/models/model", "referenceModelId": "model"}
    return {"id": name, "certifications": [], "projectId": project, **told, "selectors": []}


def _missing(name: str) -> NoReturn:
    raise Refusal("hub_not_found", id=name)


_ACTS: dict[str, Callable[[Visit], Json]] = {
    "create": _create,
    "list": lambda visit: _list(_own(visit), visit),
    "get": _get,
    "update": _update,
    "delete": _delete,
    "files": _parts,
    "revisions": _parts,
    "import": _import,
    "imports": lambda visit: _list(_imports(visit), visit),
    "import_get": _import_get,
    "import_events": _import_events,
    "configs": lambda visit: _list([], visit),
    "config": _config,
}
