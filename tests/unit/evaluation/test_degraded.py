"""Degraded seeds: errors are as large as they claim, and lists are those that the recommender would give."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pytest

from daltonify_core.audio.local_model import local_model
from daltonify_core.audio.questions import WITH_VOCALS, WITHOUT_VOCALS
from daltonify_core.catalogue.audio_features import CONTINUOUS_FEATURES, FEATURE_RANGES
from daltonify_core.evaluation.baselines import Reach
from daltonify_core.evaluation.degraded import (
    HAND_SET,
    Degradation,
    Knowledge,
    degraded_methods,
)
from daltonify_core.evaluation.ground import Ground
from daltonify_core.evaluation.methods import ORIGINAL_WITH_RULES, WITH_ERA, Method, all_baselines, our_methods
from daltonify_core.evaluation.playlists import Half, PlaylistRow, Playlists, playlists_of_half
from daltonify_core.evaluation.questions import Protocol, ask, draw_seeds
from daltonify_core.evaluation.scoreboard import EvaluationSettings, SeedGroup, evaluate
from daltonify_core.playlist.request import RecommendationRequest, Seed
from daltonify_core.use_cases.recommend import Recommender
from infra.local.synthetic_catalogue import synthetic_tracks
from tests.builders import build_index_folder, open_index

TRACKS = 1_500


@dataclass(frozen=True)
class Catalogue:
    """Invented tracks with an invented playlist for every ten of them."""

    recommender: Recommender
    ground: Ground
    playlists: Playlists


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalogue]:
    tracks = list(synthetic_tracks(TRACKS, 7))
    index = open_index(build_index_folder(tmp_path_factory.mktemp("degraded"), tracks))
    ground = Ground.of_index(index)
    by_energy = sorted(tracks, key=lambda track: track.features.energy or 0.0)
    rows = [PlaylistRow(str(place // 10), track.track_id, None) for place, track in enumerate(by_energy)]
    playlists = playlists_of_half(rows, Half.ALL, ground.item_of)
    yield Catalogue(Recommender(index, "2026-01-01T00:00:00Z"), ground, playlists)
    index.close()


def known(degradation: Degradation, knowledge: Knowledge) -> dict[str, np.ndarray]:
    """Values of all items, by feature."""
    rows = [degradation.features(knowledge, item).present() for item in range(len(degradation.ground.arrays))]
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def true(ground: Ground, name: str) -> np.ndarray:
    return ground.features[:, CONTINUOUS_FEATURES.index(name)]


def log_odds(shares: np.ndarray) -> np.ndarray:
    clipped = np.clip(shares, 0.001, 0.999)
    return np.asarray(np.log(clipped / (1.0 - clipped)))


@pytest.mark.parametrize("knowledge", list(Knowledge))
def test_the_same_seed_is_spoilt_in_the_same_way_each_time_and_never_has_key_mode_or_beats(catalogue, knowledge):
    one, other = Degradation(catalogue.ground), Degradation(catalogue.ground)
    for item in (3, 700):
        features = one.features(knowledge, item)
        assert features == other.features(knowledge, item)
        assert not {"key", "mode", "time_signature"} & set(features.present())


def test_what_is_not_spoilt_is_true(catalogue):
    for knowledge in (Knowledge.EVERYTHING, Knowledge.FEATURES, Knowledge.HAND_SET):
        found = known(Degradation(catalogue.ground), knowledge)
        assert set(found) == set(HAND_SET if knowledge is Knowledge.HAND_SET else CONTINUOUS_FEATURES)
        for name, values in found.items():
            assert np.array_equal(values, true(catalogue.ground, name))


def test_noise_is_half_of_how_much_one_artists_tracks_differ(catalogue):
    ground = catalogue.ground
    found = known(Degradation(ground), Knowledge.NOISY)
    for name, values in found.items():
        low, high = FEATURE_RANGES[name]
        assert values.min() >= low
        assert values.max() <= high
    for name, scale in (("tempo", np.log), ("loudness", np.asarray), ("valence", log_odds)):
        values = scale(true(ground, name))
        artists = np.unique(ground.primary, return_inverse=True)[1]
        counts = np.bincount(artists)
        squares = np.square(values - (np.bincount(artists, weights=values) / counts)[artists]).sum()
        spread = np.sqrt(squares / (len(values) - len(counts)))
        errors = scale(found[name]) - values
        assert errors.std() == pytest.approx(0.5 * spread, rel=0.1)
        assert abs(errors.mean()) < 0.1 * spread


def test_sliders_set_by_ear_move_in_steps_and_are_off_by_a_seventh_of_the_scale(catalogue):
    found = known(Degradation(catalogue.ground), Knowledge.HAND_SET_BY_EAR)
    assert set(found) == set(HAND_SET)
    for name, values in found.items():
        assert np.allclose(values * 20, np.round(values * 20))
        inside = (true(catalogue.ground, name) > 0.4) & (true(catalogue.ground, name) < 0.6)
        assert (values - true(catalogue.ground, name))[inside].std() == pytest.approx(0.15, abs=0.03)


def test_the_local_models_predictions_explain_as_much_as_held_out_ones_do(catalogue):
    # Music spread like that which the model was fitted to.
    ground, random = catalogue.ground, np.random.default_rng(5)
    features = ground.features.copy()
    for name in ("acousticness", "energy", "danceability"):
        target = local_model().targets[name]
        scores = np.clip(random.standard_normal(TRACKS), -2.4, 2.4)
        features[:, CONTINUOUS_FEATURES.index(name)] = np.interp(scores, target.curve_scores, target.curve_values)
    found = known(Degradation(replace(ground, features=features)), Knowledge.MEASURED)
    for name, share, off in (("acousticness", 0.76, 0.05), ("energy", 0.70, 0.0), ("danceability", 0.38, 0.0)):
        column = features[:, CONTINUOUS_FEATURES.index(name)]
        errors = found[name] - column
        assert 1.0 - np.var(errors) / np.var(column) == pytest.approx(share, abs=0.07)
        assert errors.mean() == pytest.approx(off, abs=0.02)


def test_what_is_measured_and_answered_is_as_often_right_as_in_trials(catalogue):
    found = known(Degradation(catalogue.ground), Knowledge.MEASURED)
    assert set(found) == {"energy", "acousticness", "danceability", "loudness", "tempo", "instrumentalness"}
    right = np.abs(found["tempo"] / true(catalogue.ground, "tempo") - 1.0) < 0.04
    # A third is wrong, and a ninth of that is right by chance.
    assert right.mean() == pytest.approx(0.66, abs=0.06)
    assert (found["loudness"] - true(catalogue.ground, "loudness")).std() == pytest.approx(1.0, abs=0.1)
    sung = true(catalogue.ground, "instrumentalness") <= 0.5
    assert np.array_equal(found["instrumentalness"], np.where(sung, WITH_VOCALS, WITHOUT_VOCALS))


@pytest.mark.parametrize("era", [True, False])
@pytest.mark.parametrize("knowledge", list(Knowledge))
def test_lists_are_those_that_the_recommender_gives_for_such_a_track(catalogue, knowledge, era):
    recommender, ground = catalogue.recommender, catalogue.ground
    index = recommender.index
    small, _ = draw_seeds(ground, catalogue.playlists, 300, 1)
    questions = ask(Protocol.MISSION, small, ground, catalogue.playlists).asked[:25]
    (method,) = (
        one for one in degraded_methods(index, ground, Reach(ground)) if (one.knowledge, one.era) == (knowledge, era)
    )
    shared = []
    for question in questions:
        track = ground.tracks[question.seed]
        seed = Seed(
            title=track.title,
            artists=tuple(credit.name for credit in track.artists),
            features=Degradation(ground).features(knowledge, question.seed),
            artist_popularity=question.level,
            release_date=track.release_date,
            duration_ms=track.duration_ms if knowledge is Knowledge.EVERYTHING else None,
        )
        wanted = RecommendationRequest((seed,), genre=index.genres[question.genre], era=era)
        rows = [row for row in recommender.recommend(wanted).tracks if not row.own]
        asked = {ground.item_of[row.track_id] for row in rows if row.track_id}
        answered = method.answer(Protocol.MISSION, question).ranked
        shared.append(len(asked & set(answered)) / max(len(asked), len(answered)))
    # Where the band is widened, one fills the places that are left and the other ranks all alike.
    assert np.median(shared) == 1.0
    assert np.mean(shared) > 0.8


def test_the_board_says_what_each_lack_costs(catalogue):
    index, ground = catalogue.recommender.index, catalogue.ground
    reach = Reach(ground)
    methods: list[Method] = [
        *all_baselines(ground, reach),
        *our_methods(index, catalogue.recommender.recommend, ground),
    ]
    settings = EvaluationSettings(seeds=40, half=Half.ALL)
    degraded = degraded_methods(index, ground, reach)
    board = evaluate(ground, catalogue.playlists, methods, "v1", settings, degraded=degraded)
    assert [(one.knowledge, one.era) for one in board.degraded] == [(one.knowledge, one.era) for one in degraded]
    for one in board.degraded:
        assert one.rule_abiding == 1.0
        if one.knowledge is Knowledge.EVERYTHING:
            assert one.against[str(Knowledge.EVERYTHING)].low == one.against[str(Knowledge.EVERYTHING)].high == 1.0
    small = board.row(Protocol.MISSION, SeedGroup.SMALL)
    ours = next(one for one in small.methods if one.method == WITH_ERA)
    measured = next(one for one in board.degraded if one.era and one.knowledge is Knowledge.MEASURED)
    assert measured.against[WITH_ERA].value == pytest.approx(measured.ndcg.value / ours.ndcg.value)
    original = next(one for one in small.methods if one.method == ORIGINAL_WITH_RULES)
    assert measured.against[ORIGINAL_WITH_RULES].value == pytest.approx(measured.ndcg.value / original.ndcg.value)
    written = json.loads(json.dumps(board.to_dict(), allow_nan=False))["degraded_seeds"]
    assert len(written) == 2 * len(Knowledge)
    assert written[0].keys() == {"known", "era", "ndcg", "ratio_to", "rule_abiding"}


def test_without_the_mission_nobody_is_asked_about_degraded_seeds(catalogue):
    index, ground = catalogue.recommender.index, catalogue.ground
    settings = EvaluationSettings(seeds=5, half=Half.ALL, protocols=(Protocol.OPEN,))
    degraded = degraded_methods(index, ground, Reach(ground))
    assert evaluate(ground, catalogue.playlists, [], "v1", settings, degraded=degraded).degraded == ()
