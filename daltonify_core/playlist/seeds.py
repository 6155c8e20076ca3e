"""Resolved seeds: what is known of each track that a playlist starts from."""

import math
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from daltonify_core.catalogue.artists import KnownArtist, PopularitySource
from daltonify_core.catalogue.audio_features import CONTINUOUS_FEATURES, AudioFeatures, FeaturesSource
from daltonify_core.catalogue.genres import normalise_genres
from daltonify_core.catalogue.songs import Song, guests, song_of
from daltonify_core.catalogue.track import Track, artist_key_of_name, is_release_date
from daltonify_core.errors import SeedDataNeeded, SeedKnowledge
from daltonify_core.index.bundle import LoadedIndex
from daltonify_core.index.feature_space import QueryPoint
from daltonify_core.playlist.findings import NO_FINDINGS, SeedFindings
from daltonify_core.playlist.request import Seed, fuller_seeds, joined_sources
from daltonify_core.ports.look_ups import IdentitySource, TrackIdentity

# Mean log10 of followers in each band of ten points of artist popularity, from 12,341 artists read in November 2024
# (Cristhianrg1, spotify_song_popularity_prediction). Artists above 95 and below 5 lie beyond the table's ends.
_LOG_FOLLOWERS: Final = (2.77, 3.42, 3.87, 4.31, 4.77, 5.24, 5.83, 6.42, 7.04, 7.54)
_BAND_CENTRES: Final = (4.5, 14.5, 24.5, 34.5, 44.5, 54.5, 64.5, 74.5, 84.5, 94.5)


def popularity_of_followers(followers: int) -> int:
    """Estimate of artist popularity (0..100) from a number of followers; half of all artists lie within 9 points."""
    size = math.log10(max(followers, 1))
    if size <= _LOG_FOLLOWERS[0]:
        return round(_BAND_CENTRES[0] * size / _LOG_FOLLOWERS[0])
    for place in range(1, len(_LOG_FOLLOWERS)):
        low, high = _LOG_FOLLOWERS[place - 1], _LOG_FOLLOWERS[place]
        if size <= high:
            return round(_BAND_CENTRES[place - 1] + 10.0 * (size - low) / (high - low))
    return min(100, round(_BAND_CENTRES[-1] + 10.0 * (size - _LOG_FOLLOWERS[-1])))


# Beyond every catalogue; the feature space takes what is newer than all it holds for the newest.
_STILL_TO_COME: Final = "9999"


_NO_FEATURES: Final = AudioFeatures()


class SeedFacts(NamedTuple):
    """What is known of a seed, as answers show it; what is not known is ``None`` or empty."""

    track_id: str | None = None
    title: str | None = None
    artists: tuple[str, ...] = ()
    artist_ids: tuple[str, ...] = ()
    identity_source: str | None = None
    album: str | None = None
    artwork_url: str | None = None
    release_date: str | None = None
    duration_ms: int | None = None
    explicit: bool | None = None
    popularity: int | None = None
    genres: tuple[str, ...] = ()
    artist_popularity: int | None = None
    popularity_source: PopularitySource | None = None
    features: AudioFeatures = _NO_FEATURES
    features_source: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON in the names that a seed of a request has, so that they can be sent back."""
        return {
            "track_id": self.track_id,
            "title": self.title,
            "artists": list(self.artists),
            "artist_ids": list(self.artist_ids),
            "identity_source": self.identity_source,
            "album": self.album,
            # Artwork is Spotify's to give; the catalogue holds none.
            "artwork_url": self.artwork_url,
            "release_date": self.release_date,
            "duration_ms": self.duration_ms,
            "explicit": self.explicit,
            "popularity": self.popularity,
            "genres": list(self.genres),
            "artist_popularity": self.artist_popularity,
            "popularity_source": str(self.popularity_source) if self.popularity_source else None,
            "features": self.features.present(),
            "features_source": self.features_source,
            "features_rough": is_rough(self.features_source),
        }


def is_rough(features_source: str | None) -> bool:
    """Whether features were only measured here, which tells no more than roughly how a track sounds."""
    return FeaturesSource.MEASURED in (features_source or "").split(" and ")


class ResolvedSeed(NamedTuple):
    """One seed with everything that ranking needs.

    ``item``, ``artist_numbers`` and ``primary_artist`` are its places in the index, where it has any;
    ``is_artist_certain`` unless only a name ties the main artist to the index; ``unnumbered_artists`` are the keys of
    names that lead to no one artist there, because nobody, several people or somebody else bears them.
    ``artist_ids`` are as many as ``artists`` or none. ``features_source`` and ``identity_source`` name everybody who
    told a part, the most trusted first, as in ``catalogue and given``.
    """

    track_id: str | None
    item: int | None
    title: str
    artists: tuple[str, ...]
    artist_ids: tuple[str, ...]
    identity_source: str
    artist_numbers: tuple[int, ...]
    primary_artist: int | None
    is_artist_certain: bool
    unnumbered_artists: frozenset[str]
    album: str | None
    artwork_url: str | None
    release_date: str | None
    duration_ms: int | None
    explicit: bool | None
    popularity: int | None
    genres: tuple[str, ...]
    features: AudioFeatures
    features_source: str
    artist_popularity: int
    popularity_source: PopularitySource

    @property
    def features_rough(self) -> bool:
        """See ``is_rough``."""
        return is_rough(self.features_source)

    @property
    def facts(self) -> SeedFacts:
        """The part of it that answers show."""
        return SeedFacts(**{name: getattr(self, name) for name in SeedFacts._fields})

    @property
    def knowledge(self) -> SeedKnowledge:
        """What is known of it, which is all that is needed."""
        return SeedKnowledge(self.track_id, self.title, self.artists, (), self.facts.to_dict())

    @property
    def release_year(self) -> int | None:
        """The year of ``release_date``, if that is known."""
        return int(self.release_date[:4]) if self.release_date else None

    @property
    def is_unreleased(self) -> bool:
        """Whether it is not on Spotify and nobody says when it was released: it counts as newer than any track."""
        return self.track_id is None and self.release_date is None

    def query(self, index: LoadedIndex, era: bool) -> QueryPoint:
        """Where to look for what sounds like it, and with ``era`` is of its time.

        A track counts partly as its artist's others sound, where the artist is certain; a name may be somebody else's.
        """
        artist = None
        if self.is_artist_certain and self.primary_artist is not None:
            artist = index.sound_of_artist(self.primary_artist, self.item)
        released = self.release_date or (_STILL_TO_COME if self.is_unreleased else None)
        return index.space.query(self.features, self.duration_ms, released, artist, era)

    def song(self, index: LoadedIndex) -> Song:
        """The song that the track is a version of."""
        if self.item is not None and self.identity_source == IdentitySource.CATALOGUE:
            return index.arrays.song(self.item)
        return song_of(self.title, self.artists)


def resolve_seeds(
    seeds: Sequence[Seed], index: LoadedIndex, findings: SeedFindings = NO_FINDINGS
) -> tuple[ResolvedSeed, ...]:
    """Everything that the request, the catalogue and ``findings`` know of each seed, in order, each track once.

    Raises ``SeedDataNeeded`` naming, for every seed that needs more, what is missing.
    """
    wanted = [seed.track_id for seed in seeds if seed.track_id is not None]
    known_tracks = index.tracks.known(wanted)
    found: list[ResolvedSeed | SeedKnowledge] = []
    resolved: dict[object, ResolvedSeed] = {}
    for seed in fuller_seeds(seeds):
        item, track = known_tracks.get(seed.track_id or "", (None, None))
        result = _resolve(seed, item, track, index, findings)
        found.append(result)
        if isinstance(result, ResolvedSeed):
            # Equal descriptions are one track as well.
            resolved.setdefault(seed.track_id or seed, result)
    if any(isinstance(one, SeedKnowledge) and one.missing for one in found):
        known = [one if isinstance(one, SeedKnowledge) else one.knowledge for one in found]
        raise SeedDataNeeded(_advice(known, index.manifest.items), known)
    return tuple(resolved.values())


def _resolve(
    seed: Seed, item: int | None, track: Track | None, index: LoadedIndex, findings: SeedFindings
) -> ResolvedSeed | SeedKnowledge:
    found = findings.identities.get(seed.track_id or "", ()) if track is None else ()
    identity = _identity(seed, track, found)
    measured = findings.features.get(seed.track_id or "") if track is None else None
    features, features_source = _features(seed, track, measured)
    artists = _artists(item, track, identity, index)
    primary = artists.known
    popularity, source = _popularity(seed, primary, artists.is_certain)
    missing = []
    if identity.title is None:
        missing.append("title")
    if not identity.artists:
        missing.append("artists")
    # Key, mode and beats alone place a track nowhere.
    if len(features.missing()) == len(CONTINUOUS_FEATURES):
        missing.append("features")
    if popularity is None or source is None:
        missing.append("artist_popularity")
    facts = SeedFacts(
        track_id=seed.track_id,
        title=identity.title,
        artists=identity.artists,
        artist_ids=identity.artist_ids,
        identity_source=joined_sources(identity.sources, IdentitySource) or None,
        album=_first(track.album if track else None, seed.album, *(one.album for one in found)),
        artwork_url=_first(seed.artwork_url, *(one.artwork_url for one in found)),
        release_date=_first(
            # A public data set may hold a 30 February, which no seed could come back with.
            track.release_date if track and is_release_date(track.release_date or "") else None,
            seed.release_date,
            *(one.release_date for one in found),
        ),
        duration_ms=_first(track.duration_ms if track else None, seed.duration_ms, *(one.duration_ms for one in found)),
        explicit=_first(track.explicit if track else None, seed.explicit, *(one.explicit for one in found)),
        popularity=_first(track.popularity if track else None, seed.popularity, *(one.popularity for one in found)),
        genres=normalise_genres((*seed.genres, *(track.genres if track else ()))),
        artist_popularity=popularity,
        popularity_source=source,
        features=features,
        features_source=features_source or None,
    )
    if facts.title is None or popularity is None or source is None or missing:
        tried = findings.tried.get(seed.track_id or "", ())
        return SeedKnowledge(facts.track_id, facts.title, facts.artists, tuple(missing), facts.to_dict(), tried)
    return ResolvedSeed(
        track_id=facts.track_id,
        item=item,
        title=facts.title,
        artists=facts.artists,
        artist_ids=facts.artist_ids,
        identity_source=facts.identity_source or "",
        artist_numbers=artists.numbers,
        primary_artist=artists.primary,
        is_artist_certain=artists.is_certain,
        unnumbered_artists=artists.unnumbered,
        album=facts.album,
        artwork_url=facts.artwork_url,
        release_date=facts.release_date,
        duration_ms=facts.duration_ms,
        explicit=facts.explicit,
        popularity=facts.popularity,
        genres=facts.genres,
        features=features,
        features_source=features_source,
        artist_popularity=popularity,
        popularity_source=source,
    )


def _first[Fact](*facts: Fact | None) -> Fact | None:
    return next((fact for fact in facts if fact is not None), None)


class _Identity(NamedTuple):
    """What a seed is called, by whom it is, and who says so."""

    title: str | None
    artists: tuple[str, ...]
    artist_ids: tuple[str, ...]
    sources: frozenset[IdentitySource]


def _identity(seed: Seed, track: Track | None, found: Sequence[TrackIdentity]) -> _Identity:
    """Title and artists each from the request, else the catalogue, else the first service that tells it."""
    # Only the catalogue itself may be named as the source; whoever asks may be wrong about it.
    claimed = {IdentitySource.GIVEN if one is IdentitySource.CATALOGUE else one for one in seed.identity_sources}
    names = tuple(credit.name for credit in track.artists) if track else ()
    sources: set[IdentitySource] = set()
    title, artists, ids = seed.title, seed.artists, seed.artist_ids
    if track and title in (None, track.title):
        title = track.title
        sources.add(IdentitySource.CATALOGUE)
    elif title:
        sources |= claimed
    elif of_title := next((one for one in found if one.title), None):
        title = of_title.title
        sources.add(of_title.source)
    if track and artists in ((), names):
        artists, ids = names, tuple(credit.artist_id for credit in track.artists if credit.artist_id)
        # Ids are of use only when it is known whose each one is.
        ids = ids if len(ids) == len(names) else ()
        sources.add(IdentitySource.CATALOGUE)
    elif artists:
        sources |= claimed
    elif of_artists := next((one for one in found if one.artists), None):
        artists, ids = of_artists.artists, of_artists.artist_ids
        sources.add(of_artists.source)
    return _Identity(title, artists, ids, frozenset(sources))


def _features(seed: Seed, track: Track | None, looked_up: AudioFeatures | None) -> tuple[AudioFeatures, str]:
    """Each feature by hand, else from the catalogue, else looked up, else from the artist's file; and who told them."""
    brought = seed.features.present()
    outside = looked_up.present() if looked_up else {}
    if track and not brought and not outside:
        return track.features, FeaturesSource.CATALOGUE.value
    by_hand, catalogued = seed.by_hand, track.features.present() if track else {}
    merged = brought | outside | catalogued | {name: brought[name] for name in by_hand}
    # Only the catalogue itself may be named as the source; whoever asks may be wrong about it.
    claimed = seed.features_sources - {FeaturesSource.CATALOGUE} or {FeaturesSource.GIVEN}
    sources: set[FeaturesSource] = set()
    for name, value in merged.items():
        if catalogued.get(name) == value:
            sources.add(FeaturesSource.CATALOGUE)
        elif name in by_hand:
            sources |= {FeaturesSource.GIVEN} if seed.features_by_hand else claimed
        elif name in outside:
            sources.add(FeaturesSource.RECCOBEATS)
        else:
            sources |= claimed - {FeaturesSource.GIVEN}
    return AudioFeatures(**merged), joined_sources(sources, FeaturesSource)  # type: ignore[arg-type]


class _SeedArtists(NamedTuple):
    """The artists of one seed; ``numbers`` hold ``primary``, the main artist's number, if the index knows it.

    ``known`` is what the index holds of that artist.
    """

    numbers: tuple[int, ...]
    primary: int | None
    known: KnownArtist | None
    is_certain: bool
    unnumbered: frozenset[str]


def _artists(item: int | None, track: Track | None, identity: _Identity, index: LoadedIndex) -> _SeedArtists:
    """Everybody whom the catalogue credits, whom the request or a service names, and whom the title names as guests.

    Whoever asks may name more artists than the catalogue credits: many files keep only the first.
    """
    credited = tuple(index.arrays.artists_of(item)) if item is not None else ()
    # Credited names that several ids bear lead nowhere, but the others who bear them must stay out as well.
    artists = index.tracks.artists(credited)
    shared = {artist_key_of_name(artist.name) for artist in artists if not artist.keys}
    credited_names = {artist_key_of_name(credit.name) for credit in track.artists} if track else set()
    asked = [artist_key_of_name(name) for name in identity.artists]
    id_of = dict(zip(asked, identity.artist_ids, strict=False))

    def number_of(name: str) -> int | None:
        by_id, by_name = f"id:{id_of.get(name)}", f"name:{name}"
        found = index.tracks.find_artists([by_id, by_name])
        number = found.get(by_id, found.get(by_name))
        if number is None or name not in id_of or by_id in found:
            return number
        # Known under another id, it is somebody else of that name.
        is_namesake = any(key.startswith("id:") for key in index.tracks.artists([number])[0].keys)
        return None if is_namesake else number

    invited = [
        artist_key_of_name(name) for name in guests(identity.title or "", lambda one: number_of(one) is not None)
    ]
    others = {name: number_of(name) for name in (*asked, *invited) if name and name not in credited_names}
    found = [number for number in others.values() if number is not None]
    primary = credited[0] if credited else others.get(asked[0]) if asked else None
    if credited:
        known: KnownArtist | None = artists[0]
    else:
        known = index.tracks.artists([primary])[0] if primary is not None else None
    by_id = f"id:{id_of[asked[0]]}" if asked and asked[0] in id_of else None
    return _SeedArtists(
        numbers=tuple(dict.fromkeys((*credited, *found))),
        primary=primary,
        known=known,
        is_certain=item is not None or (known is not None and by_id is not None and by_id in known.keys),
        unnumbered=frozenset(shared | {name for name, number in others.items() if number is None}),
    )


def _popularity(
    seed: Seed, primary: KnownArtist | None, is_certain: bool
) -> tuple[int | None, PopularitySource | None]:
    """The catalogue's figure for an artist who is certain, then what was given, then that of a namesake.

    A track in the catalogue or Spotify's id make an artist certain; a name may be somebody else's.
    """
    of_catalogue = (primary.popularity, primary.popularity_source) if primary else (None, None)
    if is_certain and of_catalogue[0] is not None:
        return of_catalogue
    if seed.artist_popularity is not None:
        if (seed.artist_popularity, seed.popularity_source) == of_catalogue:
            return of_catalogue
        is_estimate = seed.popularity_source is PopularitySource.FOLLOWERS
        return seed.artist_popularity, PopularitySource.FOLLOWERS if is_estimate else PopularitySource.GIVEN
    if seed.followers is not None:
        return popularity_of_followers(seed.followers), PopularitySource.FOLLOWERS
    return of_catalogue


def _advice(seeds: Sequence[SeedKnowledge], catalogue_tracks: int) -> str:
    """What to tell about the first seed that lacks something, what was tried for it, and what mends it."""
    incomplete = [seed for seed in seeds if seed.missing]
    seed, names = incomplete[0], incomplete[0].missing
    name = f"“{seed.title}”" if seed.title else f"track {seed.track_id}"
    remedies = []
    if "title" in names or "artists" in names:
        lacking = [word for word in ("title", "artists") if word in names]
        remedies.append(f"its {' and '.join(lacking)}")
    if "features" in names:
        remedies.append("its features (energy, tempo, …; any of them helps)")
    if "artist_popularity" in names:
        remedies.append("the artist's number of followers (under the name on Spotify)")
    wanted = " and ".join(["; ".join(remedies[:-1]), remedies[-1]] if len(remedies) > 1 else remedies)
    sentences = [f"The catalogue of {catalogue_tracks:,} tracks knows too little of {name}."]
    sentences += dict.fromkeys(one.detail for one in seed.in_vain if one.detail)
    sentences.append(f"Give {wanted}.")
    if "features" in names:
        sentences.append("Instead of features an audio file of the track helps too.")
    others = len(incomplete) - 1
    if others:
        sentences.append(f"{others} more seeds lack data too." if others > 1 else "Another seed lacks data too.")
    return " ".join(sentences)
