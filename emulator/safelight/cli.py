"""The command line. A command's module is loaded when that command is called: a start is quick.

What must not enter: anything that a test or another program would want to call; those call the
rooms behind the commands.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import NoReturn

import click

from safelight import __version__
from safelight.refusals import UsageError

COMMANDS: dict[str, tuple[str, str]] = {
    "serve": ("safelight.commands.serve:serve", "Serve every provider until Ctrl-C."),
    "record": ("safelight.commands.record:record", "Keep what a live service answers."),
    "check": ("safelight_contracts.commands.check:check", "Judge an endpoint, or a client."),
    "explain": ("safelight_contracts.commands.explain:explain_command", "Say what a code means."),
    "drift": ("safelight_contracts.commands.drift:drift", "Say which side of a contract moved."),
    "models": ("safelight.commands.models:models", "List the models that are served."),
    "fixtures": ("safelight.commands.fixtures:fixtures", "Check and list canned exchanges."),
    "faults": ("safelight.commands.faults:faults", "List what can be made to go wrong."),
    "journal": ("safelight.commands.journal:journal", "Print what a server was asked."),
}
"""Command name to `module:command`, and what `safelight --help` says of it."""


class Commands(click.Group):
    """Loads a command when it is called, and turns a user's slip into one line and exit code 2."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the commands in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Return a command, loaded; None for a name that is none."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that was named; for a name that is none, say which is near."""
        name, found = args[0], self.get_command(ctx, args[0])
        if found is None and not name.startswith("-"):
            from difflib import get_close_matches  # seldom needed

            near = "".join(get_close_matches(name, COMMANDS, 1))
            told = f"; did you mean {near}?" if near else f"; known are {', '.join(COMMANDS)}"
            ctx.fail(f"No such command {name!r}{told}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the commands' list from the table: help loads none of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, says) for name, (_, says) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> object:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except UsageError as error:
            _fail(error)
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            sys.exit(130)


def _fail(error: UsageError) -> NoReturn:
    click.echo(f"Error: {error}", err=True)
    sys.exit(2)


@click.group(cls=Commands)
@click.version_option(__version__, message="safelight %(version)s")
def main() -> None:
    """Image-generation APIs that speak OpenAI's language, offline."""
