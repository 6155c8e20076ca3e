"""The sequencer: an order in which a list flows.

A jump between two neighbours is felt in energy, in tempo (half and double time feel related, so octaves fold) and in
key (steps on the Camelot wheel, the notation that disc jockeys use for keys that mix well). Over the whole list energy
follows a gentle arc: it opens near the own track's, rises to a peak at two thirds and comes down to the calmest tracks.
The shape is chosen, as one that people know from concerts and albums; nothing was measured with listeners.

The order starts from the arc and is improved by exchanging two tracks or reversing a stretch (2-opt, Croes 1958) until
neither helps. All such moves are weighed at once, and the best of those that do not touch each other are made together.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from statistics import median
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from daltonify_core.catalogue.audio_features import AudioFeatures

type _FloatArray = NDArray[np.float64]
type _IntArray = NDArray[np.int64]

# Costs are whole numbers of billionths: sums are then exact, and the same on every kind of processor.
_UNITS: Final = 1e9
_FORBIDDEN: Final = 10**13
"""More than any list can cost: what keeps fixed tracks in their places and all others out of them."""
_WHEEL_STEPS: Final = 7.0
"""From a key to the farthest one: half of the twelve hours, and the other mode."""
_UNKNOWN_KEY: Final = 24
"""Behind the twelve minor keys and the twelve major ones."""
# Rounds after which an order is good enough in any case; lists of 100 take about 15.
_MAXIMUM_ROUNDS: Final = 60
# Of the moves that help, the best ones are tried together; later ones mostly touch what those have changed.
_MOVES_TRIED: Final = 60


class SequencerSettings(NamedTuple):
    """How much each kind of jump weighs; the weights sum to 1, so a jump lies in 0..1."""

    # Energy is what listeners notice first; key matters least, since nobody mixes these tracks beat by beat.
    energy: float = 0.5
    tempo: float = 0.3
    key: float = 0.2
    # Half of the range: an unknown value is neither a match nor a clash.
    unknown: float = 0.5
    # A difference in energy that is a whole jump. A ballad is at 0.3 and a dance track at 0.8: more is no worse.
    energy_clash: float = 0.5
    # Weight of a track's distance from the arc beside that of a jump. On real lists of 30 it makes jumps in tempo and
    # key a tenth larger; five times the weight makes them a quarter larger, and the arc hardly clearer.
    arc: float = 0.1
    # Where the arc peaks, as a share of the list.
    arc_peak: float = 2.0 / 3.0
    # Where the arc opens at most, on its way from the calmest (0) to the peak (1): something is left to rise to.
    arc_opening_limit: float = 0.8
    # Shorter lists have no room for an arc.
    arc_from: int = 8


class Jump(NamedTuple):
    """Parts of a step between two tracks, each in 0..1, and how large it feels as a whole (``felt``, the weighted sum).

    1 stands for half the range of energy (by default), half an octave of tempo, and the far side of the Camelot wheel.
    """

    energy: float
    tempo: float
    key: float
    felt: float


class Jumps(NamedTuple):
    """The steps from track to track of one list: their mean, and the largest of each kind."""

    mean: Jump
    worst: Jump


def tempo_jump(first_bpm: float, second_bpm: float) -> float:
    """Distance of two tempos in 0..1: 0 for equal, half or double time, 1 for half an octave apart.

    >>> tempo_jump(70, 140)
    0.0
    """
    return float(_tempo_steps(np.array([first_bpm, second_bpm], dtype=np.float64))[0, 1])


def camelot_jump(first_key: int, first_mode: int, second_key: int, second_mode: int) -> float:
    """Distance of two keys in 0..1 on the Camelot wheel: 0 for equal, 1 for the far side in the other mode.

    Neighbours on the wheel (a fifth apart) and relative keys (A minor, C major) are one step; the farthest are seven.
    """
    return float(_wheel()[_key_number(first_key, first_mode), _key_number(second_key, second_mode)])


def jump(first: AudioFeatures, second: AudioFeatures, settings: SequencerSettings | None = None) -> float:
    """How large the step between two tracks feels, in 0..1; symmetric."""
    return float(_Steps.between([first, second], settings or SequencerSettings()).felt[0, 1])


def jumps(tracks: Sequence[AudioFeatures], settings: SequencerSettings | None = None) -> Jumps:
    """The steps of a list in the order given; all are 0 for fewer than two tracks."""
    if len(tracks) < 2:
        still = Jump(0.0, 0.0, 0.0, 0.0)
        return Jumps(still, still)
    steps = _Steps.between(tracks, settings or SequencerSettings())
    taken = [np.diagonal(one, 1) for one in (steps.energy, steps.tempo, steps.key, steps.felt)]
    return Jumps(Jump(*(float(one.mean()) for one in taken)), Jump(*(float(one.max()) for one in taken)))


def sequence_for_flow(
    tracks: Sequence[AudioFeatures],
    fixed: Mapping[int, AudioFeatures] | None = None,
    settings: SequencerSettings | None = None,
) -> list[int]:
    """Positions of ``tracks`` in an order that flows; its jumps are never larger in sum than in the order given.

    ``fixed`` holds tracks that keep their place: the place of each in the finished list, counted from 0, and its
    features. They are not in the answer, but the jumps to and from them count, and the arc opens near the first one's
    energy. Deterministic.
    """
    settings = settings or SequencerSettings()
    fixed = dict(sorted((fixed or {}).items()))
    count, total = len(tracks), len(tracks) + len(fixed)
    if count < 2:
        return list(range(count))
    features = [*tracks, *fixed.values()]
    steps = _in_units(_Steps.between(features, settings).felt)
    free = np.array([place for place in range(total) if place not in fixed])
    held = np.full(total, -1)
    held[list(fixed)] = np.arange(count, total)

    def laid_out(order: _IntArray) -> _IntArray:
        places = held.copy()
        places[free] = order
        return places

    given = laid_out(np.arange(count))
    only_fixed = np.zeros((total, total), np.int64)
    only_fixed[:, list(fixed)] = only_fixed[count:, :] = _FORBIDDEN
    only_fixed[np.arange(count, total), list(fixed)] = 0
    if total < settings.arc_from:
        best = _improved(given, steps, only_fixed)
    else:
        arc = _Arc.over(features, count, free, total, settings)
        costs = only_fixed.copy()
        costs[:count, free] = _in_units(arc.costs)
        best = _improved(laid_out(arc.order), steps, costs)
        if _length(best, steps) > _length(given, steps):
            # Rarely a list flows best as it is, and an arc would only cost.
            best = _improved(given, steps, only_fixed)
    order: list[int] = best[free].tolist()
    return order


class _Steps(NamedTuple):
    """Steps between all pairs of ``n`` tracks; each array is symmetric, of shape ``(n, n)``, in 0..1."""

    energy: _FloatArray
    tempo: _FloatArray
    key: _FloatArray
    felt: _FloatArray

    @classmethod
    def between(cls, tracks: Sequence[AudioFeatures], settings: SequencerSettings) -> "_Steps":
        energies = _energies(tracks)
        tempos = np.array([track.tempo for track in tracks], dtype=np.float64)
        keys = [_key_number(track.key, track.mode) for track in tracks]
        energy = np.minimum(np.abs(energies[:, None] - energies) / settings.energy_clash, 1.0)
        tempo, key = _tempo_steps(tempos), _wheel().take(keys, 0).take(keys, 1)
        for part in (energy, tempo, key):
            part[np.isnan(part)] = settings.unknown
        return cls(energy, tempo, key, settings.energy * energy + settings.tempo * tempo + settings.key * key)


class _Arc(NamedTuple):
    """What each of ``m`` tracks would cost in each free place, shape ``(m, m)``, and the order that follows the arc."""

    costs: _FloatArray
    order: _IntArray

    @classmethod
    def over(
        cls,
        features: Sequence[AudioFeatures],
        count: int,
        free: _IntArray,
        total: int,
        settings: SequencerSettings,
    ) -> "_Arc":
        """``features``: the ``count`` movable tracks and then the fixed ones; ``free`` are the movable ones' places."""
        energies = _energies(features)
        unknown = np.isnan(energies)
        known = energies[:count][~unknown[:count]].tolist()
        middle = median(known) if known else 0.5
        # A track of unknown energy is put where a middling one would be, and fits everywhere.
        guessed = np.where(unknown, middle, energies)
        movable = guessed[:count]
        first = guessed[count] if len(guessed) > count else middle
        # All that is calmer than the opening must find room on the way down, which is only so long.
        calmer, way_down = np.count_nonzero(movable < first) / count, 1.0 - settings.arc_peak
        opening = min(calmer / way_down, settings.arc_opening_limit)
        heights = np.interp(free / (total - 1), [0.0, settings.arc_peak, 1.0], [opening, 1.0, 0.0])
        # The calmest track belongs in the lowest place, and so on: then the arc can be met exactly.
        order = np.empty(count, np.int64)
        order[heights.argsort(kind="stable")] = movable.argsort(kind="stable")
        off = np.abs(energies[:count, None] - movable[order])
        off[unknown[:count]] = 0.0
        return cls(settings.arc * off / settings.energy_clash, order)


def _energies(tracks: Sequence[AudioFeatures]) -> _FloatArray:
    return np.array([track.energy for track in tracks], dtype=np.float64)


def _tempo_steps(tempos: _FloatArray) -> _FloatArray:
    octaves = np.log2(tempos)
    apart = np.abs(octaves[:, None] - octaves)
    return np.asarray(2.0 * np.abs(apart - np.rint(apart)))


def _key_number(key: int | None, mode: int | None) -> int:
    return _UNKNOWN_KEY if key is None or mode is None else 12 * mode + key


@cache
def _wheel() -> _FloatArray:
    """The step from each key to each other one, by their numbers; NaN to and from what is unknown."""
    modes, keys = np.divmod(np.arange(_UNKNOWN_KEY, dtype=np.float64), 12)
    # A major key sits at its place in the circle of fifths (C = 8), a minor key with its relative major.
    hours = (7 * np.where(modes == 1, keys, keys + 3) + 7) % 12
    apart = np.abs(hours[:, None] - hours)
    steps = np.full((_UNKNOWN_KEY + 1, _UNKNOWN_KEY + 1), np.nan)
    steps[:-1, :-1] = np.minimum(apart, 12 - apart) + np.abs(modes[:, None] - modes)
    return steps / _WHEEL_STEPS


def _in_units(costs: _FloatArray) -> _IntArray:
    return np.rint(_UNITS * costs).astype(np.int64)


def _length(order: _IntArray, steps: _IntArray) -> int:
    return int(steps[order[:-1], order[1:]].sum())


class _Pairs(NamedTuple):
    """Every two places ``first < last`` of ``n``, and where the numbers lie from which the moves of both are weighed.

    A reversal exchanges the outermost two of a stretch, the next two, and so on to its middle. So pairs stand sorted by
    their middle, from the inside out: what a reversal costs by place is then a running sum.
    """

    places: list[tuple[int, int]]
    """By ``first``, then by ``last``: of moves that save as much, the first is made."""
    sorted_places: _IntArray
    """Where each of ``places`` stands in the sorted order."""
    numbers: _IntArray
    """``(12, n * (n - 1) / 2)``: see ``_changes``."""
    inside: _IntArray
    """How many pairs stand before the innermost one about the same middle."""


@lru_cache(maxsize=16)
def _pairs(count: int) -> _Pairs:
    places = np.triu_indices(count, 1)
    by_middle = np.lexsort((places[1], places[0] + places[1]))
    first, last = (column[by_middle] for column in places)

    def step(one: _IntArray, other: _IntArray) -> _IntArray:
        return (one + 1) * (2 * count + 2) + other + 1

    def cost(one: _IntArray, other: _IntArray) -> _IntArray:
        return step(one, count + 1 + other)

    return _Pairs(
        places=list(zip(*(column.tolist() for column in places), strict=True)),
        sorted_places=np.argsort(by_middle),
        numbers=np.array(
            [
                *(step(first - 1, last), step(last - 1, first), cost(first, last)),
                *(step(first, last + 1), step(last, first + 1), cost(last, first)),
                *(step(first - 1, first), step(last - 1, last), cost(first, first)),
                *(step(last, last + 1), step(first, first + 1), cost(last, last)),
            ]
        ),
        inside=np.searchsorted(first + last, first + last),
    )


def _improved(order: _IntArray, steps: _IntArray, costs: _IntArray) -> _IntArray:
    """The order after all exchanges and reversals that help.

    ``steps``: cost of two tracks beside each other, ``costs``: of a track (row) in a place (column).
    """
    count = len(order)
    pairs = _pairs(count)
    # Beyond either end of the list is a track to which no step costs anything. No track comes to stand beside itself:
    # exchanging two neighbours is reversing them.
    table = np.zeros((count + 1, 2 * count + 1), np.int64)
    table[:-1, :count], table[:-1, count + 1 :] = steps, costs
    np.fill_diagonal(table, _FORBIDDEN)
    columns = np.arange(-1, 2 * count + 1)
    rows = columns[: count + 2]
    rows[0] = rows[-1] = count
    improved = order.tolist()
    for _ in range(_MAXIMUM_ROUNDS):
        rows[1:-1] = improved
        by_reversal, by_exchange = _changes(table.take(rows, 0).take(columns, 1), pairs)
        changes = np.minimum(by_reversal, by_exchange).take(pairs.sorted_places)
        (helpful,) = (changes < 0).nonzero()
        if len(helpful) == 0:
            break
        best = helpful[changes[helpful].argsort(kind="stable")[:_MOVES_TRIED]]
        standing = pairs.sorted_places[best]
        is_reversal = by_reversal[standing] <= by_exchange[standing]
        _move(improved, [pairs.places[one] for one in best.tolist()], is_reversal.tolist())
    return np.array(improved)


def _move(order: list[int], moves: Iterable[tuple[int, int]], are_reversals: Iterable[bool]) -> None:
    """Make the moves, best first, of which each touches no place, and no neighbour, of a better one.

    A move is its first and last place, and whether all from one to the other is reversed or only those two exchanged.
    """
    touched = 0
    for (first, last), is_reversal in zip(moves, are_reversals, strict=True):
        # One bit a place, shifted by one so that the place before the first has a bit, too.
        touches = (1 << last + 3) - (1 << first) if is_reversal else 7 << first | 7 << last
        if touched & touches:
            continue
        touched |= touches
        if is_reversal:
            order[first : last + 1] = order[first : last + 1][::-1]
        else:
            order[first], order[last] = order[last], order[first]


def _changes(laid_out: _IntArray, pairs: _Pairs) -> tuple[_IntArray, _IntArray]:
    """What reversing all between two places, and exchanging the two, adds to the costs; in the sorted order of pairs.

    ``laid_out`` has a row for each place, and for one beyond either end: the steps from its track to the track of every
    such place, and the track's costs in all places.
    """
    # All numbers in one go, and sums of three rows each: a call of numpy takes longer than what it does here. They are
    # steps from before the first to the last and from there on, the same for the last, and both in each other's place;
    # first what would be, then what is.
    parts = laid_out.take(pairs.numbers)
    sums = parts[:3]
    sums += parts[3:6]
    sums -= parts[6:9]
    sums -= parts[9:]
    by_reversal, by_exchange, placed = sums
    by_exchange += by_reversal
    by_exchange += placed
    running = np.zeros(len(placed) + 1, np.int64)
    placed.cumsum(out=running[1:])
    by_reversal += running[1:]
    by_reversal -= running.take(pairs.inside)
    return by_reversal, by_exchange
