"""Each filter with three tracks."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from daltonify_core.catalogue.songs import Song, song_of
from daltonify_core.index.items import UNKNOWN_EXPLICIT, UNKNOWN_POPULARITY, UNKNOWN_YEAR, Items
from daltonify_core.index.pools import Pool
from daltonify_core.playlist.filters import (
    EveryArtistBigger,
    Explicit,
    ExplicitLyrics,
    ItemFilter,
    NoAlternateVersions,
    NotByName,
    NotThese,
    OnePerArtist,
    ReleasedBetween,
    apply_filters,
)
from tests.bundles import make_arrays

THREE = np.arange(3, dtype=np.int32)


class ThreeRows(SimpleNamespace):
    """Items 0 to 2."""

    def __len__(self) -> int:
        return 3

    def drop(self, mask, items):
        mask[np.isin(THREE, items)] = False


def rows(**columns: Any) -> Any:
    """Three rows with as many columns as one filter reads."""
    return ThreeRows(**{name: np.array(values) for name, values in columns.items()})


def kept(item_filter: ItemFilter, **columns: Any) -> list[int]:
    them = rows(**columns)
    mask = np.ones(len(them), dtype=np.bool_)
    item_filter.narrow(mask, them)
    return np.flatnonzero(mask).tolist()


def test_every_credited_artist_must_be_above_the_level():
    assert kept(EveryArtistBigger(40), weakest_credit=[41, 40, UNKNOWN_POPULARITY]) == [0]


def test_at_level_zero_an_artist_nobody_knows_anything_of_is_still_out():
    assert kept(EveryArtistBigger(0), weakest_credit=[1, 0, UNKNOWN_POPULARITY]) == [0]


def test_excluded_items_are_out():
    assert kept(NotThese(np.array([1, 7], dtype=np.int32))) == [0, 2]
    assert kept(NotThese(np.empty(0, dtype=np.int32))) == [0, 1, 2]


@pytest.mark.parametrize(
    ("first", "last", "left"), [(2000, None, [1]), (None, 2000, [0, 1]), (1999, 2000, [0, 1]), (None, None, [0, 1])]
)
def test_years_include_both_ends_and_an_unknown_year_is_out(first, last, left):
    assert kept(ReleasedBetween(first, last), release_year=[1999, 2000, UNKNOWN_YEAR]) == left


@pytest.mark.parametrize(
    ("wish", "left"), [(Explicit.ALLOW, [0, 1, 2]), (Explicit.CLEAN, [1, 2]), (Explicit.ONLY, [0])]
)
def test_clean_leaves_out_what_is_known_to_be_explicit_and_only_keeps_just_that(wish, left):
    assert kept(ExplicitLyrics(wish), explicit=[1, 0, UNKNOWN_EXPLICIT]) == left


def test_filters_together_keep_what_each_of_them_keeps_in_the_given_order():
    arrays = replace(make_arrays([9, 9, 9]), weakest_credit=np.array([9, 9, 3], dtype=np.int16))
    pool = Pool.of(THREE, arrays)
    filters: list[ItemFilter] = [NotThese(np.array([0], dtype=np.int32)), EveryArtistBigger(5)]
    assert apply_filters(pool, filters).items().tolist() == [1]
    assert apply_filters(pool, []).items().tolist() == [0, 1, 2]


def admitted(selection_filter, items=(0, 1, 2)) -> list[int]:
    """Items that join one after the other."""
    joined = []
    selection_filter.expect(np.array(items[:2], dtype=np.int32))
    for item in items:
        if selection_filter.admits(item):
            selection_filter.take(item)
            joined.append(item)
    return joined


def of_each(values: Sequence[Any]) -> Callable[[Items], list[Any]]:
    """The values of some items, as filters ask for them."""
    return lambda items: [values[item] for item in items.tolist()]


def test_one_track_per_artist_counts_guests_too():
    credited = [[10], [11, 10], [12]]
    assert admitted(OnePerArtist(of_each(credited))) == [0, 2]


def test_artists_who_are_taken_from_the_start_get_no_track():
    credited = [[10], [11], [12, 10]]
    assert admitted(OnePerArtist(of_each(credited), taken=[10])) == [1]


def test_a_track_that_was_not_taken_blocks_nobody():
    credited = [[10], [10], [10]]
    one_per_artist = OnePerArtist(of_each(credited))
    assert all(one_per_artist.admits(item) for item in range(3))


def versions(*tracks: tuple[str, str], taken: tuple[tuple[str, str], ...] = ()) -> NoAlternateVersions:
    return NoAlternateVersions(
        of_each([song_of(title, ()).key for title, _ in tracks]),
        lambda item: song_of(tracks[item][0], [tracks[item][1]]),
        [song_of(title, [artist]) for title, artist in taken],
    )


def test_a_live_version_by_the_same_artist_is_the_same_song():
    assert admitted(versions(("Dreams", "Ann"), ("Dreams - Live", "Ann"), ("Dream", "Ann"))) == [0, 2]


def test_the_same_title_by_somebody_else_is_another_song():
    assert admitted(versions(("Home", "Ann"), ("Home", "Ben"), ("Home - Remastered 2011", "Cid"))) == [0, 1, 2]


def test_a_guest_named_in_the_title_links_versions_under_different_artists():
    assert admitted(versions(("WAP (feat. Ben)", "Ann"), ("WAP", "Ben"), ("WAP", "Cid"))) == [0, 2]


def test_a_version_of_the_seed_is_out():
    three = versions(("Boston", "Me"), ("Boston - Acoustic", "Me"), ("Austin", "Me"), taken=(("Boston", "Me"),))
    assert admitted(three) == [2]


def test_metadata_is_read_only_when_titles_agree():
    read = []

    def song(item: int) -> Song:
        read.append(item)
        return song_of("Song", ["Ann"])

    assert admitted(NoAlternateVersions(of_each([1, 2, 3]), song)) == [0, 1, 2]
    assert read == []


def test_names_that_lead_to_no_one_artist_exclude_whoever_bears_them():
    names = [frozenset({"ann"}), frozenset({"ben", "nova"}), frozenset({"nova"})]
    assert admitted(NotByName(of_each(names), frozenset({"nova"}))) == [0]
    assert admitted(NotByName(of_each(names), frozenset())) == [0, 1, 2]


@pytest.mark.parametrize("excluded", ["lenny tavarez", "lenny tavárez"])
def test_an_excluded_name_is_found_with_and_without_accents(excluded):
    names = [frozenset({"star", "lenny tavárez"}), frozenset({"lenny tavarez"}), frozenset({"lenny"})]
    assert admitted(NotByName(of_each(names), frozenset({excluded}))) == [2]
