"""Cells of public data sets: every notation that was met in the wild, one line each."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daltonify_core.catalogue.public_data.cells import (
    clean_name,
    find_ids,
    first_value,
    is_missing,
    names_are_missing,
    optional_text,
    parse_date,
    parse_explicit,
    parse_key,
    parse_list,
    parse_mode,
    parse_number,
    parse_time_signature,
    parse_track_id,
    parse_whole_number,
    split_artists,
    split_genres,
)
from daltonify_core.errors import InvalidTrack

ID = "4HJ7mSMtHAdU55lLjGE4zW"
OTHER_ID = "6ttUD7vz01HOy3hm9Kq3t5"


@pytest.mark.parametrize("text", ["", " ", "NA", "nan", "NaN", "null", "NULL", "None", "N/A", "<NA>", "-", r"\N"])
def test_words_for_no_value_are_missing_numbers_and_texts(text):
    assert is_missing(text)
    assert parse_number("energy", text) is None
    assert optional_text(text) is None


@pytest.mark.parametrize("text", ["True", "Nil", "0", "Na na na"])
def test_other_short_words_are_not_missing(text):
    assert optional_text(text) == text


@pytest.mark.parametrize(
    "name",
    ["True", "Nil", "NA", "None", "nan", "+", "@", "=SUM(A1)", "-", 'Say "Hi", now', "two\nlines", "x" * 511, "愛 – é"],
)
def test_names_stay_as_they_are(name):
    assert clean_name(name) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [("  Song ", "Song"), ("\x00So\x07ng\x1f", "Song"), ("\u00a0Song\u00a0", "Song"), ("\ufeffSong", "Song")],
)
def test_control_characters_and_outer_spaces_go_from_names(text, name):
    assert clean_name(text) == name


@pytest.mark.parametrize(
    ("names", "missing"),
    [
        (("NA", "NA", "NA"), True),
        (("nan", "NaN", ""), True),
        (("NA", "NA", None), True),
        (("", "Artist", "Album"), True),
        (("Song", " ", "Album"), True),
        (("NA", "Artist", "NA"), False),
        (("NA", "NA", "Album"), False),
        (("True", "True", "True"), False),
        (("Nil", "Nil", "Nil"), False),
    ],
)
def test_a_word_for_no_value_is_a_name_unless_it_fills_all_name_columns(names, missing):
    assert names_are_missing(*names) is missing


@pytest.mark.parametrize(
    "text", [ID, f" {ID} ", f"spotify:track:{ID}", f"https://open.spotify.com/track/{ID}?si=abc", f"'{ID}'"]
)
def test_track_ids_are_found_in_every_form(text):
    assert parse_track_id(text) == ID


@pytest.mark.parametrize("text", ["", "17", f"spotify:album:{ID}", "https://example.com/x", f"{ID}x"])
def test_what_names_no_track_is_refused(text):
    with pytest.raises(InvalidTrack) as caught:
        parse_track_id(text)
    assert caught.value.reason == "track_id"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0.0),
        ("0.0", 0.0),
        ("5.56e-06", 5.56e-06),
        ("0.686000", 0.686),
        ("0,686", 0.686),
        ("-60", -60.0),
        (" 1", 1),
    ],
)
def test_numbers_are_read_in_every_notation(text, value):
    assert parse_number("energy", text) == value


@pytest.mark.parametrize("text", ["high", "1.2.3", "True"])
def test_text_is_no_number(text):
    with pytest.raises(InvalidTrack, match="must be a number"):
        parse_number("energy", text)


def test_whole_numbers_may_have_a_decimal_point_but_no_fraction():
    assert parse_whole_number("key", "6.0") == 6
    for text in ("6.5", "inf"):
        with pytest.raises(InvalidTrack, match="whole number"):
            parse_whole_number("key", text)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("0", 0),
        ("11.0", 11),
        ("-1", None),
        ("-1.0", None),
        ("", None),
        ("C", 0),
        ("C#", 1),
        ("Bb", 10),
        ("A♭", 8),
        ("C#/Db", 1),
        ("Cb", 11),
        ("B", 11),
    ],
)
def test_keys_are_numbers_or_names(text, key):
    assert parse_key(text) == key


@pytest.mark.parametrize(("text", "mode"), [("1", 1), ("0.0", 0), ("Major", 1), ("minor", 0), ("", None)])
def test_modes_are_numbers_or_words(text, mode):
    assert parse_mode(text) == mode


@pytest.mark.parametrize(("text", "beats"), [("4", 4), ("3.0", 3), ("4/4", 4), ("0/4", 0), ("NA", None)])
def test_time_signatures_are_numbers_or_fractions(text, beats):
    assert parse_time_signature(text) == beats


@pytest.mark.parametrize(
    ("text", "explicit"),
    [
        ("True", True),
        ("TRUE", True),
        ("1", True),
        ("1.0", True),
        ("yes", True),
        ("Explicit", True),
        ("false", False),
        ("FALSE", False),
        ("0", False),
        ("no", False),
        ("", None),
        ("NA", None),
        ("perhaps", None),
    ],
)
def test_explicit_marks_have_many_forms(text, explicit):
    assert parse_explicit(text) is explicit


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2019", "2019"),
        ("2019-05", "2019-05"),
        ("2019-05-01", "2019-05-01"),
        ("2019.0", "2019"),
        ("2019-05-01 00:00:00", "2019-05-01"),
        ("2019-05-01T12:00:00.000Z", "2019-05-01"),
        (" 2019 ", "2019"),
        ("5/31/2019", "2019"),
        ("31.05.2019", "2019"),
    ],
)
def test_dates_keep_the_precision_that_is_certain(text, date):
    assert parse_date(text) == date


@pytest.mark.parametrize(
    "text",
    ["", "NA", "0", "0000", "0000-00-00", "0001-01-01", "2019-00-00", "2019-13", "2019-05-32", "soon", "20190501"],
)
def test_nonsense_dates_are_absent(text):
    assert parse_date(text) is None


@pytest.mark.parametrize(
    ("text", "elements"),
    [
        ("['A', 'B']", ["A", "B"]),
        ('["A", "B"]', ["A", "B"]),
        ("""["Guns N' Roses", 'B']""", ["Guns N' Roses", "B"]),
        ("""['Guns N\\' Roses']""", ["Guns N' Roses"]),
        ("""['"Weird Al" Yankovic']""", ['"Weird Al" Yankovic']),
        ("""['Guns N' Roses', 'B']""", ["Guns N' Roses", "B"]),
        (r'["Beyonc\u00e9", "\ud83d\ude00", "AC\/DC", "a\tb", "\\"]', ["Beyoncé", "😀", "AC/DC", "a\tb", "\\"]),
        (r"['\xe9']", ["é"]),
        ("['A' 'B']", ["A", "B"]),
        ("['A'\n 'B']", ["A", "B"]),
        ("['Tyler, The Creator', 'B, C']", ["Tyler, The Creator", "B, C"]),
        ("['A, ', ' B']", ["A, ", " B"]),
        ("[]", []),
        ("[spunge]", None),
        ("[1, 2]", None),
        ("A", None),
    ],
)
def test_lists_are_read_in_the_notations_of_python_json_and_numpy(text, elements):
    assert parse_list(text) == elements


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))))
def test_every_list_that_python_writes_is_read_back(names):
    assert parse_list(repr(names)) == names


@given(st.text())
def test_no_text_breaks_the_list_reader(text):
    parse_list(f"[{text}]")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("A", ["A"]),
        ("A;B", ["A", "B"]),
        ("A; B;", ["A", "B"]),
        ("['A', 'B']", ["A", "B"]),
        ("Tyler, The Creator", ["Tyler, The Creator"]),
        ("Crosby, Stills & Nash;Tyler, The Creator", ["Crosby, Stills & Nash", "Tyler, The Creator"]),
        ("[spunge]", ["[spunge]"]),
        ("[]", []),
        ("['', ' ']", []),
        ("None", ["None"]),
    ],
)
def test_artists_are_split_where_the_notation_is_certain(text, names):
    assert split_artists(text, joined=False, id_count=None) == names


@pytest.mark.parametrize(
    ("text", "id_count", "names"),
    [
        ("A, B", None, ["A", "B"]),
        ("10,000 Maniacs", None, ["10,000 Maniacs"]),
        ("A,B", 2, ["A", "B"]),
        ("Tyler, The Creator", 1, ["Tyler, The Creator"]),
        ("10,000 Maniacs, B", 2, ["10,000 Maniacs", "B"]),
        ("A;B", None, ["A", "B"]),
    ],
)
def test_joined_artists_are_split_at_commas_as_their_ids_tell(text, id_count, names):
    assert split_artists(text, joined=True, id_count=id_count) == names


@pytest.mark.parametrize(
    "text",
    [
        f"{ID},{OTHER_ID}",
        f"['{ID}', '{OTHER_ID}']",
        f"spotify:artist:{ID}, spotify:artist:{OTHER_ID}",
        f"{ID};{OTHER_ID}",
    ],
)
def test_ids_are_found_whatever_separates_them(text):
    assert find_ids(text) == [ID, OTHER_ID]


@pytest.mark.parametrize("text", ["70", "[70, 65]", "70;65", "70, 65"])
def test_the_first_of_several_values_is_the_primary_artists(text):
    assert first_value(text) == "70"


@pytest.mark.parametrize(
    ("text", "plural", "genres"),
    [
        ("R&B", False, ("r&b",)),
        ("['hip-hop', 'Pop']", False, ("hip hop", "pop")),
        ("pop;rock", False, ("pop", "rock")),
        ("pop|rock", False, ("pop", "rock")),
        ("pop, rock", True, ("pop", "rock")),
        ("rhythm, blues", False, ("rhythm, blues",)),
        ("[]", True, ()),
        ("NA", False, ()),
        ("['NA', 'pop']", True, ("pop",)),
        ("pop;Pop", False, ("pop",)),
    ],
)
def test_genres_are_split_and_normalised(text, plural, genres):
    assert split_genres(text, plural) == genres
