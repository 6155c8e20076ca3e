"""Bodies of answers about releases, and how they are made from records."""

from typing import Any, Literal

from pydantic import Field
from shared.http_errors import iso

from api.models import Answer
from daltonify_core.releases.release import Release

STATES = ("received", "resolving", "waiting", "publishing", "done", "failed")


class ReceivedReleaseAnswer(Answer):
    """A release that was taken in. `status_url` tells what becomes of it; the id is the only key to that."""

    id: str
    state: Literal[STATES]  # type: ignore[valid-type]
    status_url: str


class ReleaseAnswer(Answer):
    """How far a release has come."""

    id: str
    state: Literal[STATES]  # type: ignore[valid-type]
    title: str | None = Field(description="As Spotify has it, or as it was announced until then")
    received_at: str
    why: str | None = Field(description="Why it waits or failed, in a sentence")
    next_attempt_at: str | None = Field(description="When it is looked at again, while it waits")
    finished_at: str | None
    notes: list[str]
    track_url: str | None
    playlist_url: str | None = Field(description="The playlist that holds the track, when the state is `done`")
    version: int | None = Field(description="Which version of that playlist brought the track in, where one lives on")


def received_answer(release: Release, status_url: str) -> dict[str, Any]:
    """What is told of a release that was just taken in, or was before."""
    return {"id": release.release_id, "state": release.state.value, "status_url": status_url}


def release_answer(release: Release, open_playlists_at: str) -> dict[str, Any]:
    """What is told of a release to whoever has its id."""
    is_waiting = release.state == "waiting"
    return {
        "id": release.release_id,
        "state": release.state.value,
        "title": release.title,
        "received_at": iso(release.received_at),
        "why": release.why,
        "next_attempt_at": iso(release.next_attempt_at) if is_waiting and release.next_attempt_at else None,
        "finished_at": iso(release.finished_at) if release.finished_at else None,
        "notes": list(release.notes),
        "track_url": f"https://open.spotify.com/track/{release.track_id}" if release.track_id else None,
        "playlist_url": f"{open_playlists_at}{release.playlist_id}" if release.playlist_id else None,
        "version": release.version,
    }
