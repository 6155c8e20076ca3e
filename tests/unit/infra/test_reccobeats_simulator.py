"""What the simulated ReccoBeats makes of tracks and of files, without its server."""

import io
import wave

import pytest

from daltonify_core.catalogue.audio_features import AudioFeatures
from daltonify_core.catalogue.track import ArtistCredit
from infra.local.reccobeats_simulator import Fault, RowsOfTracks, SimulatedRow
from infra.local.reccobeats_simulator.audio import is_listed_audio, made_up_features
from tests.builders import make_track, track_id


def wav(frames: int) -> bytes:
    written = io.BytesIO()
    with wave.open(written, "wb") as file:
        file.setparams((1, 2, 44_100, 0, "NONE", ""))
        file.writeframes(bytes(2 * frames))
    return written.getvalue()


def test_a_row_holds_what_the_catalogue_knows():
    artists = (ArtistCredit("One", "A" * 22), ArtistCredit("Two", "B" * 22))
    track = make_track(artists=artists, duration_ms=199_000, popularity=33)
    assert SimulatedRow.from_track(track) == SimulatedRow(
        track.title, ("One", "Two"), track.features, ("A" * 22, "B" * 22), 199_000, None, 33
    )


def test_ids_of_some_artists_only_are_left_out():
    track = make_track(artists=(ArtistCredit("One", "A" * 22), "Two"), popularity=None)
    found = SimulatedRow.from_track(track)
    assert (found.artist_ids, found.popularity) == ((), 0)


def test_rows_of_tracks_have_their_ids():
    tracks = {track_id(number): make_track(track_id=track_id(number), title=f"Song {number}") for number in (1, 2)}
    rows = RowsOfTracks(tracks)
    assert (list(rows), len(rows), rows[track_id(2)].title) == (list(tracks), 2, "Song 2")
    assert track_id(3) not in rows


@pytest.mark.parametrize(
    "content",
    [
        wav(1),
        b"FORM\0\0\0\0AIFF",
        b"FORM\0\0\0\0AIFC",
        b"OggS\0",
        b"ID3\x04",
        b"\xff\xfb\x90",
        b"\xff\xf1\x50",
        b"\0\0\0\x20ftypM4A ",
    ],
)
def test_listed_kinds_are_told_by_their_start(content):
    assert is_listed_audio(content)


@pytest.mark.parametrize("content", [b"", b"RIFF", wav(1)[:20], wav(0), b"FORM\0\0\0\0ILBM", b"fLaC", b"\xff\xd8\xff"])
def test_anything_else_is_not(content):
    assert not is_listed_audio(content)


def test_made_up_features_could_be_a_tracks_and_differ_between_files():
    several = [made_up_features(bytes([number])) for number in range(50)]
    for features in several:
        assert not AudioFeatures.from_mapping(features).missing()
    assert len({features["tempo"] for features in several}) == 50


@pytest.mark.parametrize(
    "order", [{"kind": "flood"}, {"times": 0}, {"after": -1}, {"seconds": -0.1}, {"path_pattern": "("}]
)
def test_a_fault_that_makes_no_sense_is_not_taken(order):
    with pytest.raises(ValueError, match=r"flood|at least once|regular expression"):
        Fault(**{"kind": "slow"} | order)
