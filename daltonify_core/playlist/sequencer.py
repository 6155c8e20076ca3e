"""The sequencer: an order in which a list flows.

A jump between two neighbours is felt in energy, in tempo (half and double time feel related, so octaves fold) and in
key (steps on the Camelot wheel, the notation that disc jockeys use for keys that mix well). The sequencer looks for
the order with the smallest sum of jumps: a greedy tour, improved by reversing stretches until none helps (2-opt, Croes
1958).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

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


def sequence_for_flow(tracks: Sequence[AudioFeatures], settings: SequencerSettings | None = None) -> list[int]:
    """Positions of ``tracks`` in an order with small jumps, never larger ones than in the order given.

    Deterministic; for 30 tracks a few thousand steps.
    """
    count = len(tracks)
    jumps = [[0.0] * count for _ in tracks]
    for first, second in combinations(range(count), 2):
        jumps[first][second] = jumps[second][first] = jump(tracks[first], tracks[second], settings)
    order = list(range(count))
    tour = _shortened(_greedy_tour(jumps), jumps)
    # Shortening stops where no single reversal helps, and rarely that is a longer way than the one given.
    return tour if _length(tour, jumps) <= _length(order, jumps) else _shortened(order, jumps)


def total_jump(tracks: Sequence[AudioFeatures], settings: SequencerSettings | None = None) -> float:
    """Sum of the jumps between neighbours; 0 for fewer than two tracks."""
    return sum(jump(first, second, settings) for first, second in pairwise(tracks))


def _greedy_tour(jumps: list[list[float]]) -> list[int]:
    """From the first track always on to the nearest one left."""
    order, left = list(range(min(len(jumps), 1))), set(range(1, len(jumps)))
    while left:
        nearest = min(left, key=lambda candidate: (jumps[order[-1]][candidate], candidate))
        order.append(nearest)
        left.remove(nearest)
    return order


def _shortened(order: list[int], jumps: list[list[float]]) -> list[int]:
    """The order after all reversals of stretches that help."""
    order, improved = list(order), True
    while improved:
        improved = False
        for start in range(len(order) - 1):
            for end in range(start + 1, len(order)):
                if _gain_of_reversal(order, start, end, jumps) > 1e-9:
                    order[start : end + 1] = reversed(order[start : end + 1])
                    improved = True
    return order


def _length(order: list[int], jumps: list[list[float]]) -> float:
    return sum(jumps[first][second] for first, second in pairwise(order))


def _gain_of_reversal(order: list[int], start: int, end: int, jumps: list[list[float]]) -> float:
    gain = 0.0
    if start > 0:
        gain += jumps[order[start - 1]][order[start]] - jumps[order[start - 1]][order[end]]
    if end < len(order) - 1:
        gain += jumps[order[end]][order[end + 1]] - jumps[order[start]][order[end + 1]]
    return gain


def _camelot_hour(key: int, mode: int) -> int:
    # A major key sits at its place in the circle of fifths (C = 8), a minor key with its relative major.
    major = key if mode == 1 else key + 3
    return (7 * major + 7) % 12
