"""Which track of an album counts as the artist's release."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from daltonify_core.adapters.spotify import SpotifyReleases
from daltonify_core.releases.release import ReferenceKind, ReleaseReference
from tests.fakes.memory_secrets import MemorySecretStore

ME, SOMEBODY_ELSE, ALBUM = "A" * 22, "B" * 22, "C" * 22


class OneAlbum:
    """In place of Spotify."""

    def __init__(self, *tracks: Mapping[str, Any]) -> None:
        self._tracks = list(tracks)

    def read(self, path: str, query: Mapping[str, str | int]) -> object:
        assert path == f"albums/{ALBUM}"
        album = {"id": ALBUM, "name": "Split", "release_date": "2026-01-02", "release_date_precision": "day"}
        return {**album, "tracks": {"items": self._tracks}}


def track(number: int, name: str, *artist_ids: str) -> dict[str, Any]:
    artists = [{"id": each, "name": each[:2]} for each in artist_ids]
    return {"id": f"{number:022}", "type": "track", "name": name, "artists": artists, "duration_ms": 1000}


def first_of(*tracks: Mapping[str, Any]) -> str | None:
    directory = SpotifyReleases(
        MemorySecretStore(), "spotify", "https://api.test/v1", "https://accounts.test", "DE", lambda: datetime.now(UTC)
    )
    directory._access = OneAlbum(*tracks)  # type: ignore[assignment]
    found = directory.find(ReleaseReference(ReferenceKind.ALBUM, ALBUM), ME, "Me")
    return found.title if found else None


def test_of_an_album_the_artists_own_tracks_come_before_others():
    theirs, mine = track(1, "Theirs", SOMEBODY_ELSE), track(2, "Mine", SOMEBODY_ELSE, ME)
    assert first_of(theirs, mine) == "Mine"
    assert first_of(track(3, "Split", SOMEBODY_ELSE), mine) == "Mine"


def test_an_album_is_represented_by_the_track_it_is_named_after():
    assert first_of(track(1, "Intro", ME), track(2, "Split", ME)) == "Split"


def test_an_album_without_the_artist_is_found_as_somebody_elses():
    assert first_of(track(1, "Theirs", SOMEBODY_ELSE)) == "Theirs"


class Searched:
    """In place of Spotify: these tracks for every search."""

    def __init__(self, *tracks: Mapping[str, Any]) -> None:
        self._tracks = list(tracks)

    def read(self, path: str, query: Mapping[str, str | int]) -> object:
        assert path == "search"
        return {"tracks": {"items": self._tracks}}


def out(number: int, name: str, date: str) -> dict[str, Any]:
    album = {"id": ALBUM, "name": name, "release_date": date, "release_date_precision": "day"}
    return {**track(number, name, ME), "album": album}


def searched(kind: ReferenceKind, announced_for: str | None, *tracks: Mapping[str, Any]) -> str | None:
    directory = SpotifyReleases(
        MemorySecretStore(), "spotify", "https://api.test/v1", "https://accounts.test", "DE", lambda: datetime.now(UTC)
    )
    directory._access = Searched(*tracks)  # type: ignore[assignment]
    value = "home" if kind is ReferenceKind.TITLE else "QZES72400001"
    found = directory.find(ReleaseReference(kind, value), ME, "Me", announced_for)
    return found.release_date if found else None


HOMES = [out(1, "Home", "2019-06-01"), out(2, "Home", "2026-01-02"), out(3, "Home", "2026-07-01")]


def test_of_several_with_one_title_the_one_nearest_to_the_announced_day_is_meant():
    assert searched(ReferenceKind.TITLE, "2026-01-05", *HOMES) == "2026-01-02"
    assert searched(ReferenceKind.TITLE, None, *HOMES) == "2026-07-01"


def test_an_old_song_of_the_name_is_not_the_one_that_is_announced_for_a_day():
    assert searched(ReferenceKind.TITLE, "2026-01-05", HOMES[0]) is None
    assert searched(ReferenceKind.TITLE, None, HOMES[0]) == "2019-06-01"


def test_a_code_names_the_recording_whenever_it_came_out_and_the_day_says_on_which_release():
    assert searched(ReferenceKind.ISRC, "2026-07-01", *HOMES) == "2026-07-01"
    assert searched(ReferenceKind.ISRC, "2026-07-01", HOMES[0]) == "2019-06-01"
    assert searched(ReferenceKind.ISRC, None, *HOMES) == "2019-06-01"


@pytest.mark.parametrize("title", ["Don\u2019t Stop", "Dont Stop", "DON'T STOP!", "Don\u00b4t  Stop"])
def test_a_title_is_found_however_its_punctuation_is_typed(title):
    directory = SpotifyReleases(
        MemorySecretStore(), "spotify", "https://api.test/v1", "https://accounts.test", "DE", lambda: datetime.now(UTC)
    )
    directory._access = Searched(out(1, "Don't Stop", "2026-01-02"))  # type: ignore[assignment]
    assert directory.find(ReleaseReference(ReferenceKind.TITLE, title.casefold()), ME, "Me") is not None
    assert directory.find(ReleaseReference(ReferenceKind.TITLE, "don't stop now"), ME, "Me") is None
