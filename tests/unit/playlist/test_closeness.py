"""Closeness: the parts are the distance that ranks, and say which numbers bring a track near."""

import numpy as np
import pytest

from daltonify_core.catalogue.audio_features import CONTINUOUS_FEATURES, AudioFeatures
from daltonify_core.index.feature_space import COLUMNS, RELEASE_YEAR, FeatureSpace, row_of
from daltonify_core.playlist.closeness import closeness
from tests.builders import make_features
from tests.bundles import make_tracks

TRACKS = make_tracks(900)
ROWS = np.array([row_of(track.features, track.duration_ms, track.release_date) for track in TRACKS])
ARTISTS = np.unique([track.artists[0].name for track in TRACKS], return_inverse=True)[1].astype(np.int64)
SPACE = FeatureSpace.fit(ROWS, ARTISTS)
VECTORS = SPACE.vectors(ROWS, ARTISTS)
PLAIN = FeatureSpace.fit(ROWS[:40], ARTISTS[:40])

SEEDS = {
    "complete": make_features(),
    "loud": make_features(energy=0.99, loudness=-2.0, acousticness=0.001),
    "incomplete": make_features(tempo=None, valence=None),
    "one number": AudioFeatures(energy=0.4),
}


@pytest.mark.parametrize("era", [True, False])
@pytest.mark.parametrize("seed", SEEDS.values(), ids=SEEDS)
def test_gains_sum_to_how_much_nearer_a_track_is_than_its_peers(seed, era):
    query = SPACE.query(seed, 200_000, "2012-05-01", era=era)
    distances = query.squared_distances(VECTORS)
    # A track that is more like the seed than the seed itself counts as no distance, which hides its parts.
    measured = distances > query.unknown
    vectors, distances = VECTORS[measured], distances[measured]
    assert len(vectors) > 200
    found = closeness(SPACE, query, vectors[100:], vectors[:100])
    assert found.sum(axis=1) == pytest.approx(distances[100:].mean() - distances[:100], abs=1e-3)


def test_what_the_seed_lacks_or_does_not_want_brings_nothing_near():
    gains = closeness(SPACE, SPACE.query(make_features(tempo=None), None, "2012", era=False), VECTORS, VECTORS[:9])
    assert gains[:, [COLUMNS.index(name) for name in ("tempo", "duration")]] == pytest.approx(0.0, abs=1e-6)
    assert not gains[:, COLUMNS.index(RELEASE_YEAR)].any()
    timed = closeness(SPACE, SPACE.query(make_features(), None, "2012"), VECTORS, VECTORS[:9])
    assert timed[:, COLUMNS.index(RELEASE_YEAR)].all()


@pytest.mark.parametrize("space", [SPACE, PLAIN], ids=["within artists", "plain"])
def test_the_number_in_which_a_track_agrees_with_an_unusual_seed_gains_most(space):
    middling = dict.fromkeys(CONTINUOUS_FEATURES, 0.5) | {"loudness": -11.0, "tempo": 120.0}
    seed = AudioFeatures.from_mapping(middling | {"acousticness": 0.97})
    twin = AudioFeatures.from_mapping(middling | {"acousticness": 0.97, "danceability": 0.3, "valence": 0.9})
    query = space.query(seed, 200_000, "2012")
    ((*found,),) = closeness(
        space, query, space.vectors(ROWS), space.vectors(np.array([row_of(twin, 200_000, "2012")]))
    )
    gains = dict(zip(COLUMNS, found, strict=True))
    assert max(CONTINUOUS_FEATURES, key=lambda name: gains[name]) == "acousticness"
    assert gains["valence"] < gains["acousticness"] / 2
