"""The scoreboard as a picture: one small SVG file that reads well on light and on dark pages."""

from html import escape
from typing import Final

from daltonify_core.evaluation.scoreboard import MethodScores, Scoreboard, ScoreRow

_WIDTH: Final = 760
_LABELS: Final = 200
_BAR: Final = 14
_STEP: Final = 22
_HEAD: Final = 46
_GAP: Final = 26
_VALUES: Final = 64
_STYLE: Final = """
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


def draw(board: Scoreboard) -> str:
    """A bar of nDCG@30 with its 95 % bounds for each method, one panel for each row of the board."""
    parts, top = [], 0
    for row in board.rows:
        parts.append(_panel(row, top))
        top += _height(row)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {top}" role="img" '
        f'aria-label="nDCG@30 of each method">\n<style>{_STYLE}</style>\n{"".join(parts)}</svg>\n'
    )


def _height(row: ScoreRow) -> int:
    return _HEAD + _STEP * len(row.methods) + _GAP


def _panel(row: ScoreRow, top: int) -> str:
    longest = max((scores.ndcg.high for scores in row.methods), default=0.0) or 1.0
    scale = (_WIDTH - _LABELS - _VALUES) / longest
    head = f"{str(row.protocol).capitalize()} protocol, seeds by {row.group}"
    lines = [
        f'<text class="head" x="0" y="{top + 18}">{escape(head)}</text>\n',
        f'<text class="note" x="0" y="{top + 36}">nDCG@30 with 95 % bounds, {row.questions:,} seeds</text>\n',
    ]
    for place, scores in enumerate(row.methods):
        lines.append(_bar(scores, top + _HEAD + place * _STEP, scale))
    return "".join(lines)


def _bar(scores: MethodScores, top: int, scale: float) -> str:
    middle, end = top + _BAR / 2, _LABELS + scores.ndcg.value * scale
    low, high = _LABELS + scores.ndcg.low * scale, _LABELS + scores.ndcg.high * scale
    kind = "ours" if scores.is_ours else "bar"
    return (
        f'<text x="{_LABELS - 10}" y="{middle + 4.5:g}" text-anchor="end">{escape(scores.method)}</text>\n'
        f'<rect class="{kind}" x="{_LABELS}" y="{top}" width="{end - _LABELS:.1f}" height="{_BAR}" rx="2"/>\n'
        f'<line class="bounds" x1="{low:.1f}" y1="{middle:g}" x2="{high:.1f}" y2="{middle:g}"/>\n'
        f'<text x="{high + 8:.1f}" y="{middle + 4.5:g}">{scores.ndcg.value:.4f}</text>\n'
    )
