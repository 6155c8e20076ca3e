"""Every setting that comes from the environment, read and checked in one place before any request is served.

Secrets are named here, never held: the values of ``*_SECRET`` variables are names in Secrets Manager. AWS clients take
region, credentials and ``AWS_ENDPOINT_URL`` from the environment by themselves.
"""

import os
from collections.abc import Mapping
from enum import StrEnum
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

MAX_BODY_BYTES: Final = 64 * 1024
"""A request with 500 exclusions takes about 30 KB; anything larger is no playlist."""
MAX_WEBHOOK_BYTES: Final = 20_000
"""Standard Webhooks asks senders to stay below 20 KB."""
VERSION: Final = "0.1.0"
"""Of the service; the package's own is not installed in Lambda."""
QUERY_CHARACTERS: Final = (2, 80)
"""One letter finds everything; nobody types more than a long title with its artist."""
MAX_IDS: Final = 50
MAX_FOUND_TRACKS: Final = 20
"""What fits on a screen; whoever looks for more types another word."""
KEY_CHARACTERS: Final = (16, 100)
"""A random key of 16 characters is never met twice; 100 hold every usual form."""
MAX_SHORT_LINKS: Final = 5
"""Each may take some seconds to follow, and a gateway waits 30."""
SPOTIFY_API: Final = "https://api.spotify.com/v1/"
SPOTIFY_ACCOUNTS: Final = "https://accounts.spotify.com"
SPOTIFY_OEMBED: Final = "https://open.spotify.com/oembed"
SPOTIFY_EMBEDS: Final = "https://open.spotify.com/embed/"
NO_LOGO: Final = "none"
"""In place of a file's name; parameters of a stack cannot be empty on every way to it."""
RECCOBEATS_API: Final = "https://api.reccobeats.com/v1/"
MAX_AUDIO_BYTES: Final = 3_000_000
"""30 seconds of 16-bit mono at 44.1 kHz are 2.65 MB; a little is left for what stands around the samples."""


class InvalidSettings(Exception):
    """The function is not configured as it must be; the message names every variable that is wrong."""


class PublishAccess(StrEnum):
    """Who may publish under the service account."""

    OFF = "off"
    CODE = "code"
    OPEN = "open"


class _Settings(BaseModel):
    # A function reads one of these; what would check the others is never made.
    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Read the variables named after the fields in capitals; an empty one counts as absent.

        Raises ``InvalidSettings``.
        """
        found = os.environ if environment is None else environment
        values = {name: found[name.upper()] for name in cls.model_fields if found.get(name.upper())}
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            faults = [f"{str(fault['loc'][0]).upper()}: {fault['msg']}" for fault in error.errors()]
            raise InvalidSettings("; ".join(faults)) from None


class TableSettings(_Settings):
    """The table that functions share: publications, counters, circuits, jobs."""

    table_name: str = Field(min_length=3)


class UploadSettings(TableSettings):
    """Where uploaded audio and the work on it wait."""

    audio_bucket: str = Field(min_length=3)
    audio_queue_url: str = Field(min_length=1)


class AudioWorkerSettings(UploadSettings):
    """What the worker needs that listens to uploaded audio."""

    reccobeats_api: str = RECCOBEATS_API


class IndexSettings(_Settings):
    """Where catalogue and index lie. ``data_bucket`` holds ``catalogue/`` and ``index/``."""

    data_bucket: str = Field(min_length=3)


class BuilderSettings(IndexSettings):
    """What the builder needs. ``work_folder`` is its alone: whatever it holds when a build starts is removed."""

    work_folder: str = "/tmp/daltonify-build"  # noqa: S108 - Lambda's only writable folder, and nobody else's


class JobSettings(TableSettings, IndexSettings):
    """What the scheduled jobs need. ReccoBeats publishes no limit; other clients pause as long between batches."""

    audio_bucket: str = Field(min_length=3)
    release_queue_url: str = Field(min_length=1)
    spotify_secret: str = Field(min_length=1)
    spotify_api: str = SPOTIFY_API
    spotify_accounts: str = SPOTIFY_ACCOUNTS
    spotify_market: str = Field(default="US", pattern="^[A-Z]{2}$")
    reccobeats_api: str = RECCOBEATS_API
    collect_pause_seconds: float = Field(default=1.5, ge=0, le=60)


class ReleaseWorkerSettings(TableSettings, IndexSettings):
    """What the worker needs that brings releases into playlists; names as in ``ApiSettings``."""

    spotify_secret: str = Field(min_length=1)
    publishing_secret: str = Field(min_length=1)
    spotify_api: str = SPOTIFY_API
    spotify_accounts: str = SPOTIFY_ACCOUNTS
    spotify_oembed: str = SPOTIFY_OEMBED
    reccobeats_api: str = RECCOBEATS_API
    spotify_market: str = Field(default="US", pattern="^[A-Z]{2}$")
    scratch_folder: str = "/tmp/daltonify"  # noqa: S108 - Lambda's only writable folder, and nobody else's

    @property
    def is_real_spotify(self) -> bool:
        """Whether listeners meet what is published; anything but Spotify's own address is a simulator."""
        return self.spotify_api == SPOTIFY_API


class ApiSettings(UploadSettings, IndexSettings):
    """What the API needs. The addresses of Spotify differ only where a simulator stands in for it.

    ``origin_secret`` names what CloudFront sends with each request; without it nothing stands before the service.
    ``spotify_client_id`` is no secret: with it the page offers to publish under the visitor's own account.
    ``spotify_logo`` names the file of the page that holds Spotify's logo, which only its holder may hand out.
    """

    release_queue_url: str = Field(min_length=1)
    publish_access: PublishAccess = PublishAccess.CODE
    daily_playlists_per_client: int = Field(default=3, ge=1, le=50)
    daily_audio_files_per_client: int = Field(default=10, ge=1, le=200)
    spotify_secret: str = Field(min_length=1)
    publishing_secret: str = Field(min_length=1)
    origin_secret: str | None = None
    spotify_api: str = SPOTIFY_API
    spotify_accounts: str = SPOTIFY_ACCOUNTS
    spotify_oembed: str = SPOTIFY_OEMBED
    spotify_embeds: str = SPOTIFY_EMBEDS
    spotify_client_id: str | None = Field(default=None, pattern="^[0-9A-Za-z-]{1,64}$")
    spotify_logo: str = Field(default=NO_LOGO, pattern="^[0-9a-z-]+(\\.svg)?$")
    reccobeats_api: str = RECCOBEATS_API
    spotify_market: str = Field(default="US", pattern="^[A-Z]{2}$")
    open_playlists_at: str = "https://open.spotify.com/playlist/"
    scratch_folder: str = "/tmp/daltonify"  # noqa: S108 - Lambda's only writable folder, and nobody else's
    index_check_seconds: int = Field(default=60, ge=0, le=3600)

    @property
    def is_real_spotify(self) -> bool:
        """Whether listeners meet what is published; anything but Spotify's own address is a simulator."""
        return self.spotify_api == SPOTIFY_API

    @property
    def is_real_reccobeats(self) -> bool:
        """Whether audio files are sent away; anything but ReccoBeats's own address is a simulator."""
        return self.reccobeats_api == RECCOBEATS_API
