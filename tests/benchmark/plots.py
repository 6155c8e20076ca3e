"""Measured costs as pictures: small SVG files that read well on light and on dark pages, like the scoreboard's."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from infra.cli.score_plot import STYLE

_WIDTH: Final = 760
_PLOT: Final = 440
"""Between the axis and the names of the lines."""
_LEFT: Final = 70
_HEAD: Final = 50
_HEIGHT: Final = 190
_FOOT: Final = 46
_LINE: Final = 15
_BAR: Final = 14
_STEP: Final = 22
_LABELS: Final = 250
_STYLE: Final = (
    STYLE
    + """
  .line { fill: none; stroke: #8c959f; stroke-width: 1.5; }
  .ourline { fill: none; stroke: #1a7f37; stroke-width: 2.5; }
  .grid { stroke: #d0d7de; stroke-width: 1; }
  @media (prefers-color-scheme: dark) {
    .line { stroke: #656c76; }
    .ourline { stroke: #3fb950; }
    .grid { stroke: #30363d; }
  }
"""
)


@dataclass(frozen=True, slots=True)
class Panel:
    """Costs by number of tracks, one line each; a name in ``ours`` is drawn as ours. Costs of 0 are left out."""

    head: str
    unit: str
    lines: Mapping[str, Mapping[int, float]]
    ours: frozenset[str]


@dataclass(frozen=True, slots=True)
class Bars:
    """One cost of many contenders; shorter is better."""

    head: str
    note: str
    bars: Sequence[tuple[str, float, bool]]
    """Name, cost, and whether it is ours."""


def draw_growth(panels: Sequence[Panel]) -> str:
    """Panels below each other, both axes logarithmic: a straight line of slope one is a cost in proportion to size."""
    step = _HEAD + _HEIGHT + _FOOT
    drawn = [_panel(panel, place * step) for place, panel in enumerate(panels)]
    return _picture("What each cost is at each size", step * len(panels), drawn)


def draw_bars(groups: Sequence[Bars]) -> str:
    """Groups below each other; bars of one group share a logarithmic scale that begins a decade below its least."""
    parts, top = [], 0
    for group in groups:
        parts.append(_bars(group, top))
        top += _HEAD + _STEP * len(group.bars) + 20
    return _picture("Milliseconds of each contender", top, parts)


def _picture(label: str, height: int, parts: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" '
        f'aria-label="{escape(label)}">\n<style>{_STYLE}</style>\n{"".join(parts)}</svg>\n'
    )


def _head(head: str, note: str, top: int) -> str:
    return (
        f'<text class="head" x="0" y="{top + 18}">{escape(head)}</text>\n'
        f'<text class="note" x="0" y="{top + 36}">{escape(note)}</text>\n'
    )


def _panel(panel: Panel, top: int) -> str:
    lines = {name: {size: cost for size, cost in costs.items() if cost > 0} for name, costs in panel.lines.items()}
    lines = {name: costs for name, costs in lines.items() if costs}
    parts = [_head(panel.head, f"{panel.unit}, by number of tracks", top)]
    if not lines:
        return "".join(parts)
    sizes = sorted({size for costs in lines.values() for size in costs})
    every = [cost for costs in lines.values() for cost in costs.values()]
    low, high = math.floor(math.log10(min(every))), math.ceil(math.log10(max(every)))
    high = max(high, low + 1)
    first, last = math.log10(sizes[0]), math.log10(sizes[-1])

    def x_of(size: float) -> float:
        return _LEFT + (_PLOT * (math.log10(size) - first) / (last - first) if last > first else 0.0)

    def y_of(cost: float) -> float:
        return top + _HEAD + _HEIGHT * (high - math.log10(cost)) / (high - low)

    for power in range(low, high + 1):
        y = y_of(10.0**power)
        parts.append(f'<line class="grid" x1="{_LEFT}" y1="{y:.1f}" x2="{_LEFT + _PLOT}" y2="{y:.1f}"/>\n')
        parts.append(f'<text class="note" x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{10.0**power:g}</text>\n')
    for size in sizes:
        y = top + _HEAD + _HEIGHT + 18
        parts.append(f'<text class="note" x="{x_of(size):.1f}" y="{y}" text-anchor="middle">{size:,}</text>\n')
    ends = {name: y_of(costs[max(costs)]) for name, costs in lines.items()}
    places = spread(ends, _LINE)
    for name, costs in lines.items():
        points = " ".join(f"{x_of(size):.1f},{y_of(costs[size]):.1f}" for size in sorted(costs))
        kind = "ourline" if name in panel.ours else "line"
        parts.append(f'<polyline class="{kind}" points="{points}"/>\n')
        # A single size has no line.
        parts += [
            f'<circle class="{"ours" if name in panel.ours else "bar"}" cx="{x_of(size):.1f}" cy="{y_of(cost):.1f}" '
            'r="3"/>\n'
            for size, cost in costs.items()
        ]
        bold = ' class="head"' if name in panel.ours else ""
        parts.append(
            f'<text{bold} x="{_LEFT + _PLOT + 12}" y="{places[name] + 4.5:.1f}">'
            f"{escape(name)} {short(costs[max(costs)])}</text>\n"
        )
    return "".join(parts)


def _bars(group: Bars, top: int) -> str:
    parts = [_head(group.head, group.note, top)]
    costs = [cost for _, cost, _ in group.bars if cost > 0]
    if not costs:
        return "".join(parts)
    low = math.log10(min(costs)) - 1
    scale = (_WIDTH - _LABELS - 70) / (math.log10(max(costs)) - low)
    for place, (name, cost, is_ours) in enumerate(group.bars):
        y = top + _HEAD + place * _STEP
        width = (math.log10(cost) - low) * scale if cost > 0 else 0.0
        parts.append(
            f'<text x="{_LABELS - 10}" y="{y + 11.5}" text-anchor="end">{escape(name)}</text>\n'
            f'<rect class="{"ours" if is_ours else "bar"}" x="{_LABELS}" y="{y}" width="{width:.1f}" height="{_BAR}" '
            'rx="2"/>\n'
            f'<text x="{_LABELS + width + 8:.1f}" y="{y + 11.5}">{short(cost)}</text>\n'
        )
    return "".join(parts)


def spread(places: Mapping[str, float], least: float) -> dict[str, float]:
    """The places moved so that neighbours lie at least so far apart, in the same order and around the same middle."""
    ordered = sorted(places, key=lambda name: places[name])
    moved: dict[str, float] = {}
    before = -math.inf
    for name in ordered:
        before = moved[name] = max(places[name], before + least)
    shift = sum(moved[name] - places[name] for name in ordered) / len(ordered) if ordered else 0.0
    return {name: place - shift for name, place in moved.items()}


def short(cost: float) -> str:
    """A number to three digits: 0.0123, 1.23, 123, 12,300."""
    rounded = float(f"{cost:.3g}")
    return f"{rounded:,.0f}" if rounded >= 1000 else f"{rounded:g}"
