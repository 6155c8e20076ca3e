"""Reasons: the words must follow from the numbers, for any pair of tracks."""

import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daltonify_core.catalogue.audio_features import CONTINUOUS_FEATURES, FEATURE_RANGES, AudioFeatures
from daltonify_core.playlist.reason_words import ReasonWriter
from daltonify_core.playlist.reasons import Level, Likeness, ReasonPart
from tests.builders import make_features
from tests.reason_claims import CLAIMS, NOUNS, THRESHOLDS, Comparison, assert_true, one_list, spoken

features = st.fixed_dictionaries(
    {name: st.none() | st.floats(*FEATURE_RANGES[name]) for name in CONTINUOUS_FEATURES}
).map(AudioFeatures.from_mapping)
lift_points = st.integers(1, 100)
targets = st.dictionaries(st.sampled_from(CONTINUOUS_FEATURES), st.floats(-1, 1), max_size=3)
comparisons = st.builds(
    Comparison,
    seed=features,
    track=features,
    lift=lift_points,
    closeness=st.dictionaries(st.sampled_from([*CONTINUOUS_FEATURES, "duration", "release_year"]), st.floats(-9, 9)),
    targets=targets,
    seed_year=st.none() | st.integers(1925, 2026),
    track_year=st.none() | st.integers(1925, 2026),
    newest_year=st.none() | st.integers(2010, 2026),
)
lists = st.builds(
    lambda rows, targets, newest: [one._replace(targets=targets, newest_year=newest) for one in rows],
    st.lists(comparisons, max_size=12),
    targets,
    st.none() | st.integers(2010, 2026),
)


IN_PARTS = {
    Likeness.SAME: "same",
    Likeness.SIMILAR: "similar",
    Likeness.MORE: "+",
    Likeness.LESS: "-",
    Likeness.A_BIT_MORE: "a bit +",
    Likeness.A_BIT_LESS: "a bit -",
}


def in_words(part: ReasonPart) -> set[tuple[str, str]]:
    """Every claim that may be made of a part."""
    if part.feature == "release_year":
        short = part.decade % 100 if part.decade is not None and 1930 <= part.decade < 2000 else part.decade
        return {("release_year", claim) for claim in ("years", "newest", str(short))}
    time = f"{part.time} " if part.time else ""
    claims = {(part.feature, time + IN_PARTS[part.kind] + (", asked" if part.asked else ""))}
    return claims | ({(part.feature, str(part.level))} if part.level else set())


def reason_parts(one: Comparison) -> tuple[ReasonPart, ...]:
    return ReasonWriter(one_list([one])).write(0)[0]


def reason_text(one: Comparison, seed_title: str | None = None) -> str:
    return ReasonWriter(one_list([one])).write(0, seed_title)[1]


def written(rows: list[Comparison]) -> list[tuple[tuple[ReasonPart, ...], str]]:
    writer = ReasonWriter(one_list(rows))
    return [writer.write(place) for place in range(len(rows))]


def compare(seed: AudioFeatures, track: AudioFeatures, lift: int = 31, **others) -> Comparison:
    return Comparison(seed, track, lift, **others)


def test_the_example_of_the_design():
    one = compare(make_features(), make_features(acousticness=0.3))
    assert reason_text(one) == "same energy and tempo, a bit more acoustic; 31 points more popular"


@given(lists)
def test_words_agree_with_the_numbers_in_every_row_of_a_list(rows):
    for one, (_, text) in zip(rows, written(rows), strict=True):
        for name, claim in spoken(text):
            assert_true(name, claim, one)


@given(comparisons)
def test_amounts_and_directions_agree_with_the_numbers(one):
    for part in reason_parts(one)[:-1]:
        values = part.to_dict()
        if part.feature == "release_year":
            change = one.track_year - one.seed_year
        else:
            times = {"double": 2.0, "half": 0.5, None: 1.0}[values.get("time")]
            change = getattr(one.track, part.feature) / times - getattr(one.seed, part.feature)
        assert values["amount"] == pytest.approx(abs(change), abs=5e-4)
        directions = {"more"} if change > 6e-4 else {"less"} if change < -6e-4 else {"more", "less", "equal"}
        assert values["direction"] in directions


@given(comparisons)
def test_what_either_track_lacks_is_not_spoken_of(one):
    ((parts, text),) = written([one])
    absent = set(one.seed.missing()) | set(one.track.missing())
    absent |= {"release_year"} if one.seed_year is None or one.track_year is None else set()
    assert not absent & {part.feature for part in parts}
    assert not absent & {name for name, _ in spoken(text)}


@given(lists)
def test_parts_say_the_same_as_the_text(rows):
    for one, ((*sound, last), text) in zip(rows, written(rows), strict=True):
        said = spoken(text)
        assert len(said) == len(sound)
        assert all(len(in_words(part) & set(said)) == 1 for part in sound)
        assert last.to_dict() == {"feature": "artist_popularity", "kind": "lift", "points": one.lift}
        assert text.endswith(f"; {one.lift} point{'s' if one.lift > 1 else ''} more popular")


@given(comparisons)
def test_a_reason_is_one_short_line(one):
    ((parts, text),) = written([one])
    assert len([part for part in parts if part.kind in (Likeness.SAME, Likeness.SIMILAR)]) <= 2
    assert len([part for part in parts if part.asked]) <= 2
    assert len(parts) <= 6
    assert len({part.feature for part in parts}) == len(parts)
    assert re.fullmatch(r"[a-z0-9 ,;-]+", text)


@given(features, lift_points)
def test_a_track_beside_its_equal_differs_in_nothing(seed, lift):
    kinds = {part.kind for part in reason_parts(compare(seed, seed, lift))}
    assert kinds <= {Likeness.SAME, Likeness.LIFT}


@given(features, features, lift_points)
def test_swapping_seed_and_track_turns_every_comparison_round(seed, track, lift):
    def differences(parts):
        return {part.feature: part.kind for part in parts if part.kind.endswith(("more", "less"))}

    there, back = differences(reason_parts(compare(seed, track))), differences(reason_parts(compare(track, seed)))
    assert {name: kind.endswith("more") for name, kind in there.items()} == {
        name: kind.endswith("less") for name, kind in back.items()
    }


@given(comparisons)
def test_a_likeness_that_brings_the_track_no_nearer_is_not_named_beside_one_that_does(one):
    named = [part.feature for part in reason_parts(one) if part.kind in (Likeness.SAME, Likeness.SIMILAR)]
    gains = [one.closeness.get(name, 0.0) for name in named if name != "release_year"]
    if any(gain > 0.05 * sum(max(other, 0.0) for other in one.closeness.values()) for gain in gains):
        assert all(gain > 0 for gain in gains)


def test_the_reason_is_what_brings_the_track_nearer_than_its_peers():
    sound = make_features()
    one = compare(sound, sound, closeness={"energy": 0.1, "tempo": 0.0, "valence": 3.0, "acousticness": 2.0})
    assert reason_text(one).startswith("same mood and acoustic sound;")


def test_a_line_names_something_that_listeners_notice_where_that_is_a_reason():
    sound = make_features()
    hardly_noticed = {"instrumentalness": 5.0, "speechiness": 4.0, "loudness": 3.0}
    reason = compare(sound, sound, closeness=hardly_noticed | {"valence": 0.8, "energy": 0.6})
    assert reason_text(reason).startswith("same mood and share of vocals;")
    # Too little of the nearness is no reason, however plain.
    none = compare(sound, sound, closeness=hardly_noticed | {"valence": 0.1})
    assert reason_text(none).startswith("same share of vocals and share of spoken words;")
    of_one_time = compare(sound, sound, closeness=hardly_noticed | {"valence": 0.8, "release_year": 9.0},
                          seed_year=2001, track_year=2001)  # fmt: skip
    assert {part.feature for part in reason_parts(of_one_time)} == {"valence", "release_year", "artist_popularity"}


def test_of_two_audible_differences_the_one_that_costs_more_nearness_is_named():
    track = make_features(energy=0.5, valence=0.25)
    apart = {"energy": -2.0, "valence": 1.9}
    assert "calmer" in reason_text(compare(make_features(), track, closeness=apart))
    assert "darker" in reason_text(compare(make_features(), make_features(energy=0.55, valence=0.05)))


def test_half_and_double_time_are_neither_likeness_nor_difference():
    double = compare(make_features(tempo=80.0), make_features(tempo=158.0, valence=0.3))
    assert "tempo" not in {part.feature for part in reason_parts(double)}
    assert "a bit darker" in reason_text(double)


@pytest.mark.parametrize(
    ("ours", "theirs", "words", "part"),
    [
        # 150 counted like 85 is 75.
        (85.0, 150.0, "a bit slower at double time", {"kind": "a_bit_less", "amount": 10.0, "time": "double"}),
        (150.0, 85.0, "a bit faster at half time", {"kind": "a_bit_more", "amount": 20.0, "time": "half"}),
        (70.0, 158.0, "a bit faster at double time", {"kind": "a_bit_more", "amount": 9.0, "time": "double"}),
        (90.0, 120.0, "faster", {"kind": "more", "amount": 30.0}),
    ],
)
def test_a_tempo_is_compared_as_the_sequencer_compares_it(ours, theirs, words, part):
    ((parts, text),) = written([compare(make_features(tempo=ours), make_features(tempo=theirs))])
    assert f", {words};" in text
    said = next(one.to_dict() for one in parts if one.feature == "tempo")
    assert said == {"feature": "tempo", "direction": "more" if "faster" in words else "less"} | part


@pytest.mark.parametrize(("ours", "theirs"), [(90.0, 132.0), (132.0, 90.0), (60.0, 200.0)])
def test_near_half_an_octave_nobody_is_told_faster_or_slower(ours, theirs):
    parts = reason_parts(compare(make_features(tempo=ours), make_features(tempo=theirs)))
    assert "tempo" not in {part.feature for part in parts}


@given(lists)
def test_no_line_says_also_or_like_yours_twice(rows):
    for _, text in written(rows):
        sound = text.rpartition(";")[0]
        assert sound.count("also") <= 1
        assert len(re.findall("like yours|to yours", sound)) <= 1


def test_without_a_reason_in_the_distance_what_listeners_notice_is_named_first():
    sounds_other = make_features(energy=0.1, tempo=80.0, danceability=0.2, valence=0.38, acousticness=0.6)
    assert reason_text(compare(make_features(), sounds_other)).startswith("similar mood")


def test_nothing_to_compare_is_said_plainly():
    one = compare(AudioFeatures(energy=0.5), AudioFeatures(tempo=100.0), 1)
    assert reason_text(one) == "the nearest sound within reach; 1 point more popular"


def test_with_several_seeds_the_reason_names_the_one_it_speaks_of():
    one = compare(AudioFeatures(energy=0.5), AudioFeatures(energy=0.5), 9)
    assert reason_text(one, "Boston") == "beside “Boston”: same energy; 9 points more popular"


def test_what_was_asked_for_and_is_so_is_said_with_the_wish():
    one = compare(make_features(energy=0.6, tempo=120.0), make_features(energy=0.8, tempo=100.0),
                  targets={"energy": 0.2, "tempo": -0.1})  # fmt: skip
    assert "a bit more energetic and slower, as you asked" in reason_text(one)
    energy = next(part.to_dict() for part in reason_parts(one) if part.feature == "energy")
    assert energy == {"feature": "energy", "kind": "a_bit_more", "direction": "more", "amount": 0.2, "asked": True}


def test_a_wish_that_the_track_does_not_meet_is_not_claimed():
    calmer = compare(make_features(energy=0.8), make_features(energy=0.6), targets={"energy": 0.2})
    assert "asked" not in reason_text(calmer)
    assert "a bit calmer" in reason_text(calmer)


@pytest.mark.parametrize(
    ("years", "words"),
    [
        ((1994, 1997), "from the 90s, like yours"),
        ((1991, 1999), "from the 90s, like yours"),
        ((2003, 2008), "from the 2000s, like yours"),
        ((1999, 2001), "same era"),
    ],
)
def test_the_era_is_named_where_it_brought_the_track_nearer(years, words):
    seed_year, track_year = years
    sound = make_features()
    near = {"energy": 1.0, "release_year": 1.0}
    one = compare(sound, sound, closeness=near, seed_year=seed_year, track_year=track_year)
    assert words in reason_text(one)


def test_a_release_later_than_the_whole_catalogue_is_beside_its_newest_tracks():
    sound = make_features()
    near = {"energy": 1.0, "release_year": 1.0}
    one = compare(sound, sound, closeness=near, seed_year=2026, track_year=2018, newest_year=2019)
    assert "among the newest here, like yours" in reason_text(one)
    older = one._replace(track_year=2011)
    assert "release_year" not in {part.feature for part in reason_parts(older)}


@pytest.mark.parametrize(
    ("years", "near"),
    [
        ((1994, 1997), {"energy": 1.0}),
        ((1994, 1997), {"energy": 1.0, "release_year": 0.01}),
        ((1994, None), {"energy": 1.0, "release_year": 1.0}),
        ((1994, 2004), {"energy": 1.0, "release_year": 1.0}),
    ],
    ids=["years did not count", "years hardly mattered", "year unknown", "another era"],
)
def test_the_era_is_not_named_otherwise(years, near):
    sound = make_features()
    one = compare(sound, sound, closeness=near, seed_year=years[0], track_year=years[1])
    assert "release_year" not in {part.feature for part in reason_parts(one)}


def test_thirty_alike_rows_do_not_repeat_themselves():
    near = {"energy": 3.0, "tempo": 1.0, "valence": 1.0, "danceability": 1.0}
    one = compare(make_features(), make_features(acousticness=0.3), closeness=near)
    texts = [text.rpartition(";")[0] for _, text in written([one] * 30)]
    assert Counter(texts).most_common(1)[0][1] <= 3
    assert Counter(phrase for text in texts for phrase in text.split(", ")).most_common(1)[0][1] <= 10


def test_equal_lists_are_worded_equally():
    rows = [compare(make_features(), make_features(valence=0.1 * number)) for number in range(10)]
    assert written(rows) == written(rows)


def test_a_track_is_spoken_of_by_its_own_place_whatever_the_order():
    rows = [compare(make_features(), make_features(valence=0.1 * number), lift=number + 1) for number in range(10)]
    backwards = ReasonWriter(one_list(rows))
    for place in reversed(range(10)):
        parts, text = backwards.write(place)
        assert (parts[-1].points, text.rpartition("; ")[2].split()[0]) == (place + 1, str(place + 1))
        for name, claim in spoken(text):
            assert_true(name, claim, rows[place])


@given(lists)
def test_the_first_of_a_list_is_told_as_if_it_stood_alone(rows):
    if rows:
        assert written(rows)[0] == written(rows[:1])[0]


def test_where_both_lie_high_the_parts_tell_the_level():
    loud = make_features(energy=0.9)
    part = next(part for part in reason_parts(compare(loud, loud)) if part.feature == "energy")
    assert part.level is Level.HIGH
    assert part.to_dict() == {
        "feature": "energy", "kind": "same", "direction": "equal", "amount": 0.0, "level": "high"
    }  # fmt: skip


def test_every_continuous_feature_can_be_spoken_of():
    names = set(CONTINUOUS_FEATURES)
    assert {name for name, _ in CLAIMS.values()} == set(NOUNS.values()) == set(THRESHOLDS) == names
    alone = [
        AudioFeatures.from_mapping({name: value}) for name, value in make_features().present().items() if name in names
    ]
    every = [reason_text(compare(features, features)) for features in alone]
    assert {name for text in every for name, _ in spoken(text)} == names
