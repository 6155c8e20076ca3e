"""The methods on the scoreboard: ours, through the real recommender, and the baselines."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final
from typing import Protocol as TypingProtocol

from daltonify_core.errors import NoBiggerArtists
from daltonify_core.evaluation import baselines
from daltonify_core.evaluation.baselines import Baseline
from daltonify_core.evaluation.ground import Ground
from daltonify_core.evaluation.questions import (
    LIST_SIZE,
    Protocol,
    Question,
    allowed_by_rules,
    open_candidates,
)
from daltonify_core.index.bundle import LoadedIndex
from daltonify_core.index.items import Items
from daltonify_core.playlist.recommendation import Recommendation
from daltonify_core.playlist.request import RecommendationRequest, Seed
from daltonify_core.playlist.seeds import resolve_seeds

type Recommend = Callable[[RecommendationRequest], Recommendation]


@dataclass(frozen=True, slots=True)
class Answer:
    """One list: ``ranked`` is best first and at most ``LIST_SIZE`` long; ``played`` is how listeners hear it, the
    seed included where the method puts it in."""

    ranked: Sequence[int]
    played: Sequence[int]


class Method(TypingProtocol):
    """Answers questions of some protocols."""

    @property
    def name(self) -> str: ...

    @property
    def protocols(self) -> Collection[Protocol]: ...

    def answer(self, protocol: Protocol, question: Question) -> Answer:
        """The method's list for one question; equal questions have equal answers."""


class RulesOn(StrEnum):
    """When a baseline is held to rules 1 and 3."""

    AS_ASKED = "as asked"  # in the mission protocol
    NEVER = "never"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class BaselineMethod:
    """A baseline on the candidates of a question, with the rules or without.

    With them it chooses among candidates that rule 1 allows, and takes an artist and a song once; in the mission
    protocol only within the default band, widened as ours is, which ``reach`` knows (``None``: anywhere). Without
    them it chooses among all tracks of the genre by other artists.
    """

    name: str
    order: Baseline
    ground: Ground
    rules: RulesOn = RulesOn.AS_ASKED
    reach: Callable[[Question], Items] | None = None
    protocols: Collection[Protocol] = tuple(Protocol)

    def answer(self, protocol: Protocol, question: Question) -> Answer:
        """The first ``LIST_SIZE`` of the baseline's order."""
        ground, has_rules = self.ground, protocol is Protocol.MISSION
        if self.rules is RulesOn.ALWAYS and not has_rules:
            allowed = allowed_by_rules(question.candidates, question.seed, question.level, ground)
            question = replace(question, candidates=allowed)
        elif self.rules is RulesOn.NEVER and has_rules:
            question = replace(question, candidates=open_candidates(question.seed, question.genre, ground))
        elif self.reach is not None and has_rules:
            question = replace(question, candidates=self.reach(question))
        ordered = self.order(question, ground)
        if self.rules is RulesOn.ALWAYS or (self.rules is RulesOn.AS_ASKED and has_rules):
            ranked: Sequence[int] = baselines.best_allowed(ordered, question, ground)
        else:
            ranked = ordered[:LIST_SIZE].tolist()
        return Answer(ranked, ranked)


@dataclass(frozen=True, slots=True)
class OurMethod:
    """The product: in the mission protocol a request for a list of the seed's genre, everything else as by default.

    What the open protocol asks for the recommender never gives, since it keeps its rules; so there the index's search
    ranks the open candidates by the same likeness.
    """

    name: str
    recommend: Recommend
    index: LoadedIndex
    ground: Ground
    era: bool
    protocols: Collection[Protocol] = tuple(Protocol)

    def answer(self, protocol: Protocol, question: Question) -> Answer:
        """The recommended list, ranked by similarity and played in its own order."""
        if protocol is Protocol.OPEN:
            seeds = resolve_seeds(self.request(question).seeds, self.index)
            queries = [seed.query(self.index, self.era) for seed in seeds]
            items = self.index.search.rank(queries, question.candidates, LIST_SIZE).items[:LIST_SIZE].tolist()
            return Answer(items, items)
        try:
            rows = self.recommend(self.request(question)).tracks
        except NoBiggerArtists:
            return Answer((), ())
        ranked = sorted((row for row in rows if not row.own), key=lambda row: (-row.similarity, row.track_id or ""))
        item_of = self.ground.item_of
        return Answer(
            [item_of[row.track_id] for row in ranked if row.track_id],
            [item_of[row.track_id] for row in rows if row.track_id],
        )

    def request(self, question: Question) -> RecommendationRequest:
        """What an artist who knows the genre would ask."""
        seed = Seed(track_id=self.index.arrays.track_ids[question.seed].decode())
        genre = self.index.genres[question.genre]
        return RecommendationRequest(seeds=(seed,), genre=genre, size=LIST_SIZE, era=self.era)


RANDOM: Final = "random"
POPULARITY: Final = "popularity"
ORIGINAL: Final = "original"
ORIGINAL_WITH_RULES: Final = "original with rules"
RAW_COSINE: Final = "raw cosine"
SCALED: Final = "z-scored distance"
ORIGINAL_OF_ANY_BIGGER: Final = "original, any bigger artist"
SCALED_OF_ANY_BIGGER: Final = "z-scored, any bigger artist"
SOUND_ONLY: Final = "Daltonify, sound only"
WITH_ERA: Final = "Daltonify, with era"
OUR_NAMES: Final = frozenset({SOUND_ONLY, WITH_ERA})


def all_baselines(ground: Ground, reach: Callable[[Question], Items] | None = None) -> tuple[BaselineMethod, ...]:
    """Every baseline, the simplest first; ``reach`` if others share it."""
    reach = reach or baselines.Reach(ground)
    return (
        BaselineMethod(RANDOM, baselines.by_chance, ground, reach=reach),
        BaselineMethod(POPULARITY, baselines.by_popularity, ground, reach=reach),
        BaselineMethod(ORIGINAL, baselines.as_the_original, ground, RulesOn.NEVER),
        BaselineMethod(ORIGINAL_WITH_RULES, baselines.as_the_original, ground, RulesOn.ALWAYS, reach),
        BaselineMethod(RAW_COSINE, baselines.by_raw_cosine, ground, reach=reach),
        BaselineMethod(SCALED, baselines.by_scaled_distance, ground, reach=reach),
        *_baselines_of_any_bigger(ground),
    )


def _baselines_of_any_bigger(ground: Ground) -> tuple[BaselineMethod, ...]:
    """What two baselines find when they need not keep to the band; the open protocol knows none."""
    orders = {
        ORIGINAL_OF_ANY_BIGGER: baselines.as_the_original,
        SCALED_OF_ANY_BIGGER: baselines.by_scaled_distance,
    }
    return tuple(BaselineMethod(name, order, ground, protocols=(Protocol.MISSION,)) for name, order in orders.items())


def our_methods(index: LoadedIndex, recommend: Recommend, ground: Ground) -> tuple[OurMethod, ...]:
    """Our method in both variants."""
    return (
        OurMethod(SOUND_ONLY, recommend, index, ground, era=False),
        OurMethod(WITH_ERA, recommend, index, ground, era=True),
    )
