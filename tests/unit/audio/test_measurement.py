"""Measurements: the model's vectors, what may be relied on, and what the artist's answers do."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daltonify_core.audio.local_model import Trust, local_model
from daltonify_core.audio.measurement import answered, measure
from daltonify_core.audio.questions import apply_answers, questions_about
from daltonify_core.audio.words import in_words
from daltonify_core.catalogue.audio_features import AudioFeatures
from daltonify_core.errors import InvalidQuery
from tests.unit.audio.sounds import clicks, sine, song, swelling_chords, white_noise

RATE = 44_100
VECTORS = json.loads(Path(__file__).with_name("vectors.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("vector", VECTORS, ids=[f"track {vector['fma_track']}" for vector in VECTORS])
def test_the_model_agrees_with_its_vectors(vector):
    predicted = local_model().predict(vector["descriptors"])
    assert set(predicted) == {"energy", "acousticness", "danceability"}
    assert predicted == pytest.approx({name: vector["predicted"][name] for name in predicted}, abs=1e-3)


def test_what_lies_far_out_is_limited():
    """To four standard deviations; with one descriptor alone, so that the curves are not at their ends."""
    model = local_model()

    def at(deviations: float) -> dict[str, float]:
        values = model.means + np.where(np.array(model.names) == "mfcc_1", deviations, 0.0) * model.deviations
        return model.predict(dict(zip(model.names, values.tolist(), strict=True)))

    assert at(4.0) == pytest.approx(at(1e9))
    assert at(4.0) != pytest.approx(at(3.5), abs=1e-3)


def test_the_figures_carry_the_attribution_that_their_licence_asks_for():
    assert "FMA: A Dataset For Music Analysis" in local_model().attribution
    assert "CC BY 4.0" in local_model().attribution


@pytest.fixture(scope="module")
def measured():
    return measure(song(bpm=120.0), RATE)


def test_a_song_gets_five_features_and_the_rest_stays_unknown(measured):
    assert set(measured.features.present()) == {"loudness", "tempo", "energy", "acousticness", "danceability"}
    assert measured.features.tempo == pytest.approx(120.0, abs=0.2)
    assert measured.features.loudness == pytest.approx(measured.loudness_lufs, abs=0.05)
    assert measured.trust == {
        "loudness": Trust.MEASURED,
        "tempo": Trust.MEASURED,
        "energy": Trust.FAIR,
        "acousticness": Trust.FAIR,
        "danceability": Trust.WEAK,
    }


def test_no_more_decimals_than_are_meant(measured):
    for name, value in measured.features.present().items():
        assert value == round(value, 1 if name in ("loudness", "tempo") else 2)


def test_the_same_samples_give_the_same_numbers():
    sound = song().astype(np.float32)
    assert measure(sound, RATE).descriptors == measure(sound.copy(), RATE).descriptors


def test_both_rates_give_the_same_features_where_nothing_lies_above_the_lower_one():
    high, low = measure(song(rate=RATE), RATE), measure(song(rate=22_050), 22_050)
    for name, value in high.features.present().items():
        assert getattr(low.features, name) == pytest.approx(value, abs=0.6 if name in ("loudness", "tempo") else 0.08)


def test_loudness_of_the_whole_track_counts_where_it_is_known():
    measured = measure(song(), RATE, loudness_lufs=-8.25)
    assert (measured.loudness_lufs, measured.features.loudness) == (-8.25, -8.2)


@pytest.mark.parametrize("lufs", [-23.0, -14.0, -6.0])
def test_loudness_of_a_tone_is_exact(lufs):
    assert measure(sine(997.0, 10 ** (lufs / 20)), RATE).loudness_lufs == pytest.approx(lufs, abs=0.1)


def test_a_dense_loud_sound_has_more_energy_than_a_soft_tone():
    soft = measure(sine(220.0, 0.02), RATE).features
    loud = measure(np.clip(song(level=3.0) + white_noise(0.1), -1, 1), RATE).features
    assert soft.energy is not None
    assert loud.energy is not None
    assert loud.energy > soft.energy + 0.3


def test_another_rate_is_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="48000"):
        measure(np.zeros(480_000), 48_000)


@settings(max_examples=8)
@given(st.integers(0, 2**32 - 1), st.floats(0, 1), st.sampled_from(["noise", "clicks", "steps", "silence"]))
def test_any_sound_gives_features_within_their_ranges(seed, amplitude, kind):
    sound = {
        "noise": lambda: white_noise(amplitude, 10.0, seed=seed),
        "clicks": lambda: amplitude * clicks(40 + seed % 200, 10.0),
        "steps": lambda: amplitude * np.repeat(np.random.default_rng(seed).uniform(-1, 1, 100), RATE // 10),
        "silence": lambda: np.zeros(10 * RATE),
    }[kind]()
    found = measure(np.clip(sound, -1, 1), RATE).features.present()
    # Features check their own ranges.
    assert set(found) - {"tempo"} == {"loudness", "energy", "acousticness", "danceability"}


def test_the_two_questions_are_data_that_can_be_shown_and_applied():
    vocals, tempo = questions_about(AudioFeatures(tempo=100.0))
    assert (vocals.name, [option.value for option in vocals.options]) == ("vocals", ["yes", "no"])
    assert [option.features.instrumentalness for option in vocals.options] == [0.0001, 0.8]
    assert [(option.value, option.label) for option in tempo.options] == [
        ("as_is", "about 100 BPM"),
        ("double", "about 200 BPM"),
        ("half", "about 50 BPM"),
    ]
    assert [option.features.tempo for option in tempo.options] == [100.0, 200.0, 50.0]


@pytest.mark.parametrize(("bpm", "offered"), [(50.0, ["as_is", "double"]), (200.0, ["as_is", "half"])])
def test_a_tempo_that_nobody_counts_is_not_offered(bpm, offered):
    assert [option.value for option in questions_about(AudioFeatures(tempo=bpm))[1].options] == offered


def test_where_no_beat_is_clear_a_number_or_none_is_asked_for():
    _, tempo = questions_about(AudioFeatures(energy=0.5))
    assert tempo.text.startswith("No clear beat was found.")
    assert [(option.value, option.features) for option in tempo.options] == [("none", AudioFeatures())]


def test_a_tempo_that_would_be_invented_is_left_out():
    found = measure(swelling_chords(rate=RATE), RATE)
    assert found.tempo_bpm is None
    assert "tempo" not in found.features.present()
    assert "tempo" not in found.trust
    assert "log_tempo" in found.descriptors
    assert found.questions == questions_about(AudioFeatures())


@pytest.mark.parametrize(("vocals", "expected"), [(True, 0.0001), (False, 0.8), (None, None)])
def test_instrumentalness_comes_from_the_artist_alone(measured, vocals, expected):
    assert answered(measured, vocals).instrumentalness == expected


@pytest.mark.parametrize(("tempo", "expected"), [("as_is", 104.0), ("double", 208.0), ("half", 52.0), (98.5, 98.5)])
def test_the_artist_says_how_to_count(tempo, expected):
    features = AudioFeatures(tempo=104.0, energy=0.5)
    assert apply_answers(features, None, tempo) == AudioFeatures(tempo=expected, energy=0.5)


def test_the_artist_may_say_that_there_is_no_beat():
    assert apply_answers(AudioFeatures(tempo=104.0, energy=0.5), None, "none") == AudioFeatures(energy=0.5)


def test_half_of_an_unknown_tempo_is_unknown_and_a_given_one_is_taken():
    assert apply_answers(AudioFeatures(), None, "half").tempo is None
    assert apply_answers(AudioFeatures(), None, 90.0).tempo == 90.0


@pytest.mark.parametrize("bpm", [0.0, -1.0, 5.0, 1000.0, float("nan"), float("inf")])
def test_a_tempo_that_no_track_has_is_refused(bpm):
    with pytest.raises(InvalidQuery, match="from 20 to 400"):
        apply_answers(AudioFeatures(tempo=100.0), None, bpm)


def test_words_have_no_decimals_and_rise_with_the_value():
    words = in_words(AudioFeatures(loudness=-8.6, tempo=119.6, energy=0.9, danceability=0.0, acousticness=1.0))
    assert words == {
        "loudness": "about -9 dB",
        "tempo": "about 120 BPM",
        "energy": "very energetic",
        "danceability": "hardly danceable",
        "acousticness": "acoustic",
    }
    assert in_words(AudioFeatures(loudness=-0.3))["loudness"] == "about 0 dB"
    assert len({in_words(AudioFeatures(energy=value / 10))["energy"] for value in range(11)}) == 5
    assert in_words(AudioFeatures(key=3)) == {}
