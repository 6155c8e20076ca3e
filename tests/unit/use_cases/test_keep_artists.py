"""Profiles: what a release would stumble over later is refused when an operator writes it."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daltonify_core.errors import InvalidQuery
from daltonify_core.playlist.own_slots import OwnSlots
from daltonify_core.releases.profile import ArtistProfile
from daltonify_core.use_cases.keep_artists import KeepArtists, artist_id_of, checked_profile
from tests.fakes.memory_releases import MemoryArtists
from tests.fakes.release_world import PROFILE
from tests.fakes.set_clock import SetClock

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
ME = "4HJ7mSMtHAdU55lLjGE4zW"


def keeper() -> KeepArtists:
    return KeepArtists(MemoryArtists(), SetClock(NOON))


@pytest.mark.parametrize(
    "text",
    [
        ME,
        f" spotify:artist:{ME} ",
        f"https://open.spotify.com/artist/{ME}",
        f"http://open.spotify.com/artist/{ME}/?si=1&x=2",
        f"open.spotify.com/intl-pt/artist/{ME}#top",
    ],
)
def test_an_artist_may_be_named_in_several_ways(text):
    assert artist_id_of(text) == ME


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Me",
        f"spotify:track:{ME}",
        f"https://open.spotify.com/album/{ME}",
        f"https://example.org/artist/{ME}",
        ME[1:],
    ],
)
def test_something_else_is_no_artist(text):
    with pytest.raises(InvalidQuery) as refused:
        artist_id_of(text)
    assert refused.value.field == "artist"


@given(st.text())
def test_no_text_makes_it_fail(text):
    with suppress(InvalidQuery):
        assert len(artist_id_of(text)) == 22


def test_a_profile_is_kept_in_normal_form():
    kept = keeper().add(
        ME, " Me ", {"genre": "Hip-Hop", "pinned": (f"spotify:track:{ME}", ME), "own_slots": OwnSlots.FIRST}
    )
    assert kept == ArtistProfile(ME, "Me", NOON, genre="hip hop", pinned=(ME,), own_slots=OwnSlots.FIRST)


def test_a_profile_that_is_good_is_taken_as_it_is():
    assert checked_profile(PROFILE) == PROFILE


def test_a_change_keeps_everything_else():
    artists = keeper()
    before = artists.add(ME, "Me", {"size": 40, "contact": "me@example.org"})
    after = artists.change(f"spotify:artist:{ME}", {"frozen": True})
    assert after == artists.find(ME)
    assert (after.frozen, after.size, after.contact, after.made_at) == (True, 40, before.contact, before.made_at)
    with pytest.raises(InvalidQuery):
        artists.change(ME, {"own_kept": 5})
    assert artists.find(ME) == after


def test_as_many_pinned_tracks_as_places_are_refused():
    pinned = tuple(f"{number:022d}" for number in range(5))
    with pytest.raises(InvalidQuery, match="pinned"):
        keeper().add(ME, "Me", {"size": 5, "pinned": pinned})
    assert keeper().add(ME, "Me", {"size": 6, "pinned": pinned}).pinned == pinned


def test_without_a_living_playlist_there_is_none_to_forget():
    artists = keeper()
    artists.add(ME, "Me", {})
    with pytest.raises(InvalidQuery, match="none to forget"):
        artists.forget_playlist(ME)


def test_who_is_removed_is_unknown_again():
    artists = keeper()
    artists.add(ME, "Me", {})
    assert artists.remove(ME) == ME
    for again in (artists.find, artists.remove):
        with pytest.raises(InvalidQuery, match="no such artist"):
            again(ME)
    artists.add(ME, "Me", {})
