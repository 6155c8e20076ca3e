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
    ]
    folder = tmp_path_factory.mktemp("find") / "bundle"
    manifest = write_bundle(tracks, folder, ExactFormat(), MemoryTracksFormat())
    return load_bundle(folder, manifest.version, ExactFormat(), MemoryTracksFormat())


def found(results):
    return [(one.track.track_id, one.artist_popularity) for one in results]


def test_words_find_tracks_biggest_artist_first_and_no_more_than_asked_for(index):
    assert found(search_tracks(index, "road", 10)) == [(track_id(2), 90), (track_id(1), 10)]
    assert found(search_tracks(index, "road", 1)) == [(track_id(2), 90)]


def test_ids_find_known_tracks_once_in_their_order(index):
    wanted = [track_id(number) for number in (1, 9, 2, 1)]
    assert found(tracks_by_id(index, wanted)) == [(track_id(1), 10), (track_id(2), 90)]


def test_popularity_that_nobody_knows_is_none(index):
    assert found(tracks_by_id(index, [track_id(3)])) == [(track_id(3), None)]
