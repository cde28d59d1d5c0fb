"""`safelight record`: a proxy to a live service that keeps what it answers, as fixtures.

What must not enter: what is forwarded and what is kept (`recording`).
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from safelight.commands.values import FOLDER, day, pace, size

if TYPE_CHECKING:
    from collections.abc import Callable

    from safelight.recording.proxy import Recorder
    from safelight.recording.upstream import Origin

_TURN = 0.001
"""Seconds that a thread which hides secrets has Python for itself while an answer waits: with the
usual 5 ms a long JSON delays every other client's bytes by three to four times as much."""


@click.command()
@click.option("--provider", required=True, help="Whose language the service speaks.")
@click.option(
    "--base-url", required=True, metavar="URL", help="The service; nothing else is forwarded to."
)
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Where fixtures and their files go; `safelight serve --fixtures DIR` serves them.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=4011, show_default=True, type=click.IntRange(0, 65535), help="0: a free one."
)
@click.option("--budget", metavar="USD", help="What all calls may cost in sum.  [default: any]")
@click.option(
    "--unpriced",
    metavar="USD",
    help="What a call without a known price is reckoned as.  [default: it is refused]",
)
@click.option("--only-missing", is_flag=True, help="Replay what is known, record what is new.")
@click.option(
    "--as-of",
    type=day,
    metavar="DATE",
    help="Price by the catalogue of that day.  [default: today]",
)
@click.option(
    "--pace",
    "paced",
    type=click.Choice(["none", "recorded"]),
    default="none",
    show_default=True,
    help="How streams are replayed: at once, or as they came.",
)
@click.option(
    "--speed", type=pace, default="1x", show_default=True, help="Divides recorded waits: 10x."
)
@click.option(
    "--secret",
    "secrets",
    multiple=True,
    metavar="NAME",
    help="A header, field or parameter that holds a secret, beside the known ones.",
)
@click.option(
    "--dialect", "dialects", type=FOLDER, multiple=True, help="A provider in this folder."
)
@click.option(
    "--max-body",
    type=size,
    default="256MiB",
    show_default=True,
    metavar="SIZE",
    help="Larger request bodies are answered with 413.",
)
@click.option(
    "--grace",
    type=click.FloatRange(min=0, max=86_400),
    default=5.0,
    show_default=True,
    metavar="SECONDS",
    help="How long a stop waits for answers that are being recorded; a second one waits no more.",
)
@click.option(
    "--log-level",
    type=click.Choice(["info", "warning", "error"]),
    help="info: a line per recording.  [default: info on a terminal, else warning]",
)
def record(**options: Any) -> None:  # noqa: ANN401 - click hands over what it parsed
    """Forward to a live service and keep its answers, until Ctrl-C."""
    from safelight import server
    from safelight.app import application
    from safelight.commands.serve import log_to_stderr
    from safelight.recording.masking import mask
    from safelight.recording.purse import dollars

    recorder = recorder_of(options)
    with server.listen(options["host"], options["port"]) as sock:
        log_to_stderr(options["log_level"])
        mask(recorder.keeper.secrets)
        place = f"http://{options['host']}:{sock.getsockname()[1]}"
        ready = _announcer(place, recorder, options)
        app = application(recorder)
        sys.setswitchinterval(_TURN)
        server.run(app, recorder, sock, ready=ready, grace=options["grace"] + server.GRACE)
    spent = recorder.purse.spent
    cost = f"; by the catalogue they cost up to ${dollars(spent)}" if spent else ""
    click.echo(f"Kept {recorder.keeper.kept} exchanges in {options['out']}{cost}.")


def recorder_of(options: dict[str, Any]) -> Recorder:
    """Return the recorder that the flags describe. Raises UsageError."""
    from safelight.arriving import Limits
    from safelight.recording.keeping import Keeper, Manner
    from safelight.recording.proxy import Plan, Recorder
    from safelight.recording.purse import Purse
    from safelight.recording.secrets import Secrets
    from safelight.recording.understanding import Understanding, as_dollars
    from safelight.recording.upstream import Origin

    origin = Origin(options["base_url"].rstrip("/"))
    understanding = Understanding(options["provider"], options["as_of"], options["dialects"])
    plan = Plan(
        origin,
        missing=options["only_missing"],
        grace=options["grace"],
        limits=Limits(options["max_body"]),
    )
    purse = Purse(
        as_dollars("--budget", options["budget"]), as_dollars("--unpriced", options["unpriced"])
    )
    manner = Manner(options["paced"] == "recorded", options["speed"])
    secrets = Secrets(options["secrets"])
    keeper = Keeper(options["provider"], origin, options["out"], secrets, manner)
    _probe(options["out"], origin)
    return Recorder(plan, understanding, keeper, purse)


def _probe(folder: Path, origin: Origin) -> None:
    """Refuse a folder that nothing can be kept in, and certificates that are none."""
    from tempfile import TemporaryFile

    from safelight.refusals import UsageError

    own = os.environ.get("SSL_CERT_FILE")
    if own and origin.base.startswith("https:") and not Path(own).is_file():
        raise UsageError(f"SSL_CERT_FILE={own}: no such file; without it the system's are used")
    try:
        with TemporaryFile(dir=folder, prefix=".", suffix=".part"):
            pass
    except OSError as error:
        raise UsageError(f"--out {folder}: cannot be written: {error.strerror}") from error


def _announcer(place: str, recorder: Recorder, options: dict[str, Any]) -> Callable[[], None]:
    """Return what tells, once listening, where to point a client and what happens."""

    def announce() -> None:
        provider = recorder.provider
        lines = [f"Safelight records {options['base_url']} on {place}, into {options['out']}."]
        if options["only_missing"]:
            lines.append(f"{len(recorder.keeper.shelf)} recordings lie there and are replayed.")
        if options["budget"] is None:
            lines.append("There is no budget: every call is forwarded and paid for.")
        lines.append("")
        facts = {"base": place + provider.bases[0], "key": "<your own key>"}
        lines += [
            f"  export {name}={value.format(**facts)}" for name, value in provider.env.items()
        ]
        click.echo("\n".join([*lines, "", "Ctrl-C stops it."]))
        sys.stdout.flush()

    return announce
