"""Merging: many rows of one track become one, and nothing of the newest is overwritten."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daltonify_core.catalogue.merging import MergedTrack, TrackMerger, merge_rows
from daltonify_core.catalogue.plain_rows import plain_row, track_of_row
from daltonify_core.catalogue.track import ArtistCredit, Track
from tests.builders import make_track, track_id


def merge(*rows: Track) -> list[MergedTrack]:
    with TrackMerger() as merger:
        for row in rows:
            merger.add(row)
        return list(merger.merged())


def merge_one(*rows: Track) -> Track:
    (merged,) = merge(*rows)
    assert merged.rows == len(rows)
    return merged.track


def test_tracks_come_once_each_in_the_order_of_their_ids():
    merged = merge(*(make_track(track_id=track_id(number)) for number in (3, 1, 2, 3, 1, 3)))
    assert [(one.track.track_id, one.rows) for one in merged] == [(track_id(1), 2), (track_id(2), 1), (track_id(3), 3)]


def test_a_single_row_stays_exactly_as_it_is():
    track = make_track(
        title="\0 夜;\n", artists=(ArtistCredit("A", "1"), "B"), genres=("z", "a"), snapshot="2024-11", source="x"
    )
    assert merge(track) == [MergedTrack(track, 1, None)]


def test_ids_that_differ_only_in_case_are_different_tracks():
    assert len(merge(make_track(track_id="a" * 22), make_track(track_id="A" * 22))) == 2


@pytest.mark.parametrize("order", list(itertools.permutations(["2024-11", "2024", "2023-12-31", None])))
def test_the_newest_snapshot_wins_in_any_order_and_none_is_the_oldest(order):
    rows = [make_track(title=f"of {snapshot}", snapshot=snapshot) for snapshot in order]
    assert merge_one(*rows).title == "of 2024-11"
    assert merge_one(*(row for row in rows if row.snapshot in (None, "2023-12-31"))).title == "of 2023-12-31"


def test_within_one_snapshot_the_row_added_later_wins():
    rows = [make_track(title=title, snapshot="2024") for title in ("first", "second", "third")]
    assert merge_one(*rows).title == "third"


def test_genres_are_the_union_of_all_rows():
    rows = [make_track(genres=("rock",)), make_track(genres=("pop", "rock")), make_track(genres=())]
    assert merge_one(*rows).genres == ("pop", "rock")


def test_absent_values_come_from_the_next_newest_row_that_has_them():
    merged = merge_one(
        make_track(snapshot="2020", album="Oldest", duration_ms=1_000, key=1, source="oldest", explicit=True),
        make_track(snapshot="2022", album="Middle", duration_ms=None, key=None, source=None, explicit=None),
        make_track(snapshot="2024", album=None, duration_ms=None, key=None, source=None, explicit=None),
    )
    assert (merged.album, merged.duration_ms, merged.features.key) == ("Middle", 1_000, 1)
    assert (merged.source, merged.explicit, merged.snapshot) == ("oldest", True, "2024")


def test_known_values_are_never_overwritten_even_if_they_look_empty():
    merged = merge_one(
        make_track(snapshot="2020", popularity=90, explicit=True, key=11, mode=1),
        make_track(snapshot="2024", popularity=0, explicit=False, key=0, mode=0),
    )
    assert (merged.popularity, merged.explicit, merged.features.key, merged.features.mode) == (0, False, 0, 0)


def test_continuous_features_stay_one_measurement():
    merged = merge_one(
        make_track(snapshot="2020", energy=0.1, tempo=100.0), make_track(snapshot="2024", energy=0.9, tempo=200.0)
    )
    assert (merged.features.energy, merged.features.tempo) == (0.9, 200.0)


def test_artist_ids_are_taken_from_an_older_row_that_credits_the_same_names():
    with_ids = (ArtistCredit("A", "1"), ArtistCredit("B", "2"))
    merged = merge_one(make_track(snapshot="2020", artists=with_ids), make_track(snapshot="2024", artists=("A", "B")))
    assert merged.artists == with_ids
    other = merge_one(make_track(snapshot="2020", artists=with_ids), make_track(snapshot="2024", artists=("B", "A")))
    assert other.artists == (ArtistCredit("B"), ArtistCredit("A"))


def test_an_artists_popularity_keeps_the_snapshot_of_the_row_that_gave_it():
    (merged,) = merge(
        make_track(snapshot="2020", artist_popularity=90),
        make_track(snapshot="2022", artist_popularity=70),
        make_track(snapshot="2024"),
    )
    assert (merged.track.artist_popularity, merged.artist_popularity_snapshot) == (70, "2022")
    assert merged.track.snapshot == "2024"


def test_an_artists_popularity_is_never_taken_over_by_another_artist():
    merged = merge_one(
        make_track(snapshot="2020", artists=("Star", "Guest"), artist_popularity=90),
        make_track(snapshot="2024", artists=("Guest", "Star")),
    )
    assert merged.artist_popularity is None
    same = merge_one(
        make_track(snapshot="2020", artists=("STAR",), artist_popularity=90),
        make_track(snapshot="2024", artists=(ArtistCredit("Star", "1"),)),
    )
    assert same.artist_popularity == 90
    namesake = merge_one(
        make_track(snapshot="2020", artists=(ArtistCredit("Star", "2"),), artist_popularity=90),
        make_track(snapshot="2024", artists=(ArtistCredit("Star", "1"),)),
    )
    assert namesake.artist_popularity is None


rows = st.builds(
    lambda number, snapshot, popularity, genres: make_track(
        track_id=track_id(number), snapshot=snapshot, popularity=popularity, genres=tuple(genres)
    ),
    st.integers(1, 4),
    st.sampled_from([None, "2020", "2021", "2022"]),
    st.none() | st.integers(0, 100),
    st.lists(st.sampled_from(["a", "b", "c"]), unique=True),
)


@given(st.lists(rows, max_size=12))
def test_no_row_is_lost_and_every_track_follows_the_rules(given_rows):
    merged = merge(*given_rows)
    assert sum(one.rows for one in merged) == len(given_rows)
    for one in merged:
        own = [row for row in given_rows if row.track_id == one.track.track_id]
        ranked = sorted(enumerate(own), key=lambda placed: (placed[1].snapshot or "", placed[0]), reverse=True)
        best_first = [row for _, row in ranked]
        assert one.rows == len(own)
        assert one.track.snapshot == best_first[0].snapshot
        assert one.track.popularity == next((r.popularity for r in best_first if r.popularity is not None), None)
        assert set(one.track.genres) == {genre for row in own for genre in row.genres}
        if len(own) > 1:
            assert one.track == merge_rows(best_first)


def test_more_rows_than_one_batch_are_merged():
    merged = merge(*(make_track(track_id=track_id(number % 3_000)) for number in range(4_500)))
    assert [one.rows for one in merged] == [2] * 1_500 + [1] * 1_500


def test_the_work_file_is_gone_afterwards_even_after_an_error(tmp_path):
    with TrackMerger(tmp_path) as merger:
        merger.add(make_track())
        assert len(list(tmp_path.iterdir())) == 1
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ZeroDivisionError), TrackMerger(tmp_path):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_merged_rows_are_read_in_any_order_and_as_many_columns_as_wanted():
    tracks = [make_track(track_id=track_id(number), title=f"Title {number}") for number in range(2_500)]
    with TrackMerger() as merger:
        for track in [make_track(track_id=track_id(7), title="Older", snapshot=None), *tracks]:
            merger.add(replace(track, snapshot="2024") if track.title != "Older" else track)
        rows = merger.merged_rows()
        assert len(rows) == 2_500
        assert [one.decode() for one in rows.track_ids.tolist()] == [track.track_id for track in tracks]
        assert rows.sizes.tolist() == [2 if number == 7 else 1 for number in range(2_500)]
        order = np.array([2_499, 0, 7, 0])
        assert [track_of_row(row) for row in rows.read(order)] == [
            replace(tracks[place], snapshot="2024") for place in order.tolist()
        ]
        assert list(rows.read(order[:2], ["track_id", "title"])) == [
            (tracks[place].track_id, f"Title {place}") for place in (2_499, 0)
        ]
        assert list(rows.read(order[:0])) == []


def test_rows_come_one_by_one_or_many_at_once_and_later_ones_win():
    with TrackMerger() as merger:
        merger.add(make_track(title="first"))
        merger.add_rows([plain_row(make_track(title="second")), plain_row(make_track(title="third"))])
        (merged,) = merger.merged()
        assert (merged.track.title, merged.rows) == ("third", 3)
        merger.add(make_track(title="fourth"))
        assert [one.track.title for one in merger.merged()] == ["fourth"]


def test_no_rows_merge_to_none():
    assert merge() == []
