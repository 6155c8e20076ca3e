"""The order of a list: how large a jump feels, and orders with small ones."""

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daltonify_core.catalogue.audio_features import AudioFeatures
from daltonify_core.playlist.sequencer import (
    SequencerSettings,
    camelot_jump,
    jump,
    sequence_for_flow,
    tempo_jump,
)
from tests.builders import make_features

C, G, D, A, F_SHARP = 0, 7, 2, 9, 6
MINOR, MAJOR = 0, 1
WHEEL = 7.0

tempos = st.floats(20, 400)
keys = st.tuples(st.integers(0, 11), st.integers(0, 1))
sounds = st.builds(
    AudioFeatures,
    energy=st.none() | st.floats(0, 1),
    tempo=st.none() | tempos,
    key=st.none() | st.integers(0, 11),
    mode=st.none() | st.integers(0, 1),
)


def total_jump(tracks: list[AudioFeatures]) -> float:
    return sum(jump(first, second) for first, second in pairwise(tracks))


def test_half_and_double_time_are_no_jump():
    assert tempo_jump(70, 140) == tempo_jump(140, 70) == tempo_jump(35, 140) == 0.0


def test_half_an_octave_is_the_largest_tempo_jump():
    assert tempo_jump(100, 100 * 2**0.5) == pytest.approx(1.0)
    assert tempo_jump(120, 124) < tempo_jump(120, 130) < tempo_jump(120, 160)


@given(tempos, tempos, st.integers(-2, 2))
def test_tempo_jumps_are_symmetric_in_range_and_blind_to_octaves(first, second, octaves):
    size = tempo_jump(first, second)
    assert 0.0 <= size <= 1.0
    assert tempo_jump(second, first) == pytest.approx(size)
    assert tempo_jump(first * 2.0**octaves, second) == pytest.approx(size, abs=1e-9)


@pytest.mark.parametrize(
    ("first", "second", "steps"),
    [
        ((C, MAJOR), (C, MAJOR), 0),
        ((C, MAJOR), (A, MINOR), 1),
        ((C, MAJOR), (G, MAJOR), 1),
        ((G, MAJOR), (D, MAJOR), 1),
        ((11, MAJOR), (F_SHARP, MAJOR), 1),
        ((C, MAJOR), (D, MAJOR), 2),
        ((C, MAJOR), (F_SHARP, MAJOR), 6),
        ((C, MAJOR), (C, MINOR), 4),
        ((C, MAJOR), (3, MINOR), 7),
    ],
    ids=["same", "relative", "fifth", "next fifth", "across the sharps", "tone", "tritone", "parallel", "far side"],
)
def test_keys_are_as_far_apart_as_on_the_camelot_wheel(first, second, steps):
    assert camelot_jump(*first, *second) == pytest.approx(steps / WHEEL)


@given(keys, keys, st.integers(0, 11))
def test_key_jumps_are_symmetric_in_range_and_the_same_in_every_transposition(first, second, semitones):
    size = camelot_jump(*first, *second)
    assert 0.0 <= size <= 1.0
    assert camelot_jump(*second, *first) == size
    moved = [((key + semitones) % 12, mode) for key, mode in (first, second)]
    assert camelot_jump(*moved[0], *moved[1]) == pytest.approx(size)


@given(sounds, sounds)
def test_a_jump_is_symmetric_and_lies_in_0_to_1(first, second):
    size = jump(first, second)
    assert 0.0 <= size <= 1.0
    assert jump(second, first) == pytest.approx(size)


def test_equal_tracks_are_no_jump_and_opposite_ones_the_largest():
    quiet = AudioFeatures(energy=0.0, tempo=100.0, key=C, mode=MAJOR)
    assert jump(quiet, quiet) == 0.0
    assert jump(quiet, AudioFeatures(energy=1.0, tempo=100 * 2**0.5, key=3, mode=MINOR)) == pytest.approx(1.0)


def test_an_unknown_value_is_neither_a_match_nor_a_clash():
    known = make_features(energy=0.2)
    assert jump(known, known) < jump(known, make_features(energy=None)) < jump(known, make_features(energy=1.0))


def test_weights_say_which_jump_counts():
    only_key = SequencerSettings(energy=0.0, tempo=0.0, key=1.0)
    assert jump(make_features(energy=0.0, key=C), make_features(energy=1.0, key=C), only_key) == 0.0


def test_three_tracks_are_put_in_the_order_of_their_energy():
    low, middle, high = (make_features(energy=energy) for energy in (0.1, 0.5, 0.9))
    assert sequence_for_flow([low, high, middle]) in ([0, 2, 1], [1, 2, 0])


@pytest.mark.parametrize("count", [0, 1, 2])
def test_short_lists_stay_as_they_are(count):
    assert sequence_for_flow([make_features(energy=0.1 * number) for number in range(count)]) == list(range(count))


@given(st.lists(sounds, max_size=9))
def test_a_sequence_holds_every_track_once_and_is_the_same_each_time(tracks):
    order = sequence_for_flow(tracks)
    assert sorted(order) == list(range(len(tracks)))
    assert sequence_for_flow(tracks) == order


@given(st.lists(sounds, max_size=9))
def test_a_sequence_never_jumps_more_than_the_order_it_was_given(tracks):
    order = sequence_for_flow(tracks)
    assert total_jump([tracks[place] for place in order]) <= total_jump(tracks) + 1e-9


def test_where_the_greedy_tour_ends_in_a_longer_way_the_order_given_is_kept():
    tracks = [
        AudioFeatures(energy=0.5352, tempo=147.76, key=5, mode=MAJOR),
        AudioFeatures(energy=0.5634, tempo=94.35, key=1, mode=MAJOR),
        AudioFeatures(energy=0.4245, key=5, mode=MINOR),
        AudioFeatures(energy=0.1210, tempo=118.31, key=10, mode=MAJOR),
    ]
    assert sequence_for_flow(tracks) == [0, 1, 2, 3]


def test_a_sequence_of_thirty_tracks_jumps_far_less_than_orders_by_chance():
    chance = random.Random(11)
    tracks = [
        make_features(
            energy=chance.random(), tempo=chance.uniform(70, 180), key=chance.randrange(12), mode=chance.randrange(2)
        )
        for _ in range(30)
    ]
    shuffled = [total_jump(chance.sample(tracks, k=30)) for _ in range(50)]
    assert total_jump([tracks[place] for place in sequence_for_flow(tracks)]) < 0.5 * sum(shuffled) / len(shuffled)


def with_fixed(order: list[int], tracks: list[AudioFeatures], fixed: dict[int, AudioFeatures]) -> list[AudioFeatures]:
    """The finished list: fixed tracks at their places, the others around them in order."""
    others = iter(order)
    return [fixed[place] if place in fixed else tracks[next(others)] for place in range(len(order) + len(fixed))]


placed = st.integers(0, 12).flatmap(
    lambda count: st.tuples(
        st.lists(sounds, min_size=count, max_size=count),
        st.dictionaries(st.integers(0, count), sounds, max_size=3),
    )
)


@given(placed)
def test_jumps_to_tracks_that_keep_their_place_are_never_larger_than_before(lists):
    tracks, wished = lists
    # Three fixed tracks may want places that a short list has only because of each other.
    fixed = {place + number: sound for number, (place, sound) in enumerate(sorted(wished.items(), key=lambda p: p[0]))}
    order = sequence_for_flow(tracks, fixed)
    assert sorted(order) == list(range(len(tracks)))
    given_order = with_fixed(list(range(len(tracks))), tracks, fixed)
    assert total_jump(with_fixed(order, tracks, fixed)) <= total_jump(given_order) + 1e-9


def test_a_track_that_keeps_its_place_has_its_likes_beside_it():
    tracks = [make_features(energy=energy) for energy in (0.6, 0.1, 0.9, 0.4)]
    own = make_features(energy=0.5)
    energies = [track.energy for track in with_fixed(sequence_for_flow(tracks, {2: own}), tracks, {2: own})]
    assert energies in ([0.1, 0.4, 0.5, 0.6, 0.9], [0.9, 0.6, 0.5, 0.4, 0.1])


@given(placed)
def test_no_reversal_of_a_stretch_makes_the_finished_list_flow_better(lists):
    tracks, wished = lists
    fixed = {place + number: sound for number, (place, sound) in enumerate(sorted(wished.items(), key=lambda p: p[0]))}
    order = list(range(len(tracks)))
    shorter = sequence_for_flow(tracks, fixed)
    reached = total_jump(with_fixed(shorter, tracks, fixed))
    # No further reversal helps, tried one by one on the finished list.
    for start in range(len(order)):
        for end in range(start + 1, len(order)):
            turned = shorter[:start] + shorter[start : end + 1][::-1] + shorter[end + 1 :]
            assert total_jump(with_fixed(turned, tracks, fixed)) >= reached - 1e-6
