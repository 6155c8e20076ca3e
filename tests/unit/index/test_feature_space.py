"""The feature space: equal input gives an equal space, one artist's spread is the unit, and absent never counts."""

import copy
import itertools
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daltonify_core.catalogue.audio_features import CONTINUOUS_FEATURES, FEATURE_RANGES, AudioFeatures
from daltonify_core.errors import InvalidQuery
from daltonify_core.index.feature_space import FeatureSpace, FeatureSpaceSettings
from tests.bundles import plain_space

ARTISTS, TRACKS_EACH = 120, 12


def synthetic_features(seed: int = 1):
    """Raw features whose transformed values are Gaussian, correlated within each artist, and the artists' numbers."""
    random = np.random.default_rng(seed)
    mixing = np.eye(9) + 0.5 * np.tril(random.normal(size=(9, 9)), -1)
    means = random.normal(scale=1.2, size=(ARTISTS, 9))
    artists = np.repeat(np.arange(ARTISTS), TRACKS_EACH)
    latent = means[artists] + 0.4 * random.normal(size=(len(artists), 9)) @ mixing.T
    features = 1.0 / (1.0 + np.exp(-latent))
    features[:, CONTINUOUS_FEATURES.index("loudness")] = np.clip(-12.0 + 2.0 * latent[:, 2], -29, -1)
    features[:, CONTINUOUS_FEATURES.index("tempo")] = np.clip(110.0 * 2.0 ** (0.2 * latent[:, 8]), 21, 399)
    return features, artists


FEATURES, ARTIST_NUMBERS = synthetic_features()
SPACE = FeatureSpace.fit(FEATURES, ARTIST_NUMBERS)
VECTORS = SPACE.vectors(FEATURES)


def features_of(row) -> AudioFeatures:
    return AudioFeatures.from_mapping(dict(zip(CONTINUOUS_FEATURES, map(float, row), strict=True)))


def without(row, *absent: str) -> AudioFeatures:
    known = zip(CONTINUOUS_FEATURES, map(float, row), strict=True)
    return AudioFeatures.from_mapping({name: value for name, value in known if name not in absent})


def within_artist_covariance(vectors, artists):
    means = np.stack([vectors[artists == artist].mean(axis=0) for artist in range(ARTISTS)])
    deviations = vectors - means[artists]
    return deviations.T @ deviations / (len(vectors) - ARTISTS)


any_features = st.fixed_dictionaries(
    {name: st.floats(*FEATURE_RANGES[name], allow_nan=False) for name in CONTINUOUS_FEATURES}
)


def test_fitting_the_same_catalogue_again_gives_the_same_space():
    again = FeatureSpace.fit(*synthetic_features())
    assert again.to_dict() == SPACE.to_dict()
    assert np.array_equal(again.vectors(FEATURES), VECTORS)


def test_another_catalogue_gives_another_space():
    assert FeatureSpace.fit(*synthetic_features(seed=2)).to_dict() != SPACE.to_dict()


def test_fitting_leaves_its_input_alone():
    features, artists = synthetic_features()
    FeatureSpace.fit(features, artists).vectors(features)
    assert np.array_equal(features, FEATURES)


def test_a_complete_seed_stands_where_its_track_stands():
    for item in range(0, len(FEATURES), 97):
        point = SPACE.query(features_of(FEATURES[item]))
        assert point.basis is None
        assert np.array_equal(point.vector.astype(np.float32), VECTORS[item])
        assert point.squared_distances(VECTORS)[item] < 1e-9


def test_vectors_are_single_precision_with_one_dimension_per_feature():
    assert VECTORS.shape == (ARTISTS * TRACKS_EACH, SPACE.dimension)
    assert VECTORS.dtype == np.float32
    assert SPACE.dimension == len(CONTINUOUS_FEATURES)


def test_without_shrinkage_one_artists_tracks_differ_equally_in_every_direction():
    space = FeatureSpace.fit(FEATURES, ARTIST_NUMBERS, FeatureSpaceSettings(shrinkage=0.0))
    covariance = within_artist_covariance(space.vectors(FEATURES).astype(np.float64), ARTIST_NUMBERS)
    assert space.method == "within_artists"
    assert np.abs(covariance - np.eye(9)).max() < 1e-3


def test_two_tracks_of_one_artist_lie_about_one_sigma_apart():
    covariance = within_artist_covariance(VECTORS.astype(np.float64), ARTIST_NUMBERS)
    assert math.sqrt(2.0 * np.trace(covariance)) == pytest.approx(SPACE.sigma, rel=0.15)


def test_whitening_tells_artists_apart_better_than_plain_scaling():
    def share_of_strangers(space: FeatureSpace) -> float:
        vectors = space.vectors(FEATURES)
        squares = np.square(vectors).sum(axis=1)
        distances = squares[:, None] + squares[None, :] - 2 * vectors @ vectors.T
        np.fill_diagonal(distances, np.inf)
        return float(np.mean(ARTIST_NUMBERS[distances.argmin(axis=1)] != ARTIST_NUMBERS))

    plain = FeatureSpace.fit(FEATURES, np.arange(len(FEATURES)))
    assert plain.method == "plain"
    assert share_of_strangers(SPACE) < share_of_strangers(plain) / 2


def test_one_artist_with_countless_tracks_does_not_define_what_similar_means():
    settings = FeatureSpaceSettings(maximum_tracks_per_artist=TRACKS_EACH)
    random = np.random.default_rng(5)
    flood = np.tile(FEATURES[:1], (3_000, 1))
    flood[:, 1] = random.random(3_000)
    flooded = FeatureSpace.fit(
        np.vstack([FEATURES, flood]), np.r_[ARTIST_NUMBERS, np.zeros(3_000, dtype=np.int64)], settings
    )
    alone = within_artist_covariance(flooded.vectors(FEATURES).astype(np.float64), ARTIST_NUMBERS)
    assert np.diag(alone) == pytest.approx(np.ones(9), rel=0.35)


@pytest.mark.parametrize("tracks", [1, 2, 449])
def test_a_catalogue_with_few_tracks_beyond_each_artists_first_is_scaled_plainly(tracks):
    artists = np.zeros(tracks, dtype=np.int64)
    space = FeatureSpace.fit(FEATURES[:tracks], artists)
    assert space.method == "plain"
    assert np.all(np.isfinite(space.vectors(FEATURES)))


def test_the_fallback_ends_where_enough_tracks_are_known():
    settings = FeatureSpaceSettings(minimum_within_artist_tracks=ARTISTS * (TRACKS_EACH - 1))
    assert FeatureSpace.fit(FEATURES, ARTIST_NUMBERS, settings).method == "within_artists"
    assert FeatureSpace.fit(FEATURES[:-1], ARTIST_NUMBERS[:-1], settings).method == "plain"


@pytest.mark.parametrize("method", ["within_artists", "plain"])
def test_a_feature_that_never_varies_changes_no_distance(method):
    features = FEATURES.copy()
    constant = CONTINUOUS_FEATURES.index("instrumentalness")
    features[:, constant] = 0.0
    artists = ARTIST_NUMBERS if method == "within_artists" else np.arange(len(features))
    space = FeatureSpace.fit(features, artists)
    assert space.method == method
    vectors = space.vectors(features)
    seed = features[5].copy()
    as_catalogue = space.query(features_of(seed)).squared_distances(vectors)
    seed[constant] = 0.9
    assert np.allclose(space.query(features_of(seed)).squared_distances(vectors), as_catalogue)
    assert np.allclose(space.query(without(seed, "instrumentalness")).squared_distances(vectors), as_catalogue)
    assert as_catalogue[5] < 1e-9
    assert space.similarity(as_catalogue).max() == 1.0
    absent = space.query(without(seed, "instrumentalness", "energy")).squared_distances(vectors)
    assert np.all(absent * 8 / 9 <= as_catalogue + 1e-6)


def test_a_catalogue_of_one_track_has_a_space():
    space = FeatureSpace.fit(FEATURES[:1], np.zeros(1, dtype=np.int64))
    assert space.query(features_of(FEATURES[0])).squared_distances(space.vectors(FEATURES[:1])).tolist() == [0.0]


def smallest_by_trying(space: FeatureSpace, seed: AudioFeatures, absent: int, vector) -> float:
    """The smallest squared distance over all values of one absent feature, by ever finer grids."""
    scaled = space.scaled(np.array([[getattr(seed, name) or 0.0 for name in CONTINUOUS_FEATURES]]))[0]
    scaled = np.where(np.arange(9) == absent, 0.0, scaled)
    center, width = 0.0, 1_000.0
    best = math.inf
    for _ in range(12):
        grid = np.linspace(center - width, center + width, 201)
        points = np.tile(scaled, (len(grid), 1))
        points[:, absent] = grid
        distances = np.square(points @ space.whitening.T - vector).sum(axis=1)
        center, width = float(grid[distances.argmin()]), width / 50
        best = min(best, float(distances.min()))
    return best


@pytest.mark.parametrize("name", [name for name in CONTINUOUS_FEATURES if name not in ("tempo", "loudness")])
def test_with_an_absent_feature_distance_is_the_smallest_that_any_value_of_it_gives(name):
    seed = without(FEATURES[40], name)
    point = SPACE.query(seed)
    assert point.basis is not None
    assert point.basis.shape == (8, 9)
    measured = point.squared_distances(VECTORS[::300])
    for distance, vector in zip(measured, VECTORS[::300].astype(np.float64), strict=True):
        smallest = smallest_by_trying(SPACE, seed, CONTINUOUS_FEATURES.index(name), vector)
        assert distance == pytest.approx(smallest * 9 / 8, rel=1e-6)


@pytest.mark.parametrize(
    "absent", [*itertools.islice(itertools.combinations(CONTINUOUS_FEATURES, 3), 0, 84, 9), CONTINUOUS_FEATURES[:8]]
)
def test_with_several_absent_features_no_combination_of_values_comes_nearer(absent):
    point = SPACE.query(without(FEATURES[7], *absent))
    places = [CONTINUOUS_FEATURES.index(name) for name in absent]
    scaled = SPACE.scaled(FEATURES[7:8])[0]
    scaled[places] = 0.0
    columns = SPACE.whitening[:, places]
    for vector in VECTORS[::400].astype(np.float64):
        gap = vector - SPACE.whitening @ scaled
        best_values = np.linalg.lstsq(columns, gap, rcond=None)[0]
        smallest = float(np.square(gap - columns @ best_values).sum())
        measured = float(point.squared_distances(vector[None, :])[0])
        assert measured == pytest.approx(smallest * 9 / (9 - len(absent)), rel=1e-6, abs=1e-9)


@given(
    seed=any_features,
    absent=st.sets(st.sampled_from(CONTINUOUS_FEATURES), min_size=1, max_size=8),
    item=st.integers(0, len(FEATURES) - 1),
)
def test_leaving_features_out_never_adds_distance_beyond_the_rescaling(seed, absent, item):
    vector = VECTORS[item : item + 1]
    complete = float(SPACE.query(AudioFeatures.from_mapping(seed)).squared_distances(vector)[0])
    partial_seed = AudioFeatures.from_mapping({name: value for name, value in seed.items() if name not in absent})
    partial = float(SPACE.query(partial_seed).squared_distances(vector)[0])
    assert 0 <= partial * (9 - len(absent)) / 9 <= complete * (1 + 1e-9) + 1e-6


@given(seed=any_features, other=any_features, absent=st.sampled_from(CONTINUOUS_FEATURES))
def test_no_value_of_an_absent_feature_in_the_catalogue_makes_a_track_nearer_or_farther_in_plain_scaling(
    seed, other, absent
):
    space = plain_space()
    query = space.query(AudioFeatures.from_mapping(seed | {absent: None}))
    track = np.array([[seed[name] for name in CONTINUOUS_FEATURES]])
    changed = np.array([[(other if name == absent else seed)[name] for name in CONTINUOUS_FEATURES]])
    assert query.squared_distances(space.vectors(track))[0] == pytest.approx(0.0, abs=1e-9)
    assert query.squared_distances(space.vectors(changed))[0] == pytest.approx(0.0, abs=1e-9)


def test_a_seed_without_any_continuous_feature_is_refused():
    with pytest.raises(InvalidQuery, match="no audio features"):
        SPACE.query(AudioFeatures(key=3, mode=1, time_signature=4))


def test_key_mode_and_time_signature_do_not_move_a_seed():
    row = dict(zip(CONTINUOUS_FEATURES, map(float, FEATURES[0]), strict=True))
    plain, marked = (
        SPACE.query(AudioFeatures.from_mapping(row)),
        SPACE.query(AudioFeatures.from_mapping(row | {"key": 11, "mode": 0})),
    )
    assert np.array_equal(plain.vector, marked.vector)


@given(seed=any_features)
def test_every_seed_within_the_valid_ranges_has_a_finite_place(seed):
    assert np.all(np.isfinite(SPACE.query(AudioFeatures.from_mapping(seed)).vector))


def test_an_octave_of_tempo_counts_the_same_everywhere_and_loudness_beyond_its_limits_not_at_all():
    space = plain_space()

    def gap(name: str, one: float, other: float) -> float:
        known = AudioFeatures.from_mapping({name: one, "energy": 0.5})
        row = dict.fromkeys(CONTINUOUS_FEATURES, 0.5) | {"loudness": -5.0, "tempo": 100.0, name: other}
        vector = space.vectors(np.array([[row[feature] for feature in CONTINUOUS_FEATURES]]))
        return float(space.query(known).squared_distances(vector)[0])

    assert gap("tempo", 60.0, 120.0) == pytest.approx(gap("tempo", 90.0, 180.0), rel=1e-5)
    assert gap("tempo", 60.0, 120.0) > gap("tempo", 100.0, 120.0) > 0
    assert gap("loudness", -60.0, -30.0) == pytest.approx(0.0, abs=1e-9)
    assert gap("loudness", 5.0, 0.0) == pytest.approx(0.0, abs=1e-9)
    assert gap("loudness", -12.0, -6.0) > 1.0


@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=20))
def test_similarity_lies_between_0_and_1_and_falls_with_distance(squared):
    similarity = SPACE.similarity(np.sort(np.array([0.0, *squared])))
    assert similarity[0] == 1.0
    assert np.all((similarity >= 0.0) & (similarity <= 1.0))
    assert np.all(np.diff(similarity) <= 0)


def test_similarity_follows_its_formula_and_is_rounded_to_five_places():
    squared = np.linspace(0.0, 80.0, 400)
    similarity = SPACE.similarity(squared)
    assert np.abs(similarity - np.exp(-squared / (2 * SPACE.sigma**2))).max() <= 0.5e-5 + 1e-12
    assert similarity.tolist() == [round(value, 5) for value in similarity.tolist()]
    assert SPACE.similarity(np.array([SPACE.sigma**2])).tolist() == [round(math.exp(-0.5), 5)]


@pytest.mark.parametrize("settings", [None, FeatureSpaceSettings(logit_margin=0.05, loudness_limits=(-40.0, -1.0))])
def test_a_space_survives_json_without_moving_a_vector(settings):
    space = FeatureSpace.fit(FEATURES, ARTIST_NUMBERS, settings)
    restored = FeatureSpace.from_dict(json.loads(json.dumps(space.to_dict())))
    assert restored.to_dict() == space.to_dict()
    assert np.array_equal(restored.vectors(FEATURES), space.vectors(FEATURES))
    seed = without(FEATURES[3], "energy")
    assert np.array_equal(restored.query(seed).squared_distances(VECTORS), space.query(seed).squared_distances(VECTORS))


@pytest.mark.parametrize("field", list(SPACE.to_dict()))
def test_a_description_that_lacks_a_field_is_refused(field):
    values = SPACE.to_dict()
    del values[field]
    with pytest.raises(KeyError):
        FeatureSpace.from_dict(values)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("features", list(reversed(CONTINUOUS_FEATURES))),
        ("features", list(CONTINUOUS_FEATURES[:-1])),
        ("features", [*CONTINUOUS_FEATURES, "key"]),
        ("center", [0.0] * 8),
        ("center", [0.0] * 8 + [math.nan]),
        ("center", [[0.0] * 9]),
        ("scale", [1.0] * 8 + [0.0]),
        ("scale", [1.0] * 8 + [-1.0]),
        ("scale", [1.0] * 8 + [math.inf]),
        ("whitening", [[1.0] * 9] * 8),
        ("whitening", [1.0] * 81),
        ("whitening", [[math.inf] * 9] * 9),
        ("whitening", "identity"),
        ("sigma", 0.0),
        ("sigma", -1.0),
        ("sigma", math.nan),
        ("sigma", math.inf),
        ("sigma", "wide"),
        ("sigma", 10**400),
        ("whitening", [[10**400] * 9] * 9),
        ("logit_margin", 0.0),
        ("logit_margin", -0.01),
        ("logit_margin", math.nan),
        ("loudness_limits", [-30.0]),
        ("loudness_limits", [0.0, -30.0]),
        ("loudness_limits", [math.nan, 0.0]),
        ("loudness_limits", [-math.inf, 0.0]),
    ],
)
def test_a_malformed_description_is_refused(field, value):
    values = copy.deepcopy(SPACE.to_dict()) | {field: value}
    with pytest.raises((ValueError, TypeError, ArithmeticError)):
        FeatureSpace.from_dict(values)


def test_the_last_digits_of_arithmetic_change_neither_space_nor_vectors():
    # Another order of summation stands for another processor: both differ in the last digits only.
    features, artists = synthetic_features()[:2]
    order = np.random.default_rng(5).permutation(len(features))
    space, shuffled = FeatureSpace.fit(features, artists), FeatureSpace.fit(features[order], artists[order])
    assert space.to_dict() == shuffled.to_dict()
    assert np.array_equal(space.vectors(features)[order], shuffled.vectors(features[order]))
