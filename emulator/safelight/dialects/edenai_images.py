"""What Eden AI hands on to the provider of an image model (facts 2, 3, 6).

Unknown fields are forwarded, so nobody is refused for one; what the picture cannot obey is dropped
here, as a provider that does not know the field would. What must not enter: replies.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from safelight.dialects.base import Visit
from safelight.dialects.edenai_uploads import find
from safelight.messages import Call, Json, Upload
from safelight.refusals import Refusal


def _text(value: Json) -> bool:
    return isinstance(value, str)


def _whole(value: Json) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_OBEYED: dict[str, Callable[[Json], bool]] = {
    "prompt": _text,
    "n": _whole,
    "size": _text,
    "quality": _text,
    "response_format": _text,
    "style": _text,
    "seed": lambda value: _whole(value) and abs(value) < 2**63,
    "background": lambda value: value in ("transparent", "opaque", "auto"),
    "output_format": lambda value: value in ("png", "jpeg", "webp"),
    "output_compression": lambda value: _whole(value) and 0 <= value <= 100,
}
"""The fields that change the picture, and which values can. Streaming is not among them: it is
forwarded, but there is no pipeline for it, and the reply is JSON (facts 6)."""


def canonical(visit: Visit, call: Call, ratios: Mapping[str, str]) -> dict[str, Json]:
    """Return the parameters that the operation reads. Raises Refusal for absent files."""
    params = {k: v for k, v in call.params.items() if k in _OBEYED and _OBEYED[k](v)}
    size = params.get("size", "")
    if ":" in size:
        if size not in ratios:
            raise Refusal("ratio_unknown", "size", value=size)
        params["size"] = ratios[size]
    if visit.operation == "images.edit" and visit.body == "form":
        params |= {k: call.params[k] for k in ("image", "mask") if k in call.params}
    elif visit.operation == "images.edit":
        given = enumerate(call.params["images"])
        params["images"] = [_opened(visit, item, f"images[{i}]") for i, item in given]
        if call.params.get("mask") is not None:
            params["mask"] = _opened(visit, call.params["mask"], "mask")
    return params


def _opened(visit: Visit, item: Json, at: str) -> Json:
    """Return an image reference's file, or its URL where that is of a kind that is taken.

    Lenient takes any reference: what leads nowhere becomes a stand-in.
    """
    item = item if isinstance(item, dict) else {}
    url, name = item.get("image_url"), item.get("file_id")
    if isinstance(url, str):
        if not url.startswith(("https://", "data:")) and not visit.lenient:
            raise Refusal("invalid_image_url", f"{at}.image_url", url=url[:200])
        return {"image_url": url}
    kept = find(visit, str(name))
    if kept is not None:
        return Upload(kept.name, kept.media_type, kept.data)
    if visit.lenient:
        return {"file_id": str(name)}
    raise Refusal("upload_not_found", f"{at}.file_id", id=name)
