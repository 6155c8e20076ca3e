"""Every error that Daltonify raises on purpose, in one tree.

    DaltonifyError
    ├── InvalidQuery              the caller can mend the request
    │   ├── InvalidLink           not a Spotify track or album link
    │   ├── UnknownGenre          the catalogue offers no such genre
    │   ├── SeedDataNeeded        a seed lacks what ranking needs
    │   ├── NoBiggerArtists       the rules leave no track to recommend
    │   ├── InvalidPlaylist       a playlist that cannot be published as it was asked for
    │   ├── AudioRefused          an audio file that nothing can be measured from
    │   └── KeyReused             an idempotency key that belongs to another request
    ├── InvalidTrack              one row or record cannot be a track
    ├── InvalidDataset            a whole file or folder cannot be imported
    ├── CatalogueEmpty            no valid track to build an index from
    ├── IndexUnavailable          there is no index to answer from
    ├── IndexCorrupt              an index bundle is not what its manifest promises
    │   └── PointerCorrupt        what says which index is current cannot be read
    ├── ActivationConflict        somebody else activated an index in between
    ├── NotAuthorised             a code or token that does not open what was asked for
    ├── PublishingOff             this installation does not publish
    ├── CapReached                one of our own limits is used up
    ├── DemoCatalogue             invented tracks never go to the real Spotify
    ├── PublishingUnfinished      the same request, sent again, goes on where this one stopped
    │   ├── PublicationInProgress another attempt at the same publication is under way
    │   └── PublicationUnknown    whether the playlist exists could not be found out yet
    ├── PublishingUnavailable     Spotify cannot be reached or must not be asked; copying still works
    ├── SecretUnavailable         a secret is missing, unreadable or incomplete
    └── UpstreamError             an outside service did not do what was asked
        ├── UpstreamUnavailable   it failed without having done anything
        ├── UpstreamUncertain     the answer was lost; it may have been done
        ├── UpstreamRateLimited   it must not be asked again before a given time
        ├── UpstreamRefused       it understood and said no
        ├── UnknownPlaylist       it knows no such playlist
        └── ConsentNeeded         the stored consent is dead; a person has to renew it

``code`` is stable and machine readable; the message is safe to show and says what to do.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


class DaltonifyError(Exception):
    """Root of every error that is raised on purpose."""

    code = "internal_error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidQuery(DaltonifyError):
    """A request that its sender can mend; the message says how.

    ``field`` is the place in the request, as in ``seeds[2]`` or ``filters.year_from``, where one can be named.
    """

    code = "invalid_query"

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class InvalidLink(InvalidQuery):
    """Text that should be a Spotify track or album link and is not."""

    code = "invalid_link"


class UnknownGenre(InvalidQuery):
    """A genre that the index does not offer; ``offered`` lists those that it does, the nearest in name first."""

    code = "unknown_genre"

    def __init__(self, message: str, offered: Sequence[str]) -> None:
        super().__init__(message, field="genre")
        self.offered = tuple(offered)


@dataclass(frozen=True, slots=True)
class SeedKnowledge:
    """What the request and the catalogue know of one seed, and what it lacks.

    ``missing`` holds ``title``, ``artists``, ``features`` and ``artist_popularity`` as far as they are not known.
    """

    track_id: str | None
    title: str | None
    artists: tuple[str, ...]
    missing: tuple[str, ...]


class SeedDataNeeded(InvalidQuery):
    """A seed that lacks what ranking needs; ``seeds`` are all of the request's, in its order."""

    code = "seed_data_needed"

    def __init__(self, message: str, seeds: Sequence[SeedKnowledge]) -> None:
        super().__init__(message, field="seeds")
        self.seeds = tuple(seeds)

    @property
    def missing(self) -> dict[int, tuple[str, ...]]:
        """What each seed lacks that lacks anything, by its position in the request (from 0)."""
        return {position: seed.missing for position, seed in enumerate(self.seeds) if seed.missing}

    @property
    def remedies(self) -> list[dict[str, Any]]:
        """What the caller can do, as data: a ``kind``, the positions of the ``seeds`` that it mends, and for
        ``describe`` the ``fields`` to fill in."""
        described = [
            name for name in ("title", "artists", "features") if any(name in seed.missing for seed in self.seeds)
        ]
        remedies: list[dict[str, Any]] = []
        if described:
            mended = [position for position, names in self.missing.items() if not set(names).isdisjoint(described)]
            remedies.append({"kind": "describe", "seeds": mended, "fields": described})
        if unpopular := [position for position, names in self.missing.items() if "artist_popularity" in names]:
            remedies.append({"kind": "followers", "seeds": unpopular})
        return remedies


class NoBiggerArtists(InvalidQuery):
    """No track is left by a more popular artist of the genre."""

    code = "no_bigger_artists"


class InvalidTrack(DaltonifyError):
    """One record that cannot be a track; ``reason`` is a short stable word for reports."""

    code = "invalid_track"

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class InvalidDataset(DaltonifyError):
    """A file or folder that cannot be imported at all."""

    code = "invalid_dataset"


class CatalogueEmpty(DaltonifyError):
    """No valid track was found, so no index is built and the current one stays."""

    code = "catalogue_empty"


class IndexUnavailable(DaltonifyError):
    """There is no current index, or it cannot be reached."""

    code = "index_unavailable"


class IndexCorrupt(DaltonifyError):
    """A bundle that differs from its manifest or has an unknown format; build it anew."""

    code = "index_corrupt"


class PointerCorrupt(IndexCorrupt):
    """Which index is current cannot be read; with the state's ``tag`` a build may put a good pointer in its place."""

    code = "pointer_corrupt"

    def __init__(self, message: str, tag: str) -> None:
        super().__init__(message)
        self.tag = tag


class ActivationConflict(DaltonifyError):
    """The current index changed between reading and swapping it; nothing was overwritten."""

    code = "activation_conflict"


class InvalidPlaylist(InvalidQuery):
    """A playlist that cannot be published as it was asked for."""

    code = "invalid_playlist"


class AudioRefused(InvalidQuery):
    """An audio file that nothing can be measured from, or that is too large or of an unknown kind."""

    code = "audio_refused"

    def __init__(self, message: str) -> None:
        super().__init__(message, field="audio")


class KeyReused(InvalidQuery):
    """An idempotency key that was used for another request before."""

    code = "key_reused"


class NotAuthorised(DaltonifyError):
    """A code or token that is missing or wrong."""

    code = "not_authorised"


class PublishingOff(DaltonifyError):
    """This installation does not publish to a service account."""

    code = "publishing_off"


class CapReached(DaltonifyError):
    """One of our own limits is used up; ``retry_after_seconds`` is ``None`` when waiting does not help."""

    code = "cap_reached"

    def __init__(self, message: str, retry_after_seconds: int | None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class DemoCatalogue(DaltonifyError):
    """The playlist holds tracks of a synthetic catalogue, and the service is the real one."""

    code = "demo_catalogue"


class PublishingUnfinished(DaltonifyError):
    """Publishing stopped part of the way; the same request with the same key goes on from there."""

    code = "publishing_unfinished"

    def __init__(self, message: str, retry_after_seconds: int) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class PublicationInProgress(PublishingUnfinished):
    """Another attempt at the same publication, or another change of the same playlist, is under way."""

    code = "publication_in_progress"


class PublicationUnknown(PublishingUnfinished):
    """Spotify did not say whether it made the playlist, and it cannot be found out yet."""

    code = "publication_unknown"


class PublishingUnavailable(DaltonifyError):
    """Spotify cannot be reached, refuses us or must not be asked; ``retry_after_seconds`` is ``None`` if unknown."""

    code = "publishing_unavailable"

    def __init__(self, message: str, retry_after_seconds: int | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class SecretUnavailable(DaltonifyError):
    """A secret is missing, unreadable or lacks a field; the message names the secret, never its content.

    ``is_absent`` is true when there certainly is no secret of that name.
    """

    code = "secret_unavailable"

    def __init__(self, message: str, is_absent: bool = False) -> None:
        super().__init__(message)
        self.is_absent = is_absent


class UpstreamError(DaltonifyError):
    """An outside service did not do what was asked of it."""

    code = "upstream_error"


class UpstreamUnavailable(UpstreamError):
    """It could not be reached or failed, and nothing was done, or doing it again does no harm."""

    code = "upstream_unavailable"


class UpstreamUncertain(UpstreamError):
    """The request went out and the answer was lost, so it may have been carried out."""

    code = "upstream_uncertain"


class UpstreamRateLimited(UpstreamError):
    """It must not be asked again for ``retry_after_seconds``; ``quota`` tells a daily quota from a rate."""

    code = "upstream_rate_limited"

    def __init__(self, message: str, retry_after_seconds: int, quota: bool) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds
        self.quota = quota


class UpstreamRefused(UpstreamError):
    """It understood and said no, with the HTTP ``status``; asking again does not help."""

    code = "upstream_refused"

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class UnknownPlaylist(UpstreamError):
    """It knows no such playlist, or not as ours."""

    code = "unknown_playlist"


class ConsentNeeded(UpstreamError):
    """The stored consent is missing, expired, revoked or too narrow: run ``daltonify login``."""

    code = "consent_needed"
