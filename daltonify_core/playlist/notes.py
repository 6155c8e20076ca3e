"""Notes: what a person should know about a list and cannot see in it."""

from collections.abc import Iterable, Iterator, Sequence
from math import log2
from statistics import fmean
from typing import Final

from daltonify_core.catalogue.artists import PopularitySource
from daltonify_core.catalogue.audio_features import CONTINUOUS_FEATURES
from daltonify_core.catalogue.track import ListedTrack
from daltonify_core.index.feature_space import FAR_SIMILARITY
from daltonify_core.playlist.band import MAXIMUM_POPULARITY
from daltonify_core.playlist.filters import Explicit
from daltonify_core.playlist.genre_choice import GenreChoice, GenreSource, related_genres
from daltonify_core.playlist.pinned import Unkept
from daltonify_core.playlist.reason_words import FEATURE_COMPARATIVES, FEATURE_NOUNS
from daltonify_core.playlist.reasons import AUDIBLE_STEPS
from daltonify_core.playlist.recommendation import Row
from daltonify_core.playlist.request import RecommendationRequest
from daltonify_core.playlist.seeds import ResolvedSeed
from daltonify_core.playlist.selection import Selection

# Where the best similarity that anybody could have is lower, a person would wonder why. Without the length of a
# recording it is about 0.8, which needs no words.
_LITTLE_KNOWN: Final = 0.7
_NAMED_SEEDS: Final = 3
_NAMED_PINS: Final = 3
# A slider has room for the plain name, for which a line of reasons has a shorter word.
_FEATURE_NAMES: Final = {**FEATURE_NOUNS, "danceability": "danceability"}
_UNKEPT_WORDS: Final = {
    Unkept.OWN_ARTIST: "your own artists stand in the list with your own tracks only",
    Unkept.NOT_BIGGER: "all artists in the list must be more popular than yours ({level} of 100)",
    Unkept.LEFT_OUT: "you left out the track or its artist",
    Unkept.LYRICS: "your choice of lyrics leaves it out",
    Unkept.YEAR: "your choice of years leaves it out",
    Unkept.SAME_ARTIST: "one of the artists stands in the list already",
    Unkept.SAME_SONG: "another version of the song stands in the list already",
}


def notes_for(
    request: RecommendationRequest,
    seeds: Sequence[ResolvedSeed],
    own: Sequence[ResolvedSeed],
    genre: GenreChoice,
    selection: Selection,
    chosen: Sequence[ListedTrack],
) -> list[str]:
    """Sentences about the list: band and size, genre, nearness, own tracks, seeds, lyrics.

    ``own`` are the seeds that stand in the list, ``chosen`` the recommended tracks in it (at least one).
    """
    return [
        *_on_band_and_size(request, selection),
        *_on_genre(seeds, genre),
        *_on_targets(request, seeds, chosen),
        *([] if request.targets else _on_nearness(selection)),
        *_on_own_tracks(seeds, own),
        *_on_seeds(seeds),
        *_on_reach(selection),
        *_on_dates(request, seeds, chosen),
        *_on_lyrics(request, chosen),
    ]


def notes_on_unreleased(rows: Sequence[Row]) -> list[str]:
    """A sentence for each own track that is not on Spotify yet, with the place that is kept for it."""
    return [
        f"“{row.title}” is not on Spotify yet. Add it at place {row.position} on release day."
        for row in rows
        if row.own and row.track_id is None
    ]


def notes_on_lonely(seeds: Sequence[ResolvedSeed]) -> list[str]:
    """A sentence about the seeds that no track of the list is nearest to."""
    if not seeds:
        return []
    titles = _listed_words(
        [*(f"“{seed.title}”" for seed in seeds[:_NAMED_SEEDS]), *_and_more(len(seeds) - _NAMED_SEEDS)]
    )
    alone = "a list of it alone" if len(seeds) == 1 else "a list of each alone"
    return [f"Every track in the list is closer to others of yours than to {titles}. Make {alone} to see what fits."]


def notes_on_pins(unkept: Sequence[tuple[Unkept, str]], missing: int, kept: int, size: int, level: int) -> list[str]:
    """A sentence for each reason for which pinned tracks (``unkept`` with their titles) are not kept, and on size.

    ``missing`` counts those that the catalogue does not hold, ``kept`` those that stand in the list.
    """
    notes = []
    for reason, words in _UNKEPT_WORDS.items():
        titles = [f"“{title}”" for why, title in unkept if why is reason]
        if titles:
            named = _listed_words([*titles[:_NAMED_PINS], *_and_more(len(titles) - _NAMED_PINS)])
            notes.append(f"{named} could not stay pinned: {words.format(level=level)}.")
    if missing > 0:
        verb = "was" if missing == 1 else "were"
        notes.append(
            f"{counted(missing, 'pinned track')} could not be kept: the catalogue, as it is now, does not hold what "
            f"{verb} pinned."
        )
    if kept > size:
        notes.append(f"{kept} tracks are pinned, so the list has more than the {size} that were asked for.")
    return notes


def _and_more(count: int) -> list[str]:
    return [f"{count} more"] if count > 0 else []


def counted(number: int, noun: str) -> str:
    """A number with its noun, in the plural where that is due."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _on_band_and_size(request: RecommendationRequest, selection: Selection) -> Iterator[str]:
    band, found = selection.band, len(selection.chosen)
    if band.widened:
        if band.asked.low > MAXIMUM_POPULARITY:
            why = f"Nobody is above {MAXIMUM_POPULARITY} and the band would begin at {band.asked.low}"
        else:
            # Other than the page's count of everybody in the band: filters, and one track for each artist.
            fit = "fits" if selection.in_band <= 1 else "fit"
            held = f"only {counted(selection.in_band, 'track')}" if selection.in_band else "no track"
            why = f"The band {band.asked.low} to {band.asked.high} held {held} that {fit}"
        yield f"{why}, so artists from {band.used.low} to {band.used.high} were considered too."
    if found < request.size and selection.unlike:
        yield (
            f"Only {found} of {request.size} tracks: what else there is in this genre and band sounds nothing like it."
        )
    elif found < request.size:
        yield (
            f"Only {found} of {request.size} tracks: there are no more in this genre, band and choice of filters, "
            "with one track per artist."
        )


def _on_genre(seeds: Sequence[ResolvedSeed], genre: GenreChoice) -> Iterator[str]:
    named = sorted({name for seed in seeds for name in seed.genres})
    wider = [used for used in genre.used if genre.how is GenreSource.TRACK and used not in named]
    if len(genre.used) == 2 and genre.how is not GenreSource.ASKED and len(wider) < 2:
        where = " among the tracks that sound nearest" if genre.how is GenreSource.INFERRED else ""
        yield f"No genre stood out clearly{where}, so {genre.used[0]} and {genre.used[1]} were used."
    elif genre.how is GenreSource.INFERRED:
        yield f"The genre {genre.used[0]} was inferred from the tracks that sound nearest."
    elif genre.how is GenreSource.ARTIST:
        yield f"The genre {genre.used[0]} was taken from the artist's other tracks."
    if named and genre.how in (GenreSource.ARTIST, GenreSource.INFERRED):
        yield f"The catalogue has too few tracks of {' or '.join(named)} to look there."
    if wider:
        finer = " or ".join(name for name in named if related_genres(name, wider))
        verb = "was" if len(wider) == 1 else "were"
        yield f"The catalogue has too few tracks of {finer} to look there, so {' and '.join(wider)} {verb} used."


def _on_nearness(selection: Selection) -> Iterator[str]:
    found = selection.chosen[selection.pinned :]
    if found and fmean(one.similarity for one in found) < FAR_SIMILARITY * selection.reach:
        yield ("Nothing there sounds much like it: these tracks lie nearly as far from yours as any taken at random.")


def _on_targets(
    request: RecommendationRequest, seeds: Sequence[ResolvedSeed], chosen: Sequence[ListedTrack]
) -> Iterator[str]:
    granted: list[str] = []
    others: list[str] = []
    for name in [name for name in CONTINUOUS_FEATURES if name in request.targets]:
        own = [value for seed in seeds if (value := getattr(seed.features, name)) is not None]
        if not own:
            others.append(
                f"The {_FEATURE_NAMES[name]} of your track is not known, so asking for another one changed nothing."
            )
            continue
        more, less = FEATURE_COMPARATIVES[name]
        wanted, opposite = (more, less) if request.targets[name] > 0 else (less, more)
        ours, theirs = fmean(own), fmean(getattr(track.features, name) for track in chosen)
        apart = round(log2(theirs / ours) if name == "tempo" else theirs - ours, 3)
        if apart * request.targets[name] > 0:
            granted.append(wanted)
            continue
        slightly = "a little " if abs(apart) <= AUDIBLE_STEPS[name].similar else ""
        held = f"{slightly}{opposite} than" if apart else "just like"
        others.append(f"You asked for {wanted} tracks; on average the nearest ones are still {held} your own.")
    if granted:
        yield f"As you asked, the list is {_listed_words(granted)} than your own track."
    yield from others


def _on_own_tracks(seeds: Sequence[ResolvedSeed], own: Sequence[ResolvedSeed]) -> Iterator[str]:
    if len(own) < len(seeds):
        yield (
            f"The list holds {len(own)} of your {len(seeds)} tracks: at most one for every ten others, and one version "
            "of each song."
        )


def _on_seeds(seeds: Sequence[ResolvedSeed]) -> Iterator[str]:
    if any(seed.popularity_source is PopularitySource.FOLLOWERS for seed in seeds):
        yield "The artist's popularity was estimated from the number of followers."
    for name, popularity in sorted({found for seed in seeds if (found := _namesake(seed))}):
        yield (
            f"The catalogue knows an artist called {name} at {popularity} of 100. If that is somebody else, give your "
            "own number of followers."
        )
    for seed in seeds:
        if seed.features_rough:
            yield (
                f"How “{seed.title}” sounds was only measured roughly from its audio. Adjust it by ear where the list "
                "sounds wrong."
            )
    incomplete = [seed for seed in seeds if seed.features.missing()]
    if len(incomplete) > 2:
        yield f"{len(incomplete)} of your tracks were compared by some of the features, since no more are known."
    else:
        for seed in incomplete:
            known = _listed(seed.features.present())
            yield f"“{seed.title}” was compared by {known} alone, since no more is known of it."


def _on_reach(selection: Selection) -> Iterator[str]:
    if selection.reach < _LITTLE_KNOWN:
        yield f"With so little known, even the nearest tracks are called only about {selection.reach:.1f} similar."


def _on_dates(
    request: RecommendationRequest, seeds: Sequence[ResolvedSeed], chosen: Sequence[ListedTrack]
) -> Iterator[str]:
    if not request.era or all(track.release_date is None for track in chosen):
        return
    for seed in seeds:
        if seed.is_unreleased:
            yield f"“{seed.title}” counts as a new release, since it is not on Spotify yet."
    undated = [seed for seed in seeds if seed.release_date is None and not seed.is_unreleased]
    if len(undated) > 2:
        yield f"{len(undated)} of your tracks have no release date, so for them time did not count."
        return
    for seed in undated:
        yield f"“{seed.title}” has no release date, so time did not count. Give one to meet tracks of its time."


def _namesake(seed: ResolvedSeed) -> tuple[str, int] | None:
    """Name and popularity of the artist whom only the name ties to a seed that is not in the catalogue."""
    from_catalogue = seed.popularity_source in (PopularitySource.CATALOGUE, PopularitySource.TRACK_MAX)
    return (seed.artists[0], seed.artist_popularity) if from_catalogue and not seed.is_artist_certain else None


def _on_lyrics(request: RecommendationRequest, chosen: Sequence[ListedTrack]) -> Iterator[str]:
    unknown = sum(track.explicit is None for track in chosen)
    if request.filters.explicit is Explicit.CLEAN and unknown:
        yield f"For {unknown} of the tracks it is not known whether their lyrics are explicit."


def _listed(features: Iterable[str]) -> str:
    return _listed_words([_FEATURE_NAMES[name] for name in features if name in CONTINUOUS_FEATURES])


def _listed_words(words: Sequence[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
