"""The feature space: equal input gives an equal space, what tells artists apart counts, and absent never counts."""

import copy
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daltonify_core.catalogue.audio_features import CONTINUOUS_FEATURES, FEATURE_RANGES, AudioFeatures
from daltonify_core.errors import InvalidQuery
from daltonify_core.index.feature_space import (
    COLUMNS,
    SOUND_COLUMNS,
    ArtistSound,
    FeatureSpace,
    FeatureSpaceSettings,
    QueryPoint,
    ScoreTable,
    row_of,
)

ARTISTS, TRACKS_EACH = 120, 12
DURATION, RELEASED = COLUMNS.index("duration"), COLUMNS.index("release_year")


def synthetic_rows(seed: int = 1):
    """Rows whose scores are about Gaussian and correlated within each artist, and the artists' numbers."""
    random = np.random.default_rng(seed)
    mixing = np.eye(10) + 0.5 * np.tril(random.normal(size=(10, 10)), -1)
    means = random.normal(scale=1.2, size=(ARTISTS, 10))
    artists = np.repeat(np.arange(ARTISTS), TRACKS_EACH)
    latent = means[artists] + 0.4 * random.normal(size=(len(artists), 10)) @ mixing.T
    rows = np.empty((len(artists), len(COLUMNS)))
    rows[:, :10] = 1.0 / (1.0 + np.exp(-latent))
    rows[:, COLUMNS.index("loudness")] = np.clip(-12.0 + 2.0 * latent[:, 2], -29, -1)
    rows[:, COLUMNS.index("tempo")] = np.clip(110.0 * 2.0 ** (0.2 * latent[:, 8]), 21, 399)
    rows[:, DURATION] = np.round(200_000 * np.exp(0.2 * latent[:, 9]))
    rows[:, RELEASED] = 1980 + np.round(40 * random.random(ARTISTS)[artists]) + 0.5
    return rows, artists


ROWS, ARTIST_NUMBERS = synthetic_rows()
SPACE = FeatureSpace.fit(ROWS, ARTIST_NUMBERS)
VECTORS = SPACE.vectors(ROWS, ARTIST_NUMBERS)


def query_of(row, space: FeatureSpace = SPACE, absent=(), artist=None, era: bool = True) -> QueryPoint:
    """The query of a seed with these numbers but the ``absent`` ones."""
    values = {name: float(value) for name, value in zip(COLUMNS, row, strict=True) if name not in absent}
    features = AudioFeatures.from_mapping({name: values[name] for name in CONTINUOUS_FEATURES if name in values})
    duration = int(values["duration"]) if "duration" in values else None
    released = str(int(values["release_year"])) if "release_year" in values else None
    return space.query(features, duration, released, artist, era)


def sound_of_artist(number: int, with_seed: bool = True) -> ArtistSound:
    theirs = VECTORS[number == ARTIST_NUMBERS].astype(np.float64)
    return ArtistSound(theirs.mean(axis=0), len(theirs), with_seed)


any_features = st.fixed_dictionaries(
    {name: st.floats(*FEATURE_RANGES[name], allow_nan=False) for name in CONTINUOUS_FEATURES}
)


def test_fitting_the_same_catalogue_again_gives_the_same_space():
    again = FeatureSpace.fit(*synthetic_rows())
    assert again.to_dict() == SPACE.to_dict()
    assert np.array_equal(again.vectors(ROWS, ARTIST_NUMBERS), VECTORS)


def test_another_catalogue_gives_another_space():
    assert FeatureSpace.fit(*synthetic_rows(seed=2)).to_dict() != SPACE.to_dict()


def test_fitting_leaves_its_input_alone():
    rows, artists = synthetic_rows()
    FeatureSpace.fit(rows, artists).vectors(rows, artists)
    assert np.array_equal(rows, ROWS)


def test_vectors_are_single_precision_with_one_dimension_per_number():
    assert VECTORS.shape == (ARTISTS * TRACKS_EACH, SPACE.dimension)
    assert VECTORS.dtype == np.float32
    assert SPACE.dimension == len(COLUMNS)


@pytest.mark.parametrize("absent", [(), ("energy",), ("tempo", "duration", "release_year")])
def test_a_track_lies_as_near_to_its_own_seed_as_what_is_unknown_lets_expect(absent):
    for item in range(0, len(ROWS), 97):
        point = query_of(ROWS[item], absent=absent, artist=sound_of_artist(ARTIST_NUMBERS[item]))
        distances = point.squared_distances(VECTORS)
        assert distances[item] == pytest.approx(point.unknown, abs=0.01)
        assert distances.min() >= max(point.unknown - point.offset, 0.0) - 1e-9
        assert (point.unknown > 0.0) is bool({"energy", "duration"} & set(absent))


def test_a_seed_by_an_unknown_artist_stands_where_the_only_track_of_an_artist_would():
    alone = SPACE.vectors(ROWS)
    for item in range(0, len(ROWS), 97):
        assert query_of(ROWS[item]).squared_distances(alone)[item] == pytest.approx(0.0, abs=1e-3)


def test_a_new_track_of_a_known_artist_stands_where_it_would_stand_in_the_index():
    item, artist = 40, ARTIST_NUMBERS[40]
    others = np.flatnonzero((artist == ARTIST_NUMBERS) & (np.arange(len(ROWS)) != item))
    without = SPACE.vectors(ROWS[others], np.zeros(len(others), dtype=np.int64)).astype(np.float64)
    new = query_of(ROWS[item], artist=ArtistSound(without.mean(axis=0), len(others), with_seed=False))
    known = query_of(ROWS[item], artist=sound_of_artist(artist))
    assert np.allclose(new.vector, known.vector, atol=0.01)


def test_a_seed_is_measured_from_farther_out_than_it_sounds():
    alone = SPACE.vectors(ROWS).astype(np.float64)
    for item in range(0, len(ROWS), 97):
        assert np.linalg.norm(query_of(ROWS[item]).vector[:-1]) > np.linalg.norm(alone[item, :-1])


def share_of_strangers(space: FeatureSpace) -> float:
    """Share of tracks whose nearest other track is by somebody else, each track standing for itself."""
    vectors = space.vectors(ROWS)
    strangers = 0
    for item, row in enumerate(ROWS[::4]):
        distances = query_of(row, space, era=False).squared_distances(vectors)
        distances[item * 4] = np.inf
        strangers += int(ARTIST_NUMBERS[distances.argmin()] != ARTIST_NUMBERS[item * 4])
    return strangers / len(ROWS[::4])


def test_the_space_tells_artists_apart_better_than_plain_scaling():
    plain = FeatureSpace.fit(ROWS, np.arange(len(ROWS)))
    assert plain.method == "plain"
    assert SPACE.method == "within_artists"
    assert share_of_strangers(SPACE) < 0.7 * share_of_strangers(plain)


def test_a_number_in_which_artists_do_not_differ_hardly_counts():
    rows = ROWS.copy()
    liveness = COLUMNS.index("liveness")
    rows[:, liveness] = np.random.default_rng(4).random(len(rows))
    space = FeatureSpace.fit(rows, ARTIST_NUMBERS)
    other = rows[:200].copy()
    other[:, liveness] = 1.0 - other[:, liveness]
    moved = np.square(space.vectors(other) - space.vectors(rows[:200])).sum(axis=1).mean()
    assert moved < 0.02 * space.sound_spread


def test_a_track_counts_partly_as_its_artists_other_tracks_sound():
    def spread(vectors) -> float:
        means = np.stack([vectors[artist == ARTIST_NUMBERS].mean(axis=0) for artist in range(ARTISTS)])
        return float(np.square(vectors - means[ARTIST_NUMBERS]).sum())

    share = FeatureSpaceSettings().artist_share
    alone, blended = SPACE.vectors(ROWS).astype(np.float64), VECTORS.astype(np.float64)
    own = 1.0 - share / 2.0
    assert spread(blended) == pytest.approx(spread(alone) * ((1.0 - share) / own) ** 2, rel=1e-3)
    singles = np.arange(len(ROWS))
    assert np.array_equal(SPACE.vectors(ROWS, singles), SPACE.vectors(ROWS))


def test_time_is_the_tracks_own_whatever_its_artist_released_before():
    rows = ROWS.copy()
    rows[0, RELEASED] = 1981.5
    moved, still = SPACE.vectors(rows, ARTIST_NUMBERS), SPACE.vectors(ROWS, ARTIST_NUMBERS)
    assert moved[0, -1] < still[0, -1]
    assert np.array_equal(moved[1:], still[1:])


def test_one_artist_with_countless_tracks_does_not_define_what_similar_means():
    settings = FeatureSpaceSettings(maximum_tracks_per_artist=TRACKS_EACH)
    flood = np.tile(ROWS[:1], (3_000, 1))
    # As much like the others' spread as they are, but all in one feature.
    flood[:, 1] = np.random.default_rng(5).choice(ROWS[:, 1], 3_000)
    rows, artists = np.vstack([ROWS, flood]), np.r_[ARTIST_NUMBERS, np.zeros(3_000, dtype=np.int64)]
    limited, unlimited = (
        FeatureSpace.fit(rows, artists, one).within[1, 1]
        for one in (settings, FeatureSpaceSettings(maximum_tracks_per_artist=10_000))
    )
    assert limited < 0.5 * unlimited


@pytest.mark.parametrize("tracks", [1, 2, 449])
def test_a_catalogue_with_few_tracks_beyond_each_artists_first_is_scaled_plainly(tracks):
    space = FeatureSpace.fit(ROWS[:tracks], np.zeros(tracks, dtype=np.int64))
    assert space.method == "plain"
    assert np.all(np.isfinite(space.vectors(ROWS)))


def test_the_fallback_ends_where_enough_tracks_are_known():
    settings = FeatureSpaceSettings(minimum_within_artist_tracks=ARTISTS * (TRACKS_EACH - 1))
    assert FeatureSpace.fit(ROWS, ARTIST_NUMBERS, settings).method == "within_artists"
    assert FeatureSpace.fit(ROWS[:-1], ARTIST_NUMBERS[:-1], settings).method == "plain"


@pytest.mark.parametrize("method", ["within_artists", "plain"])
def test_a_feature_that_never_varies_changes_no_distance(method):
    rows = ROWS.copy()
    constant = COLUMNS.index("instrumentalness")
    rows[:, constant] = 0.0
    space = FeatureSpace.fit(rows, ARTIST_NUMBERS if method == "within_artists" else np.arange(len(rows)))
    assert space.method == method
    vectors = space.vectors(rows)
    seed = rows[5].copy()
    as_catalogue = query_of(seed, space).squared_distances(vectors)
    seed[constant] = 0.9
    assert np.array_equal(query_of(seed, space).squared_distances(vectors), as_catalogue)
    assert np.array_equal(query_of(seed, space, absent=["instrumentalness"]).squared_distances(vectors), as_catalogue)
    assert as_catalogue[5] == pytest.approx(0.0, abs=1e-3)


def test_a_catalogue_of_one_track_has_a_space():
    space = FeatureSpace.fit(ROWS[:1], np.zeros(1, dtype=np.int64))
    for absent in ((), ("energy",), ("release_year",)):
        assert query_of(ROWS[0], space, absent).squared_distances(space.vectors(ROWS[:1])).tolist() == [0.0]


@pytest.mark.parametrize("absent", [["energy"], ["tempo", "liveness"], ["duration"], [*CONTINUOUS_FEATURES[:8]]])
@pytest.mark.parametrize("method", ["within_artists", "plain"])
def test_without_a_number_tracks_are_compared_as_a_catalogue_without_it_would_compare_them(absent, method):
    artists = ARTIST_NUMBERS if method == "within_artists" else np.arange(len(ROWS))
    places = [COLUMNS.index(name) for name in absent]
    bare = ROWS.copy()
    bare[:, places] = ROWS[0, places]
    rich, poor = FeatureSpace.fit(ROWS, artists), FeatureSpace.fit(bare, artists)
    for item in (7, 500):
        point = query_of(ROWS[item], rich, [*absent, "release_year"])
        assert point.basis is not None
        measured = point.squared_distances(rich.vectors(ROWS, artists)) - point.unknown
        expected = query_of(ROWS[item], poor, ["release_year"]).squared_distances(poor.vectors(bare, artists))
        assert np.allclose(measured / measured.mean(), expected / expected.mean(), atol=0.01)


def test_distances_stay_comparable_whatever_is_absent():
    for absent in ([], ["energy"], ["duration", "release_year"], ["release_year"], list(CONTINUOUS_FEATURES[1:])):
        seeds = zip(ROWS[::20], ARTIST_NUMBERS[::20], strict=True)
        points = [query_of(row, absent=absent, artist=sound_of_artist(artist)) for row, artist in seeds]
        usual = np.mean([point.squared_distances(VECTORS).mean() for point in points])
        assert usual == pytest.approx(4.0 * SPACE.sigma**2, rel=0.1 if not absent else 0.3), absent


def test_the_less_is_known_of_a_seed_the_less_likeness_is_claimed():
    unknown = [query_of(ROWS[0], absent=CONTINUOUS_FEATURES[:count]).unknown for count in range(9)]
    assert unknown == sorted(unknown)
    assert unknown[0] == 0.0
    assert SPACE.similarity(np.array(unknown[-1:])) < 0.7
    # Whether time counts is a question of what is looked for, so nothing is missing without it.
    assert query_of(ROWS[0], absent=["release_year"]).unknown == query_of(ROWS[0], era=False).unknown == 0.0


def test_lists_for_incomplete_seeds_claim_no_more_likeness_than_complete_seeds_would_show():
    known = ("energy", "danceability", "acousticness")
    claimed, true = [], []
    for item in range(0, len(ROWS), 7):
        query = query_of(ROWS[item], absent=[name for name in CONTINUOUS_FEATURES if name not in known])
        distances = query.squared_distances(VECTORS)
        nearest = np.argsort(distances, kind="stable")[:30]
        claimed.append(SPACE.similarity(distances[nearest]).mean())
        true.append(SPACE.similarity(query_of(ROWS[item]).squared_distances(VECTORS[nearest])).mean())
    assert 0.2 < np.mean(claimed) < np.mean(true)


@given(seed=any_features, other=st.floats(0, 1), absent=st.sampled_from(["energy", "valence", "liveness"]))
def test_no_value_of_an_absent_feature_in_the_catalogue_makes_a_track_nearer_or_farther(seed, other, absent):
    for space in (SPACE, FeatureSpace.fit(ROWS, np.arange(len(ROWS)))):
        query = space.query(AudioFeatures.from_mapping(seed | {absent: None}), 200_000, "2000")
        track = np.array([row_of(AudioFeatures.from_mapping(seed), 180_000, "1990")])
        changed = np.array([row_of(AudioFeatures.from_mapping(seed | {absent: other}), 180_000, "1990")])
        one, two = (query.squared_distances(space.vectors(row))[0] for row in (track, changed))
        assert one == pytest.approx(two, abs=1e-3)


def test_time_counts_unless_it_is_switched_off_or_unknown():
    rows = np.tile(ROWS[3], (3, 1))
    rows[:, RELEASED] = (1980.5, 2000.5, 2020.5)
    vectors = SPACE.vectors(rows)
    seed = rows[1]
    early, same, late = query_of(seed).squared_distances(vectors)
    assert same < min(early, late)
    for point in (query_of(seed, era=False), query_of(seed, absent=["release_year"])):
        assert len(set(point.squared_distances(vectors).tolist())) == 1


def test_a_new_release_counts_as_the_newest_and_an_old_one_as_the_oldest():
    def vector(year: float):
        row = ROWS[3].copy()
        row[RELEASED] = year
        return query_of(row).vector

    assert np.array_equal(vector(2093), vector(ROWS[:, RELEASED].max()))
    assert np.array_equal(vector(1908), vector(ROWS[:, RELEASED].min()))


def test_a_date_is_read_as_exactly_as_it_is_written():
    dates = ["1999", "2000-01-01", "2000", "2000-12", "2000-12-31", "2001-01-01"]
    moments = [row_of(AudioFeatures(), None, date)[RELEASED] for date in dates]
    assert moments == sorted(set(moments))
    assert [math.floor(moment) for moment in moments] == [1999, 2000, 2000, 2000, 2000, 2001]
    assert 2000.4 < row_of(AudioFeatures(), None, "2000")[RELEASED] < 2000.6


@pytest.mark.parametrize("column", ["duration", "release_year"])
def test_what_half_of_the_catalogue_lacks_is_left_out_of_the_space(column):
    rows = ROWS.copy()
    rows[: len(rows) // 2 + 1, COLUMNS.index(column)] = np.nan
    space = FeatureSpace.fit(rows, ARTIST_NUMBERS)
    known = space.vectors(ROWS[:50])
    assert np.array_equal(known, space.vectors(np.where(np.arange(11) == COLUMNS.index(column), np.nan, ROWS[:50])))
    # Nothing is missing then, so the neighbour index can answer.
    assert query_of(ROWS[0], space, absent=[column]).basis is None
    rows[:1, COLUMNS.index(column)] = ROWS[:1, COLUMNS.index(column)]
    assert query_of(ROWS[0], FeatureSpace.fit(rows, ARTIST_NUMBERS), absent=[column]).basis is not None


@pytest.mark.parametrize("column", ["duration", "release_year"])
def test_a_track_that_lacks_a_number_stands_in_the_middle_of_it(column):
    row = ROWS[10].copy()
    low, high = np.nanquantile(ROWS[:, COLUMNS.index(column)], (0.01, 0.99))
    seeds = [row.copy(), row.copy()]
    seeds[0][COLUMNS.index(column)], seeds[1][COLUMNS.index(column)] = low, high
    unknown = np.where(np.arange(11) == COLUMNS.index(column), np.nan, row)[None]
    for seed, opposite in (seeds, seeds[::-1]):
        point = query_of(seed)
        same, none, other = (
            point.squared_distances(SPACE.vectors(track))[0] for track in (seed[None], unknown, opposite[None])
        )
        assert same < none < other


def test_a_seed_without_any_continuous_feature_is_refused():
    with pytest.raises(InvalidQuery, match="no audio features"):
        SPACE.query(AudioFeatures(key=3, mode=1, time_signature=4), 200_000, "2020")


def test_key_mode_and_time_signature_do_not_move_a_seed():
    row = dict(zip(CONTINUOUS_FEATURES, map(float, ROWS[0]), strict=False))
    plain = SPACE.query(AudioFeatures.from_mapping(row))
    marked = SPACE.query(AudioFeatures.from_mapping(row | {"key": 11, "mode": 0}))
    assert np.array_equal(plain.vector, marked.vector)


@given(seed=any_features)
def test_every_seed_within_the_valid_ranges_has_a_finite_place(seed):
    assert np.all(np.isfinite(SPACE.query(AudioFeatures.from_mapping(seed)).vector))


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=300))
def test_scores_follow_the_order_of_values_and_center_on_the_catalogue(values):
    table = ScoreTable.normal(np.array(values), FeatureSpaceSettings())
    scores = table(np.sort(values))
    assert np.all(np.diff(scores) >= 0)
    assert abs(scores.mean()) < 1e-5
    assert np.abs(scores).max() < 5.2


def test_equal_steps_are_equally_rare_and_tails_count_alike():
    table = ScoreTable.normal(np.exp(np.linspace(0, 20, 10_001)), FeatureSpaceSettings())
    middle, one_up = table(np.exp(np.array([10.0, 20 * 0.841345])))
    assert (middle, one_up) == (pytest.approx(0.0, abs=0.05), pytest.approx(1.0, abs=0.05))
    # Half a percent at either end is one value.
    ends = table(np.exp(np.array([-50.0, 0.0, 20.0, 50.0])))
    assert np.allclose(ends, [-2.576, -2.576, 2.576, 2.576], atol=0.05)


def test_values_that_many_tracks_share_stand_at_their_middle_rank():
    values = np.r_[np.zeros(600), np.linspace(0.1, 1.0, 400)]
    table = ScoreTable.normal(values, FeatureSpaceSettings())
    assert table.knots[0] == 0.0
    # 30 % lie below the middle of the zeros, so does that share of a normal distribution below -.52.
    zero, least, most = table(np.array([0.0, 0.1, 1.0]))
    assert zero < least < most
    assert zero - float(table(np.array([0.55]))[0]) == pytest.approx(-0.524 - 0.842, abs=0.05)


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


@pytest.mark.parametrize("settings", [None, FeatureSpaceSettings(knots=9, artist_share=0.3, era_weight=0.5)])
def test_a_space_survives_json_without_moving_a_vector(settings):
    space = FeatureSpace.fit(ROWS, ARTIST_NUMBERS, settings)
    restored = FeatureSpace.from_dict(json.loads(json.dumps(space.to_dict())))
    assert restored.to_dict() == space.to_dict()
    assert restored.sigma == space.sigma
    assert np.array_equal(restored.vectors(ROWS, ARTIST_NUMBERS), space.vectors(ROWS, ARTIST_NUMBERS))
    for absent in ([], ["energy"]):
        one, other = (query_of(ROWS[3], each, absent).squared_distances(VECTORS) for each in (space, restored))
        assert np.array_equal(one, other)


@pytest.mark.parametrize("field", list(SPACE.to_dict()))
def test_a_description_that_lacks_a_field_is_refused(field):
    values = SPACE.to_dict()
    del values[field]
    with pytest.raises(KeyError):
        FeatureSpace.from_dict(values)


TABLE = SPACE.tables[0].to_dict()
MATRIX = np.eye(len(SOUND_COLUMNS)).tolist()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("columns", list(reversed(COLUMNS))),
        ("columns", list(COLUMNS[:-1])),
        ("columns", [*COLUMNS, "key"]),
        ("tables", [TABLE] * 10),
        ("tables", [TABLE] * 12),
        ("tables", [TABLE] * 10 + [{"knots": [1.0, 0.0], "scores": [0.0, 1.0]}]),
        ("tables", [TABLE] * 10 + [{"knots": [1.0, 1.0], "scores": [0.0, 1.0]}]),
        ("tables", [TABLE] * 10 + [{"knots": [0.0, 1.0], "scores": [1.0, 0.0]}]),
        ("tables", [TABLE] * 10 + [{"knots": [0.0, 1.0], "scores": [0.0]}]),
        ("tables", [TABLE] * 10 + [{"knots": [0.0, math.nan], "scores": [0.0, 1.0]}]),
        ("tables", [TABLE] * 10 + [{"knots": [0.0, 1.0], "scores": [0.0, math.inf]}]),
        ("tables", [TABLE] * 10 + [{"knots": [], "scores": []}]),
        ("tables", [TABLE] * 10 + [{"knots": [[0.0]], "scores": [[0.0]]}]),
        ("within", [[1.0] * 10] * 9),
        ("within", [1.0] * 100),
        ("within", [[math.inf] * 10] * 10),
        ("within", [[10**400] * 10] * 10),
        ("within", (-np.eye(10)).tolist()),
        ("within", "identity"),
        ("between", MATRIX[:-1]),
        ("between", [[math.nan] * 10] * 10),
        ("sound_spread", 0.0),
        ("sound_spread", -1.0),
        ("sound_spread", math.nan),
        ("sound_spread", math.inf),
        ("sound_spread", "wide"),
        ("sound_spread", 10**400),
        ("era_spread", -0.1),
        ("era_spread", math.nan),
        ("artist_share", 1.0),
        ("artist_share", -0.1),
        ("artist_share", math.nan),
        ("outward", -0.1),
        ("outward", math.inf),
        ("artist_prior", 0.0),
        ("artist_prior", math.inf),
    ],
)
def test_a_malformed_description_is_refused(field, value):
    values = copy.deepcopy(SPACE.to_dict()) | {field: value}
    with pytest.raises((ValueError, TypeError, ArithmeticError)):
        FeatureSpace.from_dict(values)


def test_the_last_digits_of_arithmetic_change_neither_space_nor_vectors():
    # Another order of summation stands for another processor: both differ in the last digits only.
    rows, artists = synthetic_rows()
    order = np.random.default_rng(5).permutation(len(rows))
    space, shuffled = FeatureSpace.fit(rows, artists), FeatureSpace.fit(rows[order], artists[order])
    assert space.to_dict() == shuffled.to_dict()
    assert np.array_equal(space.vectors(rows, artists)[order], shuffled.vectors(rows[order], artists[order]))
