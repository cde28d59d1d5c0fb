"""Questions about files that no decoder takes, and masks that do not fit: each wrong in one thing.

They stand on an operation's cheapest form, with the sample pictures of `fixtures/pictures` in it.
What must not enter: sending; what a refusal has to be like.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from safelight.messages import Json, Upload
from safelight.refusals import Refusal

from safelight_contracts.cases import Case
from safelight_contracts.plan_free import refused
from safelight_contracts.promises import ANY, Promise, Promises
from safelight_contracts.samples import Sample, sample

_FILES = (
    ("image", "text.png", "image_unreadable", "a text that is called a picture"),
    ("image", "corrupt.png", "image_unreadable", "a picture with a byte turned over"),
    ("image", "truncated.jpg", "image_unreadable", "half a picture"),
    ("mask", "text.png", "mask_unreadable", "a text that is called a mask"),
    ("mask", "mask-grey.png", "mask_without_alpha", "a mask without an alpha channel"),
    ("mask", "mask-other-size.png", "mask_size", "a mask of another size"),
)


def pictures(promises: Promises, row: Promise, base: Case) -> Iterator[Case]:
    """Yield a form with one bad file in it for each way a file can be bad.

    Nothing where the operation takes no such file, no error row speaks of it, or the model keeps to
    no mask and so need not read one.
    """
    if base.body != "form" or "image" not in base.params:
        return
    properties = promises.request(row, base.model, "form").document.get("properties", {})
    masked = promises.promised(row.mask, base.model)
    for field, name, refusal, says in _FILES:
        if field not in properties or (field == "mask" and not masked):
            continue
        params = {**base.params, "image": _in_place(base.params["image"], sample("scene.png"))}
        params[field] = _in_place(base.params.get(field), sample(name))
        case = replace(
            base,
            params=params,
            purpose=f"{says}: {row.method} {row.path}",
            broken=f"{field}:{refusal}",
            family=f"{row.operation}:pictures",
        )
        facts = {"number": 1, "reason": ANY, "mode": sample(name).mode or ANY}
        yield from refused(promises, case, Refusal(refusal, field, **facts))


def _in_place(given: Json, new: Sample) -> Json:
    """Return the file in the form that the field has: alone or in a list."""
    upload: Upload = new.upload()
    return [upload] if isinstance(given, list) else upload
