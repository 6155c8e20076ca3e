"""What the service account has to consent to, and the refusal of anything narrower."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from daltonify_core.errors import ConsentNeeded

PUBLISHING_SCOPES: Final = ("playlist-modify-public", "playlist-modify-private", "playlist-read-private")
"""Without these nothing can be published: write either kind of playlist, read back what was written."""

CONSENT_SCOPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "playlist-modify-public": "make and fill playlists that the profile lists",
        "playlist-modify-private": "make and fill playlists that the profile does not list",
        "playlist-read-private": "read back what a playlist holds, and find one whose making was not confirmed",
        "ugc-image-upload": "set a playlist's cover",
        "user-library-modify": "remove old playlists: an account holds about 11,000",
        "user-follow-modify": "named by Spotify, beside the one above, for removing a playlist",
    }
)
"""All that any feature needs, with the reason for each, because a further scope takes another consent."""


def refuse_narrow(granted: frozenset[str], needed: Sequence[str] | Mapping[str, str]) -> None:
    """Raises ``ConsentNeeded`` naming every scope that is needed and was not granted."""
    missing = [scope for scope in needed if scope not in granted]
    if missing:
        raise ConsentNeeded(
            f"The consent does not cover {', '.join(missing)}. Run `daltonify login` and allow all of it."
        )
