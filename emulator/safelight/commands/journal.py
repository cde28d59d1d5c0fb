"""`safelight journal`: what a running server was asked.

What must not enter: how a server is followed (`following.py`).
"""

from __future__ import annotations

import sys

import click


@click.command()
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
