"""Decide what an artist's playlist shall hold: at a release, and when it is renewed without one."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from daltonify_core.catalogue.audio_features import AudioFeatures
from daltonify_core.errors import SeedDataNeeded
from daltonify_core.playlist.publishing import (
    MAXIMUM_DESCRIPTION_CHARACTERS,
    MAXIMUM_TITLE_CHARACTERS,
    PublishedPlaylist,
    holds_link,
    track_id_of,
)
from daltonify_core.playlist.recommendation import Recommendation, Row
from daltonify_core.playlist.request import RecommendationRequest, RequestFilters, Seed
from daltonify_core.ports.releases import FoundRelease
from daltonify_core.releases.profile import ArtistProfile, ListedTrack, LivingPlaylist, PlaylistVersion
from daltonify_core.releases.release import PublishPlan
from daltonify_core.releases.renewal import is_same_song, keepers, own_tracks

type Recommend = Callable[[RecommendationRequest, datetime], Recommendation]
"""Recommends, and looks up outside what the seeds lack, before a deadline; raises what both do."""

type ArtistSound = Callable[[str], AudioFeatures]
"""How an artist's tracks in the catalogue sound on the whole, by Spotify id; empty without any."""

_FEATURES: Final = "features"
_TRACK_URI: Final = "spotify:track:"
_NAMED_PINNED: Final = 3
_BY_THE_PROFILE: Final = "Nobody has data on “{title}” yet, so the list follows the sound that the profile holds."
_BY_OTHER_TRACKS: Final = "Nobody has data on “{title}” yet, so the list follows the artist's other tracks."


class PlaylistPlanner:
    """Makes plans from the current index."""

    def __init__(self, recommend: Recommend, artist_sound: ArtistSound) -> None:
        self._recommend = recommend
        self._artist_sound = artist_sound

    def for_release(
        self,
        profile: ArtistProfile,
        found: FoundRelease,
        living: LivingPlaylist | None,
        newest: PlaylistVersion | None,
        number: int,
        deadline: datetime,
    ) -> PublishPlan:
        """The plan for a playlist with a new track in it: a new one, or the next version of ``living``.

        ``newest`` is what ``living`` holds now and ``number`` that of the plan. Raises what recommending does:
        ``SeedDataNeeded`` when neither catalogue, services, profile nor other tracks tell how the track sounds.
        """
        new = ListedTrack(
            f"{_TRACK_URI}{found.track_id}",
            found.title,
            found.artists,
            is_own=True,
            release_date=found.release_date,
            isrc=found.isrc,
        )
        return self._plan(profile, new, living, newest, number, deadline)

    def for_renewal(
        self,
        profile: ArtistProfile,
        living: LivingPlaylist,
        newest: PlaylistVersion,
        number: int,
        deadline: datetime,
    ) -> PublishPlan:
        """The plan for the next version of a playlist without a new track in it."""
        return self._plan(profile, None, living, newest, number, deadline)

    def _plan(
        self,
        profile: ArtistProfile,
        new: ListedTrack | None,
        living: LivingPlaylist | None,
        newest: PlaylistVersion | None,
        number: int,
        deadline: datetime,
    ) -> PublishPlan:
        before = newest.tracks if newest else ()
        pinned = {f"{_TRACK_URI}{track_id}" for track_id in profile.pinned}
        own = own_tracks(before, new, profile.own_kept, profile.size, pinned)
        others = [track for track in before if not track.is_own]
        kept = keepers(others, pinned.difference(track.uri for track in own), profile.size)
        kept_uris = {track.uri for track in kept}
        request = RecommendationRequest(
            seeds=tuple(_seed(track, profile) for track in own),
            genre=profile.genre,
            size=profile.size,
            band=profile.band,
            widen=True,
            own_slots=profile.own_slots,
            filters=RequestFilters(
                exclude_artists=profile.excluded_artists,
                # Those that make room would be the best candidates to come back at once.
                exclude_tracks=tuple(track_id_of(track.uri) for track in others if track.uri not in kept_uris),
            ),
            pinned=tuple(dict.fromkeys([*profile.pinned, *(track_id_of(track.uri) for track in kept)])),
        )
        recommendation, notes = self._recommended(request, profile, own, deadline)
        base = living.version if living else 0
        known = {track.uri: track for track in (*before, *own)}
        rows = [row for row in recommendation.tracks if row.uri]
        reserves = [row for row in recommendation.reserves if row.uri]
        headline = own[0]
        return PublishPlan(
            number=number,
            title=_title(profile, newest, headline),
            description=_description(profile, headline, recommendation),
            uris=tuple(row.uri for row in rows if row.uri),
            own_uris=tuple(row.uri for row in rows if row.own and row.uri),
            reserves=tuple(row.uri for row in reserves if row.uri),
            playlist_id=living.playlist_id if living else None,
            base_version=base,
            index_version=recommendation.index.version,
            tracks=tuple(_listed(row, known, base + 1) for row in (*rows, *reserves)),
            notes=(*_on_new(new, before, own), *_on_pinned(pinned, before, rows), *notes),
        )

    def _recommended(
        self, request: RecommendationRequest, profile: ArtistProfile, own: Sequence[ListedTrack], deadline: datetime
    ) -> tuple[Recommendation, tuple[str, ...]]:
        try:
            return self._recommend(request, deadline), ()
        except SeedDataNeeded as error:
            places = [place for place, names in error.missing.items() if _FEATURES in names]
            sound, words = profile.features, _BY_THE_PROFILE
            if not sound.present():
                sound, words = self._artist_sound(profile.artist_id), _BY_OTHER_TRACKS
            if not places or not sound.present():
                raise
            seeds = [
                replace(seed, features=sound) if place in places else seed for place, seed in enumerate(request.seeds)
            ]
            notes = tuple(words.format(title=own[place].title) for place in places)
            return self._recommend(replace(request, seeds=tuple(seeds)), deadline), notes


def published_tracks(plan: PublishPlan, published: PublishedPlaylist) -> tuple[ListedTrack, ...]:
    """What a published plan holds: its tracks without those that were left out, with those that took their place."""
    described = {track.uri: track for track in plan.tracks}
    substitutes = dict(published.replaced)
    uris = [substitutes.get(uri, uri) for uri in plan.uris if uri not in published.left_out]
    return tuple(described[uri] for uri in uris)


def _on_new(new: ListedTrack | None, before: Sequence[ListedTrack], own: Sequence[ListedTrack]) -> tuple[str, ...]:
    """What became of the new track, and of the recordings of its song that were there before."""
    if new is None:
        return ()
    if any(track.uri == new.uri for track in own):
        earlier = [track for track in before if track.is_own and track.uri != new.uri and is_same_song(track, new)]
        return tuple(
            f"“{new.title}” has the place of “{track.title}”{_out_on(track)}, which is the same song: the one that "
            "came out last stands in the playlist."
            for track in earlier
        )
    later = next((track for track in own if is_same_song(track, new)), None)
    if later is not None:
        return (
            f"“{new.title}” was left out, because “{later.title}”{_out_on(later)} is the same song and came out later.",
        )
    places = "1 place" if len(own) == 1 else f"{len(own)} places"
    return (
        f"“{new.title}” came out before the own tracks in the playlist, which has {places} for them, so it was left "
        "out.",
    )


def _out_on(track: ListedTrack) -> str:
    return f" (out {track.release_date})" if track.release_date else ""


def _on_pinned(pinned: Collection[str], before: Sequence[ListedTrack], rows: Sequence[Row]) -> tuple[str, ...]:
    """Pinned tracks that the list does not hold are never dropped in silence."""
    standing = {row.uri for row in rows}
    missing = sorted(uri for uri in pinned if uri not in standing)
    if not missing:
        return ()
    titles = {track.uri: f"“{track.title}”" for track in before}
    named = [titles.get(uri, track_id_of(uri)) for uri in missing[:_NAMED_PINNED]]
    named += [f"{len(missing) - _NAMED_PINNED} more"] if len(missing) > _NAMED_PINNED else []
    verb = "is pinned and does" if len(missing) == 1 else "are pinned and do"
    return (
        f"{', '.join(named)} {verb} not stand in the playlist: the catalogue does not hold such a track, a rule of "
        "the list keeps it out, or own tracks have no more places.",
    )


def _seed(track: ListedTrack, profile: ArtistProfile) -> Seed:
    ids = (profile.artist_id,) if len(track.artists) == 1 else ()
    return Seed(
        track_id=track_id_of(track.uri),
        title=track.title,
        artists=track.artists,
        artist_ids=ids,
        followers=profile.followers,
        release_date=track.release_date,
    )


def _listed(row: Row, known: Mapping[str, ListedTrack], version: int) -> ListedTrack:
    uri = row.uri or ""
    before = known.get(uri)
    return ListedTrack(
        uri,
        row.title,
        row.artists,
        is_own=row.own,
        since=before.since if before and not before.is_own else version,
        release_date=before.release_date if before else None,
        isrc=before.isrc if before else None,
    )


def _title(profile: ArtistProfile, newest: PlaylistVersion | None, headline: ListedTrack) -> str:
    if newest is not None:
        # Listeners have saved it under this name.
        return newest.title
    wanted = profile.title or (
        f"{profile.name}: in good company" if profile.lives_on else f"“{headline.title}” in good company"
    )
    return _fitting(wanted, "In good company", MAXIMUM_TITLE_CHARACTERS)


def _description(profile: ArtistProfile, headline: ListedTrack, recommendation: Recommendation) -> str:
    genre = " and ".join(recommendation.genre.used)
    wanted = profile.description or f"“{headline.title}” by {profile.name}, beside {genre} tracks that sound like it."
    # The reference by which the playlist is found again comes behind it.
    return _fitting(wanted, f"{genre} tracks that sound alike.", MAXIMUM_DESCRIPTION_CHARACTERS)


def _fitting(wanted: str, otherwise: str, most: int) -> str:
    """A text as publishing takes it: names of tracks may be long, and may read like addresses."""
    text = " ".join(wanted.split())
    if holds_link(text):
        text = otherwise
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"
