"""The judge: contract checks of live endpoints and of clients, drawn from the emulator's schemas.

May read schemas, the catalogue and the dialects' tables; never core, operations or app. What users
import is loaded when it is first named: the package itself weighs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from safelight_contracts.client import client_contract
    from safelight_contracts.endpoint_tests import EndpointCase, endpoint_cases

__all__ = ["EndpointCase", "client_contract", "endpoint_cases"]

_ROOMS = {
    "EndpointCase": "safelight_contracts.endpoint_tests",
    "client_contract": "safelight_contracts.client",
    "endpoint_cases": "safelight_contracts.endpoint_tests",
}
"""Where each public name is found."""


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever a room calls so
    """Load a name of the public interface."""
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_ROOMS[name]), name)


def __dir__() -> list[str]:
    """List the public names."""
    return sorted({*globals(), *_ROOMS})
