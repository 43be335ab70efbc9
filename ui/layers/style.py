"""Colours of areas and points, chosen to survive colour blindness and a black-and-white printer."""

from __future__ import annotations

from collections.abc import Sequence

# Nine steps from low (light) to high (dark); viridis and cividis are turned for a white page.
RAMPS = {
    "viridis": (
        "#fde725", "#addc30", "#5ec962", "#28ae80", "#21918c",
        "#2c728e", "#3b528b", "#472d7b", "#440154",
    ),
    "cividis": (
        "#fee838", "#dec958", "#bcae6c", "#9b9476", "#7d7c78",
        "#61656f", "#434e6c", "#1a386f", "#00224e",
    ),
    "blues": (
        "#f1f6fb", "#dbe8f4", "#c0d8ec", "#9cc3e1", "#73abd3",
        "#4c90c2", "#2f73ab", "#1f5f8b", "#123f61",
    ),
}  # fmt: skip

# Eight words at most are told apart by colour (Okabe and Ito, 2008); black is left to the rooms.
WORDS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#7f7f7f")
DOT = "#d55e00"


def steps(ramp: str, n: int) -> list[str]:
    """Return ``n`` colours of a ramp, spread evenly from low to high.

    Examples
    --------
    >>> steps("viridis", 2)
    ['#addc30', '#472d7b']
    """
    colours: Sequence[str] = RAMPS[ramp]
    if n >= len(colours):
        return list(colours[:n])
    # The ends are kept only where many classes need them: pure yellow glares, near-black hides.
    first, last = (1, 7) if n <= 5 else (0, 8)
    if n == 1:
        return [colours[4]]
    return [colours[round(first + (last - first) * i / (n - 1))] for i in range(n)]
