"""Two invented artists who have a playlist at every release: one is announced by hooks, the other looked for."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from secrets import token_hex, token_urlsafe
from typing import TYPE_CHECKING, Final

from daltonify_core.adapters.dynamodb import DynamoArtistStore
from daltonify_core.catalogue.track import Track
from daltonify_core.index.bundle import LoadedIndex
from daltonify_core.releases.hook import HookKind
from daltonify_core.releases.profile import ArtistProfile
from daltonify_core.use_cases.keep_hooks import KeepHooks, NewSecret
from infra.local.spotify_simulator.catalogue import artist_id
from infra.local.synthetic_catalogue import synthetic_tracks

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_SEED: Final = 11  # another catalogue than the demo's own
_INVENTED: Final = 50
_BY_HOOK: Final = 3
_FOLLOWERS: Final = 900
_SIZE: Final = 20
# Whoever finds this mark in a log has found a leak.
_FAKE: Final = "NEVERLOGME"


@dataclass(frozen=True, slots=True)
class RegisteredArtist:
    """An artist with what is out on the simulated Spotify, oldest first; ``hooks`` with their secrets."""

    profile: ArtistProfile
    releases: tuple[Track, ...]
    hooks: tuple[NewSecret, ...] = ()


def invented_releases(index: LoadedIndex, now: datetime) -> tuple[tuple[Track, ...], tuple[Track, ...]]:
    """Singles of two artists that the catalogue lacks, of the last days; the same ones every time."""
    invented = list(synthetic_tracks(_INVENTED, _SEED))
    known = index.tracks.find([track.track_id for track in invented])
    unknown = [track for track in invented if track.track_id not in known]
    mine = unknown[0].artists[:1]
    theirs = next(track for track in unknown if track.artists[0].name != mine[0].name)
    days = range(_BY_HOOK, 0, -1)
    by_hook = [replace(track, artists=mine) for track in unknown if track is not theirs][:_BY_HOOK]
    return (
        tuple(_released(track, now - timedelta(days=day)) for day, track in zip(days, by_hook, strict=True)),
        (_released(replace(theirs, artists=theirs.artists[:1]), now - timedelta(days=1)),),
    )


def register(
    client: "DynamoDBClient",
    table: str,
    release_key: bytes,
    genre: str,
    releases: Sequence[Sequence[Track]],
    now: datetime,
) -> tuple[RegisteredArtist, ...]:
    """Register the first artist with a hook of each kind, and the others to be looked for."""
    store = DynamoArtistStore(client, table)
    keep = KeepHooks(store, release_key, lambda: token_hex(16), lambda: f"{_FAKE}-{token_urlsafe(32)}", lambda: now)
    found = []
    for number, tracks in enumerate(releases):
        name = tracks[0].artists[0].name
        is_first = number == 0
        profile = ArtistProfile(
            artist_id(name),
            name,
            now,
            genre=genre,
            size=_SIZE,
            own_kept=2,
            followers=_FOLLOWERS,
            polled=not is_first,
        )
        store.add(profile)
        hooks = [keep.add(profile.artist_id, kind) for kind in HookKind] if is_first else []
        found.append(RegisteredArtist(profile, tuple(tracks), tuple(hooks)))
    return tuple(found)


def _released(track: Track, at: datetime) -> Track:
    return replace(track, album=track.title, release_date=f"{at:%Y-%m-%d}")
