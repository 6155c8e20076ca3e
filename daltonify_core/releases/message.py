"""What messages to the worker for releases say: which release to look at, or whose playlist to renew, and no more."""

import json
import re
from dataclasses import dataclass
from typing import Final

from daltonify_core.catalogue.links import is_spotify_id

_RELEASE: Final = "release_id"
_RENEWAL: Final = "renew"
_ID: Final = re.compile("[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Message:
    """Exactly one of both is there."""

    release_id: str | None = None
    renewed_artist: str | None = None


def message_about_release(release_id: str) -> str:
    """The text that asks to look at a release."""
    return json.dumps({_RELEASE: release_id})


def message_about_renewal(artist_id: str) -> str:
    """The text that asks to renew an artist's playlist."""
    return json.dumps({_RENEWAL: artist_id})


def read_message(text: str) -> Message | None:
    """What a text asks for; ``None`` for any other one."""
    try:
        values = json.loads(text)
    except ValueError:
        return None
    if not isinstance(values, dict):
        return None
    release_id, artist_id = values.get(_RELEASE), values.get(_RENEWAL)
    if isinstance(release_id, str) and is_release_id(release_id):
        return Message(release_id=release_id)
    if isinstance(artist_id, str) and is_spotify_id(artist_id):
        return Message(renewed_artist=artist_id)
    return None


def is_release_id(text: str) -> bool:
    """Whether a text may be the id of a release, or of a hook: 128 bits in hexadecimal digits."""
    return _ID.fullmatch(text) is not None
