"""Register artists, and change what they want: refused is what a release would stumble over later."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from daltonify_core.catalogue.genres import normalise_genre
from daltonify_core.catalogue.links import LinkKind, is_spotify_id, parse_link
from daltonify_core.catalogue.track import MAX_NAME_LENGTH
from daltonify_core.errors import InvalidQuery
from daltonify_core.playlist.own_slots import own_track_limit
from daltonify_core.playlist.publishing import PublishRequest
from daltonify_core.playlist.request import MAXIMUM_FOLLOWERS, RecommendationRequest, RequestFilters, Seed
from daltonify_core.ports.releases import ArtistStore
from daltonify_core.ports.surroundings import Clock
from daltonify_core.releases.profile import ArtistProfile

_MOST_CONTACT_CHARACTERS: Final = 200
_ANY_TRACK: Final = "0" * 22
_NO_ARTIST: Final = "There is no such artist. `daltonify artists list` shows who is registered."


class KeepArtists:
    """Profiles by artist id."""

    def __init__(self, artists: ArtistStore, clock: Clock) -> None:
        self._artists = artists
        self._clock = clock

    def add(self, artist: str, name: str, wishes: Mapping[str, Any]) -> ArtistProfile:
        """Register an artist by id, URI or link; ``wishes`` are fields of the profile that differ from the default.

        Raises ``InvalidQuery`` for wishes that cannot be met and for an artist who is registered.
        """
        profile = checked_profile(ArtistProfile(artist_id_of(artist), name, self._clock(), **wishes))
        if not self._artists.add(profile):
            if self._artists.find(profile.artist_id) is None:
                raise InvalidQuery(
                    f"A removal of {profile.artist_id} broke off. Finish it with `daltonify artists remove` first.",
                    "artist",
                )
            raise InvalidQuery(
                f"{profile.artist_id} is registered already. Use `daltonify artists change` instead.", "artist"
            )
        return profile

    def find(self, artist: str) -> ArtistProfile:
        """The profile of an artist by id, URI or link; raises ``InvalidQuery`` when there is none."""
        profile = self._artists.find(artist_id_of(artist))
        if profile is None:
            raise InvalidQuery(_NO_ARTIST, "artist")
        return profile

    def change(self, artist: str, wishes: Mapping[str, Any]) -> ArtistProfile:
        """Replace the fields that ``wishes`` names; raises ``InvalidQuery`` as the other methods do."""
        profile = checked_profile(replace(self.find(artist), **wishes))
        if not self._artists.replace(profile):
            raise InvalidQuery("The artist was removed just now, so nothing was changed.", "artist")
        return profile

    def remove(self, artist: str) -> str:
        """Forget an artist with their hooks and the record of their playlist, which stays on Spotify; their id.

        A removal that broke off is finished. Raises ``InvalidQuery`` when there is none.
        """
        artist_id = artist_id_of(artist)
        if not self._artists.remove(artist_id):
            raise InvalidQuery(_NO_ARTIST, "artist")
        return artist_id

    def forget_playlist(self, artist: str) -> ArtistProfile:
        """Let the next release begin a new playlist, because the one that lived on is lost; everything else stays.

        Raises ``InvalidQuery`` when there is no such artist, or none of their playlists lives on.
        """
        profile = self.find(artist)
        if not self._artists.forget_playlist(profile.artist_id):
            raise InvalidQuery(f"No playlist of {profile.name} lives on, so there is none to forget.", "artist")
        return profile


def artist_id_of(text: str) -> str:
    """The id in a Spotify id, URI or link of an artist; raises ``InvalidQuery``."""
    last = re.fullmatch(
        r"(?:spotify:artist:|(?:https?://)?open\.spotify\.com/(?:[^/]+/)?artist/)?([^/:?#]+)/?(?:[?#].*)?", text.strip()
    )
    if last is None or not is_spotify_id(last[1]):
        raise InvalidQuery(
            f"{text[:60]!r} is no artist. Give the link to the artist's page on Spotify, such as "
            "https://open.spotify.com/artist/4HJ7mSMtHAdU55lLjGE4zW.",
            "artist",
        )
    return last[1]


def checked_profile(profile: ArtistProfile) -> ArtistProfile:
    """The profile in normal form, pinned tracks as ids and the genre as the catalogue spells it.

    Raises ``InvalidQuery`` for whatever recommending or publishing would refuse later, when nobody is there to mend it.
    """
    if not 1 <= len(profile.name.strip()) <= MAX_NAME_LENGTH:
        raise InvalidQuery(f"The artist's name must have 1 to {MAX_NAME_LENGTH:,} characters.", "name")
    if len(profile.contact) > _MOST_CONTACT_CHARACTERS:
        raise InvalidQuery(f"The contact must have at most {_MOST_CONTACT_CHARACTERS} characters.", "contact")
    most = own_track_limit(profile.size)
    if not 1 <= profile.own_kept <= most:
        raise InvalidQuery(f"A list of {profile.size} tracks can hold 1 to {most} own tracks.", "own_kept")
    if profile.followers is not None and not 0 <= profile.followers <= MAXIMUM_FOLLOWERS:
        raise InvalidQuery(f"followers must be from 0 to {MAXIMUM_FOLLOWERS:,}.", "followers")
    genre = None if profile.genre is None else normalise_genre(profile.genre)
    if profile.genre is not None and genre is None:
        raise InvalidQuery(f"{profile.genre[:60]!r} names no genre.", "genre")
    pinned = tuple(dict.fromkeys(_track_id(text) for text in profile.pinned))
    request = RecommendationRequest(
        seeds=(Seed(track_id=_ANY_TRACK),),
        size=profile.size,
        band=profile.band,
        filters=RequestFilters(exclude_artists=profile.excluded_artists),
        pinned=pinned,
    )
    if len(pinned) >= profile.size:
        raise InvalidQuery(f"Fewer tracks can be pinned than the list has ({profile.size}).", "pinned")
    uri = f"spotify:track:{_ANY_TRACK}"
    PublishRequest(title=profile.title or "Any", description=profile.description, uris=(uri,), seeds=(uri,))
    return replace(profile, name=profile.name.strip(), genre=genre, pinned=request.pinned)


def _track_id(text: str) -> str:
    try:
        link = parse_link(text)
    except InvalidQuery as error:
        error.field = "pinned"
        raise
    if link.kind is not LinkKind.TRACK:
        raise InvalidQuery("Only tracks can be pinned.", "pinned")
    return link.id
