"""Tracks of the index by words and by id."""

import pytest

from daltonify_core.index.bundle import load_bundle
from daltonify_core.use_cases.find_tracks import search_tracks, tracks_by_id
from tests.builders import make_track, track_id
from tests.bundles import write_bundle
from tests.fakes.exact_neighbours import ExactFormat
from tests.fakes.memory_tracks import MemoryTracksFormat


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    tracks = [
        make_track(track_id=track_id(1), title="Quiet Road", artists=("Small",), popularity=10),
        make_track(track_id=track_id(2), title="Loud Road", artists=("Big",), popularity=90),
        make_track(track_id=track_id(3), title="Other", artists=("Unrated",), popularity=None),
        make_track(track_id=track_id(4), title="Ｒoad", artists=("Middle",), popularity=50),
        make_track(track_id=track_id(5), title="Road to Nowhere", artists=("ROAD  Crew", "Road"), popularity=70),
    ]
    folder = tmp_path_factory.mktemp("find") / "bundle"
    manifest = write_bundle(tracks, folder, ExactFormat(), MemoryTracksFormat())
    return load_bundle(folder, manifest.version, ExactFormat(), MemoryTracksFormat())


def found(results):
    return [(one.track.track_id, one.artist_popularity) for one in results]


def test_words_find_that_very_title_or_artist_first_and_then_the_smaller_artists(index):
    wanted = [(track_id(5), 70), (track_id(1), 10), (track_id(2), 90)]
    assert found(search_tracks(index, "road", 10)) == wanted
    assert found(search_tracks(index, "road", 2)) == wanted[:2]
    assert found(search_tracks(index, " LOUD  road", 10)) == [(track_id(2), 90)]


def test_a_common_word_hides_no_small_artist_behind_many_big_ones(tmp_path):
    tracks = [
        make_track(track_id=track_id(number), title=f"Love {number}", artists=(f"Big {number}",), popularity=90)
        for number in range(300)
    ]
    tracks += [make_track(track_id=track_id(301), title="Love, at last", artists=("Tiny",), popularity=3)]
    manifest = write_bundle(tracks, tmp_path / "bundle", ExactFormat(), MemoryTracksFormat())
    index = load_bundle(tmp_path / "bundle", manifest.version, ExactFormat(), MemoryTracksFormat())
    results = found(search_tracks(index, "love", 20))
    assert (len(results), results[0]) == (20, (track_id(301), 3))


def test_ids_find_known_tracks_once_in_their_order(index):
    wanted = [track_id(number) for number in (1, 9, 2, 1)]
    assert found(tracks_by_id(index, wanted)) == [(track_id(1), 10), (track_id(2), 90)]


def test_popularity_that_nobody_knows_is_none(index):
    assert found(tracks_by_id(index, [track_id(3)])) == [(track_id(3), None)]
