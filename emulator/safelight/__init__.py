"""Safelight: an offline emulator of image-generation APIs that speak OpenAI's language.

Nothing is imported here, so that the pytest plugin and the command line load only what they use;
the names below are loaded when they are asked for.
"""

__version__ = "0.1.0"

_ROOMS = {
    "Emulator": "inprocess",
    "Escaped": "guard",
    "Leftover": "leftover",
    "Picture": "assertions",
    "Recorded": "recorded",
    "Spend": "recorded",
    "UsageError": "refusals",
    "World": "world",
    "assert_image": "assertions",
    "assert_only_masked_changed": "assertions",
    "assert_same_picture": "assertions",
}
"""Where each public name is found; `__init__.pyi` tells the same to type checkers."""


def __getattr__(name: str) -> object:
    """Load a name of the public interface."""
    if name not in _ROOMS:
        raise AttributeError(f"module 'safelight' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"safelight.{_ROOMS[name]}"), name)


def __dir__() -> list[str]:
    """List the public names."""
    return sorted([*globals(), *_ROOMS])
