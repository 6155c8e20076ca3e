"""Bodies of answers about releases, as the OpenAPI document promises them."""

from typing import Literal

from pydantic import Field

from api.answer_models import Answer

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
