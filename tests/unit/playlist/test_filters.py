"""Each filter with three tracks."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from daltonify_core.catalogue.songs import Song, song_key, song_of
from daltonify_core.index.items import UNKNOWN_EXPLICIT, UNKNOWN_POPULARITY, UNKNOWN_YEAR
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

THREE = np.arange(3, dtype=np.int32)


def arrays(**columns: Any) -> Any:
    """As much of the index's arrays as one filter reads."""
    return SimpleNamespace(**{name: np.array(values) for name, values in columns.items()})


def kept(item_filter) -> list[int]:
    return np.flatnonzero(item_filter.keep(THREE)).tolist()


def test_every_credited_artist_must_be_above_the_level():
    three = arrays(weakest_credit=[41, 40, UNKNOWN_POPULARITY])
    assert kept(EveryArtistBigger(three, 40)) == [0]


def test_at_level_zero_an_artist_nobody_knows_anything_of_is_still_out():
    assert kept(EveryArtistBigger(arrays(weakest_credit=[1, 0, UNKNOWN_POPULARITY]), 0)) == [0]


def test_excluded_items_are_out():
    assert kept(NotThese(np.array([1, 7], dtype=np.int32))) == [0, 2]
    assert kept(NotThese(np.empty(0, dtype=np.int32))) == [0, 1, 2]


@pytest.mark.parametrize(
    ("first", "last", "left"), [(2000, None, [1]), (None, 2000, [0, 1]), (1999, 2000, [0, 1]), (None, None, [0, 1])]
)
def test_years_include_both_ends_and_an_unknown_year_is_out(first, last, left):
    assert kept(ReleasedBetween(arrays(release_year=[1999, 2000, UNKNOWN_YEAR]), first, last)) == left


@pytest.mark.parametrize(
    ("wish", "left"), [(Explicit.ALLOW, [0, 1, 2]), (Explicit.CLEAN, [1, 2]), (Explicit.ONLY, [0])]
)
def test_clean_leaves_out_what_is_known_to_be_explicit_and_only_keeps_just_that(wish, left):
    lyrics = ExplicitLyrics(arrays(explicit=[1, 0, UNKNOWN_EXPLICIT]), wish)
    assert kept(lyrics) == left


def test_filters_together_keep_what_each_of_them_keeps_in_the_given_order():
    filters: list[ItemFilter] = [
        NotThese(np.array([0], dtype=np.int32)),
        EveryArtistBigger(arrays(weakest_credit=[9, 9, 3]), 5),
    ]
    assert apply_filters(THREE, filters).tolist() == [1]
    assert apply_filters(THREE, []).tolist() == [0, 1, 2]


def admitted(selection_filter, items=(0, 1, 2)) -> list[int]:
    """Items that join one after the other."""
    joined = []
    for item in items:
        if selection_filter.admits(item):
            selection_filter.take(item)
            joined.append(item)
    return joined


def test_one_track_per_artist_counts_guests_too():
    credited = [[10], [11, 10], [12]]
    assert admitted(OnePerArtist(credited.__getitem__)) == [0, 2]


def test_artists_who_are_taken_from_the_start_get_no_track():
    credited = [[10], [11], [12, 10]]
    assert admitted(OnePerArtist(credited.__getitem__, taken=[10])) == [1]


def test_a_track_that_was_not_taken_blocks_nobody():
    credited = [[10], [10], [10]]
    one_per_artist = OnePerArtist(credited.__getitem__)
    assert all(one_per_artist.admits(item) for item in range(3))


def versions(*tracks: tuple[str, str], taken: tuple[tuple[str, str], ...] = ()) -> NoAlternateVersions:
    return NoAlternateVersions(
        lambda item: song_key(tracks[item][0]),
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

    assert admitted(NoAlternateVersions([1, 2, 3].__getitem__, song)) == [0, 1, 2]
    assert read == []


def test_names_that_lead_to_no_one_artist_exclude_whoever_bears_them():
    names = [frozenset({"ann"}), frozenset({"ben", "nova"}), frozenset({"nova"})]
    assert admitted(NotByName(names.__getitem__, frozenset({"nova"}))) == [0]
    assert admitted(NotByName(names.__getitem__, frozenset())) == [0, 1, 2]


@pytest.mark.parametrize("excluded", ["lenny tavarez", "lenny tavárez"])
def test_an_excluded_name_is_found_with_and_without_accents(excluded):
    names = [frozenset({"star", "lenny tavárez"}), frozenset({"lenny tavarez"}), frozenset({"lenny"})]
    assert admitted(NotByName(names.__getitem__, frozenset({excluded}))) == [2]
