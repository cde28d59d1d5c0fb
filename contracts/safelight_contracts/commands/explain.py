"""`safelight explain SL-…`: what a code promises, and what to do.

What must not enter: the promises themselves; each check says its own.
"""

from __future__ import annotations

import click

from safelight_contracts.findings import CHECKS, explain


@click.command()
@click.argument("code", required=False)
def explain_command(code: str | None) -> None:
    """Say what CODE promises, why it matters and what to do; without CODE, list all codes."""
    load_checks()
    if code is None:
        width = max(map(len, CHECKS))
        for name in sorted(CHECKS):
            click.echo(f"{name:{width}}  {CHECKS[name].title}")
        return
    found = explain(code)
    click.echo(f"{found.code}: {found.title}\n\n{found.explanation}")


def load_checks() -> None:
    """Load every room that registers checks."""
    from importlib import import_module

    for room in ("checks", "oracles"):
        import_module(f"safelight_contracts.{room}")
