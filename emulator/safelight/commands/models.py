"""`safelight models`: what the catalogues hold.

What must not enter: what a model may be asked (`catalog.py`), how a price is reckoned (`costs.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from safelight.commands.values import FOLDER, day
from safelight.refusals import UsageError

if TYPE_CHECKING:
    import datetime
    from pathlib import Path

    from safelight.catalog import Model


@click.command()
@click.option("--provider", help="Only this one's.")
@click.option("--as-of", type=day, metavar="DATE", help="Alive on that day.  [default: today]")
@click.option("--dialect", "dialects", type=FOLDER, multiple=True, help="A provider in a folder.")
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
