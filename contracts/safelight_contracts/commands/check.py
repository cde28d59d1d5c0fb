"""`safelight check`: judge an endpoint, or a client.

What must not enter: judging; loading a command that is not called.
"""

from __future__ import annotations

from importlib import import_module

import click

PARTS: dict[str, tuple[str, str]] = {
    "endpoint": (
        "safelight_contracts.commands.check_endpoint:endpoint",
        "Does a URL keep a provider's contract? Planned, priced, within a budget.",
    ),
    "client": (
        "safelight_contracts.commands.check_client:client",
        "Does a client of any language survive all that a provider may answer?",
    ),
    "replay": (
        "safelight_contracts.commands.check_replay:replay",
        "Ask again what failed before.",
    ),
}
"""Command name to `module:command`, and what `safelight check --help` says of it."""


class Parts(click.Group):
    """Loads a part when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the parts in the order of the table."""
        return list(PARTS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Return a part, loaded; None for a name that is none."""
        if cmd_name not in PARTS:
            return None
        module, _, attribute = PARTS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the parts' list from the table: help loads none of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, says) for name, (_, says) in PARTS.items()])


@click.group(cls=Parts)
def check() -> None:
    """Judge endpoints and clients by the contract that the emulator serves."""
