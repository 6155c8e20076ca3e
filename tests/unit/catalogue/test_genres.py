"""Genres: the spellings of public data meet in one name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daltonify_core.catalogue.genres import MAX_GENRE_LENGTH, normalise_genre, normalise_genres


@pytest.mark.parametrize(
    ("name", "spellings"),
    [
        ("r&b", ["r&b", "R&B", "rnb", "R'n'B", "r-n-b", "rhythm and blues", "R and B", " r & b "]),
        ("hip hop", ["hip hop", "Hip-Hop", "hiphop", "hip_hop", "HIP  HOP"]),
        ("drum & bass", ["drum and bass", "Drum-n-Bass", "drum & bass", "dnb", "D'n'B"]),
        ("rock & roll", ["rock-n-roll", "rock and roll", "Rock'n'Roll", "rock & roll"]),
        ("k-pop", ["k-pop", "kpop", "K Pop"]),
        ("deep house", ["deephouse", "deep-house", "Deep House"]),
        ("indie pop", ["indie-pop", "indiepop", "indie_pop"]),
        ("singer songwriter", ["singer-songwriter", "Singer Songwriter"]),
        ("country", ["country", " Country\n", "ＣＯＵＮＴＲＹ"]),
        ("música popular", ["Música Popular", "mu\u0301sica popular"]),
        ("演歌", ["演歌"]),
    ],
)
def test_spellings_of_one_genre_meet(name, spellings):
    assert {normalise_genre(spelling) for spelling in spellings} == {name}


@pytest.mark.parametrize("label", ["", "  ", "-", "&", "?!", "x" * (MAX_GENRE_LENGTH + 1)])
def test_a_label_that_names_no_genre_is_none(label):
    assert normalise_genre(label) is None


def test_genres_that_differ_stay_apart():
    names = [
        "pop",
        "k-pop",
        "pop rock",
        "rock",
        "hip hop",
        "trip hop",
        "r&b",
        "contemporary r&b",
        "house",
        "deep house",
    ]
    assert [normalise_genre(name) for name in names] == names


def test_several_labels_become_sorted_names_each_once():
    assert normalise_genres(["Rock", "hiphop", "-", "Hip-Hop", "country"]) == ("country", "hip hop", "rock")
    assert normalise_genres([]) == ()


@given(st.text(max_size=MAX_GENRE_LENGTH))
def test_a_normalised_name_is_tidy(label):
    name = normalise_genre(label)
    if name is not None:
        assert name == " ".join(name.split())
        assert any(character.isalnum() for character in name)


@given(st.text("abcdefgr&nB -_é", max_size=20))
def test_normalising_again_changes_nothing(label):
    name = normalise_genre(label)
    assert name is None or normalise_genre(name) == name
