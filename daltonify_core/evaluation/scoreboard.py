"""The scoreboard: every method answers every question, and every answer is measured in the same way."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from daltonify_core.errors import InvalidDataset
from daltonify_core.evaluation import bootstrap, metrics
from daltonify_core.evaluation.bootstrap import Interval
from daltonify_core.evaluation.degraded import DegradedMethod, Knowledge
from daltonify_core.evaluation.ground import Ground
from daltonify_core.evaluation.methods import (
    ORIGINAL,
    ORIGINAL_WITH_RULES,
    OUR_NAMES,
    SCALED,
    SCALED_OF_ANY_BIGGER,
    SOUND_ONLY,
    WITH_ERA,
    Answer,
    Method,
)
from daltonify_core.evaluation.playlists import Half, Playlists
from daltonify_core.evaluation.questions import LIST_SIZE, Protocol, Question, ask, draw_seeds
from daltonify_core.index.feature_space import FloatArray
from daltonify_core.index.items import Items, contained
from daltonify_core.playlist.sequencer import jumps
from daltonify_core.ports.surroundings import Progress, no_progress

JUMP_PARTS: Final = ("felt", "energy", "tempo", "key")
"""What the sequencer measures of a jump: as a whole, and in parts."""
PLAYED: Final = "played"
BY_RANK: Final = "similarity"
BY_CHANCE: Final = "chance"
_PROGRESS_QUESTIONS: Final = 50
_ASKED_AGAIN: Final = 100


class SeedGroup(StrEnum):
    """Whose tracks are the seeds of a row."""

    SMALL = "artists up to 40"
    ALL = "all artists"


@dataclass(frozen=True, slots=True)
class EvaluationSettings:
    """What is asked: ``seeds`` for each group of seeds, drawn from the playlists of ``half``, under ``protocols``."""

    seeds: int = 3_000
    half: Half = Half.REPORT
    protocols: tuple[Protocol, ...] = (Protocol.MISSION, Protocol.OPEN)
    random_seed: int = 20_201_122


@dataclass(frozen=True, slots=True)
class MethodScores:
    """One method in one row of one protocol.

    ``ndcg`` with its bounds; ``against`` holds the ratio of its nDCG to that of the methods that it is measured by.
    ``means`` are means over questions of everything else, NaN where nothing could be measured.
    """

    method: str
    ndcg: Interval
    against: Mapping[str, Interval]
    means: Mapping[str, float]

    @property
    def is_ours(self) -> bool:
        """Whether this is a variant of our own method."""
        return self.method in OUR_NAMES


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """All methods on the seeds of one group under one protocol."""

    protocol: Protocol
    group: SeedGroup
    questions: int
    skipped: int
    methods: tuple[MethodScores, ...]


@dataclass(frozen=True, slots=True)
class DegradedScores:
    """Our method in one variant for seeds by small artists of which only so much is known, in the mission protocol.

    ``against`` holds the ratio of its nDCG to that for the same seeds when everything is known of a track that the
    catalogue does not hold (``Knowledge.EVERYTHING``), when the catalogue holds it, and to the original with rules.
    ``rule_abiding`` is the share of rows that keep the rules.
    """

    knowledge: Knowledge
    era: bool
    ndcg: Interval
    against: Mapping[str, Interval]
    rule_abiding: float


@dataclass(frozen=True, slots=True)
class FlowScores:
    """How one method's lists for small artists flow under the mission protocol, in one order of their tracks.

    ``jumps``: for each of ``JUMP_PARTS`` the mean jump between neighbours, and the mean over lists of the worst one, in
    the sequencer's own measure.
    """

    method: str
    order: str
    jumps: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Scoreboard:
    """Everything that was measured."""

    settings: EvaluationSettings
    index_version: str
    playlists: int
    playlist_rows: int
    unknown_rows: int
    rows: tuple[ScoreRow, ...]
    flow: tuple[FlowScores, ...]
    degraded: tuple[DegradedScores, ...]

    def row(self, protocol: Protocol, group: SeedGroup) -> ScoreRow:
        """One row of the board."""
        return next(row for row in self.rows if (row.protocol, row.group) == (protocol, group))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for ``--json``; what could not be measured is ``None``."""
        return {
            "half": str(self.settings.half),
            "seeds": self.settings.seeds,
            "list_size": LIST_SIZE,
            "index": self.index_version,
            "playlists": {"count": self.playlists, "rows": self.playlist_rows, "unknown_rows": self.unknown_rows},
            "rows": [
                {
                    "protocol": str(row.protocol),
                    "seeds_of": str(row.group),
                    "questions": row.questions,
                    "skipped": row.skipped,
                    "methods": [_method_to_dict(scores) for scores in row.methods],
                }
                for row in self.rows
            ],
            "flow": [
                {"method": scores.method, "order": scores.order, **_finite_values(scores.jumps)} for scores in self.flow
            ],
            "degraded_seeds": [
                {
                    "known": str(scores.knowledge),
                    "era": scores.era,
                    "ndcg": _interval_to_list(scores.ndcg),
                    "ratio_to": {other: _interval_to_list(ratio) for other, ratio in scores.against.items()},
                    "rule_abiding": _finite(scores.rule_abiding),
                }
                for scores in self.degraded
            ],
        }


def evaluate(
    ground: Ground,
    playlists: Playlists,
    methods: Sequence[Method],
    index_version: str,
    settings: EvaluationSettings | None = None,
    progress: Progress = no_progress,
    degraded: Sequence[DegradedMethod] = (),
) -> Scoreboard:
    """Draw seeds, ask every method, and measure; equal input gives an equal board.

    The ``degraded`` methods answer the mission's questions about small artists once more.

    Raises ``InvalidDataset`` when no track of the playlists can be a seed, or nothing could be found from any.
    """
    settings = settings or EvaluationSettings()
    small, anybody = draw_seeds(ground, playlists, settings.seeds, settings.random_seed)
    if fault := _fault_of(playlists, settings.half, len(anybody)):
        raise InvalidDataset(fault)
    drawn = {SeedGroup.SMALL: small, SeedGroup.ALL: anybody}
    rows: list[ScoreRow] = []
    flow: list[FlowScores] = []
    poorer: tuple[DegradedScores, ...] = ()
    for protocol in settings.protocols:
        questions = ask(protocol, np.union1d(small, anybody), ground, playlists)
        groups = {group: _places(questions.asked, seeds) for group, seeds in drawn.items()}
        answering = [method for method in methods if protocol in method.protocols]
        total = len(answering) * len(questions.asked)
        measured: dict[str, _Measured] = {}
        for number, method in enumerate(answering):
            report = partial(_report, progress, f"{protocol} protocol", number * len(questions.asked), total)
            answers = _answers(method, protocol, questions.asked, report)
            measured[method.name] = _Measured.of(method, protocol, answers, questions.asked, ground)
            if protocol is Protocol.MISSION and len(groups[SeedGroup.SMALL]):
                by_small = [answers[place] for place in groups[SeedGroup.SMALL]]
                flow += _flow(method.name, by_small, ground, settings.random_seed)
        if protocol is Protocol.MISSION and len(groups[SeedGroup.SMALL]):
            places = groups[SeedGroup.SMALL]
            poorer = _degraded_scores(degraded, places, questions.asked, measured, ground, settings, progress)
        for group, seeds in drawn.items():
            skipped = int(contained(questions.skipped, seeds).sum())
            scores = _all_scores(groups[group], measured, protocol, questions.asked, settings.random_seed)
            rows.append(ScoreRow(protocol, group, len(groups[group]), skipped, scores))
    if not any(row.questions for row in rows):
        raise InvalidDataset(
            f"Nothing could be found from any of {len(np.union1d(small, anybody))} tracks: those that share a playlist "
            "with them are of another genre, by the same artists or, as the mission protocol asks, by nobody bigger."
        )
    return Scoreboard(
        settings,
        index_version,
        len(playlists.members),
        playlists.rows,
        playlists.unknown_rows,
        tuple(rows),
        tuple(flow),
        poorer,
    )


def _fault_of(playlists: Playlists, half: Half, seeds: int) -> str | None:
    """Why these playlists cannot be asked about, as a sentence."""
    others = "" if half is Half.ALL else f" Only those of one half count ({half}); --half all takes every one."
    if playlists.rows == 0:
        return f"No playlist counts.{others}"
    if playlists.unknown_rows == playlists.rows:
        return f"The playlists give nobody to start from: the catalogue holds none of their tracks.{others}"
    if all(len(members) < 2 for members in playlists.members):
        return (
            "No playlist holds two tracks that the catalogue knows, so none could be found from another. Rows of one "
            f"playlist share its playlist_id.{others}"
        )
    if seeds == 0:
        return (
            "The playlists give nobody to start from: none of their tracks has a genre on offer and an artist of known "
            f"popularity.{others}"
        )
    return None


def _answers(
    method: Method, protocol: Protocol, questions: Sequence[Question], report: Callable[[int], None]
) -> list[Answer]:
    """One answer for each question; ``report`` is told now and then how many there are."""
    answers = []
    for done, question in enumerate(questions, start=1):
        answers.append(method.answer(protocol, question))
        if done % _PROGRESS_QUESTIONS == 0 or done == len(questions):
            report(done)
    return answers


def _report(progress: Progress, phase: str, before: int, total: int, done: int) -> None:
    progress(phase, before + done, total)


def _stable(method: Method, protocol: Protocol, questions: Sequence[Question], answers: Sequence[Answer]) -> FloatArray:
    """1 where a question asked again is answered alike and 0 where not, NaN for all that are not asked again."""
    stable = np.full(len(questions), np.nan)
    for place in range(0, len(questions), max(1, len(questions) // _ASKED_AGAIN)):
        stable[place] = method.answer(protocol, questions[place]) == answers[place]
    return stable


def _flow(name: str, answers: Sequence[Answer], ground: Ground, random_seed: int) -> Iterator[FlowScores]:
    """The order that the method plays and, where that is its own doing, two others of the same tracks.

    In those the tracks that are not ranked, which are the seed's, keep their slots.
    """
    played = [answer.played for answer in answers]
    yield FlowScores(name, PLAYED, _jumps(played, ground))
    if all(answer.played == answer.ranked for answer in answers):
        return
    yield FlowScores(name, BY_RANK, _jumps([_replayed(answer, answer.ranked) for answer in answers], ground))
    random = np.random.default_rng(random_seed)
    shuffled = [_replayed(answer, random.permutation(answer.ranked).tolist()) for answer in answers]
    yield FlowScores(name, BY_CHANCE, _jumps(shuffled, ground))


def _replayed(answer: Answer, order: Sequence[int]) -> list[int]:
    """What is played, with the ranked tracks in another order."""
    ranked, following = set(answer.ranked), iter(order)
    return [next(following) if item in ranked else item for item in answer.played]


def _jumps(played: Sequence[Sequence[int]], ground: Ground) -> dict[str, float]:
    lists = [jumps([ground.tracks[item].features for item in items]) for items in played if len(items) > 1]
    found: dict[str, float] = {}
    for part in JUMP_PARTS:
        found[f"{part}_mean"] = _mean_of_known(np.array([getattr(one.mean, part) for one in lists]))
        found[f"{part}_worst"] = _mean_of_known(np.array([getattr(one.worst, part) for one in lists]))
    return found


@dataclass(frozen=True, slots=True)
class _Measured:
    """One method's lists and their values, one for each question."""

    lists: metrics.Lists
    values: Mapping[str, FloatArray]

    @classmethod
    def of(
        cls,
        method: Method,
        protocol: Protocol,
        answers: Sequence[Answer],
        questions: Sequence[Question],
        ground: Ground,
    ) -> "_Measured":
        lists = metrics.as_lists([answer.ranked for answer in answers])
        ideals = np.array([question.ideal for question in questions], dtype=np.int64)
        hits = metrics.hits_of(lists, questions, ground, once_per_artist=protocol is Protocol.MISSION)
        values = {
            "ndcg": metrics.ndcg(hits, ideals),
            "precision": metrics.precision(hits),
            "r_precision": metrics.r_precision(hits, ideals),
            "rule_abiding": metrics.rule_abiding(lists, questions, ground),
            "versions": metrics.alternate_versions(lists, questions, ground).astype(np.float64),
            "lift": metrics.mean_lift(lists, questions, ground),
            "artists": metrics.distinct_artists(lists, ground).astype(np.float64),
            "stable": _stable(method, protocol, questions, answers),
            "coherence": metrics.coherence(lists, questions, ground),
        }
        return cls(lists, values)


def _places(questions: Sequence[Question], seeds: Items) -> NDArray[np.int64]:
    return np.flatnonzero(contained(np.array([question.seed for question in questions], dtype=np.int32), seeds))


def _all_scores(
    places: NDArray[np.int64],
    measured: Mapping[str, _Measured],
    protocol: Protocol,
    questions: Sequence[Question],
    random_seed: int,
) -> tuple[MethodScores, ...]:
    """Scores of all methods on the questions in ``places``; none where there is no question."""
    if len(places) == 0:
        return ()
    # The same draws for all methods: that is what makes the comparison paired.
    weights = bootstrap.resampled_weights(np.arange(len(places)), random_seed)
    asked = [questions[place] for place in places.tolist()]
    ndcgs = {name: one.values["ndcg"][places] for name, one in measured.items()}
    scores = []
    for name, own in measured.items():
        means = {metric: _mean_of_known(values[places]) for metric, values in own.values.items() if metric != "ndcg"}
        means["overlap"] = metrics.overlap(own.lists[places], asked)
        against = {
            other: bootstrap.ratio_of_means(ndcgs[name], ndcgs[other], weights)
            for other in _yardsticks(protocol)
            if other in ndcgs
        }
        scores.append(MethodScores(name, bootstrap.mean(ndcgs[name], weights), against, means))
    return tuple(scores)


def _degraded_scores(
    methods: Sequence[DegradedMethod],
    places: NDArray[np.int64],
    questions: Sequence[Question],
    measured: Mapping[str, _Measured],
    ground: Ground,
    settings: EvaluationSettings,
    progress: Progress,
) -> tuple[DegradedScores, ...]:
    asked = [questions[place] for place in places.tolist()]
    weights = bootstrap.resampled_weights(np.arange(len(places)), settings.random_seed)
    ideals = np.array([question.ideal for question in asked], dtype=np.int64)
    complete: dict[bool, FloatArray] = {}
    scores = []
    for number, method in enumerate(methods):
        report = partial(_report, progress, "degraded seeds", number * len(asked), len(methods) * len(asked))
        answers = _answers(method, Protocol.MISSION, asked, report)
        lists = metrics.as_lists([answer.ranked for answer in answers])
        found = metrics.ndcg(metrics.hits_of(lists, asked, ground, once_per_artist=True), ideals)
        if method.knowledge is Knowledge.EVERYTHING:
            complete[method.era] = found
        others = {name: measured[name].values["ndcg"][places] for name in _yardsticks_of(method) if name in measured}
        if method.era in complete:
            others = {str(Knowledge.EVERYTHING): complete[method.era], **others}
        scores.append(
            DegradedScores(
                method.knowledge,
                method.era,
                bootstrap.mean(found, weights),
                {name: bootstrap.ratio_of_means(found, other, weights) for name, other in others.items()},
                _mean_of_known(metrics.rule_abiding(lists, asked, ground)),
            )
        )
    return tuple(scores)


def _yardsticks_of(method: DegradedMethod) -> tuple[str, ...]:
    return WITH_ERA if method.era else SOUND_ONLY, ORIGINAL_WITH_RULES


def _yardsticks(protocol: Protocol) -> tuple[str, ...]:
    if protocol is Protocol.OPEN:
        return ORIGINAL, SCALED
    return ORIGINAL_WITH_RULES, SCALED, SCALED_OF_ANY_BIGGER


def _mean_of_known(values: FloatArray) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else math.nan


def _method_to_dict(scores: MethodScores) -> dict[str, Any]:
    return {
        "method": scores.method,
        "ndcg": _interval_to_list(scores.ndcg),
        "ratio_to": {other: _interval_to_list(ratio) for other, ratio in scores.against.items()},
        **_finite_values(scores.means),
    }


def _finite_values(values: Mapping[str, float]) -> dict[str, float | None]:
    return {name: _finite(value) for name, value in values.items()}


def _interval_to_list(interval: Interval) -> list[float | None]:
    return [_finite(value) for value in (interval.value, interval.low, interval.high)]


def _finite(value: float) -> float | None:
    return round(value, 6) if math.isfinite(value) else None
