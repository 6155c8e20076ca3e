"""The order of a list: how large a jump feels, and orders with small ones."""

import random
from itertools import combinations, pairwise
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daltonify_core.catalogue.audio_features import AudioFeatures
from daltonify_core.playlist.sequencer import (
    SequencerSettings,
    camelot_jump,
    jump,
    jumps,
    sequence_for_flow,
    tempo_jump,
)
from tests.builders import make_features

C, G, D, A, F_SHARP = 0, 7, 2, 9, 6
MINOR, MAJOR = 0, 1
WHEEL = 7.0
# The sequencer counts in billionths; a list is up to a few dozen of these off.
CLOSE = 1e-7

tempos = st.floats(20, 400)
keys = st.tuples(st.integers(0, 11), st.integers(0, 1))
sounds = st.fixed_dictionaries(
    {
        "energy": st.none() | st.floats(0, 1),
        "tempo": st.none() | tempos,
        "key": st.none() | st.integers(0, 11),
        "mode": st.none() | st.integers(0, 1),
    }
).map(AudioFeatures.from_mapping)


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


def test_a_leap_of_half_the_range_of_energy_is_as_large_as_any():
    assert jump(make_features(energy=0.2), make_features(energy=0.7)) == pytest.approx(0.5)
    assert jump(make_features(energy=0.0), make_features(energy=1.0)) == pytest.approx(0.5)


@given(st.lists(sounds, min_size=2, max_size=9))
def test_the_jumps_of_a_list_are_those_between_its_neighbours(tracks):
    found = jumps(tracks)
    felt = [jump(first, second) for first, second in pairwise(tracks)]
    assert found.mean.felt == pytest.approx(fmean(felt))
    assert found.worst.felt == pytest.approx(max(felt))
    weights = SequencerSettings()
    parts = weights.energy * found.mean.energy + weights.tempo * found.mean.tempo + weights.key * found.mean.key
    assert found.mean.felt == pytest.approx(parts)


def test_the_largest_jump_of_each_kind_is_told_apart():
    tracks = [
        make_features(energy=0.5, tempo=100.0, key=C, mode=MAJOR),
        make_features(energy=0.75, tempo=100.0, key=C, mode=MAJOR),
        make_features(energy=0.75, tempo=200.0, key=F_SHARP, mode=MAJOR),
    ]
    worst = jumps(tracks).worst
    assert (worst.energy, worst.tempo, worst.key) == pytest.approx((0.5, 0.0, 6 / WHEEL))


@pytest.mark.parametrize("count", [0, 1])
def test_a_list_without_neighbours_has_no_jumps(count):
    found = jumps([make_features()] * count)
    assert found.mean == found.worst
    assert found.mean.felt == 0.0


def test_three_tracks_are_put_in_the_order_of_their_energy():
    low, middle, high = (make_features(energy=energy) for energy in (0.1, 0.5, 0.9))
    assert sequence_for_flow([low, high, middle]) in ([0, 2, 1], [1, 2, 0])


@pytest.mark.parametrize("count", [0, 1, 2])
def test_short_lists_stay_as_they_are(count):
    assert sequence_for_flow([make_features(energy=0.1 * number) for number in range(count)]) == list(range(count))


@given(st.lists(sounds, max_size=14))
def test_a_sequence_holds_every_track_once_and_is_the_same_each_time(tracks):
    order = sequence_for_flow(tracks)
    assert sorted(order) == list(range(len(tracks)))
    assert sequence_for_flow(tracks) == order


@given(st.lists(sounds, max_size=14))
def test_a_sequence_never_jumps_more_than_the_order_it_was_given(tracks):
    order = sequence_for_flow(tracks)
    assert total_jump([tracks[place] for place in order]) <= total_jump(tracks) + CLOSE


def random_tracks(chance: random.Random, count: int) -> list[AudioFeatures]:
    """Tracks of one genre: energies as a real list holds them, any tempo and key."""
    return [
        make_features(
            energy=min(1.0, max(0.0, chance.gauss(0.65, 0.1))),
            tempo=chance.uniform(70, 180),
            key=chance.randrange(12),
            mode=chance.randrange(2),
        )
        for _ in range(count)
    ]


@pytest.mark.parametrize(("count", "share"), [(5, 0.9), (30, 0.55), (100, 0.55)])
def test_a_sequence_flows_better_than_orders_by_chance_and_by_similarity(count, share):
    chance = random.Random(11)
    flowing, shuffled, by_similarity = [], [], []
    for _ in range(10):
        own, *tracks = random_tracks(chance, count + 1)
        # A list comes best first: by likeness to the own track, in what the sequencer measures and in what it does not.
        distances = {id(track): jump(own, track) + chance.gauss(0.0, 0.1) for track in tracks}
        tracks.sort(key=lambda track: distances[id(track)])
        fixed = {2: own}
        flowing.append(jumps(with_fixed(sequence_for_flow(tracks, fixed), tracks, fixed)))
        by_similarity.append(jumps(with_fixed(list(range(count)), tracks, fixed)))
        shuffled.append(jumps(with_fixed(chance.sample(range(count), k=count), tracks, fixed)))
    for other in (shuffled, by_similarity):
        assert fmean(one.mean.felt for one in flowing) < share * fmean(one.mean.felt for one in other)
        assert fmean(one.worst.felt for one in flowing) < fmean(one.worst.felt for one in other)
    if count == 30:
        for part in ("energy", "tempo", "key"):
            assert fmean(getattr(one.mean, part) for one in flowing) < 0.75 * fmean(
                getattr(one.mean, part) for one in shuffled
            )


def test_energy_opens_near_the_own_track_rises_to_two_thirds_and_comes_down():
    chance = random.Random(12)
    heights = []
    for _ in range(20):
        own, *tracks = random_tracks(chance, 31)
        own = own._replace(energy=0.65)
        energies = [track.energy or 0.0 for track in with_fixed(sequence_for_flow(tracks, {2: own}), tracks, {2: own})]
        heights.append([fmean(energies[start:end]) for start, end in ((0, 5), (8, 13), (18, 23), (27, 31))])
    opening, rising, peak, ending = (fmean(column) for column in zip(*heights, strict=True))
    assert opening == pytest.approx(0.65, abs=0.06)
    assert ending < opening < rising < peak
    assert peak - ending > 0.15


def test_without_weight_there_is_no_arc():
    chance = random.Random(13)
    tracks = random_tracks(chance, 30)
    flat = total_jump([tracks[place] for place in sequence_for_flow(tracks, None, SequencerSettings(arc=0.0))])
    assert flat <= total_jump([tracks[place] for place in sequence_for_flow(tracks)])


def test_a_list_that_flows_best_as_it_is_keeps_its_order():
    falling = [make_features(energy=0.9 - 0.05 * number) for number in range(12)]
    order = sequence_for_flow(falling)
    assert total_jump([falling[place] for place in order]) <= total_jump(falling) + CLOSE
    assert order in (list(range(12)), list(range(12))[::-1])


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
    assert total_jump(with_fixed(order, tracks, fixed)) <= total_jump(given_order) + CLOSE


def test_a_track_that_keeps_its_place_has_its_likes_beside_it():
    tracks = [make_features(energy=energy) for energy in (0.6, 0.1, 0.9, 0.4)]
    own = make_features(energy=0.5)
    energies = [track.energy for track in with_fixed(sequence_for_flow(tracks, {2: own}), tracks, {2: own})]
    assert energies in ([0.1, 0.4, 0.5, 0.6, 0.9], [0.9, 0.6, 0.5, 0.4, 0.1])


@given(placed)
def test_no_reversal_of_a_stretch_and_no_exchange_makes_the_finished_list_flow_better(lists):
    tracks, wished = lists
    fixed = {place + number: sound for number, (place, sound) in enumerate(sorted(wished.items(), key=lambda p: p[0]))}
    only_jumps = SequencerSettings(arc=0.0)
    finished = with_fixed(sequence_for_flow(tracks, fixed, only_jumps), tracks, fixed)
    reached = total_jump(finished)
    # Nothing more helps, tried one by one on the finished list; fixed tracks stay where they are.
    for start, end in combinations([place for place in range(len(finished)) if place not in fixed], 2):
        exchanged = list(finished)
        exchanged[start], exchanged[end] = finished[end], finished[start]
        assert total_jump(exchanged) >= reached - CLOSE
        if not any(start < place < end for place in fixed):
            turned = finished[:start] + finished[start : end + 1][::-1] + finished[end + 1 :]
            assert total_jump(turned) >= reached - CLOSE


def test_tracks_of_unknown_energy_find_a_place_in_the_arc():
    chance = random.Random(14)
    tracks = [track._replace(energy=None) for track in random_tracks(chance, 12)]
    assert sorted(sequence_for_flow(tracks, {2: AudioFeatures()})) == list(range(12))
    tracks[3] = tracks[3]._replace(energy=0.9)
    assert sorted(sequence_for_flow(tracks, {2: make_features(energy=0.1)})) == list(range(12))
