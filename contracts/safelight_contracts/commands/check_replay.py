"""`safelight check replay`: ask again what failed before, and nothing else.

What must not enter: what `check endpoint` does not do too.
"""

from __future__ import annotations

from typing import Any

import click

from safelight_contracts.commands.check_endpoint import perform, shared


@click.command()
@shared
def replay(**options: Any) -> None:  # noqa: ANN401 - click hands over what it parsed
    """Ask the cases again that failed in earlier runs; forget those that pass now.

    They are read from the example database; the exit codes are those of `check endpoint`: 4 also
    where nothing is kept, for then nothing is asked.
    """
    perform(options, replay=True)
