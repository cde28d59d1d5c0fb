"""`safelight faults`: what can be made to go wrong.

What must not enter: the list itself (`faultlist.py`).
"""

from __future__ import annotations

import click


@click.command()
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
