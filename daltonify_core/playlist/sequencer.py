"""The sequencer: an order in which a list flows.

A jump between two neighbours is felt in energy, in tempo (half and double time feel related, so octaves fold) and in
key (steps on the Camelot wheel, the notation that disc jockeys use for keys that mix well). The sequencer looks for
the order with the smallest sum of jumps: a greedy tour, improved by reversing stretches until none helps (2-opt, Croes
1958).
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from daltonify_core.catalogue.audio_features import AudioFeatures


@dataclass(frozen=True, slots=True)
class SequencerSettings:
    """How much each kind of jump weighs; the weights sum to 1, so a jump lies in 0..1."""

    # Energy is what listeners notice first; key matters least, since nobody mixes these tracks beat by beat.
    energy: float = 0.5
    tempo: float = 0.3
    key: float = 0.2
    # Half of the range: an unknown value is neither a match nor a clash.
    unknown: float = 0.5


def tempo_jump(first_bpm: float, second_bpm: float) -> float:
    """Distance of two tempos in 0..1: 0 for equal, half or double time, 1 for half an octave apart.

    >>> tempo_jump(70, 140)
    0.0
    """
    octaves = abs(math.log2(first_bpm / second_bpm))
    return 2.0 * abs(octaves - round(octaves))


def camelot_jump(first_key: int, first_mode: int, second_key: int, second_mode: int) -> float:
    """Distance of two keys in 0..1 on the Camelot wheel: 0 for equal, 1 for the far side in the other mode.

    Neighbours on the wheel (a fifth apart) and relative keys (A minor, C major) are one step; the farthest are seven.
    """
    steps = abs(_camelot_hour(first_key, first_mode) - _camelot_hour(second_key, second_mode))
    return (min(steps, 12 - steps) + (first_mode != second_mode)) / 7.0


def jump(first: AudioFeatures, second: AudioFeatures, settings: SequencerSettings | None = None) -> float:
    """How large the step between two tracks feels, in 0..1; symmetric."""
    settings = settings or SequencerSettings()
    energy = tempo = key = settings.unknown
    if first.energy is not None and second.energy is not None:
        energy = abs(first.energy - second.energy)
    if first.tempo is not None and second.tempo is not None:
        tempo = tempo_jump(first.tempo, second.tempo)
    if first.key is not None and first.mode is not None and second.key is not None and second.mode is not None:
        key = camelot_jump(first.key, first.mode, second.key, second.mode)
    return settings.energy * energy + settings.tempo * tempo + settings.key * key


def sequence_for_flow(
    tracks: Sequence[AudioFeatures],
    fixed: Mapping[int, AudioFeatures] | None = None,
    settings: SequencerSettings | None = None,
) -> list[int]:
    """Positions of ``tracks`` in an order with small jumps, never larger ones in sum than in the order given.

    ``fixed`` holds tracks that keep their place: the place of each in the finished list, counted from 0, and its
    features. They are not in the answer, but the jumps to and from them count. Deterministic; for 30 tracks a few
    thousand steps.
    """
    count = len(tracks)
    gaps = _Gaps(tracks, fixed or {}, settings)
    tour = _shortened(_greedy_tour(gaps.jumps), gaps)
    order = list(range(count))
    # Shortening stops where no single reversal helps, and rarely that is a longer way than the one given.
    return tour if gaps.length(tour) <= gaps.length(order) else _shortened(order, gaps)


class _Gaps:
    """What the gaps between movable tracks cost, some of which hold fixed tracks.

    Gap ``g`` lies before the movable track in place ``g``; gap 0 is the beginning and the last one the end.
    """

    def __init__(
        self, tracks: Sequence[AudioFeatures], fixed: Mapping[int, AudioFeatures], settings: SequencerSettings | None
    ) -> None:
        count = len(tracks)
        self.jumps = [[0.0] * count for _ in tracks]
        for first, second in combinations(range(count), 2):
            self.jumps[first][second] = self.jumps[second][first] = jump(tracks[first], tracks[second], settings)
        self._into: dict[int, list[float]] = {}
        self._out_of: dict[int, list[float]] = {}
        for number, place in enumerate(sorted(fixed)):
            gap, to_track = place - number, [jump(fixed[place], track, settings) for track in tracks]
            # Of several fixed tracks in one gap the first is entered and the last left; between them nothing moves.
            self._into.setdefault(gap, to_track)
            self._out_of[gap] = to_track

    def cost(self, gap: int, before: int | None, after: int | None) -> float:
        """Of the jumps in one gap, given the movable tracks on its sides; ``None`` beyond either end."""
        if gap in self._into:
            entered = 0.0 if before is None else self._into[gap][before]
            return entered + (0.0 if after is None else self._out_of[gap][after])
        return 0.0 if before is None or after is None else self.jumps[before][after]

    def length(self, order: Sequence[int]) -> float:
        """Sum of all jumps of an order."""
        return sum(
            self.cost(gap, order[gap - 1] if gap > 0 else None, order[gap] if gap < len(order) else None)
            for gap in range(len(order) + 1)
        )

    def gain_of_reversal(self, order: Sequence[int], start: int, end: int) -> float:
        """How much shorter the order gets when the stretch from ``start`` to ``end`` is reversed."""
        # Inside the stretch a jump only moves to the mirrored gap, which matters where either gap is filled.
        changed: Iterable[int] = (start, end + 1)
        inside = [gap for gap in self._into if start < gap <= end]
        if inside:
            changed = {start, end + 1, *inside, *(start + end + 1 - gap for gap in inside)}
        gain = 0.0
        for gap in changed:
            before = order[gap - 1] if gap > 0 else None
            after = order[gap] if gap < len(order) else None
            new_before = order[start + end - gap + 1] if start < gap <= end + 1 else before
            new_after = order[start + end - gap] if start <= gap <= end else after
            gain += self.cost(gap, before, after) - self.cost(gap, new_before, new_after)
        return gain


def _greedy_tour(jumps: list[list[float]]) -> list[int]:
    """From the first track always on to the nearest one left."""
    order, left = list(range(min(len(jumps), 1))), set(range(1, len(jumps)))
    while left:
        nearest = min(left, key=lambda candidate: (jumps[order[-1]][candidate], candidate))
        order.append(nearest)
        left.remove(nearest)
    return order


def _shortened(order: Sequence[int], gaps: _Gaps) -> list[int]:
    """The order after all reversals of stretches that help."""
    shorter, improved = list(order), True
    while improved:
        improved = False
        for start in range(len(shorter) - 1):
            for end in range(start + 1, len(shorter)):
                if gaps.gain_of_reversal(shorter, start, end) > 1e-9:
                    shorter[start : end + 1] = reversed(shorter[start : end + 1])
                    improved = True
    return shorter


def _camelot_hour(key: int, mode: int) -> int:
    # A major key sits at its place in the circle of fifths (C = 8), a minor key with its relative major.
    major = key if mode == 1 else key + 3
    return (7 * major + 7) % 12
