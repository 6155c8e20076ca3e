"""What every neighbour index promises, the fake and Annoy alike; and how much Annoy may overlook."""

import json

import numpy as np
import pytest
from annoy import AnnoyIndex

from daltonify_core.adapters.annoy_index import AnnoyFormat, AnnoySettings
from daltonify_core.errors import IndexCorrupt, InvalidQuery
from daltonify_core.index.exact import nearest_of_each, squared_distances
from daltonify_core.index.feature_space import QueryPoint
from tests.fakes.exact_neighbours import ExactFormat

DIMENSION = 9


@pytest.fixture(params=[AnnoyFormat, ExactFormat])
def neighbour_format(request):
    return request.param()


def random_vectors(count: int, seed: int = 1, dimension: int = DIMENSION):
    return np.random.default_rng(seed).normal(size=(count, dimension)).astype(np.float32)


def clustered_vectors(count: int, seed: int):
    """Clusters of unequal size, as genres and artists make them."""
    random = np.random.default_rng(seed)
    centers = random.normal(scale=2.0, size=(60, DIMENSION))
    members = random.choice(60, size=count, p=random.dirichlet(np.ones(60)))
    return (centers[members] + random.normal(size=(count, DIMENSION))).astype(np.float32)


def build_and_open(neighbour_format, vectors, path, seed=7):
    neighbour_format.build(vectors, path, seed)
    return neighbour_format.open(path, vectors.shape[1])


def test_neighbours_come_nearest_first_and_are_the_true_ones_of_a_small_index(neighbour_format, tmp_path):
    vectors = random_vectors(200)
    index = build_and_open(neighbour_format, vectors, tmp_path / "all")
    query = random_vectors(1, seed=2)[0]
    distances = np.linalg.norm(vectors.astype(np.float64) - query, axis=1)
    assert index.nearest(query, 10).tolist() == np.argsort(distances)[:10].tolist()
    assert index.nearest(query, 10).dtype == np.int64


def test_every_item_is_its_own_nearest_neighbour_and_gives_back_its_vector(neighbour_format, tmp_path):
    vectors = random_vectors(300)
    index = build_and_open(neighbour_format, vectors, tmp_path / "all")
    for item, vector in enumerate(vectors):
        assert index.nearest(vector, 1).tolist() == [item]
        assert np.array_equal(index.vector(item), vector)
        assert index.vector(item).dtype == np.float32


@pytest.mark.parametrize("count", [1, 2, 5])
def test_an_index_knows_its_length_and_never_answers_with_more(neighbour_format, tmp_path, count):
    index = build_and_open(neighbour_format, random_vectors(count), tmp_path / "all")
    assert len(index) == count
    assert sorted(index.nearest(np.zeros(DIMENSION, np.float32), 50).tolist()) == list(range(count))


def test_tracks_with_identical_sound_are_all_found(neighbour_format, tmp_path):
    index = build_and_open(neighbour_format, np.ones((40, DIMENSION), np.float32), tmp_path / "all")
    assert sorted(index.nearest(np.ones(DIMENSION, np.float32), 40).tolist()) == list(range(40))


def test_equal_vectors_and_seed_give_equal_bytes_and_another_seed_other_bytes(neighbour_format, tmp_path):
    vectors = random_vectors(500)
    for name, seed in (("one", 7), ("two", 7), ("three", 8)):
        neighbour_format.build(vectors, tmp_path / name, seed)
    one, two, three = ((tmp_path / name).read_bytes() for name in ("one", "two", "three"))
    assert one == two
    assert one != three


@pytest.mark.parametrize(
    "query",
    [
        np.zeros(DIMENSION - 1, np.float32),
        np.zeros(DIMENSION + 1, np.float32),
        np.zeros((1, DIMENSION), np.float32),
        np.full(DIMENSION, np.nan, np.float32),
        np.array([np.inf] + [0.0] * (DIMENSION - 1), np.float32),
    ],
    ids=["short", "long", "matrix", "nan", "infinite"],
)
def test_a_query_of_another_shape_or_without_finite_numbers_is_refused(neighbour_format, tmp_path, query):
    index = build_and_open(neighbour_format, random_vectors(20), tmp_path / "all")
    with pytest.raises(InvalidQuery):
        index.nearest(query, 3)


@pytest.mark.parametrize(
    "content", [None, b"", b"not an index", b"\0" * 5200], ids=["absent", "empty", "text", "zeros"]
)
def test_a_file_that_is_no_index_is_refused(neighbour_format, tmp_path, content):
    path = tmp_path / "all"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(IndexCorrupt):
        neighbour_format.open(path, DIMENSION)


@pytest.mark.parametrize("lost_bytes", [1, 4])
def test_a_file_that_lost_its_end_is_refused(neighbour_format, tmp_path, lost_bytes):
    path = tmp_path / "all"
    neighbour_format.build(random_vectors(100), path, 7)
    path.write_bytes(path.read_bytes()[:-lost_bytes])
    with pytest.raises(IndexCorrupt):
        neighbour_format.open(path, DIMENSION)


@pytest.mark.parametrize("dimension", [8, 10])
def test_a_file_of_another_dimension_is_refused(neighbour_format, tmp_path, dimension):
    path = tmp_path / "all"
    neighbour_format.build(random_vectors(101, dimension=dimension), path, 7)
    with pytest.raises(IndexCorrupt):
        neighbour_format.open(path, DIMENSION)


def test_what_the_manifest_must_remember_names_kind_and_metric(neighbour_format):
    described = neighbour_format.describe()
    assert json.loads(json.dumps(described)) == described
    assert {"kind", "metric"} <= set(described)


def test_the_number_of_trees_shapes_the_file_and_is_remembered(tmp_path):
    vectors = random_vectors(500)
    few, many = AnnoyFormat(AnnoySettings(trees=2)), AnnoyFormat(AnnoySettings(trees=20))
    few.build(vectors, tmp_path / "few", 7)
    many.build(vectors, tmp_path / "many", 7)
    assert (tmp_path / "few").stat().st_size < (tmp_path / "many").stat().st_size
    assert (few.describe()["trees"], many.describe()["trees"]) == (2, 20)


def test_annoy_alone_cannot_tell_some_foreign_files_which_is_why_the_bundle_compares_vectors(tmp_path):
    # Dimension 10 of this metric takes the very bytes of dimension 9 of ours.
    foreign = AnnoyIndex(10, "angular")
    foreign.set_seed(1)
    for item, vector in enumerate(random_vectors(100, dimension=10).tolist()):
        foreign.add_item(item, vector)
    foreign.build(4, n_jobs=1)
    foreign.save(str(tmp_path / "all"))
    opened = AnnoyFormat().open(tmp_path / "all", DIMENSION)
    assert len(opened) == 100
    assert not np.array_equal(opened.vector(0), random_vectors(100, dimension=10)[0][:DIMENSION])


def test_annoy_finds_at_least_99_percent_of_the_30_true_neighbours(tmp_path):
    vectors = clustered_vectors(12_000, seed=3)
    index = build_and_open(AnnoyFormat(), vectors, tmp_path / "all.ann")
    everything = np.arange(len(vectors), dtype=np.int32)
    found = 0
    queries = clustered_vectors(60, seed=4)
    for query in queries:
        distances = squared_distances(vectors[everything], [QueryPoint(query.astype(np.float64))])
        truth = set(np.argsort(distances)[:30].tolist())
        found += len(truth & set(index.nearest(query, 30).tolist()))
    assert found / (30 * len(queries)) >= 0.99


def test_a_tuned_index_finds_what_was_asked_of_it_with_less_effort_where_less_will_do(tmp_path):
    vectors = np.round(clustered_vectors(12_000, seed=3), 5)
    AnnoyFormat().build(vectors, tmp_path / "all.ann", seed=7)
    queries = np.round(clustered_vectors(60, seed=4), 5)
    nearest = nearest_of_each(vectors, queries, 100)
    efforts = []
    for recall in (0.5, 0.99, 0.999):
        tuning = AnnoyFormat(AnnoySettings(tuned_recall=recall)).tune(tmp_path / "all.ann", queries, nearest)
        assert tuning == AnnoyFormat(AnnoySettings(tuned_recall=recall)).tune(tmp_path / "all.ann", queries, nearest)
        index = AnnoyFormat().open(tmp_path / "all.ann", DIMENSION, tuning)
        for count in (30, 100):
            found = [
                np.isin(true[:count], index.nearest(query, count)).mean()
                for query, true in zip(queries, nearest, strict=True)
            ]
            assert np.mean(found) >= recall
        efforts.append(index.effort(30))
    assert efforts == sorted(set(efforts))


def test_half_of_the_inspection_still_finds_most_and_a_twentieth_does_not(tmp_path):
    vectors = np.round(clustered_vectors(12_000, seed=3), 5)
    AnnoyFormat().build(vectors, tmp_path / "all.ann", seed=7)
    queries = np.round(clustered_vectors(60, seed=4), 5)
    nearest = nearest_of_each(vectors, queries, 100)
    tuning = AnnoyFormat().tune(tmp_path / "all.ann", queries, nearest)
    index = AnnoyFormat().open(tmp_path / "all.ann", DIMENSION, tuning)
    recalls = [
        np.mean([np.isin(true, index.nearest(query, 100, share)) for query, true in zip(queries, nearest, strict=True)])
        for share in (1.0, 0.5, 0.05)
    ]
    assert recalls[0] > recalls[1] > 0.9 > recalls[2]


@pytest.mark.parametrize("floor", [-1, "many", 1.5, True])
def test_a_tuning_that_cannot_be_is_refused(tmp_path, floor):
    AnnoyFormat().build(random_vectors(50), tmp_path / "all.ann", seed=7)
    with pytest.raises(IndexCorrupt, match="Build the index anew"):
        AnnoyFormat().open(tmp_path / "all.ann", DIMENSION, {"kind": "annoy", "search_floor": floor})
