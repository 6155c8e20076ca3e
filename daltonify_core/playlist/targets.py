"""Targets: a list that sounds like the seed, but with more or less of something."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from daltonify_core.catalogue.audio_features import AudioFeatures
from daltonify_core.index.feature_space import COLUMNS, FeatureSpace, QueryPoint

# How far a list usually lies around its query along any one direction, as a share of sigma squared. The catalogue holds
# tracks where it holds them, so a list moves less than its query does, and least along what hardly counts as likeness.
# With these two, lists of 25 real seeds moved by .6 to .95 standard deviations where a whole one was asked for, by a
# third in tempo and by a sixth in liveness.
_SPREAD_OF_A_LIST: Final = 0.15
# Farther than so many sigma nothing else would count, and liveness, which says least of a track, would lead there.
_FARTHEST: Final = 1.5


def aimed(space: FeatureSpace, query: QueryPoint, features: AudioFeatures, shifts: Mapping[str, float]) -> QueryPoint:
    """The query of a seed with these ``features``, moved so that its list has more or less of something.

    ``shifts``: by name of a continuous feature, in standard deviations of the catalogue, by which the list should move.
    Of two tracks at equal distance the one with more of the feature comes first, whatever goes along with it. Nothing
    is looked for that does not exist, so a seed at the catalogue's end stays there, and what the seed lacks (see
    ``can_shift``) stays out of account.
    """
    inverse = space.unwhitening
    metric = np.eye(space.dimension) if query.basis is None else query.basis.T @ query.basis
    vector = query.vector
    limit = _FARTHEST * space.sigma
    for name, shift in shifts.items():
        if not can_shift(space, features, name):
            continue
        table = space.tables[COLUMNS.index(name)]
        place = float(table(np.array(getattr(features, name))))
        step = float(np.clip(place + shift, table.scores[0], table.scores[-1])) - place
        gradient = inverse[COLUMNS.index(name)]
        direction = np.linalg.pinv(metric) @ gradient
        # The score that the feature gains per unit of this direction, which is the shortest way to gain it.
        gain = float(gradient @ direction)
        length = float(np.linalg.norm(direction))
        if gain > 0.0:
            move = step * min(1.0 / gain + _SPREAD_OF_A_LIST * space.sigma**2, limit / length)
            vector = vector + move * direction
    # What is taken off a distance must not be more than what is left of it for a track just like the one looked for, or
    # all that lies beyond would count as equal.
    moved = vector - query.vector
    own = max(0.0, math.sqrt(query.offset) - math.sqrt(max(0.0, float(moved @ metric @ moved))))
    return replace(query, vector=vector, offset=own**2)


def can_shift(space: FeatureSpace, features: AudioFeatures, name: str) -> bool:
    """Whether the seed has the feature, and the catalogue different values of it."""
    return getattr(features, name) is not None and space.tables[COLUMNS.index(name)].varies
