"""The body of a request to publish a playlist."""

from pydantic import Field

from api.models import Body
from daltonify_core.playlist.publishing import (
    MAXIMUM_DESCRIPTION_CHARACTERS,
    MAXIMUM_RESERVES,
    MAXIMUM_TITLE_CHARACTERS,
    MAXIMUM_URIS,
)
from daltonify_core.playlist.request import MAXIMUM_SEEDS


class UnreleasedBody(Body):
    """An own track that is not on Spotify yet; `position` is its place in the whole list, counted from 1."""

    position: int = Field(examples=[3])
    title: str
    artists: list[str]


class PlaylistBody(Body):
    """A playlist to publish under the service's account, or to change there."""

    # The domain counts after it brought a value into normal form, so its limits are only told here, not checked.

    title: str = Field(
        description="Without links; counted after white space was reduced",
        json_schema_extra={"maxLength": MAXIMUM_TITLE_CHARACTERS},
    )
    description: str | None = Field(
        default=None, description="Without links", json_schema_extra={"maxLength": MAXIMUM_DESCRIPTION_CHARACTERS}
    )
    uris: list[str] = Field(
        description="Tracks of the current or previous index, or of `seeds`, as URIs, links or ids",
        json_schema_extra={"minItems": 1, "maxItems": MAXIMUM_URIS},
    )
    seeds: list[str] | None = Field(
        default=None, description="Own tracks that no index knows", json_schema_extra={"maxItems": MAXIMUM_SEEDS}
    )
    reserves: list[str] | None = Field(
        default=None,
        description="Stand in for tracks that turn out dead",
        json_schema_extra={"maxItems": MAXIMUM_RESERVES},
    )
    unreleased: list[UnreleasedBody] | None = Field(
        default=None,
        description="Own tracks that are not on Spotify yet: they are left out, and `to_add` says where they belong",
        json_schema_extra={"maxItems": MAXIMUM_SEEDS},
    )
    public: bool | None = Field(default=True, description="Whether the account's profile lists it")
    playlist_id: str | None = Field(default=None, description="To change a playlist instead of making one")
    edit_token: str | None = Field(default=None, description="What publishing answered for that playlist")
