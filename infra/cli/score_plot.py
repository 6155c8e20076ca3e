"""The scoreboard as a picture: one small SVG file that reads well on light and on dark pages."""

from dataclasses import dataclass
from html import escape
from typing import Final

from daltonify_core.evaluation.bootstrap import Interval
from daltonify_core.evaluation.scoreboard import Scoreboard, ScoreRow, SeedGroup

_WIDTH: Final = 760
_LABELS: Final = 200
_BAR: Final = 14
_STEP: Final = 22
_HEAD: Final = 46
_GAP: Final = 26
_VALUES: Final = 64
STYLE: Final = """
  text { font: 13px system-ui, sans-serif; fill: #24292f; }
  .head { font-weight: 600; }
  .note { fill: #57606a; font-size: 12px; }
  .bar { fill: #8c959f; }
  .ours { fill: #1a7f37; }
  .bounds { stroke: #24292f; stroke-width: 1.5; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .note { fill: #9198a1; }
    .bar { fill: #656c76; }
    .ours { fill: #3fb950; }
    .bounds { stroke: #e6edf3; }
  }
"""


@dataclass(frozen=True, slots=True)
class _Panel:
    """One head, and for each bar its label, nDCG@30 and whether it is ours."""

    head: str
    note: str
    bars: tuple[tuple[str, Interval, bool], ...]

    @property
    def height(self) -> int:
        return _HEAD + _STEP * len(self.bars) + _GAP


def draw(board: Scoreboard) -> str:
    """A bar of nDCG@30 with its 95 % bounds for each method, one panel for each row of the board.

    A last panel shows seeds of which less is known.
    """
    panels = [_of_row(row) for row in board.rows]
    if board.degraded:
        panels.append(_of_degraded(board))
    parts, top = [], 0
    for panel in panels:
        parts.append(_drawn(panel, top))
        top += panel.height
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {top}" role="img" '
        f'aria-label="nDCG@30 of each method">\n<style>{STYLE}</style>\n{"".join(parts)}</svg>\n'
    )


def _of_row(row: ScoreRow) -> _Panel:
    return _Panel(
        f"{str(row.protocol).capitalize()} protocol, seeds by {row.group}",
        f"nDCG@30 with 95 % bounds, {row.questions:,} seeds",
        tuple((scores.method, scores.ndcg, scores.is_ours) for scores in row.methods),
    )


def _of_degraded(board: Scoreboard) -> _Panel:
    bars = [(f"{scores.knowledge}{', era' if scores.era else ''}", scores.ndcg, True) for scores in board.degraded]
    return _Panel(
        "Daltonify for tracks that are not in the catalogue, by what is known of them",
        f"nDCG@30 with 95 % bounds, the mission's seeds by {SeedGroup.SMALL}",
        tuple(bars),
    )


def _drawn(panel: _Panel, top: int) -> str:
    longest = max((ndcg.high for _, ndcg, _ in panel.bars), default=0.0) or 1.0
    scale = (_WIDTH - _LABELS - _VALUES) / longest
    lines = [
        f'<text class="head" x="0" y="{top + 18}">{escape(panel.head)}</text>\n',
        f'<text class="note" x="0" y="{top + 36}">{escape(panel.note)}</text>\n',
    ]
    for place, (label, ndcg, is_ours) in enumerate(panel.bars):
        lines.append(_bar(label, ndcg, is_ours, top + _HEAD + place * _STEP, scale))
    return "".join(lines)


def _bar(label: str, ndcg: Interval, is_ours: bool, top: int, scale: float) -> str:
    middle, end = top + _BAR / 2, _LABELS + ndcg.value * scale
    low, high = _LABELS + ndcg.low * scale, _LABELS + ndcg.high * scale
    kind = "ours" if is_ours else "bar"
    return (
        f'<text x="{_LABELS - 10}" y="{middle + 4.5:g}" text-anchor="end">{escape(label)}</text>\n'
        f'<rect class="{kind}" x="{_LABELS}" y="{top}" width="{end - _LABELS:.1f}" height="{_BAR}" rx="2"/>\n'
        f'<line class="bounds" x1="{low:.1f}" y1="{middle:g}" x2="{high:.1f}" y2="{middle:g}"/>\n'
        f'<text x="{high + 8:.1f}" y="{middle + 4.5:g}">{ndcg.value:.4f}</text>\n'
    )
