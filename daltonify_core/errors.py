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
    ├── CollectionConflict        somebody else changed the collected tracks in between
    ├── NotAuthorised             a code or token that does not open what was asked for
    ├── PublishingOff             this installation does not publish
    ├── CapReached                one of our own limits is used up
    ├── DemoCatalogue             invented tracks never go to the real Spotify
    ├── PublishingUnfinished      the same request, sent again, goes on where this one stopped
    │   ├── PublicationInProgress another attempt at the same publication is under way
    │   └── PublicationUnknown    whether the playlist exists could not be found out yet
    ├── PublishingUnavailable     Spotify cannot be reached or must not be asked; copying still works
    ├── ArtistGone                an artist whose record was to be written is registered no longer
    ├── AlbumUnavailable          which tracks an album holds cannot be found out now
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

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
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


class LookUpOutcome(StrEnum):
    """What came of asking an outside service for a track."""

    FOUND = "found"
    NOT_KNOWN = "not_known"
    """It answered that it does not know the track."""
    NO_ANSWER = "no_answer"
    """It failed, refused us, or asked for a pause."""
    PAUSED = "paused"
    """It was not asked, because it failed or asked for a pause not long ago."""
    NOT_ASKED = "not_asked"
    """It was not asked for reasons of ours: a limit is used up, no time was left, or we have no access to it."""


@dataclass(frozen=True, slots=True)
class LookUpTried:
    """One attempt to learn of a track outside.

    ``service`` is ``reccobeats``, ``spotify`` or ``oembed``; ``wanted`` are the facts that it was to tell. ``detail``
    is a sentence to show, and ``retry_at`` when the same attempt may come out differently, ``None`` if waiting does not
    help.
    """

    service: str
    wanted: tuple[str, ...]
    outcome: LookUpOutcome
    detail: str = ""
    retry_at: datetime | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; ``retry_at`` only where there is one (UTC, ISO form)."""
        told = {
            "service": self.service,
            "wanted": list(self.wanted),
            "outcome": self.outcome.value,
            "detail": self.detail,
        }
        return told | ({"retry_at": _iso(self.retry_at)} if self.retry_at else {})

    @property
    def is_open(self) -> bool:
        """Whether the service has not said what it knows."""
        return self.outcome not in (LookUpOutcome.FOUND, LookUpOutcome.NOT_KNOWN)


@dataclass(frozen=True, slots=True)
class SeedKnowledge:
    """What the request, the catalogue and outside services know of one seed, and what it lacks.

    ``missing`` holds ``title``, ``artists``, ``features`` and ``artist_popularity`` as far as they are not known;
    ``tried`` is what was done to learn them. ``facts`` is everything that is known, in the names that a seed of a
    request has and as values for JSON.
    """

    track_id: str | None
    title: str | None
    artists: tuple[str, ...]
    missing: tuple[str, ...]
    facts: Mapping[str, Any]
    tried: tuple[LookUpTried, ...] = ()

    @property
    def in_vain(self) -> tuple[LookUpTried, ...]:
        """Attempts at what is still missing."""
        return tuple(one for one in self.tried if not set(one.wanted).isdisjoint(self.missing))

    @property
    def retry_at(self) -> datetime | None:
        """When the first service may answer that has not said what it knows of what is missing."""
        return min((one.retry_at for one in self.in_vain if one.is_open and one.retry_at), default=None)

    @property
    def can_be_analysed(self) -> bool:
        """Whether ReccoBeats would listen to an audio file, as far as is known."""
        silent = (one for one in self.in_vain if one.outcome in (LookUpOutcome.NO_ANSWER, LookUpOutcome.PAUSED))
        return "features" in self.missing and all("features" not in one.wanted for one in silent)


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

    def to_dict(self) -> dict[str, Any]:
        """What is known of each seed, what is missing and what mends it, as plain values for JSON."""
        return {
            "seeds": [
                {
                    "position": position,
                    **seed.facts,
                    "track_id": seed.track_id,
                    "title": seed.title,
                    "artists": list(seed.artists),
                    "tried": [one.to_dict() for one in seed.tried],
                }
                for position, seed in enumerate(self.seeds)
            ],
            "missing": {str(position): list(names) for position, names in self.missing.items()},
            "remedies": self.remedies,
        }

    @property
    def remedies(self) -> list[dict[str, Any]]:
        """What the caller can do, as data: a ``kind`` and the positions of the ``seeds`` that it mends.

        ``describe`` has the ``fields`` to fill in; ``followers`` asks for the artist's number of them; ``audio_file``
        and ``measure`` lead to features by way of the track's audio, sent to be analysed or measured on the spot;
        ``later`` has ``retry_at``, from when on asking again may tell some of what is missing (UTC, ISO form).
        """
        described = [
            name for name in ("title", "artists", "features") if any(name in seed.missing for seed in self.seeds)
        ]
        seeds = dict(enumerate(self.seeds))
        mended: dict[str, list[int]] = {
            "describe": [place for place, seed in seeds.items() if not set(described).isdisjoint(seed.missing)],
            "followers": [place for place, seed in seeds.items() if "artist_popularity" in seed.missing],
            "audio_file": [place for place, seed in seeds.items() if seed.can_be_analysed],
            "measure": [place for place, seed in seeds.items() if "features" in seed.missing],
            "later": [place for place, seed in seeds.items() if seed.retry_at],
        }
        retry_at = min((seed.retry_at for seed in self.seeds if seed.retry_at), default=None)
        more: dict[str, dict[str, Any]] = {
            "describe": {"fields": described},
            "later": {"retry_at": _iso(retry_at)} if retry_at else {},
        }
        return [{"kind": kind, "seeds": places, **more.get(kind, {})} for kind, places in mended.items() if places]


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


class CollectionConflict(DaltonifyError):
    """A file of the collected tracks changed between reading and replacing it; nothing was overwritten."""

    code = "collection_conflict"


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
    """Spotify cannot be reached, refuses us or must not be asked; ``retry_after_seconds`` is ``None`` if unknown.

    ``removed`` is the id of a new playlist that somebody took out of the account while it was filled: the same request
    never succeeds again, and another one makes no second playlist.
    """

    code = "publishing_unavailable"

    def __init__(self, message: str, retry_after_seconds: int | None = None, removed: str | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds
        self.removed = removed


class ArtistGone(DaltonifyError):
    """The operator removed an artist whose records were to be written; nothing was written."""

    code = "artist_gone"

    def __init__(self, message: str = "The artist is not registered any more, so nothing was stored.") -> None:
        super().__init__(message)


class AlbumUnavailable(DaltonifyError):
    """Nobody can be asked which tracks an album holds; ``retry_after_seconds`` is ``None`` if waiting does not help."""

    code = "album_unavailable"

    def __init__(self, message: str, retry_after_seconds: int | None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class SecretUnavailable(DaltonifyError):
    """A secret is missing, unreadable or lacks a field; the message names the secret, never its content.

    ``is_absent`` is true when there certainly is no secret of that name, ``may_pass`` when it could not be read only at
    this moment.
    """

    code = "secret_unavailable"

    def __init__(self, message: str, is_absent: bool = False, may_pass: bool = False) -> None:
        super().__init__(message)
        self.is_absent = is_absent
        self.may_pass = may_pass


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


def _iso(moment: datetime) -> str:
    """The next whole second: a second early would be too early."""
    whole = moment.astimezone(UTC).replace(microsecond=0)
    return (whole + timedelta(seconds=1) if moment.microsecond else whole).isoformat().replace("+00:00", "Z")
