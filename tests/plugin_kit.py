"""What the tests of the plugin share: inner tests as text, and how they are run.

What is imported here the inner runs find loaded, which spares each of them a second.
"""

from __future__ import annotations

import aiohttp  # noqa: F401
import httpcore  # noqa: F401
import httpcore2  # noqa: F401
import httpx2  # noqa: F401
import openai  # noqa: F401
import pytest
import requests  # noqa: F401
from safelight import background, intercept, plugin_room

LOADED = (background, intercept, plugin_room)

HEAD = """
import base64, os, unittest
import httpx, httpx2, openai, pytest
from openai import AsyncOpenAI, OpenAI

def draw(**more):
    return OpenAI().images.generate(model="gpt-image-2", prompt="a lamp", **more)

"""
FLAGS = ("-p", "no:cacheprovider", "-p", "no:randomly", "-o", "asyncio_mode=strict")
FLAGS += ("-o", "asyncio_default_fixture_loop_scope=function", "-W", "error")


def run(pytester: pytest.Pytester, code: str, *flags: str) -> pytest.RunResult:
    """Run the inner tests; warnings are errors there too."""
    pytester.makepyfile(HEAD + code)
    return pytester.runpytest_inprocess(*FLAGS, *flags)
