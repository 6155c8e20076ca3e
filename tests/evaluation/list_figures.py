"""What lists are worth beside what playlists tell: versions, order, variations, targets, several seeds, reasons.

The labelled pairs of titles need no data. The other figures are means over lists for seeds by artists of popularity 40
or less, drawn from a catalogue; an index of it is built in a temporary folder.

    python -m tests.evaluation.list_figures --catalogue spotify_songs_tidytuesday.csv.gz
"""

import argparse
import csv
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from statistics import fmean
from typing import Final

import numpy as np

from daltonify_core.catalogue.audio_features import CONTINUOUS_FEATURES, AudioFeatures
from daltonify_core.catalogue.songs import song_of
from daltonify_core.evaluation.ground import Ground
from daltonify_core.evaluation.questions import SMALL_ARTIST
from daltonify_core.index.builder import BuildSettings
from daltonify_core.playlist.reasons import Likeness
from daltonify_core.playlist.recommendation import Recommendation, Row
from daltonify_core.playlist.request import Order, RecommendationRequest, RequestFilters, Seed
from daltonify_core.playlist.sequencer import jumps
from daltonify_core.ports.surroundings import no_progress
from daltonify_core.use_cases.import_catalogue import ImportSettings
from daltonify_core.use_cases.recommend import Recommender
from infra.cli import wiring

PAIRS: Final = Path(__file__).with_name("version_pairs.csv")
RANDOM_SEED: Final = 20_201_122
VARIATIONS: Final = (1, 2, 3)
SHIFTS: Final = (0.2, 1.0)
_ALBUM: Final = 4
_FAINT: Final = frozenset({"instrumentalness", "speechiness", "loudness", "liveness"})


@dataclass(frozen=True, slots=True)
class Figure:
    """One number and what it says."""

    name: str
    value: float


def of_version_pairs() -> list[Figure]:
    """How often the labelled pairs are told apart: of those taken for versions, and of those that are."""
    with PAIRS.open(encoding="utf-8", newline="") as stream:
        pairs = list(csv.DictReader(stream))
    tied = {"version": 0, "different": 0}
    same_title = dict(tied)
    for pair in pairs:
        one, other = (song_of(pair[f"title_{side}"], [pair[f"artist_{side}"]]) for side in "ab")
        tied[pair["label"]] += one.is_version_of(other)
        same_title[pair["label"]] += one.key == other.key
    versions = sum(pair["label"] == "version" for pair in pairs)
    return [
        Figure("pairs", len(pairs)),
        Figure("pairs of versions", versions),
        Figure("precision", tied["version"] / sum(tied.values())),
        Figure("recall", tied["version"] / versions),
        Figure("precision, by title alone", same_title["version"] / sum(same_title.values())),
        Figure("recall, by title alone", same_title["version"] / versions),
    ]


class Lists:
    """Lists for ``count`` seeds by small artists, each asked for with one genre of its own."""

    def __init__(self, recommender: Recommender, count: int) -> None:
        self._recommender = recommender
        self._ground = Ground.of_index(recommender.index)
        popularity = self._ground.arrays.artist_popularity
        # By id, so that the draw does not depend on how an index numbers its items.
        small = sorted(
            (item for item in self._ground.item_genres if 0 <= popularity[item] <= SMALL_ARTIST),
            key=lambda item: self._ground.tracks[item].track_id,
        )
        self._random = np.random.default_rng(RANDOM_SEED)
        self._seeds = self._random.permutation(small)[:count].tolist()
        self._plain = {item: self._recommend(self._request(item)) for item in self._seeds}
        self._spread = self._ground.features.std(axis=0)

    def of_order(self) -> list[Figure]:
        """Mean and worst felt jump as played, in order of similarity and by chance; own tracks keep their slots."""
        felt: dict[str, list[tuple[float, float]]] = {"as played": [], "by similarity": [], "by chance": []}
        for item, answer in self._plain.items():
            by_rank = self._recommend(replace(self._request(item), order=Order.SIMILARITY))
            others = [row.features for row in answer.tracks if not row.own]
            shuffled = iter([others[place] for place in self._random.permutation(len(others))])
            orders = {
                "as played": [row.features for row in answer.tracks],
                "by similarity": [row.features for row in by_rank.tracks],
                "by chance": [row.features if row.own else next(shuffled) for row in answer.tracks],
            }
            for name, features in orders.items():
                taken = jumps(features)
                felt[name].append((taken.mean.felt, taken.worst.felt))
        return [
            Figure(f"{kind} felt jump, {name}", fmean(one[place] for one in values))
            for place, kind in enumerate(("mean", "worst"))
            for name, values in felt.items()
        ]

    def of_variations(self) -> list[Figure]:
        """What other lists share with the best one and with each other, and what they lose of its mean similarity."""
        shared, among, lost = [], [], []
        for item, best in self._plain.items():
            others = [self._recommend(replace(self._request(item), variation=number)) for number in VARIATIONS]
            size = len(_chosen(best))
            shared += [len(_ids(best) & _ids(other)) / size for other in others]
            among += [len(_ids(one) & _ids(other)) / size for one, other in combinations(others, 2)]
            lost += [1.0 - _similarity(other) / _similarity(best) for other in others]
        return [
            Figure("shared with the best list, mean", fmean(shared)),
            Figure("shared with the best list, largest", max(shared)),
            Figure("shared by two variations, mean", fmean(among)),
            Figure("mean similarity lost, mean", fmean(lost)),
            Figure("mean similarity lost, largest", max(lost)),
            Figure("lists that lose more than a twentieth", fmean(one > 0.05 for one in lost)),
        ]

    def of_targets(self) -> Iterator[Figure]:
        """By how many standard deviations lists move where so many are asked for, up and down taken together."""
        for name, spread in zip(CONTINUOUS_FEATURES, self._spread.tolist(), strict=True):
            for shift in SHIFTS:
                moved, beyond = [], []
                for item, plain in self._plain.items():
                    for asked in (shift, -shift):
                        answer = self._recommend(replace(self._request(item), targets={name: asked}))
                        sign = 1.0 if asked > 0 else -1.0
                        reached = _mean(answer, name)
                        moved.append(sign * (reached - _mean(plain, name)) / spread)
                        beyond.append(sign * (reached - getattr(self._ground.tracks[item].features, name)) > 0)
                yield Figure(f"{name} {shift:g}: moved", fmean(moved))
                yield Figure(f"{name} {shift:g}: lists that moved the other way", fmean(one < 0 for one in moved))
                yield Figure(f"{name} {shift:g}: lists beyond the seed's own", fmean(beyond))

    def of_several_seeds(self) -> list[Figure]:
        """Two seeds of one genre beside their average, and an album of four alike with one track that is not.

        Distances are Euclidean over nine z-scored features, of each row to the seed that it is nearest to.
        """
        nearest, averaged, shares, outlying = [], [], [], []
        for one, other in zip(self._seeds[::2], self._seeds[1::2], strict=False):
            genre, pair = self._genre(one), [one, other]
            seeds = tuple(self._described(item) for item in pair)
            answer = self._recommend_by_sound(seeds, genre, pair)
            rows = [self._gaps(row.features, pair) for row in _chosen(answer)]
            nearest += [min(gaps) for gaps in rows]
            shares.append(min(fmean(gaps[side] == min(gaps) for gaps in rows) for side in (0, 1)))
            middle = replace(seeds[0], features=_average([seed.features for seed in seeds]))
            answer = self._recommend_by_sound((middle,), genre, pair)
            averaged += [min(self._gaps(row.features, pair)) for row in _chosen(answer)]
        for item in self._seeds:
            same = self._ground.arrays.items_of_genre(self._ground.genres_of(item)[0])
            gaps = np.linalg.norm(self._ground.z_scores[same] - self._ground.z_scores[item], axis=1)
            order = same[np.argsort(gaps, kind="stable")].tolist()
            album = [item, *[near for near in order if near != item][: _ALBUM - 1], order[-1]]
            seeds = tuple(self._described(one) for one in album)
            answer = self._recommend_by_sound(seeds, self._genre(item), album)
            rows = [self._gaps(row.features, album) for row in _chosen(answer)]
            outlying.append(fmean(gaps[-1] == min(gaps) for gaps in rows))
        return [
            Figure("distance to the nearest of two seeds", fmean(nearest)),
            Figure("distance to the nearest of two seeds, list for their average", fmean(averaged)),
            Figure("rows nearest to the seed that has fewer, mean", fmean(shares)),
            Figure("rows nearest to the track that is unlike its album, mean", fmean(outlying)),
        ]

    def of_reasons(self) -> list[Figure]:
        """Whether reasons name a likeness that people notice, and say something new in each row of a list."""
        bare = faint = rows = repeated = 0
        for answer in self._plain.values():
            chosen = _chosen(answer)
            for row in chosen:
                alike = {part.feature for part in row.reason_parts if part.kind in (Likeness.SAME, Likeness.SIMILAR)}
                bare += not alike
                faint += bool(alike) and alike <= _FAINT
            rows += len(chosen)
            repeated += len(chosen) - len({row.reason.rpartition(";")[0] for row in chosen})
        return [
            Figure("rows without a likeness", bare / rows),
            Figure("rows with no likeness but in voice, speech, loudness or room", faint / rows),
            Figure("rows that repeat another's words", repeated / rows),
        ]

    def _request(self, item: int) -> RecommendationRequest:
        return RecommendationRequest((Seed(self._ground.tracks[item].track_id),), genre=self._genre(item))

    def _recommend(self, request: RecommendationRequest) -> Recommendation:
        return self._recommender.recommend(request)

    def _genre(self, item: int) -> str:
        return self._ground.genres[self._ground.genres_of(item)[0]]

    def _described(self, item: int) -> Seed:
        """A track by its nine features alone, as an average can be described too."""
        track = self._ground.tracks[item]
        level = int(self._ground.arrays.artist_popularity[self._seeds[0]])
        return Seed(title=track.title, artists=("Me",), features=track.features, artist_popularity=level)

    def _recommend_by_sound(self, seeds: tuple[Seed, ...], genre: str, items: Sequence[int]) -> Recommendation:
        own = tuple(self._ground.tracks[item].track_id for item in items)
        filters = RequestFilters(exclude_tracks=own)
        return self._recommend(RecommendationRequest(seeds, genre=genre, filters=filters, era=False))

    def _gaps(self, features: AudioFeatures, seeds: Sequence[int]) -> list[float]:
        row = np.array([getattr(features, name) for name in CONTINUOUS_FEATURES])
        own = self._ground.features[list(seeds)]
        return [float(gap) for gap in np.linalg.norm((own - row) / self._spread, axis=1)]


def _average(several: Sequence[AudioFeatures]) -> AudioFeatures:
    values = {name: fmean(getattr(one, name) for one in several) for name in CONTINUOUS_FEATURES}
    return AudioFeatures.from_mapping(values)


def _chosen(answer: Recommendation) -> list[Row]:
    return [row for row in answer.tracks if not row.own]


def _ids(answer: Recommendation) -> set[str | None]:
    return {row.track_id for row in _chosen(answer)}


def _similarity(answer: Recommendation) -> float:
    return fmean(row.similarity for row in _chosen(answer))


def _mean(answer: Recommendation, name: str) -> float:
    return fmean(getattr(row.features, name) for row in _chosen(answer))


def of_lists(catalogue: Path, count: int) -> Iterator[tuple[str, Sequence[Figure]]]:
    """The figures of lists by what they are about."""
    with tempfile.TemporaryDirectory(prefix="daltonify-lists-") as work:
        canonical, index = Path(work) / "catalogue.csv", Path(work) / "index"
        wiring.import_files([catalogue], canonical, ImportSettings(), no_progress)
        wiring.build(canonical, index, BuildSettings(), no_progress)
        with wiring.open_recommender(index) as recommender:
            lists = Lists(recommender, count)
            yield "order", lists.of_order()
            yield "variations", lists.of_variations()
            yield "targets", list(lists.of_targets())
            yield "several seeds", lists.of_several_seeds()
            yield "reasons", lists.of_reasons()


def main() -> None:
    """Print the figures, those of lists only with a catalogue."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--catalogue", type=Path)
    parser.add_argument("--seeds", type=int, default=200)
    arguments = parser.parse_args()
    _show("versions", of_version_pairs())
    for title, figures in of_lists(arguments.catalogue, arguments.seeds) if arguments.catalogue else ():
        _show(title, figures)


def _show(title: str, figures: Sequence[Figure]) -> None:
    print(title)
    for figure in figures:
        print(f"  {figure.name:<62} {figure.value:>8.4g}")


if __name__ == "__main__":
    main()
