"""Artists across a catalogue: who is the same, and how popular they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daltonify_core.catalogue.artists import ArtistDirectory, KnownArtist, PopularitySource, artist_key
from daltonify_core.catalogue.track import ArtistCredit, Track, accentless_key_of_name, artist_key_of_name
from tests.builders import make_track
from tests.bundles import collect_artists


def directory_of(*tracks: Track) -> ArtistDirectory:
    return collect_artists(tracks).directory()


def artist(directory: ArtistDirectory, key: str) -> KnownArtist:
    (found,) = [one for one in directory.artists if key in one.keys]
    return found


def popularity(directory: ArtistDirectory, key: str) -> tuple[int | None, PopularitySource | None]:
    found = artist(directory, key)
    return found.popularity, found.popularity_source


ADELE = ArtistCredit("Adele", "adele1")


def test_an_artist_is_the_id_where_there_is_one_else_the_normalised_name():
    assert artist_key(ADELE) == "id:adele1"
    assert artist_key(ArtistCredit("Adele")) == "name:adele"
    assert artist_key(ArtistCredit("Adele", "")) == "name:adele"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ADELE", "adele"),
        (" Foo  Bar ", "foo bar"),
        ("Beyoncé", "Beyonce\u0301"),
        ("ＭＡＸ", "max"),
        ("Straße", "STRASSE"),
    ],
)
def test_spellings_that_differ_in_case_width_or_spaces_are_one_name(one, other):
    assert artist_key_of_name(one) == artist_key_of_name(other)


@pytest.mark.parametrize(("one", "other"), [("Beyoncé", "Beyonce"), ("AC/DC", "ACDC"), ("The Who", "Who")])
def test_names_that_differ_in_letters_or_signs_are_not_one(one, other):
    assert artist_key_of_name(one) != artist_key_of_name(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Lenny Tavárez", "LENNY TAVAREZ"),
        ("Røyksopp", "Royksopp"),
        ("Ñengo Flow", "Nengo  Flow"),
        ("İlyas", "Ilyas"),
        ("Die Ärzte", "die arzte"),
        ("Łona", "Lona"),
        ("Lenny Tava\u0301rez", "Lenny Tavárez"),
    ],
)
def test_names_that_differ_by_marks_on_latin_letters_are_compared_as_one(one, other):
    assert accentless_key_of_name(one) == accentless_key_of_name(other)


@pytest.mark.parametrize(
    ("one", "other"), [("Май", "Маи"), ("がき", "かき"), ("Ёлка", "Елка"), ("Ή", "Η"), ("हि", "ह")]
)
def test_marks_of_other_scripts_make_another_name(one, other):
    assert accentless_key_of_name(one) != accentless_key_of_name(other)


def test_a_comma_within_a_name_parts_nothing():
    directory = directory_of(make_track(artists=("Tyler, The Creator",)))
    assert [one.keys for one in directory.artists] == [("name:tyler, the creator",)]


@pytest.mark.parametrize("name_first", [True, False])
def test_a_name_without_id_joins_the_only_artist_of_that_name(name_first):
    tracks = [make_track(artists=("ADELE",), popularity=70), make_track(artists=(ADELE,), popularity=60)]
    directory = directory_of(*(tracks if name_first else tracks[::-1]))
    assert len(directory.artists) == 1
    assert directory.artists[0].keys == ("id:adele1", "name:adele")
    assert popularity(directory, "name:adele") == (70, PopularitySource.TRACK_MAX)
    assert set(directory.numbers.tolist()) == {0}


def test_an_artist_with_id_can_be_found_by_name_although_no_row_names_them_alone():
    assert directory_of(make_track(artists=(ADELE,))).artists[0].keys == ("id:adele1", "name:adele")


def test_two_ids_of_one_name_stay_apart_and_the_name_leads_to_nobody():
    directory = directory_of(
        make_track(artists=(ArtistCredit("Phoenix", "one"),), popularity=80),
        make_track(artists=(ArtistCredit("PHOENIX", "two"),), popularity=20),
        make_track(artists=("Phoenix",), popularity=50),
    )
    assert [one.keys for one in directory.artists] == [("id:one",), ("id:two",), ()]
    assert [one.popularity for one in directory.artists] == [80, 20, 50]


def test_one_id_under_two_spellings_is_one_artist():
    directory = directory_of(
        make_track(artists=(ArtistCredit("Ye", "kanye"),), popularity=10),
        make_track(artists=(ArtistCredit("Kanye West", "kanye"),), popularity=90),
    )
    assert len(directory.artists) == 1
    assert popularity(directory, "id:kanye") == (90, PopularitySource.TRACK_MAX)


def test_a_bare_name_belongs_to_the_id_that_bears_it_in_any_of_its_spellings():
    directory = directory_of(
        make_track(artists=(ArtistCredit("Kanye West", "kanye"),)),
        make_track(artists=(ArtistCredit("Ye", "kanye"),)),
        make_track(artists=("Ye",)),
        make_track(artists=("Kanye West",)),
    )
    assert [one.keys for one in directory.artists] == [("id:kanye", "name:kanye west", "name:ye")]


def test_a_name_that_two_ids_bear_at_different_times_leads_to_nobody():
    directory = directory_of(
        make_track(artists=(ArtistCredit("Ye", "one"),)),
        make_track(artists=(ArtistCredit("Kanye West", "two"),)),
        make_track(artists=(ArtistCredit("Ye", "two"),)),
    )
    assert [one.keys for one in directory.artists] == [("id:one",), ("id:two", "name:kanye west")]


def test_an_artist_credited_twice_on_a_track_gets_one_number_and_order_is_kept():
    collector = collect_artists([])
    assert collector.add(make_track(artists=("B", "A", "b", "C")), None) == [0, 1, 2]
    assert collector.add(make_track(artists=("C", "B")), None) == [2, 0]


def test_track_max_counts_any_credit_and_the_highest_wins():
    directory = directory_of(
        make_track(artists=("Star", "Guest"), popularity=30),
        make_track(artists=("Other", "Guest"), popularity=64),
        make_track(artists=("Guest",), popularity=12),
    )
    assert popularity(directory, "name:guest") == (64, PopularitySource.TRACK_MAX)
    assert popularity(directory, "name:star") == (30, PopularitySource.TRACK_MAX)


def test_a_popularity_of_zero_is_known_and_none_is_not():
    directory = directory_of(make_track(artists=("Zero",), popularity=0), make_track(artists=("Nil",), popularity=None))
    assert popularity(directory, "name:zero") == (0, PopularitySource.TRACK_MAX)
    assert popularity(directory, "name:nil") == (None, None)


@pytest.mark.parametrize("given_value", [0, 20, 100])
def test_a_given_popularity_beats_what_tracks_suggest(given_value):
    directory = directory_of(
        make_track(artists=("A",), popularity=64), make_track(artists=("A",), artist_popularity=given_value)
    )
    assert popularity(directory, "name:a") == (given_value, PopularitySource.CATALOGUE)


def test_a_given_popularity_is_the_primary_artists_only():
    directory = directory_of(make_track(artists=("Star", "Guest"), popularity=30, artist_popularity=95))
    assert popularity(directory, "name:star") == (95, PopularitySource.CATALOGUE)
    assert popularity(directory, "name:guest") == (30, PopularitySource.TRACK_MAX)


@pytest.mark.parametrize("newest_first", [True, False])
def test_the_newest_snapshots_value_wins(newest_first):
    tracks = [
        make_track(artists=("A",), artist_popularity=40, snapshot="2024-11"),
        make_track(artists=("A",), artist_popularity=70, snapshot="2024"),
        make_track(artists=("A",), artist_popularity=90),
    ]
    directory = directory_of(*(tracks if newest_first else tracks[::-1]))
    assert popularity(directory, "name:a") == (40, PopularitySource.CATALOGUE)


def test_within_one_snapshot_the_higher_value_wins():
    tracks = [make_track(artists=("A",), artist_popularity=value, snapshot="2024") for value in (40, 42, 41)]
    assert popularity(directory_of(*tracks), "name:a") == (42, PopularitySource.CATALOGUE)


def test_a_value_given_under_the_bare_name_counts_for_the_artist_with_the_id():
    directory = directory_of(
        make_track(artists=(ADELE,), artist_popularity=80, snapshot="2020"),
        make_track(artists=("adele",), artist_popularity=88, snapshot="2024"),
    )
    assert popularity(directory, "id:adele1") == (88, PopularitySource.CATALOGUE)


names = st.sampled_from(["A", "B", "a", "C"])
credits = st.lists(st.builds(ArtistCredit, names, st.sampled_from([None, "1", "2"])), min_size=1, max_size=3)
rows = st.builds(
    lambda artists, own, of_artist: make_track(artists=tuple(artists), popularity=own, artist_popularity=of_artist),
    credits,
    st.none() | st.integers(0, 100),
    st.none() | st.integers(0, 100),
)


@given(st.lists(rows, min_size=1, max_size=8))
def test_every_credit_leads_to_one_artist_and_no_key_leads_to_two(tracks):
    collector = collect_artists([])
    provisional = [collector.add(track, None) for track in tracks]
    directory = collector.directory()
    keys = [key for one in directory.artists for key in one.keys]
    assert len(keys) == len(set(keys))
    for track, numbers in zip(tracks, provisional, strict=True):
        reached = {key for number in numbers for key in directory.artists[directory.numbers[number]].keys}
        ids = {artist_key(credit) for credit in track.artists if credit.artist_id}
        assert ids <= reached
        names = {artist_key(credit) for credit in track.artists if not credit.artist_id}
        # A name leads to its artist unless several ids bear it.
        assert all(name in reached for name in names if name in keys)
    assert {number for numbers in provisional for number in numbers} == set(range(len(directory.numbers)))


@given(st.lists(rows, min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_popularity_does_not_depend_on_the_order_of_rows(tracks, random):
    shuffled = list(tracks)
    random.shuffle(shuffled)

    def by_keys(directory: ArtistDirectory) -> dict[str, tuple[int | None, PopularitySource | None]]:
        return {key: (one.popularity, one.popularity_source) for one in directory.artists for key in one.keys}

    # Names are fixed per id here, because an id that changes its name is known by the first.
    fixed = [[row_with_one_name_per_id(track) for track in order] for order in (tracks, shuffled)]
    assert by_keys(directory_of(*fixed[0])) == by_keys(directory_of(*fixed[1]))


def row_with_one_name_per_id(track: Track) -> Track:
    return make_track(
        artists=tuple(
            ArtistCredit({"1": "A", "2": "B"}.get(credit.artist_id or "", credit.name), credit.artist_id)
            for credit in track.artists
        ),
        popularity=track.popularity,
        artist_popularity=track.artist_popularity,
    )
