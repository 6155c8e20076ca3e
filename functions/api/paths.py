"""Which paths the API has. Apart from the routes, so that refusing a path imports none of them."""

from collections.abc import Callable, Mapping
from typing import Any, Final

AUDIO_PATH: Final = "/api/audio-features"
STATUS_PATH: Final = f"{AUDIO_PATH}/{{job_id}}"
HOOK_PATH: Final = "/api/webhooks/releases/{hook_id}"
RELEASE_PATH: Final = "/api/releases/{release_id}"
RECOMMENDATIONS_PATH: Final = "/api/recommendations"
GENRES_PATH: Final = "/api/genres"
TRACKS_PATH: Final = "/api/tracks"
PLAYLISTS_PATH: Final = "/api/playlists"
QR_PATH: Final = "/api/qr"
CONFIG_PATH: Final = "/api/config"
HEALTH_PATH: Final = "/api/health"

METHODS: Final[Mapping[str, str]] = {
    RECOMMENDATIONS_PATH: "POST",
    GENRES_PATH: "GET",
    TRACKS_PATH: "GET",
    PLAYLISTS_PATH: "POST",
    QR_PATH: "GET",
    CONFIG_PATH: "GET",
    HEALTH_PATH: "GET",
    AUDIO_PATH: "POST",
    STATUS_PATH: "GET",
    HOOK_PATH: "POST",
    RELEASE_PATH: "GET",
}
"""The method that each path takes, for telling an unknown path from a wrong method. Braces stand for one part."""

type Describe = Callable[[str], dict[str, Any]]
"""What the OpenAPI document says of the route of this name, as arguments of its registration."""


def undescribed(name: str) -> dict[str, Any]:
    """Nothing: whoever answers has no use for the document, and its models would slow every cold start."""
    return {}


def as_route(path: str) -> str:
    """The path as Powertools writes parts that vary."""
    return path.replace("{", "<").replace("}", ">")
