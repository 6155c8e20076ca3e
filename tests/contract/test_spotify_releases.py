"""Which track of an album counts as the artist's release."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

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
