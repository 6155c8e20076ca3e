"""Audio features: valid ranges, absent values, and parsed JSON."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daltonify_core.catalogue.audio_features import (
    CONTINUOUS_FEATURES,
    DISCRETE_FEATURES,
    FEATURE_NAMES,
    FEATURE_RANGES,
    AudioFeatures,
)
from daltonify_core.errors import InvalidTrack
from tests.builders import make_features


def test_every_feature_is_continuous_or_discrete_and_has_a_range():
    assert set(CONTINUOUS_FEATURES) | set(DISCRETE_FEATURES) == set(FEATURE_NAMES) == set(FEATURE_RANGES)


@pytest.mark.parametrize("name", FEATURE_NAMES)
def test_limits_belong_to_the_range_and_what_lies_beyond_is_refused(name):
    low, high = FEATURE_RANGES[name]
    for value in (low, high):
        assert getattr(make_features(**{name: value}), name) == value
    for value in (math.nextafter(low, -math.inf), math.nextafter(high, math.inf), math.nan, math.inf, -math.inf):
        with pytest.raises(InvalidTrack, match=name) as refused:
            make_features(**{name: value})
        assert refused.value.reason == "feature_out_of_range"


def test_a_tempo_of_zero_is_an_empty_analysis_and_refused():
    with pytest.raises(InvalidTrack, match="tempo"):
        make_features(tempo=0.0)


@given(st.sets(st.sampled_from(FEATURE_NAMES)))
def test_absent_features_are_missing_and_the_others_present(absent):
    features = make_features(**dict.fromkeys(absent))
    assert features.missing() == tuple(name for name in CONTINUOUS_FEATURES if name in absent)
    assert tuple(features.present()) == tuple(name for name in FEATURE_NAMES if name not in absent)
    assert AudioFeatures.from_mapping(features.present()) == features


def test_parsed_json_may_hold_nulls_and_whole_numbers():
    features = AudioFeatures.from_mapping({"energy": 1, "tempo": 120, "key": 5.0, "valence": None})
    assert features == AudioFeatures(energy=1.0, tempo=120.0, key=5)
    assert isinstance(features.energy, float)
    assert isinstance(features.key, int)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"loudnes": -5.0}, "unknown_feature"),
        ({"energy": "0.5"}, "feature_not_a_number"),
        ({"energy": True}, "feature_not_a_number"),
        ({"energy": [0.5]}, "feature_not_a_number"),
        ({"key": 5.5}, "feature_not_a_number"),
        ({"key": math.nan}, "feature_not_a_number"),
        ({"mode": math.inf}, "feature_out_of_range"),
        ({"energy": math.nan}, "feature_out_of_range"),
        ({"energy": 80}, "feature_out_of_range"),
        ({"key": -1}, "feature_out_of_range"),
        ({"tempo": 10**400}, "feature_out_of_range"),
        ({"key": -(10**400)}, "feature_out_of_range"),
        ({"energy": math.inf}, "feature_out_of_range"),
    ],
)
def test_other_values_are_refused_with_a_reason(values, reason):
    with pytest.raises(InvalidTrack) as refused:
        AudioFeatures.from_mapping(values)
    assert refused.value.reason == reason
