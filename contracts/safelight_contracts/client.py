"""`@client_contract`: a pytest test that runs a client against everything the contract allows.

The decorated function is the client: it gets its fixtures once, is run many times, and what it
returns is its output. What must not enter: how replies are changed, what is held against a client.
"""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from safelight.provider import Provider, load_provider
from safelight.refusals import UsageError

from safelight_contracts.client_door import Ask, Door, in_place, over_http
from safelight_contracts.client_function import Function
from safelight_contracts.client_results import LENSES, MUST_DETECT, Options, Report
from safelight_contracts.client_run import Campaign
from safelight_contracts.client_slips import check_operation, check_time
from safelight_contracts.client_told import failure, unchecked

Test = Callable[..., Any]
_WORLDS = ("safelight", "safelight_server")


def client_contract(  # noqa: PLR0913 - what a test may say about its client
    *,
    provider: str,
    operation: str = "*",
    lenses: Sequence[str] = LENSES,
    must_detect: Sequence[str] = MUST_DETECT,
    max_examples: int = 100,
    timeout: float = 10.0,
    retry_after: float = 1.0,
    seconds: float = 300.0,
    secrets: Sequence[str] = (),
    holds: Callable[[Any], object] | None = None,
    seed: int = 0,
) -> Callable[[Test], Test]:
    """Run the decorated test function as a client, so often, and judge what it does.

    `provider` is whose error rows are read, `operation` a glob: whose replies are changed.
    `must_detect` names what is planted: truncated_stream, html_200, wrong_bytes, and every fault
    that `safelight faults` lists. `timeout` is how many seconds one call may take, `seconds` all of
    them; `retry_after` what refusals ask for. `secrets` are keys, beside those in the environment,
    that must not be told. `holds(result)` says whether an output is good. The function succeeds by
    returning, and fails by raising, or by returning None or False where it plainly does not. It
    takes `safelight`, or `safelight_server` for a client on another stack; without either it gets
    the first. Raises UsageError for a slip, and AssertionError with every finding and its fixture.
    """
    options = Options(
        operation=operation,
        lenses=tuple(lenses),
        must_detect=tuple(must_detect),
        examples=max_examples,
        seconds=seconds,
        retry_after=retry_after,
        seed=seed,
        secrets=tuple(secrets),
    )
    told = load_provider(provider)
    check_operation(operation, provider)
    check_time("timeout", timeout)

    def decorate(test: Test) -> Test:
        signature = inspect.signature(test)
        own = [name for name in _WORLDS if name in signature.parameters]
        keyword = inspect.Parameter.KEYWORD_ONLY
        added = [] if own else [inspect.Parameter(_WORLDS[0], keyword)]

        @functools.wraps(test)
        def run(**arguments: Any) -> None:  # noqa: ANN401 - the test's fixtures
            __tracebackhide__ = True
            world = arguments[(own or _WORLDS)[0]]
            if not own:
                del arguments[_WORLDS[0]]
            client = Function(test, arguments, timeout, holds, _folders(arguments))
            report = judge_function(client, world, told, options)
            words = failure(report, told.name)
            asked = () if must_detect is MUST_DETECT else must_detect
            words = words or unchecked(report, asked)  # what nobody asked for may be missing
            if words:
                raise AssertionError(words)

        del run.__wrapped__  # pytest would look through it, and miss the world
        run.__signature__ = signature.replace(  # type: ignore[attr-defined]  # pytest reads it
            parameters=[*signature.parameters.values(), *added], return_annotation=None
        )
        return run

    return decorate


def judge_function(
    client: Function,
    world: Any,  # noqa: ANN401 - the plugin's World, which the judge never imports
    provider: Provider,
    options: Options,
) -> Report:
    """Return what a run against a function finds, in the plugin's world."""
    known = (*options.secrets, *_keys(provider))
    day = getattr(getattr(world, "options", None), "as_of", None) or options.day
    wanted = Options(
        **{
            name: getattr(options, name)
            for name in Options.__slots__
            if name not in ("secrets", "day")
        },
        day=day,
        secrets=tuple(dict.fromkeys(key for key in known if key)),
    )
    door = Door(_way(world))
    return Campaign(client, lambda: door, provider, wanted).run()


def _way(world: Any) -> Ask:  # noqa: ANN401 - the plugin's World
    if not hasattr(world, "answer"):
        raise UsageError(f"expected the fixture safelight or safelight_server, got {world!r}")
    origin = getattr(world, "origin", None)
    return over_http(origin, world.name) if origin else in_place(world)


def _keys(provider: Provider) -> list[str]:
    """Return the keys that clients of the provider find in the environment."""
    names = (name for name, value in provider.env.items() if value == "{key}")
    return [os.environ[name] for name in names if name in os.environ]


def _folders(arguments: dict[str, Any]) -> tuple[Path, ...]:
    """Return the folders among a test's fixtures: where it writes."""
    paths = (value for value in arguments.values() if isinstance(value, Path))
    return tuple(path for path in paths if path.is_dir())
