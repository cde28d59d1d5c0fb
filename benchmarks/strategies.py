"""What drawing a request costs: milliseconds for each request schema and operation, and the mean.

Run by hand: `python benchmarks/strategies.py`. The first draws of a schema, which compile it, are
not counted.
"""

from __future__ import annotations

import datetime
import statistics
import sys
import time

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy
from safelight.datafiles import data_dir
from safelight.dialects import REGISTRY
from safelight.messages import Json
from safelight.schemas import load
from safelight_contracts.breaking import broken
from safelight_contracts.promises import Promises
from safelight_contracts.requests import requests
from safelight_contracts.strategies import valid

GOAL = 2.0
"""Milliseconds that drawing a request may take on average."""

EXAMPLES = 300
DAY = datetime.date(2026, 11, 20)


def cost(strategy: SearchStrategy[Json]) -> float:
    """Return the milliseconds that one draw takes: the whole run over its number of examples."""
    drawn = 0

    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def draw(_: object) -> None:
        nonlocal drawn
        drawn += 1

    draw()
    drawn, start = 0, time.perf_counter()
    draw()
    return (time.perf_counter() - start) * 1000 / drawn


def main() -> int:
    """Print the table; 1 if the mean is above the goal."""
    found: list[float] = []
    print(f"{'schema':58} {'valid':>8} {'broken':>8}   ms a draw")
    for path in sorted(data_dir("schemas").glob("*/*.request*.json")):
        schema = load(path.parent.name, path.stem)
        found.append(cost(valid(schema)))
        name = f"{path.parent.name}/{path.stem}"
        print(f"{name:58} {found[-1]:8.2f} {cost(broken(schema)):8.2f}")
    print(f"\n{'request with meaning':58} {'valid':>8}")
    for name in REGISTRY:
        contract = Promises(name, DAY)
        for row in (row for row in contract.rows if row.bodies):
            model = contract.models(row.operation)[0].id
            found.append(cost(requests(contract, row, model)))
            print(f"{name + ' ' + row.path:58} {found[-1]:8.2f}")
    mean = statistics.mean(found)
    print(f"\nmean {mean:.2f} ms, goal {GOAL:.0f} ms")
    return int(mean > GOAL)


if __name__ == "__main__":
    sys.exit(main())
