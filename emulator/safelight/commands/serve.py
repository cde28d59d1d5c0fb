"""`safelight serve`: every provider behind a socket, until Ctrl-C.

What must not enter: how a request is answered; what another program would want to call.
"""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from time import time
from typing import TYPE_CHECKING, Any

import click

from safelight import __version__
from safelight.commands import canned
from safelight.commands.values import FOLDER, day, pace, room, seed, setting, size

if TYPE_CHECKING:
    from collections.abc import Callable

    from safelight.core import Emulator, Settings
    from safelight.links import Fetch

_WARM_AFTER = 0.1
"""Seconds from listening to loading what pictures need: the first request goes first."""

_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - read, not bound
"""What to write into a base URL for an address that means all of this machine's."""


@click.command(
    epilog="Every option can be set in the environment too: --max-body as SAFELIGHT_MAX_BODY, what "
    "may be repeated with a value on each line."
)
@setting("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@setting(
    "--port", default=4010, show_default=True, type=click.IntRange(0, 65535), help="0: a free one."
)
@setting("--provider", help="The provider that /v1 speaks as; all are served at /<name>.")
@setting("--lenient", is_flag=True, help="Refuse only what breaks the shape of the schema.")
@setting(
    "--as-of", type=day, metavar="DATE", help="Serve the contract of that day.  [default: today]"
)
@setting(
    "--seed",
    type=seed,
    default="0",
    show_default=True,
    metavar="INTEGER|random",
    help="Pictures, ids and times follow from it.",
)
@setting(
    "--dialect",
    "dialects",
    type=FOLDER,
    multiple=True,
    help="Serve a provider from this folder too; see docs/adding-a-provider.md.",
)
@setting(
    "--fetch-remote",
    is_flag=True,
    help="Follow links to input pictures on the public network.  [default: draw a stand-in]",
)
@setting("--api-key", "api_keys", multiple=True, help="Accept only this key; may be repeated.")
@setting(
    "--max-body",
    type=size,
    default="64MiB",
    show_default=True,
    metavar="SIZE",
    help="Larger request bodies are answered with 413.",
)
@setting(
    "--read-timeout",
    type=click.FloatRange(0, min_open=True),
    default=60.0,
    show_default=True,
    help="Seconds of silence in a body, and seconds for a whole head (hypercorn only).",
)
@setting(
    "--fault",
    "faults",
    multiple=True,
    metavar="FAULT",
    help="What goes wrong in every session, as 'rate_limited@0.1'; see `safelight faults`.",
)
@setting(
    "--rate-limit",
    "limits",
    multiple=True,
    metavar="LIMIT",
    help="A real limit for each key, model and operation: 'images=5/minute; model=NAME'.",
)
@setting(
    "--latency",
    type=click.Choice(["none", "realistic"]),
    default="none",
    show_default=True,
    help="realistic: answers take as long as they do live, streams come bit by bit.",
)
@setting("--speed", type=pace, default="1x", show_default=True, help="Divides those times: 10x.")
@setting(
    "--fixtures",
    type=click.Path(exists=True, path_type=Path),
    multiple=True,
    metavar="DIR",
    help="Answer with the canned exchanges of this folder; see docs/fixtures.md.",
)
@setting(
    "--unmatched",
    type=click.Choice(["make", "error"]),
    default="make",
    show_default=True,
    help="What a request gets that no fixture fits: an answer as usual, or an error.",
)
@setting(
    "--journal-size",
    "rooms",
    type=room,
    multiple=True,
    metavar="NUMBER|SIZE",
    help="What a session's journal keeps: exchanges, or bytes.  [default: 1000, 32MiB]",
)
@setting(
    "--admin-token",
    metavar="TOKEN",
    help="What /_safelight asks for.  [default: nothing on loopback, else one that is printed]",
)
@setting(
    "--log-level",
    type=click.Choice(["info", "warning", "error"]),
    help="info: a line per request.  [default: info on a terminal, else warning]",
)
@setting(
    "--server",
    type=click.Choice(["hypercorn", "uvicorn"]),
    default="hypercorn",
    show_default=True,
    help="uvicorn, an extra, serves more small replies a second.",
)
def serve(**options: Any) -> None:  # noqa: ANN401 - click hands over what it parsed
    """Serve every provider until Ctrl-C."""
    gc.disable()  # until all is loaded: what is being imported is no garbage
    try:
        _serve(options)
    finally:
        gc.enable()  # also for who called this in a process of theirs, and was refused


def _serve(options: dict[str, Any]) -> None:
    from safelight import server

    with server.listen(options["host"], options["port"]) as sock:
        log_to_stderr(options["log_level"])
        from safelight.app import Shell, application
        from safelight.arriving import Limits
        from safelight.core import Emulator

        options["admin_token"] = _token(options)
        settings, fetch, library = _settings(options), _fetcher(options), canned.library(options)
        emulator = Emulator(settings, clock=time, fetch=fetch, library=library)
        shell = Shell(emulator, Limits(options["max_body"], options["read_timeout"]))
        ready = _announcer(emulator, {**options, "library": library}, sock.getsockname()[1])
        with canned.watched(library):
            server.run(
                application(shell),
                shell,
                sock,
                server=options["server"],
                ready=ready,
                read_timeout=options["read_timeout"],
            )


def _settings(options: dict[str, Any]) -> Settings:
    """Return the flags that the emulator knows; one that was not given keeps its default."""
    from safelight.core import Settings
    from safelight.faults import parse as fault
    from safelight.latency import load_latency
    from safelight.limits import parse as limit
    from safelight.store import Bounds

    names = ("provider", "lenient", "as_of", "seed", "api_keys", "dialects", "admin_token")
    return Settings(
        **{name: options[name] for name in names if options[name] is not None},
        faults=tuple(map(fault, options["faults"])),
        limits=tuple(map(limit, options["limits"])),
        latency=load_latency() if options["latency"] == "realistic" else (),
        speed=options["speed"],
        bounds=Bounds(**dict(options["rooms"])),
    )


def _token(options: dict[str, Any]) -> str | None:
    """Return what the control plane asks for: where others can reach it, always something."""
    import ipaddress  # loaded by asyncio anyway

    given: str | None = options["admin_token"]
    try:
        near = ipaddress.ip_address(options["host"]).is_loopback
    except ValueError:
        near = options["host"] == "localhost"
    if given or near:
        return given
    import secrets  # seldom needed

    return secrets.token_urlsafe(16)


def _fetcher(options: dict[str, Any]) -> Fetch | None:
    """Return what follows links to pictures, or None: without the flag none is followed."""
    if not options["fetch_remote"]:
        return None
    from safelight.fetch import Fetcher

    return Fetcher()


def log_to_stderr(level: str | None) -> None:
    """Log to stderr. A terminal sees each request; a pipe, which nobody may read, only trouble."""
    import logging

    level = level or ("info" if sys.stderr.isatty() else "warning")
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=level.upper())


def _announcer(emulator: Emulator, options: dict[str, Any], port: int) -> Callable[[], None]:
    """Return what to do once listening: tell where and how, and load what requests will need."""

    def announce() -> None:
        click.echo(_banner(emulator, options, port))
        from threading import Timer  # hypercorn has it loaded

        warming = Timer(_WARM_AFTER, emulator.warm)
        warming.daemon = True
        warming.start()

    return announce


def _banner(emulator: Emulator, options: dict[str, Any], port: int) -> str:
    """Return where the providers are, and the lines to paste into a shell or an .env file."""
    host = _LOOPBACK.get(options["host"], options["host"])
    origin = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    reach = "; other machines can reach it" if host != options["host"] else ""
    lines = [f"Safelight {__version__} listens on {origin}{reach}."]
    if options["faults"]:
        seed = options["seed"]
        lines.append(f"Faults strike: {', '.join(options['faults'])}; --seed {seed} repeats them.")
    lines += canned.told(options["library"])
    if reach:
        lines.append(f"Its control plane, {origin}/_safelight, asks for: {options['admin_token']}")
    key = (options["api_keys"] or ("sk-safelight",))[0]
    for provider in emulator.providers():
        lines += ["", f"{provider.title}: {', '.join(origin + base for base in provider.bases)}"]
        facts = {"base": origin + provider.bases[0], "key": key}
        lines += [f"  export {name}={value.format(**facts)}" for name, value in provider.env]
    return "\n".join([*lines, "", "Ctrl-C stops it."])
