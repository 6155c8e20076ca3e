"""Recommend a playlist for one or more seed tracks: the rules of the product, one after the other."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from daltonify_core.catalogue.artists import artist_key
from daltonify_core.catalogue.links import is_spotify_id
from daltonify_core.catalogue.songs import Song, linked_artists
from daltonify_core.catalogue.track import ArtistCredit, ListedTrack, artist_key_of_name
from daltonify_core.errors import NoBiggerArtists
from daltonify_core.index.bundle import LoadedIndex
from daltonify_core.index.candidate_search import Ranking, SearchPath
from daltonify_core.index.feature_space import Float32Array, QueryPoint
from daltonify_core.index.items import Items, contained, united
from daltonify_core.index.pools import Pool
from daltonify_core.playlist.band import MAXIMUM_POPULARITY, Band, BandLifts, BandUse, band_stages
from daltonify_core.playlist.filters import (
    EveryArtistBigger,
    Explicit,
    ExplicitLyrics,
    ItemFilter,
    NoAlternateVersions,
    NotByName,
    NotThese,
    OnePerArtist,
    PrimaryArtistBigger,
    ReleasedBetween,
    SelectionFilter,
    apply_filters,
)
from daltonify_core.playlist.findings import NO_FINDINGS, SeedFindings
from daltonify_core.playlist.genre_choice import (
    GenreChoice,
    GenreSettings,
    artist_genre_weights,
    choose_genre,
    inferred_shares,
    offered_genre,
)
from daltonify_core.playlist.notes import counted, notes_for, notes_on_lonely, notes_on_pins, notes_on_unreleased
from daltonify_core.playlist.own_slots import own_positions, own_track_limit
from daltonify_core.playlist.pinned import NO_PINS, Pins, Unkept, keep_pins
from daltonify_core.playlist.recommendation import RESERVES, IndexDescription, Recommendation
from daltonify_core.playlist.request import SIZE_LIMITS, Order, RecommendationRequest
from daltonify_core.playlist.rows import RowWriter
from daltonify_core.playlist.seeds import ResolvedSeed, resolve_seeds
from daltonify_core.playlist.selection import VARIATION_POOL, Pick, Selection, like_enough, pick, picks_of, vary
from daltonify_core.playlist.sequencer import sequence_for_flow
from daltonify_core.playlist.targets import aimed


@dataclass(frozen=True, slots=True)
class _ListRules:
    one_per_artist: OnePerArtist
    one_version: NoAlternateVersions


@dataclass(frozen=True, slots=True)
class Recommender:
    """Answers requests from one loaded index. ``built_at`` is when that index was built (ISO form, UTC)."""

    index: LoadedIndex
    built_at: str
    genre_settings: GenreSettings = field(default_factory=GenreSettings)
    _counts: dict[tuple[int, ...], tuple[int, ...]] = field(init=False, default_factory=dict, repr=False, compare=False)
    """What ``_tracks_at`` found for genres before; an index never changes."""

    def check(self, request: RecommendationRequest) -> None:
        """Refuse what can be refused before anything is looked up outside; raises ``UnknownGenre``."""
        if request.genre is not None:
            offered_genre(request.genre, self.index.genres)

    def recommend(self, request: RecommendationRequest, findings: SeedFindings = NO_FINDINGS) -> Recommendation:
        """The playlist for a request; equal requests and findings on an equal index give equal answers.

        ``findings`` are what was looked up outside for seeds that the catalogue does not hold.

        Raises ``SeedDataNeeded``, ``UnknownGenre``, ``InvalidQuery`` or, when the rules leave nobody,
        ``NoBiggerArtists``.
        """
        index = self.index
        seeds = resolve_seeds(request.seeds, index, findings)
        queries = [seed.query(index, request.era) for seed in seeds]
        level = max(seed.artist_popularity for seed in seeds)
        own_items = self._items_of_seeds(seeds)
        genre = self._choose_genre(request, seeds, queries, own_items)
        genre_numbers = [index.genres.index(name) for name in genre.used]
        excluded_items, excluded_names = self._excluded(request)
        left_out_items = united((own_items, excluded_items)) if len(excluded_items) else own_items
        filters = self._item_filters(request, level, left_out_items)
        own_names = frozenset[str]().union(*(seed.unnumbered_artists for seed in seeds))
        songs = [seed.song(index) for seed in seeds]
        rules = self._list_rules(seeds, songs)
        pins = self._pins(request, level, rules, own_items, own_names, excluded_items, excluded_names)
        # Only from here on: the genre is that of the seeds as they are.
        if request.targets:
            queries = [
                aimed(index.space, query, seed.features, request.targets)
                for query, seed in zip(queries, seeds, strict=True)
            ]
        apart: list[SelectionFilter] = [rules.one_per_artist, rules.one_version]
        if left_out := excluded_names | own_names:
            apart.append(NotByName(self._linked_artists, left_out))
        selection = self._select(request, seeds, queries, level, genre_numbers, filters, apart, pins)
        if not selection.chosen:
            raise self._nobody_bigger(request, level, genre, genre_numbers, own_items)
        own = _distinct_songs(seeds, songs)[: own_track_limit(min(request.size, len(selection.chosen)))]
        items = [one.item for one in (*selection.chosen, *selection.spare)]
        tracks = dict(zip(items, index.tracks.listed(items), strict=True))
        above = Band(level + 1, 100)
        # Pinned tracks may stand alone, where the genre has nobody bigger.
        peers = [bigger for number in genre_numbers if (bigger := self._vectors_in(above, number)).size]
        rows = RowWriter(index, seeds, queries, level, tracks, peers, request.targets, request.reason_parts)
        slots = dict(zip(own_positions(len(own), len(selection.chosen), request.own_slots), own, strict=True))
        ordered = self._ordered(request.order, selection.chosen, tracks, slots)
        listed = rows.with_own_tracks(ordered, slots)
        return Recommendation(
            index=IndexDescription(
                index.version,
                index.manifest.items,
                self.built_at,
                index.manifest.snapshot,
                index.manifest.source,
            ),
            search=selection.search,
            seeds=seeds,
            genre=genre,
            band=selection.band,
            tracks=tuple(listed),
            reserves=tuple(rows.row(len(listed) + place, one) for place, one in enumerate(selection.spare, start=1)),
            notes=(
                *notes_for(request, seeds, own, genre, selection, [tracks[one.item] for one in selection.chosen]),
                *notes_on_lonely(rows.seeds_without_neighbours(selection.chosen)),
                *notes_on_unreleased(listed),
                *self._on_exclusions(request, excluded_names),
                *self._on_pins(request, pins, level, own),
                *findings.notes,
            ),
        )

    def _items_of_seeds(self, seeds: Sequence[ResolvedSeed]) -> Items:
        """Every track that credits one of the seeds' artists, and so the seeds themselves, ascending."""
        arrays = self.index.arrays
        of_each = [arrays.items_by(number) for seed in seeds for number in seed.artist_numbers]
        return of_each[0] if len(of_each) == 1 else united(of_each)

    def _items_of_primary_artists(self, seeds: Sequence[ResolvedSeed]) -> Items:
        """Tracks of the seeds' main artists: a guest's other tracks say nothing about the seed's genre."""
        primary = {seed.primary_artist for seed in seeds if seed.primary_artist is not None}
        return united(self.index.arrays.items_by(number) for number in primary)

    def _choose_genre(
        self,
        request: RecommendationRequest,
        seeds: Sequence[ResolvedSeed],
        queries: Sequence[QueryPoint],
        own_items: Items,
    ) -> GenreChoice:
        settings = self.genre_settings

        def inferred(has_say: bool) -> dict[str, float]:
            nearest = self._nearest(
                queries, settings.neighbours + len(own_items), 1.0 if has_say else settings.shown_share
            )
            others = nearest[~contained(nearest, own_items)][: settings.neighbours]
            return inferred_shares(others, self.index, settings)

        return choose_genre(
            request.genre,
            [seed.genres for seed in seeds],
            lambda: artist_genre_weights(self._items_of_primary_artists(seeds), self.index),
            inferred,
            self.index.genres,
            settings,
        )

    def _nearest(self, queries: Sequence[QueryPoint], count: int, share: float) -> Items:
        """The nearest of all tracks, nearest first."""
        items = self.index.manifest.items
        # What an incomplete seed is near to takes a full scan, so a large catalogue is asked through a sample.
        complete = all(query.basis is None for query in queries)
        stride = 1 if complete else max(1, items // self.genre_settings.sample)
        if stride == 1:
            return self.index.search.nearest(queries, count, share)
        sample = self.index.pool_of(np.arange(0, items, stride, dtype=np.int32))
        return self.index.search.rank(queries, sample, count).items[:count]

    def _item_filters(self, request: RecommendationRequest, level: int, excluded: Items) -> list[ItemFilter]:
        wishes = request.filters
        filters: list[ItemFilter] = [EveryArtistBigger(level), NotThese(excluded)]
        if wishes.explicit is not Explicit.ALLOW:
            filters.append(ExplicitLyrics(wishes.explicit))
        if wishes.year_from is not None or wishes.year_to is not None:
            filters.append(ReleasedBetween(wishes.year_from, wishes.year_to))
        return filters

    def _excluded(self, request: RecommendationRequest) -> tuple[Items, frozenset[str]]:
        """Items of the tracks and artists that the request excludes, and keys of names that lead to no one artist."""
        wanted = request.filters.exclude_artists
        if not wanted and not request.filters.exclude_tracks:
            return np.empty(0, dtype=np.int32), frozenset()
        by_id = self.index.tracks.find_artists([f"id:{artist}" for artist in wanted if is_spotify_id(artist)])
        # What is no id of an artist here may still be a name, 22 letters long or not.
        named = [artist for artist in wanted if f"id:{artist}" not in by_id and artist.strip()]
        names = {artist_key(ArtistCredit(artist)): artist_key_of_name(artist) for artist in named}
        found_artists = by_id | self.index.tracks.find_artists(list(names))
        found_tracks = self.index.tracks.find(request.filters.exclude_tracks)
        parts = [self.index.arrays.items_by(number) for number in found_artists.values()]
        parts.append(np.array(list(found_tracks.values()), dtype=np.int32))
        unnumbered = frozenset(name for key, name in names.items() if key not in found_artists)
        return united(parts), unnumbered

    def _on_exclusions(self, request: RecommendationRequest, unnumbered: frozenset[str]) -> Iterator[str]:
        """A note for each artist to be left out whose name leads nowhere, because it may be misspelt."""
        for artist in request.filters.exclude_artists:
            if artist_key_of_name(artist) in unnumbered and not self.index.tracks.search(artist, 1):
                yield f"Nobody called {artist[:60]} is in the catalogue, so leaving them out changed nothing."

    def _list_rules(self, seeds: Sequence[ResolvedSeed], songs: Sequence[Song]) -> _ListRules:
        """What keeps the tracks of one list apart, with the seeds in it already."""
        arrays = self.index.arrays
        return _ListRules(
            OnePerArtist(arrays.artists_of_each, (number for seed in seeds for number in seed.artist_numbers)),
            NoAlternateVersions(lambda items: arrays.song_keys.take(items).tolist(), arrays.song, songs),
        )

    def _pins(
        self,
        request: RecommendationRequest,
        level: int,
        rules: _ListRules,
        own_items: Items,
        own_names: frozenset[str],
        excluded_items: Items,
        excluded_names: frozenset[str],
    ) -> Pins:
        """The pinned tracks that may stay, which ``rules`` remember."""
        if not request.pinned:
            return NO_PINS
        wishes = request.filters
        found = self.index.tracks.find(request.pinned)
        items = [found[track_id] for track_id in request.pinned if track_id in found]
        return keep_pins(
            items,
            lambda item: self.index.pool_of(np.array([item], dtype=np.int32)).runs[0].rows,
            sum(track_id not in found for track_id in request.pinned),
            (
                (Unkept.OWN_ARTIST, NotThese(own_items)),
                (Unkept.LEFT_OUT, NotThese(excluded_items)),
                (Unkept.NOT_BIGGER, PrimaryArtistBigger(level)),
                (Unkept.NOT_BIGGER, EveryArtistBigger(level)),
                (Unkept.LYRICS, ExplicitLyrics(wishes.explicit)),
                *(
                    ((Unkept.YEAR, ReleasedBetween(wishes.year_from, wishes.year_to)),)
                    if wishes.year_from is not None or wishes.year_to is not None
                    else ()
                ),
            ),
            (
                (Unkept.SAME_ARTIST, rules.one_per_artist),
                (Unkept.SAME_SONG, rules.one_version),
                (Unkept.OWN_ARTIST, NotByName(self._linked_artists, own_names)),
                (Unkept.LEFT_OUT, NotByName(self._linked_artists, excluded_names)),
            ),
        )

    def _on_pins(
        self, request: RecommendationRequest, pins: Pins, level: int, own: Sequence[ResolvedSeed]
    ) -> list[str]:
        """Notes about pinned tracks that are not kept, but for own tracks, which the list holds by itself."""
        if not request.pinned:
            return []
        standing = {seed.item for seed in own}
        unkept = {item: why for item, why in pins.unkept.items() if item not in standing}
        titles = [track.title for track in self.index.tracks.listed(list(unkept))]
        told = list(zip(unkept.values(), titles, strict=True))
        standing_unknown = sum(seed.item is None and seed.track_id in request.pinned for seed in own)
        return notes_on_pins(told, pins.missing - standing_unknown, len(pins.kept), request.size, level)

    def _select(
        self,
        request: RecommendationRequest,
        seeds: Sequence[ResolvedSeed],
        queries: Sequence[QueryPoint],
        level: int,
        genres: Sequence[int],
        filters: Sequence[ItemFilter],
        apart: Sequence[SelectionFilter],
        pins: Pins,
    ) -> Selection:
        arrays = self.index.arrays
        reach = float(self.index.space.similarity(np.array([min(query.unknown for query in queries)]))[0])
        chosen = self._ranked(queries, pins.kept, request.popularity_weight)
        spare: list[Pick] = []
        pools: list[Pool] = []
        asked = used = Band(0, 0)
        widened, in_band, unlike, search = False, 0, 0, SearchPath.EXACT
        for stage in band_stages(level, request.band or BandLifts(), request.may_widen):
            missing = max(0, request.size - len(chosen))
            # Where pinned tracks fill the list, the band is still looked at: for reserves.
            if missing == 0 and pools:
                break
            allowed = apply_filters(self._pool(stage.added, genres), filters)
            used, widened = stage.used, stage.widened
            if not stage.widened:
                asked = stage.used
                in_band = int(allowed.holds(np.array(pins.kept, dtype=np.int32)).sum())
            pools.append(allowed)
            if len(allowed) == 0:
                continue

            def rank(count: int, allowed: Pool = allowed) -> Ranking:
                return self.index.search.rank(queries, allowed, count, request.popularity_weight)

            pool_size = missing * (VARIATION_POOL if request.variation else 1) + RESERVES
            found, path = pick(rank, apart, pool_size)
            pool = like_enough(found, reach, SIZE_LIMITS[0] - len(chosen))
            unlike += len(found) - len(pool)
            taken = (
                vary(pool, missing, request.variation, lambda item: bytes(arrays.track_ids[item])) if missing else []
            )
            items = {one.item for one in taken}
            chosen += taken
            spare = [one for one in pool if one.item not in items]
            in_band += 0 if stage.widened else len(taken)
            # One stage by Annoy is enough to say that the answer is approximate.
            search = path if search is SearchPath.EXACT else search
        candidates = sum(len(allowed) for allowed in pools)
        band = BandUse(asked, used, widened, candidates, self._tracks_at(genres))
        return Selection(chosen, spare[:RESERVES], band, search, in_band, reach, unlike, len(pins.kept))

    def _ranked(self, queries: Sequence[QueryPoint], items: Sequence[int], popularity_weight: float) -> list[Pick]:
        """These items, best first."""
        if not items:
            return []
        ascending = np.array(sorted(items), dtype=np.int32)
        return picks_of(self.index.search.rank(queries, ascending, len(items), popularity_weight))

    def _tracks_at(self, genres: Sequence[int]) -> tuple[int, ...]:
        """How many tracks of these genres there are at each popularity from 0 on."""
        key = tuple(sorted(genres))
        if key not in self._counts:
            of_each = [self.index.arrays.items_of_genre(genre) for genre in genres]
            items = of_each[0] if len(of_each) == 1 else united(of_each)
            self._counts[key] = tuple(self.index.arrays.counts_by_popularity(items, MAXIMUM_POPULARITY))
        return self._counts[key]

    def _pool(self, band: Band, genres: Sequence[int]) -> Pool:
        return self.index.pool(genres, *self.index.arrays.popularity_range(band.low, band.high))

    def _vectors_in(self, band: Band, genre: int) -> Float32Array:
        """Shape ``(dimension, n)``."""
        arrays = self.index.arrays
        first, last = arrays.genre_stretch(genre, *arrays.popularity_range(band.low, band.high))
        return self.index.columns.genre_points[:-1, first:last]

    def _linked_artists(self, items: Items) -> list[frozenset[str]]:
        return [linked_artists(track.title, track.artists) for track in self.index.tracks.listed(items.tolist())]

    def _ordered(
        self, order: Order, chosen: Sequence[Pick], tracks: Mapping[int, ListedTrack], slots: Mapping[int, ResolvedSeed]
    ) -> list[Pick]:
        """The picks in the order asked for, between own tracks that already have their slots (counted from 1)."""
        ids = self.index.arrays.track_ids
        by_score = sorted(chosen, key=lambda one: (-one.score, ids[one.item]))
        if order is Order.SIMILARITY:
            return sorted(chosen, key=lambda one: (-one.similarity, ids[one.item]))
        if order is Order.POPULARITY:
            # Item numbers run from the most to the least popular artist already.
            return sorted(chosen, key=lambda one: one.item)
        own = {position - 1: seed.features for position, seed in slots.items()}
        return [by_score[place] for place in sequence_for_flow([tracks[one.item].features for one in by_score], own)]

    def _nobody_bigger(
        self,
        request: RecommendationRequest,
        level: int,
        genre: GenreChoice,
        genre_numbers: Sequence[int],
        own_items: Items,
    ) -> NoBiggerArtists:
        """Why nobody is left, with the field of the request that stands in the way."""
        names = " and ".join(genre.used)
        above = apply_filters(
            self._pool(Band(level + 1, 100), genre_numbers), [EveryArtistBigger(level), NotThese(own_items)]
        )
        if len(above) == 0:
            return NoBiggerArtists(
                f"Nobody in {names} is more popular than the track's artist, who is at {level} of 100. "
                "Choose another genre, or another track.",
                "genre",
            )
        return NoBiggerArtists(
            f"Artists above the seed's level of {level} have {counted(len(above), 'track')} in {names}, but the band "
            "or the filters leave none. Widen the band (widen) or drop a filter.",
            # A band that may widen reaches everybody above the level.
            "filters" if request.may_widen else "band",
        )


def _distinct_songs(seeds: Sequence[ResolvedSeed], songs: Sequence[Song]) -> list[ResolvedSeed]:
    """The seeds, whose ``songs`` are these, without further versions of a song, in their order."""
    distinct: list[tuple[ResolvedSeed, Song]] = []
    for seed, song in zip(seeds, songs, strict=True):
        if not any(song.is_version_of(other) for _, other in distinct):
            distinct.append((seed, song))
    return [seed for seed, _ in distinct]
