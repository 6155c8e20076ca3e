"""The scoreboard: methods whose worth is known beforehand get the figures they deserve."""

import json
import math
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from daltonify_core.errors import InvalidDataset
from daltonify_core.evaluation.ground import Ground
from daltonify_core.evaluation.methods import (
    ORIGINAL,
    ORIGINAL_OF_ANY_BIGGER,
    ORIGINAL_WITH_RULES,
    SCALED,
    SCALED_OF_ANY_BIGGER,
    SOUND_ONLY,
    WITH_ERA,
    Answer,
    Method,
    OurMethod,
    all_baselines,
    our_methods,
)
from daltonify_core.evaluation.playlists import Half, PlaylistRow, Playlists, playlists_of_half
from daltonify_core.evaluation.questions import LIST_SIZE, Protocol, Question, ask, draw_seeds
from daltonify_core.evaluation.scoreboard import (
    BY_CHANCE,
    BY_RANK,
    PLAYED,
    EvaluationSettings,
    Scoreboard,
    SeedGroup,
    evaluate,
)
from daltonify_core.playlist.request import Order
from daltonify_core.playlist.sequencer import jumps
from daltonify_core.use_cases.recommend import Recommender
from infra.local.synthetic_catalogue import synthetic_tracks
from tests.builders import build_index_folder, open_index
from tests.unit.evaluation.conftest import OTHER_PLAYLIST, PLAYLIST

EVERYTHING = EvaluationSettings(seeds=100, half=Half.ALL)


@dataclass
class Knowing:
    """Names the relevant tracks, each artist once."""

    ground: Ground
    name: str = "knowing"
    protocols: tuple[Protocol, ...] = tuple(Protocol)

    def answer(self, protocol: Protocol, question: Question) -> Answer:
        items = question.relevant.tolist()
        if protocol is Protocol.MISSION:
            items = list({int(self.ground.primary[item]): item for item in items}.values())
        return Answer(items[:LIST_SIZE], items[:LIST_SIZE])


@dataclass
class Repeating:
    """Names every relevant track, whoever's it is, and plays the last one first and the seed second."""

    name: str = "repeating"
    protocols: tuple[Protocol, ...] = tuple(Protocol)

    def answer(self, protocol: Protocol, question: Question) -> Answer:
        items = question.relevant[:LIST_SIZE].tolist()
        return Answer(items, [items[-1], question.seed, *items[:-1]])


@dataclass
class Silent:
    """Never names anything."""

    name: str = "silent"
    protocols: tuple[Protocol, ...] = tuple(Protocol)

    def answer(self, protocol: Protocol, question: Question) -> Answer:
        return Answer((), ())


@dataclass
class Fickle:
    """Names another candidate each time it is asked."""

    name: str = "fickle"
    protocols: tuple[Protocol, ...] = tuple(Protocol)
    asked: list[int] = field(default_factory=list)

    def answer(self, protocol: Protocol, question: Question) -> Answer:
        self.asked.append(question.seed)
        item = int(question.candidates[len(self.asked) % len(question.candidates)])
        return Answer([item], [item])


def scores(board, protocol, group, name):
    return next(one for one in board.row(protocol, group).methods if one.method == name)


@pytest.fixture
def board(small):
    methods: list[Method] = [*all_baselines(small.ground), Knowing(small.ground), Silent(), Fickle()]
    return evaluate(small.ground, small.playlists(PLAYLIST, OTHER_PLAYLIST), methods, "v1", EVERYTHING)


@pytest.mark.parametrize("protocol", list(Protocol))
@pytest.mark.parametrize("group", list(SeedGroup))
def test_who_knows_the_playlists_finds_everything_and_who_is_silent_nothing(board, protocol, group):
    knowing, silent = (scores(board, protocol, group, name) for name in ("knowing", "silent"))
    assert (knowing.ndcg.value, knowing.ndcg.low, knowing.ndcg.high) == pytest.approx((1.0, 1.0, 1.0))
    assert knowing.means["r_precision"] == pytest.approx(1.0)
    assert silent.ndcg.value == silent.means["precision"] == 0.0
    assert math.isnan(silent.means["rule_abiding"])


def test_the_missions_answers_keep_every_rule(board):
    for name in (ORIGINAL_WITH_RULES, SCALED, ORIGINAL_OF_ANY_BIGGER, SCALED_OF_ANY_BIGGER):
        found = scores(board, Protocol.MISSION, SeedGroup.SMALL, name).means
        assert (found["rule_abiding"], found["versions"]) == (1.0, 0.0)
    # As it was, the original named everybody of the genre, of whom eleven share one list with smaller artists.
    assert scores(board, Protocol.MISSION, SeedGroup.SMALL, ORIGINAL).means["rule_abiding"] < 1.0


def test_every_seed_is_either_asked_or_skipped(small, board):
    # In playlists and of known popularity are eleven tracks and "both"; five of them by artists up to 40.
    for protocol in Protocol:
        assert sum((board.row(protocol, SeedGroup.ALL).questions, board.row(protocol, SeedGroup.ALL).skipped)) == 12
        assert sum((board.row(protocol, SeedGroup.SMALL).questions, board.row(protocol, SeedGroup.SMALL).skipped)) == 5
    # Nobody in the two playlists is bigger than the biggest of pop and rock, and "rock" is alone in its genre.
    assert board.row(Protocol.MISSION, SeedGroup.SMALL).skipped == 0
    assert board.row(Protocol.MISSION, SeedGroup.ALL).skipped > board.row(Protocol.OPEN, SeedGroup.ALL).skipped


def test_who_answers_differently_when_asked_again_is_not_stable(board):
    assert scores(board, Protocol.OPEN, SeedGroup.ALL, "fickle").means["stable"] < 1.0
    assert scores(board, Protocol.OPEN, SeedGroup.ALL, "knowing").means["stable"] == 1.0


def test_ratios_are_to_the_original_with_rules_in_the_mission_and_to_scaled_distance(board):
    mission = scores(board, Protocol.MISSION, SeedGroup.SMALL, "knowing")
    original = scores(board, Protocol.MISSION, SeedGroup.SMALL, ORIGINAL_WITH_RULES)
    assert set(mission.against) == {ORIGINAL_WITH_RULES, SCALED, SCALED_OF_ANY_BIGGER}
    assert mission.against[ORIGINAL_WITH_RULES].value == pytest.approx(mission.ndcg.value / original.ndcg.value)
    assert set(scores(board, Protocol.OPEN, SeedGroup.SMALL, "knowing").against) == {ORIGINAL, SCALED}
    assert original.against[ORIGINAL_WITH_RULES].low == original.against[ORIGINAL_WITH_RULES].high == 1.0


def test_an_artist_who_is_named_twice_is_found_once(small):
    playlists = small.playlists(("low", "ann1", "ann2", "bob"))
    settings = EvaluationSettings(seeds=100, half=Half.ALL)
    board = evaluate(small.ground, playlists, [Knowing(small.ground), Repeating()], "v1", settings)
    # For the seeds "low" and "bob" Ann is relevant with two tracks, and one of them is worth nothing.
    for found in (
        scores(board, Protocol.MISSION, SeedGroup.SMALL, name).ndcg.value for name in ("knowing", "repeating")
    ):
        assert found <= 1.0
    assert scores(board, Protocol.OPEN, SeedGroup.SMALL, "repeating").ndcg.value == pytest.approx(1.0)


def test_in_another_order_the_seed_keeps_its_slot(small):
    names = ("ann1", "bob", "cat")
    board = evaluate(
        small.ground, small.playlists(("low", *names)), [Repeating()], "v1", EvaluationSettings(1, Half.ALL)
    )
    assert board.row(Protocol.MISSION, SeedGroup.SMALL).questions == 1
    first, second, third = small.items(*names)
    orders = {PLAYED: [third, small.item["low"], first, second], BY_RANK: [first, small.item["low"], second, third]}
    for order, items in orders.items():
        expected = jumps([small.ground.tracks[item].features for item in items])
        (found,) = (one.jumps for one in board.flow if one.order == order)
        assert found["felt_mean"] == pytest.approx(expected.mean.felt)
        assert found["energy_worst"] == pytest.approx(expected.worst.energy)


def test_only_the_protocols_asked_for_are_scored(small):
    settings = EvaluationSettings(seeds=5, half=Half.ALL, protocols=(Protocol.OPEN,))
    board = evaluate(small.ground, small.playlists(PLAYLIST), all_baselines(small.ground), "v1", settings)
    assert {row.protocol for row in board.rows} == {Protocol.OPEN}
    assert board.flow == ()


def test_a_method_is_asked_only_what_it_answers(board):
    for protocol, is_there in ((Protocol.MISSION, True), (Protocol.OPEN, False)):
        names = {one.method for one in board.row(protocol, SeedGroup.ALL).methods}
        assert ({ORIGINAL_OF_ANY_BIGGER, SCALED_OF_ANY_BIGGER} <= names) is is_there


def test_the_board_as_json_holds_no_number_that_json_cannot(board):
    text = json.dumps(board.to_dict(), allow_nan=False)
    assert json.loads(text)["rows"][0]["methods"][0]["method"] == "random"


def test_progress_rises_until_nothing_is_left(small):
    seen: dict[str, list[int]] = {}

    def progress(phase: str, done: int, total: int) -> None:
        seen.setdefault(phase, []).append(done)
        assert 0 < done <= total
        totals[phase] = total

    totals: dict[str, int] = {}
    evaluate(small.ground, small.playlists(PLAYLIST), [Silent(), Fickle()], "v1", EVERYTHING, progress)
    assert set(seen) == {"mission protocol", "open protocol"}
    for phase, done in seen.items():
        assert done == sorted(done)
        assert done[-1] == totals[phase]


@dataclass
class Real:
    """Our method through the real recommender, on a synthetic catalogue whose playlists are drawn from its genres."""

    recommender: Recommender
    ground: Ground
    playlists: Playlists
    ours: tuple[OurMethod, ...]

    def board(self) -> Scoreboard:
        methods: list[Method] = [*all_baselines(self.ground), *self.ours]
        return evaluate(self.ground, self.playlists, methods, "v1", EvaluationSettings(seeds=12, half=Half.ALL))


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    tracks = list(synthetic_tracks(1_000, seed=11))
    index = open_index(build_index_folder(tmp_path_factory.mktemp("scoreboard"), tracks))
    ground = Ground.of_index(index)
    random = np.random.default_rng(2)
    by_genre: dict[str, list[str]] = {}
    for track in tracks:
        for genre in track.genres[:1]:
            by_genre.setdefault(genre, []).append(track.track_id)
    rows = [
        PlaylistRow(f"{genre} {number}", one, genre)
        for genre, ids in sorted(by_genre.items())
        for number in range(3)
        for one in random.permutation(ids)[:40].tolist()
    ]
    recommender = Recommender(index, "2026-01-15T12:00:00Z")
    ours = our_methods(index, recommender.recommend, ground)
    yield Real(recommender, ground, playlists_of_half(rows, Half.ALL, ground.item_of), ours)
    index.close()


@pytest.fixture(scope="module")
def real_board(real):
    return real.board()


def test_our_list_is_the_products_own(real):
    small_seeds, _ = draw_seeds(real.ground, real.playlists, 5, random_seed=1)
    questions = ask(Protocol.MISSION, small_seeds, real.ground, real.playlists).asked
    assert [method.request(questions[0]).era for method in real.ours] == [False, True]
    for method in real.ours:
        for question in questions:
            answer, request = method.answer(Protocol.MISSION, question), method.request(question)
            by_order = {
                order: [
                    real.ground.item_of[row.track_id]
                    for row in real.recommender.recommend(replace(request, order=order)).tracks
                ]
                for order in Order
            }
            assert answer.played == by_order[Order.FLOW]
            assert answer.ranked == [item for item in by_order[Order.SIMILARITY] if item != question.seed]


def test_our_lists_keep_every_rule_and_stay_when_asked_again(real_board):
    for name in (SOUND_ONLY, WITH_ERA):
        for group in SeedGroup:
            found = scores(real_board, Protocol.MISSION, group, name)
            assert found.is_ours
            assert (found.means["rule_abiding"], found.means["versions"], found.means["stable"]) == (1.0, 0.0, 1.0)
            assert found.means["lift"] > 0


def test_our_order_flows_better_than_similarity_or_chance(real_board):
    for name in (SOUND_ONLY, WITH_ERA):
        felt = {one.order: one.jumps["felt_mean"] for one in real_board.flow if one.method == name}
        assert set(felt) == {PLAYED, BY_RANK, BY_CHANCE}
        assert felt[PLAYED] < min(felt[BY_RANK], felt[BY_CHANCE])


def test_the_same_board_comes_out_twice(real, real_board):
    assert real.board().to_dict() == real_board.to_dict()


def test_playlists_in_which_nothing_could_be_found_are_refused(small):
    with pytest.raises(InvalidDataset, match="Nothing could be found from any of 2 tracks"):
        evaluate(small.ground, small.playlists(("seed", "own")), [], "v", EvaluationSettings(half=Half.ALL))
