"""Pools: whatever a search looks among, it finds what measuring every allowed item in double precision finds."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daltonify_core.index.candidate_search import CandidateSearch, Ranking, SearchPath, SearchSettings
from daltonify_core.index.exact import least_keys, nearest_of_each, ranking_distances, squared_distances
from daltonify_core.index.feature_space import QueryPoint
from daltonify_core.index.items import ItemArrays, Items, invert
from daltonify_core.index.pools import GenreColumns, ItemRows, Mask, Narrowing, Pool
from tests.builders import track_id
from tests.bundles import make_arrays, plain_space
from tests.fakes.exact_neighbours import ExactNeighbours

GENRES = 4
SPACE = plain_space(sigma=3.0)
DIMENSION = SPACE.dimension


def catalogue(count: int, seed: int) -> tuple[ItemArrays, np.ndarray[Any, Any]]:
    """Tracks of every genre or none, some in several; coarse vectors, so that many tie."""
    random = np.random.default_rng(seed)
    ids = [track_id(int(number)) for number in random.permutation(count)]
    arrays = make_arrays(sorted(random.integers(0, 101, size=count).tolist(), reverse=True), ids)
    lists = [np.flatnonzero(random.random(count) < share) for share in (0.7, 0.3, 0.1, 0.0)]
    offsets = np.cumsum([0, *map(len, lists)]).astype(np.int64)
    items = np.concatenate(lists).astype(np.int32)
    item_offsets, item_genres = invert(offsets, items, count)
    vectors = np.round(random.normal(scale=2.0, size=(count, DIMENSION)), int(random.integers(0, 3)))
    return (
        replace(
            arrays,
            weakest_credit=random.integers(-1, 101, size=count).astype(np.int16),
            release_year=random.integers(1990, 2026, size=count).astype(np.int16),
            explicit=random.integers(-1, 2, size=count).astype(np.int8),
            genre_offsets=offsets,
            genre_items=items,
            item_genre_offsets=item_offsets,
            item_genres=item_genres.astype(np.int16),
        ),
        vectors.astype(np.float32),
    )


SMALL, LARGE = catalogue(300, 1), catalogue(9_000, 2)
# As bundles store them, column by column.
LARGE = LARGE[0], np.asfortranarray(LARGE[1])
COLUMNS = {id(one): GenreColumns.of(*one) for one in (SMALL, LARGE)}

catalogues = st.sampled_from([SMALL, LARGE])
some_genres = st.lists(st.integers(0, GENRES - 1), min_size=1, max_size=3)
ends = st.tuples(st.floats(0, 1), st.floats(0, 1)).map(sorted)


@st.composite
def queries(draw: st.DrawFn) -> list[QueryPoint]:
    """One seed to a crowd of them, near the tracks or far away, with or without absent features."""
    random = np.random.default_rng(draw(st.integers(0, 10**6)))
    away = draw(st.sampled_from([0.0, 4.0, 100.0]))
    found = []
    for _ in range(draw(st.sampled_from([1, 1, 2, 5]))):
        known = draw(st.sampled_from([DIMENSION, DIMENSION, 4]))
        basis = None if known == DIMENSION else random.normal(size=(known, DIMENSION))
        offset, unknown = draw(st.sampled_from([(0.0, 0.0), (3.0, 0.0), (1.0, 5.0)]))
        found.append(QueryPoint(random.normal(scale=2.0, size=DIMENSION) + away, basis, offset, unknown))
    return found


def keeping(wanted: Callable[[ItemRows], Any]) -> Narrowing:
    def narrow(kept: Mask, rows: ItemRows) -> None:
        kept &= wanted(rows)

    return narrow


def reference(
    arrays: ItemArrays, vectors: Any, points: list[QueryPoint], allowed: Items, count: int, weight: float
) -> list[tuple[int, float]]:
    """The best items with their scores, ties with the last place in, by measuring every one in double precision."""
    if len(allowed) == 0:
        return []
    scores = SPACE.similarity(ranking_distances(SPACE, vectors[allowed], points))
    if weight:
        scores = np.round(scores + weight * arrays.artist_popularity[allowed] / 100.0, 5)
    last = np.sort(scores)[::-1][: min(count, len(allowed))][-1]
    order = np.lexsort((arrays.track_ids[allowed], -scores))
    return [(int(allowed[place]), float(scores[place])) for place in order if scores[place] >= last]


def ranked(ranking: Ranking) -> list[tuple[int, float]]:
    return list(zip(ranking.items.tolist(), ranking.scores.tolist(), strict=True))


@given(
    which=catalogues,
    genres=some_genres,
    share=ends,
    level=st.integers(-1, 100),
    year=st.sampled_from([None, 1990, 2010, 2030]),
    points=queries(),
    count=st.sampled_from([1, 7, 45, 180, 4_000]),
    weight=st.sampled_from([0.0, 0.0, 0.3, 1.0]),
)
def test_a_pool_of_genres_ranks_as_measuring_every_allowed_item_does(
    which, genres, share, level, year, points, count, weight
):
    arrays, vectors = which
    low, high = (round(end * len(arrays)) for end in share)
    pool = COLUMNS[id(which)].pool(arrays, genres, low, high)
    pool = pool.under([keeping(lambda rows: rows.weakest_credit > level)])
    if year is not None:
        pool = pool.under([keeping(lambda rows: rows.release_year >= year), keeping(lambda rows: rows.explicit != 1)])
    allowed = np.array(
        [
            item
            for item in range(low, high)
            if any(item in arrays.items_of_genre(genre) for genre in set(genres))
            and arrays.weakest_credit[item] > level
            and (year is None or (arrays.release_year[item] >= year and arrays.explicit[item] != 1))
        ]
        if which is SMALL
        else pool.items(),
        dtype=np.int32,
    )
    assert len(pool) == len(allowed)
    assert pool.items().tolist() == allowed.tolist()
    search = CandidateSearch(SPACE, vectors, arrays, ExactNeighbours(vectors), SearchSettings(exact_up_to=10**9))
    expected = reference(arrays, vectors, points, allowed, count, weight)
    for one in (pool, allowed):
        ranking = search.rank(points, one, count, weight)
        assert ranked(ranking) == expected
        assert ranking.path is SearchPath.EXACT
        assert ranking.complete == (len(expected) == len(allowed))
        if len(allowed):
            measured = SPACE.similarity(squared_distances(vectors[ranking.items], points))
            assert ranking.similarities.tolist() == measured.tolist()


@given(which=catalogues, share=ends, points=queries(), count=st.sampled_from([1, 30, 500]))
def test_a_stretch_of_items_ranks_as_the_same_items_one_by_one(which, share, points, count):
    arrays, vectors = which
    low, high = (round(end * len(arrays)) for end in share)
    search = CandidateSearch(SPACE, vectors, arrays, ExactNeighbours(vectors), SearchSettings(exact_up_to=10**9))
    expected = reference(arrays, vectors, points, np.arange(low, high, dtype=np.int32), count, 0.0)
    assert ranked(search.rank(points, Pool.between(low, high, arrays), count)) == expected


@given(which=catalogues, genres=some_genres, share=ends, asked=st.lists(st.integers(0, 8_999), max_size=20))
def test_a_pool_tells_what_it_holds(which, genres, share, asked):
    arrays, _ = which
    low, high = (round(end * len(arrays)) for end in share)
    wanted = np.array(asked, dtype=np.int64)
    pools = [COLUMNS[id(which)].pool(arrays, genres, low, high), Pool.between(low, high, arrays)]
    for pool in (*pools, *(one.under([keeping(lambda rows: rows.explicit == 0)]) for one in pools)):
        held = set(pool.items().tolist())
        assert pool.holds(wanted).tolist() == [item in held for item in asked]
        rest = pool.under([lambda kept, rows: rows.drop(kept, np.unique(wanted).astype(np.int32))])
        assert rest.items().tolist() == sorted(held - set(asked))


@given(
    values=st.lists(st.integers(0, 50), min_size=1, max_size=60),
    copies=st.sampled_from([1, 200, 2_000]),
    count=st.integers(1, 300),
    modulus=st.sampled_from([0, 2, 97]),
    slack=st.integers(0, 5),
)
def test_the_least_keys_are_found_however_they_lie(values, copies, count, modulus, slack):
    keys = np.array(values * copies, dtype=np.float32)
    kept = np.arange(len(keys)) % modulus == 0 if modulus else None
    allowed = np.sort(keys if kept is None else keys[kept])
    found = least_keys(keys, kept, count)
    assert np.sort(found.least).tolist() == allowed[:count].tolist()
    last = float(allowed[:count][-1])
    assert found.last == last
    within = (keys <= last + slack) & (True if kept is None else kept)
    assert found.up_to(last + slack, keys, kept).tolist() == np.flatnonzero(within).tolist()


@given(seed=st.integers(0, 10**6), count=st.sampled_from([1, 10, 400]))
def test_the_true_nearest_of_many_are_those_of_each(seed, count):
    vectors = np.round(np.random.default_rng(seed).normal(size=(300, 3)), 1).astype(np.float32)
    found = nearest_of_each(vectors, vectors[:5], count)
    for query, items in zip(np.rint(vectors[:5] * 10), found, strict=True):
        distances = np.square(np.rint(vectors * 10) - query).sum(axis=1)
        assert items.tolist() == np.lexsort((np.arange(300), distances))[:count].tolist()


def test_columns_as_they_are_made_have_no_fault():
    columns = COLUMNS[id(SMALL)]
    assert columns.faults(len(SMALL[0].genre_items), DIMENSION) == []
    assert tuple(columns.by_name()) == GenreColumns.names()


@pytest.mark.parametrize("name", GenreColumns.names())
@pytest.mark.parametrize(
    "alter", [lambda a: a[..., :-1], lambda a: a[None], lambda a: a.astype(np.float64)], ids=["short", "deep", "typed"]
)
def test_columns_of_another_shape_or_type_are_a_fault(name, alter):
    altered = replace(COLUMNS[id(SMALL)], **{name: alter(getattr(COLUMNS[id(SMALL)], name))})
    [fault] = altered.faults(len(SMALL[0].genre_items), DIMENSION)
    assert fault.startswith(name)
