"""Charts as SVG made on the server: no script draws them, and paper shows them as well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zhizhi.web.charts import scale_top

WIDE, HIGH = 100, 40  # units of a column and of the whole height; the page stretches them
GAP = 18  # between two bars, in units of a column


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars for cases and a line for alerts over equal columns, and the values of its scale."""

    width: int
    height: int
    bars: list[tuple[str, str, str, str]]  # x, y, width, height
    line: str
    dots: list[tuple[str, str]]
    grid: list[tuple[str, int]]  # y and the value there, from the top


def chart(bars: Sequence[int], line: Sequence[int]) -> Chart:
    """Draw two series on one scale that begins at zero."""
    top = scale_top(max([*bars, *line, 1]))

    def height(value: int) -> float:
        return HIGH * value / top

    points = [((n + 0.5) * WIDE, HIGH - height(value)) for n, value in enumerate(line)]
    return Chart(
        width=WIDE * len(bars),
        height=HIGH,
        bars=[
            (
                f"{n * WIDE + GAP}",
                f"{HIGH - height(v):.2f}",
                f"{WIDE - 2 * GAP}",
                f"{height(v):.2f}",
            )
            for n, v in enumerate(bars)
        ],
        line=" ".join(f"{x:.0f},{y:.2f}" for x, y in points),
        dots=[(f"{x:.0f}", f"{y:.2f}") for x, y in points],
        grid=[(f"{HIGH - height(value):.2f}", value) for value in (top, top // 2, 0)],
    )


def share(part: int, total: int) -> float | None:
    """Return the share in percent; None of nothing."""
    return 100 * part / total if total else None
