"""The command line: `safelight serve`, `safelight models`, `faults` and `journal`.

Each command imports what it needs, when it runs. What must not enter: anything that a test or
another program would want to call; those call the rooms behind it.
"""

from __future__ import annotations

import gc
import re
import sys
from pathlib import Path
from time import time
from typing import TYPE_CHECKING, Any, NoReturn

import click

from safelight import __version__
from safelight.refusals import UsageError

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable

    from safelight.catalog import Model
    from safelight.core import Emulator, Settings
    from safelight.links import Fetch

_WARM_AFTER = 0.1
"""Seconds from listening to loading what pictures need: the first request goes first."""

_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - read, not bound
"""What to write into a base URL for an address that means all of this machine's."""

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_UNITS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30}


def size(text: str) -> int:
    """Return a number of bytes: 1048576, 512KiB, 64MiB, 1GiB."""
    found = re.fullmatch(r"(\d+)(?:([kmg])i?b?)?", text.strip().lower())
    if found is None:
        raise click.BadParameter(f"{text!r} is no size; write bytes, or 512KiB, 64MiB, 1GiB")
    return int(found[1]) * _UNITS[found[2] or ""]


def seed(text: str) -> int:
    """Return a seed; `random` is another one at every start."""
    if text == "random":
        import secrets  # seldom asked for

        return secrets.randbelow(2**32)
    try:
        return int(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is neither a whole number nor 'random'") from error


def day(text: str) -> datetime.date:
    """Return the day that is written as 2026-11-20."""
    import datetime  # seldom asked for

    try:
        return datetime.date.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is no date; write it as 2026-11-20") from error


def pace(text: str) -> float:
    """Return how much faster than real: 10x, 10, 0.5x."""
    found = re.fullmatch(r"(\d{1,6}(?:\.\d+)?)x?", text.strip().lower())
    if found is None or float(found[1]) == 0:
        raise click.BadParameter(f"{text!r} is no speed; write 10x, or 0.5x for half of it")
    return float(found[1])


def room(text: str) -> tuple[str, int]:
    """Return how much a journal keeps: 5000 exchanges, or 64MiB."""
    if text.strip().isdigit():
        return "exchanges", int(text)
    return "bytes", size(text)


class Commands(click.Group):
    """Turns a slip of our user into one line and exit code 2, for every command."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except UsageError as error:
            _fail(error)


def _fail(error: UsageError) -> NoReturn:
    click.echo(f"Error: {error}", err=True)
    sys.exit(2)


@click.group(cls=Commands)
@click.version_option(__version__, message="safelight %(version)s")
def main() -> None:
    """Image-generation APIs that speak OpenAI's language, offline."""


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=4010, show_default=True, type=click.IntRange(0, 65535), help="0: a free one."
)
@click.option("--provider", help="The provider that /v1 speaks as; all are served at /<name>.")
@click.option("--lenient", is_flag=True, help="Refuse only what breaks the shape of the schema.")
@click.option(
    "--as-of", type=day, metavar="DATE", help="Serve the contract of that day.  [default: today]"
)
@click.option(
    "--seed",
    type=seed,
    default="0",
    show_default=True,
    metavar="INTEGER|random",
    help="Pictures, ids and times follow from it.",
)
@click.option(
    "--dialect",
    "dialects",
    type=_FOLDER,
    multiple=True,
    help="Serve a provider from this folder too; see docs/adding-a-provider.md.",
)
@click.option(
    "--fetch-remote",
    is_flag=True,
    help="Follow links to input pictures on the public network.  [default: draw a stand-in]",
)
@click.option("--api-key", "api_keys", multiple=True, help="Accept only this key; may be repeated.")
@click.option(
    "--max-body",
    type=size,
    default="64MiB",
    show_default=True,
    metavar="SIZE",
    help="Larger request bodies are answered with 413.",
)
@click.option(
    "--read-timeout",
    type=click.FloatRange(0, min_open=True),
    default=60.0,
    show_default=True,
    help="Seconds of silence in the middle of a body.",
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="FAULT",
    help="What goes wrong in every session, as 'rate_limited@0.1'; see `safelight faults`.",
)
@click.option(
    "--rate-limit",
    "limits",
    multiple=True,
    metavar="LIMIT",
    help="A real limit for each key, model and operation: 'images=5/minute; model=NAME'.",
)
@click.option(
    "--latency",
    type=click.Choice(["none", "realistic"]),
    default="none",
    show_default=True,
    help="realistic: answers take as long as they do live, streams come bit by bit.",
)
@click.option(
    "--speed", type=pace, default="1x", show_default=True, help="Divides those times: 10x."
)
@click.option(
    "--journal-size",
    "rooms",
    type=room,
    multiple=True,
    metavar="NUMBER|SIZE",
    help="What a session's journal keeps: exchanges, or bytes.  [default: 1000, 32MiB]",
)
@click.option(
    "--admin-token",
    metavar="TOKEN",
    help="What /_safelight asks for.  [default: nothing on loopback, else one that is printed]",
)
@click.option(
    "--log-level",
    type=click.Choice(["info", "warning", "error"]),
    help="info: a line per request.  [default: info on a terminal, else warning]",
)
@click.option(
    "--server",
    type=click.Choice(["hypercorn", "uvicorn"]),
    default="hypercorn",
    show_default=True,
    help="uvicorn, an extra, serves more small replies a second.",
)
def serve(**options: Any) -> None:  # noqa: ANN401 - click hands over what it parsed
    """Serve every provider until Ctrl-C."""
    gc.disable()  # until all is loaded: what is being imported is no garbage
    from safelight import server

    with server.listen(options["host"], options["port"]) as sock:
        _log_to_stderr(options["log_level"])
        from safelight.app import Limits, Shell, application
        from safelight.core import Emulator

        options["admin_token"] = _token(options)
        emulator = Emulator(_settings(options), clock=time, fetch=_fetcher(options))
        shell = Shell(emulator, Limits(options["max_body"], options["read_timeout"]))
        ready = _announcer(emulator, options, sock.getsockname()[1])
        server.run(application(shell), shell, sock, server=options["server"], ready=ready)


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


def _log_to_stderr(level: str | None) -> None:
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
    if reach:
        lines.append(f"Its control plane, {origin}/_safelight, asks for: {options['admin_token']}")
    key = (options["api_keys"] or ("sk-safelight",))[0]
    for provider in emulator.providers():
        lines += ["", f"{provider.title}: {', '.join(origin + base for base in provider.bases)}"]
        facts = {"base": origin + provider.bases[0], "key": key}
        lines += [f"  export {name}={value.format(**facts)}" for name, value in provider.env]
    return "\n".join([*lines, "", "Ctrl-C stops it."])


@main.command()
@click.option("--provider", help="Only this one's.")
@click.option("--as-of", type=day, metavar="DATE", help="Alive on that day.  [default: today]")
@click.option("--dialect", "dialects", type=_FOLDER, multiple=True, help="A provider in a folder.")
@click.option("--json", "as_json", is_flag=True, help="Every fact, as JSON.")
def models(
    provider: str | None,
    as_of: datetime.date | None,
    dialects: tuple[Path, ...],
    *,
    as_json: bool,
) -> None:
    """List the models that are served, with what each can do."""
    import datetime

    from safelight.dialects import load_dialects

    loaded = load_dialects(dialects)
    if provider is not None and provider not in loaded:
        raise UsageError(f"unknown provider {provider!r}; known are {', '.join(loaded)}")
    when = as_of or datetime.datetime.now(datetime.UTC).date()
    names = tuple(loaded) if provider is None else (provider,)
    rows = [(n, model) for n in names for model in loaded[n].provider.catalog.alive(when)]
    click.echo(_as_json(rows) if as_json else _as_table(rows))


def _as_json(rows: list[tuple[str, Model]]) -> str:
    import dataclasses
    import json

    facts = [{"provider": name, **dataclasses.asdict(model)} for name, model in rows]
    return json.dumps(facts, indent=2, default=str)


def _as_table(rows: list[tuple[str, Model]]) -> str:
    from safelight.costs import in_words

    cells = [("PROVIDER", "MODEL", "KIND", "UNTIL", "OPERATIONS", "PRICE")]
    for name, model in rows:
        until = str(model.until or model.shutdown or "")
        does, price = ", ".join(model.operations), in_words(model.prices)
        cells.append((name, model.id, model.kind, until, does, price))
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) for row in cells)
    return "\n".join(line.rstrip() for line in lines)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="With their kinds and options, as JSON.")
@click.option("--markdown", is_flag=True, help="As the table of docs/faults.md.")
def faults(*, as_json: bool, markdown: bool) -> None:
    """List what can be made to go wrong."""
    from safelight.faults import FAULTS, KINDS, OPTIONS, as_markdown

    if markdown:
        click.echo(as_markdown())
        return

    if as_json:
        import dataclasses
        import json

        rows = [dataclasses.asdict(fault) for fault in FAULTS.values()]
        click.echo(json.dumps({"faults": rows, "kinds": KINDS, "options": OPTIONS}, indent=2))
        return
    wide = max(map(len, FAULTS))
    for kind, says in KINDS.items():
        click.echo(f"{kind}: {says}")
        for fault in FAULTS.values():
            if fault.kind == kind:
                click.echo(f"  {fault.name.ljust(wide)}  {fault.says}")


@main.command()
@click.option("--url", default="http://127.0.0.1:4010", show_default=True, help="The server.")
@click.option("--session", default="", help="That session's.  [default: the one without a name]")
@click.option("--admin-token", metavar="TOKEN", help="The server's, where it has one.")
@click.option("--follow", is_flag=True, help="Go on with what happens, until Ctrl-C.")
def journal(url: str, session: str, admin_token: str | None, *, follow: bool) -> None:
    """Print what a running server was asked and what it answered, a line each."""
    from safelight import following

    ask = following.pages(url, session, admin_token)
    try:
        for entry in following.entries(ask, follow=follow):
            click.echo(following.line(entry))
    except KeyboardInterrupt:
        sys.exit(0)
