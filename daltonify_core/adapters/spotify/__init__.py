"""Spotify: what tracks are called, and the account under which playlists are published.

The parts share one way to speak with the Web API (``web_api``), which alone needs spotipy. oEmbed is Spotify's other,
public way to tell a track's title and cover, for an installation without credentials.
"""

from daltonify_core.adapters.spotify.consent import CONSENT_MONTHS, Consented, SpotifyConsent, consent_ends
from daltonify_core.adapters.spotify.oembed import OEmbedTracks
from daltonify_core.adapters.spotify.playlists import SpotifyPlaylistService
from daltonify_core.adapters.spotify.releases import SpotifyReleases
from daltonify_core.adapters.spotify.scopes import CONSENT_SCOPES, PUBLISHING_SCOPES
from daltonify_core.adapters.spotify.tracks import SpotifyTrackFinder, SpotifyTracks

__all__ = [
    "CONSENT_MONTHS",
    "CONSENT_SCOPES",
    "PUBLISHING_SCOPES",
    "Consented",
    "OEmbedTracks",
    "SpotifyConsent",
    "SpotifyPlaylistService",
    "SpotifyReleases",
    "SpotifyTrackFinder",
    "SpotifyTracks",
    "consent_ends",
]
