"""Reasons: the words must follow from the numbers, for any pair of tracks."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daltonify_core.catalogue.audio_features import CONTINUOUS_FEATURES, FEATURE_RANGES, AudioFeatures
from daltonify_core.playlist.reasons import AUDIBLE_STEPS, Likeness, ReasonPart, reason_parts, reason_text
from tests.builders import make_features

# What each word claims, written down apart from the code under test: feature, and +1 for more of it.
CLAIMS = {
    "more energetic": ("energy", 1),
    "calmer": ("energy", -1),
    "faster": ("tempo", 1),
    "slower": ("tempo", -1),
    "more danceable": ("danceability", 1),
    "less danceable": ("danceability", -1),
    "more upbeat": ("valence", 1),
    "darker": ("valence", -1),
    "more acoustic": ("acousticness", 1),
    "less acoustic": ("acousticness", -1),
    "more instrumental": ("instrumentalness", 1),
    "more vocal": ("instrumentalness", -1),
    "wordier": ("speechiness", 1),
    "less wordy": ("speechiness", -1),
    "louder": ("loudness", 1),
    "quieter": ("loudness", -1),
    "more live-sounding": ("liveness", 1),
    "more studio-like": ("liveness", -1),
}
NOUNS = {
    "energy": "energy",
    "tempo": "tempo",
    "groove": "danceability",
    "mood": "valence",
    "acoustic feel": "acousticness",
    "share of vocals": "instrumentalness",
    "way of singing": "speechiness",
    "loudness": "loudness",
    "room sound": "liveness",
}

features = st.builds(
    AudioFeatures, **{name: st.none() | st.floats(*FEATURE_RANGES[name]) for name in CONTINUOUS_FEATURES}
)
lift_points = st.integers(1, 100)


def difference(name: str, seed: AudioFeatures, track: AudioFeatures) -> float:
    ours, theirs = getattr(seed, name), getattr(track, name)
    return math.log2(theirs) - math.log2(ours) if name == "tempo" else theirs - ours


def spoken(text: str) -> list[tuple[str, str]]:
    """Feature and claim of every statement: ``same``, ``similar``, ``+``, ``-``, ``a bit +`` or ``a bit -``."""
    sound, _, _ = text.rpartition("; ")
    found = []
    for phrase in sound.split(", "):
        if phrase.startswith(("same ", "similar ")):
            kind, _, nouns = phrase.partition(" ")
            found += [(NOUNS[noun], kind) for noun in nouns.split(" and ")]
        elif phrase != "the nearest sound within reach":
            slight = "a bit " if phrase.startswith("a bit ") else ""
            name, sign = CLAIMS[phrase.removeprefix("a bit ")]
            found.append((name, slight + "-+"[sign > 0]))
    return found


IN_PARTS = {
    Likeness.SAME: "same",
    Likeness.SIMILAR: "similar",
    Likeness.MORE: "+",
    Likeness.LESS: "-",
    Likeness.A_BIT_MORE: "a bit +",
    Likeness.A_BIT_LESS: "a bit -",
}


def test_the_example_of_the_design():
    seed = make_features()
    track = make_features(acousticness=0.3, danceability=0.8)
    parts = reason_parts(seed, make_features(acousticness=0.3), 31)
    assert reason_text(parts) == "same energy and tempo, a bit more acoustic; 31 points more popular"
    assert "a bit more danceable" in reason_text(reason_parts(seed, track, 31))


@given(features, features, lift_points)
def test_words_agree_with_the_numbers(seed, track, lift):
    for name, claim in spoken(reason_text(reason_parts(seed, track, lift))):
        size = difference(name, seed, track)
        steps = AUDIBLE_STEPS[name]
        if claim in ("same", "similar"):
            assert abs(size) <= (steps.same if claim == "same" else steps.similar) + 1e-9
        else:
            assert (size > 0) == claim.endswith("+")
            assert abs(size) > steps.similar - 1e-9
            assert claim.startswith("a bit") == (abs(size) <= steps.a_bit) or abs(size) == pytest.approx(steps.a_bit)


@given(features, features, lift_points)
def test_what_either_track_lacks_is_not_spoken_of(seed, track, lift):
    parts = reason_parts(seed, track, lift)
    absent = set(seed.missing()) | set(track.missing())
    assert not absent & {part.feature for part in parts}
    assert not absent & {name for name, _ in spoken(reason_text(parts))}


@given(features, features, lift_points)
def test_parts_say_the_same_as_the_text(seed, track, lift):
    parts = reason_parts(seed, track, lift)
    text = reason_text(parts)
    *sound, last = parts
    assert sorted((part.feature, IN_PARTS[part.kind]) for part in sound) == sorted(spoken(text))
    assert last.to_dict() == {"feature": "artist_popularity", "kind": "lift", "points": lift}
    assert text.endswith(f"; {lift} point{'s' if lift > 1 else ''} more popular")


@given(features, features, lift_points)
def test_a_reason_is_one_short_line(seed, track, lift):
    parts = reason_parts(seed, track, lift)
    assert len([part for part in parts if part.kind in (Likeness.SAME, Likeness.SIMILAR)]) <= 2
    assert len(parts) <= 4
    assert len({part.feature for part in parts}) == len(parts)
    assert re.fullmatch(r"[a-z0-9 ,;-]+", reason_text(parts))


@given(features, lift_points)
def test_a_track_beside_its_equal_differs_in_nothing(seed, lift):
    kinds = {part.kind for part in reason_parts(seed, seed, lift)}
    assert kinds <= {Likeness.SAME, Likeness.LIFT}


@given(features, features, lift_points)
def test_swapping_seed_and_track_turns_every_comparison_round(seed, track, lift):
    def comparisons(parts):
        return {part.feature: part.kind for part in parts if part.kind.endswith(("more", "less"))}

    there, back = comparisons(reason_parts(seed, track, lift)), comparisons(reason_parts(track, seed, lift))
    assert {name: kind.endswith("more") for name, kind in there.items()} == {
        name: kind.endswith("less") for name, kind in back.items()
    }


def test_the_largest_audible_difference_is_the_one_named():
    text = reason_text(reason_parts(make_features(), make_features(energy=0.5, valence=0.05), 12))
    assert "darker" in text
    assert "calmer" not in text


def test_what_listeners_notice_is_named_before_what_a_whole_genre_shares():
    sounds_other = make_features(energy=0.1, tempo=80.0, danceability=0.2, valence=0.38, acousticness=0.6)
    assert reason_text(reason_parts(make_features(), sounds_other, 5)).startswith("similar mood, slower;")


def test_nothing_to_compare_is_said_plainly():
    parts = reason_parts(AudioFeatures(energy=0.5), AudioFeatures(tempo=100.0), 1)
    assert reason_text(parts) == "the nearest sound within reach; 1 point more popular"


def test_with_several_seeds_the_reason_names_the_one_it_speaks_of():
    parts = [ReasonPart("energy", Likeness.SAME), ReasonPart("artist_popularity", Likeness.LIFT, 9)]
    assert reason_text(parts, "Boston") == "beside “Boston”: same energy; 9 points more popular"


def test_every_continuous_feature_can_be_spoken_of():
    assert set(AUDIBLE_STEPS) == set(CONTINUOUS_FEATURES)
    assert {name for name, _ in CLAIMS.values()} == set(NOUNS.values()) == set(CONTINUOUS_FEATURES)
