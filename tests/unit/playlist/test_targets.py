"""Queries that are moved towards more or less of a feature."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daltonify_core.catalogue.audio_features import CONTINUOUS_FEATURES, AudioFeatures
from daltonify_core.index.feature_space import COLUMNS, FeatureSpace, row_of
from daltonify_core.playlist.targets import aimed, can_shift
from infra.local.synthetic_catalogue import synthetic_tracks

TRACKS = list(synthetic_tracks(1_500, 3))
ROWS = np.array([row_of(track.features, track.duration_ms, track.release_date) for track in TRACKS])
ARTISTS = np.unique([track.artists[0].name for track in TRACKS], return_inverse=True)[1].astype(np.int64)
SPACE = FeatureSpace.fit(ROWS, ARTISTS)
VECTORS = SPACE.vectors(ROWS, ARTISTS)
SCORES = SPACE.scores(ROWS)

seeds = st.sampled_from(TRACKS).map(lambda track: track.features)
names = st.sampled_from(CONTINUOUS_FEATURES)


def nearest(features: AudioFeatures, shifts: dict[str, float], era: bool = True) -> list[int]:
    query = aimed(SPACE, SPACE.query(features, era=era), features, shifts)
    found: list[int] = np.argsort(query.squared_distances(VECTORS), kind="stable")[:60].tolist()
    return found


@given(seeds, names, st.floats(0.1, 1.0), st.booleans())
def test_what_is_nearest_has_more_of_what_was_asked_for_and_less_the_other_way(features, name, shift, era):
    plain, more, less = (
        float(SCORES[nearest(features, {name: step}, era), COLUMNS.index(name)].mean()) for step in (0.0, shift, -shift)
    )
    noise = 0.1
    assert less - noise <= plain <= more + noise


def test_the_bolder_the_shift_the_farther_a_list_moves():
    moved = {}
    for shift in (0.2, 1.0):
        gained = [
            SCORES[nearest(track.features, {"energy": shift}), 1].mean() - SCORES[nearest(track.features, {}), 1].mean()
            for track in TRACKS[:40]
        ]
        moved[shift] = float(np.mean(gained))
    assert moved[1.0] > 0.15
    assert 0.0 < moved[0.2] < moved[1.0] / 2


@given(seeds)
def test_without_a_shift_nothing_moves(features):
    query = SPACE.query(features)
    assert np.array_equal(aimed(SPACE, query, features, {}).vector, query.vector)
    assert aimed(SPACE, query, features, {}).offset == pytest.approx(query.offset)


@given(seeds, names)
def test_opposite_shifts_within_the_catalogue_move_the_query_opposite_ways(features, name):
    query = SPACE.query(features)
    one, other = (aimed(SPACE, query, features, {name: shift}).vector - query.vector for shift in (0.05, -0.05))
    # At one end of the catalogue there is only one way to go.
    if one.any() and other.any():
        assert float(one @ other) < 0


def test_a_seed_at_the_catalogues_end_stays_there():
    loudest = AudioFeatures.from_mapping({**TRACKS[0].features.present(), "loudness": float(ROWS[:, 2].max())})
    query = SPACE.query(loudest)
    assert np.array_equal(aimed(SPACE, query, loudest, {"loudness": 1.0}).vector, query.vector)
    assert not np.array_equal(aimed(SPACE, query, loudest, {"loudness": -1.0}).vector, query.vector)


def test_what_a_seed_lacks_is_not_shifted():
    unknown = AudioFeatures(danceability=0.5, tempo=120.0)
    query = SPACE.query(unknown)
    assert not can_shift(SPACE, unknown, "energy")
    assert np.array_equal(aimed(SPACE, query, unknown, {"energy": 1.0}).vector, query.vector)


def test_an_incomplete_seed_can_be_shifted_along_what_is_known_of_it():
    partial = AudioFeatures(danceability=0.5, energy=0.4, tempo=120.0)
    plain, more = (SCORES[nearest(partial, shifts), 1].mean() for shifts in ({}, {"energy": 1.0}))
    assert more > plain + 0.1
