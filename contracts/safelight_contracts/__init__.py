"""The judge: contract checks of live endpoints and of clients, drawn from the emulator's schemas.

May read schemas, the catalogue and the dialects' tables; never core, operations or app. What users
import is loaded when it is first named: the package itself weighs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from safelight_contracts.endpoint_tests import EndpointCase, endpoint_cases

__all__ = ["EndpointCase", "endpoint_cases"]

_ROOMS = {
    "EndpointCase": "safelight_contracts.endpoint_tests",
    "endpoint_cases": "safelight_contracts.endpoint_tests",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever a room calls so
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_ROOMS[name]), name)
