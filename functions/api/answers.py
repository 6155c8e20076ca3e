"""Bodies of good answers, out of what the use cases give back."""

import json
from collections.abc import Mapping
from typing import Any, Final

from shared.settings import MAX_AUDIO_BYTES, MAX_BODY_BYTES, MAX_IDS, QUERY_CHARACTERS, ApiSettings

from daltonify_core.audio.clip import CLIP_RATE, MAX_SECONDS, MIN_SECONDS
from daltonify_core.catalogue.links import LinkKind, SpotifyLink
from daltonify_core.playlist.publishing import (
    MAXIMUM_DESCRIPTION_CHARACTERS,
    MAXIMUM_RESERVES,
    MAXIMUM_TITLE_CHARACTERS,
    MAXIMUM_URIS,
    PublishedPlaylist,
)
from daltonify_core.playlist.request import MAXIMUM_EXCLUSIONS, MAXIMUM_PINNED, MAXIMUM_SEEDS, SIZE_LIMITS
from daltonify_core.use_cases.find_tracks import FoundTrack
from daltonify_core.use_cases.recommend import Recommender

_EMBED: Final = "https://open.spotify.com/embed/playlist/"

LIMITS: Final[Mapping[str, Any]] = {
    "size": list(SIZE_LIMITS),
    "seeds": MAXIMUM_SEEDS,
    "exclusions": MAXIMUM_EXCLUSIONS,
    "pinned": MAXIMUM_PINNED,
    "query": list(QUERY_CHARACTERS),
    "ids": MAX_IDS,
    "title": MAXIMUM_TITLE_CHARACTERS,
    "description": MAXIMUM_DESCRIPTION_CHARACTERS,
    "uris": MAXIMUM_URIS,
    "reserves": MAXIMUM_RESERVES,
    "body_bytes": MAX_BODY_BYTES,
    "audio_bytes": MAX_AUDIO_BYTES,
    "audio_seconds": [int(MIN_SECONDS), int(MAX_SECONDS)],
    "audio_rate": CLIP_RATE,
}
"""What a page has to know to stop people before the API does."""


def json_text(body: Mapping[str, Any]) -> str:
    """A body as compact JSON; NaN, which JSON has not, is a fault of ours and raises ``ValueError``."""
    return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def track_answer(found: FoundTrack) -> dict[str, Any]:
    """A track of the catalogue, with its links."""
    track, link = found.track, SpotifyLink(LinkKind.TRACK, found.track.track_id)
    return {
        "track_id": track.track_id,
        "uri": link.uri,
        "url": link.url,
        "title": track.title,
        "artists": [credit.name for credit in track.artists],
        "album": track.album,
        "release_year": track.release_year,
        "artist_popularity": found.artist_popularity,
        "genres": list(track.genres),
    }


def index_answer(recommender: Recommender) -> dict[str, Any]:
    """Which index answers."""
    manifest = recommender.index.manifest
    return {
        "version": recommender.index.version,
        "tracks": manifest.items,
        "built_at": recommender.built_at,
        "snapshot": manifest.snapshot,
        "source": manifest.source,
    }


def playlist_answer(published: PublishedPlaylist, settings: ApiSettings) -> dict[str, Any]:
    """A published playlist, with the addresses that open it."""
    playlist_id = published.playlist_id
    return {
        "playlist_id": playlist_id,
        "url": settings.open_playlists_at + playlist_id,
        "uri": f"spotify:playlist:{playlist_id}",
        # Spotify's player cannot show what only a simulator knows.
        "embed_url": _EMBED + playlist_id if settings.is_real_spotify else None,
        "tracks_added": published.tracks_added,
        "edit_token": published.edit_token,
        "replaced": [{"from": wanted, "to": substitute} for wanted, substitute in published.replaced],
        "left_out": list(published.left_out),
        "to_add": [
            {"position": track.position, "title": track.title, "artists": list(track.artists)}
            for track in published.to_add
        ],
        "notes": list(published.notes),
    }
