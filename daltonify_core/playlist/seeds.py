"""Resolved seeds: what is known of each track that a playlist starts from."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from daltonify_core.catalogue.artists import KnownArtist, PopularitySource
from daltonify_core.catalogue.audio_features import CONTINUOUS_FEATURES, FEATURE_NAMES, AudioFeatures
from daltonify_core.catalogue.genres import normalise_genres
from daltonify_core.catalogue.songs import Song, guests, song_of
from daltonify_core.catalogue.track import Track, artist_key_of_name
from daltonify_core.errors import SeedDataNeeded, SeedKnowledge
from daltonify_core.index.bundle import LoadedIndex
from daltonify_core.index.feature_space import QueryPoint
from daltonify_core.playlist.request import Seed

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


@dataclass(frozen=True, slots=True)
class ResolvedSeed:
    """One seed with everything that ranking needs.

    ``item``, ``artist_numbers`` and ``primary_artist`` are its places in the index, where it has any;
    ``unnumbered_artists`` are the keys of names that lead to no one artist there, because nobody or several people bear
    them. ``features_source`` is ``catalogue``, ``given``, or ``catalogue and given``.
    """

    track_id: str | None
    item: int | None
    title: str
    artists: tuple[str, ...]
    artist_numbers: tuple[int, ...]
    primary_artist: int | None
    unnumbered_artists: frozenset[str]
    album: str | None
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
    def release_year(self) -> int | None:
        """The year of ``release_date``, if that is known."""
        return int(self.release_date[:4]) if self.release_date else None

    def query(self, index: LoadedIndex, era: bool) -> QueryPoint:
        """Where to look for what sounds like it, and with ``era`` is of its time.

        Only a track of the catalogue counts partly as its artist's others sound; a name may be somebody else's.
        """
        artist = None
        if self.item is not None and self.primary_artist is not None:
            artist = index.sound_of_artist(self.primary_artist, self.item)
        return index.space.query(self.features, self.duration_ms, self.release_date, artist, era)

    @property
    def song(self) -> Song:
        """The song that the track is a version of."""
        return song_of(self.title, self.artists)


def resolve_seeds(seeds: Sequence[Seed], index: LoadedIndex) -> tuple[ResolvedSeed, ...]:
    """Everything that the catalogue and the request know of each seed, in order, each track once.

    Raises ``SeedDataNeeded`` naming, for every seed that needs more, what is missing.
    """
    wanted = [seed.track_id for seed in seeds if seed.track_id is not None]
    items = index.tracks.find(wanted)
    known: list[SeedKnowledge] = []
    resolved: dict[object, ResolvedSeed] = {}
    for seed in seeds:
        item = items.get(seed.track_id) if seed.track_id is not None else None
        result = _resolve(seed, item, index)
        if isinstance(result, SeedKnowledge):
            known.append(result)
        else:
            known.append(SeedKnowledge(result.track_id, result.title, result.artists, missing=()))
            # Equal descriptions are one track as well.
            resolved.setdefault(seed.track_id or seed, result)
    if any(seed.missing for seed in known):
        raise SeedDataNeeded(_advice(known, index), known)
    return tuple(resolved.values())


def _resolve(seed: Seed, item: int | None, index: LoadedIndex) -> ResolvedSeed | SeedKnowledge:
    track = index.tracks.tracks([item])[0] if item is not None else None
    title = seed.title or (track.title if track else None)
    names = seed.artists or (tuple(credit.name for credit in track.artists) if track else ())
    given = seed.features.present()
    catalogued = track.features.present() if track else {}
    features = AudioFeatures(**{name: given.get(name, catalogued.get(name)) for name in FEATURE_NAMES})  # type: ignore[arg-type]
    artists = _artists(item, track, title or "", names, index)
    primary = index.tracks.artists([artists.primary])[0] if artists.primary is not None else None
    popularity, source = _popularity(seed, primary, is_certain=item is not None)
    missing = []
    if title is None:
        missing.append("title")
    if not names:
        missing.append("artists")
    # Key, mode and beats alone place a track nowhere.
    if len(features.missing()) == len(CONTINUOUS_FEATURES):
        missing.append("features")
    if popularity is None or source is None:
        missing.append("artist_popularity")
    if title is None or popularity is None or source is None or missing:
        return SeedKnowledge(seed.track_id, title, names, tuple(missing))
    return ResolvedSeed(
        track_id=seed.track_id,
        item=item,
        title=title,
        artists=names,
        artist_numbers=artists.numbers,
        primary_artist=artists.primary,
        unnumbered_artists=artists.unnumbered,
        album=track.album if track else None,
        release_date=(track.release_date if track else None) or seed.release_date,
        duration_ms=(track.duration_ms if track else None) or seed.duration_ms,
        explicit=track.explicit if track else None,
        popularity=track.popularity if track else None,
        genres=normalise_genres((*seed.genres, *(track.genres if track else ()))),
        features=features,
        features_source=" and ".join(name for name, values in (("catalogue", catalogued), ("given", given)) if values),
        artist_popularity=popularity,
        popularity_source=source,
    )


@dataclass(frozen=True, slots=True)
class _SeedArtists:
    """The artists of one seed; ``numbers`` hold ``primary``, the main artist's number, if the index knows it."""

    numbers: tuple[int, ...]
    primary: int | None
    unnumbered: frozenset[str]


def _artists(
    item: int | None, track: Track | None, title: str, names: Sequence[str], index: LoadedIndex
) -> _SeedArtists:
    """Everybody whom the catalogue credits, whom the request names, and whom the title names as guests.

    Whoever asks may name more artists than the catalogue credits: many files keep only the first.
    """
    credited = tuple(index.arrays.artists_of(item)) if item is not None else ()
    # Credited names that several ids bear lead nowhere, but the others who bear them must stay out as well.
    shared = {artist_key_of_name(artist.name) for artist in index.tracks.artists(credited) if not artist.keys}
    credited_names = {artist_key_of_name(credit.name) for credit in track.artists} if track else set()

    def number_of(name: str) -> int | None:
        return index.tracks.find_artists([f"name:{name}"]).get(f"name:{name}")

    invited = [artist_key_of_name(name) for name in guests(title, lambda name: number_of(name) is not None)]
    asked = [artist_key_of_name(name) for name in names]
    others = {name: number_of(name) for name in (*asked, *invited) if name and name not in credited_names}
    found = [number for number in others.values() if number is not None]
    return _SeedArtists(
        numbers=tuple(dict.fromkeys((*credited, *found))),
        primary=credited[0] if credited else others.get(asked[0]) if asked else None,
        unnumbered=frozenset(shared | {name for name, number in others.items() if number is None}),
    )


def _popularity(
    seed: Seed, primary: KnownArtist | None, is_certain: bool
) -> tuple[int | None, PopularitySource | None]:
    """The catalogue's figure for an artist who is certain, then what was given, then that of a namesake.

    Only a track in the catalogue makes its artist certain; a name may be somebody else's.
    """
    of_catalogue = (primary.popularity, primary.popularity_source) if primary else (None, None)
    if is_certain and of_catalogue[0] is not None:
        return of_catalogue
    if seed.artist_popularity is not None:
        return seed.artist_popularity, PopularitySource.GIVEN
    if seed.followers is not None:
        return popularity_of_followers(seed.followers), PopularitySource.FOLLOWERS
    return of_catalogue


def _advice(seeds: Sequence[SeedKnowledge], index: LoadedIndex) -> str:
    incomplete = [seed for seed in seeds if seed.missing]
    seed, names = incomplete[0], incomplete[0].missing
    name = f"“{seed.title}”" if seed.title else f"track {seed.track_id}"
    remedies = []
    if "title" in names or "artists" in names:
        remedies.append("its title and artists")
    if "features" in names:
        remedies.append("its features (energy, tempo, …; any of them helps)")
    if "artist_popularity" in names:
        remedies.append("the artist's number of followers")
    others = len(incomplete) - 1
    more = f" {others} more seeds lack data too." if others > 1 else " Another seed lacks data too." if others else ""
    known = f"The catalogue of {index.manifest.items:,} tracks"
    wanted = " and ".join(["; ".join(remedies[:-1]), remedies[-1]] if len(remedies) > 1 else remedies)
    return f"{known} knows too little of {name}. Give {wanted}.{more}"
