"""Pictures that are not what the reply says they are: faults of the kind `picture`.

Jobs are bent before they are drawn, so every dialect, body, stream and URL lies alike. What must
not enter: wire shapes, providers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from safelight.operations.images import Job
from safelight.pixels import Rendered

Jobs = tuple[Job, ...]


def lie(jobs: Jobs, name: str, *, as_url: bool = False) -> Jobs:
    """Return the jobs as the fault `name` leaves them: fewer, other, or marked to be spoilt.

    `as_url` tells that the reply links to them. Jobs that cannot show the fault stay the same.
    """
    if not all(_shows(job, name, as_url=as_url) for job in jobs):
        return jobs
    return _LIES[name](jobs)


def _shows(job: Job, name: str, *, as_url: bool) -> bool:
    """Tell whether a job has what the fault spoils."""
    if name in ("corrupt_base64", "data_uri_prefix"):
        return not as_url
    if name == "expired_url":
        return as_url
    if name == "unchanged_input":
        return bool(job.inputs.pictures)
    return name != "mask_ignored" or job.inputs.mask is not None


def _each(change: Callable[[Job], Job]) -> Callable[[Jobs], Jobs]:
    return lambda jobs: tuple(change(job) for job in jobs)


def _marked(name: str) -> Callable[[Jobs], Jobs]:
    return _each(lambda job: replace(job, spoilt=name))


def _other_format(job: Job) -> Job:
    other = "png" if job.encoding.format == "jpeg" else "jpeg"
    opaque = replace(job.brief, transparent=False)
    encoding = replace(job.encoding, format=other)
    return replace(job, brief=opaque, encoding=encoding, called=job.label)


def _smaller(job: Job) -> Job:
    half = replace(job.brief, width=max(16, job.brief.width // 2), height=job.brief.height)
    return replace(job, brief=half)


def _without_mask(job: Job) -> Job:
    """Drop the mask; the mark keeps the picture apart from the honest one in the cache."""
    return replace(job, inputs=replace(job.inputs, mask=None), spoilt="mask_ignored")


_LIES: dict[str, Callable[[Jobs], Jobs]] = {
    "jpeg_labelled_png": _each(_other_format),
    "wrong_size": _each(_smaller),
    "truncated_picture": _marked("truncated_picture"),
    "corrupt_base64": _marked("corrupt_base64"),
    "data_uri_prefix": _marked("data_uri_prefix"),
    "expired_url": _marked("expired_url"),
    "fewer_pictures": lambda jobs: jobs[:-1],
    "empty_data": lambda _: (),
    "unchanged_input": _marked("unchanged_input"),
    "mask_ignored": _each(_without_mask),
}
"""What each fault of the kind `picture` does; a test holds it against FAULTS."""


def spoil(job: Job, rendered: Rendered) -> Rendered:
    """Return a rendered picture as its job's lie leaves the file."""
    if job.spoilt == "truncated_picture":
        return replace(rendered, data=rendered.data[: len(rendered.data) // 2])
    if job.spoilt == "unchanged_input" and job.inputs.pictures:
        return replace(rendered, data=job.inputs.pictures[0].data)
    return rendered


def spoil_text(job: Job, text: bytes) -> bytes:
    """Return a picture's base64 as its job's lie leaves it."""
    if job.spoilt == "corrupt_base64":
        middle = len(text) // 2
        return text[:middle] + b"*~*" + text[middle + 3 :]
    if job.spoilt == "data_uri_prefix":
        return b"data:image/png;base64," + text
    return text
